/* SPDX-License-Identifier: MIT */
/*
 * A visit to a chip in order to change it: what stmfw-erase and stmfw-protect share.
 *
 *     connected -> banks_listed -> identified -> described -> the tool's work -> change_leave()
 *
 * Up to the tool's work the chip is not touched; only one that does not answer is reset, if that was
 * agreed to. Whatever goes wrong, change_leave() lets the chip run again if it was asked to.
 */
#ifndef CHANGE_H
#define CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "cli.h"
#include "session.h"

enum change_after { CHANGE_RUN, CHANGE_HALT };

struct change {
	struct cli cli;
	struct session session;
	struct board board;
	enum change_after after;
	unsigned int number; /* of the bank */
	bool agreed;         /* the chip may be reset, halted and changed */
	void (*work)(struct change *c);
	void (*then)(struct change *c); /* what follows the reset */
	/* The bank, once the tool's work begins. */
	char name[64], driver[64], target[64], chip[128];
	uint64_t base, size;
	stmfw_sector *sectors;
	size_t sector_count;
};

/* From connecting to the end; how it went is in cli. */
void change_run(struct change *c);
void change_free(struct change *c);

/* Resets and halts the chip, then goes on with `then`. */
void change_halt(struct change *c, void (*then)(struct change *c));
/* The only way out. */
void change_leave(struct change *c);
/* Checks what a call returned: its callback will come, or we leave. */
void change_expect(struct change *c, int err);
/* True: the step is done and the next may begin. Otherwise we are leaving already. */
bool change_went_well(struct change *c, const char *doing, const stmfw_result *res);
/* Keeps the bank as it is now. False: out of memory, after cli_fail(). */
bool change_keep_bank(struct change *c, const stmfw_bank *bank);
/* "STM32F10x ..., UID ..., OpenOCD at ..." A ring of buffers for several in one call. */
const char *change_who(const struct change *c);

/* "sectors 2 to 5 of flash bank 0", "sector 2 of ..." */
const char *change_name_sectors(char out[64], const struct change *c, uint32_t first,
				uint32_t last);

/* "A-B" or "A". */
bool change_parse_sectors(uint32_t *first, uint32_t *last, const char *value);
bool change_parse_bank(unsigned int *number, const char *value);
bool change_parse_after(enum change_after *after, const char *value);

#endif
