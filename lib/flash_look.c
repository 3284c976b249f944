/* SPDX-License-Identifier: MIT */
/*
 * What is there, before anything is changed: see flash.h.
 *
 *   banks -> which chip? is it protected? -> reset halt -> sectors of each bank -> shared file
 *     -> checksums of what lies in the sectors -> read what differs -> does the chip confirm it?
 *   with a backup: -> read whole banks -> does the chip confirm it? -> the user saves it
 *
 * Checksums come first, because a sector that is right or blank need not be moved through the
 * probe. Where the chip cannot make any, all of it is read, twice.
 */
#include <inttypes.h>
#include <string.h>

#include "client.h"
#include "flash.h"
#include "read_flash.h"
#include "target.h"

#define PARTS_MAX 4096u /* an image with more holes than that is read instead */

static enum move ended_badly(const struct op *op)
{
	(void)op; /* its result says why */
	return MOVE_DONE;
}

static bool went_well(const struct op *op)
{
	return op->res.status == STMFW_OK;
}

/* ---- which banks ---- */

/* A bank that has not been probed yet may have no size, and reach up to the next one. */
static uint64_t end_of(const struct look *l, const stmfw_bank *bank)
{
	uint64_t end = (uint64_t)1 << 32;

	if (bank->size)
		return bank->base + bank->size;
	for (size_t i = 0; i < l->all_count; i++)
		if (l->all_banks[i].base > bank->base && l->all_banks[i].base < end)
			end = l->all_banks[i].base;
	return end;
}

/* One that has not been probed may not even have its address. */
static bool may_be_touched(const struct flash *f, const stmfw_bank *bank)
{
	size_t count;
	const stmfw_range *r = stmfw_image_ranges(f->o.image, &count);
	uint64_t end = end_of(&f->look, bank);

	if (bank->size == 0 && bank->base == 0)
		return true;
	for (size_t i = 0; i < count; i++) {
		uint64_t first = r[i].address + f->plan.shift;

		if (first < end && first + r[i].length > bank->base)
			return true;
	}
	return false;
}

/* The bank that was named is known now. Several boards on one OpenOCD have flash at the same
   addresses: only one of them is meant. */
static void choose_banks(struct flash *f)
{
	const struct look *l = &f->look;

	if (!stmfw_image_is_placed(f->o.image))
		f->plan.shift = f->banks[0].base;
	for (size_t i = 0; i < l->all_count; i++)
		if (i != f->o.bank && strcmp(l->all_banks[i].target, f->target) == 0 &&
		    may_be_touched(f, &l->all_banks[i]))
			f->banks[f->bank_count++] = l->all_banks[i];
}

static enum move identify(struct op *op)
{
	struct flash *f = op->job;
	struct look *l = &f->look;

	stmfw__identify_init(&l->identify, f->target[0] ? f->target : NULL);
	l->step = LOOK_CHIP;
	return stmfw__op_call(op, &stmfw__identify_kind, &l->identify);
}

static enum move take_banks(struct op *op)
{
	struct flash *f = op->job;
	struct look *l = &f->look;

	l->all_banks = op->res.banks;
	l->all_count = op->res.count;
	if (f->o.bank >= l->all_count)
		return stmfw__op_fail(op, STMFW_ERANGE, "there is no flash bank %u: OpenOCD has %zu",
				      f->o.bank, l->all_count);
	f->banks = stmfw__arena_alloc(&op->arena, l->all_count * sizeof(*f->banks));
	if (!f->banks)
		return stmfw__op_ok(op); /* which says that memory ran out */
	f->banks[f->bank_count++] = l->all_banks[f->o.bank];
	f->target = f->banks[0].target;
	return identify(op);
}

/* ---- sectors ---- */

static enum move describe_bank(struct op *op)
{
	struct flash *f = op->job;

	f->look.step = LOOK_DESCRIBE;
	void *job = stmfw__bank_info_job(op, f->banks[f->look.current].number);
	return job ? stmfw__op_call(op, &stmfw__bank_info_kind, job) : stmfw__op_ok(op);
}

static enum move outside(struct op *op)
{
	const struct flash *f = op->job;
	stmfw_span lost;
	char known[200] = "";
	size_t n = 0;

