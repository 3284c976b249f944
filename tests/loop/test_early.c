/* SPDX-License-Identifier: MIT */
/*
 * test_early.c - operations that are submitted while the client is connecting: they wait until its
 * callback has been called, and are sent then, or end as connecting did.
 */
#include <string.h>

#include "calls.h"
#include "fake_chip.h"

#define EARLY 3

static struct watch early[EARLY];
static struct watch late, second; /* submitted in a callback; another connect */
static stmfw_op ops[EARLY];

static void submit(stmfw_client *c, const char *tcl, struct watch *w, stmfw_op *op)
{
	ACCEPTED(stmfw_command(c, tcl, 0, on_done, w, op));
}

/* "a", "b", "c". */
static void submit_early(stmfw_client *c)
{
	memset(early, 0, sizeof(early));
	memset(&late, 0, sizeof(late));
	memset(&second, 0, sizeof(second));
	for (int i = 0; i < EARLY; i++) {
		char tcl[2] = { (char)('a' + i), '\0' };

		submit(c, tcl, &early[i], &ops[i]);
	}
}

static void connect_and_submit(uint16_t port)
{
	make_client();
	start_connecting(NULL, port);
	submit_early(fx.client);
}

static void assert_order(void)
{
	ck_assert_int_eq(fx.connecting.calls, 1);
	for (int i = 0; i < EARLY; i++) {
		ck_assert_int_eq(early[i].calls, 1);
		ck_assert_uint_eq(early[i].op, ops[i]);
		ck_assert_msg(early[i].order > (i ? early[i - 1] : fx.connecting).order,
			      "number %d is told out of order", i);
	}
}

static void assert_as_connecting(const struct watch *w)
{
	assert_failed_once(w, fx.connecting.status, STMFW_NOT_STARTED);
	ck_assert_str_eq(w->text, fx.connecting.text);
	ck_assert_str_eq(w->advice, fx.connecting.advice);
	ck_assert_int_eq(w->uv_status, fx.connecting.uv_status);
}

/* All of them ended as connecting did, and nothing is left. */
static void assert_all_failed(int status)
{
	RUN_UNTIL(early[EARLY - 1].calls);
	assert_order();
	ck_assert_msg(fx.connecting.status == status, "%s: %s",
		      stmfw_err_name(fx.connecting.status), fx.connecting.text);
	ck_assert(fx.connecting.advice[0] != '\0' || status == STMFW_ECANCELED);
	for (int i = 0; i < EARLY; i++) {
		assert_as_connecting(&early[i]);
		ck_assert_str_eq(early[i].step, "connect");
	}
	ck_assert_int_eq(fx.lost.calls, 0);
	run_dry();
	assert_order();
}

/* ---- it connects ------------------------------------------------------------------------- */

static const struct scene abc[] = { EXPECT("a"), REPLY_OK("1"), EXPECT("b"), REPLY_OK("2"),
				    EXPECT("c"), REPLY_OK("3"), END };

static void assert_abc(void)
{
	RUN_UNTIL(early[EARLY - 1].calls);
	assert_order();
	assert_ok_once(&early[0], "1");
	assert_ok_once(&early[1], "2");
	assert_ok_once(&early[2], "3");
	ck_assert_int_eq(fake_ocd_connections(fx.ocd), 1);
}

START_TEST(p5_sent_in_their_order_after_connects_callback)
{
	play(abc);
	connect_and_submit(fake_ocd_port(fx.ocd));
	assert_abc();
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(fx.connecting.connected, 1);
}
END_TEST

/* Whenever that is: at each turn of the loop, as long as the callback has not come. */
START_TEST(p5_submitted_after_some_turns)
{
	play(abc);
	make_client();
	start_connecting("localhost", fake_ocd_port(fx.ocd));
	for (int i = 0; i < _i && !fx.connecting.calls; i++)
		uv_run(&fx.loop, UV_RUN_NOWAIT);
	submit_early(fx.client);
	assert_abc();
}
END_TEST

START_TEST(without_a_callback_of_connect)
{
	play(abc);
	make_client();
	ACCEPTED(reach(fx.client, NULL, fake_ocd_port(fx.ocd), NULL, NULL, NULL));
	submit_early(fx.client);
	RUN_UNTIL(early[EARLY - 1].calls);
	assert_ok_once(&early[0], "1");
	assert_ok_once(&early[2], "3");
}
END_TEST

static void submit_late(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)w;
	ck_assert_int_eq(res->status, STMFW_OK);
	submit(c, "d", &late, NULL);
}

