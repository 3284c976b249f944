/* SPDX-License-Identifier: MIT */
/*
 * What the small programs share: connect, take one step after the other, close. A step that fails is
 * told, and is the last.
 */
#ifndef ERRAND_H
#define ERRAND_H

#include <stmfw.h>

/* One step makes one call, whose callback is errand_next, or calls that; returns what the call did. */
typedef int (*errand_step)(stmfw_client *c);

/* The steps end with NULL. Returns the exit code of the program. */
int errand_run(const char *address, const errand_step *steps);
void errand_next(stmfw_client *c, const stmfw_result *r, void *arg);

#endif
