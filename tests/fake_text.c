/* SPDX-License-Identifier: MIT */
/* fake_text.c - see fake_text.h. */
#include "fake_text.h"

#include <stdlib.h>
#include <string.h>

#include "fake_ocd.h"

void *grow(void *old, size_t size)
{
	void *new = realloc(old, size);

	INSIST(new != NULL, "malloc");
	return new;
}

void bytes_add(struct bytes *b, const void *data, size_t length)
{
	if (b->room - b->length < length) {
		b->room = 2 * b->room + length + 256;
		b->at = grow(b->at, b->room);
	}
	if (length)
		memcpy(b->at + b->length, data, length);
	b->length += length;
}

void bytes_add_text(struct bytes *b, const char *text)
{
	bytes_add(b, text, strlen(text));
}

void bytes_drop(struct bytes *b, size_t length)
{
	b->length -= length;
	memmove(b->at, b->at + length, b->length);
}

void bytes_free(struct bytes *b)
{
	free(b->at);
	memset(b, 0, sizeof(*b));
}

const char *text_find(const char *in, size_t length, const char *what)
{
	size_t n = strlen(what);

	for (size_t i = 0; i + n <= length; i++)
		if (memcmp(in + i, what, n) == 0)
			return in + i;
	return NULL;
}

/* One character; *at is behind its backslash. */
static char decode_escape(const char **at, const char *end)
{
	const char *p = *at;
	unsigned int value = 0;
	int digits = 0;

	INSIST(p < end, "request ends in a backslash");
	while (digits < 3 && p < end && *p >= '0' && *p <= '7') {
		value = value * 8 + (unsigned int)(*p++ - '0');
		digits++;
	}
	if (digits == 0) {
		INSIST(strchr("\\\"$[]{}", *p) != NULL, "odd escape \\%c", *p);
		value = (unsigned char)*p++;
	}
	*at = p;
	return (char)value;
}

const char *text_decode_word(struct bytes *word, const char *p, const char *end)
{
	while (p < end && *p != '"') {
		char c = *p++;

		INSIST(c != '$' && c != '[', "unquoted %c in a request", c);
		if (c == '\\')
			c = decode_escape(&p, end);
		bytes_add(word, &c, 1);
	}
	INSIST(p < end, "request without a closing quote");
	return p;
}
