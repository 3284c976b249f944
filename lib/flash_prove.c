/* SPDX-License-Identifier: MIT */
/*
 * Do sectors hold what is wanted? See flash.h.
 *
 *   checksums by the chip -> those that differ are read back, byte by byte
 *
 * A checksum that agrees is a proof; one that does not is a reason to look closer, as the line may
 * have damaged it. Where the chip cannot make any, all of it is read back.
 */
#include "flash.h"
#include "read_flash.h"

#define RUN_IN_REQUESTS 24u

static struct sector *current(struct flash *f)
{
	return &f->plan.sectors[f->prove.list[f->prove.current]];
}

static void is_proven(struct flash *f, struct sector *s)
{
	s->work = WORK_NONE;
	s->state = f->write.goal == WRITE_NEW ? SECTOR_NEW : SECTOR_OLD;
}

/* ---- checksums ---- */

static enum move read_next_back(struct op *op);

static enum move take_sums(struct op *op)
{
	struct flash *f = op->job;
	struct flash_prove *p = &f->prove;

	f->can_digest = call_ok(op);
	for (p->current = 0; f->can_digest && p->current < p->count; p->current++)
		if (p->ranges[p->current].crc ==
		    stmfw__flash_wanted_crc(f, current(f), 0, current(f)->plan.length))
			is_proven(f, current(f));
	p->current = 0;
	return p->sums_only ? stmfw__op_ok(op) : read_next_back(op);
}

/* ---- reading back ---- */

static void compare_piece(struct flash *f, const uint8_t *is, const uint8_t *should, size_t length)
{
	struct flash_prove *p = &f->prove;

	for (size_t i = 0; i < length; i++) {
		if (is[i] == should[i])
			continue;
		current(f)->work = WORK_WRONG;
		if (p->differing++ == 0) {
			p->address = current(f)->plan.address + p->received + i;
			p->is = is[i];
			p->should = should[i];
		}
	}
	p->received += length;
}

static int compare_back(stmfw_client *c, uint64_t offset, const uint8_t *data, size_t length,
			void *arg)
{
	struct op *op = arg;
	struct flash *f = op_callers_job(op);
	uint8_t should[1024];

	(void)c;
	(void)offset;
	if (length > current(f)->plan.length - f->prove.received)
		return 1;
	while (length > 0) {
		size_t n = length < sizeof(should) ? length : sizeof(should);

		stmfw__flash_wanted(f, current(f), f->prove.received, should, n);
		compare_piece(f, data, should, n);
		data += n;
		length -= n;
	}
	return 0;
}

static enum move read_back(struct op *op)
{
	struct flash *f = op->job;
	const stmfw_plan_sector *s = &current(f)->plan;
	const stmfw_bank *bank = stmfw__flash_bank_of(f, s->bank);
	const struct read_range what = { .bank = bank,
					 .carrier = &f->carrier,
					 .offset = s->address - bank->base,
					 .length = s->length,
					 .us_per_kib = f->read_us_per_kib,
					 .sink = compare_back,
					 .arg = op };

	f->prove.step = PROVE_READ;
	f->prove.received = 0;
	return stmfw__read_call(op, &f->read, &what);
}

static enum move read_next_back(struct op *op)
{
	struct flash *f = op->job;
	struct flash_prove *p = &f->prove;

	while (p->current < p->count && current(f)->work != WORK_PROVE)
		p->current++;
	return p->current < p->count ? read_back(op) : stmfw__op_ok(op);
}

static enum move take_read_back(struct op *op)
{
	struct flash *f = op->job;

	if (!call_ok(op))
		return MOVE_DONE; /* its result says why */
	if (current(f)->work == WORK_PROVE && f->prove.received == current(f)->plan.length)
		is_proven(f, current(f));
	f->prove.current++;
	return read_next_back(op);
}

/* ---- step by step ---- */

bool stmfw__flash_prove_prepare(struct flash *f, struct arena *a)
{
	f->prove.list = stmfw__arena_alloc(a, (f->plan.count + 1) * sizeof(*f->prove.list));
	f->prove.ranges = stmfw__arena_alloc(a, (f->plan.count + 1) * sizeof(*f->prove.ranges));
	return f->prove.list && f->prove.ranges;
}

static void make_list(struct flash *f)
{
	struct flash_prove *p = &f->prove;

	p->count = p->current = 0;
	p->differing = 0;
	for (size_t i = 0; i < f->plan.count; i++) {
		const stmfw_plan_sector *s = &f->plan.sectors[i].plan;

		if (f->plan.sectors[i].work != WORK_PROVE)
			continue;
		p->ranges[p->count] = (struct digest_range){ s->address, s->length, 0 };
		p->list[p->count++] = i;
	}
}

/* A run of our program costs as much as many small requests, as it is brought there with its table
   each time; few bytes are read sooner than that. */
static bool reading_is_quicker(const struct flash *f)
{
	const struct flash_prove *p = &f->prove;
	uint64_t us = p->count * f->request_us;

	for (size_t i = 0; i < p->count; i++)
		us += p->ranges[i].length * f->read_us_per_kib / 1024;
	return f->read_us_per_kib != 0 && us < RUN_IN_REQUESTS * f->request_us;
}

static enum move begin(struct op *op)
{
	struct flash *f = op->job;

	make_list(f);
	if (f->prove.count == 0)
		return stmfw__op_ok(op);
	f->prove.step = PROVE_SUMS;
	if (f->can_digest && (f->prove.sums_only || !reading_is_quicker(f)))
		return stmfw__flash_ask_for_sums(op, f->prove.ranges, f->prove.count);
	return f->prove.sums_only ? stmfw__op_ok(op) : read_next_back(op);
}

static enum move prove_next(struct op *op, const struct reply *last)
{
	(void)last;
	switch (((struct flash *)op->job)->prove.step) {
	case PROVE_BEGIN:
		return begin(op);
	case PROVE_SUMS:
		return take_sums(op);
	case PROVE_READ:
		return take_read_back(op);
	}
	return MOVE_DONE;
}

const struct op_kind stmfw__flash_prove_kind = { .name = "prove", .next = prove_next };
