/* SPDX-License-Identifier: MIT */
/* Reading a known range of a known bank, as a part of another operation. */
#ifndef STMFW_READ_FLASH_H
#define STMFW_READ_FLASH_H

#include "op.h"
#include "scratch.h"

struct read_part {
	const stmfw_bank *bank;
	struct scratch *scratch; /* open, and seen by OpenOCD */
	uint64_t offset;         /* in the bank               */
	uint64_t length;
	stmfw_sink_cb sink;
	stmfw_progress_cb progress; /* may be NULL */
	void *arg;
};

enum move stmfw__read_part(struct op *op, const struct read_part *what);

#endif
