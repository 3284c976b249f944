/* SPDX-License-Identifier: MIT */
/*
 * Makes sectors hold what is wanted: see flash.h.
 *
 *   { choose a piece -> erase -> write } ... -> prove all of it -> what is not proven: once more
 *
 * A piece is a run of sectors. From the moment its erasure is sent until it is proven, its sectors
 * are "open": nobody may say what they hold. Putting back the old content is the same work with
 * another goal, but it first asks which sectors hold that content after all, as a refused command
 * may have changed nothing.
 */
#include <inttypes.h>
#include <stdio.h>

#include <uv.h>

#include "flash.h"
#include "patience.h"

#define PIECE_MS 1500u
#define PIECE_FIRST ((uint64_t)64 << 10)
#define PIECE_FIRST_SLOW ((uint64_t)4 << 10) /* the chip runs no loader: word by word */
#define PIECE_MAX ((uint64_t)1 << 20)
#define PATIENCE 32u /* a piece may take this many times its share */
#define ERASE_SECTOR_MS 3000u /* 128 KiB of an F4: 1 to 2 s */
#define SLICE ((size_t)1024)    /* what is looked at at once          */
#define PORTION ((size_t)16384) /* what is put into the file at once */
#define ALIGNMENT 64u /* of a write's end: a multiple of every family's programming unit */

static struct flash_write *state(const struct op *op)
{
	return &((struct flash *)op->job)->write;
}

/* ---- what is to be done with a sector ---- */

static bool needs_erase(const struct flash_write *w, const struct sector *s)
{
	return w->goal == WRITE_OLD || s->failures > 0 ||
	       s->plan.action == STMFW_SECTOR_ERASE || s->plan.action == STMFW_SECTOR_REWRITE;
}

static bool needs_write(const struct flash_write *w, const struct sector *s)
{
	if (w->goal == WRITE_OLD)
		return s->old && !is_all(s->old, s->plan.length, s->blank);
	return s->plan.action == STMFW_SECTOR_WRITE || s->plan.action == STMFW_SECTOR_REWRITE;
}

/* ---- when something goes wrong ---- */

/* False: it has failed too often. */
static bool may_be_repeated(const struct flash *f, struct sector *s)
{
	if (++s->failures > f->o.retries)
		return false;
	s->work = WORK_TODO;
	return true;
}

/* A loader that was lost leaves the core running or locked up, and then nothing works any more. If
   the reset fails as well, so will the repetition. */
static enum move recover(struct op *op)
{
	struct flash *f = op->job;

	f->write.step = WRITE_RECOVER;
	f->can_digest = true; /* or it is found out once more that it cannot */
	return stmfw__flash_reset(op, STMFW_RESET_HALT);
}

/* The piece's command failed, and op->res says how. */
static enum move piece_failed(struct op *op)
{
	struct flash *f = op->job;
	const struct flash_piece *piece = &f->write.piece;
	bool again = !(op->cancel_wanted && f->write.goal == WRITE_NEW);

	for (size_t i = 0; i < piece->count; i++)
		again = may_be_repeated(f, &f->plan.sectors[piece->first + i]) && again;
	if (!again)
		return MOVE_DONE;
	f->report.retries++;
	return recover(op);
}

/* ---- a piece ---- */

static bool fits(const struct flash *f, size_t i)
{
	const struct flash_write *w = &f->write;
	const struct sector *s = &f->plan.sectors[i], *before = s - 1;

	return s->work == WORK_TODO && s->plan.bank == before->plan.bank &&
	       s->plan.address == before->plan.address + before->plan.length &&
	       needs_write(w, s) == w->piece.writes &&
	       w->piece.length + s->plan.length <= w->piece_limit;
}

/* False: there is nothing left to do. */
static bool find_piece(struct flash *f)
{
	struct flash_piece *piece = &f->write.piece;
	size_t i = 0;

	while (i < f->plan.count && f->plan.sectors[i].work != WORK_TODO)
		i++;
	if (i == f->plan.count)
		return false;
	*piece = (struct flash_piece){ .first = i, .writes = needs_write(&f->write, &f->plan.sectors[i]) };
	do {
		piece->count++;
		piece->length += f->plan.sectors[i].plan.length;
		piece->erases = piece->erases || needs_erase(&f->write, &f->plan.sectors[i]);
		i++;
	} while (i < f->plan.count && fits(f, i));
	return true;
}

static void put_erase(struct buf *b, const stmfw_plan_sector *first, const stmfw_plan_sector *last)
{
	stmfw__buf_printf(b, "flash erase_sector %u %u %u;", first->bank, first->number, last->number);
}

