/* SPDX-License-Identifier: MIT */
/*
 * fake_console.h - OpenOCD's telnet console as a skin around a TCL port: typed lines become
 * requests of that port, its replies become what the console prints. It echoes, redraws its prompt
 * around what others cause to be logged, and refuses what the real one would drop.
 */
#ifndef FAKE_CONSOLE_H
#define FAKE_CONSOLE_H

#include <stdbool.h>

#include "fake_text.h"

struct console {
	size_t line_limit;
	bool silent;         /* it does not even echo              */
	struct bytes line;   /* typed so far                       */
	struct bytes pieces; /* of a request, typed so far         */
	char name[40];       /* of the variable that these are for */
	unsigned int noise;  /* counts what was printed            */
};

void console_free(struct console *c);
/* What it says first, and it is silent no more. */
void console_greet(struct console *c, struct bytes *out);
/* Bytes were typed: their echo goes to `out`, whole requests with 0x1a behind each to `requests`. */
void console_type(struct console *c, struct bytes *requests, struct bytes *out, const char *bytes,
		  size_t length);
/* Lines that are logged while our command runs. */
void console_log(struct bytes *out, const char *lines, size_t length);
/* The result of our command, and the prompt; now and then with the reply to somebody else around. */
void console_reply(struct console *c, struct bytes *out, const char *frame, size_t length);

#endif
