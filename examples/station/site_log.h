/* SPDX-License-Identifier: MIT */
/* What OpenOCD says while there is no board is the same with every look: it is told once. */
#ifndef SITE_LOG_H
#define SITE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#define SITE_LOG_LINES 64u

struct site_log {
	uint64_t told[SITE_LOG_LINES]; /* digests of the last lines that were news; 0: none */
	unsigned int next;
};

/* Not told before, whatever its numbers: a voltage or a pid is another one each time. */
bool site_log_is_news(struct site_log *log, const char *line);
/* A board is in work: from now on all is news. */
void site_log_forget(struct site_log *log);

#endif
