/* SPDX-License-Identifier: MIT */
/*
 * How the bytes of a command travel between us and OpenOCD. The one place where that is chosen:
 *
 *   shared   in a file that both see (scratch.c): proven by a token, not by the name of the host
 *   inline   in request and reply, by way of a file that OpenOCD makes for it (inline.c)
 *   memory   in the reply, as numbers (memory.c): reading only, where OpenOCD's Tcl knows no files
 *
 * Steppers do not ask which it is: they have a request written, and get bytes.
 */
#ifndef STMFW_CARRIER_H
#define STMFW_CARRIER_H

#include "bank.h"
#include "scratch.h"

enum carrier_way { CARRIER_UNDECIDED, CARRIER_SHARED, CARRIER_INLINE, CARRIER_MEMORY };

struct carrier {
	enum carrier_way way;
	struct scratch scratch; /* dir NULL: there is none */
	uint8_t *bytes;         /* not shared: those of the last reply */
	size_t most_from;       /* OpenOCD, with one request */
	size_t most_to;         /* OpenOCD, with one request */
	size_t put;             /* into the file, so far */
	const char *kept;       /* what a file of earlier requests is known by, or "" */
	size_t kept_length;     /* what is in it */
	const char *no_scratch; /* why there is none, or "" */
};

/* ---- finding out: begin, have a script's answer, settle; each false: op->res says why ---- */

/* dir: for the file of ours; NULL: TMPDIR or /tmp. */
bool stmfw__carrier_begin(struct carrier *c, struct op *op, const char *dir);
/* For who only reads, and probably nothing at all: without a file, unless one was asked for. */
bool stmfw__carrier_begin_reading(struct carrier *c, struct op *op, const char *dir);
/* A script whose result is the answer: one line. */
void stmfw__carrier_ask(struct buf *b, const struct carrier *c);
bool stmfw__carrier_settle(struct carrier *c, struct op *op, const char *answer);
/* Can it also carry bytes to OpenOCD? */
bool stmfw__carrier_writes(const struct carrier *c, struct op *op);
/* Leaves nothing behind. Harmless if never begun. */
void stmfw__carrier_end(struct carrier *c);

/* ---- from a bank: at most most_from bytes in one request ---- */

/* False: errno, of a file of ours. */
bool stmfw__carrier_ask_bank(struct carrier *c, struct buf *b, const stmfw_bank *bank,
			     uint64_t offset, size_t length);
/* The answer was a good one: has it all of the bytes? False: op->res says why not. */
bool stmfw__carrier_take(struct carrier *c, struct op *op, const struct reply *reply,
			 const stmfw_bank *bank, uint64_t offset, size_t length);
/* Some of them. False: errno, of a file of ours. */
bool stmfw__carrier_fetch(struct carrier *c, void *bytes, size_t length, size_t at);

/* ---- into a command: `before` FILE `after`, see inline.h; at most most_to bytes. False: errno, of
   a file of ours ---- */

bool stmfw__carrier_command(struct carrier *c, struct buf *b, const char *before,
			    const char *after);
bool stmfw__carrier_put(struct carrier *c, struct buf *b, const void *bytes, size_t length);
void stmfw__carrier_command_end(struct carrier *c, struct buf *b);

/* More than most_to: all but the rest in requests of their own, before the command. The taken one
   false: op->res says why, and nothing is left of it. Forgotten false: there is none. */
void stmfw__carrier_part(struct carrier *c, struct buf *b, const void *bytes, size_t length);
bool stmfw__carrier_part_taken(struct carrier *c, struct op *op, const struct reply *reply);
bool stmfw__carrier_forget(struct carrier *c, struct buf *b);

/* The file of ours failed. */
enum move stmfw__carrier_failed(const struct carrier *c, struct op *op);

#endif
