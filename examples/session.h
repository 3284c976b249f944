/* SPDX-License-Identifier: MIT */
/*
 * What every tool runs in: one client on one loop, and Ctrl-C.
 *
 * A first SIGINT, SIGTERM or SIGHUP (the terminal is gone) asks the running operation to stop; its
 * callback finds session->signal set and decides how to leave the board. After patience_ms, 5
 * seconds unless the tool says otherwise, or at a second signal, the client is closed, and
 * outstanding callbacks come with STMFW_ECANCELED.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stmfw.h>
#include <uv.h>

#include "cli.h"
#include "progress.h"

struct session {
	struct cli *cli;
	stmfw_client *client; /* NULL once it is gone                                      */
	stmfw_op op;          /* the tool keeps here what it waits for: a signal cancels it */
	const char *stop_words; /* told at the first signal; NULL: nothing                 */
	uint64_t patience_ms; /* between the first signal and closing; 0: no limit           */
	bool too_late;        /* it came when the work was complete already                */
	int signal;           /* which one, once one has come, otherwise 0                 */
	struct progress progress;
	uv_loop_t loop;
	uv_signal_t interrupt, terminate, hangup;
	uv_timer_t patience;
};

/* From here on signals are caught. False: after cli_fail(). */
bool session_open(struct session *s, struct cli *cli);
/*
 * Connects to the server, calls connected(client, result, arg), and returns when the client has
 * been closed. If it cannot even begin, cli_fail() says why.
 */
void session_run(struct session *s, stmfw_done_cb connected, void *arg);
/* The end of the work: session_run() will return. */
void session_close(struct session *s);
/* Reports that a signal ended it. `doing` completes the words "while trying to ..."; on which board. */
void session_stopped(const struct session *s, const char *doing, const char *who);
/* The work is complete: a signal that has come changes nothing any more. */
void session_completed(struct session *s);

#endif
