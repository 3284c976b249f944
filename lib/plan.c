/* SPDX-License-Identifier: MIT */
/*
 * The plan of a flash operation: see plan.h.
 *
 * A sector is skipped only if each byte of the image in it is there already. What lies around the
 * image does not make it change, as nobody asked for that to change.
 */
#include "plan.h"

#include <string.h>

#include "walk.h"

/* ---- which sectors ---- */

/* The first range that ends behind an address of the flash; NULL: there is none. */
static const stmfw_range *range_behind(const struct plan *p, uint64_t address,
				       const stmfw_range **end)
{
	size_t count;
	const stmfw_range *r = stmfw_image_ranges(p->image, &count);
	uint64_t in_image = address > p->shift ? address - p->shift : 0;
	size_t i = stmfw__ranges_search((struct ranges){ r, count }, in_image);

	*end = r + count;
	return i < count ? &r[i] : NULL;
}

/* The image's bytes between two addresses. */
static uint64_t image_bytes(const struct plan *p, uint64_t from, uint64_t end)
{
	const stmfw_range *last;
	const stmfw_range *r = range_behind(p, from, &last);
	uint64_t sum = 0;

	for (; r && r < last && r->address + p->shift < end; r++) {
		uint64_t first = r->address + p->shift, behind = first + r->length;

		first = first > from ? first : from;
		sum += (behind < end ? behind : end) - first;
	}
	return sum;
}

static const struct sector *sector_at(const struct plan *p, uint64_t address)
{
	for (size_t i = 0; i < p->count; i++) {
		const stmfw_plan_sector *s = &p->sectors[i].plan;

		if (address >= s->address && address - s->address < s->length)
			return &p->sectors[i];
	}
	return NULL;
}

static bool make_room(struct plan *p, struct arena *a, size_t more)
{
	if (p->count + more <= p->capacity)
		return true;
	struct sector *larger = stmfw__arena_alloc(a, (p->count + more) * sizeof(*larger));
	if (!larger)
		return false;
	if (p->count)
		memcpy(larger, p->sectors, p->count * sizeof(*larger));
	p->sectors = larger;
	p->capacity = p->count + more;
	return true;
}

/* The flash of STM32L0 and L1 is all zeros when it is erased. */
static uint8_t blank_byte(const char *driver)
{
	return strcmp(driver, "stm32lx") == 0 ? 0x00 : 0xff;
}

bool stmfw__plan_add_bank(struct plan *p, struct arena *a, const stmfw_bank *bank)
{
	if (!make_room(p, a, bank->sector_count))
		return false;
	for (size_t i = 0; i < bank->sector_count; i++) {
		const stmfw_sector *s = &bank->sectors[i];
		uint64_t address = bank->base + s->offset;
		uint64_t bytes = image_bytes(p, address, address + s->size);

		if (bytes == 0 || sector_at(p, address)) /* the same flash under another name */
			continue;
		p->sectors[p->count++] = (struct sector){ .plan = { .bank = bank->number,
								    .number = (unsigned int)i,
								    .address = address,
								    .length = s->size,
								    .image_bytes = bytes },
							  .blank = blank_byte(bank->driver),
							  .is_protected = s->is_protected };
	}
	return true;
}

bool stmfw__plan_outside(const struct plan *p, stmfw_span *span)
{
	size_t count;
	const stmfw_range *r = stmfw_image_ranges(p->image, &count);

	for (size_t i = 0; i < count; i++) {
		uint64_t at = r[i].address + p->shift;
		uint64_t end = at + r[i].length;

		for (const struct sector *s; at < end && (s = sector_at(p, at));)
			at = s->plan.address + s->plan.length;
		if (at < end) {
			*span = (stmfw_span){ at, end - at };
			return true;
		}
	}
	return false;
}

/* ---- what they are to hold ---- */

bool stmfw__plan_part(const struct plan *p, const struct sector *s, uint64_t at,
		      struct sector_part *part)
{
	uint64_t here = s->plan.address + at, end = s->plan.address + s->plan.length;
	const stmfw_range *last;

