/* SPDX-License-Identifier: MIT */
/*
 * The flash controller of the F2 and F4 families. Programming can only clear bits and does not
 * mind what the cell held; the access has to be as wide as PSIZE says. The option bytes sit
 * behind OPTCR: write protection is in force once they are stored, read protection with the
 * next reset. Taking the read protection away wipes the chip.
 */
#include "board.h"

enum {
	REG_KEYR = 0x04,
	REG_OPTKEYR = 0x08,
	REG_SR = 0x0C,
	REG_CR = 0x10,
	REG_OPTCR = 0x14,

	SR_EOP = 1 << 0,
	SR_WRPERR = 1 << 4,
	SR_PGPERR = 1 << 6,
	SR_PGSERR = 1 << 7,
	SR_CLEARABLE = 0xF3,
	SR_BSY = 1 << 16,

	OPTCR_LOCK = 1 << 0,
	OPTCR_START = 1 << 1,
};

#define CR_PG (1u << 0)
#define CR_SER (1u << 1)
#define CR_MER (1u << 2)
#define CR_STRT (1u << 16)
#define CR_LOCK (1u << 31)
#define CR_KEPT 0x0300037Fu
#define OPTCR_KEPT 0x0FFFFFECu
#define OPTCR_FACTORY 0x0FFFAAECu

static const uint32_t keys[2] = { 0x45670123, 0xCDEF89AB };
static const uint32_t option_keys[2] = { 0x08192A3B, 0x4C5D6E7F };

static uint8_t rdp(uint32_t optcr)
{
	return (uint8_t)(optcr >> 8);
}

static void f4_factory(struct board *b)
{
	b->ctl.optcr_stored = OPTCR_FACTORY;
}

static void f4_protect_reads(struct board *b)
{
	b->ctl.optcr_stored &= ~0xFF00u;
}

static void f4_protect_writes(struct board *b, uint32_t wrp)
{
	b->ctl.optcr_stored = (b->ctl.optcr_stored & 0xFFFFu) | (wrp & 0xFFF) << 16;
}

static void f4_load_options(struct board *b)
{
	struct flash_ctl *ctl = &b->ctl;

	ctl->optcr_loaded = ctl->optcr_stored;
	ctl->wrp = ctl->optcr_stored >> 16;
	ctl->read_protected = rdp(ctl->optcr_stored) != b->chip->rdp_off;
}

static void f4_reset(struct board *b)
{
	struct flash_ctl *ctl = &b->ctl;

	ctl->lock = LOCK_CLOSED;
	ctl->option_lock = LOCK_CLOSED;
	ctl->cr = 0;
	ctl->sr = 0;
	ctl->optcr = ctl->optcr_loaded;
}

static uint32_t program_error(struct board *b, uint32_t offset, unsigned width)
{
	unsigned psize = 1u << (b->ctl.cr >> 8 & 3);

	if (!(b->ctl.cr & CR_PG))
		return SR_PGSERR;
	if (psize != width)
		return SR_PGPERR;
	if (b->ctl.read_protected ||
	    flash_sector_protected(b, chip_sector_of(b->chip, offset)))
		return SR_WRPERR;
	return fault_spend(b, FAULT_WRITE_AFTER, width) ? SR_PGSERR : 0;
}

static enum bus_result f4_program(struct board *b, uint32_t offset, unsigned width,
				  uint32_t value)
{
	uint32_t error = program_error(b, offset, width);

	if (!error)
		flash_put(b, offset, width, value & flash_peek(b, offset, width));
	b->ctl.sr |= error ? error : SR_EOP;
	return BUS_OK;
}

static enum bus_result f4_program_option(struct board *b, uint32_t offset, unsigned width,
					 uint32_t value)
{
	(void)b, (void)offset, (void)width, (void)value;
	return BUS_FAULT;
}

