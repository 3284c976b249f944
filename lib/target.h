/* SPDX-License-Identifier: MIT */
/* Resetting, as a part of other operations. */
#ifndef STMFW_TARGET_H
#define STMFW_TARGET_H

#include "op.h"

struct control_job {
	const char *name;   /* the command, and the step's name                                */
	const char *target; /* NULL: all of them; "": the current one, until we know its name   */
	enum stmfw_state expected; /* STMFW_TARGET_UNKNOWN: any that is known                  */
};

/* Done: op->res.targets. */
extern const struct op_kind stmfw__control_kind;
void stmfw__reset_init(struct control_job *job, enum stmfw_reset_mode mode);
/* The same in the operation's arena; NULL: no memory. */
void *stmfw__reset_job(struct op *op, enum stmfw_reset_mode mode);

#endif
