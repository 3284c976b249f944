/* SPDX-License-Identifier: MIT */
/*
 * What the sectors hold, before anything is changed: see flash.h.
 *
 *   how do bytes travel? -> checksums of what lies in the sectors -> read what differs
 *     -> does the chip confirm it?
 *   with a backup: -> read whole banks -> does the chip confirm it? -> the user saves it
 *
 * Checksums come first, because a sector that is right or blank need not be moved through the
 * probe. Where the chip cannot make any, all of it is read, twice.
 */
#include <string.h>
#include <uv.h>

#include "crc32.h"
#include "flash.h"
#include "read_flash.h"

#define PARTS_MAX 4096u /* an image with more holes than that is read instead */

static bool wants_backup(const struct flash *f)
{
	return f->o.backup && !f->old.saved;
}

/* ---- how bytes travel ---- */

static bool begin_carrier(struct op *op, struct flash *f)
{
	if (f->o.flags & STMFW_FLASH_DRY_RUN)
		return stmfw__carrier_begin_reading(&f->carrier, op, f->o.scratch_dir);
	return stmfw__carrier_begin(&f->carrier, op, f->o.scratch_dir);
}

/* Asked together with where checksums can be made, as each request costs OpenOCD a look at the
   target. The result: a line with the answer of the file, then the work area. */
static enum move share_file(struct op *op)
{
	struct flash *f = op->job;

	f->old.step = OLD_SHARE;
	f->sent_ns = uv_hrtime();
	if (!begin_carrier(op, f))
		return MOVE_DONE;
	struct buf *b = stmfw__op_script(op, "share file", 0);
	stmfw__buf_puts(b, "apply {{} {set a [");
	stmfw__carrier_ask(b, &f->carrier);
	stmfw__buf_puts(b, "];set w {};catch {set w [");
	stmfw__digest_area_script(b, f->target);
	stmfw__buf_puts(b, "]};return \"$a\\n$w\"}}");
	return MOVE_SEND;
}

/* ---- checksums ---- */

/* At most one more than there may be. */
static size_t count_parts(const struct plan *p)
{
	struct sector_part part;
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		for (uint64_t o = 0; stmfw__plan_part(p, &p->sectors[i], o, &part); o += part.length)
			if (++n > PARTS_MAX)
				return n;
	return n;
}

static bool make_parts(struct op *op)
{
	struct flash *f = op->job;
	struct flash_old *l = &f->old;
	size_t count = count_parts(&f->plan);

	l->part_count = 0;
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
			l->parts[l->part_count++] = (struct flash_part){ i, part };
		}
	}
	return !op->arena.failed;
}

/* Most parts are as long as the one before. */
static uint32_t crc_of_blank(struct flash_old *l, uint8_t blank, uint64_t length)
{
	uint8_t piece[4096];
	uint32_t crc = 0;

	if (l->blank.length == length && l->blank.value == blank)
		return l->blank.crc;
	memset(piece, blank, sizeof(piece));
	for (uint64_t left = length, n; left > 0; left -= n) {
		n = left < sizeof(piece) ? left : sizeof(piece);
		crc = stmfw__crc32(crc, piece, (size_t)n);
	}
	l->blank.length = length;
	l->blank.value = blank;
	l->blank.crc = crc;
	return crc;
}

/* What is erased is told from what is wanted by a look at the bytes, which is quicker. */
static bool is_wanted(const struct sector_part *part, uint8_t blank, bool is_blank, uint32_t crc)
{
	if (!part->is_image)
		return true;
	return is_blank ? is_all(part->bytes, part->length, blank)
			: crc == stmfw__crc32(0, part->bytes, (size_t)part->length);
}

/* Parts first to end-1 are all of one sector. */
static enum sector_look judge_sector(struct flash_old *l, const struct sector *s, size_t first,
				     size_t end)
{
	bool same = true, blank = true;

	for (size_t k = first; k < end && (same || blank); k++) {
		const struct sector_part *part = &l->parts[k].part;
		uint32_t crc = l->ranges[k].crc;
		bool is_blank = crc == crc_of_blank(l, s->blank, part->length);

		same = same && is_wanted(part, s->blank, is_blank, crc);
		blank = blank && is_blank;
	}
	return same ? LOOK_SAME : blank ? LOOK_BLANK : LOOK_DIFFERS;
}

