/* SPDX-License-Identifier: MIT */
/*
 * User option bytes, read protection left as it is. How: option_change.c.
 *
 * The driver writes all of the register's user bits, so those that are not meant go with it as they
 * were. F1 erases all option bytes first: with read protection on, that would erase the flash, too,
 * and cut off half way the chip comes back read protected. So it is done with level 0 only.
 */
#include <inttypes.h>

#include "option_change.h"
#include "patience.h"

struct user_job {
	struct option_change change;
	uint32_t value, mask;
};

static bool is_possible(const struct option_change *c)
{
	return c->driver->put_options && !stmfw__is_otp(c->its_bank);
}

/* All of the register: the bits that are not meant go with it as they were. */
static uint32_t wanted(const struct user_job *job)
{
	return (job->change.before.chip.options & ~job->mask) | job->value;
}

static bool as_wanted(const struct user_job *job, const stmfw_chip *chip)
{
	return (chip->options & job->mask) == job->value;
}

static enum move done(struct op *op, const char *how)
{
	const struct user_job *job = op->job;

	op->res.step = op->kind->name;
	return stmfw__op_done(op, "the option bytes show 0x%08" PRIx32 "%s%s",
			      op->res.chip->options, how, stmfw__driver_caveat(job->change.driver));
}

static enum move look(struct op *op)
{
	const struct user_job *job = op->job;
	const stmfw_chip *chip = op->res.chip;

	if (!chip->options_mask)
		return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
				      "where this chip (device id 0x%03x) has its option bytes is "
				      "not known to us: nothing was changed",
				      chip->device_id);
	if (job->mask & ~chip->options_mask)
		return stmfw__op_fail(op, STMFW_ERANGE,
				      "of mask 0x%08" PRIx32 " this chip allows only 0x%08" PRIx32
				      ": nothing was changed",
				      job->mask, chip->options_mask);
	if (as_wanted(job, chip))
		return done(op, ", as it was before");
	if (chip->rdp != STMFW_RDP_0) {
		op->res.advice = "Read protection must be removed first, which erases the chip.";
		return stmfw__op_fail(op, STMFW_EPROTECTED,
				      "read protection is on, and writing option bytes could "
				      "remove it and erase the chip: nothing was changed");
	}
	return stmfw__option_change_go_on(op);
}

static void command(struct op *op)
{
	const struct user_job *job = op->job;
	uint32_t ms = stmfw__op_deadline(op, FLASH_PATIENCE_MS, 0, 1);

	job->change.driver->put_options(stmfw__op_script(op, op->kind->name, ms), job->change.bank,
					wanted(job));
}

static enum move not_known(struct op *op)
{
	const struct user_job *job = op->job;

	op->res.advice = POWER_CYCLE;
	return stmfw__op_fail(op, op->res.status,
			      "option bytes were to be written%s%s, and what they are now is not "
			      "known: %s",
			      job->change.refused.status ? ", which was refused: " : "",
			      job->change.refused.status ? job->change.refused.text : "",
			      op->res.text);
}

/* Even if the bits are as wanted, something else may have gone wrong. */
static enum move judge(struct op *op)
{
	const struct user_job *job = op->job;
	const stmfw_chip *before = &job->change.before.chip, *now = &job->change.after.chip;

	if (!call_ok(op))
		return not_known(op);
	bool others_same = ((before->options ^ now->options) & ~job->mask) == 0;

	if (!job->change.refused.status && as_wanted(job, now) && others_same &&
	    now->rdp == STMFW_RDP_0)
		return done(op, "");
	op->res.step = op->kind->name;
	op->res.advice = POWER_CYCLE;
	return stmfw__op_fail(
		op, job->change.refused.status ? job->change.refused.status : STMFW_EVERIFY,
		"%s%sthe option bytes show 0x%08" PRIx32 ", wanted is 0x%08" PRIx32
		"; before it was 0x%08" PRIx32 "%s%s",
		job->change.refused.status ? job->change.refused.text : "",
		job->change.refused.status ? ". Now " : "", now->options, wanted(job),
		before->options,
		now->rdp == STMFW_RDP_0
			? ""
			: ". Read protection is on now: removing it erases the chip",
		stmfw__driver_caveat(job->change.driver));
}

static const struct change_parts parts = { .what = "writes option bytes",
					   .is_possible = is_possible,
					   .look = look,
					   .command = command,
					   .judge = judge };

static const struct op_kind user_kind = { .name = "write option bytes",
					  .next = stmfw__option_change_next };

int stmfw_options_write(stmfw_client *c, unsigned int bank, uint32_t value, uint32_t mask,
			stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct op *op;

	if (!c || !mask || (value & ~mask))
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &user_kind, sizeof(struct user_job), cb, arg);
	if (err)
		return err;
	struct user_job *job = op->job;
	job->change.parts = &parts;
	job->change.bank = bank;
	job->value = value;
	job->mask = mask;
	return stmfw__op_submit(op, out);
}
