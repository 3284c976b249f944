/* SPDX-License-Identifier: MIT */
/*
 * Proving that a range of flash holds given bytes.
 *
 * find bank -> is our file shared? -> { bytes into the file -> verify_image } ... -> done
 *
 * verify_image lets the chip's CPU make a CRC-32 of its flash and compares it with that of the
 * file; where the chip cannot run code, OpenOCD reads the bytes again. Either way this is a
 * second look at the flash, independent of the read it proves.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bank.h"
#include "client.h"
#include "opts.h"
#include "parse.h"
#include "scratch.h"
#include "tcl.h"

#define CHUNK_DEFAULT (128u << 10)
/* OpenOCD itself waits this long for the chip's CRC, and as long again for each MiB. */
#define CRC_PATIENCE_MS 25000u
#define SLOWEST_BYTES_PER_SECOND 1024u

enum verify_step { VERIFY_FIND, VERIFY_SHARE, VERIFY_PIECE, VERIFY_OFFERED };

struct verify_job {
	stmfw_verify_opts opts;
	struct bank_search search;
	struct scratch scratch;
	enum verify_step step;
	size_t piece_length;
};

static enum move open_scratch(struct op *op)
{
	struct verify_job *job = op->job;
	int err = stmfw__scratch_open(&job->scratch, &op->arena, job->opts.scratch_dir);

	if (op->arena.failed)
		return stmfw__op_ok(op);
	if (err)
		return stmfw__op_fail(op, err, "cannot make a scratch file: %s", strerror(errno));
	job->step = VERIFY_SHARE;
	return stmfw__scratch_ask(&job->scratch, op);
}

static enum move send_piece(struct op *op)
{
	struct verify_job *job = op->job;
	uint64_t left = job->opts.length - op->res.bytes;

	if (left == 0)
		return stmfw__op_ok(op);
	job->step = VERIFY_PIECE;
	job->piece_length = left < job->opts.chunk ? (size_t)left : job->opts.chunk;
	if (!stmfw__scratch_write(&job->scratch, job->opts.data + op->res.bytes,
				  job->piece_length))
		return stmfw__op_fail(op, STMFW_EFILE, "cannot write %s: %s", job->scratch.path,
				      strerror(errno));
	uint32_t ms = stmfw__op_deadline(op, CRC_PATIENCE_MS, job->piece_length,
					 SLOWEST_BYTES_PER_SECOND);
	struct buf *b = stmfw__op_script(op, "verify", ms);
	stmfw__buf_puts(b, "verify_image");
	stmfw__tcl_arg(b, job->scratch.path);
	stmfw__buf_printf(b, " 0x%" PRIx64 " bin",
			  job->search.bank.base + job->opts.offset + op->res.bytes);
	return MOVE_SEND;
}

/* Only asked once the command has failed: did it find a difference, or could it not look? */
static bool tells_of_difference(const struct reply *r)
{
	return strstr(r->log, "diff ") || strstr(r->result, "diff ") ||
	       strstr(r->log, "contents differ") || strstr(r->result, "contents differ");
}

static enum move take_verdict(struct op *op, const struct reply *last)
{
	struct verify_job *job = op->job;
	uint64_t address = job->search.bank.base + job->opts.offset + op->res.bytes;
	uint64_t n = 0;

	if (!reply_ok(last) && tells_of_difference(last)) {
		op->res.advice = "The line to the chip is not reliable, or its content changed: "
				 "shorten the wires or lower `adapter speed`, and try again.";
		return stmfw__op_fail(op, STMFW_EVERIFY,
				      "the chip holds something else in the %zu bytes at 0x%" PRIx64,
				      job->piece_length, address);
	}
	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_ETARGET, last);
	if (!stmfw__find_uint_after(last->result, "verified ", &n))
		stmfw__find_uint_after(last->log, "verified ", &n);
	if (n != job->piece_length)
		return stmfw__op_fail(op, STMFW_EVERIFY,
				      "OpenOCD compared %" PRIu64 " of %zu bytes at 0x%" PRIx64, n,
				      job->piece_length, address);
	job->step = VERIFY_OFFERED;
	return MOVE_OFFER;
}

static void offer_progress(struct op *op)
{
	struct verify_job *job = op->job;

	op->res.bytes += job->piece_length;
	const stmfw_progress p = { op->res.op, "verify", op->res.bytes, job->opts.length };
	if (job->opts.progress)
		job->opts.progress(op->client, &p, job->opts.arg);
}

static enum move verify_next(struct op *op, const struct reply *last)
{
	struct verify_job *job = op->job;
	enum move move;

	switch (job->step) {
	case VERIFY_FIND:
		if (!stmfw__find_bank(op, &job->search, last, &move))
			return move;
		if (!stmfw__check_range(op, &job->search.bank, job->opts.offset, &job->opts.length))
			return MOVE_DONE;
		return open_scratch(op);
	case VERIFY_SHARE:
		if (!stmfw__scratch_is_shared(&job->scratch, last))
			return stmfw__scratch_not_shared(op, last);
		return send_piece(op);
	case VERIFY_PIECE:
		return take_verdict(op, last);
	case VERIFY_OFFERED:
		return send_piece(op);
	}
	return MOVE_DONE;
}

static void verify_cleanup(struct op *op)
{
	stmfw__scratch_close(&((struct verify_job *)op->job)->scratch);
}

static const struct op_kind verify_kind = { .name = "verify",
					    .next = verify_next,
					    .offer = offer_progress,
					    .cleanup = verify_cleanup };

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
	job->opts = o;
	job->opts.chunk = o.chunk ? o.chunk : CHUNK_DEFAULT;
	if (o.scratch_dir)
		job->opts.scratch_dir = stmfw__arena_strdup(&op->arena, o.scratch_dir);
	job->search.number = o.bank;
	return stmfw__op_submit(op, out);
}