static void judge_by_sums(struct flash *f)
{
	struct flash_old *l = &f->old;
	size_t first = 0;

	for (size_t k = 1; k <= l->part_count; k++) {
		struct sector *s = &f->plan.sectors[l->parts[first].sector];

		if (k < l->part_count && l->parts[k].sector == l->parts[first].sector)
			continue;
		s->look = judge_sector(l, s, first, k);
		first = k;
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
	struct flash_old *l = &((struct flash *)op->job)->old;
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
		for (uint8_t *at = f->old.spans[f->old.span_count - 1].bytes; first < i; first++) {
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
		s->old = f->old.spans[f->old.span_count - 1].bytes + (s->plan.address - bank->base);
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
	return &f->old.spans[f->old.current];
}

static int keep_bytes(stmfw_client *c, uint64_t offset, const uint8_t *data, size_t length,
		      void *arg)
{
	struct op *op = arg;
	struct flash_old *l = &((struct flash *)op_callers_job(op))->old;
	const struct flash_span *span = &l->spans[l->current];

	(void)c;
	(void)offset;
	if (op->cancel_wanted || length > span->length - l->received)
		return 1;
	if (l->step == OLD_READ)
		memcpy(span->bytes + l->received, data, length);
	else if (memcmp(span->bytes + l->received, data, length) != 0)
		l->differs = true;
	l->received += length;
	return 0;
}

static void tell_read(stmfw_client *c, const stmfw_progress *p, void *arg)
{
	struct op *op = arg;
	struct flash *f = op_callers_job(op);
	const struct flash_old *l = &f->old;
	uint64_t before = 0;

	for (size_t i = 0; i < l->current; i++)
		before += l->spans[i].length;
	const stmfw_progress all = { p->op, l->step == OLD_READ ? "read" : "reread",
				     before + p->done, l->read_total };
	if (f->o.progress)
		f->o.progress(c, &all, f->o.arg);
}

static enum move read_span(struct op *op)
{
	struct flash *f = op->job;
	const struct flash_span *span = current_span(f);
	const struct read_range what = { .bank = span->bank,
					 .carrier = &f->carrier,
					 .offset = span->offset,
					 .length = span->length,
					 .sink = keep_bytes,
					 .progress = tell_read,
					 .arg = op };

	f->old.received = 0;
	return stmfw__read_call(op, &f->read, &what);
}

static enum move begin_reading(struct op *op, enum old_step step)
{
	struct flash *f = op->job;

	f->old.step = step;
	f->old.current = 0;
	f->sent_ns = uv_hrtime();
	return read_span(op);
}

static enum move old_done(struct op *op)
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
	struct flash_old *l = &f->old;

	l->spans = stmfw__arena_alloc(&op->arena,
				      (f->plan.count + f->bank_count) * sizeof(*l->spans));
	if (!l->spans || !(wants_backup(f) ? add_bank_spans(op) : add_sector_spans(op)))
		return stmfw__op_no_memory(op);
	return l->span_count ? begin_reading(op, OLD_READ) : old_done(op);
}

static enum move take_sums(struct op *op)
{
	struct flash *f = op->job;

	if (call_ok(op))
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

	f->old.step = OLD_BACKUP;
	f->old.current = 0;
	return wants_backup(f) ? MOVE_OFFER : old_done(op);
}

/* The checksums were made of parts of sectors; those of sectors that have been read must agree. */
static bool sums_confirm(const struct flash *f)
{
	const struct flash_old *l = &f->old;

	for (size_t k = 0; k < l->part_count; k++) {
		const struct sector *s = &f->plan.sectors[l->parts[k].sector];
		const struct sector_part *part = &l->parts[k].part;

		if (s->old && stmfw__crc32(0, s->old + part->offset, (size_t)part->length) !=
				      l->ranges[k].crc)
			return false;
	}
	return true;
}

static enum move prove_spans(struct op *op)
{
	struct flash *f = op->job;
	struct flash_old *l = &f->old;

	l->step = OLD_PROVE;
	l->ranges = stmfw__arena_alloc(&op->arena, l->span_count * sizeof(*l->ranges));
	if (!l->ranges)
		return stmfw__op_no_memory(op);
	for (size_t i = 0; i < l->span_count; i++)
		l->ranges[i] = (struct digest_range){ l->spans[i].bank->base + l->spans[i].offset,
						      l->spans[i].length, 0 };
	return stmfw__flash_ask_for_sums(op, l->ranges, l->span_count);
}

static enum move take_span(struct op *op)
{
	struct flash *f = op->job;
	struct flash_old *l = &f->old;

	if (op->cancel_wanted)
		return stmfw__op_fail(op, STMFW_ECANCELED, "canceled before anything was changed");
	if (!call_ok(op))
		return MOVE_DONE;
	if (++l->current < l->span_count)
		return read_span(op);
	f->read_us_per_kib = (uv_hrtime() - f->sent_ns) / 1000 / (l->read_total / 1024 + 1) + 1;
	if (l->step == OLD_REREAD)
		return l->differs ? unstable(op) : offer_backup(op);
	if (!f->can_digest)
		return begin_reading(op, OLD_REREAD);
	if (l->part_count == 0)
		return prove_spans(op);
	return sums_confirm(f) ? old_done(op) : unstable(op);
}

static enum move take_proof(struct op *op)
{
	struct flash *f = op->job;
	const struct flash_old *l = &f->old;

	if (!call_ok(op)) {
		f->can_digest = false;
		return begin_reading(op, OLD_REREAD);
	}
	for (size_t i = 0; i < l->span_count; i++)
		if (stmfw__crc32(0, l->spans[i].bytes, (size_t)l->spans[i].length) !=
		    l->ranges[i].crc)
			return unstable(op);
	return offer_backup(op);
}

/* ---- the user saves it ---- */

static void offer_span(struct op *op)
{
	struct flash *f = op->job;
	const struct flash_span *span = current_span(f);

	f->old.refused = f->o.backup(op->client, span->bank, span->bytes, (size_t)span->length,
				     f->o.arg);
}

static enum move backed_up(struct op *op)
{
	struct flash *f = op->job;

	if (f->old.refused)
		return stmfw__op_fail(op, STMFW_EABORTED, "the backup was refused, so nothing was "
							  "erased");
	if (++f->old.current < f->old.span_count)
		return MOVE_OFFER;
	f->old.saved = true;
	return old_done(op);
}

/* ---- step by step ---- */

/* A backup needs all bytes anyway; an image with very many holes has too many parts. */
static enum move look(struct op *op)
{
	struct flash *f = op->job;
	struct flash_old *l = &f->old;

	*l = (struct flash_old){ .saved = l->saved };
	for (size_t i = 0; i < f->plan.count; i++) {
		f->plan.sectors[i].look = LOOK_UNKNOWN;
		f->plan.sectors[i].old = NULL;
	}
	if (wants_backup(f) || !f->can_digest || !make_parts(op))
		return op->arena.failed ? stmfw__op_no_memory(op) : choose_spans(op);
	l->step = OLD_SUM;
	return stmfw__flash_ask_for_sums(op, l->ranges, l->part_count);
}

static enum move begin(struct op *op)
{
	struct flash *f = op->job;

	if (f->carrier.way != CARRIER_UNDECIDED) /* it looks again */
		return look(op);
	if (!stmfw__read_prepare(&f->read, &op->arena))
		return stmfw__op_no_memory(op);
	return share_file(op);
}

static enum move take_share(struct op *op, const struct reply *last)
{
	struct flash *f = op->job;

	f->request_us = (uv_hrtime() - f->sent_ns) / 1000 + 1;
	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_EUNSUPPORTED, last);
	size_t first = strcspn(last->result, "\n");
	const char *answer = stmfw__arena_copy(&op->arena, last->result, first);
	if (!answer)
		return stmfw__op_no_memory(op);
	if (!stmfw__carrier_settle(&f->carrier, op, answer) ||
	    !(f->o.flags & STMFW_FLASH_DRY_RUN || stmfw__carrier_writes(&f->carrier, op)))
		return MOVE_DONE;
	f->can_digest = stmfw__digest_take_area(&f->digest.area, last->result + first);
	return look(op);
}

static enum move old_next(struct op *op, const struct reply *last)
{
	struct flash *f = op->job;

	switch (f->old.step) {
	case OLD_BEGIN:
		return begin(op);
	case OLD_SHARE:
		return take_share(op, last);
	case OLD_SUM:
		return take_sums(op);
	case OLD_READ:
	case OLD_REREAD:
		return take_span(op);
	case OLD_PROVE:
		return take_proof(op);
	case OLD_BACKUP:
		return backed_up(op);
	}
	return MOVE_DONE;
}

const struct op_kind stmfw__flash_old_kind = { .name = "look", .next = old_next,
					       .offer = offer_span };
