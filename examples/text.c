/* SPDX-License-Identifier: MIT */
/*
 * Small words.
 *
 * What a peer says may end up on a terminal, where control bytes are orders. So whatever is not
 * plain printable ASCII is shown as the hex of its bytes: ugly, but nothing gets lost. In whole lines
 * of text for people UTF-8 is let through, as far as it can only be read.
 */
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Its length in UTF-8, and the character; 0: this is none. */
static size_t utf8_character(const char *in, uint32_t *point)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)in[0];
	size_t length = first < 0xc0   ? 0
			: first < 0xe0 ? 2
			: first < 0xf0 ? 3
			: first < 0xf8 ? 4
				       : 0;

	*point = first & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if (((unsigned char)in[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | ((unsigned char)in[i] & 0x3f);
	}
	return *point >= smallest[length] ? length : 0;
}

/* Not controls, marks that are not seen or turn the text around, halves of UTF-16, nor what is no
   character at all. */
static bool is_readable(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{ 0, 0x9f },        { 0xad, 0xad },     { 0x61c, 0x61c },   { 0x180e, 0x180e },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xd800, 0xf8ff },
		{ 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0xfffe, 0xffff }, { 0xe0000, UINT32_MAX },
	};
	size_t i = 0;

	while (point > hidden[i].last)
		i++;
	return point < hidden[i].first;
}

/* How many bytes from here on can be shown as they are. */
static size_t ascii(const char *in)
{
	return *in >= 0x20 && *in < 0x7f;
}

static size_t readable(const char *in)
{
	uint32_t point;
	size_t length = utf8_character(in, &point);

	return length > 0 && is_readable(point) ? length : ascii(in);
}

static char *copy(char *out, size_t cap, const char *in, size_t (*plain)(const char *in))
{
	size_t n = 0, length;

	for (; *in; in += length) {
		size_t as_it_is = plain(in);

		length = as_it_is ? as_it_is : 1;
		if (n + (as_it_is ? length : 4) >= cap)
			break;
		if (as_it_is)
			memcpy(out + n, in, length);
		else
			snprintf(out + n, cap - n, "\\x%02x", (unsigned int)(unsigned char)*in);
		n += as_it_is ? length : 4;
	}
	out[n] = '\0';
	return out;
}

char *text_harmless(char *out, size_t cap, const char *in)
{
	return copy(out, cap, in, ascii);
}

char *text_shown(char *out, size_t cap, const char *in)
{
	return copy(out, cap, in, readable);
}

const char *text_size(char out[TEXT_SHORT], uint64_t bytes)
{
	if (bytes >= 1 << 20 && bytes % (1 << 20) == 0)
		snprintf(out, TEXT_SHORT, "%" PRIu64 " MiB", bytes >> 20);
	else if (bytes >= 1 << 10 && bytes % (1 << 10) == 0)
		snprintf(out, TEXT_SHORT, "%" PRIu64 " KiB", bytes >> 10);
	else
		snprintf(out, TEXT_SHORT, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
	return out;
}

const char *text_rate(char out[TEXT_SHORT], uint64_t bytes, uint64_t ms)
{
	double kib = (double)bytes / 1024 / ((double)(ms ? ms : 1) / 1000);

	if (kib >= 1024)
		snprintf(out, TEXT_SHORT, "%.1f MiB/s", kib / 1024);
	else
		snprintf(out, TEXT_SHORT, "%.1f KiB/s", kib);
	return out;
}

const char *text_time(char out[TEXT_SHORT], uint64_t ms)
{
	uint64_t s = (ms + 999) / 1000;

	snprintf(out, TEXT_SHORT, "%" PRIu64 ":%02u", s / 60, (unsigned int)(s % 60));
	return out;
}

const char *text_percent(char out[TEXT_SHORT], uint64_t part, uint64_t whole)
{
	uint64_t tenths = whole ? part * 1000 / whole : 0;

	if (whole == 0)
		snprintf(out, TEXT_SHORT, "-");
	else
		snprintf(out, TEXT_SHORT, "%" PRIu64 ".%u %%", tenths / 10,
			 (unsigned int)(tenths % 10));
	return out;
}

void text_hex(char *out, const uint8_t *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * length] = '\0';
}

/* The number at the start of text; what follows it is left to the caller. */
static bool take_number(const char *text, int base, uint64_t *out, char **end)
{
	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*out = strtoull(text, end, base);
	return errno == 0;
}

bool text_parse_size(const char *text, uint64_t *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned int shift = 0;
	uint64_t number;
	char *end;

	if (!take_number(text, hex ? 16 : 10, &number, &end))
		return false;
	if (*end == 'K' || *end == 'k')
		shift = 10;
	else if (*end == 'M' || *end == 'm')
		shift = 20;
	end += shift > 0;
	if (*end != '\0' || number > UINT64_MAX >> shift)
		return false;
	*out = number << shift;
	return true;
}

bool text_parse_number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t number;
	char *end;

	if (!take_number(text, 10, &number, &end) || *end != '\0' || number > max)
		return false;
	*out = number;
	return true;
}
