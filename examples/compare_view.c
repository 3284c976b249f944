/* SPDX-License-Identifier: MIT */
/* What was compared, for people: digests, a map of the flash, the first bytes that differ. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare.h"
#include "text.h"

/* ---- digests ----------------------------------------------------------------------------- */

#define DIGEST_MOST ((uint64_t)64 << 20)

static uint64_t first_of(const struct side *side)
{
	return side->ranges[0].address;
}

static uint64_t end_of(const struct side *side)
{
	const stmfw_range *last = &side->ranges[side->count - 1];

	return last->address + last->length;
}

static void copy_side(const struct side *side, uint64_t address, uint8_t *out, uint64_t length)
{
	memset(out, 0xff, (size_t)length);
	for (size_t i = 0; i < side->count; i++) {
		const stmfw_range *r = &side->ranges[i];
		uint64_t from = r->address > address ? r->address : address;
		uint64_t to = r->address + r->length < address + length ? r->address + r->length
									: address + length;

		if (from < to)
			memcpy(out + (from - address), r->data + (from - r->address),
			       (size_t)(to - from));
	}
}

static size_t add_digest(struct compare_digest *d, const struct side *side, uint64_t address,
			 uint64_t end)
{
	uint64_t length = end - address;
	uint8_t *flat = length <= DIGEST_MOST ? malloc((size_t)length) : NULL;

	if (!flat)
		return 0;
	copy_side(side, address, flat, length);
	*d = (struct compare_digest){ .side = side, .address = address, .length = length };
	bool ok = digest_sha256(d->sha256, flat, (size_t)length);
	free(flat);
	return ok;
}

/* Both as they are; and of the longer one what is where the other one is. */
size_t compare_digests(const struct compare *c, struct compare_digest digests[COMPARE_DIGESTS])
{
	const struct side *file = &c->file, *other = &c->other;
	const uint64_t first = first_of(file), end = end_of(file);
	const uint64_t other_first = first_of(other), other_end = end_of(other);
	size_t n = add_digest(digests, file, first, end);

	n += add_digest(digests + n, other, other_first, other_end);
	if (first >= other_first && end <= other_end && end - first < other_end - other_first)
		n += add_digest(digests + n, other, first, end);
	else if (other_first >= first && other_end <= end && other_end - other_first < end - first)
		n += add_digest(digests + n, file, other_first, other_end);
	return n;
}

static void show_digests(const struct compare *c)
{
	struct compare_digest digests[COMPARE_DIGESTS];
	size_t n = compare_digests(c, digests);

	for (size_t i = 0; i < n; i++)
		printf("%s  %s, %s%" PRIu64 " byte%s from 0x%08" PRIx64 "\n", digests[i].sha256,
		       digests[i].side->quoted, i == 2 ? "only " : "", digests[i].length,
		       digests[i].length == 1 ? "" : "s", digests[i].address);
}

/* ---- colours ----------------------------------------------------------------------------- */

