/* SPDX-License-Identifier: MIT */
/* The list of targets that our script makes, into structs. */
#ifndef STMFW_PARSE_TARGET_H
#define STMFW_PARSE_TARGET_H

#include <stdbool.h>

#include "mem.h"

/* Lines of: name, type, state, examined, separated by tabs. text is changed and referred to.
   False: damaged, or out of memory (a->failed). */
bool stmfw__parse_targets(struct arena *a, char *text, stmfw_target **targets, size_t *count);

#endif
