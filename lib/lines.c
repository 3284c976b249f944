/* SPDX-License-Identifier: MIT */
/* Lines out of what OpenOCD prints: see lines.h. */
#include "lines.h"

#include <string.h>

#include "wire.h"

#define PROMPT "> "

bool stmfw__lines_is_reply(const struct lines *l)
{
	return stmfw__wire_is_nonce(l->text);
}

static void begin(struct lines *l)
{
	l->length = 0;
	l->text[0] = '\0';
}

static void put(struct lines *l, char byte)
{
	if (l->length + 1 < sizeof(l->text))
		l->text[l->length++] = byte;
	l->text[l->length] = '\0';
}

static void rub_out(struct lines *l)
{
	if (l->length > 0)
		l->text[--l->length] = '\0';
}

static void drop_prompt(struct lines *l)
{
	size_t prompt = strlen(PROMPT);

	if (strncmp(l->text, PROMPT, prompt) != 0)
		return;
	l->length -= prompt;
	memmove(l->text, l->text + prompt, l->length + 1);
}

bool stmfw__lines_take(struct lines *l, char byte)
{
	if (l->ended)
		begin(l);
	l->ended = byte == '\n';
	switch (byte) {
	case '\n':
		drop_prompt(l);
		return true;
	case '\b':
		rub_out(l);
		return false;
	case '\r':
	case '\a':
	case '\0':
		return false;
	default:
		put(l, byte);
		return false;
	}
}
