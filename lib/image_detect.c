/* SPDX-License-Identifier: MIT */
/*
 * What kind of image is it, by its content alone.
 *
 * A damaged text must not pass for a binary, or its letters end up in flash. So any line that
 * begins like a record makes it a text, and be it behind a comment or a half line: its reader then
 * says what is wrong. (Code for a Cortex-M begins with a stack pointer and an address, which have
 * bytes that no text has.)
 */
#include <string.h>

#include "image.h"
#include "parse.h"

#define LOOKED_AT 4096u

static bool is_text(uint8_t c)
{
	return (c >= 0x20 && c <= 0x7e) || c == '\t' || c == '\r' || c == '\n';
}

/* The character at p, or what passes for any if the file ends before that. */
static bool hex_or_end(const uint8_t *p, const uint8_t *end)
{
	return p >= end || stmfw__hex_digit((char)*p) >= 0;
}

/* 0: not the beginning of a record. */
static enum stmfw_image_type record_at(const uint8_t *p, const uint8_t *end)
{
	if (*p == ':' && hex_or_end(p + 1, end))
		return STMFW_IMAGE_IHEX;
	if (*p == 'S' && (p + 1 >= end || (p[1] >= '0' && p[1] <= '9')) && hex_or_end(p + 2, end) &&
	    hex_or_end(p + 3, end))
		return STMFW_IMAGE_SREC;
	return STMFW_IMAGE_AUTO;
}

static enum stmfw_image_type detect_text(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *stop = end - p > LOOKED_AT ? p + LOOKED_AT : end;
	bool at_start = true; /* of a line, but for blanks */

	for (; p < stop && is_text(*p); p++) {
		enum stmfw_image_type type = at_start ? record_at(p, end) : STMFW_IMAGE_AUTO;

		if (type)
			return type;
		at_start = *p == '\n' || *p == '\r' || (at_start && (*p == ' ' || *p == '\t'));
	}
	return STMFW_IMAGE_AUTO;
}

enum stmfw_image_type stmfw__image_detect(const struct image_source *source)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	const uint8_t *p = source->bytes, *end = p + source->length;

	if (source->length >= 4 && memcmp(p, "\177ELF", 4) == 0)
		return STMFW_IMAGE_ELF;
	if (source->length >= 3 && memcmp(p, byte_order_mark, 3) == 0)
		p += 3;
	enum stmfw_image_type type = detect_text(p, end);
	return type ? type : STMFW_IMAGE_BIN;
}
