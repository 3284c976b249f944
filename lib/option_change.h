/* SPDX-License-Identifier: MIT */
/*
 * What all changes of option bytes have in common: the command is not believed, but what the chip
 * shows once it has loaded them.
 */
#ifndef STMFW_OPTION_CHANGE_H
#define STMFW_OPTION_CHANGE_H

#include "bank.h"
#include "chip.h"
#include "option_load.h"

#define POWER_CYCLE "Switch the board off and on, then identify the chip again."

enum change_step {
	CHANGE_BEGIN,
	CHANGE_BANKS,
	CHANGE_BEFORE,
	CHANGE_HALT,
	CHANGE_COMMAND,
	CHANGE_LOAD,
	CHANGE_AFTER
};

struct option_change;

/* What is of its own in one of them. */
struct change_parts {
	const char *what; /* "changes read protection" */
	bool (*is_possible)(const struct option_change *c); /* by this driver, for this bank */
	/* The chip is in c->before: an end, or stmfw__option_change_go_on(). */
	enum move (*look)(struct op *op);
	/* Writes the script, as op's. */
	void (*command)(struct op *op);
	/* The chip is in c->after if call_ok(op); else op->res says why it is not known. */
	enum move (*judge)(struct op *op);
};

/* The first member of the operation's job. From who submits it: parts, bank. */
struct option_change {
	const struct change_parts *parts;
	unsigned int bank;
	enum change_step step;
	const struct driver *driver;
	const stmfw_bank *its_bank;
	stmfw_result refused; /* OpenOCD's; status 0: the command succeeded, as it says */
	struct identify_job before, after;
	struct option_load load;
};

enum move stmfw__option_change_next(struct op *op, const struct reply *last);
enum move stmfw__option_change_go_on(struct op *op);

#endif
