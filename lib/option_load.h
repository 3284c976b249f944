/* SPDX-License-Identifier: MIT */
/*
 * Making the chip load its option bytes, as a part of other operations: the driver's command where
 * that does it, then `reset halt`. op->res is that of the reset.
 */
#ifndef STMFW_OPTION_LOAD_H
#define STMFW_OPTION_LOAD_H

#include "driver.h"
#include "op.h"

enum load_step { LOAD_BEGIN, LOAD_COMMAND, LOAD_RESET };

struct option_load {
	const struct driver *driver; /* may be NULL */
	unsigned int bank;
	enum load_step step;
};

extern const struct op_kind stmfw__option_load_kind;

#endif
