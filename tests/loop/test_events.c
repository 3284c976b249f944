/* SPDX-License-Identifier: MIT */
/* test_events.c - notifications: told in order, apart from replies, until told otherwise. */
#include "fixture.h"

#include <string.h>

static struct watch events;

static void switch_notifications(bool on)
{
	struct watch w = { 0 };

	ACCEPTED(stmfw_notifications(fx.client, on ? on_event : NULL, &events, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_status(&w, STMFW_OK, STMFW_FINISHED);
}

static void run_command(const char *tcl, struct watch *w)
{
	memset(w, 0, sizeof(*w));
	ACCEPTED(stmfw_command(fx.client, tcl, 0, on_done, w, NULL));
	RUN_UNTIL(w->calls);
}

#define SWITCH_ON EXPECT_CONTAINS("notifications on"), REPLY_OK("")
#define SWITCH_OFF EXPECT_CONTAINS("notifications off"), REPLY_OK("")

static const struct scene around_a_reply[] = {
	SWITCH_ON,
	EXPECT("reset halt"),
	NOTIFY("type target_reset mode halt"),
	NOTIFY("type target_event event gdb-halt"),
	NOTIFY("type target_state state halted"),
	REPLY(0, 0, "type target_state state running\r\n", "type target_event event x\r\n"),
	NOTIFY("type target_event event resumed"),
	NOTIFY("type target_trace data 00ff"),
	EXPECT("end"),
	REPLY_OK(""),
	END
};

START_TEST(told_in_order_and_apart_from_replies)
{
	struct watch w, end;

	memset(&events, 0, sizeof(events));
	play(around_a_reply);
	fake_ocd_split(fx.ocd, (size_t)_i);
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	switch_notifications(true);
	run_command("reset halt", &w);
	assert_status(&w, STMFW_OK, STMFW_FINISHED);
	ck_assert_msg(strncmp(w.text, "type target_state state running", 31) == 0, "%s", w.text);
	run_command("end", &end);
	ck_assert_str_eq(events.text, "reset halt\nevent gdb-halt\nstate halted\nevent resumed\n"
				      "other type target_trace data 00ff\n");
	ck_assert_int_eq(events.calls, 5);
}
END_TEST

static int order_of_halted;

static void note_halted(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)c;
	(void)res;
	order_of_halted = w->order;
}

/* What came before the reply is told before its callback. */
START_TEST(order_of_events_and_results)
{
	static const struct scene scene[] = {
		SWITCH_ON, EXPECT("halt"), NOTIFY("type target_state state halted"), REPLY_OK(""),
		END
	};
	struct watch w;

	memset(&events, 0, sizeof(events));
	events.then = note_halted;
	play_connected(scene);
	switch_notifications(true);
	run_command("halt", &w);
	ck_assert_int_eq(events.calls, 1);
	ck_assert_int_lt(order_of_halted, w.order);
}
END_TEST

/* Somebody else may have switched them on for us; they are no reason to worry. */
START_TEST(unwanted_ones_are_skipped)
{
	static const struct scene scene[] = {
		EXPECT("x"), NOTIFY("type target_state state halted"), REPLY_OK("1"),
		NOTIFY("type target_state state running"), EXPECT("y"), REPLY_OK("2"), END
	};
	struct watch w;

	memset(&events, 0, sizeof(events));
	play_connected(scene);
	run_command("x", &w);
	assert_ok_once(&w, "1");
	run_command("y", &w);
	assert_ok_once(&w, "2");
	ck_assert_int_eq(fx.lost.calls, 0);
}
END_TEST

START_TEST(stopped_when_told_so)
{
	static const struct scene scene[] = {
		SWITCH_ON, EXPECT("a"), NOTIFY("type target_state state halted"), REPLY_OK(""),
		SWITCH_OFF, EXPECT("b"), NOTIFY("type target_state state running"), REPLY_OK(""),
		END
	};
	struct watch w;

	memset(&events, 0, sizeof(events));
	play_connected(scene);
	switch_notifications(true);
	run_command("a", &w);
	ck_assert_int_eq(events.calls, 1);
	switch_notifications(false);
	run_command("b", &w);
	ck_assert_int_eq(events.calls, 1);
}
END_TEST

START_TEST(over_with_the_connection)
{
	static const struct scene scene[] = {
		SWITCH_ON, EXPECT("a"), HANG_UP,
		EXPECT("b"), NOTIFY("type target_state state running"), REPLY_OK(""), END
	};
	struct watch w;

	memset(&events, 0, sizeof(events));
	play_connected(scene);
	switch_notifications(true);
	run_command("a", &w);
	RUN_UNTIL(fx.lost.calls);
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	run_command("b", &w);
	assert_ok_once(&w, "");
	ck_assert_int_eq(events.calls, 0);
}
END_TEST

/* The last words before the connection ends have been said. */
START_TEST(news_before_the_loss_are_told)
{
	static const struct scene scene[] = {
		SWITCH_ON, EXPECT("a"), NOTIFY("type target_state state unknown"), HANG_UP, END
	};
	struct watch w;

	memset(&events, 0, sizeof(events));
	play_connected(scene);
	switch_notifications(true);
	run_command("a", &w);
	RUN_UNTIL(fx.lost.calls);
	ck_assert_str_eq(events.text, "state unknown\n");
	ck_assert_int_lt(events.order, w.order);
}
END_TEST

START_TEST(refused_by_the_peer)
{
	static const struct scene scene[] = {
		EXPECT_CONTAINS("notifications on"), REPLY(1, 0, "invalid command name", ""),
		EXPECT("a"), NOTIFY("type target_state state halted"), REPLY_OK(""), END
	};
	struct watch on = { 0 }, w;

	memset(&events, 0, sizeof(events));
	play_connected(scene);
	ACCEPTED(stmfw_notifications(fx.client, on_event, &events, on_done, &on, NULL));
	RUN_UNTIL(on.calls);
	ck_assert_int_ne(on.status, STMFW_OK);
	run_command("a", &w);
	assert_ok_once(&w, "");
	ck_assert_int_eq(events.calls, 0);
}
END_TEST

START_TEST(many_in_one_go)
{
	struct scene scene[302];
	struct watch w;

	memset(scene, 0, sizeof(scene));
	scene[0] = (struct scene)EXPECT_CONTAINS("notifications on");
	scene[1] = (struct scene)REPLY_OK("");
	scene[2] = (struct scene)EXPECT("x");
	for (int i = 3; i < 300; i++)
		scene[i] = (struct scene)NOTIFY("type target_event event e");
	scene[300] = (struct scene)REPLY_OK("1");
	memset(&events, 0, sizeof(events));
	play_connected(scene);
	switch_notifications(true);
	run_command("x", &w);
	assert_ok_once(&w, "1");
	ck_assert_int_eq(events.calls, 297);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ told_in_order_and_apart_from_replies, 4 },
		{ order_of_events_and_results, 0 },
		{ unwanted_ones_are_skipped, 0 },
		{ stopped_when_told_so, 0 },
		{ over_with_the_connection, 0 },
		{ news_before_the_loss_are_told, 0 },
		{ refused_by_the_peer, 0 },
		{ many_in_one_go, 0 },
		{ NULL, 0 },
	};

	return run_cases("events", cases);
}
