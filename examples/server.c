/* SPDX-License-Identifier: MIT */
/* Which OpenOCD, as people write it on a command line. The library knows addresses; commands are ours. */
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char exec_prefix[] = "exec:";

/* Copies one word to *to, NUL included, and moves both behind it. False: a quote without its end. */
static bool cut_word(const char **from, char **to)
{
	char quote = '\0';

	for (; **from; (*from)++) {
		char c = **from;

		if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? '\0' : c;
		} else if (!quote && strchr(" \t\n", c)) {
			break;
		} else {
			if (c == '\\' && quote != '\'' && (*from)[1])
				c = *++*from;
			*(*to)++ = c;
		}
	}
	*(*to)++ = '\0';
	return quote == '\0';
}

/* The array and the words are one piece of memory. */
static char **split(const char *text)
{
	size_t length = strlen(text), count = 0;
	size_t most = length / 2 + 2; /* words, and the NULL behind them */
	char **words = malloc(most * sizeof(*words) + length + most);

	if (!words)
		return NULL;
	for (char *to = (char *)(words + most);;) {
		text += strspn(text, " \t\n");
		words[count] = NULL;
		if (*text == '\0')
			break;
		words[count++] = to;
		if (!cut_word(&text, &to)) {
			count = 0;
			break;
		}
	}
	if (count > 0 && *words[0])
		return words;
	free(words);
	return NULL;
}

bool server_parse(struct server *s, const char *text)
{
	struct server parsed = { .argv = NULL };

	if (strncmp(text, exec_prefix, strlen(exec_prefix)) == 0) {
		parsed.argv = split(text + strlen(exec_prefix));
		if (!parsed.argv)
			return false;
		snprintf(parsed.text, sizeof(parsed.text), "%s", text);
		parsed.address.is_local = 1;
	} else {
		if (stmfw_address_parse(&parsed.address, text) != STMFW_OK)
			return false;
		snprintf(parsed.text, sizeof(parsed.text), "%s", parsed.address.text);
	}
	server_free(s);
	*s = parsed;
	return true;
}

void server_free(struct server *s)
{
	free(s->argv);
	s->argv = NULL;
}

bool server_is_ssh(const char *program)
{
	const char *slash = strrchr(program, '/');

	return strcmp(slash ? slash + 1 : program, "ssh") == 0;
}
