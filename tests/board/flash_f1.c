/* SPDX-License-Identifier: MIT */
/*
 * The flash controller of the F0, F1 and F3 families. It programs half-words into cells that are
 * erased, erases pages, and keeps its option bytes in eight half-words of flash: a value and its
 * complement each. What they say comes into force with the next reset. Erasing the read
 * protection wipes the chip.
 */
#include "board.h"

#include <string.h>

enum {
	REG_KEYR = 0x04,
	REG_OPTKEYR = 0x08,
	REG_SR = 0x0C,
	REG_CR = 0x10,
	REG_AR = 0x14,
	REG_OBR = 0x1C,
	REG_WRPR = 0x20,

	CR_PG = 1 << 0,
	CR_PER = 1 << 1,
	CR_MER = 1 << 2,
	CR_OPTPG = 1 << 4,
	CR_OPTER = 1 << 5,
	CR_STRT = 1 << 6,
	CR_LOCK = 1 << 7,
	CR_OPTWRE = 1 << 9,
	CR_OBL_LAUNCH = 1 << 13,
	CR_KEPT = CR_PG | CR_PER | CR_MER | CR_OPTPG | CR_OPTER,

	SR_BSY = 1 << 0,
	SR_PGERR = 1 << 2,
	SR_WRPRTERR = 1 << 4,
	SR_EOP = 1 << 5,

	OBR_ERROR = 1 << 0,
	OBR_PROTECTED = 1 << 1,
};

enum { OPTION_RDP = 0, OPTION_USER = 2, OPTION_DATA0 = 4, OPTION_DATA1 = 6, OPTION_WRP = 8 };

static const uint32_t keys[2] = { 0x45670123, 0xCDEF89AB };

static void store_option(struct board *b, unsigned at, uint32_t value)
{
	b->ctl.option[at] = (uint8_t)value;
	b->ctl.option[at + 1] = (uint8_t)~value;
}

static void f1_protect_writes(struct board *b, uint32_t wrp)
{
	for (unsigned i = 0; i < 4; i++)
		store_option(b, OPTION_WRP + 2 * i, wrp >> (8 * i));
}

static void f1_protect_reads(struct board *b)
{
	store_option(b, OPTION_RDP, 0x00);
}

static void f1_factory(struct board *b)
{
	memset(b->ctl.option, 0xFF, sizeof(b->ctl.option));
	store_option(b, OPTION_RDP, b->chip->rdp_off);
	for (unsigned at = OPTION_USER; at < OPTION_WRP; at += 2)
		store_option(b, at, 0xFF);
	f1_protect_writes(b, 0xFFFFFFFF);
}

/* A value whose complement does not match counts as erased. */
static uint32_t load_option(struct board *b, unsigned at)
{
	const uint8_t *o = b->ctl.option;

	if ((o[at] ^ o[at + 1]) == 0xFF)
		return o[at];
	if (o[at] != 0xFF || o[at + 1] != 0xFF)
		b->ctl.obr |= OBR_ERROR;
	return 0xFF;
}

static void f1_load_options(struct board *b)
{
	struct flash_ctl *ctl = &b->ctl;
	unsigned shift = b->chip->obr_user_bit;

	ctl->obr = 0;
	ctl->read_protected = load_option(b, OPTION_RDP) != b->chip->rdp_off;
	if (ctl->read_protected)
		ctl->obr |= OBR_PROTECTED;
	ctl->obr |= load_option(b, OPTION_USER) << shift;
	ctl->obr |= load_option(b, OPTION_DATA0) << (shift + 8);
	ctl->obr |= load_option(b, OPTION_DATA1) << (shift + 16);
	ctl->wrp = 0;
	for (unsigned i = 0; i < 4; i++)
		ctl->wrp |= load_option(b, OPTION_WRP + 2 * i) << (8 * i);
}

static void f1_reset(struct board *b)
{
	b->ctl.lock = LOCK_CLOSED;
	b->ctl.option_lock = LOCK_CLOSED;
	b->ctl.cr = 0;
	b->ctl.sr = 0;
	b->ctl.ar = 0;
}

static enum bus_result f1_program(struct board *b, uint32_t offset, unsigned width,
				  uint32_t value)
{
	struct flash_ctl *ctl = &b->ctl;
	unsigned sector = chip_sector_of(b->chip, offset);

	if (width != 2)
		return BUS_FAULT;
	if (!(ctl->cr & CR_PG))
		return BUS_OK;
	if (ctl->read_protected || flash_sector_protected(b, sector)) {
		ctl->sr |= SR_WRPRTERR;
	} else if ((flash_peek(b, offset, 2) != 0xFFFF && value != 0) ||
		   fault_spend(b, FAULT_WRITE_AFTER, 2)) {
		ctl->sr |= SR_PGERR;
	} else {
		flash_put(b, offset, 2, value);
		ctl->sr |= SR_EOP;
	}
	return BUS_OK;
}

