/* SPDX-License-Identifier: MIT */
/*
 * Erasing, and the question whether flash is blank.
 *
 *     look (bank, sectors, protection) -> (unlock) -> erase -> look again (erase_check)
 *
 * What OpenOCD says of its erasing proves nothing; the second look does.
 */
#include <inttypes.h>

#include "patience.h"
#include "protect.h"

#define MAYBE_PROTECTED "If the chip is read protected, nobody can look."

enum erase_step { ERASE_BEGIN, ERASE_LOOK, ERASE_UNLOCK, ERASE_COMMAND, ERASE_CHECK };
enum erase_what { ERASE_SECTORS, ERASE_RANGE, ERASE_ALL, ERASE_NOTHING /* a blank check */ };

struct erase_job {
	enum erase_step step;
	enum erase_what what;
	struct bank_info_job info;
	struct protect_job protect;
	uint32_t first, last;     /* sectors; of a range: once the bank is known */
	uint64_t address, length; /* the range                                   */
	unsigned int flags;
};

/* ---- which sectors ---- */

static bool resolve_range(struct op *op, const stmfw_bank *bank)
{
	struct erase_job *job = op->job;
	uint64_t offset = job->address - bank->base, length = job->length;

	if (offset >= bank->size || length > bank->size - offset) {
		stmfw__op_fail(op, STMFW_ERANGE,
			       "0x%08" PRIx64 " to 0x%08" PRIx64
			       " do not lie in flash bank %u (%s), "
			       "which is 0x%08" PRIx64 " to 0x%08" PRIx64,
			       job->address, job->address + length - 1, bank->number, bank->name,
			       bank->base, bank->base + bank->size - 1);
		return false;
	}
	job->first = stmfw__sector_at(bank, offset);
	job->last = stmfw__sector_at(bank, offset + length - 1);
	if (!stmfw__check_sectors(op, bank, job->first, &job->last))
		return false;
	const stmfw_sector *a = &bank->sectors[job->first], *z = &bank->sectors[job->last];
	if (job->flags & STMFW_ERASE_PAD ||
	    (a->offset == offset && z->offset + z->size == offset + length))
		return true;
	stmfw__op_fail(op, STMFW_ERANGE,
		       "only whole sectors can be erased: 0x%08" PRIx64 " to 0x%08" PRIx64
		       " would take all of 0x%08" PRIx64 " to 0x%08" PRIx64,
		       job->address, job->address + length - 1, bank->base + a->offset,
		       bank->base + z->offset + z->size - 1);
	return false;
}

/* That all of the bank is blank can only be found out if its sectors are known to its end. */
static bool knows_all(struct op *op, const stmfw_bank *bank)
{
	const stmfw_sector *last = &bank->sectors[bank->sector_count - 1];

	if (last->offset + last->size == bank->size)
		return true;
	stmfw__op_fail(op, STMFW_EUNSUPPORTED,
		       "the sectors that OpenOCD lists of flash bank %u (%s) end at %" PRIu64
		       " of its %" PRIu64 " bytes: nothing was erased",
		       bank->number, bank->name, last->offset + last->size, bank->size);
	return false;
}

static bool resolve(struct op *op, const stmfw_bank *bank)
{
	struct erase_job *job = op->job;

	if (job->what == ERASE_RANGE)
		return resolve_range(op, bank);
	return stmfw__check_sectors(op, bank, job->first, &job->last) &&
	       (job->what != ERASE_ALL || knows_all(op, bank));
}

/* The first sector that is write protected; the one behind the last: none. */
static uint32_t first_protected(const struct erase_job *job, const stmfw_bank *bank)
{
	uint32_t i = job->first;

	while (i <= job->last && bank->sectors[i].is_protected != 1)
		i++;
	return i;
}

/* ---- erasing ---- */

static uint64_t bytes_of(const struct erase_job *job, const stmfw_bank *bank)
{
	const stmfw_sector *z = &bank->sectors[job->last];

	return z->offset + z->size - bank->sectors[job->first].offset;
}

