/* SPDX-License-Identifier: MIT */
/* test_framing.c - bytes in any pieces, frames that belong to nobody, connections that end. */
#include "fixture.h"

#include <string.h>

/* The reply of all cut and split scenes: nonce, "0", "0", result, log. */
#define RESULT "re%sult\nof two lines"
#define LOG "and a log\n"
/* No nonce is longer than this; the peer insists on more than 8. */
#define REPLY_LENGTH (24 + 1 + 2 + 2 + sizeof(RESULT) + 2 + 2 + 1 + sizeof(LOG) + 2 + 1)

static void submit(const char *tcl, struct watch *w)
{
	ACCEPTED(stmfw_command(fx.client, tcl, 0, on_done, w, NULL));
}

/* The next connection works and knows nothing of the last one. */
static void assert_reconnects(void)
{
	struct watch w = { 0 };

	RUN_UNTIL(fake_ocd_open_connections(fx.ocd) == 0);
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	submit("again", &w);
	RUN_UNTIL(w.calls);
	assert_ok_once(&w, "welcome back");
}

#define AGAIN EXPECT("again"), REPLY_OK("welcome back")

/* ---- pieces -------------------------------------------------------------------------------- */

START_TEST(reply_in_pieces_of_any_size)
{
	const struct scene scene[] = {
		SPLIT((size_t)_i + 1),
		EXPECT("x"), NOTIFY("type target_state state halted"),
		REPLY(0, 0, RESULT, LOG), EXPECT("y"), REPLY(-4, -4, "no", ""), END
	};
	struct watch x = { 0 }, y = { 0 };

	play_connected(scene);
	submit("x", &x);
	submit("y", &y);
	RUN_UNTIL(y.calls);
	assert_ok_once(&x, RESULT);
	ck_assert_str_eq(x.log, LOG);
	assert_failed_once(&y, STMFW_ECOMMAND, STMFW_FINISHED);
}
END_TEST

/* Two parts, cut at each byte; a turn of the loop lies between them. */
START_TEST(reply_in_two_parts_split_at_every_byte)
{
	const struct scene scene[] = { EXPECT("x"), GATE, REPLY(0, 0, RESULT, LOG), END };
	struct watch x = { 0 };

	play(scene);
	fake_ocd_split_at(fx.ocd, (size_t)_i);
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	submit("x", &x);
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(x.calls);
	assert_ok_once(&x, RESULT);
	ck_assert_str_eq(x.log, LOG);
}
END_TEST

/* ---- the end at every byte ----------------------------------------------------------------- */

/* lost says so; it may name the reason, too. */
static void assert_lost_once(int reason)
{
	ck_assert_int_eq(fx.lost.calls, 1);
	ck_assert_int_eq(fx.lost.connected, 0);
	ck_assert_msg(fx.lost.status == STMFW_ELOST || fx.lost.status == reason, "%s",
		      stmfw_err_name(fx.lost.status));
}

/* A success needs all bytes; if there were more to come, y went out before the end. */
static void lose_after(size_t n, const struct scene *scene, size_t length)
{
	struct watch x = { 0 }, y = { 0 };

	play_connected(scene);
	submit("x", &x);
	submit("y", &y);
	RUN_UNTIL(fx.lost.calls);
	if (x.status == STMFW_OK) {
		assert_ok_once(&x, RESULT);
		ck_assert_msg(n >= length, "success from %zu bytes", n);
		assert_failed_once(&y, STMFW_ELOST, y.outcome);
		ck_assert_int_ne(y.outcome, STMFW_FINISHED);
	} else {
		assert_failed_once(&x, STMFW_ELOST, STMFW_UNKNOWN);
		assert_failed_once(&y, STMFW_ELOST, STMFW_NOT_STARTED);
	}
	ck_assert_int_lt(x.order, y.order);
	ck_assert_int_lt(y.order, fx.lost.order);
	assert_lost_once(STMFW_ELOST);
}

