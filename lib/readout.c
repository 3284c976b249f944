/* SPDX-License-Identifier: MIT */
/*
 * Read-out protection: level 1 on (for production), or off, which erases the chip.
 *
 *     banks -> which chip, which level? -> reset halt -> the driver's command
 *           -> load the option bytes, reset halt -> which level now?
 *
 * A driver's command may answer success and have failed, or may only have written what a register
 * shows until the next reset. So what counts is the level that the chip shows after a reset.
 *
 * Level 2 is for ever: nothing here can set it.
 */
#include <inttypes.h>

#include "bank.h"
#include "chip.h"
#include "plain.h"
#include "options.h"
#include "target.h"

#define POWER_CYCLE "Switch the board off and on, then identify the chip again."

enum readout_step {
	READOUT_BEGIN,
	READOUT_BANKS,
	READOUT_BEFORE,
	READOUT_HALT,
	READOUT_COMMAND,
	READOUT_LOAD,
	READOUT_AFTER
};

struct readout_job {
	enum readout_step step;
	unsigned int bank;
	enum stmfw_rdp wanted;
	const struct driver *driver;
	const stmfw_bank *its_bank;
	const char *refusal; /* OpenOCD's, NULL: the command succeeded, as it says */
	struct identify_job before, after;
	struct options_job options;
};

static const char *command_of(const struct readout_job *job)
{
	return job->wanted == STMFW_RDP_1 ? job->driver->lock : job->driver->unlock;
}

static enum move identify(struct op *op, struct identify_job *identify, enum readout_step step)
{
	struct readout_job *job = op->job;

	job->step = step;
	stmfw__identify_bank(identify, job->its_bank);
	return stmfw__op_call(op, &stmfw__identify_kind, identify);
}

static enum move take_banks(struct op *op)
{
	struct readout_job *job = op->job;

	if (!call_ok(op))
		return MOVE_DONE;
	if (job->bank >= op->res.count)
		return stmfw__no_such_bank(op, job->bank, op->res.count);
	const stmfw_bank *bank = &op->res.banks[job->bank];
	job->its_bank = bank;
	job->driver = stmfw__driver_find(bank->driver);
	if (!job->driver)
		return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
				      "for the flash driver \"%s\" we know no command that changes "
				      "read protection",
				      bank->driver);
	return identify(op, &job->before, READOUT_BEFORE);
}

static enum move done(struct op *op, const char *how)
{
	const struct readout_job *job = op->job;

	op->res.step = op->kind->name;
	return stmfw__op_done(op, "read protection is %s%s%s",
			      job->wanted == STMFW_RDP_1 ? "on (RDP level 1)" : "off", how,
			      stmfw__driver_caveat(job->driver));
}

static enum move reset_halt(struct op *op)
{
	struct readout_job *job = op->job;
	void *reset = stmfw__reset_job(op, STMFW_RESET_HALT);

	job->step = READOUT_HALT;
	return reset ? stmfw__op_call(op, &stmfw__control_kind, reset) : stmfw__op_no_memory(op);
}

static enum move take_level(struct op *op)
{
	const struct readout_job *job = op->job;

	if (!call_ok(op))
		return MOVE_DONE;
	enum stmfw_rdp rdp = op->res.chip->rdp;
	if (rdp == job->wanted)
		return done(op, ", as it was before");
	if (rdp == STMFW_RDP_2)
		return stmfw__op_fail(op, STMFW_EPROTECTED,
				      "read protection is at level 2, and that is for ever");
	if (rdp == STMFW_RDP_UNKNOWN)
		return stmfw__op_fail(
			op, STMFW_EUNSUPPORTED,
			"where this chip (device id 0x%03x) shows its read protection is "
			"not known to us, so nothing could be proven: nothing was changed",
			op->res.chip->device_id);
	return reset_halt(op);
}

static enum move send_command(struct op *op)
{
	struct readout_job *job = op->job;
	/* Removing protection erases all of the chip, whose size nobody has asked for: 2 MiB. */
	uint64_t erased = job->wanted == STMFW_RDP_0 ? 2u << 20 : 0;

	if (!call_ok(op) || !stmfw__op_shield(op))
		return MOVE_DONE;
	job->step = READOUT_COMMAND;
	stmfw__buf_printf(stmfw__op_script(op, op->kind->name,
					   stmfw__op_deadline(op, FLASH_PATIENCE_MS, erased,
							      FLASH_SLOWEST_ERASE)),
			  "%s %u", command_of(job), job->bank);
	return MOVE_SEND;
}

