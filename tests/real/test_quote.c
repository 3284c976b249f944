/* SPDX-License-Identifier: MIT */
/*
 * Quoting against OpenOCD's own interpreter: 100 000 random words, and file names that nobody would
 * choose. (test_dummy.c has the words that are known to be awkward.)
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "real.h"

static void start(void)
{
	start_dummy();
	connect_client();
}

/* ---- words ---- */

#define WORDS         100000
#define WORDS_AT_ONCE 250
#define WORD_MAX      64

static uint8_t words[WORDS_AT_ONCE * WORD_MAX]; /* one after the other */
static size_t words_length, lengths[WORDS_AT_ONCE];

/* Any byte; every other word of those that mean something to Tcl, or nearly so. */
static void make_words(void)
{
	static const char tricky[] =
		"\\\"$[]{}();#\n\r\t \x1a\0'`~*%01234567xuUnabc\x80\xc3\xa9\xff";

	words_length = 0;
	for (size_t w = 0; w < WORDS_AT_ONCE; w++) {
		lengths[w] = (size_t)rand() % WORD_MAX;
		for (size_t i = 0; i < lengths[w]; i++)
			words[words_length++] =
				w % 2 ? (uint8_t)tricky[(size_t)rand() % (sizeof(tricky) - 1)]
				      : (uint8_t)rand();
	}
}

/* Asks for their number, their lengths and all their bytes; a dot, as an LF at the end is dropped. */
static const char *question(void)
{
	static char script[WORDS_AT_ONCE * (4 * WORD_MAX + 4) + 400];
	size_t n = (size_t)sprintf(
		script, "%s",
		"apply {args {set l {};foreach a $args {lappend l "
		"[string bytelength $a]};return \"[llength $args]:$l:[join $args {}].\"}}");
	size_t at = 0;

	for (size_t w = 0; w < WORDS_AT_ONCE; w++) {
		script[n++] = ' ';
		size_t length = stmfw_quote(script + n, sizeof(script) - n, words + at, lengths[w]);
		ck_assert_uint_lt(length, sizeof(script) - n);
		n += length;
		at += lengths[w];
	}
	return script;
}

static void look_at_words(const stmfw_result *res)
{
	char head[WORDS_AT_ONCE * 4 + 16];
	size_t n = (size_t)sprintf(head, "%d:", WORDS_AT_ONCE);

	for (size_t w = 0; w < WORDS_AT_ONCE; w++)
		n += (size_t)sprintf(head + n, "%s%zu", w ? " " : "", lengths[w]);
	n += (size_t)sprintf(head + n, ":");
	ck_assert_uint_eq(res->text_len, n + words_length + 1);
	ck_assert_mem_eq(res->text, head, n);
	ck_assert_mem_eq(res->text + n, words, words_length);
}

START_TEST(a_hundred_thousand_random_words_arrive_as_they_are)
{
	start();
	srand(20240607);
	for (int done = 0; done < WORDS; done += WORDS_AT_ONCE) {
		make_words();
		outcome.look = look_at_words;
		RUN_OK(stmfw_command(real.client, question(), 0, DONE));
	}
}
END_TEST

/* ---- file names ---- */

#define RANDOM_NAMES 20

static const char *const names[] = {
	" ",
	"a b",
	" a",
	"a ",
	"\"",
	"a\"b",
	"'",
	"`id`",
	"\\",
	"a\\",
	"\\n",
	"\\x41",
	"\\101",
	"$",
	"$x",
	"$env(HOME)",
	"${x}",
	"[",
	"]",
	"[exit]",
	"a[exit",
	"a]b",
	"{",
	"}",
	"{}",
	"{a b}",
	"}{",
	"{*}$x",
	"(",
	")",
	"$a(b)",
	";",
	"; exit",
	"#",
	"#a",
	"-",
	"-force",
	"--",
	"*",
	"?",
	"~",
	"~root",
	"!",
	"%",
	"%s%n",
	"%20",
	"&",
	"&&id",
	"|id",
	"<a",
	">a",
	"=",
	"^",
	",",
	":",
	"@",
	"+",
	"\n",
	"a\nexit\n",
	"\r",
	"\t",
	"\v",
	"\b",
	"\x01",
	"\x1a",
	"a\032b",
	"\x1b[0m",
	"\x7f",
	"\x80",
	"\xff",
	"\xff\xfe",
	"\xc3\xa9",
	"\xc3",
	"\xa9",
	"\xe2\x82\xac",
	"\xe2\x82",
	"\xed\xa0\x80",
	"\xf0\x9f\x92\xa9",
	"\xc0\x80",
	"...",
	"erase",
	"unlock",
	"bin",
};
#define NAMES (sizeof(names) / sizeof(names[0]))

static const char *name_of(size_t number)
{
	static char name[24];

	if (number < NAMES)
		return names[number];
	size_t n = 1 + (size_t)rand() % (sizeof(name) - 1);
	for (size_t i = 0; i < n; i++)
		do
			name[i] = (char)(1 + rand() % 255);
		while (name[i] == '/');
	name[n] = '\0';
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		name[0] = 'a';
	return name;
}

/* Each file has another length, and OpenOCD counts its bytes: it was this one. */
START_TEST(file_of_any_name_is_the_one_that_is_used)
{
	char path[120];

	start();
	srand(83);
	ck_assert_uint_eq(NAMES, 83);
	for (size_t i = 0; i < NAMES + RANDOM_NAMES; i++) {
		snprintf(path, sizeof(path), "%s/%s", real.dir, name_of(i));
		FILE *f = fopen(path, "wb");
		ck_assert_msg(f != NULL, "name %zu", i);
		for (size_t k = 0; k <= i; k++)
			fputc('x', f);
		fclose(f);
		RUN(stmfw_write_bank(real.client, 0, path, 0, i + 1, DONE));
		ck_assert_msg(outcome.res.status == STMFW_OK && outcome.res.bytes == i + 1,
			      "name %zu: %s", i, outcome.text);
		unlink(path);
	}
	ck_assert_str_eq(tcl("expr 1"), "1");
}
END_TEST

int main(void)
{
	const struct real_test tests[] = { { a_hundred_thousand_random_words_arrive_as_they_are,
					     1 },
					   { file_of_any_name_is_the_one_that_is_used, 1 },
					   { NULL, 0 } };

	return run_real("quote", tests);
}
