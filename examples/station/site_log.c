/* SPDX-License-Identifier: MIT */
/* See site_log.h. */
#include "site_log.h"

#include <string.h>

/* FNV-1a, 64 bits, of all but the digits. */
static uint64_t digest(const char *line)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (; *line; line++)
		if (*line < '0' || *line > '9')
			sum = (sum ^ (unsigned char)*line) * 0x100000001b3u;
	return sum;
}

bool site_log_is_news(struct site_log *log, const char *line)
{
	uint64_t sum = digest(line);

	for (unsigned int i = 0; i < SITE_LOG_LINES; i++)
		if (log->told[i] == sum)
			return false;
	log->told[log->next] = sum;
	log->next = (log->next + 1) % SITE_LOG_LINES;
	return true;
}

void site_log_forget(struct site_log *log)
{
	memset(log, 0, sizeof(*log));
}
