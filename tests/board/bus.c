/* SPDX-License-Identifier: MIT */
/*
 * The memory map: finds out what lives at an address and passes the access on. One access is 1,
 * 2 or 4 bytes wide and aligned, as on the chip's bus. Where nothing lives, the access faults.
 */
#include "board.h"

#include <string.h>

#define PERIPHERALS 0x40000000u
#define PERIPHERALS_END 0x60000000u
#define PRIVATE_BUS 0xE0000000u
#define PRIVATE_BUS_END 0xE0100000u
#define FLASH_REGS_SIZE 0x400u

enum place_kind {
	AT_NOTHING,
	AT_FLASH,
	AT_RAM,
	AT_SYSTEM,
	AT_OPTION,
	AT_FLASH_REGS,
	AT_PLAIN,
	AT_CORE,
};

struct place {
	enum place_kind kind;
	uint32_t offset;
	uint8_t *memory; /* of RAM */
};

static bool inside(uint32_t address, uint32_t base, uint32_t size, uint32_t *offset)
{
	*offset = address - base;
	return address >= base && *offset < size;
}

static enum place_kind find_register(const struct board *b, uint32_t address, uint32_t *offset)
{
	if (inside(address, b->chip->family->regs_base, FLASH_REGS_SIZE, offset))
		return AT_FLASH_REGS;
	*offset = address;
	if (address >= PERIPHERALS && address < PERIPHERALS_END)
		return AT_PLAIN;
	if (address >= PRIVATE_BUS && address < PRIVATE_BUS_END)
		return AT_CORE;
	return AT_NOTHING;
}

static struct place find(const struct board *b, uint32_t address)
{
	const struct chip *chip = b->chip;
	uint32_t flash_size = chip_flash_size(chip);
	struct place place = { AT_NOTHING, 0, NULL };

	for (int i = 0; i < RAM_BANKS; i++) {
		if (inside(address, chip->ram[i].base, chip->ram[i].size, &place.offset)) {
			place.kind = AT_RAM;
			place.memory = b->ram[i];
			return place;
		}
	}
	if (inside(address, FLASH_BASE, flash_size, &place.offset) ||
	    inside(address, 0, flash_size, &place.offset))
		place.kind = AT_FLASH;
	else if (inside(address, chip->system.base, chip->system.size, &place.offset))
		place.kind = AT_SYSTEM;
	else if (inside(address, chip->family->option_base, OPTION_SIZE, &place.offset))
		place.kind = AT_OPTION;
	else
		place.kind = find_register(b, address, &place.offset);
	return place;
}

static uint8_t system_byte(const struct board *b, uint32_t address)
{
	uint32_t kib = chip_flash_size(b->chip) / 1024;
	uint32_t offset;

	if (inside(address, b->chip->uid_at, UID_SIZE, &offset))
		return b->uid[offset];
	if (inside(address, b->chip->size_at, 2, &offset))
		return (uint8_t)(kib >> (8 * offset));
	return 0xFF;
}

static uint32_t read_bytes(const struct board *b, const struct place *place, unsigned width)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < width; i++) {
		uint32_t offset = place->offset + i;
		uint8_t byte = place->kind == AT_SYSTEM
				       ? system_byte(b, b->chip->system.base + offset)
				       : b->chip->family->read_option(b, offset);
		value |= (uint32_t)byte << (8 * i);
	}
	return value;
}

/* Code that waits for the flash gets no time meanwhile, and need not see it. */
static uint32_t read_flash_register(struct board *b, enum master m, uint32_t offset)
{
	const struct flash_family *family = b->chip->family;
	uint32_t value = family->read_reg(b, offset);

	if (m == MASTER_HOST && offset == family->sr_at && flash_busy_ns(b) > 0)
		value |= family->sr_busy;
	return value;
}

static uint32_t read_word(struct board *b, enum master m, const struct place *place)
{
	uint32_t offset = place->offset & ~3u;

	if (place->kind == AT_FLASH_REGS)
		return read_flash_register(b, m, offset);
	if (offset == b->chip->device_id_at)
		return b->chip->device_id;
	return place->kind == AT_CORE ? core_read_word(b, m, offset) : regs_read(&b->regs, offset);
}

/* A narrow access to a register uses some of the word's byte lanes. */
static uint32_t lanes(uint32_t address, unsigned width)
{
	return (width == 4 ? 0xFFFFFFFFu : (1u << (8 * width)) - 1) << (8 * (address & 3));
}

enum bus_result bus_read(struct board *b, enum master m, uint32_t address, unsigned width,
			 uint32_t *value)
{
	struct place place = find(b, address);

	*value = 0;
	if (address % width != 0)
		return BUS_FAULT;
	switch (place.kind) {
	case AT_NOTHING:
		return BUS_FAULT;
	case AT_FLASH:
		return flash_read(b, m, place.offset, width, value);
	case AT_RAM:
		memcpy(value, place.memory + place.offset, width);
		return BUS_OK;
	case AT_SYSTEM:
	case AT_OPTION:
		*value = read_bytes(b, &place, width);
		return BUS_OK;
	case AT_FLASH_REGS:
	case AT_PLAIN:
	case AT_CORE:
		*value = (read_word(b, m, &place) & lanes(address, width)) >> (8 * (address & 3));
		return BUS_OK;
	}
	return BUS_FAULT;
}

static enum bus_result write_word(struct board *b, enum master m, const struct place *place,
				  unsigned width, uint32_t value)
{
	uint32_t offset = place->offset & ~3u;
	uint32_t mask = lanes(place->offset, width);

	value <<= 8 * (place->offset & 3);
	if (place->kind == AT_FLASH_REGS)
		return b->chip->family->write_reg(b, offset, value);
	if (place->kind == AT_CORE)
		core_write_word(b, m, offset, value);
	else
		regs_write(&b->regs, offset, (regs_read(&b->regs, offset) & ~mask) | value);
	return BUS_OK;
}

enum bus_result bus_write(struct board *b, enum master m, uint32_t address, unsigned width,
			  uint32_t value)
{
	struct place place = find(b, address);

	if (address % width != 0)
		return BUS_FAULT;
	if (m == MASTER_HOST)
		core_memory_written(b);
	switch (place.kind) {
	case AT_NOTHING:
	case AT_SYSTEM:
		return BUS_FAULT;
	case AT_FLASH:
		return b->chip->family->program(b, place.offset, width, value);
	case AT_OPTION:
		return b->chip->family->program_option(b, place.offset, width, value);
	case AT_RAM:
		memcpy(place.memory + place.offset, &value, width);
		return BUS_OK;
	case AT_FLASH_REGS:
	case AT_PLAIN:
	case AT_CORE:
		return write_word(b, m, &place, width, value);
	}
	return BUS_FAULT;
}
