/* SPDX-License-Identifier: MIT */
/* Changing write protection, as a call of its own and as a part of other operations. */
#ifndef STMFW_PROTECT_H
#define STMFW_PROTECT_H

#include "bank.h"
#include "chip.h"
#include "option_load.h"

enum protect_step {
	PROTECT_BEGIN,
	PROTECT_LOOK,
	PROTECT_IDENTIFY,
	PROTECT_COMMAND,
	PROTECT_LOAD,
	PROTECT_CHECK,
	PROTECT_LEVEL /* of read protection, after a refusal */
};

struct protect_job {
	enum protect_step step;
	unsigned int bank;
	uint32_t first, last; /* sectors */
	int wanted;           /* 1: protected */
	bool whole_groups;    /* the others of a group that is protected together, too */
	uint32_t first_group, last_group;
	const struct driver *driver;
	stmfw_result refused; /* what OpenOCD said of the command; status STMFW_OK: it did it */
	struct bank_info_job before, after;
	struct identify_job identify;
	struct option_load load;
};

/* Done: op->res.banks[0] is the bank, as it is afterwards. The chip may have been reset; it is
   halted. */
extern const struct op_kind stmfw__protect_kind;

/* `last` becomes a number; false: op->res says that there are no such sectors. */
bool stmfw__check_sectors(struct op *op, const stmfw_bank *bank, uint32_t first, uint32_t *last);

#endif
