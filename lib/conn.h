/* SPDX-License-Identifier: MIT */
/*
 * One TCP connection, from the name of the host to the end. The only socket code.
 *
 * It knows nothing of commands. A conn is used once: after it has failed or been closed it
 * releases itself, as soon as libuv has let go of it, and says so with `gone`.
 *
 * The transport interface: another way in (telnet, a child process) would offer these same four
 * functions and three events.
 */
#ifndef STMFW_CONN_H
#define STMFW_CONN_H

#include <uv.h>

#include "buf.h"

struct conn;

struct conn_events {
	void (*opened)(void *owner);
	void (*bytes)(void *owner, const char *bytes, size_t length);
	/* Connecting failed, or the connection broke (UV_EOF: hung up). Only `gone` follows. */
	void (*failed)(void *owner, int uv_status);
	void (*gone)(void *owner);
};

/* Starts connecting; each address gets its share of timeout_ms. Events come from the loop only. */
int stmfw__conn_open(struct conn **out, uv_loop_t *loop, const struct mem *mem, const char *host,
		     uint16_t port, uint32_t timeout_ms, const struct conn_events *events,
		     void *owner);
/* Where the next request is to be written, for conn_send(). NULL while the last is not out. */
struct buf *stmfw__conn_output(struct conn *conn);
/* Sends all of the output at once. Returns 0 or a libuv code. */
int stmfw__conn_send(struct conn *conn);
/* No event but `gone` after this. */
void stmfw__conn_close(struct conn *conn);

#endif
