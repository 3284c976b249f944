/* SPDX-License-Identifier: MIT */
/* Records in lines: see image_text.h. */
#include "image_text.h"

#include <stdio.h>
#include <string.h>

#include "parse.h"

void stmfw__text_begin(struct text_reader *t, struct image_builder *b)
{
	const char *text = (const char *)b->source->bytes;

	*t = (struct text_reader){ .builder = b, .next = text, .end = text + b->source->length };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void take_line(struct text_reader *t)
{
	const char *first = t->next;
	const char *end = memchr(first, '\n', (size_t)(t->end - first));

	t->is_cut = !end;
	t->next = end ? end + 1 : t->end;
	if (!end)
		end = t->end;
	if (end > first && end[-1] == '\r')
		end--;
	while (end > first && is_blank(end[-1]))
		end--;
	while (first < end && is_blank(*first))
		first++;
	t->text = first;
	t->length = (size_t)(end - first);
	t->at.line++;
}

bool stmfw__text_next(struct text_reader *t)
{
	while (t->next < t->end) {
		take_line(t);
		if (t->length)
			return true;
	}
	return false;
}

static int bad_digit(struct text_reader *t, char c)
{
	if (c > 0x20 && c < 0x7f)
		return TEXT_FAIL(t, "'%c' is no hex digit", c);
	return TEXT_FAIL(t, "a character with code 0x%02x is no hex digit", (unsigned char)c);
}

static int bad_length(struct text_reader *t, size_t digits, size_t needed)
{
	if (digits > needed)
		return TEXT_FAIL(t, "the line has %zu digits more than its length byte says",
				 digits - needed);
	if (t->is_cut)
		return TEXT_FAIL(t, "the file ends in the middle of this line");
	return TEXT_FAIL(t, "the line has %zu digits less than its length byte says",
			 needed - digits);
}

int stmfw__text_bytes(struct text_reader *t, size_t skip, size_t extra, uint8_t bytes[RECORD_MOST],
		      uint8_t *sum)
{
	const char *digits = t->text + skip;
	size_t n = t->length - skip, needed = 2;
	unsigned int total = 0;

	for (size_t i = 0; i < n; i++)
		if (stmfw__hex_digit(digits[i]) < 0)
			return bad_digit(t, digits[i]);
	for (size_t i = 0; 2 * i < needed; i++) {
		if (n < needed)
			return bad_length(t, n, needed);
		bytes[i] = (uint8_t)(stmfw__hex_digit(digits[2 * i]) << 4 |
				     stmfw__hex_digit(digits[2 * i + 1]));
		total += bytes[i];
		needed = 2 * (bytes[0] + extra);
	}
	*sum = (uint8_t)total;
	return n == needed ? STMFW_OK : bad_length(t, n, needed);
}