START_TEST(p5_submitted_in_connects_callback_they_come_last)
{
	static const struct scene abcd[] = { EXPECT("a"),   REPLY_OK("1"), EXPECT("b"),
					     REPLY_OK("2"), EXPECT("c"),   REPLY_OK("3"),
					     EXPECT("d"),   REPLY_OK("4"), END };

	play(abcd);
	connect_and_submit(fake_ocd_port(fx.ocd));
	fx.connecting.then = submit_late;
	RUN_UNTIL(late.calls);
	assert_abc();
	assert_ok_once(&late, "4");
	ck_assert_int_gt(late.order, early[2].order);
}
END_TEST

static void withdraw_all(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	submit_late(w, c, res);
	for (int i = 0; i < EARLY; i++)
		ACCEPTED(stmfw_cancel(c, ops[i]));
}

/* Who sees in the callback that it is the wrong OpenOCD can still prevent all of it. */
START_TEST(nothing_is_sent_before_connects_callback_has_returned)
{
	static const struct scene d[] = { EXPECT("d"), REPLY_OK("4"), END };

	play(d);
	connect_and_submit(fake_ocd_port(fx.ocd));
	fx.connecting.then = withdraw_all;
	RUN_UNTIL(late.calls);
	assert_ok_once(&late, "4");
	for (int i = 0; i < EARLY; i++)
		assert_failed_once(&early[i], STMFW_ECANCELED, STMFW_NOT_STARTED);
}
END_TEST

START_TEST(queue_limit_holds)
{
	struct watch w = { 0 };
	stmfw_op op = 77;

	fx.opts.queue_limit = EARLY;
	play(abc);
	connect_and_submit(fake_ocd_port(fx.ocd));
	ck_assert_int_eq(CALL(stmfw_command(fx.client, "d", 0, on_done, &w, &op)), STMFW_EFULL);
	ck_assert_uint_eq(op, 77);
	assert_abc();
	ck_assert_int_eq(w.calls, 0);
}
END_TEST

/* What passes while it connects is not theirs. */
START_TEST(their_deadlines_begin_when_they_are_sent)
{
	static const struct scene slow[] = { MANUAL,        GATE,        GREET,         EXPECT("a"),
					     REPLY_OK("1"), EXPECT("b"), REPLY_OK("2"), EXPECT("c"),
					     REPLY_OK("3"), END };

	fx.opts.command_timeout_ms = 150;
	play(slow);
	connect_and_submit(fake_ocd_port(fx.ocd));
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	pass_time(300);
	ck_assert_int_eq(early[0].calls, 0);
	fake_ocd_open_gate(fx.ocd);
	assert_abc();
	ck_assert_uint_lt(early[0].elapsed_ms, 150);
}
END_TEST

START_TEST(they_wait_for_another_try)
{
	static const struct scene late_one[] = { MANUAL,        HANG_UP,       EXPECT_ANY,
						 HANG_UP,       GREET,         EXPECT("a"),
						 REPLY_OK("1"), EXPECT("b"),   REPLY_OK("2"),
						 EXPECT("c"),   REPLY_OK("3"), END };

	fx.opts.connect_wait_ms = 10000;
	play(late_one);
	connect_and_submit(fake_ocd_port(fx.ocd));
	RUN_UNTIL(early[EARLY - 1].calls);
	assert_order();
	assert_ok_once(&early[2], "3");
	ck_assert_int_eq(fake_ocd_connections(fx.ocd), 3);
}
END_TEST

/* ---- it does not ------------------------------------------------------------------------- */

START_TEST(refused)
{
	connect_and_submit(fake_ocd_dead_port(&fx.loop));
	assert_all_failed(STMFW_ECONNECT);
}
END_TEST

START_TEST(refused_again_and_again)
{
	fx.opts.connect_wait_ms = 150;
	connect_and_submit(fake_ocd_dead_port(&fx.loop));
	assert_all_failed(STMFW_ECONNECT);
	ck_assert_ptr_nonnull(strstr(early[0].text, "(tried "));
}
END_TEST

START_TEST(another_service)
{
	static const struct scene web[] = { MANUAL, EXPECT_ANY,
					    RAW("HTTP/1.1 400 Bad Request\r\n\r\n"), STALL, END };

	play(web);
	connect_and_submit(fake_ocd_port(fx.ocd));
	assert_all_failed(STMFW_EPROTO);
	ck_assert_ptr_nonnull(strstr(early[0].text, "web"));
}
END_TEST

