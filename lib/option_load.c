/* SPDX-License-Identifier: MIT */
/* Making the chip load its option bytes: see option_load.h. */
#include "option_load.h"

#include "target.h"

static enum move send_load(struct op *op)
{
	struct option_load *job = op->job;

	job->step = LOAD_COMMAND;
	stmfw__buf_printf(stmfw__op_script(op, "load option bytes", 0), "%s %u", job->driver->load,
			  job->bank);
	return MOVE_SEND;
}

static enum move reset(struct op *op)
{
	struct option_load *job = op->job;
	void *reset_job = stmfw__reset_job(op, STMFW_RESET_HALT);

	job->step = LOAD_RESET;
	return reset_job ? stmfw__op_call(op, &stmfw__control_kind, reset_job) : stmfw__op_no_memory(op);
}

static enum move load_next(struct op *op, const struct reply *last)
{
	const struct option_load *job = op->job;

	(void)last;
	switch (job->step) {
	case LOAD_BEGIN:
		return job->driver && job->driver->load ? send_load(op) : reset(op);
	case LOAD_COMMAND: /* it resets the chip under OpenOCD, which may call that a failure */
		return reset(op);
	case LOAD_RESET:
		break;
	}
	return MOVE_DONE;
}

const struct op_kind stmfw__option_load_kind = { .name = "load option bytes", .next = load_next };
