/* SPDX-License-Identifier: MIT */
/*
 * Putting a board together and taking it apart, power on, and exchanging it for another one.
 */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool allocate(struct board *b)
{
	const struct chip *chip = b->chip;

	b->flash = malloc(chip_flash_size(chip));
	b->stats.erases = calloc(chip_sector_count(chip), sizeof(*b->stats.erases));
	if (!b->flash || !b->stats.erases)
		return false;
	for (int i = 0; i < RAM_BANKS; i++) {
		if (chip->ram[i].size == 0)
			continue;
		/* page aligned, because the CPU engine maps it */
		b->ram[i] = aligned_alloc(4096, chip->ram[i].size);
		if (!b->ram[i])
			return false;
		memset(b->ram[i], 0, chip->ram[i].size);
	}
	return true;
}

struct board *board_new(const struct chip *chip, unsigned number)
{
	struct board *b = calloc(1, sizeof(*b));
	uint8_t uid[UID_SIZE] = { 0x30, 0, 0x2D, 0, 0x0C, 0x47, 0x33, 0x32, 0x35, 0x37 };

	if (!b)
		return NULL;
	b->chip = chip;
	b->plugged = true;
	b->link = (struct link){ .stlink = 2, .jtag = 37, .swim = 7, .csw = 0x23000040 };
	if (!allocate(b)) {
		board_free(b);
		return NULL;
	}
	snprintf(b->serial, sizeof(b->serial), "56FF6B064986%012u", number);
	uid[10] = (uint8_t)(number >> 8);
	uid[11] = (uint8_t)number;
	board_swap(b, uid);
	return b;
}

void board_free(struct board *b)
{
	if (!b)
		return;
	if (b->core.cpu)
		cpu_finish(b->core.cpu);
	for (int i = 0; i < RAM_BANKS; i++)
		free(b->ram[i]);
	free(b->flash);
	free(b->stats.erases);
	free(b);
}

void board_power_on(struct board *b)
{
	b->regs.count = 0;
	core_power_on(b);
}

void board_swap(struct board *b, const uint8_t uid[UID_SIZE])
{
	memcpy(b->uid, uid, UID_SIZE);
	memset(b->flash, 0xFF, chip_flash_size(b->chip));
	b->chip->family->factory(b);
	board_power_on(b);
}