	if (!stmfw__plan_outside(&f->plan, &lost))
		return MOVE_SEND;
	for (size_t i = 0; i < f->bank_count && n < sizeof(known) - 40; i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s0x%08" PRIx64 " + %" PRIu64,
				      i ? ", " : "", f->banks[i].base, f->banks[i].size);
	op->res.advice = "Is the image for this chip? A section for RAM does not belong into it; a "
			 "second flash bank must be known to OpenOCD (`flash banks`).";
	return stmfw__op_fail(op, STMFW_ERANGE,
			      "0x%08" PRIx64 " + %" PRIu64 " bytes of the image lie outside of the "
			      "flash that OpenOCD knows there (%s)",
			      lost.address, lost.length, known);
}

static enum move share_file(struct op *op)
{
	struct flash *f = op->job;

	f->look.step = LOOK_SHARE;
	if (!stmfw__scratch_begin(&f->scratch, op, f->o.scratch_dir))
		return MOVE_DONE;
	struct buf *b = stmfw__op_script(op, "share file", 0);
	stmfw__buf_puts(b, "apply {{} {catch {");
	stmfw__scratch_script(b, &f->scratch);
	stmfw__buf_puts(b, "} a;set a}}");
	return MOVE_SEND;
}

/* ---- the right chip, halted ---- */

static enum move halt(struct op *op)
{
	struct flash *f = op->job;
	void *job = stmfw__reset_job(op, STMFW_RESET_HALT);

	f->look.step = LOOK_HALT;
	f->was_reset = true;
	return job ? stmfw__op_call(op, &stmfw__control_kind, job) : stmfw__op_ok(op);
}

static enum move read_protected(struct op *op, enum stmfw_rdp rdp)
{
	op->res.advice = rdp == STMFW_RDP_1
				 ? "Removing the protection erases everything on the chip."
				 : "This protection is for ever.";
	return stmfw__op_fail(op, STMFW_EPROTECTED,
			      "read protection is on (RDP level %d): the chip cannot be "
			      "programmed like this",
			      (int)rdp);
}

/* It may be asleep: then once more when it is halted. A chip that cannot be identified even then
   may be flashed all the same, if nobody asks which it is. */
static enum move take_chip(struct op *op)
{
	struct flash *f = op->job;
	struct look *l = &f->look;

	if (!went_well(op)) {
		if (!f->was_reset)
			return halt(op);
		return f->o.chip ? ended_badly(op) : describe_bank(op);
	}
	l->chip = *op->res.chip;
	l->identified = true;
	l->step = LOOK_APPROVED;
	return MOVE_OFFER;
}

static enum move take_approval(struct op *op)
{
	struct flash *f = op->job;

	if (f->look.refused)
		return stmfw__op_fail(op, STMFW_EABORTED, "it was said not to be the right chip");
	if (f->look.chip.rdp == STMFW_RDP_1 || f->look.chip.rdp == STMFW_RDP_2)
		return read_protected(op, f->look.chip.rdp);
	return f->was_reset ? describe_bank(op) : halt(op);
}

static enum move take_halt(struct op *op)
{
	struct flash *f = op->job;

	if (!went_well(op))
		return ended_badly(op);
	return f->look.identified ? describe_bank(op) : identify(op);
}

static enum move take_description(struct op *op)
{
	struct flash *f = op->job;
	stmfw_bank *bank = &f->banks[f->look.current];

	*bank = op->res.banks[0];
	if (f->look.current == 0)
		choose_banks(f);
	if (!stmfw__plan_add_bank(&f->plan, &op->arena, bank))
		return stmfw__op_ok(op); /* which says that memory ran out */
	if (++f->look.current < f->bank_count)
		return describe_bank(op);
	enum move move = outside(op);
	return move == MOVE_DONE ? move : share_file(op);
}

/* ---- checksums ---- */

static size_t count_parts(const struct plan *p)
{
	struct sector_part part;
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		for (uint64_t o = 0; stmfw__plan_part(p, &p->sectors[i], o, &part); o += part.length)
			n++;
	return n;
}

