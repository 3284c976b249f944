/* SPDX-License-Identifier: MIT */
/*
 * What the parts of stmfw-protect share:
 *
 *     protect.c       show, or change and look again
 *     protect_opts.c  the command line
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

/* False: nothing more is to be done, cli knows why. */
bool protect_parse(struct protect_opts *opts, struct change *change, int argc, char **argv);

#endif
