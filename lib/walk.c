/* SPDX-License-Identifier: MIT */
/* Two lists of ranges side by side: see walk.h. */
#include "walk.h"

#define SPACE ((uint64_t)1 << 32)

bool stmfw__ranges_valid(struct ranges r)
{
	uint64_t end = 0;

	for (size_t i = 0; i < r.count; i++) {
		const stmfw_range *range = &r.list[i];

		if (!range->data || range->length == 0 || range->address < end)
			return false;
		if (range->address >= SPACE || range->length > SPACE - range->address)
			return false;
		end = range->address + range->length;
	}
	return r.count > 0 && r.list;
}

uint64_t stmfw__ranges_total(struct ranges r)
{
	uint64_t total = 0;

	for (size_t i = 0; i < r.count; i++)
		total += r.list[i].length;
	return total;
}

size_t stmfw__ranges_search(struct ranges r, uint64_t address)
{
	size_t low = 0, high = r.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r.list[middle].address + r.list[middle].length > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

const uint8_t *stmfw__ranges_find(struct ranges r, uint64_t address)
{
	size_t i = stmfw__ranges_search(r, address);

	if (i == r.count || address < r.list[i].address)
		return NULL;
	return r.list[i].data + (address - r.list[i].address);
}

void stmfw__walk_begin(struct walk *w, struct ranges a, struct ranges b, int64_t shift,
		       int64_t from, int64_t end)
{
	*w = (struct walk){ .a = a, .b = b, .shift = shift, .at = from, .end = end };
	w->i = stmfw__ranges_search(a, from > 0 ? (uint64_t)from : 0);
	w->k = stmfw__ranges_search(b, from + shift > 0 ? (uint64_t)(from + shift) : 0);
}

/* Where a list stands: in a range, with its bytes; or before one, or behind all. */
struct position {
	const uint8_t *bytes;
	int64_t next; /* where that changes */
};

static struct position position(struct ranges r, size_t *i, int64_t shift, int64_t at)
{
	while (*i < r.count && (int64_t)(r.list[*i].address + r.list[*i].length) - shift <= at)
		++*i;
	if (*i == r.count)
		return (struct position){ NULL, INT64_MAX };
	const stmfw_range *range = &r.list[*i];
	int64_t first = (int64_t)range->address - shift;
	if (first > at)
		return (struct position){ NULL, first };
	return (struct position){ range->data + (at - first), first + (int64_t)range->length };
}

bool stmfw__walk_next(struct walk *w, struct stretch *s)
{
	while (w->at < w->end) {
		struct position a = position(w->a, &w->i, 0, w->at);
		struct position b = position(w->b, &w->k, w->shift, w->at);
		int64_t at = w->at, next = a.next < b.next ? a.next : b.next;

		w->at = next < w->end ? next : w->end;
		if (!a.bytes && !b.bytes)
			continue;
		*s = (struct stretch){ (uint64_t)at, (uint64_t)(w->at - at), a.bytes, b.bytes };
		return true;
	}
	return false;
}
