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

#include "client.h"
#include "opts.h"
#include "parse.h"
#include "tcl.h"
#include "transfer.h"

#define CHUNK_DEFAULT (128u << 10)
/* OpenOCD itself waits this long for the chip's CRC, and longer the more there is. */
#define CRC_PATIENCE_MS 25000u
#define SLOWEST_BYTES_PER_SECOND 8192u

struct verify_job {
	struct transfer transfer; /* first: see transfer.h */
	const uint8_t *data;
	stmfw_progress_cb progress;
	void *arg;
};

static enum move send_piece(struct op *op)
{
	struct verify_job *job = op->job;
	struct transfer *t = &job->transfer;

	if (!stmfw__scratch_write(&t->scratch, job->data + op->res.bytes, t->piece))
		return stmfw__transfer_file_failed(op);
	uint32_t ms = stmfw__op_deadline(op, CRC_PATIENCE_MS, t->piece, SLOWEST_BYTES_PER_SECOND);
	struct buf *b = stmfw__op_script(op, "verify", ms);
	stmfw__buf_puts(b, "verify_image");
	stmfw__tcl_arg(b, t->scratch.path);
	stmfw__buf_printf(b, " 0x%" PRIx64 " bin", stmfw__transfer_address(op));
	return MOVE_SEND;
}

/* Only asked once the command has failed: did it find a difference, or could it not look? */
static bool tells_of_difference(const struct reply *r)
{
	return strstr(r->log, "diff ") || strstr(r->result, "diff ") ||
	       strstr(r->log, "contents differ") || strstr(r->result, "contents differ");
}

static enum move take_verdict(struct op *op, const struct reply *reply)
{
	const struct verify_job *job = op->job;
	size_t piece = job->transfer.piece;
	uint64_t address = stmfw__transfer_address(op);
	uint64_t n = 0;

	if (!reply_ok(reply) && tells_of_difference(reply)) {
		op->res.advice = "The line to the chip is not reliable, or its content changed: "
				 "shorten the wires or lower `adapter speed`, and try again.";
		return stmfw__op_fail(op, STMFW_EVERIFY,
				      "the chip holds something else in the %zu bytes at 0x%08" PRIx64,
				      piece, address);
	}
	if (!reply_ok(reply))
		return stmfw__op_refused(op, STMFW_ETARGET, reply);
	/* An empty or unreadable file also "succeeds", with 0 bytes. */
	if (!stmfw__find_uint_after(reply->result, "verified ", &n))
		stmfw__find_uint_after(reply->log, "verified ", &n);
	if (n != piece)
		return stmfw__op_fail(op, STMFW_EVERIFY,
				      "OpenOCD compared %" PRIu64 " of %zu bytes at 0x%08" PRIx64, n,
				      piece, address);
	return MOVE_OFFER;
}

static void offer_progress(struct op *op)
{
	const struct verify_job *job = op->job;

	op->res.bytes += job->transfer.piece;
	const stmfw_progress p = { op->res.op, "verify", op->res.bytes, job->transfer.length };
	if (job->progress)
		job->progress(op->client, &p, job->arg);
}

static const struct op_kind verify_kind = { .name = "verify",
					    .next = stmfw__transfer_next,
					    .offer = offer_progress,
					    .cleanup = stmfw__transfer_cleanup };

int stmfw_verify_flash(stmfw_client *c, const stmfw_verify_opts *opts, stmfw_done_cb cb, void *arg,
		       stmfw_op *out)
{
	stmfw_verify_opts o = { 0 };
	struct op *op;

	if (!c || !opts || stmfw__copy_opts(&o, sizeof(o), opts) != STMFW_OK || !o.data ||
	    o.length == 0)
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &verify_kind, sizeof(struct verify_job), cb, arg);
	if (err)
		return err;
	struct verify_job *job = op->job;
	stmfw__transfer_init(op, o.bank, o.offset, o.length, o.scratch_dir);
	job->transfer.chunk = o.chunk ? o.chunk : CHUNK_DEFAULT;
	job->transfer.send = send_piece;
	job->transfer.take = take_verdict;
	job->data = o.data;
	job->progress = o.progress;
	job->arg = o.arg;
	return stmfw__op_submit(op, out);
}
