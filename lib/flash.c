/* SPDX-License-Identifier: MIT */
/*
 * Flashing: the story. flash.h names the parts.
 *
 *   find chip and sectors -> what do they hold? -> plan, shown to the user
 *     -> write what differs, and prove it
 *     -> (failed or canceled after a change: put the old content back, and prove that)
 *     -> leave the target as asked
 *
 * The first failure is what the user is told; what comes after it puts things in order and changes
 * only the report. The operation is shielded: a wish to cancel is looked at where all that lies
 * in flash is whole, or can be made so.
 */
#include <inttypes.h>
#include <string.h>

#include "crc32.h"
#include "engine.h"
#include "flash.h"
#include "opts.h"

#define DEFAULT_RETRIES 2u
#define FLAGS                                                                                 \
	(STMFW_FLASH_DRY_RUN | STMFW_FLASH_KEEP | STMFW_FLASH_FULL | STMFW_FLASH_UNLOCK)

/* ---- what the parts share ---- */

void stmfw__flash_progress(struct op *op, const char *step, uint64_t done, uint64_t total)
{
	((struct flash *)op->job)->progress = (stmfw_progress){ op->res.op, step, done, total };
}

void stmfw__flash_tell(struct op *op)
{
	struct flash *f = op->job;

	if (f->o.progress)
		f->o.progress(op->client, &f->progress, f->o.arg);
}

const stmfw_bank *stmfw__flash_bank_of(const struct flash *f, unsigned int number)
{
	for (size_t i = 0; i < f->bank_count; i++)
		if (f->banks[i].number == number)
			return &f->banks[i];
	return NULL;
}

enum move stmfw__flash_ask_for_sums(struct op *op, struct digest_range *ranges, size_t count)
{
	struct flash *f = op->job;

	f->digest.target = f->target;
	f->digest.ranges = ranges;
	f->digest.count = count;
	f->digest.done = 0;
	return stmfw__op_call(op, &stmfw__digest_kind, &f->digest);
}

enum move stmfw__flash_reset(struct op *op, enum stmfw_reset_mode mode)
{
	struct flash *f = op->job;

	stmfw__reset_init(&f->reset, mode);
	return stmfw__op_call(op, &stmfw__control_kind, &f->reset);
}

void stmfw__flash_wanted(const struct flash *f, const struct sector *s, uint64_t offset,
			 uint8_t *out, size_t length)
{
	if (f->write.goal == WRITE_NEW)
		stmfw__plan_wanted(&f->plan, s, offset, out, length);
	else if (s->old)
		memcpy(out, s->old + offset, length);
	else
		memset(out, s->blank, length);
}

uint32_t stmfw__flash_wanted_crc(const struct flash *f, const struct sector *s, uint64_t offset,
				 uint64_t length)
{
	uint8_t piece[1024];
	uint32_t crc = 0;

	for (uint64_t o = 0; o < length; o += sizeof(piece)) {
		size_t n = length - o < sizeof(piece) ? (size_t)(length - o) : sizeof(piece);

		stmfw__flash_wanted(f, s, offset + o, piece, n);
		crc = stmfw__crc32(crc, piece, n);
	}
	return crc;
}

/* ---- the report ---- */

static enum stmfw_content content(const struct flash *f, bool connected)
{
	size_t open = 0, new = 0, old = 0;

	for (size_t i = 0; i < f->plan.count; i++) {
		const struct sector *s = &f->plan.sectors[i];

		open += s->state == SECTOR_OPEN;
		new += s->state == SECTOR_NEW && sector_changes(s);
		old += s->state == SECTOR_OLD;
	}
	if (f->report.plan && !(f->o.flags & STMFW_FLASH_DRY_RUN) && open == 0 && old == 0)
		return STMFW_CONTENT_NEW;
	if (open > 0)
		return connected ? STMFW_CONTENT_MIXED : STMFW_CONTENT_UNKNOWN;
	if (new > 0)
		return STMFW_CONTENT_MIXED;
	return f->report.erased || f->report.written ? STMFW_CONTENT_OLD : STMFW_CONTENT_UNCHANGED;
}

