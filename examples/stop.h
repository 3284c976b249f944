/* SPDX-License-Identifier: MIT */
/* Ctrl-C and SIGTERM: first ask the running operation to stop, then insist. */
#ifndef STOP_H
#define STOP_H

#include <stmfw.h>
#include <uv.h>

#include "cli.h"

struct stop {
	uv_signal_t interrupt, terminate;
	uv_timer_t patience;
	stmfw_client *client;
	stmfw_op op; /* the tool keeps here what it is waiting for          */
	int signal;  /* SIGINT or SIGTERM, once one has come; otherwise 0   */
};

/*
 * From now on a first signal cancels stop->op. Client and work then have 5 seconds to end in
 * good order; after that, or at a second signal, the client is closed. Neither handle keeps the
 * loop going. Returns 0 or a libuv error.
 */
int stop_init(struct stop *stop, uv_loop_t *loop, stmfw_client *client);
/* The exit code for the signal that came. */
enum cli_exit stop_exit(const struct stop *stop);
/* When the loop has run dry: takes the handles away. */
void stop_close(struct stop *stop, uv_loop_t *loop);

#endif
