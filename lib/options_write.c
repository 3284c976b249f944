/* SPDX-License-Identifier: MIT */
/*
 * User option bytes, read protection left as it is.
 *
 *     banks -> which chip, which bits now? -> reset halt -> the driver's command
 *           -> load the option bytes, reset halt -> which bits now?
 *
 * The driver writes all of the register's user bits, so those that are not meant go with it as they
 * were. F1 erases all option bytes first: with read protection on, that would erase the flash, too,
 * and cut off half way the chip comes back read protected. So it is done with level 0 only.
 */
#include <inttypes.h>

#include "bank.h"
#include "chip.h"
#include "options.h"
#include "plain.h"
#include "target.h"

#define POWER_CYCLE "Switch the board off and on, then identify the chip again."

enum user_step {
	USER_BEGIN,
	USER_BANKS,
	USER_BEFORE,
	USER_HALT,
	USER_COMMAND,
	USER_LOAD,
	USER_AFTER
};

struct user_job {
	enum user_step step;
	unsigned int bank;
	uint32_t value, mask;
	const struct driver *driver;
	const stmfw_bank *its_bank;
	stmfw_result refused; /* OpenOCD's; status 0: the command succeeded, as it says */
	struct identify_job before, after;
	struct options_job options;
};

static enum move identify(struct op *op, struct identify_job *identify, enum user_step step)
{
	struct user_job *job = op->job;

	job->step = step;
	stmfw__identify_bank(identify, job->its_bank);
	return stmfw__op_call(op, &stmfw__identify_kind, identify);
}

static enum move take_banks(struct op *op)
{
	struct user_job *job = op->job;

	if (!call_ok(op))
		return MOVE_DONE;
	if (job->bank >= op->res.count)
		return stmfw__no_such_bank(op, job->bank, op->res.count);
	job->its_bank = &op->res.banks[job->bank];
	job->driver = stmfw__driver_find(job->its_bank->driver);
	if (!job->driver || !job->driver->put_options || stmfw__is_otp(job->its_bank))
		return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
				      "for flash bank %u (driver \"%s\") we know no command that "
				      "writes option bytes: nothing was changed",
				      job->bank, job->its_bank->driver);
	return identify(op, &job->before, USER_BEFORE);
}

/* All of the register: the bits that are not meant go with it as they were. */
static uint32_t wanted(const struct user_job *job)
{
	return (job->before.chip.options & ~job->mask) | job->value;
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
			      op->res.chip->options, how, stmfw__driver_caveat(job->driver));
}

static enum move reset_halt(struct op *op)
{
	struct user_job *job = op->job;
	void *reset = stmfw__reset_job(op, STMFW_RESET_HALT);

	job->step = USER_HALT;
	return reset ? stmfw__op_call(op, &stmfw__control_kind, reset) : stmfw__op_no_memory(op);
}

static enum move take_chip(struct op *op)
{
	const struct user_job *job = op->job;
	const stmfw_chip *chip = op->res.chip;

	if (!call_ok(op))
		return MOVE_DONE;
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
	return reset_halt(op);
}

static enum move send_command(struct op *op)
{
	struct user_job *job = op->job;

	if (!call_ok(op) || !stmfw__op_shield(op))
		return MOVE_DONE;
	uint32_t deadline = stmfw__op_deadline(op, FLASH_PATIENCE_MS, 0, 1);

	job->step = USER_COMMAND;
	job->driver->put_options(stmfw__op_script(op, op->kind->name, deadline), job->bank,
				 wanted(job));
	return MOVE_SEND;
}

static enum move after_command(struct op *op, const struct reply *last)
{
	struct user_job *job = op->job;

	if (!reply_ok(last)) { /* what came of it, is to be seen all the same */
		stmfw__op_refused(op, STMFW_ECOMMAND, last);
		job->refused = op->res;
	}
	job->step = USER_LOAD;
	job->options = (struct options_job){ .driver = job->driver, .bank = job->bank };
	return stmfw__op_call(op, &stmfw__options_kind, &job->options);
}

static enum move not_known(struct op *op)
{
	const struct user_job *job = op->job;

	op->res.advice = POWER_CYCLE;
	return stmfw__op_fail(op, op->res.status,
			      "option bytes were to be written%s%s, and what they are now is not "
			      "known: %s",
			      job->refused.status ? ", which was refused: " : "",
			      job->refused.status ? job->refused.text : "", op->res.text);
}

/* Even if the bits are as wanted, something else may have gone wrong. */
static enum move judge(struct op *op)
{
	const struct user_job *job = op->job;
	const stmfw_chip *before = &job->before.chip, *now = &job->after.chip;

	if (!call_ok(op))
		return not_known(op);
	bool others_same = ((before->options ^ now->options) & ~job->mask) == 0;

	if (!job->refused.status && as_wanted(job, now) && others_same && now->rdp == STMFW_RDP_0)
		return done(op, "");
	op->res.step = op->kind->name;
	op->res.advice = POWER_CYCLE;
	return stmfw__op_fail(
		op, job->refused.status ? job->refused.status : STMFW_EVERIFY,
		"%s%sthe option bytes show 0x%08" PRIx32 ", wanted is 0x%08" PRIx32
		"; before it was 0x%08" PRIx32 "%s%s",
		job->refused.status ? job->refused.text : "",
		job->refused.status ? ". Now " : "", now->options,
		wanted(job), before->options,
		now->rdp == STMFW_RDP_0 ? ""
					: ". Read protection is on now: removing it erases the chip",
		stmfw__driver_caveat(job->driver));
}

static enum move user_next(struct op *op, const struct reply *last)
{
	struct user_job *job = op->job;

	switch (job->step) {
	case USER_BEGIN:
		job->step = USER_BANKS;
		return stmfw__op_call(op, &stmfw__banks_kind, NULL);
	case USER_BANKS:
		return take_banks(op);
	case USER_BEFORE:
		return take_chip(op);
	case USER_HALT:
		return send_command(op);
	case USER_COMMAND:
		return after_command(op, last);
	case USER_LOAD:
		return call_ok(op) ? identify(op, &job->after, USER_AFTER) : not_known(op);
	case USER_AFTER:
		break;
	}
	return judge(op);
}

static const struct op_kind user_kind = { .name = "write option bytes", .next = user_next };

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
	job->bank = bank;
	job->value = value;
	job->mask = mask;
	return stmfw__op_submit(op, out);
}
