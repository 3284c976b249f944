/* SPDX-License-Identifier: MIT */
/*
 * OpenOCD's plain commands with a file that are judged by its own count of bytes: read_bank,
 * write_image, verify_image, load_image. plain_file.c has those whose count needs help.
 */
#include "plain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "content.h"
#include "engine.h"
#include "opts.h"
#include "parse.h"
#include "tcl.h"

/* ---- judging ---- */

bool stmfw__find_difference(const struct reply *reply, struct difference *d)
{
	const char *texts[] = { reply->result, reply->log };

	for (size_t i = 0; i < 2; i++)
		if (stmfw__has_line(texts[i], "diff 0 address")) {
			*d = (struct difference){ 0 };
			stmfw__find_uint_after(texts[i], "diff 0 address ", &d->at);
			stmfw__find_uint_after(texts[i], ". Was ", &d->chip);
			stmfw__find_uint_after(texts[i], " instead of ", &d->image);
			return true;
		}
	return false;
}

enum move stmfw__command_done(struct op *op, const struct reply *reply, uint64_t bytes)
{
	char *text = stmfw__op_output(op, reply);

	op->res.bytes = bytes;
	if (text) {
		text = stmfw__trim(text);
		stmfw__op_text(op, text, strlen(text));
	}
	return stmfw__op_ok(op);
}

/* ---- one command ---- */

/* It is a command as inline.h has it: `before` FILE `after`. */
struct plain {
	const char *step;
	const char *before; /* this and all below: copied                     */
	const char *after;
	const char *target; /* that has to be the current one; NULL: none     */
	struct content content;
	uint32_t timeout_ms; /* 0: flash_timeout_ms                           */
	const char *count;   /* the words in front of OpenOCD's count         */
	uint64_t expected;   /* what it has to be; 0: anything but 0          */
	int wrong_count;     /* status if it is not                           */
	bool sent;           /* the command itself                            */
};

static enum move plain_failed(struct op *op, const struct reply *last)
{
	struct difference d;

	if (!stmfw__find_difference(last, &d))
		return stmfw__op_refused(op, STMFW_ECOMMAND, last);
	return stmfw__op_fail(op, STMFW_EVERIFY,
			      "the chip holds something else than the image, first at 0x%08" PRIx64
			      " (chip %02" PRIx64 ", image %02" PRIx64 ")",
			      d.at, d.chip, d.image);
}

static enum move send_command(struct op *op)
{
	struct plain *p = op->job;
	struct buf *script = stmfw__op_script(op, p->step, p->timeout_ms);
	struct buf command;

	p->sent = true;
	if (!p->target)
		return stmfw__content_command(op, &p->content, script, p->before, p->after)
			       ? MOVE_SEND
			       : MOVE_DONE;
	stmfw__buf_init(&command, script->mem, WIRE_BULK_LIMIT);
	bool ok = stmfw__content_command(op, &p->content, &command, p->before, p->after);
	if (ok && !command.error)
		stmfw__tcl_result_on_target(script, p->target, command.data);
	script->error = command.error ? command.error : script->error; /* noticed when sending */
	stmfw__buf_release(&command);
	return ok ? MOVE_SEND : MOVE_DONE;
}

static enum move take_result(struct op *op, const struct reply *last)
{
	const struct plain *p = op->job;

	if (!reply_ok(last))
		return plain_failed(op, last);
	uint64_t n = stmfw__op_count(last, p->count);
	op->res.bytes = n;
	if (n == 0)
		return stmfw__op_fail(
			op, p->wrong_count,
			"OpenOCD handled 0 bytes: no flash bank there, or an empty file");
	if (stmfw__has_line(last->log, "no flash bank found for address"))
		return stmfw__op_fail(op, p->wrong_count,
				      "OpenOCD handled %" PRIu64 " bytes, and for the rest of the "
				      "image there is no flash bank",
				      n);
	if (p->expected && n != p->expected)
		return stmfw__op_fail(op, p->wrong_count,
				      "OpenOCD handled %" PRIu64 " bytes instead of %" PRIu64, n,
				      p->expected);
	return stmfw__command_done(op, last, n);
}

static enum move plain_next(struct op *op, const struct reply *last)
{
	struct plain *p = op->job;
	enum move move;

	if (p->sent)
		return take_result(op, last);
	return stmfw__content_ready(op, &p->content, last, &move) ? send_command(op) : move;
}

static void plain_ended(struct op *op)
{
	stmfw__content_ended(&((struct plain *)op->job)->content);
}

static const struct op_kind plain_kind = { .name = "flash command",
					   .next = plain_next,
					   .ended = plain_ended };

