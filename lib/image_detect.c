/* SPDX-License-Identifier: MIT */
/*
 * What kind of image is it, by its content alone.
 *
 * A damaged text must not pass for a binary, or its letters end up in flash. So what begins like a
 * record is a text, whatever follows; and what consists of letters is one if any line begins so, be
 * it behind a comment or a broken line. Its reader then says what is wrong. (Code never begins so,
 * and many of its bytes are no letters.)
 */
#include <string.h>

#include "image.h"
#include "parse.h"

#define LOOKED_AT 4096u
#define ODD_ONES  16u /* one byte of so many may be no letter */

static bool is_letter(uint8_t c)
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

static bool is_mostly_text(const uint8_t *p, const uint8_t *stop)
{
	const size_t all = (size_t)(stop - p);
	size_t odd = 0;

	for (; p < stop; p++)
		odd += !is_letter(*p);
	return odd <= all / ODD_ONES;
}

static const uint8_t *skip_blanks(const uint8_t *p, const uint8_t *stop)
{
	while (p < stop && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

static const uint8_t *next_line(const uint8_t *p, const uint8_t *stop)
{
	while (p < stop && *p != '\r' && *p != '\n')
		p++;
	return skip_blanks(p, stop);
}

enum stmfw_image_type stmfw__image_detect(const struct image_source *source)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	const uint8_t *p = source->bytes, *end = p + source->length;

	if (source->length >= 4 && memcmp(p, "\177ELF", 4) == 0)
		return STMFW_IMAGE_ELF;
	if (source->length >= 3 && memcmp(p, byte_order_mark, 3) == 0)
		p += 3;
	const uint8_t *stop = end - p > LOOKED_AT ? p + LOOKED_AT : end;
	const bool is_text = is_mostly_text(p, stop);
	for (p = skip_blanks(p, stop); p < stop; p = next_line(p, stop)) {
		enum stmfw_image_type type = record_at(p, end);

		if (type)
			return type;
		if (!is_text)
			break;
	}
	return STMFW_IMAGE_BIN;
}