START_TEST(no_openocd)
{
	play(NULL);
	fake_ocd_greet_with(fx.ocd, "some Tcl\n8.6\n\n\n");
	connect_and_submit(fake_ocd_port(fx.ocd));
	assert_all_failed(STMFW_EPROTO);
}
END_TEST

START_TEST(no_answer_in_time)
{
	static const struct scene silent[] = { MANUAL, EXPECT_ANY, STALL, END };

	play(silent);
	fx.opts.connect_timeout_ms = 80;
	connect_and_submit(fake_ocd_port(fx.ocd));
	assert_all_failed(STMFW_ETIMEDOUT);
}
END_TEST

/* The library knows it before the call has returned, and tells it later. */
START_TEST(program_that_cannot_be_started)
{
	static const char *const argv[] = { "no-such-program-anywhere", NULL };
	stmfw_spawn_opts o = STMFW_INIT(stmfw_spawn_opts);
	struct watch again = { 0 };

	o.argv = argv;
	make_client();
	ACCEPTED(stmfw_client_spawn(fx.client, &o, on_done, &fx.connecting, NULL));
	ck_assert_int_eq(CALL(stmfw_client_spawn(fx.client, &o, on_done, &again, NULL)),
			 STMFW_ESTATE);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 0);
	submit_early(fx.client);
	assert_all_failed(STMFW_ECONNECT);
	ck_assert_int_eq(again.calls, 0);
}
END_TEST

START_TEST(connecting_is_cancelled)
{
	stmfw_op op;

	play(NULL);
	make_client();
	memset(&fx.connecting, 0, sizeof(fx.connecting));
	ACCEPTED(reach(fx.client, NULL, fake_ocd_port(fx.ocd), on_done, &fx.connecting, &op));
	for (int i = 0; i < _i; i++)
		uv_run(&fx.loop, UV_RUN_NOWAIT);
	if (fx.connecting.calls)
		return; /* it was quicker */
	submit_early(fx.client);
	if (CALL(stmfw_cancel(fx.client, op)) == STMFW_OK) {
		ck_assert_int_eq(CALL(stmfw_cancel(fx.client, op)), STMFW_ESTATE);
		assert_all_failed(STMFW_ECANCELED);
	}
}
END_TEST

/* ---- from the callback of a connect that failed --------------------------------------------- */

static void try_to_submit(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	static struct watch refused_one;

	(void)w;
	(void)res;
	ck_assert_int_eq(CALL(stmfw_command(c, "x", 0, on_done, &refused_one, NULL)), STMFW_ESTATE);
	ck_assert_int_eq(CALL(stmfw_cancel(c, ops[0])), STMFW_ESTATE);
}

START_TEST(it_is_over_when_connects_callback_comes)
{
	connect_and_submit(fake_ocd_dead_port(&fx.loop));
	fx.connecting.then = try_to_submit;
	assert_all_failed(STMFW_ECONNECT);
}
END_TEST

static void connect_again(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)w;
	(void)res;
	ACCEPTED(reach(c, NULL, fake_ocd_port(fx.ocd), on_done, &second, NULL));
	submit(c, "d", &late, NULL);
}

