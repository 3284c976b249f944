/* SPDX-License-Identifier: MIT */
/* Small words: numbers as people write them, and peers' words made harmless. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any size or time as text. */
#define TEXT_SHORT 32

/* A copy that any terminal can show: what is not printable ASCII becomes \xNN. Cut at cap. */
char *text_harmless(char *out, size_t cap, const char *in);
/*
 * The same for people who read lines: letters and signs of all languages, in UTF-8, stay as they are.
 * What a terminal obeys, what is not seen, or changes the direction of reading, becomes \xNN, too.
 */
char *text_shown(char *out, size_t cap, const char *in);
/* "64 KiB", "1 MiB", "100000 bytes". */
const char *text_size(char out[TEXT_SHORT], uint64_t bytes);
/* "31.5 KiB/s" */
const char *text_rate(char out[TEXT_SHORT], uint64_t bytes, uint64_t ms);
/* "0:07" */
const char *text_time(char out[TEXT_SHORT], uint64_t ms);
/* "94.7 %", never rounded up: 100 % is all of them. "-" of nothing. */
const char *text_percent(char out[TEXT_SHORT], uint64_t part, uint64_t whole);
/* Lower-case hex digits; out has room for 2 * length + 1. */
void text_hex(char *out, const uint8_t *bytes, size_t length);

/* "128K", "0x1000", "4096": the whole string, or false. */
bool text_parse_size(const char *text, uint64_t *out);
/* A decimal number up to max: the whole string, or false. */
bool text_parse_number(const char *text, uint64_t max, uint64_t *out);

#endif
