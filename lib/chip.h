/* SPDX-License-Identifier: MIT */
/* Identifying a chip, as a call of its own and as a part of other operations. */
#ifndef STMFW_CHIP_H
#define STMFW_CHIP_H

#include "op.h"

struct identify_job {
	const char *target; /* NULL: OpenOCD's current one                        */
	bool of_bank;       /* its chip is meant, whichever target is the current */
	stmfw_chip chip;
};

/* Done: op->res.chip is &job->chip. */
extern const struct op_kind stmfw__identify_kind;
/* target must live as long as the operation. */
void stmfw__identify_init(struct identify_job *job, const char *target);
/* The chip of this bank, and no other: it fails where OpenOCD does not say which that is. */
void stmfw__identify_bank(struct identify_job *job, const stmfw_bank *bank);

#endif
