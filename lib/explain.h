/* SPDX-License-Identifier: MIT */
/*
 * From OpenOCD's words to what they mean for the person at the board.
 *
 * Only ever used on commands that have failed: text never decides whether something succeeded.
 */
#ifndef STMFW_EXPLAIN_H
#define STMFW_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

struct explanation {
	const char *words;  /* found in OpenOCD's result or log           */
	int status;         /* the better status                          */
	const char *advice; /* what to do next                            */
};

/* NULL: nothing known. */
const struct explanation *stmfw__explain(const char *result, const char *log);
/* General advice for a status; "" if there is none. */
const char *stmfw__advice(int status);
/* One line: the errors among the lines that a process has printed, or its last line. False: there
   are none. */
bool stmfw__last_words(char *out, size_t size, const char *words);
/* One line: the result if it says something, else the log, without stack traces. */
void stmfw__reason(char *out, size_t size, const char *result, const char *log);

#endif
