/* SPDX-License-Identifier: MIT */
/*
 * Proving that a range of flash holds given bytes, piece by piece.
 *
 * Where OpenOCD sees our file, verify_image lets the chip's CPU make a CRC-32 of its flash and
 * compares it with that of the file; where the chip cannot run code, OpenOCD reads the bytes again.
 * Where it does not, we do the same ourselves, as otherwise all bytes would have to be sent only to
 * be compared. Either way this is a second look at the flash, independent of the read that it
 * proves.
 *
 *   shared:  { verify_image }
 *   else:    where is OpenOCD's work area?
 *              -> { checksum by the chip -> what it does not prove is read, and compared }
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crc32.h"
#include "digest.h"
#include "opts.h"
#include "patience.h"
#include "plain.h"
#include "read_flash.h"
#include "tcl.h"

#define CHUNK_DEFAULT (128u << 10)
#define CHUNK_MAX (1u << 20)
/* OpenOCD itself waits this long for the chip's CRC, and longer the more there is. */
#define CRC_PATIENCE_MS 25000u

/* What is awaited. */
enum verify_step { VERIFY_IMAGE, VERIFY_AREA, VERIFY_SUM, VERIFY_READ };

struct verify_job {
	struct transfer transfer; /* first: see transfer.h */
	enum verify_step step;
	const uint8_t *data;
	struct digest digest;
	struct digest_range range;
	bool can_digest;     /* the chip may be able to run our program */
	struct read_job read;
	size_t same;         /* bytes from the start of the piece */
	uint8_t is;          /* in the chip, behind these         */
};

_Static_assert(offsetof(struct verify_job, transfer) == 0, "transfer.h says so");

static const uint8_t *wanted(const struct verify_job *job)
{
	return job->data + job->transfer.done;
}

/* What another operation does here must not change what is told of this one. */
static void tell_ours(struct op *op)
{
	op->res.step = "verify";
	op->res.bytes = ((struct verify_job *)op->job)->transfer.done;
}

static void advise_about_the_line(struct op *op)
{
	op->res.advice = "The line to the chip is not reliable, or its content changed: "
			 "shorten the wires or lower `adapter speed`, and try again.";
}

/* ---- by verify_image ---- */

static enum move ask_openocd(struct op *op)
{
	struct verify_job *job = op->job;
	struct transfer *t = &job->transfer;
	uint32_t ms = stmfw__transfer_deadline(op, CRC_PATIENCE_MS, FLASH_SLOWEST_READ);
	struct buf command;
	char after[32];

	job->step = VERIFY_IMAGE;
	snprintf(after, sizeof(after), "0x%" PRIx64 " bin", stmfw__transfer_address(op));
	stmfw__bank_command_begin(&command, op, &t->search.bank);
	bool ok = stmfw__carrier_command(t->carrier, &command, "verify_image", after) &&
		  stmfw__carrier_put(t->carrier, &command, wanted(job), t->piece);
	stmfw__carrier_command_end(t->carrier, &command);
	enum move move = stmfw__bank_command_end(&command, op, &t->search.bank, "verify", ms);
	return ok ? move : stmfw__carrier_failed(t->carrier, op);
}

static enum move take_verdict(struct op *op, const struct reply *reply)
{
	const struct verify_job *job = op->job;
	size_t piece = job->transfer.piece;
	uint64_t address = stmfw__transfer_address(op);
	struct difference first;

