/* SPDX-License-Identifier: MIT */
/* Finding one flash bank, for every operation that works on one. */
#ifndef STMFW_BANK_H
#define STMFW_BANK_H

#include "op.h"

struct bank_search {
	unsigned int number;
	bool probe; /* even if its size is known: a board may have been swapped since */
	stmfw_bank bank;
};

/*
 * A part of a stepper: true when the bank is found (its size known); false: make *move, and call
 * again with the reply.
 */
bool stmfw__find_bank(struct op *op, struct bank_search *s, const struct reply *last,
		      enum move *move);

/* The two halves of that, for who asks for more in the same request: a script whose result is a
   list of banks, and the judgement of the list. False: op->res says why. */
void stmfw__bank_script(struct buf *b, const struct bank_search *s);
bool stmfw__take_bank(struct op *op, struct bank_search *s, const char *list, size_t length);

/* Checks that offset and *length lie in the bank; *length 0 becomes the rest of it. */
bool stmfw__check_range(struct op *op, const stmfw_bank *bank, uint64_t offset, uint64_t *length);

/* Listing all banks needs no job. Describing one: res->banks[0]; NULL: no memory. */
extern const struct op_kind stmfw__banks_kind;
extern const struct op_kind stmfw__bank_info_kind;
void *stmfw__bank_info_job(struct op *op, unsigned int bank);

#endif
