/* SPDX-License-Identifier: MIT */
/*
 * What the parts of stmfw-erase share:
 *
 *     erase.c       look, ask or erase, prove
 *     erase_opts.c  the command line
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

/* False: nothing more is to be done, cli knows why. */
bool erase_parse(struct erase_opts *opts, struct change *change, int argc, char **argv);

#endif
