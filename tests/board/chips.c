/* SPDX-License-Identifier: MIT */
/*
 * The chips. Everything that tells one from another is in its row of the table: a new chip of a
 * known flash family is a new row and nothing else. How long its flash takes is from the data
 * sheets (DS5319, DS8626 at x32, DS9826), table "Flash memory programming", the typical values; for
 * erasing F0 and F1 there is only a range, and it is its begin.
 */
#include "board.h"

#include <string.h>
#include <unicorn/unicorn.h>

#define KIB 1024u

/* clang-format off */
static const struct chip chips[] = {
	{
		.name = "f103c8", .text = "STM32F103C8, Cortex-M3, 64 KiB flash, 20 KiB RAM",
		.family = &flash_f1, .cpu_model = UC_CPU_ARM_CORTEX_M3,
		.cpuid = 0x411FC231, .ap_idr = 0x14770011, .fp_ctrl = 0x260, .dwt_ctrl = 0x40000000,
		.idcode_swd = 0x1BA01477, .idcode_jtag = 0x3BA00477,
		.device_id_at = 0xE0042000, .device_id = 0x20036410,
		.sectors = {{64, 1 * KIB, 20}}, .ram = {{0x20000000, 20 * KIB}},
		.system = {0x1FFFF000, 2 * KIB}, .uid_at = 0x1FFFF7E8, .size_at = 0x1FFFF7E0,
		.rdp_off = 0xA5, .wrp_sectors = 4, .obr_user_bit = 2,
		.program_ns = 52500, .mass_erase_ms = 20,
	},
	{
		.name = "f103cb", .text = "STM32F103CB, Cortex-M3, 128 KiB flash, 20 KiB RAM",
		.family = &flash_f1, .cpu_model = UC_CPU_ARM_CORTEX_M3,
		.cpuid = 0x411FC231, .ap_idr = 0x14770011, .fp_ctrl = 0x260, .dwt_ctrl = 0x40000000,
		.idcode_swd = 0x1BA01477, .idcode_jtag = 0x3BA00477,
		.device_id_at = 0xE0042000, .device_id = 0x20036410,
		.sectors = {{128, 1 * KIB, 20}}, .ram = {{0x20000000, 20 * KIB}},
		.system = {0x1FFFF000, 2 * KIB}, .uid_at = 0x1FFFF7E8, .size_at = 0x1FFFF7E0,
		.rdp_off = 0xA5, .wrp_sectors = 4, .obr_user_bit = 2,
		.program_ns = 52500, .mass_erase_ms = 20,
	},
	{
		.name = "f407vg", .text = "STM32F407VG, Cortex-M4F, 1 MiB flash, 128 + 64 KiB RAM",
		.family = &flash_f4, .cpu_model = UC_CPU_ARM_CORTEX_M4,
		.cpuid = 0x410FC241, .ap_idr = 0x24770011, .fp_ctrl = 0x260, .dwt_ctrl = 0x40000000,
		.mvfr0 = 0x10110021, .mvfr1 = 0x11000011,
		.idcode_swd = 0x2BA01477, .idcode_jtag = 0x4BA00477,
		.device_id_at = 0xE0042000, .device_id = 0x10076413,
		.sectors = {{4, 16 * KIB, 250}, {1, 64 * KIB, 550}, {7, 128 * KIB, 1000}},
		.ram = {{0x20000000, 128 * KIB}, {0x10000000, 64 * KIB}},
		.system = {0x1FFF0000, 0x7B00}, .uid_at = 0x1FFF7A10, .size_at = 0x1FFF7A22,
		.rdp_off = 0xAA, .wrp_sectors = 1,
		.program_ns = 16000, .mass_erase_ms = 8000,
	},
	{
		.name = "f072rb", .text = "STM32F072RB, Cortex-M0, 128 KiB flash, 16 KiB RAM",
		.family = &flash_f1, .cpu_model = UC_CPU_ARM_CORTEX_M0,
		.cpuid = 0x410CC200, .ap_idr = 0x04770021, .fp_ctrl = 0x40, .dwt_ctrl = 0x20000000,
		.idcode_swd = 0x0BB11477,
		.device_id_at = 0x40015800, .device_id = 0x20016448,
		.sectors = {{64, 2 * KIB, 20}}, .ram = {{0x20000000, 16 * KIB}},
		.system = {0x1FFFC800, 12 * KIB}, .uid_at = 0x1FFFF7AC, .size_at = 0x1FFFF7CC,
		.rdp_off = 0xAA, .wrp_sectors = 2, .obr_user_bit = 8,
		.program_ns = 53500, .mass_erase_ms = 20,
	},
};
/* clang-format on */

const struct chip *chip_row(size_t index)
{
	return index < sizeof(chips) / sizeof(chips[0]) ? &chips[index] : NULL;
}

const struct chip *chip_find(const char *name)
{
	const struct chip *chip = NULL;

	for (size_t i = 0; (chip = chip_row(i)); i++)
		if (strcmp(chip->name, name) == 0)
			break;
	return chip;
}

uint32_t chip_flash_size(const struct chip *chip)
{
	uint32_t size = 0;

	for (int i = 0; i < SECTOR_RUNS; i++)
		size += chip->sectors[i].count * chip->sectors[i].size;
	return size;
}

unsigned chip_sector_count(const struct chip *chip)
{
	unsigned count = 0;

	for (int i = 0; i < SECTOR_RUNS; i++)
		count += chip->sectors[i].count;
	return count;
}

/* The run that the sector is in; then *index is the one in it, and *base the offset of the run. */
static const struct sector_run *find_run(const struct chip *chip, unsigned *index, uint32_t *base)
{
	const struct sector_run *run = chip->sectors;

	for (*base = 0; *index >= run->count; run++) {
		*base += run->count * run->size;
		*index -= run->count;
	}
	return run;
}

struct span chip_sector(const struct chip *chip, unsigned index)
{
	uint32_t base;
	const struct sector_run *run = find_run(chip, &index, &base);

	return (struct span){ base + index * run->size, run->size };
}

unsigned chip_erase_ms(const struct chip *chip, unsigned index)
{
	uint32_t base;

	return find_run(chip, &index, &base)->erase_ms;
}

unsigned chip_sector_of(const struct chip *chip, uint32_t offset)
{
	const struct sector_run *run = chip->sectors;
	unsigned index = 0;

	for (; offset >= run->count * run->size; run++) {
		offset -= run->count * run->size;
		index += run->count;
	}
	return index + offset / run->size;
}
