/* SPDX-License-Identifier: MIT */
/* The command line: options.c reads it, main.c acts on it. */
#ifndef STMFW_BOARD_OPTIONS_H
#define STMFW_BOARD_OPTIONS_H

#include "server.h"

struct options {
	struct server *server; /* gets the boards and the timing */
	uint64_t port;
	const char *ready_path, *control_path;
};

/* Exits with status 2 and one line on stderr if the command line makes no sense. */
void options_read(struct options *o, int argc, char **argv);

#endif
