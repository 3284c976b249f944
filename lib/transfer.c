/* SPDX-License-Identifier: MIT */
/*
 * find bank, and how do bytes travel?
 *     -> { command for a piece -> judged -> told } ... -> done
 *
 * Pieces make progress true and cancelling possible; between two of them the target is not
 * touched, so they cost next to nothing.
 */
#include "transfer.h"

#include <string.h>
#include <uv.h>

#define PIECE_MS 400u
#define PIECE_MIN ((size_t)4 << 10)
#define PIECE_MAX ((size_t)1 << 20)
#define PATIENCE 32u /* a piece may take this many times its share */

static struct transfer *transfer(const struct op *op)
{
	return op->job;
}

uint64_t stmfw__transfer_at(const struct op *op)
{
	return transfer(op)->offset + transfer(op)->done;
}

uint64_t stmfw__transfer_address(const struct op *op)
{
	return transfer(op)->search.bank.base + stmfw__transfer_at(op);
}

/* In one request, as each costs OpenOCD a look at the target. Its result: a line with the answer
   for the carrier, then the list of banks. */
static enum move ask_for_both(struct op *op)
{
	const struct transfer *t = transfer(op);
	struct buf *b = stmfw__op_script(op, "find bank", 0);

	stmfw__buf_puts(b, "apply {{} {set a [");
	stmfw__carrier_ask(b, t->carrier);
	stmfw__buf_puts(b, "];set l [");
	stmfw__bank_script(b, &t->search);
	stmfw__buf_puts(b, "];return \"$a\\n$l\"}}");
	return MOVE_SEND;
}

static enum move next_piece(struct op *op)
{
	struct transfer *t = transfer(op);

	t->done += t->piece;
	uint64_t left = t->length - t->done;
	if (left == 0)
		return stmfw__op_ok(op);
	t->piece = t->chunk < t->carrier->most_from ? t->chunk : t->carrier->most_from;
	if (t->piece > left)
		t->piece = (size_t)left;
	t->step = TRANSFER_PIECE;
	t->sent_ns = uv_hrtime();
	return t->send(op);
}

static enum move begin(struct op *op)
{
	struct transfer *t = transfer(op);

	if (t->carrier)
		return next_piece(op);
	t->carrier = &t->own;
	if (!stmfw__carrier_begin(t->carrier, op, t->scratch_dir))
		return MOVE_DONE;
	t->search.probe |= t->length == 0; /* then all depends on the size */
	t->step = TRANSFER_FIND;
	return ask_for_both(op);
}

static enum move take_both(struct op *op, const struct reply *last)
{
	struct transfer *t = transfer(op);

	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_ETARGET, last);
	size_t first = strcspn(last->result, "\n");
	const char *answer = stmfw__arena_copy(&op->arena, last->result, first);
	const char *list = last->result + first + (last->result[first] == '\n');
	if (!answer)
		return stmfw__op_no_memory(op);
	if (!stmfw__take_bank(op, &t->search, list, strlen(list)) ||
	    !stmfw__check_range(op, &t->search.bank, t->offset, &t->length))
		return MOVE_DONE;
	return stmfw__carrier_settle(t->carrier, op, answer) ? next_piece(op) : MOVE_DONE;
}

/* The next piece is to take about PIECE_MS: often enough to show progress and to cancel, rarely
   enough that the cost of a command does not count. */
size_t stmfw__transfer_fit(uint64_t bytes_per_second)
{
	uint64_t want = bytes_per_second / 1000 * PIECE_MS;

	if (want > PIECE_MAX)
		return PIECE_MAX;
	return want < PIECE_MIN ? PIECE_MIN : (size_t)want / PIECE_MIN * PIECE_MIN;
}

static void adapt(struct transfer *t)
{
	uint64_t us = (uv_hrtime() - t->sent_ns) / 1000 + 1;

	t->speed = (uint64_t)t->piece * 1000000 / us;
	t->chunk = stmfw__transfer_fit(t->speed);
}

uint32_t stmfw__transfer_deadline(const struct op *op, uint32_t base_ms, uint64_t slowest)
{
	const struct transfer *t = transfer(op);
	uint64_t patient = t->speed / PATIENCE;

	return stmfw__op_deadline(op, base_ms, t->piece, patient > slowest ? patient : slowest);
}

static enum move take_piece(struct op *op, const struct reply *last)
{
	struct transfer *t = transfer(op);
	enum move move = t->take(op, last);

	if (move == MOVE_OFFER)
		t->step = TRANSFER_OFFERED;
	if (t->adaptive)
		adapt(t);
	return move;
}

enum move stmfw__transfer_next(struct op *op, const struct reply *last)
{
	struct transfer *t = transfer(op);
	enum move move;

	switch (t->step) {
	case TRANSFER_BEGIN:
		return begin(op);
	case TRANSFER_FIND:
		return take_both(op, last);
	case TRANSFER_PIECE:
		return take_piece(op, last);
	case TRANSFER_OFFERED:
		move = t->more ? t->more(op) : MOVE_SEND;
		return move == MOVE_SEND ? next_piece(op) : move;
	}
	return MOVE_DONE;
}

void stmfw__transfer_count(struct op *op, size_t bytes)
{
	op->res.bytes += bytes;
}

void stmfw__transfer_tell(struct op *op)
{
	const struct transfer *t = transfer(op);
	const stmfw_progress p = { op->res.op, op->kind->name, op->res.bytes, t->length };

	if (t->progress)
		t->progress(op->client, &p, t->arg);
}

void stmfw__transfer_ended(struct op *op)
{
	stmfw__carrier_end(&transfer(op)->own);
}