/* Sectors that follow each other become one span. */
static void add_open(stmfw_flash_report *r, stmfw_span *spans, const stmfw_plan_sector *s)
{
	stmfw_span *last = r->open_count ? &spans[r->open_count - 1] : NULL;

	if (last && last->address + last->length == s->address)
		last->length += s->length;
	else
		spans[r->open_count++] = (stmfw_span){ s->address, s->length };
}

static void make_report(struct op *op)
{
	struct flash *f = op->job;
	stmfw_flash_report *r = &f->report;

	r->content = content(f, op->client->state == CLIENT_READY);
	r->proven = 0;
	r->open = f->open;
	r->open_count = 0;
	for (size_t i = 0; i < f->plan.count; i++) {
		const struct sector *s = &f->plan.sectors[i];

		if (s->state == SECTOR_NEW)
			r->proven += s->plan.image_bytes;
		if (s->state == SECTOR_OPEN)
			add_open(r, f->open, &s->plan);
	}
	op->res.flash = r;
	op->res.bytes = r->proven;
}

/* A connection that breaks while things are put in order must not hide why that was needed. */
static void add_first_failure(struct op *op)
{
	const struct flash *f = op->job;
	const struct flash_failure *k = &f->failure;

	if (k->res.status == STMFW_OK || op->res.status == k->res.status ||
	    op->res.status == STMFW_OK)
		return;
	const char *both = stmfw__arena_printf(&op->arena, "%s; before that: %s", op->res.text,
					       k->res.text);
	if (both) {
		op->res.text = both;
		op->res.text_len = strlen(both);
	}
}

static void flash_ended(struct op *op)
{
	struct flash *f = op->job;

	make_report(op);
	add_first_failure(op);
	stmfw__carrier_end(&f->carrier);
}

/* ---- the first failure ---- */

static void keep_failure(struct op *op)
{
	struct flash_failure *k = &((struct flash *)op->job)->failure;

	if (k->res.status != STMFW_OK || call_ok(op))
		return;
	k->res = op->res;
	k->log = stmfw__arena_copy(&op->arena, op->log.length ? op->log.data : "", op->log.length);
	k->log_len = k->log ? op->log.length : 0;
}

static enum move finish(struct op *op)
{
	struct flash *f = op->job;
	const struct flash_failure *k = &f->failure;

	keep_failure(op);
	op->res.step = "flash";
	if (k->res.status == STMFW_OK) {
		stmfw__op_text(op, "", 0);
		if (content(f, true) == STMFW_CONTENT_NEW || f->o.flags & STMFW_FLASH_DRY_RUN)
			return stmfw__op_ok(op);
		return stmfw__op_fail(op, STMFW_EVERIFY, "not all of it was proven");
	}
	op->res.status = k->res.status;
	op->res.step = k->res.step;
	op->res.text = k->res.text;
	op->res.text_len = k->res.text_len;
	op->res.advice = k->res.advice;
	op->res.tcl_code = k->res.tcl_code;
	op->res.ocd_code = k->res.ocd_code;
	stmfw__buf_clear(&op->log, 4096);
	stmfw__buf_append(&op->log, k->log ? k->log : "", k->log_len);
	return MOVE_DONE;
}

/* ---- its parts ---- */

static enum move reset(struct op *op, enum flash_step step, enum stmfw_reset_mode mode)
{
	((struct flash *)op->job)->step = step;
	return stmfw__flash_reset(op, mode);
}

/* A mixture is never started: nobody knows what it would do to the machine around the chip. */
static enum move let_go(struct op *op)
{
	const struct flash *f = op->job;

	keep_failure(op);
	if (!f->was_reset)
		return finish(op);
	if (content(f, true) == STMFW_CONTENT_MIXED)
		return reset(op, FLASH_AFTER, STMFW_RESET_HALT);
	switch (f->o.after) {
	case STMFW_AFTER_RUN:
		return reset(op, FLASH_AFTER, STMFW_RESET_RUN);
	case STMFW_AFTER_HALT:
		return reset(op, FLASH_AFTER, STMFW_RESET_HALT);
	case STMFW_AFTER_LEAVE:
		break;
	}
	return finish(op);
}