static bool make_parts(struct op *op)
{
	struct flash *f = op->job;
	struct look *l = &f->look;
	size_t count = count_parts(&f->plan);

	if (count > PARTS_MAX)
		return false;
	l->parts = stmfw__arena_alloc(&op->arena, count * sizeof(*l->parts));
	l->ranges = stmfw__arena_alloc(&op->arena, count * sizeof(*l->ranges));
	for (size_t i = 0; !op->arena.failed && i < f->plan.count; i++) {
		const struct sector *s = &f->plan.sectors[i];
		struct sector_part part;

		for (uint64_t o = 0; stmfw__plan_part(&f->plan, s, o, &part); o += part.length) {
			l->ranges[l->part_count] = (struct digest_range){
				s->plan.address + part.offset, part.length, 0
			};
			l->parts[l->part_count++] = (struct look_part){ i, part };
		}
	}
	return !op->arena.failed;
}

/* The checksum of a part of what is wanted, or of as much that is blank. */
static uint32_t crc_of(const struct flash *f, const struct sector *s, const struct sector_part *part,
		       bool of_blank)
{
	uint8_t piece[1024];
	uint32_t crc = 0;

	memset(piece, s->blank, sizeof(piece));
	for (uint64_t o = 0; o < part->length; o += sizeof(piece)) {
		uint64_t left = part->length - o;
		size_t n = left < sizeof(piece) ? (size_t)left : sizeof(piece);

		if (!of_blank)
			stmfw__plan_wanted(&f->plan, s, part->offset + o, piece, n);
		crc = stmfw__crc32(crc, piece, n);
	}
	return crc;
}

static void judge_by_sums(struct flash *f)
{
	const struct look *l = &f->look;

	for (size_t k = 0; k < l->part_count;) {
		struct sector *s = &f->plan.sectors[l->parts[k].sector];
		bool same = true, blank = true;
		size_t sector = l->parts[k].sector;

		for (; k < l->part_count && l->parts[k].sector == sector; k++) {
			const struct sector_part *part = &l->parts[k].part;
			uint32_t crc = l->ranges[k].crc;

			same = same && (!part->is_image || crc == crc_of(f, s, part, false));
			blank = blank && crc == crc_of(f, s, part, true);
		}
		s->look = same ? LOOK_SAME : blank ? LOOK_BLANK : LOOK_DIFFERS;
	}
}

/* ---- reading ---- */

static bool must_be_read(const struct flash *f, const struct sector *s)
{
	return s->look == LOOK_UNKNOWN || s->look == LOOK_DIFFERS ||
	       (s->look == LOOK_SAME && f->plan.full);
}

static bool add_span(struct op *op, const stmfw_bank *bank, uint64_t offset, uint64_t length)
{
	struct look *l = &((struct flash *)op->job)->look;
	uint8_t *bytes = stmfw__arena_alloc(&op->arena, (size_t)length);

	if (!bytes)
		return false;
	l->spans[l->span_count++] = (struct flash_span){ bank, offset, length, bytes };
	l->read_total += length;
	return true;
}

static bool follows(const struct sector *s, const struct sector *before)
{
	return s->plan.bank == before->plan.bank &&
	       s->plan.address == before->plan.address + before->plan.length;
}

static bool add_sector_spans(struct op *op)
{
	struct flash *f = op->job;
	struct sector *s = f->plan.sectors;
	size_t i = 0;

	while (i < f->plan.count) {
		size_t first = i;
		uint64_t length = 0;

		while (i < f->plan.count && must_be_read(f, &s[i]) &&
		       (i == first || follows(&s[i], &s[i - 1])))
			length += s[i++].plan.length;
		if (i == first) {
			i++;
			continue;
		}
		const stmfw_bank *bank = stmfw__flash_bank_of(f, s[first].plan.bank);
		if (!add_span(op, bank, s[first].plan.address - bank->base, length))
			return false;
		for (uint8_t *at = f->look.spans[f->look.span_count - 1].bytes; first < i; first++) {
			s[first].old = at;
			at += s[first].plan.length;
		}
	}
	return true;
}

/* For a backup: all of each bank that the image touches. */
static bool add_bank_span(struct op *op, const stmfw_bank *bank)
{
	struct flash *f = op->job;
	const uint8_t *bytes = NULL;

	for (size_t i = 0; i < f->plan.count; i++) {
		struct sector *s = &f->plan.sectors[i];

		if (s->plan.bank != bank->number)
			continue;
		if (!bytes && !add_span(op, bank, 0, bank->size))
			return false;
		s->old = f->look.spans[f->look.span_count - 1].bytes + (s->plan.address - bank->base);
		bytes = s->old;
	}
	return true;
}

