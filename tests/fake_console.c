/* SPDX-License-Identifier: MIT */
/* fake_console.c - see fake_console.h. */
#include "fake_console.h"

#include <string.h>

#include "fake_ocd.h"

#define PROMPT "\r> "

/* What the library types: a request in one line; a piece of one; the run of all pieces. */
#define RESULT "return [string map [list \\x00 {}] $r]\\n}} "
static const char whole[] = "apply {r {" RESULT "[";
static const char piece[] = "append ::";
static const char run[] = "apply {{n s} {unset ::$n;set r [uplevel #0 $s];" RESULT;

void console_free(struct console *c)
{
	bytes_free(&c->line);
	bytes_free(&c->pieces);
}

void console_greet(struct console *c, struct bytes *out)
{
	c->silent = false;
	bytes_add_text(out, "\xff\xfb\x03\xff\xfb\x01\xff\xfd\x03\xff\xfe\x01"
			    "Open On-Chip Debugger\r\n" PROMPT);
}

/* ---- printing ---- */

/* The NUL of an answer is not printed, as that is what RESULT is for. */
static void print(struct bytes *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n')
			bytes_add(out, "\r", 1);
		if (text[i] != '\0')
			bytes_add(out, text + i, 1);
	}
}

static void rub_out(struct bytes *out, size_t n)
{
	for (size_t i = 0; i < 3 * n; i++)
		bytes_add(out, i / n == 1 ? " " : "\b", 1);
}

/* Something is logged while the prompt, and perhaps a part of a line, stands there. */
static void print_over_prompt(struct console *c, struct bytes *out, const char *text)
{
	rub_out(out, strlen("> ") + c->line.length);
	print(out, text, strlen(text));
	bytes_add_text(out, PROMPT);
	bytes_add(out, c->line.at, c->line.length);
}

/* What others cause: of another client of this library the reply, or an empty line of old versions
   that only redraws. */
static void print_noise(struct console *c, struct bytes *out)
{
	switch (c->noise++ % 4) {
	case 1:
		print_over_prompt(c, out, "@fedcba9876543210\n");
		break;
	case 3:
		print_over_prompt(c, out, "");
		break;
	default:
		break;
	}
}

void console_log(struct bytes *out, const char *lines, size_t length)
{
	print(out, lines, length);
	if (length && lines[length - 1] != '\n')
		print(out, "\n", 1);
}

void console_reply(struct console *c, struct bytes *out, const char *frame, size_t length)
{
	print(out, frame, length);
	print(out, "\n", 1);
	bytes_add_text(out, PROMPT);
	print_noise(c, out);
}

/* ---- typing ---- */

static bool begins(const struct bytes *line, const char *text)
{
	return line->length >= strlen(text) && memcmp(line->at, text, strlen(text)) == 0;
}

static void take_whole(const struct bytes *line, struct bytes *requests)
{
	size_t n = strlen(whole);

	INSIST(line->at[line->length - 1] == ']', "no ] at the end of a line");
	bytes_add(requests, line->at + n, line->length - n - 1);
	bytes_add(requests, "\x1a", 1);
}

/* append ::NAME "WORD";list */
static void take_piece(struct console *c)
{
	const char *p = c->line.at + strlen(piece);
	const char *end = c->line.at + c->line.length;
	size_t n = 0;

	for (; p < end && *p != ' '; p++) {
		INSIST(n + 1 < sizeof(c->name), "a long name");
		INSIST(c->pieces.length == 0 || c->name[n] == *p, "pieces of two requests");
		c->name[n++] = *p;
	}
	c->name[n] = '\0';
	INSIST(end - p > 2 && p[1] == '"', "a piece without a quoted word");
	p = text_decode_word(&c->pieces, p + 2, end);
	INSIST((size_t)(end - p) == strlen("\";list") && memcmp(p, "\";list", 6) == 0,
	       "an odd end of a piece");
}

/* apply {{n s} {...}} NAME [set ::NAME] */
static void take_run(struct console *c, struct bytes *requests)
{
	struct bytes expected = { 0 };

	bytes_add_text(&expected, run);
	bytes_add_text(&expected, c->name);
	bytes_add_text(&expected, " [set ::");
	bytes_add_text(&expected, c->name);
	bytes_add_text(&expected, "]");
	INSIST(c->pieces.length > 0, "a run of nothing");
	INSIST(expected.length == c->line.length &&
		       memcmp(expected.at, c->line.at, expected.length) == 0,
	       "an odd run: %.*s", (int)c->line.length, c->line.at);
	bytes_free(&expected);
	bytes_add(requests, c->pieces.at, c->pieces.length);
	bytes_add(requests, "\x1a", 1);
	c->pieces.length = 0;
}

static void take_line(struct console *c, struct bytes *requests)
{
	INSIST(c->line.length <= c->line_limit, "a line of %zu bytes", c->line.length);
	if (begins(&c->line, whole)) {
		take_whole(&c->line, requests);
	} else if (begins(&c->line, run)) {
		take_run(c, requests);
	} else {
		INSIST(begins(&c->line, piece), "typed: %.*s", (int)c->line.length, c->line.at);
		take_piece(c);
	}
	c->line.length = 0;
}

static void echo(const struct console *c, struct bytes *out, const char *bytes, size_t length)
{
	if (!c->silent)
		bytes_add(out, bytes, length);
}

void console_type(struct console *c, struct bytes *requests, struct bytes *out, const char *bytes,
		  size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n') {
			echo(c, out, "\r\n", 3); /* with a NUL */
			take_line(c, requests);
			if (c->pieces.length)
				echo(c, out, PROMPT, strlen(PROMPT));
			continue;
		}
		INSIST(bytes[i] >= 0x20 && bytes[i] < 0x7f, "typed: 0x%02x",
		       (unsigned int)(unsigned char)bytes[i]);
		bytes_add(&c->line, &bytes[i], 1);
		echo(c, out, &bytes[i], 1);
		if (c->line.length == 100 && !c->silent)
			print_noise(c, out);
	}
}
