/* SPDX-License-Identifier: MIT */
/* Finding one flash bank, and its sectors, for every operation that works on one. */
#ifndef STMFW_BANK_H
#define STMFW_BANK_H

#include "op.h"
#include "parse_bank.h"

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

/* Fails: OpenOCD has only so many. */
enum move stmfw__no_such_bank(struct op *op, unsigned int number, size_t count);

/* Checks that offset and *length lie in the bank; *length 0 becomes the rest of it. */
bool stmfw__check_range(struct op *op, const stmfw_bank *bank, uint64_t offset, uint64_t *length);

/* Memory that can be programmed once, never erased, and protected for ever. */
bool stmfw__is_otp(const stmfw_bank *bank);
/* What the chip runs from: what a driver's commands for the whole chip are about. */
bool stmfw__is_main_flash(const stmfw_bank *bank);

/* The sector that holds the byte at this offset of the bank; the number of sectors: none does. */
uint32_t stmfw__sector_at(const stmfw_bank *bank, uint64_t offset);

/* Up to 0.11 OpenOCD does not tell which target a bank belongs to (target NULL or ""). Then a
   script about the bank's target begins with this, and fails where there is more than one: it could
   be about the wrong chip. */
void stmfw__only_target(struct buf *b, const char *target);

/* A command that knows no target but the current one: begin its text, append the command, end it as
   the op's script, in which the bank's target is the current one. */
void stmfw__bank_command_begin(struct buf *command, const struct op *op, const stmfw_bank *bank);
enum move stmfw__bank_command_end(struct buf *command, struct op *op, const stmfw_bank *bank,
				  const char *step, uint32_t deadline_ms);

/* ---- as a part of other operations ---- */

enum info_step { INFO_FIND, INFO_SECTORS, INFO_KNOWN, INFO_ERASED };

struct bank_info_job {
	struct bank_search search;
	unsigned int flags;  /* enum stmfw_bank_flag                                          */
	enum info_step step; /* begun at INFO_KNOWN it finds out again what is erased         */
	struct flash_info blocks; /* of one or more sectors: what `flash protect` counts      */
	struct flash_info sectors;
};

/* Listing all banks needs no job. Describing one: res->banks[0]; NULL: no memory. */
extern const struct op_kind stmfw__banks_kind;
extern const struct op_kind stmfw__bank_info_kind;
struct bank_info_job *stmfw__bank_info_job(struct op *op, unsigned int bank);

#endif