START_TEST(p2_done_exactly_once_when_peer_hangs_up_at_every_byte)
{
	const struct scene scene[] = {
		EXPECT("x"), CUT((size_t)_i), REPLY(0, 0, RESULT, LOG), EXPECT("y"), HANG_UP, END
	};

	lose_after((size_t)_i, scene, strlen(RESULT LOG) + 16);
}
END_TEST

START_TEST(p2_done_exactly_once_when_peer_hangs_up_within_news)
{
	const struct scene scene[] = {
		EXPECT("x"), CUT((size_t)_i), NOTIFY("type target_event event halted"),
		REPLY(0, 0, RESULT, LOG), EXPECT("y"), HANG_UP, END
	};

	lose_after((size_t)_i, scene, strlen("type target_event event halted" RESULT LOG) + 19);
}
END_TEST

struct loss {
	const char *name;
	int status;
	struct scene scene[8];
};

/* The running command fails, the waiting one never started, and a new connection works. */
static const struct loss losses[] = {
	{ "hang-up", STMFW_ELOST, { EXPECT("x"), HANG_UP, AGAIN, END } },
	{ "reset", STMFW_ELOST, { EXPECT("x"), RESET, AGAIN, END } },
	{ "half a frame", STMFW_ELOST, { EXPECT("x"), RAW("@"), HANG_UP, AGAIN, END } },
	{ "half a record", STMFW_ELOST, { EXPECT("x"), RAW("type tar"), HANG_UP, AGAIN, END } },
	{ "half a record, reset", STMFW_ELOST, { EXPECT("x"), RAW("type t"), RESET, AGAIN, END } },
	{ "foreign reply", STMFW_EPROTO, { EXPECT("x"), FOREIGN("1"), STALL, AGAIN, END } },
	{ "foreign reply, bytewise", STMFW_EPROTO,
	  { SPLIT(1), EXPECT("x"), FOREIGN("1"), STALL, AGAIN, END } },
	{ "bare reply", STMFW_EPROTO, { EXPECT("x"), RAW("33\x1a"), STALL, AGAIN, END } },
	{ "empty reply", STMFW_EPROTO, { EXPECT("x"), RAW("\x1a"), STALL, AGAIN, END } },
	{ "garbage", STMFW_EPROTO, { EXPECT("x"), RAW("\x7f\x45LF\x02\x01"), STALL, AGAIN, END } },
	{ "garbage and a frame", STMFW_EPROTO,
	  { EXPECT("x"), RAW("junk"), REPLY_OK("1"), STALL, AGAIN, END } },
	{ "NULs", STMFW_EPROTO, { EXPECT("x"), RAW("\0\0\0\0"), STALL, AGAIN, END } },
	{ "line too long", STMFW_EPROTO,
	  { EXPECT("x"), RAW("line too long\n\0"), STALL, AGAIN, END } },
	{ "line too long, glued", STMFW_EPROTO,
	  { EXPECT("x"), RAW("line too long\n\0"), REPLY_OK("33"), STALL, AGAIN, END } },
	{ "false record", STMFW_EPROTO,
	  { EXPECT("x"), RAW("type target_x without its end\x1a"), STALL, AGAIN, END } },
	{ "record cut short", STMFW_EPROTO,
	  { EXPECT("x"), RAW("type target_\x1a"), STALL, AGAIN, END } },
	{ "another record", STMFW_EPROTO,
	  { EXPECT("x"), RAW("type other thing\r\n\x1a"), STALL, AGAIN, END } },
	{ "endless", STMFW_EPROTO, { EXPECT("x"), ENDLESS, AGAIN, END } },
	{ "endless record", STMFW_EPROTO,
	  { EXPECT("x"), RAW("type target_state "), ENDLESS, AGAIN, END } },
};

#define LOSSES ((int)(sizeof(losses) / sizeof(losses[0])))

