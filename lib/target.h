/* SPDX-License-Identifier: MIT */
/* Resetting, as a part of other operations. */
#ifndef STMFW_TARGET_H
#define STMFW_TARGET_H

#include "op.h"

/* Ends with res->targets. The job; NULL: no memory. */
extern const struct op_kind stmfw__control_kind;
void *stmfw__reset_job(struct op *op, enum stmfw_reset_mode mode);

#endif
