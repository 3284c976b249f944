/* SPDX-License-Identifier: MIT */
/*
 * Changing option bytes: see option_change.h.
 *
 *     banks -> which chip, what does it show? -> reset halt -> the driver's command
 *           -> load the option bytes, reset halt -> what does it show now?
 *
 * A driver's command may answer success and have failed, or may only have written what a register
 * shows until the next reset. So what counts is what the chip shows after a reset.
 */
#include "option_change.h"

#include "target.h"

static enum move identify(struct op *op, struct identify_job *identify, enum change_step step)
{
	struct option_change *c = op->job;

	c->step = step;
	stmfw__identify_bank(identify, c->its_bank);
	return stmfw__op_call(op, &stmfw__identify_kind, identify);
}

static enum move take_banks(struct op *op)
{
	struct option_change *c = op->job;

	if (!call_ok(op))
		return MOVE_DONE;
	if (c->bank >= op->res.count)
		return stmfw__no_such_bank(op, c->bank, op->res.count);
	c->its_bank = &op->res.banks[c->bank];
	c->driver = stmfw__driver_find(c->its_bank->driver);
	if (!c->driver || !c->parts->is_possible(c))
		return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
				      "for flash bank %u (driver \"%s\") we know no command that "
				      "%s: nothing was changed",
				      c->bank, c->its_bank->driver, c->parts->what);
	return identify(op, &c->before, CHANGE_BEFORE);
}

enum move stmfw__option_change_go_on(struct op *op)
{
	struct option_change *c = op->job;
	void *reset = stmfw__reset_job(op, STMFW_RESET_HALT);

	c->step = CHANGE_HALT;
	return reset ? stmfw__op_call(op, &stmfw__control_kind, reset) : stmfw__op_no_memory(op);
}

static enum move send_command(struct op *op)
{
	struct option_change *c = op->job;

	if (!call_ok(op) || !stmfw__op_shield(op))
		return MOVE_DONE;
	c->step = CHANGE_COMMAND;
	c->parts->command(op);
	return MOVE_SEND;
}

static enum move after_command(struct op *op, const struct reply *last)
{
	struct option_change *c = op->job;

	if (!reply_ok(last)) { /* what came of it, is to be seen all the same */
		stmfw__op_refused(op, STMFW_ECOMMAND, last);
		c->refused = op->res;
	}
	c->step = CHANGE_LOAD;
	c->load = (struct option_load){ .driver = c->driver, .bank = c->bank };
	return stmfw__op_call(op, &stmfw__option_load_kind, &c->load);
}

enum move stmfw__option_change_next(struct op *op, const struct reply *last)
{
	struct option_change *c = op->job;

	switch (c->step) {
	case CHANGE_BEGIN:
		c->step = CHANGE_BANKS;
		return stmfw__op_call(op, &stmfw__banks_kind, NULL);
	case CHANGE_BANKS:
		return take_banks(op);
	case CHANGE_BEFORE:
		return call_ok(op) ? c->parts->look(op) : MOVE_DONE;
	case CHANGE_HALT:
		return send_command(op);
	case CHANGE_COMMAND:
		return after_command(op, last);
	case CHANGE_LOAD:
		return call_ok(op) ? identify(op, &c->after, CHANGE_AFTER) : c->parts->judge(op);
	case CHANGE_AFTER:
		break;
	}
	return c->parts->judge(op);
}