static enum move send_erase(struct op *op)
{
	struct flash *f = op->job;
	struct flash_write *w = &f->write;
	const struct sector *s = &f->plan.sectors[w->piece.first];
	uint32_t ms = stmfw__op_deadline(op, ERASE_SECTOR_MS * (uint32_t)w->piece.count,
					 w->piece.length, FLASH_SLOWEST_ERASE);
	struct buf *b = stmfw__op_script(op, "erase", ms);

	for (size_t i = 0; i < w->piece.count;) {
		size_t first = i;

		while (i < w->piece.count && needs_erase(w, &s[i]))
			i++;
		if (i > first)
			put_erase(b, &s[first].plan, &s[i - 1].plan);
		f->report.erased += i - first;
		while (i < w->piece.count && !needs_erase(w, &s[i]))
			i++;
	}
	w->step = WRITE_ERASE;
	return MOVE_SEND;
}

/* Where the last byte of a sector that is not blank ends; 0: there is none. */
static size_t end_of_content(const struct flash *f, const struct sector *s)
{
	uint8_t bytes[SLICE];

	for (size_t end = (size_t)s->plan.length; end > 0;) {
		size_t begin = (end - 1) / SLICE * SLICE;

		stmfw__flash_wanted(f, s, begin, bytes, end - begin);
		while (end > begin && bytes[end - begin - 1] == s->blank)
			end--;
		if (end > begin)
			return end;
	}
	return 0;
}

/* The piece, without those bytes at its end that are blank anyway. */
static size_t bytes_to_write(const struct flash *f)
{
	const struct flash_piece *piece = &f->write.piece;
	const struct sector *s = &f->plan.sectors[piece->first];
	size_t at = (size_t)piece->length, end = 0;

	for (size_t i = piece->count; i-- > 0 && end == 0;) {
		at -= (size_t)s[i].plan.length;
		end = end_of_content(f, &s[i]);
		end += end ? at : 0;
	}
	end = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	return end < piece->length ? end : (size_t)piece->length;
}

/* A place in the sectors, which lie one behind the other. */
struct place {
	const struct sector *s;
	size_t offset;
};

static struct place skip_bytes(struct place at, size_t length)
{
	at.offset += length;
	while (at.offset > 0 && at.offset >= at.s->plan.length) {
		at.offset -= (size_t)at.s->plan.length;
		at.s++;
	}
	return at;
}

static struct place gather(const struct flash *f, struct place at, uint8_t *bytes, size_t length)
{
	while (length > 0) {
		size_t left = (size_t)at.s->plan.length - at.offset;
		size_t n = length < left ? length : left;

		stmfw__flash_wanted(f, at.s, at.offset, bytes, n);
		at = skip_bytes(at, n);
		bytes += n;
		length -= n;
	}
	return at;
}

/* False: errno, of a file of ours. */
static bool put_part(struct flash *f, struct buf *b)
{
	const struct flash_piece *piece = &f->write.piece;
	const struct sector *s = &f->plan.sectors[piece->first];
	const stmfw_bank *bank = stmfw__flash_bank_of(f, s->plan.bank);
	struct place at = skip_bytes((struct place){ s, 0 }, piece->done);
	uint8_t bytes[PORTION];
	char before[40], after[24];

	snprintf(before, sizeof(before), "flash write_bank %u", bank->number);
	snprintf(after, sizeof(after), "0x%" PRIx64, s->plan.address - bank->base + piece->done);
	if (!stmfw__carrier_command(&f->carrier, b, before, after))
		return false;
	for (size_t left = piece->part, n; left > 0; left -= n) {
		n = left < sizeof(bytes) ? left : sizeof(bytes);
		at = gather(f, at, bytes, n);
		if (!stmfw__carrier_put(&f->carrier, b, bytes, n))
			return false;
	}
	stmfw__carrier_command_end(&f->carrier, b);
	return true;
}

static enum move send_part(struct op *op)
{
	struct flash *f = op->job;
	struct flash_write *w = &f->write;
	uint64_t slowest = w->speed / PATIENCE;
	size_t left = w->piece.bytes - w->piece.done;

	w->piece.part = left < f->carrier.most_to ? left : f->carrier.most_to;
	if (slowest < FLASH_SLOWEST_WRITE)
		slowest = FLASH_SLOWEST_WRITE;
	uint32_t ms = stmfw__op_deadline(op, FLASH_PATIENCE_MS, w->piece.part, slowest);
	w->step = WRITE_BYTES;
	if (put_part(f, stmfw__op_script(op, "write", ms)))
		return MOVE_SEND;
	stmfw__carrier_failed(&f->carrier, op);
	return piece_failed(op);
}

