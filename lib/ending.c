/* SPDX-License-Identifier: MIT */
/* How a connection ended, in words: see ending.h. */
#include "ending.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain.h"

/* "OpenOCD at 127.0.0.1:6666: closed the connection" */
static size_t describe_end(char text[ENDING_TEXT], const struct stmfw_client *c,
			   const struct conn_end *end)
{
	const char *how = end->how ? end->how : uv_strerror(end->uv_status);

	if (!end->how && end->uv_status == UV_EOF)
		how = "closed the connection";
	int n = snprintf(text, ENDING_TEXT, "OpenOCD at %s: %s", c->peer, how);

	return n < ENDING_TEXT ? (size_t)n : ENDING_TEXT - 1;
}

/* What a child said before it ended, and what that means. */
static void add_last_words(char text[ENDING_TEXT], struct stmfw_client *c,
			   const struct conn_end *end)
{
	const struct explanation *why = stmfw__explain(end->words, "");
	size_t n = strlen(text);
	char words[320];

	if (c->running && (why || end->how))
		c->running->res.advice = why ? why->advice
					     : "Run the same command by hand and read what it prints.";
	if (stmfw__last_words(words, sizeof(words), end->words))
		snprintf(text + n, ENDING_TEXT - n, ". Its last words: \"%s\"", words);
}

void stmfw__ending_lost(char text[ENDING_TEXT], struct stmfw_client *c, const struct conn_end *end)
{
	size_t n = describe_end(text, c, end);

	snprintf(text + n, ENDING_TEXT - n, " during \"%s\"",
		 c->running ? c->running->res.step : "waiting");
	add_last_words(text, c, end);
}

void stmfw__ending_not_reached(char text[ENDING_TEXT], struct stmfw_client *c,
			       const struct conn_end *end)
{
	if (end->how)
		describe_end(text, c, end);
	else
		snprintf(text, ENDING_TEXT, "cannot reach OpenOCD at %s: %s", c->peer,
			 uv_strerror(end->uv_status));
	add_last_words(text, c, end);
}

void stmfw__ending_overdue(char text[ENDING_TEXT], const struct stmfw_client *c)
{
	if (c->state == CLIENT_CONNECTING && !c->running->unanswered)
		snprintf(text, ENDING_TEXT,
			 "cannot reach OpenOCD at %s: no connection within %" PRIu32 " ms", c->peer,
			 c->connect_ms);
	else if (c->state == CLIENT_CONNECTING)
		snprintf(text, ENDING_TEXT,
			 "%s: no answer within %" PRIu32 " ms. OpenOCD is busy or still starting, "
			 "or this is another service (a gdb port stays silent like this)",
			 c->peer, c->connect_ms);
	else
		snprintf(text, ENDING_TEXT,
			 "OpenOCD at %s did not answer \"%s\" within %" PRIu32 " ms", c->peer,
			 c->running->res.step, c->running->deadline_ms);
}

void stmfw__ending_stranger(char text[ENDING_TEXT], const struct stmfw_client *c, const char *bytes,
			    size_t length)
{
	const char *kind = stmfw__wire_guess_peer(bytes, length);
	char seen[41];
	size_t n = length < sizeof(seen) - 1 ? length : sizeof(seen) - 1;

	for (size_t i = 0; i < n; i++)
		seen[i] = bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.';
	seen[n] = '\0';
	if (kind)
		snprintf(text, ENDING_TEXT,
			 "%s answered, but not as an OpenOCD TCL port: it looks like %s", c->peer,
			 kind);
	else
		snprintf(text, ENDING_TEXT, "%s answered, but not as an OpenOCD TCL port: \"%s\"",
			 c->peer, seen);
}
