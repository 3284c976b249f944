/* SPDX-License-Identifier: MIT */
/* The command line of an OpenOCD that is our child. */
#ifndef STMFW_SPAWN_H
#define STMFW_SPAWN_H

#include <stdbool.h>

#include "mem.h"

#define SPAWN_NAME_SIZE 80

/* The words of opts, and those that put the TCL server on stdin and stdout. NULL: no memory. */
char **stmfw__spawn_argv(struct arena *a, const stmfw_spawn_opts *opts);
/* "exec:openocd -f board.cfg", for messages; cut if long. */
void stmfw__spawn_name(char name[SPAWN_NAME_SIZE], const char *const *argv);

#endif
