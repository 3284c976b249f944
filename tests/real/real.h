/* SPDX-License-Identifier: MIT */
/*
 * A real OpenOCD for a test, with the dummy adapter or on a virtual board, and blocking calls.
 *
 * Everything lives in a private directory; ports are chosen by the kernel; only processes that
 * were started here are ended, by their pid. Each wait is bounded.
 *
 * OPENOCD in the environment names another binary than the one in the PATH; STMFW_TEST_WAY is
 * "telnet" to talk to its console, "exec" to have it started by the library; else its TCL port.
 */
#ifndef REAL_H
#define REAL_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <uv.h>

#include <stmfw.h>

struct real {
	char dir[64];
	pid_t board;
	pid_t openocd;     /* exec: 0 until there is a connection          */
	char *command[32]; /* exec: what it is started with, NULL at the end */
	uint16_t tcl, telnet, gdb;
	uv_loop_t loop;
	stmfw_client *client;
};

extern struct real real;

enum driver { HLA, DAPDIRECT };

/* OpenOCD without a board: `dummy` adapter, `testee` target, `faux` flash. Not connected yet. */
void start_dummy(void);
/* chip as the board names it, its target file, options for the board (NULL-terminated list). */
void start_board(const char *chip, const char *target_cfg, enum driver driver,
		 const char *const *board_options);
/* The board's own flash; one of its counters; a line of its control language ("fault rdp"). */
void board_flash(void *bytes, size_t length);
unsigned long board_stat(const char *name);
void board_do(const char *line);
/* "host:port" (host NULL: this machine), until it has been called eight times more. */
const char *at(const char *host, uint16_t port);
bool is_way(const char *way);
/* Connect to it, or start it. */
int reach(stmfw_client *c, stmfw_done_cb cb, void *arg, stmfw_op *op);
void connect_client(void);
void connect_by(enum stmfw_transfer transfer);
/* In OpenOCD's temporary directory; stop_all() insists on none. */
int temporary_files(void);
/* It is to end by itself now. (As a child it has: closing waits for that.) */
void wait_end_of_openocd(void);
/* Checked teardown for both: closes, ends, and insists on an empty loop. */
void stop_all(void);

/* What a callback was told, copied. */
struct outcome {
	bool done;
	stmfw_result res; /* pointers are NULL but for text and log */
	char text[1 << 16];
	char log[1 << 14];
	char advice[512];
	void (*look)(const stmfw_result *res); /* in the callback, while all is valid */
};

extern struct outcome outcome;

/* as callback */
void on_outcome(stmfw_client *c, const stmfw_result *res, void *arg);
void wait_outcome(void);

/* ACCEPT(stmfw_targets(real.client, DONE)) runs the operation to its end. */
#define DONE on_outcome, NULL, NULL
#define RUN(call)                                                                             \
	do {                                                                                  \
		outcome.done = false;                                                         \
		ck_assert_int_eq(call, STMFW_OK);                                             \
		wait_outcome();                                                               \
	} while (0)
#define RUN_OK(call)                                                                          \
	do {                                                                                  \
		RUN(call);                                                                    \
		ck_assert_msg(outcome.res.status == STMFW_OK, "%s: %s: %s",                   \
			      stmfw_err_name(outcome.res.status), outcome.text, outcome.log); \
	} while (0)
#define RUN_FAILS(status_, call)                                                              \
	do {                                                                                  \
		RUN(call);                                                                    \
		ck_assert_msg(outcome.res.status == (status_), "%s: %s",                      \
			      stmfw_err_name(outcome.res.status), outcome.text);              \
	} while (0)

/* Any Tcl; returns its result. */
const char *tcl(const char *script);

struct real_test {
	const TTest *test; /* NULL ends the list    */
	int times;         /* with _i from 0 on     */
};

int run_real(const char *name, const struct real_test *tests);
/* The same for tests that need the virtual board: skips them, each by its name, with an OpenOCD
   that cannot reach it. */
int run_on_board(const char *name, const struct real_test *tests);
/* Each is skipped, by its name. */
int skip_all(const struct real_test *tests, const char *why);

#endif
