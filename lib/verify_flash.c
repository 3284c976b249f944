/* SPDX-License-Identifier: MIT */
/*
 * Proving that a range of flash holds given bytes, piece by piece.
 *
 * verify_image lets the chip's CPU make a CRC-32 of its flash and compares it with that of the
 * scratch file; where the chip cannot run code, OpenOCD reads the bytes again. Either way this is
 * a second look at the flash, independent of the read that it proves.
 */
#include <inttypes.h>
#include <string.h>

#include "plain.h"
#include "opts.h"
#include "tcl.h"
#include "transfer.h"

#define CHUNK_DEFAULT (128u << 10)
#define CHUNK_MAX (1u << 20)
/* OpenOCD itself waits this long for the chip's CRC, and longer the more there is. */
#define CRC_PATIENCE_MS 25000u
#define SLOWEST_BYTES_PER_SECOND 8192u

struct verify_job {
	struct transfer transfer; /* first: see transfer.h */
	const uint8_t *data;
};

_Static_assert(offsetof(struct verify_job, transfer) == 0, "transfer.h says so");

static enum move send_piece(struct op *op)
{
	struct verify_job *job = op->job;
	struct transfer *t = &job->transfer;

	if (!stmfw__scratch_write(t->scratch, job->data + t->done, t->piece))
		return stmfw__transfer_file_failed(op);
	uint32_t ms = stmfw__transfer_deadline(op, CRC_PATIENCE_MS, SLOWEST_BYTES_PER_SECOND);
	struct buf command;
	stmfw__bank_command_begin(&command, op, &t->search.bank);
	stmfw__buf_puts(&command, "verify_image");
	stmfw__tcl_arg(&command, t->scratch->path);
	stmfw__buf_printf(&command, " 0x%" PRIx64 " bin", stmfw__transfer_address(op));
	return stmfw__bank_command_end(&command, op, &t->search.bank, "verify", ms);
}

static enum move take_verdict(struct op *op, const struct reply *reply)
{
	const struct verify_job *job = op->job;
	size_t piece = job->transfer.piece;
	uint64_t address = stmfw__transfer_address(op);
	struct difference first;

	if (!reply_ok(reply) && stmfw__find_difference(reply, &first)) {
		op->res.advice = "The line to the chip is not reliable, or its content changed: "
				 "shorten the wires or lower `adapter speed`, and try again.";
		return stmfw__op_fail(op, STMFW_EVERIFY,
				      "the chip holds something else in the %zu bytes at "
				      "0x%08" PRIx64,
				      piece, address);
	}
	if (!reply_ok(reply))
		return stmfw__op_refused(op, STMFW_ETARGET, reply);
	/* An empty or unreadable file also "succeeds", with 0 bytes. */
	uint64_t n = stmfw__op_count(reply, "verified ");
	if (n != piece)
		return stmfw__op_fail(op, STMFW_EVERIFY,
				      "OpenOCD compared %" PRIu64 " of %zu bytes at 0x%08" PRIx64,
				      n, piece, address);
	return MOVE_OFFER;
}

static void offer_progress(struct op *op)
{
	stmfw__transfer_count(op, ((struct verify_job *)op->job)->transfer.piece);
	stmfw__transfer_tell(op);
}

static const struct op_kind verify_kind = { .name = "verify",
					    .next = stmfw__transfer_next,
					    .offer = offer_progress,
					    .ended = stmfw__transfer_ended };

int stmfw_verify_flash(stmfw_client *c, const stmfw_verify_opts *opts, stmfw_done_cb cb, void *arg,
		       stmfw_op *out)
{
	stmfw_verify_opts o = { 0 };
	struct op *op;

	if (!c || !opts || stmfw__copy_opts(&o, sizeof(o), opts) != STMFW_OK || !o.data ||
	    o.length == 0 || o.chunk > CHUNK_MAX || (o.scratch_dir && !*o.scratch_dir))
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &verify_kind, sizeof(struct verify_job), cb, arg);
	if (err)
		return err;
	struct verify_job *job = op->job;
	job->data = o.data;
	job->transfer = (struct transfer){ .search = { .number = o.bank },
					   .offset = o.offset,
					   .length = o.length,
					   .chunk = o.chunk ? o.chunk : CHUNK_DEFAULT,
					   .progress = o.progress,
					   .arg = o.arg,
					   .send = send_piece,
					   .take = take_verdict };
	if (o.scratch_dir)
		job->transfer.scratch_dir = stmfw__arena_strdup(&op->arena, o.scratch_dir);
	return stmfw__op_submit(op, out);
}
