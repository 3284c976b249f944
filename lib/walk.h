/* SPDX-License-Identifier: MIT */
/*
 * Two lists of ranges side by side: walks through all addresses that either has, in stretches in
 * which each of them has all bytes or none.
 */
#ifndef STMFW_WALK_H
#define STMFW_WALK_H

#include <stdbool.h>

#include <stmfw.h>

struct ranges {
	const stmfw_range *list; /* ascending, not overlapping */
	size_t count;
};

struct stretch {
	uint64_t address;
	uint64_t length;
	const uint8_t *a, *b; /* NULL: that list has nothing here */
};

/* Addresses are below 2^32, so that a shift cannot leave the signed ones. */
struct walk {
	struct ranges a, b;
	size_t i, k; /* the ranges at hand */
	int64_t shift;
	int64_t at, end;
};

/* b's addresses are taken as `shift` less than they are. Only addresses from `from` up to `end`. */
void stmfw__walk_begin(struct walk *w, struct ranges a, struct ranges b, int64_t shift,
		       int64_t from, int64_t end);
bool stmfw__walk_next(struct walk *w, struct stretch *s);

/* Ascending, not overlapping, each with bytes, below 2^32. */
bool stmfw__ranges_valid(struct ranges r);
uint64_t stmfw__ranges_total(struct ranges r);
/* The byte at an address; NULL if there is none. */
const uint8_t *stmfw__ranges_find(struct ranges r, uint64_t address);
/* The first range that ends behind the address; count: there is none. A search by halves, as an
   image may have tens of thousands. */
size_t stmfw__ranges_search(struct ranges r, uint64_t address);

#endif