START_TEST(p7_running_then_waiting_then_lost)
{
	const struct loss *loss = &losses[_i];
	struct watch x = { 0 }, y = { 0 }, z = { 0 };

	fx.opts.reply_limit = 100000;
	play_connected(loss->scene);
	submit("x", &x);
	submit("y", &y);
	submit("z", &z);
	RUN_UNTIL(fx.lost.calls);
	ck_assert_msg(x.status == loss->status, "%s: %s: %s", loss->name,
		      stmfw_err_name(x.status), x.text);
	assert_failed_once(&x, loss->status, STMFW_UNKNOWN);
	assert_failed_once(&y, STMFW_ELOST, STMFW_NOT_STARTED);
	assert_failed_once(&z, STMFW_ELOST, STMFW_NOT_STARTED);
	ck_assert_int_lt(x.order, y.order);
	ck_assert_int_lt(y.order, z.order);
	ck_assert_int_lt(z.order, fx.lost.order);
	assert_lost_once(loss->status);
	ck_assert_int_eq(fake_ocd_requests(fx.ocd), 1); /* 5.25: nothing is sent twice */
	assert_reconnects();
	ck_assert_int_eq(fx.lost.calls, 1);
}
END_TEST

/* Damage in a frame that has the right nonce: made by hand, since the peer writes good ones. */
struct damage {
	const char *name;
	const char *fields;
	size_t length;
};

#define DAMAGE(s) { s, s, sizeof(s) - 1 }

static const struct damage damages[] = {
	DAMAGE("\n\x1a"),
	DAMAGE("\n0\x1a"),
	DAMAGE("\n0\n0\x1a"),
	DAMAGE("\n0\n0\nresult without a log\x1a"),
	DAMAGE("\n0\n0\nr\nl\nmore\x1a"),
	DAMAGE("\nx\n0\nr\nl\x1a"),
	DAMAGE("\n0\nx\nr\nl\x1a"),
	DAMAGE("\n\n0\nr\nl\x1a"),
	DAMAGE("\n99999999999999999999\n0\nr\nl\x1a"),
	DAMAGE("\n4294967296\n0\nr\nl\x1a"),
	DAMAGE("\n0\n0\nr%\nl\x1a"),
	DAMAGE("\n0\n0\nr%2\nl\x1a"),
	DAMAGE("\n0\n0\nr%zz\nl\x1a"),
	DAMAGE("\n0\n0\nr\nl%\x1a"),
	DAMAGE("0\n0\n0\nr\nl\x1a"),
	DAMAGE(" \n0\n0\nr\nl\x1a"),
};

#define DAMAGES ((int)(sizeof(damages) / sizeof(damages[0])))

static void answer_damaged(struct fake_conn *conn, const char *script, size_t length, void *arg)
{
	const struct damage *damage = arg;

	ck_assert_str_eq(script, "x");
	ck_assert_uint_eq(length, 1);
	fake_raw(conn, fake_nonce(conn), strlen(fake_nonce(conn)));
	fake_raw(conn, damage->fields, damage->length);
}

START_TEST(damaged_reply_is_no_reply)
{
	struct watch x = { 0 };

	play_connected(NULL);
	fake_ocd_answer(fx.ocd, answer_damaged, (void *)(uintptr_t)&damages[_i]);
	submit("x", &x);
	RUN_UNTIL(fx.lost.calls);
	assert_failed_once(&x, STMFW_EPROTO, STMFW_UNKNOWN);
	assert_lost_once(STMFW_EPROTO);
}
END_TEST

START_TEST(late_reply_is_not_taken_for_the_next)
{
	static const struct scene scene[] = {
		EXPECT("a"), REPLY_OK("1"), EXPECT("x"), LATE("stale"), STALL, AGAIN, END
	};
	struct watch a = { 0 }, x = { 0 };

	play_connected(scene);
	submit("a", &a);
	submit("x", &x);
	RUN_UNTIL(fx.lost.calls);
	assert_ok_once(&a, "1");
	assert_failed_once(&x, STMFW_EPROTO, STMFW_UNKNOWN);
	assert_reconnects();
}
END_TEST

