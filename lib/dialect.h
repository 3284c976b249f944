/* SPDX-License-Identifier: MIT */
/* Tcl that says the same to every version of OpenOCD, and what differs in their answers. */
#ifndef STMFW_DIALECT_H
#define STMFW_DIALECT_H

#include "wire.h"

/* Four lines: version, Jim's version, adapter, transport; empty what cannot be found out. */
extern const char stmfw__tell_server[];
/* In front of it where OpenOCD is our child. */
extern const char stmfw__answer_whole[];

/* A line for each bank: number, name, driver, target, base, size; a tab between two. Its target is
   empty where OpenOCD does not tell (up to 0.11). */
extern const char stmfw__tell_banks[];

/* Wants a bank's number behind it. What `flash info` prints, and behind a line end what it prints
   about sectors, where that is not the same. */
extern const char stmfw__tell_sectors[];

/* Lambdas of target ("": the current one), address, width and count; the writer also of a list of
   values, the reader's result is one. */
extern const char stmfw__memory_reader[];
extern const char stmfw__memory_writer[];

extern const char stmfw__notifications_on[];
extern const char stmfw__notifications_off[];

/* Is this how `shutdown` answers when it succeeds? */
bool stmfw__is_exit(const struct reply *r);

/* The length of a result that a command has printed: 0.11 and 0.12 leave a line end behind it. */
size_t stmfw__printed_length(const struct reply *r);

#endif
