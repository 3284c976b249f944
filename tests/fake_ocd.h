/* SPDX-License-Identifier: MIT */
/*
 * fake_ocd.h - a scripted OpenOCD TCL port on 127.0.0.1, in this process and on this loop. With
 * STMFW_TEST_WAY=unix it listens on a socket in the file system as well; with =telnet it is
 * OpenOCD's console; with =exec children (child.c) are expected to connect.
 *
 * A scene is a table of steps, ended by END. Steps that wait for the client (EXPECT...) compare
 * the script that the client wants to be run; the rest acts. A step begins when the output of the
 * one before has left. The scene goes on over connections: after HANG_UP, RESET or STALL the next
 * step belongs to the next connection.
 *
 * The first request of each connection is the library's greeting and is answered by itself, unless
 * the scene begins with MANUAL. What comes after END goes to fake_ocd_answer()'s function, or
 * fails the test.
 */
#ifndef FAKE_OCD_H
#define FAKE_OCD_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum fake_way { FAKE_TCL, FAKE_UNIX, FAKE_EXEC, FAKE_TELNET };

enum fake_verb {
	FAKE_END = 0,
	FAKE_MANUAL,
	FAKE_GREET,
	FAKE_EXPECT,
	FAKE_EXPECT_PREFIX,
	FAKE_EXPECT_CONTAINS,
	FAKE_EXPECT_ANY,
	FAKE_REPLY,
	FAKE_NOTIFY,
	FAKE_RAW,
	FAKE_LATE,
	FAKE_FOREIGN,
	FAKE_ENDLESS,
	FAKE_SPLIT,
	FAKE_CUT,
	FAKE_STALL,
	FAKE_GATE,
	FAKE_DEAF,
	FAKE_HANG_UP,
	FAKE_RESET
};

struct scene {
	enum fake_verb verb;
	const char *text;
	size_t length; /* of text, or a number */
	int code, ocd;
	const char *log;
};

/* Like ck_assert_msg(), which notes each success in a file: too slow for what runs often. */
#define INSIST(cond, ...)                                                                     \
	do {                                                                                  \
		if (!(cond))                                                                  \
			ck_abort_msg(__VA_ARGS__);                                            \
	} while (0)

/* clang-format off */
/* The scene greets by itself; must be the first step. */
#define MANUAL             { .verb = FAKE_MANUAL }
/* Wait for the greeting of a connection and answer it (with MANUAL). */
#define GREET              { .verb = FAKE_GREET }
/* Wait for a request: this script; one that begins so; that contains this; any bytes at all. */
#define EXPECT(s)          { .verb = FAKE_EXPECT, .text = (s) }
#define EXPECT_PREFIX(s)   { .verb = FAKE_EXPECT_PREFIX, .text = (s) }
#define EXPECT_CONTAINS(s) { .verb = FAKE_EXPECT_CONTAINS, .text = (s) }
#define EXPECT_ANY         { .verb = FAKE_EXPECT_ANY }
/* Answer the last request. */
#define REPLY_OK(s)        { .verb = FAKE_REPLY, .text = (s), .length = sizeof(s) - 1, .log = "" }
#define REPLY(c, o, s, l)  { .verb = FAKE_REPLY, .text = (s), .length = sizeof(s) - 1, \
			     .code = (c), .ocd = (o), .log = (l) }
/* One frame of target news, as OpenOCD sends them. */
#define NOTIFY(s)          { .verb = FAKE_NOTIFY, .text = (s) }
/* These bytes. */
#define RAW(s)             { .verb = FAKE_RAW, .text = (s), .length = sizeof(s) - 1 }
/* A good answer, but to the request before the last one; to a request that nobody made. */
#define LATE(s)            { .verb = FAKE_LATE, .text = (s), .length = sizeof(s) - 1, .log = "" }
#define FOREIGN(s)         { .verb = FAKE_FOREIGN, .text = (s), .length = sizeof(s) - 1, .log = "" }
/* Bytes without end and without a terminator. */
#define ENDLESS            { .verb = FAKE_ENDLESS }
/* From here on send n bytes per turn of the loop (0: all at once, the default). */
#define SPLIT(n)           { .verb = FAKE_SPLIT, .length = (n) }
/* After n more bytes hang up. */
#define CUT(n)             { .verb = FAKE_CUT, .length = (n) }
/* Say nothing any more; the scene goes on with the next connection. */
#define STALL              { .verb = FAKE_STALL }
/* Say nothing until the test calls fake_ocd_open_gate(). */
#define GATE               { .verb = FAKE_GATE }
/* Stop reading. */
#define DEAF               { .verb = FAKE_DEAF }
/* End the connection: orderly, with a TCP reset. */
#define HANG_UP            { .verb = FAKE_HANG_UP }
#define RESET              { .verb = FAKE_RESET }
#define END                { .verb = FAKE_END }
/* clang-format on */

