/* SPDX-License-Identifier: MIT */
/*
 * What the parts of a comparison share:
 *
 *     compare.c         counts, spans, cells
 *     compare_reason.c  what explains them, and the words for it
 */
#ifndef STMFW_COMPARE_H
#define STMFW_COMPARE_H

#include "mem.h"
#include "walk.h"

#define COMPARE_SPACE ((int64_t)1 << 32)

/* What a part of the address space holds on both sides. */
struct tally {
	uint64_t both;        /* bytes that both have         */
	uint64_t differing;   /* of these not the same        */
	uint64_t missing;     /* bytes that only expected has */
	uint64_t extra;       /* bytes that only found has    */
	uint64_t extra_blank; /* of these FF                  */
	/* Bytes of both that are not FF; 0: blank. */
	uint64_t expected_used, found_used;
};

struct compare {
	stmfw_comparison result; /* first: what the user has */
	struct mem mem;
	struct arena arena;
	struct ranges expected, found, again;
	const stmfw_bank *banks;
	size_t bank_count;
	const char *expected_name, *found_name;
	struct tally all;
};

/* The part from `from` to below `end`. */
struct tally stmfw__compare_tally(const struct compare *c, int64_t from, int64_t end);
/* Fills in verdict, agrees, text, advice, shift. A text that is NULL: no memory. */
void stmfw__compare_explain(struct compare *c);

#endif