/* The driver's own command erases the chip's flash, whichever of its banks it is told. */
static const char *mass_erase_of(const struct erase_job *job, const stmfw_bank *bank)
{
	const struct driver *driver = stmfw__driver_find(bank->driver);
	bool all = job->what == ERASE_ALL && driver && stmfw__is_main_flash(bank);

	return all ? driver->mass_erase : NULL;
}

static enum move send_erase(struct op *op, const stmfw_bank *bank)
{
	struct erase_job *job = op->job;
	const char *mass_erase = mass_erase_of(job, bank);
	uint32_t patience = FLASH_PATIENCE_MS + 100 * (job->last - job->first);
	uint32_t ms = stmfw__op_deadline(op, patience, bytes_of(job, bank), FLASH_SLOWEST_ERASE);
	struct buf *b = stmfw__op_script(op, "erase", ms);

	job->step = ERASE_COMMAND;
	if (mass_erase)
		stmfw__buf_printf(b, "%s %u", mass_erase, bank->number);
	else
		stmfw__buf_printf(b, "flash erase_sector %u %" PRIu32 " %" PRIu32, bank->number,
				  job->first, job->last);
	return MOVE_SEND;
}

static enum move look_again(struct op *op)
{
	struct erase_job *job = op->job;

	job->step = ERASE_CHECK;
	job->info.step = INFO_KNOWN;
	return stmfw__op_call(op, &stmfw__bank_info_kind, &job->info);
}

static enum move unlock(struct op *op)
{
	struct erase_job *job = op->job;

	job->step = ERASE_UNLOCK;
	job->protect = (struct protect_job){ .bank = job->info.search.number,
					     .first = job->first,
					     .last = job->last,
					     .wanted = 0,
					     .whole_groups = true };
	return stmfw__op_call(op, &stmfw__protect_kind, &job->protect);
}

static enum move take_look(struct op *op)
{
	struct erase_job *job = op->job;
	const stmfw_bank *bank = op->res.banks;

	if (!call_ok(op) || !resolve(op, bank))
		return MOVE_DONE;
	if (job->what == ERASE_NOTHING)
		return look_again(op);
	if (stmfw__is_otp(bank))
		return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
				      "flash bank %u (%s) can be programmed once and never erased: "
				      "nothing was erased",
				      bank->number, bank->name);
	uint32_t is_protected = first_protected(job, bank);
	if (is_protected > job->last)
		return stmfw__op_shield(op) ? send_erase(op, bank) : MOVE_DONE;
	if (job->flags & STMFW_ERASE_UNLOCK)
		return unlock(op);
	op->res.advice = "Write protection must be removed first.";
	return stmfw__op_fail(op, STMFW_EPROTECTED,
			      "sector %" PRIu32 " of flash bank %u is write protected: nothing was "
			      "erased",
			      is_protected, bank->number);
}

static enum move after_unlock(struct op *op)
{
	struct erase_job *job = op->job;

	if (!call_ok(op))
		return MOVE_DONE;
	job->info = job->protect.after; /* what it shows now; the sectors are the same */
	if (op->cancel_wanted)
		return stmfw__op_fail(op, STMFW_ECANCELED,
				      "canceled; write protection was removed, nothing was erased");
	return send_erase(op, op->res.banks);
}

/* ---- is it blank? ---- */

/* The command has succeeded, the look behind it has not. */
static enum move not_seen(struct op *op)
{
	const struct erase_job *job = op->job;

	if (job->what == ERASE_NOTHING)
		return MOVE_DONE;
	op->res.advice = MAYBE_PROTECTED;
	return stmfw__op_fail(op, op->res.status,
			      "OpenOCD says it has erased, but whether the sectors are blank could "
			      "not be found out: %s",
			      op->res.text);
}

/* The first sector whose state is this one; the one behind the last: none. */
static uint32_t first_with(const struct erase_job *job, const stmfw_bank *bank, int erased)
{
	uint32_t i = job->first;

	while (i <= job->last && bank->sectors[i].erased != erased)
		i++;
	return i;
}

static enum move not_blank(struct op *op, const stmfw_bank *bank, uint32_t number)
{
	const stmfw_sector *s = &bank->sectors[number];

