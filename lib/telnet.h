/* SPDX-License-Identifier: MIT */
/*
 * OpenOCD's telnet console, made to look like its TCL port.
 *
 * It turns a request of the TCL port into lines that can be typed, and what the console prints into
 * frames of the TCL port and lines of log. No socket, no loop.
 */
#ifndef STMFW_TELNET_H
#define STMFW_TELNET_H

#include "buf.h"

struct telnet;

struct telnet_events {
	/* Of the TCL port's language; a line of log. */
	void (*bytes)(void *owner, const char *bytes, size_t length);
	void (*said)(void *owner, const char *line, size_t length);
};

/* NULL: no memory. */
struct telnet *stmfw__telnet_new(const struct mem *mem, const struct telnet_events *events,
				 void *owner);
void stmfw__telnet_free(struct telnet *t, const struct mem *mem);
/* The longest line that the console takes. It begins with the shortest of all versions. */
void stmfw__telnet_set_line_limit(struct telnet *t, size_t limit);
/* Replace a request, in place, by its lines. Returns 0 or UV_ENOMEM. */
int stmfw__telnet_request(struct telnet *t, struct buf *request, const char *nonce);
void stmfw__telnet_feed(struct telnet *t, const char *bytes, size_t length);

#endif
