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
	unsigned int skip; /* so many lines more belong to a repeated reply */
};

/* True: with this byte a line has ended, perhaps an empty one; l->text has it until the next. */
bool stmfw__lines_take(struct lines *l, char byte);
/* To be asked for each line, empty ones too: is it a part of a reply to us or another client of this library?
   OpenOCD repeats all of them in its log. */
bool stmfw__lines_is_reply(struct lines *l);

#endif
