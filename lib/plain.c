/* SPDX-License-Identifier: MIT */
/*
 * OpenOCD's plain commands with a file on its machine that are judged by its own count of bytes:
 * read_bank, write_image, verify_image. plain_file.c has those whose count needs help.
 */
#include "plain.h"

#include <inttypes.h>
#include <string.h>

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

struct plain {
	const char *step;
	uint32_t timeout_ms; /* 0: flash_timeout_ms                       */
	const char *count; /* the words in front of OpenOCD's count     */
	uint64_t expected; /* what it has to be; 0: anything but 0      */
	int wrong_count; /* status if it is not                       */
};

struct plain_job {
	struct plain plain;
	const char *script;
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

static enum move plain_next(struct op *op, const struct reply *last)
{
	const struct plain_job *job = op->job;
	const struct plain *p = &job->plain;

	if (!last) {
		stmfw__buf_puts(stmfw__op_script(op, p->step, p->timeout_ms), job->script);
		return MOVE_SEND;
	}
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

static const struct op_kind plain_kind = { .name = "flash command", .next = plain_next };

static int submit(stmfw_client *c, const struct plain *p, const struct buf *script,
		  stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct op *op;

	if (script->error)
		return script->error == STMFW_ENOMEM ? STMFW_ENOMEM : STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &plain_kind, sizeof(struct plain_job), cb, arg);
	if (err)
		return err;
	struct plain_job *job = op->job;
	job->plain = *p;
	if (job->plain.timeout_ms == 0)
		job->plain.timeout_ms = c->opts.flash_timeout_ms;
	job->script = stmfw__arena_strdup(&op->arena, script->data);
	return stmfw__op_submit(op, out);
}

int stmfw_read_bank(stmfw_client *c, unsigned int bank, const char *ocd_path, uint64_t offset,
		    uint64_t length, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	const struct plain p = { "read bank", 0, "wrote ", length, STMFW_ERANGE };
	struct buf script;

	if (!c || !ocd_path || !*ocd_path || length == 0)
		return STMFW_EINVAL;
	stmfw__buf_init(&script, &c->mem, WIRE_SCRIPT_LIMIT / 8);
	stmfw__buf_printf(&script, "flash read_bank %u", bank);
	stmfw__tcl_arg(&script, ocd_path);
	stmfw__buf_printf(&script, " 0x%" PRIx64 " 0x%" PRIx64, offset, length);
	int err = submit(c, &p, &script, cb, arg, out);
	stmfw__buf_release(&script);
	return err;
}

/* A file called "unlock" would be taken for the option. */
static bool is_keyword(const char *path)
{
	return strcmp(path, "erase") == 0 || strcmp(path, "unlock") == 0;
}

static bool write_opts_are_good(const stmfw_write_opts *o)
{
	return o->ocd_path && *o->ocd_path && !is_keyword(o->ocd_path) &&
	       !(o->flags & ~(unsigned int)(STMFW_WRITE_ERASE | STMFW_WRITE_UNLOCK));
}

/* What names the image: FILE OFFSET [TYPE] */
static void append_image(struct buf *b, const char *path, uint64_t offset, const char *type)
{
	stmfw__tcl_arg(b, path);
	stmfw__buf_printf(b, " 0x%" PRIx64, offset);
	if (type)
		stmfw__tcl_arg(b, type);
}

int stmfw_write_image(stmfw_client *c, const stmfw_write_opts *opts, stmfw_done_cb cb, void *arg,
		      stmfw_op *out)
{
	stmfw_write_opts o = { 0 };
	struct buf script;

	if (!c || !opts || stmfw__copy_opts(&o, sizeof(o), opts) || !write_opts_are_good(&o))
		return STMFW_EINVAL;
	const struct plain p = { "write image", o.timeout_ms, "wrote ", 0, STMFW_ERANGE };
	stmfw__buf_init(&script, &c->mem, WIRE_SCRIPT_LIMIT / 8);
	stmfw__buf_puts(&script, "flash write_image");
	if (o.flags & STMFW_WRITE_ERASE)
		stmfw__buf_puts(&script, " erase");
	if (o.flags & STMFW_WRITE_UNLOCK)
		stmfw__buf_puts(&script, " unlock");
	append_image(&script, o.ocd_path, o.offset, o.type);
	int err = submit(c, &p, &script, cb, arg, out);
	stmfw__buf_release(&script);
	return err;
}

static bool check_opts_are_good(const stmfw_check_opts *o)
{
	return o->ocd_path && *o->ocd_path && !(o->target && !*o->target);
}

int stmfw_verify_image(stmfw_client *c, const stmfw_check_opts *opts, stmfw_done_cb cb, void *arg,
		       stmfw_op *out)
{
	stmfw_check_opts o = { 0 };
	struct buf command, script;

	if (!c || !opts || stmfw__copy_opts(&o, sizeof(o), opts) || !check_opts_are_good(&o))
		return STMFW_EINVAL;
	const struct plain p = { "verify image", o.timeout_ms, "verified ", o.length,
				 STMFW_EVERIFY };
	stmfw__buf_init(&command, &c->mem, WIRE_SCRIPT_LIMIT / 16);
	stmfw__buf_init(&script, &c->mem, WIRE_SCRIPT_LIMIT / 8);
	stmfw__buf_puts(&command, "verify_image");
	append_image(&command, o.ocd_path, o.offset, o.type);
	if (!command.error)
		stmfw__tcl_result_on_target(&script, o.target ? o.target : "", command.data);
	script.error = command.error ? command.error : script.error;
	int err = submit(c, &p, &script, cb, arg, out);
	stmfw__buf_release(&command);
	stmfw__buf_release(&script);
	return err;
}