static enum move after_command(struct op *op, const struct reply *last)
{
	struct readout_job *job = op->job;

	if (!reply_ok(last)) { /* what came of it, is to be seen all the same */
		stmfw__op_refused(op, STMFW_ECOMMAND, last);
		job->refusal = op->res.text;
	}
	job->step = READOUT_LOAD;
	job->options = (struct options_job){ .driver = job->driver, .bank = job->bank };
	return stmfw__op_call(op, &stmfw__options_kind, &job->options);
}

/* The chip does not tell which level it has: only a power cycle will. */
static enum move level_unknown(struct op *op)
{
	const struct readout_job *job = op->job;
	const char *wish = job->wanted == STMFW_RDP_1 ? "setting" : "removing";
	const char *caveat = stmfw__driver_caveat(job->driver);

	op->res.advice = POWER_CYCLE;
	if (job->refusal)
		return stmfw__op_fail(op, op->res.status,
				      "%s read protection was asked for and refused (%s), and what "
				      "is in force now is not known: %s%s",
				      wish, job->refusal, op->res.text, caveat);
	return stmfw__op_fail(op, op->res.status,
			      "%s read protection was asked for, but whether it took effect is not "
			      "known: %s%s",
			      wish, op->res.text, caveat);
}

static enum move not_in_force(struct op *op, enum stmfw_rdp rdp)
{
	const struct readout_job *job = op->job;
	const char *caveat = stmfw__driver_caveat(job->driver);

	op->res.advice = POWER_CYCLE;
	if (job->refusal)
		return stmfw__op_fail(op, STMFW_ECOMMAND, "read protection is %s: %s%s",
				      rdp == STMFW_RDP_0 ? "still off" : "still on", job->refusal,
				      caveat);
	return stmfw__op_fail(op, STMFW_EVERIFY,
			      "read protection is still %s: %s takes effect after a power cycle%s",
			      rdp == STMFW_RDP_0 ? "off" : "on",
			      job->driver->reads == OPTIONS_BY_POWER ? "the change"
								     : "perhaps the change",
			      caveat);
}

static enum move judge(struct op *op)
{
	const struct readout_job *job = op->job;

	if (!call_ok(op))
		return level_unknown(op);
	enum stmfw_rdp rdp = op->res.chip->rdp;
	return rdp == job->wanted ? done(op, "") : not_in_force(op, rdp);
}

static enum move readout_next(struct op *op, const struct reply *last)
{
	struct readout_job *job = op->job;

	switch (job->step) {
	case READOUT_BEGIN:
		job->step = READOUT_BANKS;
		return stmfw__op_call(op, &stmfw__banks_kind, NULL);
	case READOUT_BANKS:
		return take_banks(op);
	case READOUT_BEFORE:
		return take_level(op);
	case READOUT_HALT:
		return send_command(op);
	case READOUT_COMMAND:
		return after_command(op, last);
	case READOUT_LOAD:
		return call_ok(op) ? identify(op, &job->after, READOUT_AFTER)
						  : level_unknown(op);
	case READOUT_AFTER:
		break;
	}
	return judge(op);
}

static const struct op_kind lock_kind = { .name = "lock", .next = readout_next };
static const struct op_kind unprotect_kind = { .name = "unprotect", .next = readout_next };

static int submit(stmfw_client *c, const struct op_kind *kind, unsigned int bank,
		  enum stmfw_rdp wanted, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct op *op;

	if (!c)
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, kind, sizeof(struct readout_job), cb, arg);
	if (err)
		return err;
	struct readout_job *job = op->job;
	job->bank = bank;
	job->wanted = wanted;
	return stmfw__op_submit(op, out);
}

int stmfw_lock(stmfw_client *c, unsigned int bank, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	return submit(c, &lock_kind, bank, STMFW_RDP_1, cb, arg, out);
}

int stmfw_unprotect(stmfw_client *c, unsigned int bank, enum stmfw_unprotect_consent consent,
		    stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	if (consent != STMFW_UNPROTECT_ERASES_CHIP)
		return STMFW_EINVAL;
	return submit(c, &unprotect_kind, bank, STMFW_RDP_0, cb, arg, out);
}
