/* SPDX-License-Identifier: MIT */
/*
 * One quoting rule for everything: a double-quoted word in which the characters that Tcl would
 * act on are escaped and control bytes are written in octal. Unlike braces it works for any
 * bytes, and 3-digit octal is read alike by every Tcl. Bytes from 0x80 up pass unchanged.
 */
#include "tcl.h"

#include <stdbool.h>
#include <string.h>

/* What each byte takes in such a word: 2 with a backslash before it, 4 in octal. Looked up, as with
   every request some thousand bytes are. */
/* clang-format off */
static const unsigned char width[256] = {
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
	1, 1, 2, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 2, 1, 4,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
};
/* clang-format on */

size_t stmfw__tcl_octal(char *out, unsigned char byte)
{
	out[0] = '\\';
	out[1] = (char)('0' + (byte >> 6));
	out[2] = (char)('0' + ((byte >> 3) & 7));
	out[3] = (char)('0' + (byte & 7));
	return 4;
}

size_t stmfw__tcl_escape(char *out, unsigned char byte)
{
	size_t n = width[byte];

	if (n == 4)
		return stmfw__tcl_octal(out, byte);
	*out = '\\';
	out[n - 1] = (char)byte;
	return n;
}

size_t stmfw__tcl_word_length(const void *bytes, size_t length)
{
	const unsigned char *p = bytes;
	size_t total = 2;

	for (size_t i = 0; i < length; i++)
		total += width[p[i]];
	return total;
}

/* out has room for stmfw__tcl_word_length() bytes. */
static void write_word(char *out, const void *bytes, size_t length)
{
	const unsigned char *p = bytes;

	*out++ = '"';
	for (size_t i = 0; i < length; i++)
		out += stmfw__tcl_escape(out, p[i]);
	*out = '"';
}

void stmfw__tcl_word(struct buf *b, const void *bytes, size_t length)
{
	char *room = stmfw__buf_extend(b, stmfw__tcl_word_length(bytes, length));

	if (room)
		write_word(room, bytes, length);
}

void stmfw__tcl_arg(struct buf *b, const char *s)
{
	stmfw__buf_append(b, " ", 1);
	stmfw__tcl_word(b, s, strlen(s));
}

static bool is_special(unsigned char byte)
{
	return byte == '\\' || byte == '"' || byte == '$' || byte == '[';
}

/* 0 would end the request for OpenOCD, and 0x1a does. */
static bool ends_a_request(unsigned char byte)
{
	return byte == 0 || byte == 0x1a;
}

static size_t bulk_length(const unsigned char *p, size_t length)
{
	size_t total = length;

	for (size_t i = 0; i < length; i++)
		total += ends_a_request(p[i]) ? 3u : (size_t)is_special(p[i]);
	return total;
}

void stmfw__tcl_bulk(struct buf *b, const void *bytes, size_t length)
{
	const unsigned char *p = bytes;
	char *out = length ? stmfw__buf_extend(b, bulk_length(p, length)) : NULL;

	for (size_t i = 0; out && i < length; i++) {
		if (ends_a_request(p[i])) {
			out += stmfw__tcl_octal(out, p[i]);
			continue;
		}
		if (is_special(p[i]))
			*out++ = '\\';
		*out++ = (char)p[i];
	}
}

/* The target's name is looked up, because `$t` alone would run any command of that name. Errors
   are passed on as they are, with OpenOCD's number. */
static const char on_target[] =
	"apply {{t s} {"
	"set o [target current];"
	"if {$t eq {}} {set t $o};"
	"if {[lsearch -exact [target names] $t] < 0} {error \"there is no target \\\"$t\\\"\"};"
	"targets $t;"
	"set c [catch $s r d];"
	"targets $o;"
	"if {$c} {return {*}$d $r};"
	"list $t $r}}";

void stmfw__tcl_on_target(struct buf *b, const char *target, const char *script)
{
	stmfw__buf_puts(b, on_target);
	stmfw__tcl_arg(b, target ? target : "");
	stmfw__tcl_arg(b, script);
}

void stmfw__tcl_result_on_target(struct buf *b, const char *target, const char *script)
{
	stmfw__buf_puts(b, "lindex [");
	stmfw__tcl_on_target(b, target, script);
	stmfw__buf_puts(b, "] 1");
}

size_t stmfw_quote(char *out, size_t cap, const void *bytes, size_t length)
{
	size_t need = stmfw__tcl_word_length(bytes, length);

	if (cap == 0)
		return need;
	if (need < cap)
		write_word(out, bytes, length);
	out[need < cap ? need : 0] = '\0'; /* half a word would be worse than none */
	return need;
}
