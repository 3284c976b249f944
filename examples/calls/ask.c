/* SPDX-License-Identifier: MIT */
/*
 * ask OPENOCD WORD...: one command of OpenOCD, and its answer. Each word arrives as it was given,
 * whatever Tcl would make of it.
 */
#include <stdio.h>
#include <string.h>

#include "errand.h"

static char script[4096];

static void on_answer(stmfw_client *c, const stmfw_result *r, void *arg)
{
	fputs(r->log, stderr);
	if (r->status == STMFW_OK) {
		fwrite(r->text, 1, r->text_len, stdout);
		putchar('\n');
	}
	errand_next(c, r, arg);
}

static int ask(stmfw_client *c)
{
	return stmfw_command(c, script, 0, on_answer, NULL, NULL);
}

/* Behind what is there, and a blank. False: it is too long. */
static int add_word(const char *word)
{
	size_t used = strlen(script), room = sizeof(script) - used - 1;
	size_t length = stmfw_quote(script + used, room, word, strlen(word));

	if (length >= room)
		return 0;
	memcpy(script + used + length, " ", 2);
	return 1;
}

int main(int argc, char **argv)
{
	static const errand_step steps[] = { ask, NULL };

	if (argc < 3) {
		fprintf(stderr, "usage: ask OPENOCD WORD...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		if (!add_word(argv[i])) {
			fprintf(stderr, "That is too long.\n");
			return 2;
		}
	return errand_run(argv[1], steps);
}
