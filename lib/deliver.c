/* SPDX-License-Identifier: MIT */
/*
 * The one place that calls the user.
 *
 * Whatever is to be told is put into a queue; a check handle empties it right after the loop has
 * polled, and an idle handle keeps the loop from sleeping while something waits. So no callback
 * ever runs inside a function that the user called, and every function may be called from every
 * callback. (Not a zero-length timer: before libuv 1.48 one that is armed anew from its own
 * callback starves I/O.)
 *
 * A delivery is taken off the queue before it runs. The client cannot go away meanwhile: closing
 * always ends in a later phase of the loop.
 */
#include <stdio.h>
#include <string.h>

#include "deliver.h"
#include "engine.h"
#include "explain.h"
#include "parse.h"

static void on_awake(uv_idle_t *idle)
{
	(void)idle; /* being active is all it is for */
}

static void on_deliver(uv_check_t *check)
{
	struct stmfw_client *c = check->data;
	size_t count = 0;

	/* What the callbacks add waits for the next turn, so that other sockets get theirs. */
	for (struct list *l = c->deliveries.next; l != &c->deliveries; l = l->next)
		count++;
	while (count-- > 0) {
		struct list *l = list_pop(&c->deliveries);

		if (!l)
			break;
		struct delivery *d = LIST_ITEM(l, struct delivery, link);
		d->run(c, d);
	}
	if (list_is_empty(&c->deliveries)) {
		uv_idle_stop(&c->awake);
		uv_check_stop(&c->deliver);
	}
	stmfw__engine_close_if_quiet(c);
}

void stmfw__deliver_init(struct stmfw_client *c)
{
	list_init(&c->deliveries);
	list_init(&c->lost.link);
	c->lost.needs_open_client = true;
	uv_idle_init(c->loop, &c->awake);
	uv_check_init(c->loop, &c->deliver);
	c->awake.data = c->deliver.data = c;
}

static void wake(struct stmfw_client *c)
{
	uv_idle_start(&c->awake, on_awake);
	uv_check_start(&c->deliver, on_deliver);
}

void stmfw__deliver_soon(struct stmfw_client *c, struct delivery *d,
			 void (*run)(struct stmfw_client *c, struct delivery *d))
{
	list_remove(&d->link);
	d->run = run;
	list_append(&c->deliveries, &d->link);
	wake(c);
}

/* ---- results ---- */

static void run_result(struct stmfw_client *c, struct delivery *d)
{
	struct op *op = LIST_ITEM(d, struct op, delivery);

	if (op->kind->telling)
		op->kind->telling(op);
	if (op->cb)
		op->cb(c, &op->res, op->arg);
	if (op->kind->told)
		op->kind->told(op);
	stmfw__op_free(op);
}

void stmfw__deliver_result(struct op *op)
{
	stmfw__deliver_soon(op->client, &op->delivery, run_result);
}

/* ---- pieces and progress ---- */

static void run_offer(struct stmfw_client *c, struct delivery *d)
{
	struct op *op = LIST_ITEM(d, struct op, delivery);

	op->kind->offer(op);
	/* The user may have closed the client, which finished this operation: then it is still in
	   the queue of deliveries, and no longer the running one. */
	if (op->state == OP_OFFERING && c->running == op)
		stmfw__engine_advance(op, NULL);
}

void stmfw__deliver_offer(struct op *op)
{
	stmfw__deliver_soon(op->client, &op->delivery, run_offer);
}

/* ---- the connection broke ---- */

static void run_lost(struct stmfw_client *c, struct delivery *d)
{
	(void)d;
	c->opts.lost(c, &c->lost_result, c->opts.lost_arg);
}

void stmfw__deliver_lost(struct stmfw_client *c, int status, int uv_status, const char *text)
{
	if (!c->opts.lost)
		return;
	snprintf(c->lost_text, sizeof(c->lost_text), "%s", text);
	c->lost_result = (stmfw_result){ .status = status,
					 .outcome = STMFW_FINISHED,
					 .uv_status = uv_status,
					 .step = "connection",
					 .text = c->lost_text,
					 .text_len = strlen(c->lost_text),
					 .log = "",
					 .advice = stmfw__advice(status) };
	stmfw__deliver_soon(c, &c->lost, run_lost);
}

/* ---- notifications and log lines ---- */

struct message {
	struct delivery delivery;
	stmfw_event_cb event; /* the one that was asked for when the record came */
	void *event_arg;
	char text[];
};

static void post_message(struct stmfw_client *c, const char *text, size_t length,
			 void (*run)(struct stmfw_client *c, struct delivery *d))
{
	struct message *m = stmfw__mem_alloc(&c->mem, sizeof(*m) + length + 1);

	if (!m)
		return;
	list_init(&m->delivery.link);
	m->delivery.needs_open_client = true;
	m->event = c->event;
	m->event_arg = c->event_arg;
	memcpy(m->text, text, length);
	stmfw__deliver_soon(c, &m->delivery, run);
}

static stmfw_event read_event(char *record)
{
	static const struct {
		const char *prefix;
		enum stmfw_event_kind kind;
	} kinds[] = {
		{ "type target_state state ", STMFW_EVENT_STATE },
		{ "type target_event event ", STMFW_EVENT_EVENT },
		{ "type target_reset mode ", STMFW_EVENT_RESET },
	};

	record = stmfw__trim(record);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i].prefix);

		if (strncmp(record, kinds[i].prefix, n) == 0)
			return (stmfw_event){ .kind = kinds[i].kind, .name = record + n };
	}
	return (stmfw_event){ .kind = STMFW_EVENT_OTHER, .name = record };
}

static void run_event(struct stmfw_client *c, struct delivery *d)
{
	struct message *m = LIST_ITEM(d, struct message, delivery);
	const stmfw_event event = read_event(m->text);

	m->event(c, &event, m->event_arg);
	stmfw__mem_free(&c->mem, m);
}

void stmfw__deliver_event(struct stmfw_client *c, const char *record, size_t length)
{
	if (c->event)
		post_message(c, record, length, run_event);
}

static void run_log(struct stmfw_client *c, struct delivery *d)
{
	struct message *m = LIST_ITEM(d, struct message, delivery);
	char *rest = m->text;
	char *line;

	/* The log callback may close the client: then the rest is not told. */
	while (c->state != CLIENT_CLOSING && (line = stmfw__next_piece(&rest, '\n')))
		if (*line)
			c->opts.log(c, line, c->opts.log_arg);
	stmfw__mem_free(&c->mem, m);
}

void stmfw__deliver_log(struct stmfw_client *c, const char *log, size_t length)
{
	if (c->opts.log && length)
		post_message(c, log, length, run_log);
}

/* ---- closing ---- */

void stmfw__deliver_only_results(struct stmfw_client *c)
{
	struct list *next;

	for (struct list *l = c->deliveries.next; l != &c->deliveries; l = next) {
		struct delivery *d = LIST_ITEM(l, struct delivery, link);

		next = l->next;
		if (!d->needs_open_client)
			continue;
		list_remove(l);
		if (d != &c->lost)
			stmfw__mem_free(&c->mem, LIST_ITEM(d, struct message, delivery));
	}
}