static bool anything_changed(const struct flash *f)
{
	for (size_t i = 0; i < f->plan.count; i++)
		if (sector_changes(&f->plan.sectors[i]) && f->plan.sectors[i].state != SECTOR_OLD)
			return true;
	return false;
}

static enum move begin_write(struct op *op, enum flash_step step, enum write_goal goal)
{
	struct flash *f = op->job;

	f->step = step;
	f->write.goal = goal;
	f->write.step = WRITE_BEGIN;
	return stmfw__op_call(op, &stmfw__flash_write_kind, f);
}

static enum move after_write(struct op *op)
{
	const struct flash *f = op->job;

	keep_failure(op);
	if (f->failure.res.status == STMFW_OK || !anything_changed(f))
		return let_go(op);
	if (f->failure.res.status == STMFW_ECANCELED) /* the chip is well */
		return begin_write(op, FLASH_RESTORE, WRITE_OLD);
	return reset(op, FLASH_RECOVER, STMFW_RESET_HALT);
}

/* ---- write protection ---- */

static bool is_in_the_way(const struct sector *s)
{
	return sector_changes(s) && s->is_protected == 1;
}

static enum move protected(struct op *op, const struct sector *s)
{
	op->res.advice = "To change it all the same, have the protection removed (the option unlock).";
	return stmfw__op_fail(op, STMFW_EPROTECTED,
			      "the sector at 0x%08" PRIx64 " (%" PRIu64 " bytes) must change and is "
			      "write protected",
			      s->plan.address, s->plan.length);
}

/* Loading option bytes may have let the firmware run for a moment, and change its own flash. */
static enum move look_again(struct op *op)
{
	struct flash *f = op->job;

	f->step = FLASH_OLD_AGAIN;
	f->old.step = OLD_BEGIN;
	return stmfw__op_call(op, &stmfw__flash_old_kind, f);
}

/* In the bank as well: what lies between two sectors that change stays protected. */
static bool follows(const struct sector *s, const struct protect_job *run)
{
	return s->plan.bank == run->bank && s->plan.number <= run->last + 1;
}

/* The next run of protected sectors, or what comes after the last of them. */
static enum move unlock(struct op *op)
{
	struct flash *f = op->job;
	struct sector *s = f->plan.sectors, *end = s + f->plan.count;

	while (s < end && !is_in_the_way(s))
		s++;
	if (s == end)
		return f->step == FLASH_UNLOCK ? look_again(op)
					       : begin_write(op, FLASH_WRITE, WRITE_NEW);
	f->step = FLASH_UNLOCK;
	f->unlock = (struct protect_job){ .bank = s->plan.bank,
					  .first = s->plan.number,
					  .last = s->plan.number,
					  .whole_groups = true };
	for (; s < end && is_in_the_way(s) && follows(s, &f->unlock); s++) {
		f->unlock.last = s->plan.number;
		s->is_protected = 0; /* or the operation ends */
	}
	return stmfw__op_call(op, &stmfw__protect_kind, &f->unlock);
}

/* ---- the plan ---- */

/* False: no memory, and op->res says so. */
static bool decide(struct op *op)
{
	struct flash *f = op->job;
	bool ok = stmfw__plan_decide(&f->plan, &op->arena, &f->shown);

	if (!ok)
		stmfw__op_no_memory(op);
	f->report.plan = ok ? &f->shown : NULL;
	return ok;
}

/* From here on there must be no need of memory. */
static bool prepare(struct op *op)
{
	struct flash *f = op->job;

	f->open = stmfw__arena_alloc(&op->arena, (f->plan.count + 1) * sizeof(*f->open));
	if (f->open && stmfw__flash_prove_prepare(f, &op->arena))
		return true;
	stmfw__op_no_memory(op);
	return false;
}

static enum move make_plan(struct op *op)
{
	struct flash *f = op->job;