/* To a child that relays: what follows goes to its stderr, to its stdout again. */
#define CHILD_TO_STDERR "\x0e"
#define CHILD_TO_STDOUT "\x0f"

struct fake_ocd;
struct fake_conn;

struct fake_ocd *fake_ocd_start(uv_loop_t *loop, const struct scene *scene);
/* The same, at this port; 0: any that is free. */
struct fake_ocd *fake_ocd_start_at(uv_loop_t *loop, const struct scene *scene, uint16_t port);
/* Frees it as soon as the loop has run. */
void fake_ocd_stop(struct fake_ocd *ocd);

uint16_t fake_ocd_port(const struct fake_ocd *ocd);

/* How the library is to reach it; the path of its socket, which exists only with FAKE_UNIX. */
enum fake_way fake_ocd_way(void);
const char *fake_ocd_path(uint16_t port);

/* A port of 127.0.0.1 where nobody listens. */
uint16_t fake_ocd_dead_port(uv_loop_t *loop);

/* What has happened so far. Requests do not count the greetings. */
int fake_ocd_connections(const struct fake_ocd *ocd);
int fake_ocd_open_connections(const struct fake_ocd *ocd);
int fake_ocd_requests(const struct fake_ocd *ocd);
bool fake_ocd_at_gate(const struct fake_ocd *ocd);
bool fake_ocd_at_end(const struct fake_ocd *ocd);
/* Bytes that the client sent and that no step has looked at. */
size_t fake_ocd_unread(const struct fake_ocd *ocd);

void fake_ocd_open_gate(struct fake_ocd *ocd);

/* Send n bytes per turn on all connections from the next one on; 0: all at once. */
void fake_ocd_split(struct fake_ocd *ocd, size_t n);

/* Behind the next gate: n bytes first, the rest a turn later. */
void fake_ocd_split_at(struct fake_ocd *ocd, size_t n);

/* The result of the greeting, instead of the usual one. */
void fake_ocd_greet_with(struct fake_ocd *ocd, const char *result);

/* Who answers requests that no scene waits for. It may call the functions below, or nothing. */
typedef void (*fake_answer)(struct fake_conn *conn, const char *script, size_t length, void *arg);
void fake_ocd_answer(struct fake_ocd *ocd, fake_answer answer, void *arg);
/* Two of those: each script succeeds with itself, or with its nonce, as the result. */
void fake_echo(struct fake_conn *conn, const char *script, size_t length, void *arg);
void fake_tell_nonce(struct fake_conn *conn, const char *script, size_t length, void *arg);

/* Sees each answer of fake_reply() before it is sent, that of the greeting included. It may change
   it, or say something else and return false. */
typedef bool (*fake_meddler)(struct fake_conn *conn, struct scene *answer, void *arg);
void fake_ocd_meddle(struct fake_ocd *ocd, fake_meddler meddler, void *arg);

/* The nonce of the last request, and of the one before it. */
const char *fake_nonce(const struct fake_conn *conn);
const char *fake_nonce_before(const struct fake_conn *conn);
/* A good answer to the request with that nonce. */
void fake_answer_as(struct fake_conn *conn, const char *nonce, const struct scene *answer);
void fake_reply(struct fake_conn *conn, int code, int ocd, const char *result, size_t length,
		const char *log);
void fake_reply_ok(struct fake_conn *conn, const char *result);
void fake_raw(struct fake_conn *conn, const void *bytes, size_t length);
/* On a console: just a line. */
void fake_notify(struct fake_conn *conn, const char *record);
/* Instead of a reply: something that cannot be one. */
void fake_garbage(struct fake_conn *conn);
void fake_hang_up(struct fake_conn *conn);
void fake_reset(struct fake_conn *conn);

#endif
