/* SPDX-License-Identifier: MIT */
/*
 * Connecting, as an operation: reach an OpenOCD, or start one, then ask who it is.
 *
 * While the caller is willing to wait, what fails is tried again after a pause: nobody there yet,
 * nobody any more, or no answer.
 *
 * What is submitted meanwhile waits until the user has been told how it ended. Then it is sent, or
 * it ends in the same way.
 */
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "hello.h"
#include "opts.h"
#include "spawn.h"

#define FIRST_PAUSE_MS 50u
#define LONGEST_PAUSE_MS 1000u
#define SPAWN_TIMEOUT_MS 30000u

struct connect {
	char **argv;       /* of a child; NULL: the client's peer is an address */
	uint64_t until;    /* by the loop's clock: no other try begins later    */
	uint32_t pause_ms; /* before the next one                               */
	unsigned int tries;
};

static void begin(struct op *op)
{
	struct stmfw_client *c = op->client;
	struct connect *job = op->job;
	stmfw_address address = { 0 };

	if (!job->argv)
		stmfw_address_parse(&address, c->peer);
	const struct conn_params params = { .loop = c->loop,
					    .mem = &c->mem,
					    .address = &address,
					    .argv = job->argv,
					    .timeout_ms = c->connect_ms,
					    .events = stmfw__engine_conn_events,
					    .owner = c };
	job->tries++;
	c->conns++;
	int err = stmfw__conn_open(&c->conn, &params);
	if (err) {
		c->conns--;
		stmfw__engine_conn_failed(c, &(struct conn_end){ .uv_status = err, .words = "" });
	} else if (c->conn && c->state == CLIENT_CONNECTING) {
		stmfw__engine_start_deadline(c, c->connect_ms);
	}
}

/* ---- again ---- */

static void on_pause_over(uv_timer_t *timer)
{
	struct stmfw_client *c = timer->data;

	begin(c->running);
}

static bool may_be_better_soon(int status)
{
	return status == STMFW_ECONNECT || status == STMFW_ELOST || status == STMFW_ETIMEDOUT;
}

static bool connect_dropped(struct op *op, int status)
{
	struct stmfw_client *c = op->client;
	struct connect *job = op->job;
	uint64_t now = uv_now(c->loop);

	if (c->state != CLIENT_CONNECTING || !may_be_better_soon(status) || now >= job->until)
		return false;
	op->unanswered = false;
	op->res.advice = "";
	uint64_t left = job->until - now;
	uv_timer_start(&c->deadline, on_pause_over, left < job->pause_ms ? left : job->pause_ms, 0);
	job->pause_ms = job->pause_ms * 2 < LONGEST_PAUSE_MS ? job->pause_ms * 2 : LONGEST_PAUSE_MS;
	return true;
}

/* ---- step by step ---- */

static enum move connect_next(struct op *op, const struct reply *last)
{
	return last ? stmfw__hello_take(op, last) : stmfw__hello_send(op);
}

/* The connection is usable, or it is given up. */
static void connect_ended(struct op *op)
{
	struct stmfw_client *c = op->client;
	const struct connect *job = op->job;

	if (c->state == CLIENT_CONNECTING) {
		uv_timer_stop(&c->deadline);
		if (op->res.status == STMFW_OK) {
			c->state = CLIENT_GREETED;
			return;
		}
		c->running = NULL;
		stmfw__engine_drop(c, op->res.status, 0, op->res.text);
	}
	if (op->res.status != STMFW_OK && job->tries > 1)
		stmfw__op_fail(op, op->res.status, "%s (tried %u times)", op->res.text, job->tries);
}

/* (One that succeeded, was lost at once, and was begun again before this, is another one's.) */
static void connect_telling(struct op *op)
{
	struct stmfw_client *c = op->client;

	if (c->state != CLIENT_FAILED || op->res.status == STMFW_OK)
		return;
	c->state = CLIENT_IDLE; /* the user may connect again from the callback */
	stmfw__engine_end_waiting_as(c, &op->res);
}

static void connect_told(struct op *op)
{
	struct stmfw_client *c = op->client;

	if (c->state != CLIENT_GREETED)
		return;
	c->state = CLIENT_READY;
	stmfw__engine_pump(c);
}

static const struct op_kind connect_kind = { .name = "connect",
					     .next = connect_next,
					     .dropped = connect_dropped,
					     .ended = connect_ended,
					     .telling = connect_telling,
					     .told = connect_told };

/* ---- the public calls ---- */

static int remember_peer(struct stmfw_client *c, const char *text)
{
	char *peer = stmfw__mem_resize(&c->mem, c->peer, strlen(text) + 1);

	if (!peer)
		return STMFW_ENOMEM;
	memcpy(peer, text, strlen(text) + 1);
	c->peer = peer;
	return STMFW_OK;
}

static int make_op(struct op **op, struct stmfw_client *c, const char *peer, stmfw_done_cb cb,
		   void *arg)
{
	int err = remember_peer(c, peer);

	return err ? err : stmfw__op_new(op, c, &connect_kind, sizeof(struct connect), cb, arg);
}

static void start(struct op *op, stmfw_op *out)
{
	struct stmfw_client *c = op->client;

	op->res.op = ++c->last_op;
	if (out)
		*out = op->res.op;
	op->started_ns = uv_hrtime();
	op->state = OP_RUNNING;
	c->running = op;
	c->state = CLIENT_CONNECTING;
	uv_update_time(c->loop);
	begin(op);
}

int stmfw_client_connect(stmfw_client *c, const char *address, stmfw_done_cb cb, void *arg,
			 stmfw_op *out)
{
	stmfw_address parsed;
	struct op *op;

	if (!c || stmfw_address_parse(&parsed, address) != STMFW_OK)
		return STMFW_EINVAL;
	if (c->state != CLIENT_IDLE)
		return STMFW_ESTATE;
	int err = make_op(&op, c, parsed.text, cb, arg);
	if (err)
		return err;
	struct connect *job = op->job;
	uv_update_time(c->loop);
	job->until = uv_now(c->loop) + c->opts.connect_wait_ms;
	job->pause_ms = FIRST_PAUSE_MS;
	c->connect_ms = c->opts.connect_timeout_ms;
	start(op, out);
	return STMFW_OK;
}

int stmfw_client_spawn(stmfw_client *c, const stmfw_spawn_opts *opts, stmfw_done_cb cb, void *arg,
		       stmfw_op *out)
{
	stmfw_spawn_opts o = { 0 };
	struct op *op;
	char peer[SPAWN_NAME_SIZE];

	if (!c || !opts || stmfw__copy_opts(&o, sizeof(o), opts) != STMFW_OK || !o.argv ||
	    !o.argv[0] || !*o.argv[0])
		return STMFW_EINVAL;
	if (c->state != CLIENT_IDLE)
		return STMFW_ESTATE;
	stmfw__spawn_name(peer, o.argv);
	int err = make_op(&op, c, peer, cb, arg);
	if (err)
		return err;
	struct connect *job = op->job;
	job->argv = stmfw__spawn_argv(&op->arena, &o);
	if (!job->argv) {
		stmfw__op_free(op);
		return STMFW_ENOMEM;
	}
	c->connect_ms = o.timeout_ms ? o.timeout_ms : SPAWN_TIMEOUT_MS;
	start(op, out);
	return STMFW_OK;
}