/* Each belongs to the connect that it was submitted behind. */
START_TEST(connect_again_from_the_callback_of_the_one_that_failed)
{
	static const struct scene d[] = { EXPECT("d"), REPLY_OK("4"), END };

	play(d);
	connect_and_submit(fake_ocd_dead_port(&fx.loop));
	fx.connecting.then = connect_again;
	RUN_UNTIL(late.calls);
	assert_order();
	for (int i = 0; i < EARLY; i++)
		assert_as_connecting(&early[i]);
	assert_status(&second, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_lt(early[2].order, second.order);
	assert_ok_once(&late, "4");
}
END_TEST

static bool answer_and_hang_up(struct fake_conn *conn, struct scene *answer, void *arg)
{
	fake_ocd_meddle(fx.ocd, NULL, NULL);
	fake_answer_as(conn, fake_nonce(conn), answer);
	fake_garbage(conn);
	(void)arg;
	return false;
}

/* With the good answer comes what is none: both are known before anything is told. */
static void lose_at_once(void)
{
	fake_ocd_meddle(fx.ocd, answer_and_hang_up, NULL);
	connect_and_submit(fake_ocd_port(fx.ocd));
}

START_TEST(p7_lost_before_connects_callback)
{
	play(NULL);
	lose_at_once();
	RUN_UNTIL(fx.lost.calls);
	assert_order();
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(fx.connecting.connected, 0);
	for (int i = 0; i < EARLY; i++)
		assert_failed_once(&early[i], STMFW_ELOST, STMFW_NOT_STARTED);
	ck_assert_int_gt(fx.lost.order, early[2].order);
	ck_assert_int_eq(fx.lost.status, STMFW_EPROTO);
}
END_TEST

START_TEST(connect_again_after_that)
{
	static const struct scene d[] = { EXPECT("d"), REPLY_OK("4"), END };

	play(d);
	lose_at_once();
	fx.connecting.then = connect_again;
	RUN_UNTIL(late.calls);
	for (int i = 0; i < EARLY; i++)
		assert_failed_once(&early[i], STMFW_ELOST, STMFW_NOT_STARTED);
	assert_status(&second, STMFW_OK, STMFW_FINISHED);
	assert_ok_once(&late, "4");
	ck_assert_int_eq(fx.lost.calls, 1);
}
END_TEST

static uv_async_t meanwhile;

static bool lose_and_wake(struct fake_conn *conn, struct scene *answer, void *arg)
{
	answer_and_hang_up(conn, answer, arg);
	uv_async_send(&meanwhile);
	return false;
}

/* In the turn of the loop in which the connection came and went, before any of that is told. */
static void on_meanwhile(uv_async_t *async)
{
	static const char *const argv[] = { "no-such-program-anywhere", NULL };
	stmfw_spawn_opts o = STMFW_INIT(stmfw_spawn_opts);

	ck_assert_int_eq(fx.connecting.calls, 0);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 0);
	o.argv = argv;
	ACCEPTED(stmfw_client_spawn(fx.client, &o, on_done, &second, NULL));
	submit(fx.client, "d", &late, NULL);
	uv_close((uv_handle_t *)async, NULL);
}

START_TEST(each_belongs_to_its_own_connect)
{
	play(NULL);
	uv_async_init(&fx.loop, &meanwhile, on_meanwhile);
	fake_ocd_meddle(fx.ocd, lose_and_wake, NULL);
	connect_and_submit(fake_ocd_port(fx.ocd));
	RUN_UNTIL(late.calls);
	assert_order();
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	for (int i = 0; i < EARLY; i++)
		assert_failed_once(&early[i], STMFW_ELOST, STMFW_NOT_STARTED);
	assert_failed_once(&second, STMFW_ECONNECT, STMFW_NOT_STARTED);
	assert_failed_once(&late, STMFW_ECONNECT, STMFW_NOT_STARTED);
	ck_assert_str_eq(late.text, second.text);
	ck_assert_int_gt(late.order, second.order);
}
END_TEST

/* ---- cancelled and closed ------------------------------------------------------------------- */

START_TEST(each_can_be_cancelled)
{
	static const struct scene two[][5] = {
		{ EXPECT("b"), REPLY_OK("2"), EXPECT("c"), REPLY_OK("3"), END },
		{ EXPECT("a"), REPLY_OK("1"), EXPECT("c"), REPLY_OK("3"), END },
		{ EXPECT("a"), REPLY_OK("1"), EXPECT("b"), REPLY_OK("2"), END },
	};

	play(two[_i]);
	connect_and_submit(fake_ocd_port(fx.ocd));
	ACCEPTED(stmfw_cancel(fx.client, ops[_i]));
	ck_assert_int_eq(CALL(stmfw_cancel(fx.client, ops[_i])), STMFW_ESTATE);
	RUN_UNTIL(early[0].calls && early[1].calls && early[2].calls);
	for (int i = 0; i < EARLY; i++)
		if (i == _i)
			assert_failed_once(&early[i], STMFW_ECANCELED, STMFW_NOT_STARTED);
		else
			assert_status(&early[i], STMFW_OK, STMFW_FINISHED);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}
END_TEST

START_TEST(cancelled_where_connecting_fails)
{
	connect_and_submit(fake_ocd_dead_port(&fx.loop));
	ACCEPTED(stmfw_cancel(fx.client, ops[1]));
	RUN_UNTIL(early[2].calls);
	assert_failed_once(&early[1], STMFW_ECANCELED, STMFW_NOT_STARTED);
	ck_assert_str_ne(early[1].text, fx.connecting.text);
	assert_as_connecting(&early[0]);
	assert_as_connecting(&early[2]);
}
END_TEST

START_TEST(p8_closed_meanwhile)
{
	play(abc);
	connect_and_submit(_i % 2 ? fake_ocd_dead_port(&fx.loop) : fake_ocd_port(fx.ocd));
	for (int i = 0; i < _i / 2; i++)
		uv_run(&fx.loop, UV_RUN_NOWAIT);
	close_and_drain();
	assert_order();
	for (int i = 0; i < EARLY; i++)
		ck_assert_msg(early[i].status == STMFW_ECANCELED ||
				      early[i].status == fx.connecting.status,
			      "%s", early[i].text);
	if (_i < 2)
		for (int i = 0; i < EARLY; i++)
			assert_as_connecting(&early[i]);
	ck_assert_int_eq(fx.lost.calls, 0);
}
END_TEST

