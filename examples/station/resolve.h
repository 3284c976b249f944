/* SPDX-License-Identifier: MIT */
/*
 * Names of hosts to addresses, beside the loop. The libraries that connect would ask the resolver
 * themselves, and stand still until it answers; so they are given addresses only.
 */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <uv.h>

#define RESOLVE_MOST 8
#define RESOLVE_TEXT 64

struct resolved {
	char addresses[RESOLVE_MOST][RESOLVE_TEXT]; /* numeric */
	unsigned int count;
};

struct resolve;
/* why: NULL, or why there is none. */
typedef void (*resolve_done)(void *arg, const struct resolved *found, const char *why);

/* Calls done later, once. NULL: not enough memory. */
struct resolve *resolve_start(uv_loop_t *loop, const char *host, resolve_done done, void *arg);
/* done is not called any more. Only before it was. */
void resolve_forget(struct resolve *r);

#endif