	return stmfw__op_fail(op, STMFW_EVERIFY,
			      "sector %" PRIu32 " of flash bank %u (0x%08" PRIx64 ", %" PRIu64
			      " bytes) is not blank",
			      number, bank->number, bank->base + s->offset, s->size);
}

static enum move not_known(struct op *op, const stmfw_bank *bank, uint32_t number)
{
	op->res.advice = MAYBE_PROTECTED;
	return stmfw__op_fail(op, STMFW_ETARGET,
			      "OpenOCD could not look whether sector %" PRIu32
			      " of flash bank %u is blank",
			      number, bank->number);
}

static enum move judge(struct op *op)
{
	const struct erase_job *job = op->job;
	const stmfw_bank *bank = op->res.banks;
	uint32_t i;

	op->res.step = op->kind->name;
	if (!call_ok(op))
		return not_seen(op);
	if ((i = first_with(job, bank, 0)) <= job->last)
		return not_blank(op, bank, i);
	if ((i = first_with(job, bank, -1)) <= job->last)
		return not_known(op, bank, i);
	op->res.bytes = bytes_of(job, bank);
	return stmfw__op_done(op, "sectors %" PRIu32 " to %" PRIu32 " of flash bank %u are blank",
			      job->first, job->last, bank->number);
}

static enum move erase_next(struct op *op, const struct reply *last)
{
	struct erase_job *job = op->job;

	switch (job->step) {
	case ERASE_BEGIN:
		job->step = ERASE_LOOK;
		return stmfw__op_call(op, &stmfw__bank_info_kind, &job->info);
	case ERASE_LOOK:
		return take_look(op);
	case ERASE_UNLOCK:
		return after_unlock(op);
	case ERASE_COMMAND:
		return reply_ok(last) ? look_again(op)
				      : stmfw__op_refused(op, STMFW_ECOMMAND, last);
	case ERASE_CHECK:
		break;
	}
	return judge(op);
}

static const struct op_kind erase_kind = { .name = "erase", .next = erase_next };
static const struct op_kind blank_kind = { .name = "blank check", .next = erase_next };

/* ---- the calls ---- */

static int submit(stmfw_client *c, const struct op_kind *kind, unsigned int bank,
		  const struct erase_job *wanted, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct op *op;

	if (!c)
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, kind, sizeof(struct erase_job), cb, arg);
	if (err)
		return err;
	struct erase_job *job = op->job;
	*job = *wanted;
	job->info.search = (struct bank_search){ .number = bank, .probe = true };
	return stmfw__op_submit(op, out);
}

int stmfw_erase_sectors(stmfw_client *c, unsigned int bank, uint32_t first, uint32_t last,
			unsigned int flags, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	if (first > last || flags & ~(unsigned int)STMFW_ERASE_UNLOCK)
		return STMFW_EINVAL;
	return submit(c, &erase_kind, bank,
		      &(struct erase_job){
			      .what = ERASE_SECTORS, .first = first, .last = last, .flags = flags },
		      cb, arg, out);
}

int stmfw_erase_range(stmfw_client *c, unsigned int bank, uint64_t address, uint64_t length,
		      unsigned int flags, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	if (length == 0 || length > UINT64_MAX - address ||
	    flags & ~(unsigned int)(STMFW_ERASE_PAD | STMFW_ERASE_UNLOCK))
		return STMFW_EINVAL;
	return submit(
		c, &erase_kind, bank,
		&(struct erase_job){
			.what = ERASE_RANGE, .address = address, .length = length, .flags = flags },
		cb, arg, out);
}

int stmfw_mass_erase(stmfw_client *c, unsigned int bank, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	return submit(c, &erase_kind, bank,
		      &(struct erase_job){ .what = ERASE_ALL, .last = STMFW_LAST_SECTOR }, cb, arg,
		      out);
}

int stmfw_blank_check(stmfw_client *c, unsigned int bank, uint32_t first, uint32_t last,
		      stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	if (first > last)
		return STMFW_EINVAL;
	return submit(c, &blank_kind, bank,
		      &(struct erase_job){ .what = ERASE_NOTHING, .first = first, .last = last },
		      cb, arg, out);
}
