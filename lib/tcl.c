/* SPDX-License-Identifier: MIT */
/*
 * One quoting rule for everything: a double-quoted word in which the characters that Tcl would
 * act on are escaped and control bytes are written in octal. Unlike braces it works for any
 * bytes, and 3-digit octal is read alike by every Tcl. Bytes from 0x80 up pass unchanged.
 */
#include "tcl.h"

#include <string.h>

static size_t escape(char out[4], unsigned char byte)
{
	if (byte < 0x20 || byte == 0x7f) {
		out[0] = '\\';
		out[1] = (char)('0' + (byte >> 6));
		out[2] = (char)('0' + ((byte >> 3) & 7));
		out[3] = (char)('0' + (byte & 7));
		return 4;
	}
	size_t n = 0;
	if (strchr("\\\"$[]{}", byte))
		out[n++] = '\\';
	out[n++] = (char)byte;
	return n;
}

size_t stmfw__tcl_word_length(const void *bytes, size_t length)
{
	const unsigned char *p = bytes;
	size_t total = 2;
	char out[4];

	for (size_t i = 0; i < length; i++)
		total += escape(out, p[i]);
	return total;
}

void stmfw__tcl_word(struct buf *b, const void *bytes, size_t length)
{
	const unsigned char *p = bytes;
	char out[4];

	stmfw__buf_append(b, "\"", 1);
	for (size_t i = 0; i < length; i++)
		stmfw__buf_append(b, out, escape(out, p[i]));
	stmfw__buf_append(b, "\"", 1);
}

void stmfw__tcl_arg(struct buf *b, const char *s)
{
	stmfw__buf_append(b, " ", 1);
	stmfw__tcl_word(b, s, strlen(s));
}

size_t stmfw_quote(char *out, size_t cap, const void *bytes, size_t length)
{
	size_t need = stmfw__tcl_word_length(bytes, length);

	if (cap == 0)
		return need;
	if (need >= cap) { /* half a word would be worse than none */
		out[0] = '\0';
		return need;
	}
	const unsigned char *p = bytes;
	size_t n = 0;
	out[n++] = '"';
	for (size_t i = 0; i < length; i++) {
		char piece[4];
		size_t len = escape(piece, p[i]);

		memcpy(out + n, piece, len);
		n += len;
	}
	out[n++] = '"';
	out[n] = '\0';
	return need;
}
