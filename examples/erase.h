/* SPDX-License-Identifier: MIT */
/*
 * What the parts of stmfw-erase share:
 *
 *     erase.c         look, ask or erase, prove
 *     erase_opts.c    the command line
 *     erase_report.c  the last words
 */
#ifndef ERASE_H
#define ERASE_H

#include "change.h"

enum erase_what { ERASE_UNSAID, ERASE_SECTORS, ERASE_RANGE, ERASE_ALL };

struct erase_opts {
	enum erase_what what;
	uint32_t first, last;   /* sectors                         */
	uint64_t address, end;  /* of the range: its last byte     */
	bool unlock, yes;
};

enum erase_outcome {
	NOTHING_DONE,
	MAYBE_ERASED, /* asked for, and it failed or no answer came */
	PROVEN,       /* by the chip's own check                    */
	PROVEN_TWICE  /* and by reading                             */
};

struct erase {
	struct change change; /* first: callbacks get it */
	struct erase_opts opts;
	struct stmfw_span range; /* as addresses */
	uint64_t used;  /* bytes that are not blank, as far as it was read */
	bool counted;   /* all of it was */
	uint32_t unlocked; /* sectors that are write protected, and with --unlock not any more */
	uint8_t blank;  /* what an erased byte reads as */
	enum erase_outcome outcome;
};

/* False: nothing more is to be done, cli knows why. */
bool erase_parse(struct erase_opts *opts, struct change *change, int argc, char **argv);
/* Says how it went and returns the exit code. */
int erase_report(struct erase *e);

#endif
