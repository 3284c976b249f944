/* SPDX-License-Identifier: MIT */
/* test_timeout.c - deadlines: when they begin, what they leave behind. */
#include "fixture.h"

#include <string.h>
#include <unistd.h>

static void submit(const char *tcl, uint32_t ms, struct watch *w)
{
	ACCEPTED(stmfw_command(fx.client, tcl, ms, on_done, w, NULL));
}

START_TEST(stalled_peer_ends_in_timeout_and_reconnect_works)
{
	static const struct scene scene[] = {
		EXPECT("x"), STALL, EXPECT("again"), REPLY_OK("fine"), END
	};
	struct watch x = { 0 }, y = { 0 }, again = { 0 };

	play_connected(scene);
	submit("x", 60, &x);
	submit("y", 60, &y);
	RUN_UNTIL(fx.lost.calls);
	assert_failed_once(&x, STMFW_ETIMEDOUT, STMFW_UNKNOWN);
	ck_assert_uint_ge(x.elapsed_ms, 55);
	ck_assert_msg(x.advice[0] != '\0', "no advice");
	assert_failed_once(&y, STMFW_ELOST, STMFW_NOT_STARTED);
	ck_assert_int_lt(x.order, y.order);
	ck_assert_int_lt(y.order, fx.lost.order);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 0);
	RUN_UNTIL(fake_ocd_open_connections(fx.ocd) == 0);

	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	submit("again", 0, &again);
	RUN_UNTIL(again.calls);
	assert_ok_once(&again, "fine");
	ck_assert_int_eq(fx.lost.calls, 1);
}
END_TEST

START_TEST(half_an_answer_does_not_stop_the_clock)
{
	static const struct scene scene[] = { EXPECT("x"), RAW("@"), STALL, END };
	struct watch x = { 0 };

	play_connected(scene);
	submit("x", 60, &x);
	RUN_UNTIL(fx.lost.calls);
	assert_failed_once(&x, STMFW_ETIMEDOUT, STMFW_UNKNOWN);
}
END_TEST

START_TEST(news_do_not_stop_the_clock)
{
	static const struct scene scene[] = {
		EXPECT("x"), NOTIFY("type target_state state running"), STALL, END
	};
	struct watch x = { 0 };

	play_connected(scene);
	submit("x", 60, &x);
	RUN_UNTIL(fx.lost.calls);
	assert_failed_once(&x, STMFW_ETIMEDOUT, STMFW_UNKNOWN);
}
END_TEST

START_TEST(default_comes_from_the_options)
{
	static const struct scene scene[] = { EXPECT("x"), STALL, END };
	struct watch x = { 0 };

	fx.opts.command_timeout_ms = 60;
	play_connected(scene);
	submit("x", 0, &x);
	RUN_UNTIL(x.calls);
	assert_failed_once(&x, STMFW_ETIMEDOUT, STMFW_UNKNOWN);
	ck_assert_uint_lt(x.elapsed_ms, 5000);
}
END_TEST

/* 5.19: the loop's idea of now is 200 ms old when the command goes out. */
START_TEST(deadline_is_not_measured_from_a_stale_clock)
{
	static const struct scene scene[] = { EXPECT("x"), REPLY_OK("1"), END };
	struct watch x = { 0 };

	play_connected(scene);
	usleep(200 * 1000);
	submit("x", 150, &x);
	RUN_UNTIL(x.calls);
	assert_ok_once(&x, "1");
}
END_TEST

START_TEST(connect_deadline_is_not_measured_from_a_stale_clock)
{
	play(NULL);
	fx.opts.connect_timeout_ms = 150;
	make_client();
	usleep(200 * 1000);
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}
END_TEST

static void submit_after_blocking(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)res;
	usleep(200 * 1000);
	ACCEPTED(stmfw_command(c, "x", 150, on_done, w->user, NULL));
}

/* The same from a callback that took its time. */
START_TEST(deadline_is_not_measured_from_before_a_slow_callback)
{
	static const struct scene scene[] = {
		EXPECT("slow"), REPLY_OK(""), EXPECT("x"), REPLY_OK("1"), END
	};
	struct watch x = { 0 };
	struct watch slow = { .then = submit_after_blocking, .user = &x };

	play_connected(scene);
	submit("slow", 0, &slow);
	RUN_UNTIL(x.calls);
	assert_ok_once(&x, "1");
}
END_TEST

