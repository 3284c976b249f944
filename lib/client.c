/* SPDX-License-Identifier: MIT */
/*
 * The client handle: made, cancelled, closed. connect.c connects it.
 *
 *            new                   hello answered      told
 *   nothing ----> IDLE --connect--> CONNECTING --> GREETED --> READY
 *                  ^ ^                  |              |         |
 *                  | +------ lost ------|--------------+---------+
 *                  +- told -- FAILED <--+
 *   any --close--> CLOSING --> results delivered --> handles closed --> released --> close callback
 */
#include "deliver.h"
#include "engine.h"

#include "opts.h"

/* ---- making one ---- */

static void fill_defaults(stmfw_client_opts *o)
{
	if (o->connect_timeout_ms == 0)
		o->connect_timeout_ms = 5000;
	if (o->command_timeout_ms == 0)
		o->command_timeout_ms = 10000;
	if (o->flash_timeout_ms == 0)
		o->flash_timeout_ms = 120000;
	if (o->queue_limit == 0)
		o->queue_limit = 64;
	if (o->reply_limit == 0)
		o->reply_limit = (size_t)4 << 20;
}

int stmfw_client_new(stmfw_client **out, struct uv_loop_s *loop, const stmfw_client_opts *opts)
{
	stmfw_client_opts filled = { 0 };
	struct mem mem;

	if (!out || !loop || (opts && stmfw__copy_opts(&filled, sizeof(filled), opts)) ||
	    (unsigned int)filled.transfer > STMFW_TRANSFER_INLINE)
		return STMFW_EINVAL;
	fill_defaults(&filled);
	stmfw__mem_init(&mem, filled.alloc);
	struct stmfw_client *c = stmfw__mem_alloc(&mem, sizeof(*c));
	if (!c)
		return STMFW_ENOMEM;
	c->mem = mem;
	c->loop = loop;
	c->opts = filled;
	c->state = CLIENT_IDLE;
	list_init(&c->waiting);
	list_init(&c->ahead);
	stmfw__reader_init(&c->reader, &c->mem, filled.reply_limit);
	stmfw__arena_init(&c->server_arena, &c->mem);
	if (uv_random(NULL, NULL, &c->salt, sizeof(c->salt), 0, NULL) != 0)
		c->salt = uv_hrtime();
	uv_timer_init(loop, &c->deadline);
	c->deadline.data = c;
	stmfw__deliver_init(c);
	c->handles = 3;
	*out = c;
	return STMFW_OK;
}

/* ---- closing ---- */

int stmfw_client_close(stmfw_client *c, stmfw_close_cb cb, void *arg)
{
	if (!c)
		return STMFW_EINVAL;
	if (c->state == CLIENT_CLOSING)
		return STMFW_ESTATE;
	c->state = CLIENT_CLOSING;
	c->close_cb = cb;
	c->close_arg = arg;
	stmfw__deliver_only_results(c);
	stmfw__engine_drop(c, STMFW_ECANCELED, 0, "the client was closed");
	stmfw__engine_close_if_quiet(c);
	return STMFW_OK;
}

/* ---- the rest ---- */

int stmfw_cancel(stmfw_client *c, stmfw_op id)
{
	if (!c)
		return STMFW_EINVAL;
	if (c->running && c->running->res.op == id) {
		if (c->state == CLIENT_CONNECTING)
			stmfw__engine_drop(c, STMFW_ECANCELED, 0, "connecting was canceled");
		else
			stmfw__engine_cancel(c->running);
		return STMFW_OK;
	}
	for (struct list *l = c->ahead.next; l != &c->ahead; l = l->next)
		if (LIST_ITEM(l, struct op, link)->res.op == id)
			return STMFW_OK; /* it has been sent: its true result is on its way */
	for (struct list *l = c->waiting.next; l != &c->waiting; l = l->next) {
		struct op *op = LIST_ITEM(l, struct op, link);

		if (op->res.op == id) {
			stmfw__engine_cancel(op);
			return STMFW_OK;
		}
	}
	return STMFW_ESTATE;
}

int stmfw_client_is_connected(const stmfw_client *c)
{
	return c && client_is_connected(c);
}

const stmfw_server *stmfw_client_server(const stmfw_client *c)
{
	return stmfw_client_is_connected(c) ? &c->server : NULL;
}

void stmfw_client_set_data(stmfw_client *c, void *data)
{
	if (c)
		c->data = data;
}

void *stmfw_client_data(const stmfw_client *c)
{
	return c ? c->data : NULL;
}
