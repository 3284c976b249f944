/* SPDX-License-Identifier: MIT */
/*
 * Reading any range of a bank, piece by piece, into a callback, or into memory as a whole.
 *
 * Each piece is one request, whose answer must bring exactly the piece. It goes to the user in
 * parts, so that memory does not grow with the piece; without a callback, straight to its place.
 */
#include <inttypes.h>

#include "opts.h"
#include "read_flash.h"

#define FIRST_CHUNK (16u << 10)
#define PART_CHUNK (128u << 10) /* of a read for another operation, whose speed is not known yet */
#define PART (16u << 10)
#define CHUNK_MAX (1u << 20)
#define WHOLE_MAX (64u << 20) /* of a read without a sink */
#define SLOWEST_BYTES_PER_SECOND 1024u

_Static_assert(offsetof(struct read_job, transfer) == 0, "transfer.h says so");

/* Memory for all of it, if there is no sink: its length is known now. */
static bool has_room(struct op *op)
{
	struct read_job *job = op->job;
	uint64_t length = job->transfer.length;

	if (!job->bytes && length > WHOLE_MAX) {
		op->res.advice = "Read it with a sink, or a part of it (offset, length).";
		stmfw__op_fail(op, STMFW_ERANGE,
			       "%" PRIu64 " bytes are more than are read into memory (%u)", length,
			       WHOLE_MAX);
		return false;
	}
	if (!job->bytes)
		job->bytes = stmfw__arena_alloc(&op->arena, (size_t)length);
	if (!job->bytes)
		stmfw__op_no_memory(op);
	return job->bytes != NULL;
}

static enum move send_piece(struct op *op)
{
	struct transfer *t = &((struct read_job *)op->job)->transfer;

	if (!has_room(op))
		return MOVE_DONE;
	uint32_t ms = stmfw__transfer_deadline(op, 0, SLOWEST_BYTES_PER_SECOND);
	struct buf *b = stmfw__op_script(op, "read", ms);

	return stmfw__carrier_ask_bank(t->carrier, b, &t->search.bank, stmfw__transfer_at(op),
				       t->piece)
		       ? MOVE_SEND
		       : stmfw__carrier_failed(t->carrier, op);
}

/* MOVE_SEND: the piece has been offered as a whole. */
static enum move next_part(struct op *op)
{
	struct read_job *job = op->job;
	struct transfer *t = &job->transfer;

	job->taken += job->part;
	size_t left = t->piece - job->taken;
	if (left == 0)
		return MOVE_SEND;
	job->part = job->sink && left > PART ? PART : left;
	uint8_t *to = job->sink ? job->bytes : job->bytes + t->done + job->taken;
	if (!stmfw__carrier_fetch(t->carrier, to, job->part, job->taken))
		return stmfw__carrier_failed(t->carrier, op);
	return MOVE_OFFER;
}

static enum move take_piece(struct op *op, const struct reply *reply)
{
	struct read_job *job = op->job;
	struct transfer *t = &job->transfer;

	if (!reply_ok(reply))
		return stmfw__op_refused(op, STMFW_ETARGET, reply);
	if (!stmfw__carrier_take(t->carrier, op, reply, &t->search.bank, stmfw__transfer_at(op),
				 t->piece))
		return MOVE_DONE;
	job->taken = job->part = 0;
	return next_part(op);
}

static void offer_part(struct op *op)
{
	struct read_job *job = op->job;
	struct transfer *t = &job->transfer;
	uint64_t offset = stmfw__transfer_at(op) + job->taken;

	stmfw__transfer_count(op, job->part);
	if (job->sink)
		job->stopped = job->sink(op->client, offset, job->bytes, job->part, t->arg);
	if (!job->stopped && op->state == OP_OFFERING) /* the sink may have closed the client */
		stmfw__transfer_tell(op);
}

static enum move read_next(struct op *op, const struct reply *last)
{
	const struct read_job *job = op->job;

	if (job->stopped)
		return stmfw__op_fail(op, STMFW_EABORTED, "%s", stmfw_strerror(STMFW_EABORTED));
	enum move move = stmfw__transfer_next(op, last);
	if (move == MOVE_DONE && op->res.status == STMFW_OK && !job->sink) {
		op->res.data = job->bytes;
		op->res.count = (size_t)job->transfer.length;
	}
	return move;
}

static const struct op_kind read_kind = { .name = "read",
					  .next = read_next,
					  .offer = offer_part,
					  .ended = stmfw__transfer_ended };

static void set_up(struct read_job *job, const struct transfer *t, stmfw_sink_cb sink)
{
	job->transfer = *t;
	job->transfer.send = send_piece;
	job->transfer.take = take_piece;
	job->transfer.more = next_part;
	job->sink = sink;
	job->stopped = 0;
}

bool stmfw__read_prepare(struct read_job *job, struct arena *a)
{
	job->bytes = stmfw__arena_alloc(a, PART);
	return job->bytes != NULL;
}

enum move stmfw__read_call(struct op *op, struct read_job *job, const struct read_range *what)
{
	const struct transfer t = { .search = { .number = what->bank->number, .bank = *what->bank },
				    .offset = what->offset,
				    .length = what->length,
				    .chunk = what->us_per_kib
						     ? stmfw__transfer_fit(1024000000 / what->us_per_kib)
						     : PART_CHUNK,
				    .adaptive = true,
				    .carrier = what->carrier,
				    .progress = what->progress,
				    .arg = what->arg };

	set_up(job, &t, what->sink);
	return stmfw__op_call(op, &read_kind, job);
}

int stmfw_read_flash(stmfw_client *c, const stmfw_read_opts *opts, stmfw_done_cb cb, void *arg,
		     stmfw_op *out)
{
	stmfw_read_opts o = { 0 };
	struct op *op;

	if (!c || (opts && stmfw__copy_opts(&o, sizeof(o), opts) != STMFW_OK) ||
	    o.chunk > CHUNK_MAX || (o.scratch_dir && !*o.scratch_dir))
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &read_kind, sizeof(struct read_job), cb, arg);
	if (err)
		return err;
	struct read_job *job = op->job;
	const struct transfer t = { .search = { .number = o.bank },
				    .offset = o.offset,
				    .length = o.length,
				    .chunk = o.chunk ? o.chunk : FIRST_CHUNK,
				    .adaptive = o.chunk == 0,
				    .progress = o.progress,
				    .arg = o.arg };
	set_up(job, &t, o.sink);
	job->transfer.scratch_dir = stmfw__arena_strdup(&op->arena, o.scratch_dir);
	if (o.sink)
		stmfw__read_prepare(job, &op->arena); /* its failure is noticed below */
	return stmfw__op_submit(op, out);
}