static bool add_bank_spans(struct op *op)
{
	const struct flash *f = op->job;

	for (size_t i = 0; i < f->bank_count; i++)
		if (!add_bank_span(op, &f->banks[i]))
			return false;
	return true;
}

static const struct flash_span *current_span(const struct flash *f)
{
	return &f->look.spans[f->look.current];
}

static int keep_bytes(stmfw_client *c, uint64_t offset, const uint8_t *data, size_t length,
		      void *arg)
{
	struct op *op = arg;
	struct look *l = &((struct flash *)op->caller->job)->look;
	const struct flash_span *span = &l->spans[l->current];

	(void)c;
	(void)offset;
	if (op->cancel_wanted || length > span->length - l->received)
		return 1;
	if (l->step == LOOK_READ)
		memcpy(span->bytes + l->received, data, length);
	else if (memcmp(span->bytes + l->received, data, length) != 0)
		l->differs = true;
	l->received += length;
	return 0;
}

static void tell_read(stmfw_client *c, const stmfw_progress *p, void *arg)
{
	struct op *op = arg;
	struct flash *f = op->caller->job;
	const struct look *l = &f->look;
	uint64_t before = 0;

	for (size_t i = 0; i < l->current; i++)
		before += l->spans[i].length;
	const stmfw_progress all = { p->op, l->step == LOOK_READ ? "read" : "reread",
				     before + p->done, l->read_total };
	if (f->o.progress)
		f->o.progress(c, &all, f->o.arg);
}

static enum move read_span(struct op *op)
{
	struct flash *f = op->job;
	const struct flash_span *span = current_span(f);
	const struct read_part what = { .bank = span->bank,
					.scratch = &f->scratch,
					.offset = span->offset,
					.length = span->length,
					.sink = keep_bytes,
					.progress = tell_read,
					.arg = op };

	f->look.received = 0;
	return stmfw__read_part(op, &what);
}

static enum move begin_reading(struct op *op, enum look_step step)
{
	struct flash *f = op->job;

	f->look.step = step;
	f->look.current = 0;
	return read_span(op);
}

static enum move look_done(struct op *op)
{
	struct flash *f = op->job;

	for (size_t i = 0; i < f->plan.count; i++)
		if (f->plan.sectors[i].old)
			stmfw__plan_judge_old(&f->plan, &f->plan.sectors[i]);
	return stmfw__op_ok(op);
}

static enum move choose_spans(struct op *op)
{
	struct flash *f = op->job;
	struct look *l = &f->look;

	l->spans = stmfw__arena_alloc(&op->arena,
				      (f->plan.count + f->bank_count) * sizeof(*l->spans));
	if (!l->spans || !(f->o.backup ? add_bank_spans(op) : add_sector_spans(op)))
		return stmfw__op_ok(op); /* which says that memory ran out */
	return l->span_count ? begin_reading(op, LOOK_READ) : look_done(op);
}

static enum move take_sums(struct op *op)
{
	struct flash *f = op->job;

	if (went_well(op))
		judge_by_sums(f);
	else
		f->can_digest = false;
	return choose_spans(op);
}

/* ---- is it what the chip holds? ---- */

static enum move unstable(struct op *op)
{
	op->res.advice = "The connection is not reliable: shorten the wires or lower the speed "
			 "(`adapter speed 500`), then repeat.";
	return stmfw__op_fail(op, STMFW_EVERIFY,
			      "two looks at the flash differ, so what is there is not known for sure");
}

static enum move offer_backup(struct op *op)
{
	struct flash *f = op->job;

	f->look.step = LOOK_BACKUP;
	f->look.current = 0;
	return f->o.backup ? MOVE_OFFER : look_done(op);
}

/* The checksums were made of parts of sectors; those of sectors that have been read must agree. */
static bool sums_confirm(const struct flash *f)
{
	const struct look *l = &f->look;

	for (size_t k = 0; k < l->part_count; k++) {
		const struct sector *s = &f->plan.sectors[l->parts[k].sector];
		const struct sector_part *part = &l->parts[k].part;

		if (s->old && stmfw__crc32(0, s->old + part->offset, (size_t)part->length) !=
				      l->ranges[k].crc)
			return false;
	}
	return true;
}

static enum move prove_banks(struct op *op)
{
	struct flash *f = op->job;
	struct look *l = &f->look;