static bool has_colours(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

/* ---- the map ----------------------------------------------------------------------------- */

#define MAP_COLUMNS 64u
#define MAP_MOST    1024u /* characters; a larger flash has several cells in each */

/* In the order in which they win where several cells share a character. */
static const struct kind {
	char letter;
	const char *colour;
	const char *words;
} kinds[] = {
	{ '.', "2", "outside, blank" },
	{ '+', "36", "outside, other data" },
	{ '=', "32", "same" },
	{ '?', "33", "not read" },
	{ 'e', "33", "blank in the file" },
	{ 'o', "33", "blank in the flash" },
	{ '#', "31", "differs" },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static size_t kind_of(const stmfw_cell *cell)
{
	static const size_t by_state[] = {
		[STMFW_CELL_OUTSIDE] = 0,        [STMFW_CELL_SAME] = 2,
		[STMFW_CELL_DIFFERS] = 6,        [STMFW_CELL_FOUND_BLANK] = 5,
		[STMFW_CELL_EXPECTED_BLANK] = 4, [STMFW_CELL_MISSING] = 3,
	};

	return cell->state == STMFW_CELL_OUTSIDE && cell->other ? 1 : by_state[cell->state];
}

static size_t kind_of_many(const stmfw_cell *cells, size_t count)
{
	size_t most = 0;

	for (size_t i = 0; i < count; i++)
		if (kind_of(&cells[i]) > most)
			most = kind_of(&cells[i]);
	return most;
}

static void put_kind(size_t kind, bool colours)
{
	if (colours)
		printf("\033[%sm%c\033[0m", kinds[kind].colour, kinds[kind].letter);
	else
		putchar(kinds[kind].letter);
}

/* Two files have names. */
static void print_words(const struct compare *c, const struct kind *kind)
{
	if (!c->other.path || !strchr("?eo", kind->letter))
		printf("%s", kind->words);
	else
		printf("%s in %s", kind->letter == '?' ? "missing" : "blank",
		       kind->letter == 'e' ? c->file.quoted : c->other.quoted);
}

static void show_legend(const struct compare *c, bool colours)
{
	const stmfw_comparison *r = c->result;
	size_t counts[KINDS] = { 0 };

	for (size_t i = 0; i < r->cell_count; i++)
		counts[kind_of(&r->cells[i])]++;
	printf("           ");
	for (size_t kind = 0; kind < KINDS; kind++) {
		if (counts[kind] == 0)
			continue;
		printf("  ");
		put_kind(kind, colours);
		printf(" %zu ", counts[kind]);
		print_words(c, &kinds[kind]);
	}
	printf("\n");
}

static void show_map(const struct compare *c, bool colours)
{
	const stmfw_comparison *r = c->result;
	const size_t each = (r->cell_count + MAP_MOST - 1) / MAP_MOST;
	uint64_t next = 0; /* address behind the character before */
	size_t column = 0;

	for (size_t i = 0; i < r->cell_count;) {
		const stmfw_cell *cell = &r->cells[i];
		size_t n = 1;

		while (n < each && i + n < r->cell_count &&
		       cell[n].address == cell[n - 1].address + cell[n - 1].length)
			n++;
		if (i == 0 || cell->address != next || column == MAP_COLUMNS) {
			printf("%s0x%08" PRIx64 "  ", i ? "\n" : "", cell->address);
			column = 0;
		}
		put_kind(kind_of_many(cell, n), colours);
		next = cell[n - 1].address + cell[n - 1].length;
		column++;
		i += n;
	}
	printf("\n");
	show_legend(c, colours);
}

/* ---- bytes side by side ------------------------------------------------------------------ */

#define HEX_COLUMNS 16u
#define HEX_SPANS   3u
#define HEX_LINES   2u /* of each */

int compare_byte(const struct side *side, uint64_t address)
{
	for (size_t i = 0; i < side->count; i++) {
		const stmfw_range *r = &side->ranges[i];

		if (address >= r->address && address - r->address < r->length)
			return r->data[address - r->address];
	}
	return -1;
}

static bool is_different(const struct compare *c, uint64_t address)
{
	int expected = compare_byte(&c->file, address);

	return expected >= 0 && expected != compare_byte(&c->other, address);
}

static void show_bytes(const struct compare *c, const struct side *side, uint64_t address,
		       bool colours)
{
	char text[HEX_COLUMNS + 1] = "";

	printf("%-5s ", side->label);
	for (unsigned int i = 0; i < HEX_COLUMNS; i++) {
		int byte = compare_byte(side, address + i);
		bool red = colours && is_different(c, address + i);

		text[i] = byte >= 0x20 && byte < 0x7f ? (char)byte : byte < 0 ? ' ' : '.';
		printf(red ? " \033[31m" : " ");
		if (byte < 0)
			printf("--");
		else
			printf("%02x", (unsigned int)byte);
		printf(red ? "\033[0m" : "");
	}
	printf("  |%s|\n", text);
}

static void show_marks(const struct compare *c, uint64_t address)
{
	unsigned int last = 0;

	for (unsigned int i = 0; i < HEX_COLUMNS; i++)
		if (is_different(c, address + i))
			last = i;
	printf("%18s", "");
	for (unsigned int i = 0; i <= last; i++)
		printf(is_different(c, address + i) ? " ^^" : "   ");
	printf("\n");
}

static void show_line(const struct compare *c, uint64_t address, bool colours)
{
	printf("0x%08" PRIx64 "  ", address);
	show_bytes(c, &c->file, address, colours);
	printf("%12s", "");
	show_bytes(c, &c->other, address, colours);
	if (!colours)
		show_marks(c, address);
}

static void show_differences(const struct compare *c, bool colours)
{
	const stmfw_comparison *r = c->result;
	uint64_t next = 0; /* lines below this address have been shown */
	size_t shown = r->span_count < HEX_SPANS ? r->span_count : HEX_SPANS;

	for (size_t i = 0; i < shown; i++) {
		uint64_t line = r->spans[i].address / HEX_COLUMNS * HEX_COLUMNS;
		uint64_t end = r->spans[i].address + r->spans[i].length;

		if (line < next)
			line = next;
		for (unsigned int k = 0; k < HEX_LINES && line < end; k++) {
			show_line(c, line, colours);
			line += HEX_COLUMNS;
			next = line;
		}
	}
	if (r->span_total > shown)
		printf("%12s... and %zu more places\n", "", r->span_total - shown);
}

void compare_show(const struct compare *c)
{
	bool colours = has_colours();

	show_digests(c);
	printf("\n");
	show_map(c, colours);
	if (c->result->span_count) {
		printf("\n");
		show_differences(c, colours);
	}
}
