/* SPDX-License-Identifier: MIT */
/* `stmfw-station check`: is all there, and right? */
#ifndef COMMAND_CHECK_H
#define COMMAND_CHECK_H

/* argv[0] is the subcommand. Returns the exit code. */
int check_main(int argc, char **argv);

#endif
