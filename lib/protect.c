/* SPDX-License-Identifier: MIT */
/*
 * Write protection of sectors, on or off.
 *
 *     look -> (read protected?) -> flash protect -> (load the option bytes) -> look again
 *          -> (after a refusal: read protected?)
 *
 * Sectors may be protected in groups, and `flash protect` counts groups. A driver may write all
 * option bytes anew: on a chip with read protection that removes it and erases the flash. So there
 * read protection is asked for first, and nothing is done where it is on, or not known. If OpenOCD
 * refuses half way, such a chip may have lost its option bytes, which means read protection: then
 * both are looked at again.
 */
#include "protect.h"

#include <inttypes.h>

#include "patience.h"

#define LOOK_AGAIN                                                                              \
	"It may take effect after a power cycle: switch the board off and on, then look again."

bool stmfw__check_sectors(struct op *op, const stmfw_bank *bank, uint32_t first, uint32_t *last)
{
	if (*last == STMFW_LAST_SECTOR && bank->sector_count > 0)
		*last = (uint32_t)(bank->sector_count - 1);
	if (first <= *last && *last < bank->sector_count)
		return true;
	stmfw__op_fail(op, STMFW_ERANGE,
		       "sectors %" PRIu32 " to %" PRIu32
		       " are not in flash bank %u (%s), which has "
		       "%zu, from 0 on",
		       first, *last, bank->number, bank->name, bank->sector_count);
	return false;
}

/* ---- groups ---- */

static uint32_t group_of(const struct flash_info *groups, uint64_t offset)
{
	uint32_t i = 0;

	while (i + 1 < groups->count &&
	       offset - groups->sectors[i].offset >= groups->sectors[i].size)
		i++;
	return i;
}

static uint64_t end_of(const stmfw_sector *s)
{
	return s->offset + s->size;
}

static bool resolve_groups(struct op *op, const stmfw_bank *bank)
{
	struct protect_job *job = op->job;
	const struct flash_info *groups = &job->before.blocks;
	uint64_t begin = bank->sectors[job->first].offset, end = end_of(&bank->sectors[job->last]);

	job->first_group = group_of(groups, begin);
	job->last_group = group_of(groups, end - 1);
	uint64_t group_begin = groups->sectors[job->first_group].offset;
	uint64_t group_end = end_of(&groups->sectors[job->last_group]);
	if (job->whole_groups || (group_begin == begin && group_end == end))
		return true;
	stmfw__op_fail(op, STMFW_ERANGE,
		       "this chip protects sectors in groups: %" PRIu32 " to %" PRIu32
		       " cannot be changed without all of %" PRIu32 " to %" PRIu32,
		       job->first, job->last, stmfw__sector_at(bank, group_begin),
		       stmfw__sector_at(bank, group_end - 1));
	return false;
}

/* ---- the steps ---- */

static enum move look(struct op *op, struct bank_info_job *info, enum protect_step step)
{
	struct protect_job *job = op->job;

	job->step = step;
	info->search = (struct bank_search){ .number = job->bank, .probe = true };
	return stmfw__op_call(op, &stmfw__bank_info_kind, info);
}

static bool rewrites_all(const struct protect_job *job)
{
	return job->driver && job->driver->rewrites_all;
}

static enum move identify(struct op *op, enum protect_step step)
{
	struct protect_job *job = op->job;

	job->step = step;
	stmfw__identify_bank(&job->identify, &job->before.search.bank);
	return stmfw__op_call(op, &stmfw__identify_kind, &job->identify);
}

static enum move send_protect(struct op *op)
{
	struct protect_job *job = op->job;

	if (!stmfw__op_shield(op))
		return MOVE_DONE;
	job->step = PROTECT_COMMAND;
	stmfw__buf_printf(
		stmfw__op_script(op, "protect", stmfw__op_deadline(op, FLASH_PATIENCE_MS, 0, 1)),
		"flash protect %u %" PRIu32 " %" PRIu32 " %s", job->bank, job->first_group,
		job->last_group, job->wanted ? "on" : "off");
	return MOVE_SEND;
}

static enum move take_look(struct op *op)
{
	struct protect_job *job = op->job;
	const stmfw_bank *bank = op->res.banks;

	if (!call_ok(op))
		return MOVE_DONE;
	if (stmfw__is_otp(bank))
		return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
				      "flash bank %u (%s) can be programmed once: protecting it is "
				      "for ever, and we do not do that",
				      bank->number, bank->name);
	if (!stmfw__check_sectors(op, bank, job->first, &job->last) || !resolve_groups(op, bank))
		return MOVE_DONE;
	job->driver = stmfw__driver_find(bank->driver);
	return rewrites_all(job) ? identify(op, PROTECT_IDENTIFY) : send_protect(op);
}

static enum move take_identity(struct op *op)
{
	if (!call_ok(op))
		return MOVE_DONE;
	switch (op->res.chip->rdp) {
	case STMFW_RDP_0:
		return send_protect(op);
	case STMFW_RDP_1:
	case STMFW_RDP_2:
		op->res.advice = "Read protection must be removed first, which erases the chip.";
		return stmfw__op_fail(op, STMFW_EPROTECTED,
				      "read protection is on, and changing write protection would "
				      "remove it and erase the chip: nothing was changed");
	case STMFW_RDP_UNKNOWN:
		break;
	}
	return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
			      "whether this chip is read protected is not known, and if it is, "
			      "changing write protection would erase it: nothing was changed");
}

