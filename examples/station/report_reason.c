/* SPDX-License-Identifier: MIT */
/*
 * Which failures are of one kind: "the first at 0x08000100 (flash e9, wanted bc)" has other numbers
 * with each board. What is left without them is what they are counted by; nobody reads it.
 *
 * Addresses, bytes, counts and what is quoted with a digit (a serial number) are left out. R12 and C3
 * are names of parts, and make a difference.
 */
#include "report.h"

#include <ctype.h>
#include <string.h>

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static size_t length_of_word(const char *text)
{
	size_t n = 0;

	while (is_of_word(text[n]))
		n++;
	return n;
}

static bool is_number(const char *word, size_t length, bool quoted)
{
	bool has_digit = strcspn(word, "0123456789") < length;
	bool is_hex = strspn(word, "0123456789abcdef") >= length;

	return isdigit((unsigned char)word[0]) || (is_hex && (has_digit || length == 2)) ||
	       (quoted && has_digit);
}

/* The words that make a difference, into out, which has room for all of text. */
static size_t gist(char *out, const char *text)
{
	size_t n = 0, length;

	for (const char *p = text; *p; p += length) {
		length = length_of_word(p);
		if (length == 0) {
			length = 1;
			continue;
		}
		if (is_number(p, length, p > text && p[-1] == '"'))
			continue;
		memcpy(out + n, p, length);
		n += length;
		out[n++] = ' ';
	}
	return n;
}

static void sql_gist(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	char *out = text ? sqlite3_malloc64(strlen(text) + 1) : NULL;

	(void)count;
	if (out)
		sqlite3_result_text64(context, out, gist(out, text), sqlite3_free, SQLITE_UTF8);
	else
		sqlite3_result_error_nomem(context);
}

bool report_know_reasons(const struct db *db, char why[RECORD_WHY])
{
	return sqlite3_create_function(db->sqlite, "gist", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
				       NULL, sql_gist, NULL, NULL) == SQLITE_OK ||
	       db_failed(db, "read", why);
}
