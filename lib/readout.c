/* SPDX-License-Identifier: MIT */
/*
 * Read-out protection: level 1 on (for production), or off, which erases the chip. How:
 * option_change.c.
 *
 * Level 2 is for ever: nothing here can set it.
 */
#include <inttypes.h>

#include "option_change.h"
#include "patience.h"

struct readout_job {
	struct option_change change;
	enum stmfw_rdp wanted;
};

static bool is_possible(const struct option_change *c)
{
	(void)c; /* each driver that we know has these commands */
	return true;
}

static enum move done(struct op *op, const char *how)
{
	const struct readout_job *job = op->job;

	op->res.step = op->kind->name;
	return stmfw__op_done(op, "read protection is %s%s%s",
			      job->wanted == STMFW_RDP_1 ? "on (RDP level 1)" : "off", how,
			      stmfw__driver_caveat(job->change.driver));
}

static enum move look(struct op *op)
{
	const struct readout_job *job = op->job;
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
	return stmfw__option_change_go_on(op);
}

static void command(struct op *op)
{
	const struct readout_job *job = op->job;
	const struct driver *driver = job->change.driver;
	bool locks = job->wanted == STMFW_RDP_1;
	/* Removing protection erases all of the chip, whose size nobody has asked for: 2 MiB. */
	uint32_t ms = stmfw__op_deadline(op, FLASH_PATIENCE_MS, locks ? 0 : 2u << 20,
					 FLASH_SLOWEST_ERASE);

	stmfw__buf_printf(stmfw__op_script(op, op->kind->name, ms), "%s %u",
			  locks ? driver->lock : driver->unlock, job->change.bank);
}

/* The chip does not tell which level it has: only a power cycle will. */
static enum move level_unknown(struct op *op)
{
	const struct readout_job *job = op->job;
	const char *wish = job->wanted == STMFW_RDP_1 ? "setting" : "removing";
	const char *caveat = stmfw__driver_caveat(job->change.driver);

	op->res.advice = POWER_CYCLE;
	if (job->change.refused.status)
		return stmfw__op_fail(op, op->res.status,
				      "%s read protection was asked for and refused (%s), and what "
				      "is in force now is not known: %s%s",
				      wish, job->change.refused.text, op->res.text, caveat);
	return stmfw__op_fail(op, op->res.status,
			      "%s read protection was asked for, but whether it took effect is not "
			      "known: %s%s",
			      wish, op->res.text, caveat);
}

static enum move not_in_force(struct op *op, enum stmfw_rdp rdp)
{
	const struct readout_job *job = op->job;
	const char *caveat = stmfw__driver_caveat(job->change.driver);

	op->res.advice = POWER_CYCLE;
	if (job->change.refused.status)
		return stmfw__op_fail(op, STMFW_ECOMMAND, "read protection is %s: %s%s",
				      rdp == STMFW_RDP_0 ? "still off" : "still on",
				      job->change.refused.text, caveat);
	return stmfw__op_fail(op, STMFW_EVERIFY,
			      "read protection is still %s: %s takes effect after a power cycle%s",
			      rdp == STMFW_RDP_0 ? "off" : "on",
			      job->change.driver->reads == OPTIONS_BY_POWER ? "the change"
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

static const struct change_parts parts = { .what = "changes read protection",
					   .is_possible = is_possible,
					   .look = look,
					   .command = command,
					   .judge = judge };

static const struct op_kind lock_kind = { .name = "lock", .next = stmfw__option_change_next };
static const struct op_kind unprotect_kind = { .name = "unprotect",
					       .next = stmfw__option_change_next };

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
	job->change.parts = &parts;
	job->change.bank = bank;
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
