/* SPDX-License-Identifier: MIT */
/*
 * The ways in: how a stream to OpenOCD comes about. A file for each, dial_*.c; conn.c does what
 * they have in common.
 */
#ifndef STMFW_DIAL_H
#define STMFW_DIAL_H

#include "conn.h"
#include "telnet.h"

enum conn_state {
	CONN_DIALING, /* the way in is on its way                                    */
	CONN_OPEN,
	CONN_ENDING,  /* it has ended; the way in is finding out why, and will tell  */
	CONN_CLOSING  /* waiting for libuv                                           */
};

struct dialer {
	size_t size; /* of its own state, conn->dial */
	/* Make the stream, conn->io, and have it connected; then conn_opened(), or conn_fail(). */
	void (*begin)(struct conn *conn, const struct conn_params *params);
	/* The stream has ended: set CONN_ENDING, find out why, conn_fail(). NULL: it says all. */
	void (*ended)(struct conn *conn, int uv_status);
	/* Bytes have come: tell what was said before them. NULL: nothing can have been. */
	void (*catch_up)(struct conn *conn);
	/* Closing: let go of what is not the stream. */
	void (*stop)(struct conn *conn);
	/* Nothing of libuv's points here any more: free memory. May be NULL. */
	void (*release)(struct conn *conn);
};

struct conn {
	const struct mem *mem;
	uv_loop_t *loop;
	struct conn_events events;
	void *owner;
	const struct dialer *dialer;
	void *dial; /* the dialer's own state */
	enum conn_state state;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} io;
	bool has_stream;        /* `io` is an open handle                                 */
	int held;               /* things of libuv's that still point here                */
	bool writing;
	uv_write_t write;
	struct buf output;
	struct telnet *telnet;  /* NULL: the peer speaks the TCL port's language itself   */
};

extern const struct dialer stmfw__dial_tcp;
extern const struct dialer stmfw__dial_unix;
extern const struct dialer stmfw__dial_child;

/* The stream has been made, its handle initialised. */
void stmfw__conn_has_stream(struct conn *conn);
/* Close it, to try another one. */
void stmfw__conn_drop_stream(struct conn *conn, uv_close_cb closed);
/* Something of libuv's points to conn; and does no more. */
void stmfw__conn_hold(struct conn *conn);
void stmfw__conn_let_go(struct conn *conn);
/* Close a handle whose data is conn, once, and let go. */
void stmfw__conn_close_handle(uv_handle_t *handle);
/* The stream is connected. Returns 0 or a libuv code. */
int stmfw__conn_opened(struct conn *conn);
void stmfw__conn_fail(struct conn *conn, const struct conn_end *end);
void stmfw__conn_fail_status(struct conn *conn, int uv_status);

#endif