static int submit(stmfw_client *c, const struct plain *p, stmfw_done_cb cb, void *arg,
		  stmfw_op *out)
{
	struct op *op;
	int err = stmfw__op_new(&op, c, &plain_kind, sizeof(struct plain), cb, arg);

	if (err)
		return err;
	struct plain *own = op->job;
	*own = *p;
	if (own->timeout_ms == 0)
		own->timeout_ms = c->opts.flash_timeout_ms;
	own->before = stmfw__arena_strdup(&op->arena, p->before);
	own->after = stmfw__arena_strdup(&op->arena, p->after);
	own->target = stmfw__arena_strdup(&op->arena, p->target);
	own->content.path = stmfw__arena_strdup(&op->arena, p->content.path);
	return stmfw__op_submit(op, out);
}

int stmfw_read_bank(stmfw_client *c, unsigned int bank, const char *ocd_path, uint64_t offset,
		    uint64_t length, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	char before[40], after[48];
	const struct plain p = { .step = "read bank",
				 .before = before,
				 .after = after,
				 .content = { .path = ocd_path },
				 .count = "wrote ",
				 .expected = length,
				 .wrong_count = STMFW_ERANGE };

	if (!c || !ocd_path || !*ocd_path || length == 0)
		return STMFW_EINVAL;
	snprintf(before, sizeof(before), "flash read_bank %u", bank);
	snprintf(after, sizeof(after), "0x%" PRIx64 " 0x%" PRIx64, offset, length);
	return submit(c, &p, cb, arg, out);
}

/* ---- with an image ---- */

/* A file called "unlock" would be taken for the option. */
static bool is_keyword(const char *path)
{
	return path && (strcmp(path, "erase") == 0 || strcmp(path, "unlock") == 0);
}

/* What comes behind the file: OFFSET [TYPE]. */
static int submit_image(stmfw_client *c, struct plain *p, uint64_t offset, const char *type,
			stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct buf after;
	int err = STMFW_EINVAL;

	if (!stmfw__content_is_good(p->content.path, p->content.data, p->content.length))
		return STMFW_EINVAL;
	stmfw__buf_init(&after, &c->mem, WIRE_SCRIPT_LIMIT / 16);
	stmfw__buf_printf(&after, "0x%" PRIx64, offset);
	if (type)
		stmfw__tcl_arg(&after, type);
	p->after = after.data;
	if (!after.error)
		err = submit(c, p, cb, arg, out);
	else if (after.error == STMFW_ENOMEM)
		err = STMFW_ENOMEM;
	stmfw__buf_release(&after);
	return err;
}

int stmfw_write_image(stmfw_client *c, const stmfw_write_opts *opts, stmfw_done_cb cb, void *arg,
		      stmfw_op *out)
{
	static const char *const commands[] = { "flash write_image", "flash write_image erase",
						"flash write_image unlock",
						"flash write_image erase unlock" };
	stmfw_write_opts o = { 0 };

	if (!c || !opts || stmfw__copy_opts(&o, sizeof(o), opts) || is_keyword(o.ocd_path) ||
	    o.flags & ~(unsigned int)(STMFW_WRITE_ERASE | STMFW_WRITE_UNLOCK))
		return STMFW_EINVAL;
	struct plain p = { .step = "write image",
			   .before = commands[o.flags],
			   .content = { .path = o.ocd_path, .data = o.data, .length = o.data_length },
			   .timeout_ms = o.timeout_ms,
			   .count = "wrote ",
			   .wrong_count = STMFW_ERANGE };
	return submit_image(c, &p, o.offset, o.type, cb, arg, out);
}

/* Both are about a target's memory. */
static int on_target(stmfw_client *c, struct plain *p, const stmfw_check_opts *opts,
		     stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	stmfw_check_opts o = { 0 };

	if (!c || !opts || stmfw__copy_opts(&o, sizeof(o), opts) || (o.target && !*o.target))
		return STMFW_EINVAL;
	p->target = o.target ? o.target : "";
	p->content = (struct content){ .path = o.ocd_path, .data = o.data, .length = o.data_length };
	p->timeout_ms = o.timeout_ms;
	p->expected = o.length;
	return submit_image(c, p, o.offset, o.type, cb, arg, out);
}

int stmfw_verify_image(stmfw_client *c, const stmfw_check_opts *opts, stmfw_done_cb cb, void *arg,
		       stmfw_op *out)
{
	struct plain p = { .step = "verify image",
			   .before = "verify_image",
			   .count = "verified ",
			   .wrong_count = STMFW_EVERIFY };

	return on_target(c, &p, opts, cb, arg, out);
}

int stmfw_load_image(stmfw_client *c, const stmfw_check_opts *opts, stmfw_done_cb cb, void *arg,
		     stmfw_op *out)
{
	struct plain p = { .step = "load image",
			   .before = "load_image",
			   .count = "downloaded ",
			   .wrong_count = STMFW_ECOMMAND };

	return on_target(c, &p, opts, cb, arg, out);
}
