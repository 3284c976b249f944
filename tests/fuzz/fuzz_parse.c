/* SPDX-License-Identifier: MIT */
/*
 * fuzz_parse.c - everything that reads OpenOCD's words, from any text. A program is made of it for
 * each parser, named by PARSER: numbers, targets, banks, info, memory, words, quoting.
 */
#include <string.h>

#include "explain.h"
#include "fuzz.h"
#include "memory.h"
#include "parse.h"
#include "parse_bank.h"
#include "parse_target.h"
#include "tcl.h"

typedef void parser(const uint8_t *data, size_t size);

parser numbers, targets, banks, info, memory, words, quoting;

static struct mem mem;

static char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	MUST(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

void numbers(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	uint64_t u = 42;
	int64_t i = 42;
	const char *rest = text;

	if (stmfw__parse_uint(text, &u)) {
		MUST(strspn(text, "0123456789abcdefABCDEFxX") == strlen(text));
		MUST(text[0] != '\0');
	} else {
		MUST(u == 42);
	}
	if (!stmfw__parse_int(text, &i))
		MUST(i == 42);
	if (stmfw__take_uint(&rest, &u))
		MUST(rest > text && rest <= text + strlen(text));
	else
		MUST(rest == text);
	stmfw__find_uint_after(text, "wrote ", &u);
	free(text);
}

void targets(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	stmfw_target *list;
	struct arena a;
	size_t n = 0;

	stmfw__arena_init(&a, &mem);
	if (stmfw__parse_targets(&a, text, &list, &n))
		for (size_t i = 0; i < n; i++)
			MUST(strlen(list[i].name) + strlen(list[i].type) +
				     strlen(list[i].state_name) <= size);
	stmfw__arena_release(&a);
	free(text);
}

void banks(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	stmfw_bank *list;
	struct arena a;
	size_t n = 0;

	stmfw__arena_init(&a, &mem);
	if (stmfw__parse_banks(&a, text, &list, &n))
		for (size_t i = 0; i < n; i++)
			MUST(strlen(list[i].name) + strlen(list[i].driver) +
				     strlen(list[i].target) <= size);
	stmfw__arena_release(&a);
	free(text);
}

static void check_sectors(const stmfw_sector *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		MUST(s[i].is_protected >= -1 && s[i].is_protected <= 1);
		MUST(s[i].erased >= -1 && s[i].erased <= 1);
	}
}

/* What is said to fit, does: all of it together is no more than the bank. */
static void check_geometry(const struct flash_info *sectors)
{
	static const uint64_t bank = 0x20000;
	uint64_t left = bank;

	MUST(stmfw__flash_info_same(sectors, sectors));
	if (!stmfw__flash_info_fits(sectors, bank))
		return;
	MUST(sectors->count > 0);
	for (size_t i = 0; i < sectors->count; i++) {
		MUST(sectors->sectors[i].size > 0 && sectors->sectors[i].size <= left);
		left -= sectors->sectors[i].size;
	}
}

void info(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size), *again = text_of(data, size);
	struct flash_info blocks, sectors;
	struct arena a;

	stmfw__arena_init(&a, &mem);
	if (stmfw__parse_flash_info(&a, text, &blocks) &&
	    stmfw__parse_flash_info(&a, again, &sectors)) {
		MUST(blocks.count == sectors.count && strlen(blocks.chip) <= size);
		stmfw__apply_protection(sectors.sectors, sectors.count, blocks.sectors,
					blocks.count);
		free(text);
		text = text_of(data, size);
		stmfw__parse_erase_check(text, sectors.sectors, sectors.count);
		check_sectors(sectors.sectors, sectors.count);
		check_geometry(&sectors);
	}
	stmfw__arena_release(&a);
	free(text);
	free(again);
}

void memory(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	uint32_t values[64];

	for (size_t count = 0; count <= 64; count += 16) {
		const struct memory_range r = { 0x08000000, 8, count };

		if (stmfw__memory_parse(text, &r, values))
			for (size_t i = 0; i < count; i++)
				MUST(values[i] <= 0xff);
	}
	free(text);
}

void words(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	char reason[64];

	(void)stmfw__explain(text, text);
	stmfw__reason(reason, sizeof(reason), text, "");
	MUST(strlen(reason) > 0 && strlen(reason) < sizeof(reason));
	MUST(!strpbrk(reason, "\r\n\t"));
	stmfw__reason(reason, sizeof(reason), "", text);
	MUST(strlen(reason) > 0 && !strpbrk(reason, "\r\n\t"));
	free(text);
}

/* The word must come out as long as announced, and without anything that Tcl would act on. */
void quoting(const uint8_t *data, size_t size)
{
	size_t need = stmfw_quote(NULL, 0, data, size);
	char *word = malloc(need + 1);

	MUST(word && need >= size + 2);
	MUST(stmfw_quote(word, need + 1, data, size) == need && strlen(word) == need);
	MUST(word[0] == '"' && word[need - 1] == '"');
	for (size_t i = 1; i < need - 1; i++) {
		MUST((unsigned char)word[i] >= 0x20 && !strchr("\"$[", word[i]));
		if (word[i] == '\\')
			i++;
		MUST(i < need - 1);
	}
	free(word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 65536)
		return 0;
	stmfw__mem_init(&mem, NULL);
	PARSER(data, size);
	return 0;
}