	l->step = LOOK_PROVE;
	l->ranges = stmfw__arena_alloc(&op->arena, l->span_count * sizeof(*l->ranges));
	if (!l->ranges)
		return stmfw__op_ok(op);
	for (size_t i = 0; i < l->span_count; i++)
		l->ranges[i] = (struct digest_range){ l->spans[i].bank->base + l->spans[i].offset,
						      l->spans[i].length, 0 };
	return stmfw__flash_ask_for_sums(op, l->ranges, l->span_count);
}

static enum move take_span(struct op *op)
{
	struct flash *f = op->job;
	struct look *l = &f->look;

	if (op->cancel_wanted)
		return stmfw__op_fail(op, STMFW_ECANCELED, "canceled before anything was changed");
	if (!went_well(op))
		return ended_badly(op);
	if (++l->current < l->span_count)
		return read_span(op);
	if (l->step == LOOK_REREAD)
		return l->differs ? unstable(op) : offer_backup(op);
	if (!f->can_digest)
		return begin_reading(op, LOOK_REREAD);
	if (f->o.backup)
		return prove_banks(op);
	return sums_confirm(f) ? look_done(op) : unstable(op);
}

static enum move take_proof(struct op *op)
{
	struct flash *f = op->job;
	const struct look *l = &f->look;

	if (!went_well(op)) {
		f->can_digest = false;
		return begin_reading(op, LOOK_REREAD);
	}
	for (size_t i = 0; i < l->span_count; i++)
		if (stmfw__crc32(0, l->spans[i].bytes, (size_t)l->spans[i].length) !=
		    l->ranges[i].crc)
			return unstable(op);
	return offer_backup(op);
}

/* ---- the user saves it ---- */

static void offer(struct op *op)
{
	struct flash *f = op->job;
	const struct flash_span *span = current_span(f);

	if (f->look.step == LOOK_APPROVED)
		f->look.refused = f->o.chip ? f->o.chip(op->client, &f->look.chip, f->o.arg) : 0;
	else
		f->look.refused = f->o.backup(op->client, span->bank, span->bytes,
					      (size_t)span->length, f->o.arg);
}

static enum move backed_up(struct op *op)
{
	struct flash *f = op->job;

	if (f->look.refused)
		return stmfw__op_fail(op, STMFW_EABORTED, "the backup was refused, so nothing was "
							  "erased");
	if (++f->look.current < f->look.span_count)
		return MOVE_OFFER;
	return look_done(op);
}

/* ---- step by step ---- */

static enum move take_share(struct op *op, const struct reply *last)
{
	struct flash *f = op->job;

	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_EUNSUPPORTED, last);
	if (!stmfw__scratch_is_shared(&f->scratch, last->result))
		return stmfw__scratch_not_shared(op, last->result);
	f->can_digest = true;
	if (f->o.backup)
		return choose_spans(op);
	if (!make_parts(op)) {
		f->can_digest = false;
		return op->arena.failed ? stmfw__op_ok(op) : choose_spans(op);
	}
	f->look.step = LOOK_SUM;
	return stmfw__flash_ask_for_sums(op, f->look.ranges, f->look.part_count);
}

static enum move look_next(struct op *op, const struct reply *last)
{
	struct flash *f = op->job;
	enum look_step step = f->look.step;

	if ((step == LOOK_BANKS || step == LOOK_DESCRIBE) && !went_well(op))
		return ended_badly(op);
	switch (step) {
	case LOOK_BEGIN:
		f->look.step = LOOK_BANKS;
		return stmfw__op_call(op, &stmfw__banks_kind, f);
	case LOOK_BANKS:
		return take_banks(op);
	case LOOK_CHIP:
		return take_chip(op);
	case LOOK_APPROVED:
		return take_approval(op);
	case LOOK_HALT:
		return take_halt(op);
	case LOOK_DESCRIBE:
		return take_description(op);
	case LOOK_SHARE:
		return take_share(op, last);
	case LOOK_SUM:
		return take_sums(op);
	case LOOK_READ:
	case LOOK_REREAD:
		return take_span(op);
	case LOOK_PROVE:
		return take_proof(op);
	case LOOK_BACKUP:
		return backed_up(op);
	}
	return MOVE_DONE;
}

const struct op_kind stmfw__flash_look_kind = { .name = "look", .next = look_next,
							.offer = offer };
