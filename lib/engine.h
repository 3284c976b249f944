/* SPDX-License-Identifier: MIT */
/*
 * The client: one connection, a queue of operations, one of them running; and what engine.c does
 * with it. The public functions of the handle are in client.c.
 */
#ifndef STMFW_ENGINE_H
#define STMFW_ENGINE_H

#include <uv.h>

#include "conn.h"
#include "op.h"

enum client_state {
	CLIENT_IDLE,       /* no connection                                      */
	CLIENT_CONNECTING, /* until it is one, or is given up                    */
	CLIENT_FAILED,     /* given up, and the user has not been told           */
	CLIENT_GREETED,    /* it is one, and the user has not been told          */
	CLIENT_READY,      /* what waits is sent, in this state alone            */
	CLIENT_CLOSING
};

struct stmfw_client {
	struct mem mem;
	uv_loop_t *loop;
	void *data;
	enum client_state state;
	stmfw_client_opts opts; /* with the defaults filled in; alloc is not used */

	struct conn *conn;     /* NULL: none                                       */
	unsigned int conns;    /* with those that libuv has not let go of yet      */
	char *peer;            /* for messages; an address (not a child) also for another try */
	uint32_t connect_ms;   /* what connecting may take, this time              */
	struct reader reader;
	uint64_t salt;
	uint64_t requests;
	stmfw_server server;
	struct arena server_arena;

	uint64_t last_op;
	struct op *running;
	struct list ahead;  /* sent already, will run next, in this order */
	unsigned int ahead_count;
	struct list waiting;
	unsigned int waiting_count;

	stmfw_event_cb event;
	void *event_arg;

	struct list deliveries;
	struct delivery lost;
	stmfw_result lost_result;
	char lost_text[512];
	bool overdue;       /* the deadline has passed, and the socket gets a last look */
	bool shutting_down; /* the end of the connection is what was asked for */

	uv_timer_t deadline;
	uv_idle_t awake;    /* keeps the loop from sleeping while deliveries wait */
	uv_check_t deliver; /* runs them                                          */
	int handles;
	stmfw_close_cb close_cb;
	void *close_arg;
};

static inline bool client_is_connected(const struct stmfw_client *c)
{
	return c->state == CLIENT_GREETED || c->state == CLIENT_READY;
}

extern const struct conn_events stmfw__engine_conn_events;
void stmfw__engine_conn_failed(void *client, const struct conn_end *end);
/* Start the next operation if there is one and nothing runs. */
void stmfw__engine_pump(struct stmfw_client *c);
/* Make the current operation's next move. */
void stmfw__engine_advance(struct op *op, const struct reply *last);
/* The operation ends; its result goes to the user later. */
void stmfw__engine_finish(struct op *op);
/* The connection, if any, is dropped. The running operation ends with this status, all others with
   STMFW_ELOST, or STMFW_ECANCELED if this is that; but not those that wait for a connection. */
void stmfw__engine_drop(struct stmfw_client *c, int status, int uv_status, const char *text);
/* All that wait end as another one did. */
void stmfw__engine_end_waiting_as(struct stmfw_client *c, const stmfw_result *other);
void stmfw__engine_start_deadline(struct stmfw_client *c, uint32_t ms);
void stmfw__engine_cancel(struct op *op);
/* Closing, and nothing left to tell or to wait for: let go of the handles, then the memory. */
void stmfw__engine_close_if_quiet(struct stmfw_client *c);

#endif