static void close_it(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)w;
	(void)c;
	(void)res;
	close_client();
}

START_TEST(p8_closed_from_connects_callback)
{
	play(NULL);
	connect_and_submit(_i ? fake_ocd_dead_port(&fx.loop) : fake_ocd_port(fx.ocd));
	fx.connecting.then = close_it;
	RUN_UNTIL(fx.closing.calls);
	run_dry();
	assert_order();
	ck_assert_int_eq(fx.closing.order, fx.order);
	for (int i = 0; i < EARLY; i++)
		assert_failed_once(&early[i], _i ? STMFW_ECONNECT : STMFW_ECANCELED,
				   STMFW_NOT_STARTED);
}
END_TEST

static void close_in_early(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)c;
	(void)res;
	if (w == &early[0])
		close_client();
}

START_TEST(p8_closed_from_the_callback_of_one_that_failed)
{
	connect_and_submit(fake_ocd_dead_port(&fx.loop));
	early[0].then = close_in_early;
	RUN_UNTIL(fx.closing.calls);
	run_dry();
	assert_order();
	for (int i = 0; i < EARLY; i++)
		assert_as_connecting(&early[i]);
	ck_assert_int_eq(fx.closing.order, fx.order);
}
END_TEST

/* ---- every call ------------------------------------------------------------------------------ */

START_TEST(every_call_can_be_submitted_early)
{
	struct watch w = { 0 };

	side_reset();
	fake_chip_start();
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	ACCEPTED(api_calls[_i].submit(fx.client, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_status(&w, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_gt(w.order, fx.connecting.order);
}
END_TEST

START_TEST(every_call_ends_as_connecting_does)
{
	struct watch w = { 0 };

	side_reset();
	make_client();
	start_connecting(NULL, fake_ocd_dead_port(&fx.loop));
	ACCEPTED(api_calls[_i].submit(fx.client, &w, NULL));
	RUN_UNTIL(w.calls);
	ck_assert_int_eq(fx.connecting.status, STMFW_ECONNECT);
	assert_as_connecting(&w);
	ck_assert_int_eq(side.sinks + side.progresses, 0);
}
END_TEST

int main(void)
{
	bool is_tcl = fake_ocd_way() == FAKE_TCL;
	bool waits = fake_ocd_way() != FAKE_EXEC; /* a child is started once */
	bool is_telnet = fake_ocd_way() == FAKE_TELNET; /* to it, what is no answer is a log */
	const struct test_case cases[] = {
		{ p5_sent_in_their_order_after_connects_callback, 0 },
		{ p5_submitted_after_some_turns, 12 },
		{ without_a_callback_of_connect, 0 },
		{ p5_submitted_in_connects_callback_they_come_last, 0 },
		{ nothing_is_sent_before_connects_callback_has_returned, 0 },
		{ queue_limit_holds, 0 },
		{ their_deadlines_begin_when_they_are_sent, 0 },
		{ waits ? they_wait_for_another_try : refused, 0 },
		{ waits ? refused_again_and_again : refused, 0 },
		{ refused, 0 },
		{ another_service, 0 },
		{ no_openocd, 0 },
		{ no_answer_in_time, 0 },
		{ program_that_cannot_be_started, 0 },
		{ connecting_is_cancelled, 8 },
		{ it_is_over_when_connects_callback_comes, 0 },
		{ connect_again_from_the_callback_of_the_one_that_failed, 0 },
		{ each_can_be_cancelled, EARLY },
		{ cancelled_where_connecting_fails, 0 },
		{ p8_closed_meanwhile, 2 * 12 },
		{ p8_closed_from_connects_callback, 2 },
		{ p8_closed_from_the_callback_of_one_that_failed, 0 },
		{ every_call_can_be_submitted_early, api_call_count },
		{ every_call_ends_as_connecting_does, api_call_count },
		{ is_telnet ? refused : p7_lost_before_connects_callback, 0 },
		{ is_telnet ? refused : connect_again_after_that, 0 },
		{ is_tcl ? each_belongs_to_its_own_connect : refused, 0 },
		{ NULL, 0 },
	};

	fixture_before_tear_down = fake_chip_stop;
	return run_cases("early", cases);
}
