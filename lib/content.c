/* SPDX-License-Identifier: MIT */
/*
 * Content of ours for a command: see content.h.
 *
 *   how do bytes travel? -> { a part, where it is too long for one request } ... -> the command
 *                                canceled meanwhile: OpenOCD is told to forget it
 */
#include "content.h"

#include "tcl.h"

#define SLOWEST_BYTES_PER_SECOND 8192u

bool stmfw__content_is_good(const char *path, const void *data, size_t length)
{
	return path ? *path && !data && length == 0 : data && length > 0;
}

static uint32_t deadline(const struct op *op, size_t length)
{
	return stmfw__op_deadline(op, 0, length, SLOWEST_BYTES_PER_SECOND);
}

static enum move ask_ways(struct op *op, struct content *c)
{
	if (!stmfw__carrier_begin(&c->carrier, op, NULL))
		return MOVE_DONE;
	c->step = CONTENT_WAYS;
	stmfw__carrier_ask(stmfw__op_script(op, "share file", 0), &c->carrier);
	return MOVE_SEND;
}

static enum move forget(struct op *op, struct content *c)
{
	c->step = CONTENT_FORGOTTEN;
	return stmfw__carrier_forget(&c->carrier, stmfw__op_script(op, "forget file", 0))
		       ? MOVE_SEND
		       : stmfw__op_fail(op, STMFW_ECANCELED, "canceled before the command was sent");
}

/* Part by part, until the rest fits into the request of the command. */
static bool send_part(struct op *op, struct content *c, enum move *move)
{
	size_t length = c->carrier.most_to;

	if (op->cancel_wanted) {
		*move = forget(op, c);
		return false;
	}
	if (c->length - c->sent <= length)
		return true;
	op->shielded = true; /* what is at OpenOCD must not be left there */
	c->step = CONTENT_PART;
	stmfw__carrier_part(&c->carrier, stmfw__op_script(op, "send file", deadline(op, length)),
			    c->data + c->sent, length);
	c->sent += length;
	*move = MOVE_SEND;
	return false;
}

static bool take_ways(struct op *op, struct content *c, const struct reply *last, enum move *move)
{
	*move = MOVE_DONE;
	if (!reply_ok(last)) {
		*move = stmfw__op_refused(op, STMFW_EUNSUPPORTED, last);
		return false;
	}
	return stmfw__carrier_settle(&c->carrier, op, last->result) &&
	       stmfw__carrier_writes(&c->carrier, op) && send_part(op, c, move);
}

bool stmfw__content_ready(struct op *op, struct content *c, const struct reply *last,
			  enum move *move)
{
	*move = MOVE_DONE;
	switch (c->step) {
	case CONTENT_BEGIN:
		if (c->path)
			return true;
		*move = ask_ways(op, c);
		return false;
	case CONTENT_WAYS:
		return take_ways(op, c, last, move);
	case CONTENT_PART:
		return stmfw__carrier_part_taken(&c->carrier, op, last) && send_part(op, c, move);
	case CONTENT_FORGOTTEN:
		break;
	}
	*move = stmfw__op_fail(op, STMFW_ECANCELED, "canceled before the command was sent");
	return false;
}

bool stmfw__content_command(struct op *op, struct content *c, struct buf *b, const char *before,
			    const char *after)
{
	if (c->path) {
		stmfw__buf_puts(b, before);
		stmfw__tcl_arg(b, c->path);
		stmfw__buf_printf(b, " %s", after);
		return true;
	}
	if (stmfw__carrier_command(&c->carrier, b, before, after) &&
	    stmfw__carrier_put(&c->carrier, b, c->data + c->sent, c->length - c->sent)) {
		stmfw__carrier_command_end(&c->carrier, b);
		return true;
	}
	stmfw__carrier_failed(&c->carrier, op);
	return false;
}

void stmfw__content_ended(struct content *c)
{
	stmfw__carrier_end(&c->carrier);
}
