/* SPDX-License-Identifier: MIT */
/*
 * Text into numbers and lines, strictly: no locale, no partial success, no overflow.
 */
#ifndef STMFW_PARSE_H
#define STMFW_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* -1 if it is none. */
int stmfw__hex_digit(char c);
/* The whole string is one decimal integer with an optional minus sign. */
bool stmfw__parse_int(const char *s, int64_t *out);
/* The whole string is one decimal or 0x number. */
bool stmfw__parse_uint(const char *s, uint64_t *out);
/* A number at the start of *s; moves *s behind it. */
bool stmfw__take_uint(const char **s, uint64_t *out);
/* A number, decimal or 0x, directly behind the first occurrence of `label`. */
bool stmfw__find_uint_after(const char *text, const char *label, uint64_t *out);

/* Of an empty text: 1. */
size_t stmfw__count_lines(const char *text);
/* Does a line of the text begin so? */
bool stmfw__has_line(const char *text, const char *beginning);
/* Walk through lines (or fields) in place: returns the next one, NUL-terminated, or NULL. */
char *stmfw__next_piece(char **rest, char separator);
/* Move past blanks and drop those at the end, in place. */
char *stmfw__trim(char *s);

#endif