static enum move after_command(struct op *op, const struct reply *last)
{
	struct protect_job *job = op->job;

	if (!reply_ok(last)) { /* what came of it, is to be seen all the same */
		stmfw__op_refused(op, STMFW_ECOMMAND, last);
		job->refused = op->res;
	}
	if (!job->driver || job->driver->writes == OPTIONS_AT_ONCE)
		return look(op, &job->after, PROTECT_CHECK);
	job->step = PROTECT_LOAD;
	job->load = (struct option_load){ .driver = job->driver, .bank = job->bank };
	return stmfw__op_call(op, &stmfw__option_load_kind, &job->load);
}

/* ---- what came of it ---- */

/* Refused, and then it could not be looked at either. */
static enum move not_known(struct op *op)
{
	const struct protect_job *job = op->job;

	op->res.advice = LOOK_AGAIN;
	return stmfw__op_fail(op, job->refused.status,
			      "%s. What is protected now is not known: %s", job->refused.text,
			      op->res.text);
}

static enum move after_load(struct op *op)
{
	struct protect_job *job = op->job;

	if (call_ok(op))
		return look(op, &job->after, PROTECT_CHECK);
	op->res.advice = LOOK_AGAIN;
	if (job->refused.status)
		return not_known(op);
	return stmfw__op_fail(
		op, op->res.status,
		"write protection was written, but the chip could not be reset to load it: %s",
		op->res.text);
}

/* What is shown of such sectors says nothing of those that were meant. */
static enum move other_sectors(struct op *op)
{
	const struct protect_job *job = op->job;

	op->res.advice = LOOK_AGAIN;
	return stmfw__op_fail(op, STMFW_ETARGET,
			      "flash bank %u shows other sectors than before: whether those that "
			      "were meant are write protected is not known",
			      job->bank);
}

/* The first sector that is not as wanted; the one behind the last: all are. */
static uint32_t first_other(const struct protect_job *job)
{
	uint32_t i = job->first;

	while (i <= job->last && job->after.sectors.sectors[i].is_protected == job->wanted)
		i++;
	return i;
}

/* Even if the sectors are as wanted, something has gone wrong. */
static enum move tell_refusal(struct op *op, enum stmfw_rdp rdp)
{
	const struct protect_job *job = op->job;
	uint32_t other = first_other(job);
	bool as_wanted = other > job->last;
	const char *lost = "";

	if (rdp == STMFW_RDP_1)
		lost = ". The chip has lost its option bytes, so that read protection is on: "
		       "removing it erases the chip";

	op->res.step = op->kind->name;
	op->res.advice = job->refused.advice;
	return stmfw__op_fail(op, job->refused.status,
			      "%s. Sector %" PRIu32 " of flash bank %u %s write protected now%s",
			      job->refused.text, as_wanted ? job->first : other, job->bank,
			      as_wanted == (job->wanted == 1) ? "is" : "is not", lost);
}

static enum move take_level(struct op *op)
{
	return call_ok(op) ? tell_refusal(op, op->res.chip->rdp) : not_known(op);
}

static enum move judge(struct op *op)
{
	const struct protect_job *job = op->job;
	const char *caveat = stmfw__driver_caveat(job->driver);
	uint32_t other;

	if (!call_ok(op))
		return job->refused.status ? not_known(op) : MOVE_DONE;
	op->res.step = op->kind->name;
	if (!stmfw__flash_info_same(&job->before.sectors, &job->after.sectors))
		return other_sectors(op);
	if (job->refused.status)
		return rewrites_all(job) ? identify(op, PROTECT_LEVEL)
					 : tell_refusal(op, STMFW_RDP_UNKNOWN);
	if ((other = first_other(job)) <= job->last) {
		op->res.advice = LOOK_AGAIN;
		return stmfw__op_fail(op, STMFW_EVERIFY,
				      "sector %" PRIu32 " of flash bank %u %s write protected%s",
				      other, job->bank, job->wanted ? "is not" : "is still",
				      caveat);
	}
	return stmfw__op_done(
		op, "sectors %" PRIu32 " to %" PRIu32 " of flash bank %u %s write protected%s",
		job->first, job->last, job->bank, job->wanted ? "are" : "are not", caveat);
}

static enum move protect_next(struct op *op, const struct reply *last)
{
	struct protect_job *job = op->job;

	switch (job->step) {
	case PROTECT_BEGIN:
		return look(op, &job->before, PROTECT_LOOK);
	case PROTECT_LOOK:
		return take_look(op);
	case PROTECT_IDENTIFY:
		return take_identity(op);
	case PROTECT_COMMAND:
		return after_command(op, last);
	case PROTECT_LOAD:
		return after_load(op);
	case PROTECT_CHECK:
		return judge(op);
	case PROTECT_LEVEL:
		break;
	}
	return take_level(op);
}

const struct op_kind stmfw__protect_kind = { .name = "protect", .next = protect_next };

int stmfw_protect(stmfw_client *c, unsigned int bank, uint32_t first, uint32_t last,
		  enum stmfw_protection protection, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct op *op;

	if (!c || first > last ||
	    (protection != STMFW_PROTECTION_OFF && protection != STMFW_PROTECTION_ON))
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &stmfw__protect_kind, sizeof(struct protect_job), cb, arg);
	if (err)
		return err;
	struct protect_job *job = op->job;
	job->bank = bank;
	job->first = first;
	job->last = last;
	job->wanted = protection == STMFW_PROTECTION_ON;
	return stmfw__op_submit(op, out);
}