static void erase_sector(struct board *b, unsigned sector)
{
	if (sector >= chip_sector_count(b->chip))
		b->ctl.sr |= SR_PGSERR;
	else if (b->ctl.read_protected || flash_sector_protected(b, sector))
		b->ctl.sr |= SR_WRPERR;
	else
		flash_erase_sector(b, sector);
}

static void start_erase(struct board *b)
{
	uint32_t cr = b->ctl.cr;

	if (cr & CR_SER)
		erase_sector(b, cr >> 3 & 0xF);
	else if (cr & CR_MER && (b->ctl.read_protected || flash_any_protected(b)))
		b->ctl.sr |= SR_WRPERR;
	else if (cr & CR_MER)
		flash_erase_all(b);
	b->ctl.sr |= SR_EOP;
}

static void write_cr(struct board *b, uint32_t value)
{
	if (b->ctl.lock != LOCK_OPEN)
		return;
	b->ctl.cr = value & CR_KEPT;
	if (value & CR_STRT)
		start_erase(b);
	if (value & CR_LOCK)
		b->ctl.lock = LOCK_CLOSED;
}

static void store_options(struct board *b)
{
	struct flash_ctl *ctl = &b->ctl;
	uint8_t off = b->chip->rdp_off;

	if (rdp(ctl->optcr) == off && (ctl->read_protected || rdp(ctl->optcr_stored) != off))
		flash_erase_all(b);
	ctl->optcr_stored = ctl->optcr;
	if (!fault_is_on(b, FAULT_OPTIONS_LATE))
		ctl->wrp = ctl->optcr >> 16;
}

static void write_optcr(struct board *b, uint32_t value)
{
	if (b->ctl.option_lock != LOCK_OPEN)
		return;
	b->ctl.optcr = value & OPTCR_KEPT;
	if (value & OPTCR_START)
		store_options(b);
	if (value & OPTCR_LOCK)
		b->ctl.option_lock = LOCK_CLOSED;
}

static enum bus_result f4_write_reg(struct board *b, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case REG_KEYR:
		return flash_key(&b->ctl.lock, value, keys);
	case REG_OPTKEYR:
		return flash_key(&b->ctl.option_lock, value, option_keys);
	case REG_SR:
		b->ctl.sr &= ~(value & SR_CLEARABLE);
		return BUS_OK;
	case REG_CR:
		write_cr(b, value);
		return BUS_OK;
	case REG_OPTCR:
		write_optcr(b, value);
		return BUS_OK;
	default:
		return BUS_OK;
	}
}

static uint32_t f4_read_reg(const struct board *b, uint32_t offset)
{
	const struct flash_ctl *ctl = &b->ctl;

	switch (offset) {
	case REG_SR:
		return ctl->sr;
	case REG_CR:
		return ctl->cr | (ctl->lock == LOCK_OPEN ? 0u : CR_LOCK);
	case REG_OPTCR:
		return ctl->optcr | (ctl->option_lock == LOCK_OPEN ? 0u : OPTCR_LOCK);
	default:
		return 0;
	}
}

/* The stored words: read protection and user byte, then, eight bytes on, write protection. */
static uint8_t f4_read_option(const struct board *b, uint32_t offset)
{
	uint32_t word = offset < 8 ? b->ctl.optcr_stored : b->ctl.optcr_stored >> 16;

	if (offset % 8 >= 2)
		return 0xFF;
	return (uint8_t)(word >> (8 * (offset % 8)));
}

const struct flash_family flash_f4 = {
	.regs_base = 0x40023C00,
	.option_base = 0x1FFFC000,
	.sr_at = REG_SR,
	.sr_busy = SR_BSY,
	.factory = f4_factory,
	.load_options = f4_load_options,
	.reset = f4_reset,
	.protect_reads = f4_protect_reads,
	.protect_writes = f4_protect_writes,
	.program = f4_program,
	.program_option = f4_program_option,
	.read_option = f4_read_option,
	.read_reg = f4_read_reg,
	.write_reg = f4_write_reg,
};
