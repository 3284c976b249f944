/* SPDX-License-Identifier: MIT */
/*
 * One connection to an OpenOCD, of whatever kind, from where it is to the end.
 *
 * It knows nothing of operations. Requests and replies are those of the TCL port, whatever the way:
 * a telnet console is made to look like one. A conn is used once: after it has failed or been
 * closed it releases itself, as soon as libuv has let go of it, and says so with `gone`.
 */
#ifndef STMFW_CONN_H
#define STMFW_CONN_H

#include <stdbool.h>
#include <uv.h>

#include "buf.h"

struct conn;

/* How a connection ended, or why it never was. Texts are valid during the event. */
struct conn_end {
	int uv_status;     /* UV_EOF: hung up                                          */
	const char *how;   /* what happened, in words; NULL: uv_status says it all     */
	const char *words; /* what OpenOCD said last, if it is our child; "" otherwise */
};

struct conn_events {
	void (*opened)(void *owner);
	void (*bytes)(void *owner, const char *bytes, size_t length);
	/* A line that OpenOCD says of itself, while it works. Only where conn_tells(). */
	void (*said)(void *owner, const char *line, size_t length);
	/* Only `gone` follows. */
	void (*failed)(void *owner, const struct conn_end *end);
	void (*gone)(void *owner);
};

struct conn_params {
	uv_loop_t *loop;
	const struct mem *mem;
	const stmfw_address *address; /* or a child, of which argv is: */
	char **argv;                  /* argv[0] is looked up in PATH  */
	uint32_t timeout_ms;          /* each address of a host gets its share */
	struct conn_events events;
	void *owner;
};

/* Starts connecting; nothing of params but loop and mem is needed afterwards. Events come from the
   loop, but for these: `opened` and `failed` may come before this returns, with *out set. */
int stmfw__conn_open(struct conn **out, const struct conn_params *params);
/* Whether lines come with `said`. */
bool stmfw__conn_tells(const struct conn *conn);
/* Whether OpenOCD's stdin and stdout are the connection. */
bool stmfw__conn_is_child(const struct conn *conn);
/* Whether several requests may be sent at once. */
bool stmfw__conn_can_pipeline(const struct conn *conn);
/* Whether target notifications can come. */
bool stmfw__conn_notifies(const struct conn *conn);
/* The longest line that a console takes, once it is known which OpenOCD this is. */
void stmfw__conn_set_line_limit(struct conn *conn, size_t limit);
/* Where the next request is to be written, for conn_send(). NULL while the last is not out. */
struct buf *stmfw__conn_output(struct conn *conn);
/* Sends all of the output at once; its answer begins with the nonce. Returns 0 or a libuv code. */
int stmfw__conn_send(struct conn *conn, const char *nonce);
/* No event but `gone` after this. */
void stmfw__conn_close(struct conn *conn);

#endif
