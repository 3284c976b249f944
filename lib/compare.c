/* SPDX-License-Identifier: MIT */
/* Comparing two contents: the counts, the places, the map. See compare.h. */
#include "compare.h"

#include <string.h>

#include "opts.h"

#define SPAN_LIMIT 64u
#define SPAN_JOIN 8u /* equal bytes that separate two spans: in other code, some are so by chance */
#define PAGE 1024u

/* ---- counting ---- */

static uint64_t count_blank(const uint8_t *p, uint64_t length)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < length; i++)
		n += p[i] == 0xff;
	return n;
}

static void count_both(struct tally *t, const struct stretch *s)
{
	t->both += s->length;
	t->expected_used += s->length - count_blank(s->a, s->length);
	t->found_used += s->length - count_blank(s->b, s->length);
	for (uint64_t i = 0; i < s->length; i++)
		t->differing += s->a[i] != s->b[i];
}

struct tally stmfw__compare_tally(const struct compare *c, int64_t from, int64_t end)
{
	struct tally t = { 0 };
	struct stretch s;
	struct walk w;

	stmfw__walk_begin(&w, c->expected, c->found, 0, from, end);
	while (stmfw__walk_next(&w, &s)) {
		if (s.a && s.b) {
			count_both(&t, &s);
		} else if (s.a) {
			t.missing += s.length;
		} else {
			t.extra += s.length;
			t.extra_blank += count_blank(s.b, s.length);
		}
	}
	return t;
}

static void count_unstable(struct compare *c)
{
	stmfw_comparison *r = &c->result;
	stmfw_span *span = &r->unstable_span;
	struct stretch s;
	struct walk w;

	stmfw__walk_begin(&w, c->found, c->again, 0, 0, COMPARE_SPACE);
	while (stmfw__walk_next(&w, &s)) {
		for (uint64_t i = 0; s.a && s.b && i < s.length; i++) {
			if (s.a[i] == s.b[i])
				continue;
			if (r->unstable++ == 0)
				span->address = s.address + i;
			span->length = s.address + i + 1 - span->address;
		}
	}
}

/* ---- spans ---- */

struct spans {
	stmfw_span *list;
	size_t limit, total;
	uint64_t end; /* of the last one */
};

static void add_to_spans(struct spans *spans, uint64_t address, uint64_t length)
{
	bool joins = spans->total > 0 && address < spans->end + SPAN_JOIN;

	spans->total += !joins;
	spans->end = address + length;
	if (spans->total > spans->limit)
		return;
	stmfw_span *last = &spans->list[spans->total - 1];
	if (!joins)
		last->address = address;
	last->length = spans->end - last->address;
}

static bool find_spans(struct compare *c, size_t limit)
{
	struct spans spans = { .limit = limit };
	struct stretch s;
	struct walk w;

	if (limit > SIZE_MAX / sizeof(*spans.list))
		return false;
	spans.list = stmfw__arena_alloc(&c->arena, limit * sizeof(*spans.list));
	if (!spans.list)
		return false;
	stmfw__walk_begin(&w, c->expected, c->found, 0, 0, COMPARE_SPACE);
	while (stmfw__walk_next(&w, &s)) {
		if (s.a && !s.b)
			add_to_spans(&spans, s.address, s.length);
		for (uint64_t i = 0; s.a && s.b && i < s.length; i++)
			if (s.a[i] != s.b[i])
				add_to_spans(&spans, s.address + i, 1);
	}
	c->result.spans = spans.list;
	c->result.span_total = spans.total;
	c->result.span_count = spans.total < limit ? spans.total : limit;
	return true;
}

/* ---- cells ---- */

static enum stmfw_cell_state cell_state(const struct tally *t)
{
	if (t->both == 0)
		return t->missing ? STMFW_CELL_MISSING : STMFW_CELL_OUTSIDE;
	if (t->differing == 0 && t->missing == 0)
		return STMFW_CELL_SAME;
	if (t->found_used == 0 && t->differing)
		return STMFW_CELL_FOUND_BLANK;
	if (t->expected_used == 0 && t->differing)
		return STMFW_CELL_EXPECTED_BLANK;
	return STMFW_CELL_DIFFERS;
}

static void fill_cell(const struct compare *c, stmfw_cell *cell, uint64_t address, uint64_t length)
{
	struct tally t = stmfw__compare_tally(c, (int64_t)address, (int64_t)(address + length));

	*cell = (stmfw_cell){ .address = address,
			      .length = length,
			      .state = cell_state(&t),
			      .expected = t.both + t.missing,
			      .differing = t.differing + t.missing,
			      .other = t.extra - t.extra_blank };
}

