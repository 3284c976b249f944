/* SPDX-License-Identifier: MIT */
/*
 * What OpenOCD says to people, byte by byte, into lines worth telling.
 *
 * A console redraws its prompt with backspaces: that is undone.
 */
#ifndef STMFW_LINES_H
#define STMFW_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
	char text[1024]; /* the line so far, NUL-terminated; what is longer is cut */
	size_t length;
	bool ended; /* the next byte begins another line */
};

/* True: with this byte a line has ended, perhaps an empty one; l->text has it until the next. */
bool stmfw__lines_take(struct lines *l, char byte);
/* Is it what OpenOCD's log shows of a reply to us or another client of this library? */
bool stmfw__lines_is_reply(const struct lines *l);

#endif