	if (!reply_ok(reply) && stmfw__find_difference(reply, &first)) {
		advise_about_the_line(op);
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

/* ---- by ourselves ---- */

static enum move differs(struct op *op)
{
	const struct verify_job *job = op->job;

	tell_ours(op);
	advise_about_the_line(op);
	return stmfw__op_fail(op, STMFW_EVERIFY,
			      "the chip holds something else at 0x%08" PRIx64 " (chip %02x, "
			      "wanted %02x)",
			      stmfw__transfer_address(op) + job->same, job->is,
			      wanted(job)[job->same]);
}

static int compare_part(stmfw_client *c, uint64_t offset, const uint8_t *data, size_t length,
			void *arg)
{
	struct verify_job *job = op_callers_job(arg);

	(void)c;
	(void)offset;
	for (size_t i = 0; i < length; i++, job->same++)
		if (data[i] != wanted(job)[job->same]) {
			job->is = data[i];
			return 1;
		}
	return 0;
}

static enum move read_piece(struct op *op)
{
	struct verify_job *job = op->job;
	struct transfer *t = &job->transfer;
	const struct read_range what = { .bank = &t->search.bank,
					 .carrier = t->carrier,
					 .offset = stmfw__transfer_at(op),
					 .length = t->piece,
					 .sink = compare_part,
					 .arg = op };

	job->step = VERIFY_READ;
	job->same = 0;
	enum move move = stmfw__read_call(op, &job->read, &what);
	op->res.bytes = t->done; /* what is equal so far counts on top of these */
	return move;
}

static enum move take_piece_read(struct op *op)
{
	if (op->res.status == STMFW_EABORTED)
		return differs(op);
	tell_ours(op);
	return call_ok(op) ? MOVE_OFFER : MOVE_DONE;
}

/* Up to 0.11 OpenOCD does not say which chip the bank belongs to; a sum must not be of another. */
static enum move ask_area(struct op *op)
{
	struct verify_job *job = op->job;
	const char *target = job->transfer.search.bank.target;

	if (target[0] == '\0')
		return read_piece(op);
	job->step = VERIFY_AREA;
	stmfw__digest_area_script(stmfw__op_script(op, "work area", 0), target);
	return MOVE_SEND;
}

static enum move ask_chip(struct op *op)
{
	struct verify_job *job = op->job;

	job->step = VERIFY_SUM;
	job->range = (struct digest_range){ stmfw__transfer_address(op), job->transfer.piece, 0 };
	job->digest.target = job->transfer.search.bank.target;
	job->digest.ranges = &job->range;
	job->digest.count = 1;
	job->digest.done = 0;
	enum move move = stmfw__op_call(op, &stmfw__digest_kind, &job->digest);
	op->res.bytes = job->transfer.done;
	return move;
}

static enum move take_sum(struct op *op)
{
	struct verify_job *job = op->job;

	job->can_digest = call_ok(op);
	tell_ours(op);
	if (job->can_digest && job->range.crc == stmfw__crc32(0, wanted(job), job->transfer.piece))
		return MOVE_OFFER;
	return read_piece(op);
}

static enum move take_area(struct op *op, const struct reply *reply)
{
	struct verify_job *job = op->job;

	job->can_digest = reply_ok(reply) &&
			  stmfw__digest_take_area(&job->digest.area, reply->result);
	return job->can_digest ? ask_chip(op) : read_piece(op);
}

/* ---- piece by piece ---- */

static enum move send_piece(struct op *op)
{
	const struct verify_job *job = op->job;

	if (job->transfer.carrier->way == CARRIER_SHARED)
		return ask_openocd(op);
	if (job->transfer.done == 0)
		return ask_area(op);
	return job->can_digest ? ask_chip(op) : read_piece(op);
}

static enum move take_piece(struct op *op, const struct reply *reply)
{
	switch (((struct verify_job *)op->job)->step) {
	case VERIFY_IMAGE:
		return take_verdict(op, reply);
	case VERIFY_AREA:
		return take_area(op, reply);
	case VERIFY_SUM:
		return take_sum(op);
	case VERIFY_READ:
		break;
	}
	return take_piece_read(op);
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
					   .take = take_piece };
	job->transfer.scratch_dir = stmfw__arena_strdup(&op->arena, o.scratch_dir);
	stmfw__read_prepare(&job->read, &op->arena); /* its failure is noticed below */
	return stmfw__op_submit(op, out);
}
