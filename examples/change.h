/* SPDX-License-Identifier: MIT */
/*
 * A visit to one bank of a chip, in order to change it: what stmfw-erase and stmfw-protect share. The
 * tool's work begins when the bank's sectors are known, and the chip has not been touched.
 */
#ifndef CHANGE_H
#define CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "visit.h"

struct change {
	struct visit visit;
	unsigned int number; /* of the bank */
	void (*work)(struct change *c);
	/* The bank, once the tool's work begins. */
	char name[64], driver[64];
	uint64_t base, size;
	stmfw_sector *sectors;
	size_t sector_count;
};

/* From connecting to the end; how it went is in c->visit.cli. */
void change_run(struct change *c);
void change_free(struct change *c);

/* Keeps the bank as it is now. False: out of memory, after cli_fail(). */
bool change_keep_bank(struct change *c, const stmfw_bank *bank);
/* "STM32F10x ..., UID ..., OpenOCD at ..." Valid until the next call. */
const char *change_who(const struct change *c);
/* "sectors 2 to 5 of flash bank 0", "sector 2 of ..." */
const char *change_name_sectors(char out[64], const struct change *c, uint32_t first,
				uint32_t last);

/* "A-B" or "A". */
bool change_parse_sectors(uint32_t *first, uint32_t *last, const char *value);
bool change_parse_bank(unsigned int *number, const char *value);

#endif