	if (here >= end)
		return false;
	const stmfw_range *r = range_behind(p, here, &last);
	*part = (struct sector_part){ .offset = at };
	if (r) {
		uint64_t first = r->address + p->shift;
		uint64_t border = first <= here ? first + r->length : first;

		part->is_image = first <= here;
		part->bytes = part->is_image ? r->data + (here - first) : NULL;
		end = border < end ? border : end;
	}
	part->length = end - here;
	return true;
}

void stmfw__plan_wanted(const struct plan *p, const struct sector *s, uint64_t offset,
			uint8_t *out, size_t length)
{
	struct sector_part part;
	uint64_t at = s->plan.address + offset;

	stmfw_image_copy(p->image, at - p->shift, out, length, s->blank);
	if (!p->keep || !s->old)
		return;
	for (uint64_t o = offset; o < offset + length && stmfw__plan_part(p, s, o, &part);
	     o += part.length) {
		if (part.length > offset + length - o)
			part.length = offset + length - o;
		if (!part.is_image)
			memcpy(out + (o - offset), s->old + o, (size_t)part.length);
	}
}

/* ---- what is to be done ---- */

static bool holds_image(const struct plan *p, const struct sector *s)
{
	struct sector_part part;

	for (uint64_t o = 0; stmfw__plan_part(p, s, o, &part); o += part.length)
		if (part.is_image && memcmp(s->old + o, part.bytes, (size_t)part.length) != 0)
			return false;
	return true;
}

void stmfw__plan_judge_old(const struct plan *p, struct sector *s)
{
	if (holds_image(p, s))
		s->look = LOOK_SAME;
	else if (is_all(s->old, s->plan.length, s->blank))
		s->look = LOOK_BLANK;
	else
		s->look = LOOK_DIFFERS;
}

static bool wants_blank(const struct plan *p, const struct sector *s)
{
	uint8_t piece[256];

	for (uint64_t o = 0; o < s->plan.length; o += sizeof(piece)) {
		uint64_t left = s->plan.length - o;
		size_t n = left < sizeof(piece) ? (size_t)left : sizeof(piece);

		stmfw__plan_wanted(p, s, o, piece, n);
		if (!is_all(piece, n, s->blank))
			return false;
	}
	return true;
}

static enum stmfw_sector_action action_for(const struct plan *p, const struct sector *s)
{
	if (s->look == LOOK_SAME && !p->full)
		return STMFW_SECTOR_SKIP;
	if (wants_blank(p, s))
		return STMFW_SECTOR_ERASE;
	return s->look == LOOK_BLANK && !p->full ? STMFW_SECTOR_WRITE : STMFW_SECTOR_REWRITE;
}

static uint64_t around_bytes(const struct plan *p, const struct sector *s)
{
	struct sector_part part;
	uint64_t sum = 0;

	for (uint64_t o = 0; s->old && stmfw__plan_part(p, s, o, &part); o += part.length)
		for (uint64_t i = 0; !part.is_image && i < part.length; i++)
			sum += s->old[o + i] != s->blank;
	return sum;
}

static void count_sector(stmfw_plan *out, const stmfw_plan_sector *s)
{
	bool writes = s->action == STMFW_SECTOR_WRITE || s->action == STMFW_SECTOR_REWRITE;

	out->erase_count += s->action == STMFW_SECTOR_ERASE || s->action == STMFW_SECTOR_REWRITE;
	out->write_count += writes;
	out->skip_count += s->action == STMFW_SECTOR_SKIP;
	out->image_bytes += s->image_bytes;
	out->around_bytes += s->around_bytes;
	out->write_bytes += writes ? s->length : 0;
}

bool stmfw__plan_decide(struct plan *p, struct arena *a, stmfw_plan *out)
{
	stmfw_plan_sector *shown = stmfw__arena_alloc(a, (p->count + 1) * sizeof(*shown));

	*out = (stmfw_plan){ .sectors = shown, .sector_count = p->count, .keeps_around = p->keep };
	if (!shown)
		return false;
	for (size_t i = 0; i < p->count; i++) {
		struct sector *s = &p->sectors[i];

		s->plan.action = action_for(p, s);
		if (sector_changes(s))
			s->plan.around_bytes = around_bytes(p, s);
		else
			s->state = SECTOR_NEW;
		shown[i] = s->plan;
		count_sector(out, &shown[i]);
	}
	return true;
}
