/* SPDX-License-Identifier: MIT */
/* The terminal board: a viewer that has keys. */
#ifndef VIEW_TERM_H
#define VIEW_TERM_H

#include <uv.h>

#include "event.h"

/* What keys ask for, called on the loop; each may be asked for again. */
struct term_calls {
	void *arg;
	void (*release)(void *arg, unsigned int site); /* it is locked */
	void (*pause)(void *arg, bool pause);
	void (*stop)(void *arg); /* after the boards in work */
	void (*quit)(void *arg); /* at their next safe border */
};

/* Is stdout a terminal that shows a board, with us in front, and nobody asked for less? */
bool view_term_is_possible(bool json, bool quiet);

/*
 * The screen is taken at EVENT_BEGIN and given back by close, or by exit(). The loop need not be
 * initialised before EVENT_BEGIN; after close it has to run until the handles here are closed, which
 * takes a second at most, even if the terminal is stuck. Keys are read if stdin is a terminal: Ctrl-C
 * then comes as SIGINT to this process alone. Where the screen cannot be had, plain lines are
 * shown. NULL: not enough memory.
 */
struct viewer *view_term_new(const char *tool, uv_loop_t *loop, const struct term_calls *calls);

#endif
