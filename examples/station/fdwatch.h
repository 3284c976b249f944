/* SPDX-License-Identifier: MIT */
/*
 * Watching the socket of a library that opens and closes it as it likes.
 *
 * Stop before each call into that library, set after it: a number that was closed may belong to
 * somebody else by then, and the loop must not have it any more.
 */
#ifndef FDWATCH_H
#define FDWATCH_H

#include <stdbool.h>
#include <uv.h>

struct fdwatch {
	uv_loop_t *loop;
	void (*ready)(void *arg); /* it is stopped then */
	void *arg;
	uv_poll_t *poll;
};

/* events: UV_READABLE, UV_WRITABLE. False: no memory, or no such socket. */
bool fdwatch_set(struct fdwatch *w, int fd, int events);
void fdwatch_stop(struct fdwatch *w);

#endif
