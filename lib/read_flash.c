/* SPDX-License-Identifier: MIT */
/*
 * Reading any range of a bank, piece by piece.
 *
 * find bank -> is our file shared? -> { read_bank into the file -> bytes to the sink } ... -> done
 *
 * Each piece is one `flash read_bank` into the scratch file, which is empty before and must hold
 * exactly the piece afterwards. Pieces make progress true and cancelling possible; between two of
 * them the target is not touched, so they cost next to nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bank.h"
#include "client.h"
#include "opts.h"
#include "scratch.h"
#include "tcl.h"

#define CHUNK_DEFAULT (16u << 10)
#define CHUNK_MAX (1u << 20)
#define SLOWEST_BYTES_PER_SECOND 1024u

enum read_step { READ_FIND, READ_SHARE, READ_PIECE, READ_OFFERED };

struct read_job {
	stmfw_read_opts opts;
	struct bank_search search;
	struct scratch scratch;
	enum read_step step;
	uint8_t *piece;
	size_t piece_length;
	int stopped; /* by the sink */
};

static enum move open_scratch(struct op *op)
{
	struct read_job *job = op->job;
	int err = stmfw__scratch_open(&job->scratch, &op->arena, job->opts.scratch_dir);

	job->piece = stmfw__arena_alloc(&op->arena, job->opts.chunk);
	if (op->arena.failed)
		return stmfw__op_ok(op);
	if (err)
		return stmfw__op_fail(op, err, "cannot make a scratch file: %s", strerror(errno));
	job->step = READ_SHARE;
	return stmfw__scratch_ask(&job->scratch, op);
}

static enum move send_piece(struct op *op)
{
	struct read_job *job = op->job;
	uint64_t left = job->opts.length - op->res.bytes;

	if (left == 0)
		return stmfw__op_ok(op);
	if (!stmfw__scratch_empty(&job->scratch))
		return stmfw__op_fail(op, STMFW_EFILE, "scratch file: %s", strerror(errno));
	job->step = READ_PIECE;
	job->piece_length = left < job->opts.chunk ? (size_t)left : job->opts.chunk;
	uint32_t ms = stmfw__op_deadline(op, 0, job->piece_length, SLOWEST_BYTES_PER_SECOND);
	struct buf *b = stmfw__op_script(op, "read", ms);
	stmfw__buf_printf(b, "flash read_bank %u", job->opts.bank);
	stmfw__tcl_arg(b, job->scratch.path);
	stmfw__buf_printf(b, " 0x%" PRIx64 " 0x%zx", job->opts.offset + op->res.bytes,
			  job->piece_length);
	return MOVE_SEND;
}

static enum move take_piece(struct op *op, const struct reply *last)
{
	struct read_job *job = op->job;

	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_ETARGET, last);
	long long size = stmfw__scratch_size(&job->scratch);
	long long n = stmfw__scratch_read(&job->scratch, job->piece, job->piece_length);
	if (size < 0 || n < 0)
		return stmfw__op_fail(op, STMFW_EFILE, "scratch file: %s", strerror(errno));
	if (size != n || (size_t)n != job->piece_length)
		return stmfw__op_fail(op, STMFW_EFILE,
				      "OpenOCD reported success but left %lld of %zu bytes in the "
				      "scratch file. Is the disk full?",
				      size, job->piece_length);
	job->step = READ_OFFERED;
	return MOVE_OFFER;
}

static void offer_piece(struct op *op)
{
	struct read_job *job = op->job;
	const stmfw_read_opts *o = &job->opts;

	uint64_t offset = o->offset + op->res.bytes;
	op->res.bytes += job->piece_length;
	job->stopped = o->sink(op->client, offset, job->piece, job->piece_length, o->arg);
	if (job->stopped || op->state != OP_OFFERING) /* the sink may have closed the client */
		return;
	const stmfw_progress p = { op->res.op, "read", op->res.bytes, o->length };
	if (o->progress)
		o->progress(op->client, &p, o->arg);
}

static enum move read_next(struct op *op, const struct reply *last)
{
	struct read_job *job = op->job;
	enum move move;

	switch (job->step) {
	case READ_FIND:
		if (!stmfw__find_bank(op, &job->search, last, &move))
			return move;
		if (!stmfw__check_range(op, &job->search.bank, job->opts.offset, &job->opts.length))
			return MOVE_DONE;
		return open_scratch(op);
	case READ_SHARE:
		if (!stmfw__scratch_is_shared(&job->scratch, last))
			return stmfw__scratch_not_shared(op, last);
		return send_piece(op);
	case READ_PIECE:
		return take_piece(op, last);
	case READ_OFFERED:
		if (job->stopped)
			return stmfw__op_fail(op, STMFW_EABORTED, "%s",
					      stmfw_strerror(STMFW_EABORTED));
		return send_piece(op);
	}
	return MOVE_DONE;
}

static void read_cleanup(struct op *op)
{
	stmfw__scratch_close(&((struct read_job *)op->job)->scratch);
}

static const struct op_kind read_kind = {
	.name = "read", .next = read_next, .offer = offer_piece, .cleanup = read_cleanup
};

int stmfw_read_flash(stmfw_client *c, const stmfw_read_opts *opts, stmfw_done_cb cb, void *arg,
		     stmfw_op *out)
{
	stmfw_read_opts o = { 0 };
	struct op *op;

	if (!c || !opts || stmfw__copy_opts(&o, sizeof(o), opts) != STMFW_OK || !o.sink ||
	    o.chunk > CHUNK_MAX)
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &read_kind, sizeof(struct read_job), cb, arg);
	if (err)
		return err;
	struct read_job *job = op->job;
	job->opts = o;
	job->opts.chunk = o.chunk ? o.chunk : CHUNK_DEFAULT;
	if (o.scratch_dir)
		job->opts.scratch_dir = stmfw__arena_strdup(&op->arena, o.scratch_dir);
	job->search.number = o.bank;
	return stmfw__op_submit(op, out);
}
