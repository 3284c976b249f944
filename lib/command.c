/* SPDX-License-Identifier: MIT */
/* Calls that are one command: any Tcl, notifications, shutdown. */
#include <string.h>

#include "dialect.h"
#include "engine.h"
#include "tcl.h"

/* ---- any Tcl ---- */

/* A console echoes each letter of a script before it runs it. */
#define SLOWEST_LETTERS_PER_SECOND 16384u

struct command_job {
	const char *tcl;
	uint32_t timeout_ms;
};

static enum move command_next(struct op *op, const struct reply *last)
{
	const struct command_job *job = op->job;

	if (!last) {
		uint32_t ms = job->timeout_ms ? job->timeout_ms
					      : stmfw__op_deadline(op, 0, strlen(job->tcl),
								   SLOWEST_LETTERS_PER_SECOND);

		stmfw__buf_puts(stmfw__op_script(op, "command", ms), job->tcl);
		return MOVE_SEND;
	}
	if (!reply_ok(last)) {
		stmfw__op_refused(op, STMFW_ECOMMAND, last);
		op->res.status = STMFW_ECOMMAND; /* of any Tcl we know no better */
		return MOVE_DONE;
	}
	stmfw__op_text(op, last->result, stmfw__printed_length(last));
	return stmfw__op_ok(op);
}

static const struct op_kind command_kind = { .name = "command", .next = command_next };

int stmfw_command(stmfw_client *c, const char *tcl, uint32_t timeout_ms, stmfw_done_cb cb,
		  void *arg, stmfw_op *out)
{
	struct op *op;

	if (!c || !tcl || strchr(tcl, WIRE_END) ||
	    stmfw__tcl_word_length(tcl, strlen(tcl)) > WIRE_SCRIPT_LIMIT)
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &command_kind, sizeof(struct command_job), cb, arg);
	if (err)
		return err;
	struct command_job *job = op->job;
	job->tcl = stmfw__arena_strdup(&op->arena, tcl);
	job->timeout_ms = timeout_ms;
	return stmfw__op_submit(op, out);
}

/* ---- notifications ---- */

struct notify_job {
	stmfw_event_cb event;
	void *arg;
};

/* OpenOCD would say yes, and then tell nothing. */
static enum move refuse_notifications(struct op *op)
{
	op->res.outcome = STMFW_NOT_STARTED;
	op->res.advice = "Use OpenOCD's TCL port, 6666.";
	return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
			      "%s is a telnet console, which has no target notifications",
			      op->client->peer);
}

static enum move notify_next(struct op *op, const struct reply *last)
{
	const struct notify_job *job = op->job;
	struct stmfw_client *c = op->client;

	if (!last && !stmfw__conn_notifies(c->conn))
		return refuse_notifications(op);
	if (!last)
		return stmfw__op_send(op, "notifications",
				      job->event ? stmfw__notifications_on
						 : stmfw__notifications_off);
	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_EUNSUPPORTED, last);
	c->event = job->event;
	c->event_arg = job->arg;
	return stmfw__op_ok(op);
}

static const struct op_kind notify_kind = { .name = "notifications", .next = notify_next };

int stmfw_notifications(stmfw_client *c, stmfw_event_cb event, void *event_arg, stmfw_done_cb cb,
			void *arg, stmfw_op *out)
{
	struct op *op;

	if (!c)
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &notify_kind, sizeof(struct notify_job), cb, arg);
	if (err)
		return err;
	struct notify_job *job = op->job;
	job->event = event;
	job->arg = event_arg;
	return stmfw__op_submit(op, out);
}

/* ---- shutdown ---- */

static enum move shutdown_next(struct op *op, const struct reply *last)
{
	if (!last)
		return stmfw__op_send(op, "shutdown", "shutdown");
	return stmfw__is_exit(last) ? MOVE_WAIT : stmfw__op_refused(op, STMFW_ECOMMAND, last);
}

static const struct op_kind shutdown_kind = { .name = "shutdown", .next = shutdown_next };

int stmfw_shutdown(stmfw_client *c, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct op *op;

	if (!c)
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &shutdown_kind, 0, cb, arg);
	return err ? err : stmfw__op_submit(op, out);
}
