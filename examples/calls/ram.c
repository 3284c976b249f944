/* SPDX-License-Identifier: MIT */
/*
 * ram OPENOCD ADDRESS: tests 1 KiB of RAM there. The chip is halted meanwhile, and finds what was in
 * it again. (Unless a step fails: then it stays halted, as it is.)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errand.h"

#define WORDS 256

static uint64_t address;
static uint8_t before[4 * WORDS];
static uint32_t pattern[WORDS];
static int bad;

static int halt(stmfw_client *c)
{
	return stmfw_halt(c, NULL, errand_next, NULL, NULL);
}

/* What a callback is given is gone after it. */
static void on_saved(stmfw_client *c, const stmfw_result *r, void *arg)
{
	if (r->status == STMFW_OK)
		memcpy(before, r->data, r->count);
	errand_next(c, r, arg);
}

static int save(stmfw_client *c)
{
	return stmfw_read_block(c, NULL, address, sizeof(before), on_saved, NULL, NULL);
}

static int write_pattern(stmfw_client *c)
{
	for (uint32_t i = 0; i < WORDS; i++)
		pattern[i] = 0x9e3779b9u * (i + 1);
	return stmfw_write_words(c, NULL, address, 32, pattern, WORDS, errand_next, NULL, NULL);
}

static void on_read(stmfw_client *c, const stmfw_result *r, void *arg)
{
	for (size_t i = 0; r->status == STMFW_OK && i < r->count; i++)
		if (r->words[i] != pattern[i]) {
			printf("0x%08" PRIx64 ": %08" PRIx32 ", not %08" PRIx32 "\n",
			       address + 4 * i, r->words[i], pattern[i]);
			bad = 1;
		}
	errand_next(c, r, arg);
}

static int compare(stmfw_client *c)
{
	return stmfw_read_words(c, NULL, address, 32, WORDS, on_read, NULL, NULL);
}

static int put_back(stmfw_client *c)
{
	return stmfw_write_block(c, NULL, address, before, sizeof(before), errand_next, NULL, NULL);
}

static int resume(stmfw_client *c)
{
	return stmfw_resume(c, NULL, errand_next, NULL, NULL);
}

int main(int argc, char **argv)
{
	static const errand_step steps[] = { halt,     save,   write_pattern, compare,
					     put_back, resume, NULL };

	if (argc != 3) {
		fprintf(stderr, "usage: ram OPENOCD ADDRESS\n");
		return 2;
	}
	address = strtoull(argv[2], NULL, 0);
	if (errand_run(argv[1], steps) != 0)
		return 1;
	printf(bad ? "bad\n" : "good\n");
	return bad;
}
