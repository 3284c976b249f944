/* SPDX-License-Identifier: MIT */
/*
 * Option structs begin with their size, because a program may have been built with another
 * version of the header than the library: a shorter one gets defaults for what it lacks, a longer
 * one is accepted as long as what we do not know is zero.
 */
#ifndef STMFW_OPTS_H
#define STMFW_OPTS_H

#include <stddef.h>

/* to: zeroed, known_size bytes. Returns STMFW_OK or STMFW_EINVAL. */
int stmfw__copy_opts(void *to, size_t known_size, const void *from);

#endif
