/* SPDX-License-Identifier: MIT */
/*
 * Making the chip load its option bytes, as a part of other operations: the driver's command where
 * that does it, then `reset halt`. op->res is that of the reset.
 */
#ifndef STMFW_OPTIONS_H
#define STMFW_OPTIONS_H

#include "driver.h"
#include "op.h"

enum options_step { OPTIONS_BEGIN, OPTIONS_COMMAND, OPTIONS_RESET };

struct options_job {
	const struct driver *driver; /* may be NULL */
	unsigned int bank;
	enum options_step step;
};

extern const struct op_kind stmfw__options_kind;

#endif