static enum bus_result f1_program_option(struct board *b, uint32_t offset, unsigned width,
					 uint32_t value)
{
	struct flash_ctl *ctl = &b->ctl;

	if (width != 2)
		return BUS_FAULT;
	if (!(ctl->cr & CR_OPTPG) || ctl->option_lock != LOCK_OPEN)
		return BUS_OK;
	if (ctl->option[offset] != 0xFF || ctl->option[offset + 1] != 0xFF) {
		ctl->sr |= SR_PGERR;
		return BUS_OK;
	}
	if (offset == OPTION_RDP && (value & 0xFF) == b->chip->rdp_off && ctl->read_protected)
		flash_erase_all(b);
	store_option(b, offset, value);
	ctl->sr |= SR_EOP;
	return BUS_OK;
}

static void erase_page(struct board *b)
{
	uint32_t offset = b->ctl.ar - FLASH_BASE;

	if (offset >= chip_flash_size(b->chip))
		return;
	unsigned sector = chip_sector_of(b->chip, offset);

	if (b->ctl.read_protected || flash_sector_protected(b, sector))
		b->ctl.sr |= SR_WRPRTERR;
	else
		flash_erase_sector(b, sector);
}

static void start_erase(struct board *b)
{
	struct flash_ctl *ctl = &b->ctl;

	if (ctl->cr & CR_PER)
		erase_page(b);
	else if (ctl->cr & CR_MER && flash_any_protected(b))
		ctl->sr |= SR_WRPRTERR;
	else if (ctl->cr & CR_MER)
		flash_erase_all(b);
	else if (ctl->cr & CR_OPTER && ctl->option_lock == LOCK_OPEN)
		memset(ctl->option, 0xFF, sizeof(ctl->option));
	ctl->sr |= SR_EOP;
}

static void write_cr(struct board *b, uint32_t value)
{
	struct flash_ctl *ctl = &b->ctl;

	if (ctl->lock != LOCK_OPEN)
		return;
	if (!(value & CR_OPTWRE) && ctl->option_lock == LOCK_OPEN)
		ctl->option_lock = LOCK_CLOSED;
	ctl->cr = value & CR_KEPT;
	if (value & CR_STRT)
		start_erase(b);
	if (value & CR_LOCK)
		ctl->lock = LOCK_CLOSED;
	if (value & CR_OBL_LAUNCH && b->chip->rdp_off == 0xAA)
		b->core.reset_wanted = true;
}

static enum bus_result f1_write_reg(struct board *b, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case REG_KEYR:
		return flash_key(&b->ctl.lock, value, keys);
	case REG_OPTKEYR:
		return flash_key(&b->ctl.option_lock, value, keys);
	case REG_SR:
		b->ctl.sr &= ~(value & (SR_PGERR | SR_WRPRTERR | SR_EOP));
		return BUS_OK;
	case REG_CR:
		write_cr(b, value);
		return BUS_OK;
	case REG_AR:
		b->ctl.ar = value;
		return BUS_OK;
	default:
		return BUS_OK;
	}
}

static uint32_t f1_read_reg(const struct board *b, uint32_t offset)
{
	const struct flash_ctl *ctl = &b->ctl;

	switch (offset) {
	case REG_SR:
		return ctl->sr;
	case REG_CR:
		return ctl->cr | (ctl->lock == LOCK_OPEN ? 0u : CR_LOCK) |
		       (ctl->option_lock == LOCK_OPEN ? CR_OPTWRE : 0u);
	case REG_AR:
		return ctl->ar;
	case REG_OBR:
		return ctl->obr;
	case REG_WRPR:
		return ctl->wrp;
	default:
		return 0;
	}
}

static uint8_t f1_read_option(const struct board *b, uint32_t offset)
{
	return b->ctl.option[offset];
}

const struct flash_family flash_f1 = {
	.regs_base = 0x40022000,
	.option_base = 0x1FFFF800,
	.sr_at = REG_SR,
	.sr_busy = SR_BSY,
	.factory = f1_factory,
	.load_options = f1_load_options,
	.reset = f1_reset,
	.protect_reads = f1_protect_reads,
	.protect_writes = f1_protect_writes,
	.program = f1_program,
	.program_option = f1_program_option,
	.read_option = f1_read_option,
	.read_reg = f1_read_reg,
	.write_reg = f1_write_reg,
};