/* The waiting command's time has not begun yet. */
START_TEST(waiting_does_not_count)
{
	static const struct scene scene[] = {
		EXPECT("long"), GATE, REPLY_OK("1"), EXPECT("short"), REPLY_OK("2"), END
	};
	struct watch slow = { 0 }, quick = { 0 };

	play_connected(scene);
	submit("long", 5000, &slow);
	submit("short", 100, &quick);
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	pass_time(200);
	ck_assert_int_eq(quick.calls, 0);
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(quick.calls);
	assert_ok_once(&slow, "1");
	assert_ok_once(&quick, "2");
}
END_TEST

/* An old deadline must not hit the next command, nor an idle connection. */
START_TEST(deadline_ends_with_its_command)
{
	static const struct scene scene[] = {
		EXPECT("a"), REPLY_OK("1"), EXPECT("b"), GATE, REPLY_OK("2"), END
	};
	struct watch a = { 0 }, b = { 0 };

	play_connected(scene);
	submit("a", 100, &a);
	RUN_UNTIL(a.calls);
	submit("b", 5000, &b);
	pass_time(200);
	ck_assert_int_eq(b.calls, 0);
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(b.calls);
	assert_ok_once(&b, "2");
	pass_time(20);
	ck_assert_int_eq(fx.lost.calls, 0);
}
END_TEST

/* The peer does not even take the request; its memory must live as long as libuv needs it. */
START_TEST(peer_that_does_not_read)
{
	static const struct scene scene[] = { EXPECT("a"), REPLY_OK("1"), DEAF, STALL, END };
	static char script[900001];
	struct watch a = { 0 }, x = { 0 };

	memset(script, 'x', sizeof(script) - 1);
	play_connected(scene);
	submit("a", 0, &a);
	submit(script, 100, &x);
	if (_i == 0) {
		RUN_UNTIL(fx.lost.calls);
		assert_failed_once(&x, STMFW_ETIMEDOUT, STMFW_UNKNOWN);
		return;
	}
	RUN_UNTIL(a.calls);
	close_and_drain();
	assert_failed_once(&x, STMFW_ECANCELED, x.outcome);
}
END_TEST

/* ... and ends while it has taken a part of it. */
START_TEST(peer_that_hangs_up_without_reading)
{
	static const struct scene scene[] = { EXPECT("a"), REPLY_OK("1"), DEAF, GATE, HANG_UP, END };
	static char script[900001];
	struct watch a = { 0 }, x = { 0 };

	memset(script, 'x', sizeof(script) - 1);
	play_connected(scene);
	submit("a", 0, &a);
	submit(script, 0, &x);
	RUN_UNTIL(a.calls);
	pass_time(20);
	ck_assert_int_eq(x.calls, 0);
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(fx.lost.calls);
	assert_failed_once(&x, STMFW_ELOST, STMFW_UNKNOWN);
}
END_TEST

/* On its way alone a long one may take longer than a short one with all it does. */
START_TEST(a_long_script_has_more_time_than_a_short_one)
{
	static const struct scene scene[] = { EXPECT_PREFIX("  "), GATE, REPLY_OK("1"), END };
	static char script[32769];
	struct watch x = { 0 };

	fx.opts.command_timeout_ms = 100;
	memset(script, ' ', sizeof(script) - 1);
	play_connected(scene);
	submit(script, 0, &x);
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	pass_time(400);
	ck_assert_int_eq(x.calls, 0);
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(x.calls);
	assert_ok_once(&x, "1");
}
END_TEST

/* Very long and very odd times are neither zero nor negative. */
START_TEST(longest_deadline)
{
	static const struct scene scene[] = { EXPECT("x"), GATE, REPLY_OK("1"), END };
	struct watch x = { 0 };

	play_connected(scene);
	submit("x", UINT32_MAX, &x);
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	pass_time(50);
	ck_assert_int_eq(x.calls, 0);
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(x.calls);
	assert_ok_once(&x, "1");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ stalled_peer_ends_in_timeout_and_reconnect_works, 0 },
		{ half_an_answer_does_not_stop_the_clock, 0 },
		{ news_do_not_stop_the_clock, 0 },
		{ default_comes_from_the_options, 0 },
		{ deadline_is_not_measured_from_a_stale_clock, 0 },
		{ connect_deadline_is_not_measured_from_a_stale_clock, 0 },
		{ deadline_is_not_measured_from_before_a_slow_callback, 0 },
		{ waiting_does_not_count, 0 },
		{ deadline_ends_with_its_command, 0 },
		{ peer_that_does_not_read, 2 },
		{ peer_that_hangs_up_without_reading, 0 },
		{ a_long_script_has_more_time_than_a_short_one, 0 },
		{ longest_deadline, 0 },
		{ NULL, 0 },
	};

	return run_cases("timeout", cases);
}
