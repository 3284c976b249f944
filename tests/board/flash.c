/* SPDX-License-Identifier: MIT */
/*
 * The flash array itself: reading it through the faults that may be armed, erasing it, and the
 * key lock that both controller families put in front of their registers.
 */
#include "board.h"

#include <string.h>
#include <uv.h>

#define MILLISECOND UINT64_C(1000000)

static bool covers(uint32_t offset, unsigned width, uint64_t byte)
{
	return byte >= offset && byte - offset < width;
}

static void put_byte(uint32_t *value, uint32_t offset, uint64_t at, uint32_t byte)
{
	unsigned shift = 8 * (unsigned)(at - offset);

	*value = (*value & ~(0xFFu << shift)) | (byte << shift);
}

/* A cell with a defect shows it to everybody. */
static void apply_stuck(const struct board *b, uint32_t offset, unsigned width, uint32_t *value)
{
	const struct fault *stuck = &b->faults[FAULT_STUCK];

	if (stuck->on && covers(offset, width, stuck->value - FLASH_BASE))
		put_byte(value, offset, stuck->value - FLASH_BASE, (uint32_t)stuck->second);
}

/* A bad line disturbs every second reading of the probe, not the code on the core. */
static void apply_corruption(struct board *b, uint32_t offset, unsigned width, uint32_t *value)
{
	struct fault *corrupt = &b->faults[FAULT_CORRUPT_READ];

	if (corrupt->on && covers(offset, width, corrupt->value) && corrupt->seen++ % 2 == 0)
		*value ^= 1u << (8 * (corrupt->value - offset));
}

enum bus_result flash_read(struct board *b, enum master m, uint32_t offset, unsigned width,
			   uint32_t *value)
{
	if (b->ctl.read_protected)
		return BUS_FAULT;
	if (m == MASTER_HOST && fault_spend(b, FAULT_READ_AFTER, width))
		return BUS_FAULT;
	*value = flash_peek(b, offset, width);
	apply_stuck(b, offset, width, value);
	if (m == MASTER_HOST) {
		apply_corruption(b, offset, width, value);
		b->stats.flash_bytes_read += width;
	}
	return BUS_OK;
}

bool flash_only_reads(const struct board *b)
{
	return !b->ctl.read_protected && !fault_is_on(b, FAULT_STUCK) && b->ctl.lock != LOCK_OPEN;
}

uint32_t flash_peek(const struct board *b, uint32_t offset, unsigned width)
{
	uint32_t value = 0;

	memcpy(&value, b->flash + offset, width);
	return value;
}

uint64_t flash_busy_ns(const struct board *b)
{
	uint64_t now = uv_hrtime();

	return b->ctl.busy_until > now ? b->ctl.busy_until - now : 0;
}

static void take_time(struct board *b, uint64_t ns)
{
	if (b->ctl.takes_time)
		b->ctl.busy_until = uv_hrtime() + flash_busy_ns(b) + ns;
}

void flash_put(struct board *b, uint32_t offset, unsigned width, uint32_t value)
{
	memcpy(b->flash + offset, &value, width);
	b->stats.bytes_programmed += width;
	take_time(b, b->chip->program_ns);
}

void flash_erase_sector(struct board *b, unsigned sector)
{
	struct span span = chip_sector(b->chip, sector);

	memset(b->flash + span.base, 0xFF, span.size);
	b->stats.erases[sector]++;
	take_time(b, chip_erase_ms(b->chip, sector) * MILLISECOND);
}

void flash_erase_all(struct board *b)
{
	memset(b->flash, 0xFF, chip_flash_size(b->chip));
	b->stats.mass_erases++;
	take_time(b, b->chip->mass_erase_ms * MILLISECOND);
}

/* The last protection bit stands for all sectors that have none of their own. */
bool flash_sector_protected(const struct board *b, unsigned sector)
{
	unsigned bit = sector / b->chip->wrp_sectors;

	return !(b->ctl.wrp >> (bit < 31 ? bit : 31) & 1);
}

bool flash_any_protected(const struct board *b)
{
	for (unsigned i = 0; i < chip_sector_count(b->chip); i++)
		if (flash_sector_protected(b, i))
			return true;
	return false;
}

/* A wrong key jams the lock until the next reset; keys for an open lock do no harm. */
enum bus_result flash_key(enum lock_state *lock, uint32_t value, const uint32_t keys[2])
{
	if (*lock == LOCK_OPEN)
		return BUS_OK;
	if (*lock == LOCK_CLOSED && value == keys[0])
		*lock = LOCK_HALF_OPEN;
	else if (*lock == LOCK_HALF_OPEN && value == keys[1])
		*lock = LOCK_OPEN;
	else
		*lock = LOCK_JAMMED;
	return *lock == LOCK_JAMMED ? BUS_FAULT : BUS_OK;
}
