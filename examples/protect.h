/* SPDX-License-Identifier: MIT */
/*
 * What the parts of stmfw-protect share:
 *
 *     protect.c         show, or change and look again
 *     protect_opts.c    the command line
 *     protect_report.c  what is shown, and the last words
 */
#ifndef PROTECT_H
#define PROTECT_H

#include "change.h"

enum protect_action { PROTECT_SHOW, PROTECT_SET, PROTECT_CLEAR, PROTECT_LOCK, PROTECT_UNLOCK };

struct protect_opts {
	enum protect_action action;
	uint32_t first, last; /* sectors            */
	bool yes, erase_chip; /* both, for `unlock` */
};

/* Known when it ends well: what is to be said then. */
enum protect_result { RESULT_SHOWN, RESULT_CHANGED, RESULT_LOCKED, RESULT_UNLOCKED, RESULT_AS_BEFORE };

struct protect {
	struct change change; /* first: callbacks get it */
	struct protect_opts opts;
	enum protect_result result;
	bool blank;  /* unlocked, and a blank check said so */
	bool sent;   /* the call that changes something     */
	char said[512]; /* by the library                   */
};

/* False: nothing more is to be done, cli knows why. */
bool protect_parse(struct protect_opts *opts, struct change *change, int argc, char **argv);
/* Shows, or says how it went, and returns the exit code. */
int protect_report(struct protect *p);

#endif