	if (!call_ok(op) || !prepare(op) || !decide(op))
		return let_go(op);
	for (size_t i = 0; i < f->plan.count && !(f->o.flags & STMFW_FLASH_UNLOCK); i++)
		if (is_in_the_way(&f->plan.sectors[i])) {
			protected(op, &f->plan.sectors[i]);
			return let_go(op);
		}
	f->step = FLASH_PLAN;
	return MOVE_OFFER;
}

static enum move planned_again(struct op *op)
{
	if (!call_ok(op) || !decide(op))
		return let_go(op);
	return begin_write(op, FLASH_WRITE, WRITE_NEW);
}

static void show_plan(struct op *op)
{
	struct flash *f = op->job;

	f->refused = f->o.plan ? f->o.plan(op->client, &f->shown, f->o.arg) : 0;
}

static enum move plan_shown(struct op *op)
{
	struct flash *f = op->job;

	if (f->refused)
		stmfw__op_fail(op, STMFW_EABORTED, "the plan was refused, so nothing was erased");
	else if (op->cancel_wanted)
		stmfw__op_fail(op, STMFW_ECANCELED, "canceled before anything was changed");
	if (!call_ok(op) || f->o.flags & STMFW_FLASH_DRY_RUN)
		return let_go(op);
	return unlock(op);
}

static enum move unlocked(struct op *op)
{
	return call_ok(op) ? unlock(op) : let_go(op);
}

/* ---- step by step ---- */

static enum move flash_next(struct op *op, const struct reply *last)
{
	struct flash *f = op->job;

	(void)last;
	switch (f->step) {
	case FLASH_BEGIN:
		f->step = FLASH_FIND;
		return stmfw__op_call(op, &stmfw__flash_find_kind, f);
	case FLASH_FIND:
		if (!call_ok(op))
			return let_go(op);
		f->step = FLASH_OLD;
		return stmfw__op_call(op, &stmfw__flash_old_kind, f);
	case FLASH_OLD:
		return make_plan(op);
	case FLASH_PLAN:
		return plan_shown(op);
	case FLASH_UNLOCK:
		return unlocked(op);
	case FLASH_OLD_AGAIN:
		return planned_again(op);
	case FLASH_WRITE:
		return after_write(op);
	case FLASH_RECOVER: /* if that failed, so will what follows */
		return begin_write(op, FLASH_RESTORE, WRITE_OLD);
	case FLASH_RESTORE:
		return let_go(op);
	case FLASH_AFTER:
		break;
	}
	return finish(op);
}

static const struct op_kind flash_kind = { .name = "flash",
					   .next = flash_next,
					   .offer = show_plan,
					   .ended = flash_ended };

/* ---- the call ---- */

static bool opts_are_good(const stmfw_flash_opts *o)
{
	return o->image && !(o->flags & ~(unsigned int)FLAGS) &&
	       (o->after == STMFW_AFTER_RUN || o->after == STMFW_AFTER_HALT ||
		o->after == STMFW_AFTER_LEAVE) &&
	       !(o->scratch_dir && !*o->scratch_dir);
}

int stmfw_flash(stmfw_client *c, const stmfw_flash_opts *opts, stmfw_done_cb cb, void *arg,
		stmfw_op *out)
{
	stmfw_flash_opts o = { 0 };
	struct op *op;

	if (!c || !opts || stmfw__copy_opts(&o, sizeof(o), opts) != STMFW_OK || !opts_are_good(&o))
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &flash_kind, sizeof(struct flash), cb, arg);
	if (err)
		return err;
	struct flash *f = op->job;
	f->o = o;
	f->o.retries = o.retries ? o.retries : DEFAULT_RETRIES;
	f->o.scratch_dir = stmfw__arena_strdup(&op->arena, o.scratch_dir);
	f->target = "";
	f->plan = (struct plan){ .image = o.image,
				 .keep = o.flags & STMFW_FLASH_KEEP,
				 .full = o.flags & STMFW_FLASH_FULL };
	op->shielded = true;
	op->res.flash = &f->report; /* also if it is canceled before it begins */
	return stmfw__op_submit(op, out);
}