static enum move send_bytes(struct op *op)
{
	struct flash *f = op->job;
	struct flash_piece *piece = &f->write.piece;

	piece->bytes = bytes_to_write(f);
	piece->done = 0;
	piece->sent_ns = uv_hrtime();
	return send_part(op);
}

static enum move tell(struct op *op, enum write_step step, const char *name, uint64_t done,
		      uint64_t total)
{
	const struct flash_write *w = state(op);

	state(op)->step = step;
	stmfw__flash_progress(op, w->goal == WRITE_OLD ? "restore" : name,
			      done < total ? done : total, total);
	return MOVE_OFFER;
}

static enum move begin_proof(struct op *op, enum write_step step);

/* Putting back has one progress for all of it. */
static enum move all_written(struct op *op)
{
	if (state(op)->goal == WRITE_OLD)
		return begin_proof(op, WRITE_PROVE);
	return tell(op, WRITE_ALL, "prove", 0, state(op)->prove_total);
}

static enum move choose_piece(struct op *op)
{
	struct flash *f = op->job;
	struct flash_write *w = &f->write;

	if (op->cancel_wanted && w->goal == WRITE_NEW)
		return stmfw__op_fail(op, STMFW_ECANCELED, "canceled");
	if (!find_piece(f))
		return all_written(op);
	for (size_t i = 0; i < w->piece.count; i++)
		f->plan.sectors[w->piece.first + i].state = SECTOR_OPEN;
	return w->piece.erases ? send_erase(op) : send_bytes(op);
}

static void piece_done(struct flash *f)
{
	for (size_t i = 0; i < f->write.piece.count; i++)
		f->plan.sectors[f->write.piece.first + i].work = WORK_PROVE;
}

/* Repetitions do not count. */
static void count_erased(struct flash *f)
{
	struct sector *s = &f->plan.sectors[f->write.piece.first];

	for (size_t i = 0; i < f->write.piece.count; i++) {
		bool counts = !s[i].erase_told && needs_erase(&f->write, &s[i]);

		f->write.erased += counts ? s[i].plan.length : 0;
		s[i].erase_told = true;
	}
}

static void count_written(struct flash *f)
{
	struct sector *s = &f->plan.sectors[f->write.piece.first];

	for (size_t i = 0; i < f->write.piece.count; i++) {
		f->write.written += s[i].write_told ? 0 : s[i].plan.length;
		s[i].write_told = true;
	}
}

static enum move take_erase(struct op *op, const struct reply *last)
{
	struct flash *f = op->job;
	struct flash_write *w = &f->write;

	if (!reply_ok(last)) {
		stmfw__op_refused(op, STMFW_ETARGET, last);
		return piece_failed(op);
	}
	count_erased(f);
	if (!w->piece.writes)
		piece_done(f);
	if (w->goal == WRITE_NEW)
		return tell(op, WRITE_ERASED, "erase", w->erased, w->erase_total);
	if (w->piece.writes)
		return send_bytes(op); /* putting back has one progress for both */
	count_written(f);
	return tell(op, WRITE_ERASED, "", w->written, w->write_total);
}

/* The next piece is to take about PIECE_MS, as that is when a wish to stop is looked at. */
static void adapt(struct flash_write *w)
{
	uint64_t us = (uv_hrtime() - w->piece.sent_ns) / 1000 + 1;
	uint64_t limit;

	w->speed = w->piece.bytes * 1000000 / us;
	limit = w->speed * PIECE_MS / 1000;
	w->piece_limit = limit < PIECE_MAX ? limit : PIECE_MAX;
}

static enum move take_bytes(struct op *op, const struct reply *last)
{
	struct flash *f = op->job;
	struct flash_write *w = &f->write;
	uint64_t n = reply_ok(last) ? stmfw__op_count(last, "wrote ") : 0;

	if (!reply_ok(last)) {
		stmfw__op_refused(op, STMFW_ETARGET, last);
		return piece_failed(op);
	}
	if (n != w->piece.part) {
		stmfw__op_fail(op, STMFW_ECOMMAND, "OpenOCD wrote %" PRIu64 " of %zu bytes at 0x%08" PRIx64,
			       n, w->piece.part,
			       f->plan.sectors[w->piece.first].plan.address + w->piece.done);
		return piece_failed(op);
	}
	f->report.written += n;
	w->piece.done += w->piece.part;
	if (w->piece.done < w->piece.bytes)
		return send_part(op);
	count_written(f);
	piece_done(f);
	adapt(w);
	return tell(op, WRITE_WRITTEN, "write", w->written, w->write_total);
}