static bool map_sectors(struct compare *c)
{
	size_t count = 0;

	for (size_t i = 0; i < c->bank_count; i++)
		count += c->banks[i].sector_count;
	stmfw_cell *cell = stmfw__arena_alloc(&c->arena, count * sizeof(*cell));
	if (!cell)
		return false;
	c->result.cells = cell;
	c->result.cell_count = count;
	for (size_t i = 0; i < c->bank_count; i++) {
		const stmfw_bank *bank = &c->banks[i];

		for (size_t k = 0; k < bank->sector_count; k++)
			fill_cell(c, cell++, bank->base + bank->sectors[k].offset,
				  bank->sectors[k].size);
	}
	return true;
}

/* Pages in which there is anything; with cell NULL they are only counted. */
static size_t map_pages(const struct compare *c, stmfw_cell *cells)
{
	uint64_t next = 0; /* the first page that is not done */
	size_t count = 0;
	struct stretch s;
	struct walk w;

	stmfw__walk_begin(&w, c->expected, c->found, 0, 0, COMPARE_SPACE);
	while (stmfw__walk_next(&w, &s)) {
		uint64_t first = s.address / PAGE, last = (s.address + s.length - 1) / PAGE;

		for (uint64_t page = first > next ? first : next; page <= last; page++) {
			if (cells)
				fill_cell(c, &cells[count], page * PAGE, PAGE);
			count++;
		}
		next = last + 1;
	}
	return count;
}

static bool make_map(struct compare *c)
{
	if (c->bank_count)
		return map_sectors(c);
	size_t count = map_pages(c, NULL);
	stmfw_cell *cells = stmfw__arena_alloc(&c->arena, count * sizeof(*cells));
	if (!cells)
		return false;
	c->result.cells = cells;
	c->result.cell_count = map_pages(c, cells);
	return true;
}

/* ---- all of it ---- */

/* Sectors come from a library's own probe, but nothing here may run away if they do not. */
static bool are_banks_valid(const stmfw_bank *banks, size_t count)
{
	const uint64_t space = (uint64_t)COMPARE_SPACE;

	for (size_t i = 0; i < count; i++) {
		const stmfw_bank *bank = &banks[i];

		for (size_t k = 0; k < bank->sector_count; k++) {
			const stmfw_sector *s = &bank->sectors[k];

			if (bank->base > space || s->offset > space - bank->base ||
			    s->size > space - bank->base - s->offset)
				return false;
		}
	}
	return banks || count == 0;
}

static int check(const stmfw_compare_opts *o)
{
	const struct ranges expected = { o->expected, o->expected_count };
	const struct ranges found = { o->found, o->found_count };
	const struct ranges again = { o->again, o->again_count };

	if (!stmfw__ranges_valid(expected) || !stmfw__ranges_valid(found))
		return STMFW_EINVAL;
	if (o->again_count && !stmfw__ranges_valid(again))
		return STMFW_EINVAL;
	return are_banks_valid(o->banks, o->bank_count) ? STMFW_OK : STMFW_EINVAL;
}

static void count(struct compare *c)
{
	stmfw_comparison *r = &c->result;

	c->all = stmfw__compare_tally(c, 0, COMPARE_SPACE);
	r->expected_bytes = stmfw__ranges_total(c->expected);
	r->found_bytes = stmfw__ranges_total(c->found);
	r->compared = c->all.both;
	r->differing = c->all.differing;
	r->missing = c->all.missing;
	r->extra = c->all.extra;
	r->extra_blank = c->all.extra_blank;
	count_unstable(c);
}

static struct compare *make(const stmfw_compare_opts *o)
{
	struct mem mem;

	stmfw__mem_init(&mem, o->alloc);
	struct compare *c = stmfw__mem_alloc(&mem, sizeof(*c));
	if (!c)
		return NULL;
	c->mem = mem;
	stmfw__arena_init(&c->arena, &c->mem);
	c->expected = (struct ranges){ o->expected, o->expected_count };
	c->found = (struct ranges){ o->found, o->found_count };
	c->again = (struct ranges){ o->again, o->again_count };
	c->banks = o->banks;
	c->bank_count = o->bank_count;
	c->expected_name = o->expected_name ? o->expected_name : "the image";
	c->found_name = o->found_name ? o->found_name : "the flash";
	return c;
}

int stmfw_compare(stmfw_comparison **out, const stmfw_compare_opts *opts)
{
	stmfw_compare_opts o = { 0 };

	if (!out || !opts || stmfw__copy_opts(&o, sizeof(o), opts) || check(&o))
		return STMFW_EINVAL;
	struct compare *c = make(&o);
	if (!c)
		return STMFW_ENOMEM;
	count(c);
	if (find_spans(c, o.span_limit ? o.span_limit : SPAN_LIMIT) && make_map(c))
		stmfw__compare_explain(c);
	if (!c->result.text) {
		stmfw_comparison_free(&c->result);
		return STMFW_ENOMEM;
	}
	*out = &c->result;
	return STMFW_OK;
}

void stmfw_comparison_free(stmfw_comparison *comparison)
{
	struct compare *c = (struct compare *)comparison;

	if (!c)
		return;
	const struct mem mem = c->mem;
	stmfw__arena_release(&c->arena);
	stmfw__mem_free(&mem, c);
}
