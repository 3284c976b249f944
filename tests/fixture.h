/* SPDX-License-Identifier: MIT */
/*
 * fixture.h - one loop, one scripted peer, one client; and proof that nothing was left behind.
 *
 * Use set_up() and tear_down() as a checked fixture. tear_down() closes what the test left open
 * and then insists on an empty loop, on every allocation returned and on as many open descriptors
 * as before.
 *
 * A test hands a struct watch to the library as the callback's argument. The watch copies what the
 * callback was given, and each callback checks on its way in that it was not called from inside an
 * API function (made through CALL()), nested in another callback, on another thread, or after the
 * client's close callback.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "fake_ocd.h"
#include "stmfw.h"

/* ---- memory ---------------------------------------------------------------------------- */

struct heap {
	stmfw_allocator face; /* what the library is given                           */
	long live;            /* blocks                                              */
	size_t bytes, peak;   /* in them; most of them so far                        */
	long calls;           /* requests for memory so far                          */
	long fail_at;         /* number of the request that fails; -1 none           */
	bool fail_on;         /* all later ones fail as well                         */
	long failed;          /* how many did                                        */
};

void heap_init(struct heap *heap);

/* ---- watching callbacks ------------------------------------------------------------------ */

struct watch;
typedef void (*watch_hook)(struct watch *w, stmfw_client *c, const stmfw_result *res);

struct watch {
	watch_hook then; /* called at the end of each callback; may be NULL              */
	void *user;      /* for the test                                                 */
	int number;      /* for the test                                                 */
	int calls;       /* how often the callback ran                                   */
	int order;       /* its place among all callbacks, from 1                        */
	bool connected;  /* stmfw_client_is_connected() at that moment                   */
	long heap_live;  /* blocks alive at that moment                                  */

	/* done, lost */
	stmfw_op op;
	int status, outcome, uv_status, tcl_code, ocd_code;
	char step[64], text[8192], log[8192], advice[512];
	size_t text_len, log_len, count;
	uint64_t bytes, elapsed_ms;
};

/* The callbacks; arg is the watch. */
void on_done(stmfw_client *c, const stmfw_result *res, void *arg);
void on_close(void *arg);
void on_log(stmfw_client *c, const char *line, void *arg);      /* appends to log  */
void on_event(stmfw_client *c, const stmfw_event *ev, void *arg); /* appends to text */

/* For callbacks of a test's own: first and last statement. */
void callback_enter(void);
void callback_leave(void);

/* ---- the fixture ------------------------------------------------------------------------- */

struct fixture {
	uv_loop_t loop;
	uv_timer_t deadline, clock;
	bool expired, rang;
	int descriptors;
	uv_thread_t thread;
	int in_call;  /* depth of API functions        */
	int in_callback;
	int order;    /* callbacks so far              */
	int result;   /* of the last CALL()            */
	struct heap heap;
	struct fake_ocd *ocd;
	stmfw_client *client;
	stmfw_client_opts opts; /* of the next connect_to()        */
	struct watch connecting, lost, closing;
};

extern struct fixture fx;

void set_up(void);
void tear_down(void);
/* What tear_down() calls first; may be NULL. */
extern void (*fixture_before_tear_down)(void);

/* Any API function: what it returns, and proof of P3. */
#define CALL(expr) (fx.in_call++, fx.result = (expr), fx.in_call--, fx.result)
#define ACCEPTED(expr) ck_assert_int_eq(CALL(expr), STMFW_OK)

/* Start the peer with a scene (NULL: it must not be asked anything but hello). */
void play(const struct scene *scene);
/* The same, and a client that is connected to it. */
stmfw_client *play_connected(const struct scene *scene);
/* A client with fx.opts; it is closed in tear_down() unless close_client() was there first. */
stmfw_client *make_client(void);
/* "host:port" (host NULL: this machine), until it has been called eight times more. */
const char *at(const char *host, uint16_t port);
/* Connect to the peer with that port in the way of this run (fake_ocd_way()). */
int reach(stmfw_client *c, const char *host, uint16_t port, stmfw_done_cb cb, void *arg,
	  stmfw_op *op);
void start_connecting(const char *host, uint16_t port);
/* Close the fixture's client; fx.closing watches. */
void close_client(void);
/* The same and run the loop until it is empty. */
void close_and_drain(void);

/* Run the loop until cond holds. Fails the test if that takes far too long. */
#define RUN_UNTIL(cond)                                                                       \
	do {                                                                                  \
		deadline_start();                                                             \
		while (!(cond))                                                               \
			INSIST(turn(), "never happened: %s", #cond);                          \
		deadline_stop();                                                              \
	} while (0)

void deadline_start(void);
void deadline_stop(void);
bool turn(void); /* false: the deadline is over */

/* Run until nothing keeps the loop alive: no client, no peer activity. */
void run_dry(void);

/* Run the loop for so long; only where time itself is tested. */
void pass_time(unsigned int ms);

bool short_run(void);      /* STMFW_TEST_SHORT is set           */
int count_descriptors(void);

/* Assertions on a watch. */
void assert_status(const struct watch *w, int status, int outcome);
void assert_failed_once(const struct watch *w, int status, int outcome);
void assert_ok_once(const struct watch *w, const char *text);

/* ---- running ----------------------------------------------------------------------------- */

struct test_case {
	const TTest *test;
	int loops; /* 0: once; else _i = 0 ... loops-1 */
};

/* main() of a test program. The table ends with a NULL test. */
int run_cases(const char *name, const struct test_case *cases);

#endif
