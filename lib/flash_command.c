/* SPDX-License-Identifier: MIT */
/* OpenOCD's plain flash commands, one each. They prove nothing: see transfer.h for what does. */
#include <inttypes.h>
#include <string.h>

#include "client.h"
#include "opts.h"
#include "parse.h"
#include "tcl.h"

struct single_job {
	const char *step;
	const char *script;
	uint32_t timeout_ms;
};

static enum move single_next(struct op *op, const struct reply *last)
{
	const struct single_job *job = op->job;

	if (!last) {
		stmfw__buf_puts(stmfw__op_script(op, job->step, job->timeout_ms), job->script);
		return MOVE_SEND;
	}
	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_ECOMMAND, last);
	op->res.bytes = stmfw__op_count(last, "wrote ");
	if (op->res.bytes == 0)
		return stmfw__op_fail(op, STMFW_ERANGE,
				      "OpenOCD handled 0 bytes: no flash bank there, or an empty file");
	char *text = stmfw__op_output(op, last);
	if (text) {
		text = stmfw__trim(text);
		stmfw__op_text(op, text, strlen(text));
	}
	return stmfw__op_ok(op);
}

static const struct op_kind single_kind = { .name = "flash command", .next = single_next };

static int single(stmfw_client *c, const char *step, const struct buf *script, uint32_t timeout_ms,
		  stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct op *op;

	if (script->error)
		return script->error == STMFW_ENOMEM ? STMFW_ENOMEM : STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &single_kind, sizeof(struct single_job), cb, arg);
	if (err)
		return err;
	struct single_job *job = op->job;
	job->step = step;
	job->script = stmfw__arena_strdup(&op->arena, script->data);
	job->timeout_ms = timeout_ms ? timeout_ms : c->opts.flash_timeout_ms;
	return stmfw__op_submit(op, out);
}

int stmfw_read_bank(stmfw_client *c, unsigned int bank, const char *ocd_path, uint64_t offset,
		    uint64_t length, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct buf script;

	if (!c || !ocd_path || !*ocd_path || length == 0)
		return STMFW_EINVAL;
	stmfw__buf_init(&script, &c->mem, WIRE_SCRIPT_LIMIT / 8);
	stmfw__buf_printf(&script, "flash read_bank %u", bank);
	stmfw__tcl_arg(&script, ocd_path);
	stmfw__buf_printf(&script, " 0x%" PRIx64 " 0x%" PRIx64, offset, length);
	int err = single(c, "read bank", &script, 0, cb, arg, out);
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

int stmfw_write_image(stmfw_client *c, const stmfw_write_opts *opts, stmfw_done_cb cb, void *arg,
		      stmfw_op *out)
{
	stmfw_write_opts o = { 0 };
	struct buf script;

	if (!c || !opts || stmfw__copy_opts(&o, sizeof(o), opts) || !write_opts_are_good(&o))
		return STMFW_EINVAL;
	stmfw__buf_init(&script, &c->mem, WIRE_SCRIPT_LIMIT / 8);
	stmfw__buf_puts(&script, "flash write_image");
	if (o.flags & STMFW_WRITE_ERASE)
		stmfw__buf_puts(&script, " erase");
	if (o.flags & STMFW_WRITE_UNLOCK)
		stmfw__buf_puts(&script, " unlock");
	stmfw__tcl_arg(&script, o.ocd_path);
	stmfw__buf_printf(&script, " 0x%" PRIx64, o.offset);
	if (o.type)
		stmfw__tcl_arg(&script, o.type);
	int err = single(c, "write image", &script, o.timeout_ms, cb, arg, out);
	stmfw__buf_release(&script);
	return err;
}
