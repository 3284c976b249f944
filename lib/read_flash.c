/* SPDX-License-Identifier: MIT */
/*
 * Reading any range of a bank, piece by piece, into a callback.
 *
 * Each piece is one `flash read_bank` into the scratch file, which is empty before and must hold
 * exactly the piece afterwards.
 */
#include <inttypes.h>

#include "client.h"
#include "opts.h"
#include "tcl.h"
#include "transfer.h"

#define CHUNK_DEFAULT (16u << 10)
#define CHUNK_MAX (1u << 20)
#define SLOWEST_BYTES_PER_SECOND 1024u

struct read_job {
	struct transfer transfer; /* first: see transfer.h */
	stmfw_sink_cb sink;
	uint8_t *bytes;
	int stopped; /* by the sink */
};

_Static_assert(offsetof(struct read_job, transfer) == 0, "transfer.h says so");

static enum move send_piece(struct op *op)
{
	struct read_job *job = op->job;
	struct transfer *t = &job->transfer;

	if (!stmfw__scratch_empty(&t->scratch))
		return stmfw__transfer_file_failed(op);
	uint32_t ms = stmfw__op_deadline(op, 0, t->piece, SLOWEST_BYTES_PER_SECOND);
	struct buf *b = stmfw__op_script(op, "read", ms);
	stmfw__buf_printf(b, "flash read_bank %u", t->search.number);
	stmfw__tcl_arg(b, t->scratch.path);
	stmfw__buf_printf(b, " 0x%" PRIx64 " 0x%zx", stmfw__transfer_at(op), t->piece);
	return MOVE_SEND;
}

static enum move take_piece(struct op *op, const struct reply *reply)
{
	struct read_job *job = op->job;
	struct transfer *t = &job->transfer;

	if (!reply_ok(reply))
		return stmfw__op_refused(op, STMFW_ETARGET, reply);
	long long size = stmfw__scratch_size(&t->scratch);
	long long n = stmfw__scratch_read(&t->scratch, job->bytes, t->piece);
	if (size < 0 || n < 0)
		return stmfw__transfer_file_failed(op);
	if (size != n || (size_t)n != t->piece)
		return stmfw__op_fail(op, STMFW_EFILE,
				      "OpenOCD reported success but left %lld of %zu bytes in the "
				      "scratch file",
				      size, t->piece);
	return MOVE_OFFER;
}

static void offer_piece(struct op *op)
{
	struct read_job *job = op->job;
	struct transfer *t = &job->transfer;
	uint64_t offset = stmfw__transfer_at(op);

	stmfw__transfer_count(op);
	job->stopped = job->sink(op->client, offset, job->bytes, t->piece, t->arg);
	if (!job->stopped && op->state == OP_OFFERING) /* the sink may have closed the client */
		stmfw__transfer_tell(op);
}

static enum move read_next(struct op *op, const struct reply *last)
{
	const struct read_job *job = op->job;

	if (job->stopped)
		return stmfw__op_fail(op, STMFW_EABORTED, "%s", stmfw_strerror(STMFW_EABORTED));
	return stmfw__transfer_next(op, last);
}

static const struct op_kind read_kind = { .name = "read",
					  .next = read_next,
					  .offer = offer_piece,
					  .cleanup = stmfw__transfer_cleanup };

int stmfw_read_flash(stmfw_client *c, const stmfw_read_opts *opts, stmfw_done_cb cb, void *arg,
		     stmfw_op *out)
{
	stmfw_read_opts o = { 0 };
	struct op *op;

	if (!c || !opts || stmfw__copy_opts(&o, sizeof(o), opts) != STMFW_OK || !o.sink ||
	    o.chunk > CHUNK_MAX || (o.scratch_dir && !*o.scratch_dir))
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &read_kind, sizeof(struct read_job), cb, arg);
	if (err)
		return err;
	struct read_job *job = op->job;
	job->sink = o.sink;
	job->transfer = (struct transfer){ .search = { .number = o.bank },
					   .offset = o.offset,
					   .length = o.length,
					   .chunk = o.chunk ? o.chunk : CHUNK_DEFAULT,
					   .progress = o.progress,
					   .arg = o.arg,
					   .send = send_piece,
					   .take = take_piece };
	if (o.scratch_dir)
		job->transfer.scratch_dir = stmfw__arena_strdup(&op->arena, o.scratch_dir);
	job->bytes = stmfw__arena_alloc(&op->arena, job->transfer.chunk);
	return stmfw__op_submit(op, out);
}
