/* SPDX-License-Identifier: MIT */
/*
 * Writing one value again and again: `flash fillw`, `fillh`, `fillb`. OpenOCD itself reads all of
 * it back, and fails where it is not as it should be.
 */
#include <inttypes.h>

#include "bank.h"
#include "opts.h"
#include "parse.h"
#include "patience.h"
#include "plain.h"

struct fill_job {
	struct bank_search search;
	bool sent;
	uint64_t offset;
	unsigned int width;
	uint32_t value;
	uint32_t count;
};

static uint64_t length_of(const struct fill_job *job)
{
	return (uint64_t)job->count * (job->width / 8);
}

static enum move send_fill(struct op *op)
{
	struct fill_job *job = op->job;
	const stmfw_bank *bank = &job->search.bank;
	char letter = job->width == 8 ? 'b' : job->width == 16 ? 'h' : 'w';
	uint64_t length = length_of(job);
	struct buf command;

	if (!stmfw__check_range(op, bank, job->offset, &length))
		return MOVE_DONE;
	job->sent = true;
	stmfw__bank_command_begin(&command, op, bank);
	stmfw__buf_printf(&command, "flash fill%c 0x%" PRIx64 " 0x%" PRIx32 " %" PRIu32, letter,
			  bank->base + job->offset, job->value, job->count);
	return stmfw__bank_command_end(
		&command, op, bank, "fill",
		stmfw__op_deadline(op, FLASH_PATIENCE_MS, length, FLASH_SLOWEST_WRITE));
}

/* Only asked once the command has failed: was something else read back? */
static bool tells_of_difference(const struct reply *r)
{
	return stmfw__has_line(r->log, "Verification error") ||
	       stmfw__has_line(r->result, "Verification error");
}

static enum move take_result(struct op *op, const struct reply *last)
{
	const struct fill_job *job = op->job;
	uint64_t n = stmfw__op_count(last, "wrote ");

	if (!reply_ok(last)) {
		stmfw__op_refused(op, STMFW_ECOMMAND, last);
		if (tells_of_difference(last)) {
			op->res.status = STMFW_EVERIFY;
			op->res.advice =
				"Only erased flash can be written: erase these sectors first.";
		}
		return MOVE_DONE;
	}
	op->res.bytes = n;
	if (n != length_of(job))
		return stmfw__op_fail(op, STMFW_EVERIFY,
				      "OpenOCD filled %" PRIu64 " bytes instead of %" PRIu64, n,
				      length_of(job));
	return stmfw__command_done(op, last, n);
}

static enum move fill_next(struct op *op, const struct reply *last)
{
	struct fill_job *job = op->job;
	enum move move;

	if (job->sent)
		return take_result(op, last);
	return stmfw__find_bank(op, &job->search, last, &move) ? send_fill(op) : move;
}

static const struct op_kind fill_kind = { .name = "fill", .next = fill_next };

static bool opts_are_good(const stmfw_fill_opts *o)
{
	if (o->width != 8 && o->width != 16 && o->width != 32)
		return false;
	return o->count > 0 && (uint64_t)o->value >> o->width == 0;
}

int stmfw_fill(stmfw_client *c, const stmfw_fill_opts *opts, stmfw_done_cb cb, void *arg,
	       stmfw_op *out)
{
	stmfw_fill_opts o = { 0 };
	struct op *op;

	if (!c || !opts || stmfw__copy_opts(&o, sizeof(o), opts) || !opts_are_good(&o))
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &fill_kind, sizeof(struct fill_job), cb, arg);
	if (err)
		return err;
	*(struct fill_job *)op->job =
		(struct fill_job){ .search = { .number = o.bank, .probe = true },
				   .offset = o.offset,
				   .width = o.width,
				   .value = o.value,
				   .count = o.count };
	return stmfw__op_submit(op, out);
}