/* A second answer to one request. It comes with the first, or while nothing runs. */
START_TEST(reply_that_nobody_asked_for)
{
	static const struct scene together[] = {
		EXPECT("a"), REPLY_OK("1"), REPLY_OK("1"), STALL, AGAIN, END
	};
	static const struct scene later[] = {
		EXPECT("a"), REPLY_OK("1"), GATE, FOREIGN("2"), STALL, AGAIN, END
	};
	struct watch a = { 0 };

	play_connected(_i ? later : together);
	submit("a", &a);
	RUN_UNTIL(a.calls);
	if (_i)
		fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(fx.lost.calls);
	assert_ok_once(&a, "1");
	assert_lost_once(STMFW_EPROTO);
	assert_reconnects();
}
END_TEST

START_TEST(lost_while_idle)
{
	static const struct scene scenes[][4] = {
		{ GATE, HANG_UP, AGAIN, },
		{ GATE, RESET, AGAIN, },
	};
	struct scene scene[5] = { 0 };

	memcpy(scene, scenes[_i], sizeof(scenes[_i]));
	play_connected(scene);
	ck_assert_int_eq(fx.lost.calls, 0);
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(fx.lost.calls);
	assert_failed_once(&fx.lost, STMFW_ELOST, fx.lost.outcome);
	ck_assert_int_ne(fx.lost.outcome, STMFW_UNKNOWN);
	ck_assert_ptr_null(stmfw_client_server(fx.client));
	assert_reconnects();
}
END_TEST

/* ---- limits -------------------------------------------------------------------------------- */

static void reply_of(size_t length, int expected)
{
	static char text[4096];
	const struct scene scene[] = {
		EXPECT("x"), { .verb = FAKE_REPLY, .text = text, .length = length, .log = "" }, END
	};
	struct watch x = { 0 };

	memset(text, 'r', sizeof(text));
	fx.opts.reply_limit = 2048;
	play_connected(scene);
	submit("x", &x);
	RUN_UNTIL(x.calls);
	ck_assert_msg(x.status == expected, "%zu bytes: %s", length, stmfw_err_name(x.status));
}

START_TEST(reply_below_the_limit)
{
	reply_of(2048 - 100, STMFW_OK);
}
END_TEST

START_TEST(reply_above_the_limit)
{
	reply_of(2049, STMFW_EPROTO);
}
END_TEST

/* Many small frames in one piece may well be more than one frame's limit. */
START_TEST(limit_is_for_each_frame)
{
	struct scene scene[60];
	struct watch x = { 0 }, events = { 0 }, on = { 0 };

	scene[0] = (struct scene)EXPECT_CONTAINS("notifications");
	scene[1] = (struct scene)REPLY_OK("");
	scene[2] = (struct scene)EXPECT("x");
	for (int i = 3; i < 58; i++)
		scene[i] = (struct scene)NOTIFY("type target_event event some-rather-long-event");
	scene[58] = (struct scene)REPLY_OK("1");
	scene[59] = (struct scene)END;
	fx.opts.reply_limit = 1024;
	play_connected(scene);
	ACCEPTED(stmfw_notifications(fx.client, on_event, &events, on_done, &on, NULL));
	submit("x", &x);
	RUN_UNTIL(x.calls);
	assert_ok_once(&x, "1");
	ck_assert_int_eq(events.calls, 55);
}
END_TEST

int main(void)
{
	int every = short_run() ? 20 : (int)REPLY_LENGTH + 4;
	int with_news = short_run() ? 20 : every + 34;
	const struct test_case cases[] = {
		{ reply_in_pieces_of_any_size, 12 },
		{ reply_in_two_parts_split_at_every_byte, every },
		{ p2_done_exactly_once_when_peer_hangs_up_at_every_byte, every },
		{ p2_done_exactly_once_when_peer_hangs_up_within_news, with_news },
		{ p7_running_then_waiting_then_lost, LOSSES },
		{ damaged_reply_is_no_reply, DAMAGES },
		{ late_reply_is_not_taken_for_the_next, 0 },
		{ reply_that_nobody_asked_for, 2 },
		{ lost_while_idle, 2 },
		{ reply_below_the_limit, 0 },
		{ reply_above_the_limit, 0 },
		{ limit_is_for_each_frame, 0 },
		{ NULL, 0 },
	};

	return run_cases("framing", cases);
}
