/* SPDX-License-Identifier: MIT */
/* `stmfw-station serial lease|pool`: serial numbers that stations share. */
#ifndef COMMAND_SERIAL_H
#define COMMAND_SERIAL_H

/* argv[0] is the subcommand. Returns the exit code. */
int serial_main(int argc, char **argv);

#endif
