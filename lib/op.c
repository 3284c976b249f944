/* SPDX-License-Identifier: MIT */
/* One operation: made, filled by a public function, accepted, and the helpers of steppers. */
#include "op.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "explain.h"
#include "parse.h"

int stmfw__op_new(struct op **out, struct stmfw_client *c, const struct op_kind *kind,
		  size_t job_size, stmfw_done_cb cb, void *arg)
{
	struct op *op = stmfw__mem_alloc(&c->mem, sizeof(*op));

	if (!op)
		return STMFW_ENOMEM;
	list_init(&op->delivery.link);
	list_init(&op->link);
	op->client = c;
	op->kind = kind;
	op->cb = cb;
	op->arg = arg;
	stmfw__arena_init(&op->arena, &c->mem);
	stmfw__buf_init(&op->script, &c->mem, WIRE_BULK_LIMIT);
	stmfw__buf_init(&op->log, &c->mem, SIZE_MAX / 2);
	op->res.status = OP_UNDECIDED;
	op->res.step = kind->name;
	op->res.text = op->res.log = op->res.advice = "";
	if (job_size)
		op->job = stmfw__arena_alloc(&op->arena, job_size);
	if (op->arena.failed) {
		stmfw__op_free(op);
		return STMFW_ENOMEM;
	}
	*out = op;
	return STMFW_OK;
}

void stmfw__op_free(struct op *op)
{
	stmfw__buf_release(&op->script);
	stmfw__buf_release(&op->log);
	stmfw__arena_release(&op->arena);
	stmfw__mem_free(&op->client->mem, op);
}

static int acceptable(const struct op *op)
{
	const struct stmfw_client *c = op->client;

	if (op->arena.failed)
		return STMFW_ENOMEM;
	if (c->state == CLIENT_IDLE || c->state == CLIENT_CLOSING)
		return STMFW_ESTATE;
	return c->waiting_count < c->opts.queue_limit ? STMFW_OK : STMFW_EFULL;
}

int stmfw__op_submit(struct op *op, stmfw_op *out)
{
	struct stmfw_client *c = op->client;
	int err = acceptable(op);

	if (err) {
		stmfw__op_free(op);
		return err;
	}
	op->res.op = ++c->last_op;
	if (out)
		*out = op->res.op;
	list_append(&c->waiting, &op->link);
	c->waiting_count++;
	stmfw__engine_pump(c);
	return STMFW_OK;
}

enum move stmfw__op_call(struct op *op, const struct op_kind *kind, void *job)
{
	assert(op->depth < OP_CALLS_MAX);
	op->callers[op->depth++] = (struct op_caller){ op->kind, op->job };
	op->kind = kind;
	op->job = job;
	op->arena.failed = 0; /* what ran out of memory before has been told of */
	op->res = (stmfw_result){ .op = op->res.op,
				  .status = OP_UNDECIDED,
				  .outcome = op->res.outcome,
				  .step = kind->name,
				  .text = "",
				  .log = "",
				  .advice = "" };
	return kind->next(op, NULL);
}

enum move stmfw__op_return(struct op *op)
{
	if (op->kind->ended)
		op->kind->ended(op);
	op->depth--;
	op->kind = op->callers[op->depth].kind;
	op->job = op->callers[op->depth].job;
	return op->kind->next(op, NULL);
}

bool stmfw__op_shield(struct op *op)
{
	if (op->cancel_wanted) {
		stmfw__op_fail(op, STMFW_ECANCELED, "canceled before anything was changed");
		return false;
	}
	op->shielded = true;
	return true;
}

struct buf *stmfw__op_script(struct op *op, const char *step, uint32_t deadline_ms)
{
	op->res.step = step;
	op->deadline_ms = deadline_ms ? deadline_ms : op->client->opts.command_timeout_ms;
	stmfw__buf_clear(&op->script, 4096);
	return &op->script;
}

uint32_t stmfw__op_deadline(const struct op *op, uint32_t base_ms, uint64_t bytes,
			    uint64_t bytes_per_second)
{
	uint64_t ms = (uint64_t)op->client->opts.command_timeout_ms + base_ms +
		      bytes * 1000 / bytes_per_second;

	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

enum move stmfw__op_send(struct op *op, const char *step, const char *script)
{
	stmfw__buf_puts(stmfw__op_script(op, step, 0), script);
	return MOVE_SEND;
}

void stmfw__op_text(struct op *op, const char *text, size_t length)
{
	const char *copy = stmfw__arena_copy(&op->arena, text, length);

	op->res.text = copy ? copy : "";
	op->res.text_len = copy ? length : 0;
}

enum move stmfw__op_ok(struct op *op)
{
	if (op->arena.failed)
		return stmfw__op_no_memory(op);
	op->res.status = STMFW_OK;
	return MOVE_DONE;
}

enum move stmfw__op_no_memory(struct op *op)
{
	return stmfw__op_fail(op, STMFW_ENOMEM, "%s", stmfw_strerror(STMFW_ENOMEM));
}

enum move stmfw__op_done(struct op *op, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	stmfw__op_text(op, text, strlen(text));
	return stmfw__op_ok(op);
}

enum move stmfw__op_fail(struct op *op, int status, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	op->res.status = status;
	const char *copy = stmfw__arena_strdup(&op->arena, text);
	op->res.text = copy ? copy : stmfw_strerror(status);
	op->res.text_len = strlen(op->res.text);
	if (op->res.advice[0] == '\0')
		op->res.advice = stmfw__advice(status);
	return MOVE_DONE;
}

enum move stmfw__op_refused(struct op *op, int status, const struct reply *reply)
{
	const struct explanation *why = stmfw__explain(reply->result, reply->log);
	char reason[320];

	if (why) {
		status = why->status;
		op->res.advice = why->advice;
	}
	stmfw__reason(reason, sizeof(reason), reply->result, reply->log);
	return stmfw__op_fail(op, status, "OpenOCD could not do \"%s\": %s", op->res.step, reason);
}

char *stmfw__op_output(struct op *op, const struct reply *reply)
{
	bool logged = reply->result_len == 0;

	return stmfw__arena_copy(&op->arena, logged ? reply->log : reply->result,
				 logged ? reply->log_len : reply->result_len);
}

uint64_t stmfw__op_count(const struct reply *reply, const char *word)
{
	uint64_t n = 0;

	if (!stmfw__find_uint_after(reply->result, word, &n))
		stmfw__find_uint_after(reply->log, word, &n);
	return n;
}