/* ---- proving ---- */

static enum move begin_proof(struct op *op, enum write_step step)
{
	struct flash *f = op->job;

	f->write.step = step;
	f->prove.step = PROVE_BEGIN;
	f->prove.sums_only = step == WRITE_CHECK;
	return stmfw__op_call(op, &stmfw__flash_prove_kind, f);
}

static enum move not_proven(struct op *op)
{
	const struct flash_prove *p = &((struct flash *)op->job)->prove;

	op->res.advice = "A cell that cannot be programmed any more, or an unreliable connection. "
			 "Lower the speed (`adapter speed 500`) and try again.";
	return stmfw__op_fail(op, STMFW_EVERIFY,
			      "bytes that do not read back as written: %" PRIu64 ", the first at "
			      "0x%08" PRIx64 " (flash %02x, wanted %02x)",
			      p->differing, p->address, p->is, p->should);
}

/* The chip could not be looked at. What was written may be right: only the look is repeated. */
static enum move proof_failed(struct op *op)
{
	struct flash *f = op->job;

	if (++f->write.unproven > f->o.retries)
		return MOVE_DONE;
	f->report.retries++;
	return recover(op);
}

static enum move take_proof(struct op *op)
{
	struct flash *f = op->job;
	const struct flash_write *w = &f->write;
	bool wrong = false;

	if (!call_ok(op))
		return proof_failed(op);
	for (size_t i = 0; i < f->plan.count; i++) {
		struct sector *s = &f->plan.sectors[i];

		if (s->work == WORK_WRONG && !may_be_repeated(f, s))
			return not_proven(op);
		wrong = wrong || s->work == WORK_TODO;
	}
	if (wrong) {
		f->report.retries++;
		return choose_piece(op);
	}
	return w->goal == WRITE_OLD
		       ? stmfw__op_ok(op)
		       : tell(op, WRITE_PROVEN, "prove", w->prove_total, w->prove_total);
}

/* Putting back: what does not hold the old content any more is to be written. */
static enum move write_the_rest(struct op *op)
{
	struct flash *f = op->job;

	for (size_t i = 0; i < f->plan.count; i++) {
		struct sector *s = &f->plan.sectors[i];

		if (s->work == WORK_NONE)
			continue;
		s->work = WORK_TODO;
		f->write.write_total += s->plan.length;
	}
	return choose_piece(op);
}

/* ---- begin ---- */

static enum move begin(struct op *op)
{
	struct flash *f = op->job;
	struct flash_write *w = &f->write;

	*w = (struct flash_write){ .goal = w->goal,
				   .piece_limit = f->can_digest ? PIECE_FIRST : PIECE_FIRST_SLOW };
	for (size_t i = 0; i < f->plan.count; i++) {
		struct sector *s = &f->plan.sectors[i];

		s->failures = 0;
		s->erase_told = s->write_told = false;
		s->work = WORK_NONE;
		if (!sector_changes(s) || (w->goal == WRITE_OLD && s->state == SECTOR_OLD))
			continue;
		s->work = w->goal == WRITE_NEW ? WORK_TODO : WORK_PROVE;
		w->prove_total += s->plan.length;
		w->erase_total += needs_erase(w, s) ? s->plan.length : 0;
		w->write_total += w->goal == WRITE_NEW && needs_write(w, s) ? s->plan.length : 0;
	}
	return w->goal == WRITE_NEW ? choose_piece(op) : begin_proof(op, WRITE_CHECK);
}

static enum move write_next(struct op *op, const struct reply *last)
{
	switch (state(op)->step) {
	case WRITE_BEGIN:
		return begin(op);
	case WRITE_RECOVER:
		return choose_piece(op);
	case WRITE_CHECK:
		return write_the_rest(op);
	case WRITE_ERASE:
		return take_erase(op, last);
	case WRITE_ERASED:
		return state(op)->piece.writes ? send_bytes(op) : choose_piece(op);
	case WRITE_BYTES:
		return take_bytes(op, last);
	case WRITE_WRITTEN:
		return choose_piece(op);
	case WRITE_ALL:
		return begin_proof(op, WRITE_PROVE);
	case WRITE_PROVE:
		return take_proof(op);
	case WRITE_PROVEN:
		break;
	}
	return stmfw__op_ok(op);
}

const struct op_kind stmfw__flash_write_kind = { .name = "write", .next = write_next,
						 .offer = stmfw__flash_tell };
