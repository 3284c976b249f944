/* SPDX-License-Identifier: MIT */
/*
 * Small words.
 *
 * What a peer says may end up on a terminal, where control bytes are orders. So whatever is not
 * plain printable ASCII is shown as the hex of its bytes: ugly, but nothing gets lost.
 */
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *text_harmless(char *out, size_t cap, const char *in)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (; *in; in++) {
		unsigned char c = (unsigned char)*in;
		bool plain = c >= 0x20 && c < 0x7f;

		if (n + (plain ? 1 : 4) >= cap)
			break;
		if (plain) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = digits[c >> 4];
		out[n++] = digits[c & 15];
	}
	out[n] = '\0';
	return out;
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
