/* SPDX-License-Identifier: MIT */
/* Text into numbers and lines, strictly: see parse.h. */
#include "parse.h"

#include <string.h>

int stmfw__hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool stmfw__take_uint(const char **s, uint64_t *out)
{
	const char *p = *s;
	unsigned int base = 10;
	uint64_t value = 0;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	const char *first = p;
	for (int d; (d = stmfw__hex_digit(*p)) >= 0 && (unsigned int)d < base; p++) {
		if (value > (UINT64_MAX - (unsigned int)d) / base)
			return false;
		value = value * base + (unsigned int)d;
	}
	if (p == first)
		return false;
	*s = p;
	*out = value;
	return true;
}

bool stmfw__parse_uint(const char *s, uint64_t *out)
{
	uint64_t value;

	if (!stmfw__take_uint(&s, &value) || *s != '\0')
		return false;
	*out = value;
	return true;
}

bool stmfw__parse_int(const char *s, int64_t *out)
{
	bool negative = *s == '-';
	uint64_t value;

	if (!stmfw__parse_uint(s + negative, &value) || value > INT64_MAX)
		return false;
	*out = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

bool stmfw__find_uint_after(const char *text, const char *label, uint64_t *out)
{
	const char *at = strstr(text, label);

	if (!at)
		return false;
	at += strlen(label);
	return stmfw__take_uint(&at, out);
}

size_t stmfw__count_lines(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

bool stmfw__has_line(const char *text, const char *beginning)
{
	size_t n = strlen(beginning);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, beginning, n) == 0)
			return true;
	}
	return false;
}

char *stmfw__next_piece(char **rest, char separator)
{
	char *piece = *rest;

	if (!piece)
		return NULL;
	char *end = strchr(piece, separator);
	if (end)
		*end++ = '\0';
	*rest = end;
	return piece;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

char *stmfw__trim(char *s)
{
	while (is_blank(*s))
		s++;
	size_t n = strlen(s);
	while (n > 0 && is_blank(s[n - 1]))
		s[--n] = '\0';
	return s;
}
