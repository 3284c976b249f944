/* SPDX-License-Identifier: MIT */
/*
 * A report for spreadsheets: RFC 4180, always with a head line, text in quotes.
 *
 * Bytes below a space become \xNN, so that one board is one line. A text that begins like a formula
 * gets an apostrophe in front: a spreadsheet would compute it, and what a chip or a program said is
 * not to be computed.
 */
#include "report.h"

#include <stdio.h>
#include <string.h>

static const char *const columns[] = { "board",  "began",         "station", "operator",
				       "site",   "uid",           "chip",    "serial",
				       "result", "failed_step",   "reason",  "elapsed_ms",
				       "bytes",  "attempts",      "openocd", "adapter",
				       "recipe", "recipe_sha256", "run",     "images" };
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void put_text(const char *text)
{
	putchar('"');
	if (*text && strchr("=+-@", *text))
		putchar('\'');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			printf("\\x%02x", c);
		else if (c == '"')
			fputs("\"\"", stdout);
		else
			putchar(c);
	}
	putchar('"');
}

static void put_value(const json_t *value)
{
	if (json_is_integer(value))
		printf("%lld", (long long)json_integer_value(value));
	else if (json_is_string(value))
		put_text(json_string_value(value));
}

void report_write_csv(const json_t *boards)
{
	size_t i;
	const json_t *board;

	for (size_t k = 0; k < COLUMNS; k++)
		printf("%s%s", k ? "," : "", columns[k]);
	printf("\r\n");
	json_array_foreach(boards, i, board) {
		for (size_t k = 0; k < COLUMNS; k++) {
			if (k)
				putchar(',');
			put_value(json_object_get(board, columns[k]));
		}
		printf("\r\n");
	}
}
