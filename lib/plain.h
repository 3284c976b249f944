/* SPDX-License-Identifier: MIT */
/* What OpenOCD's plain flash commands have in common. */
#ifndef STMFW_PLAIN_H
#define STMFW_PLAIN_H

#include "op.h"

/* How slow each may be at worst, in bytes per second: the deadlines grow by this. */
#define FLASH_SLOWEST_READ 8192u
#define FLASH_SLOWEST_WRITE 1024u /* half-word by half-word, where the chip cannot run code */
#define FLASH_SLOWEST_ERASE 20480u /* F4, byte-wide: 4 s for 128 KiB, 32 s for 1 MiB */
/* What is on top of that, whatever the size. */
#define FLASH_PATIENCE_MS 20000u

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
