/* SPDX-License-Identifier: MIT */
/* What OpenOCD's plain flash commands have in common. */
#ifndef STMFW_PLAIN_H
#define STMFW_PLAIN_H

#include "op.h"

/* The first difference that a comparison which has failed tells of. */
struct difference {
	uint64_t at;          /* address, or offset in the bank: as the command counts */
	uint64_t chip, image; /* bytes */
};

/* Only asked once the command has failed: did it find a difference, or could it not look? */
bool stmfw__find_difference(const struct reply *reply, struct difference *d);
/* OpenOCD's words about a command that succeeded become the result's text. */
enum move stmfw__command_done(struct op *op, const struct reply *reply, uint64_t bytes);

#endif
