/* SPDX-License-Identifier: MIT */
/* `stmfw-station run`: work by a recipe until told otherwise. */
#ifndef RUN_H
#define RUN_H

/* argv[0] is the subcommand. Returns the exit code. */
int run_main(int argc, char **argv);

#endif
