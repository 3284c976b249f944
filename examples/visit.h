/* SPDX-License-Identifier: MIT */
/*
 * A visit to a chip: what the tools share that begin by finding out which it is.
 *
 *     connected -> banks_listed -> identified -> (halted) -> the tool's work -> visit_leave()
 *
 * What the chip or the tool forbids is found out before the chip is touched. Whatever goes wrong
 * after that, visit_leave() lets the chip run again if it was asked to, so a callback that finds a
 * failure only has to say so and leave.
 */
#ifndef VISIT_H
#define VISIT_H

#include <stdbool.h>

#include "board.h"
#include "cli.h"
#include "session.h"

enum visit_after { AFTER_RUN, AFTER_RESET, AFTER_HALT };

enum visit_purpose {
	VISIT_READS,  /* flash: read protection ends it, and the work begins with the chip halted */
	VISIT_LOOKS,  /* it touches nothing                                                       */
	VISIT_CHANGES /* it touches nothing up to the work, but for a chip that does not answer   */
};

struct visit;

/* What the tool does. False: after cli_fail(), and the visit ends. */
struct visit_work {
	/* The banks are known, but not their sizes; whose target is the first that was chosen? */
	bool (*choose)(void *arg, const stmfw_bank *banks, size_t count, const char **target);
	/* The chip is known and may be read; may be NULL. */
	bool (*may_begin)(void *arg);
	/* Reading: looks whether it makes sense, before the chip is halted, and goes on with
	   visit_halt(v, NULL); may be NULL. */
	void (*look)(void *arg);
	/* Ends, whenever that may be, with visit_leave(). */
	void (*begin)(void *arg);
};

struct visit {
	struct cli cli;
	struct session session;
	struct board board;
	enum visit_purpose purpose;
	enum visit_after after;
	bool fresh; /* nothing has run on the chip since it was reset and halted */
	/* The rest is visit.c's. */
	const struct visit_work *work;
	void (*then)(void *arg); /* what follows the reset; NULL: the work */
	void *arg;
	char target[64]; /* "": OpenOCD's current one */
};

/* "run", "reset", "halt" */
bool visit_parse_after(enum visit_after *after, const char *value);
/* From connecting to the end; how it went is in cli. */
void visit_run(struct visit *v, const struct visit_work *work, void *arg);

/* Resets and halts the chip, then goes on with `then`. */
void visit_halt(struct visit *v, void (*then)(void *arg));
/* The only way out. */
void visit_leave(struct visit *v);
/* Checks what a call returned: its callback will come, or we leave. */
void visit_expect(struct visit *v, int err);
/* True: the step is done and the next may begin. Otherwise we are leaving already. */
bool visit_went_well(struct visit *v, const char *doing, const stmfw_result *res);
/* That a bank is missing which was asked for. */
void visit_no_bank(struct visit *v, int number, size_t count);

#endif
