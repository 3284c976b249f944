/* SPDX-License-Identifier: MIT */
/* test_close.c - P8: closing, at any moment and from any callback, is one call that does it all. */
#include "calls.h"

#include <string.h>

#include "fake_chip.h"

#define TURNS 60

static struct watch done;

/* Non-blocking turns, so that "after n of them" means something. */
static void some_turns(int n)
{
	for (int i = 0; i < n; i++)
		uv_run(&fx.loop, UV_RUN_NOWAIT);
}

static void assert_closed(void)
{
	RUN_UNTIL(fx.closing.calls);
	ck_assert_msg(fx.closing.heap_live == 0, "P8: %ld blocks alive in the close callback",
		      fx.closing.heap_live);
	run_dry();
	ck_assert_int_eq(fx.closing.calls, 1);
	ck_assert_msg(fx.closing.order == fx.order, "P8: a callback after the close callback");
	ck_assert_int_eq(fx.lost.calls, 0);
	ck_assert_int_eq(fake_chip_litter(), 0);
}

static bool is_end(const struct watch *w)
{
	return w->calls == 1 && (w->status == STMFW_OK || w->status == STMFW_ECANCELED);
}

/* ---- at every turn of the loop ------------------------------------------------------------- */

START_TEST(p8_close_while_connecting)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "::1" };
	int turns = _i / 3;

	fake_chip_start();
	make_client();
	start_connecting(hosts[_i % 3], fake_ocd_port(fx.ocd));
	some_turns(turns);
	close_client();
	assert_closed();
	ck_assert_int_eq(fx.connecting.calls, 1);
	if (fx.connecting.status != STMFW_ECANCELED)
		ck_assert_msg(fx.connecting.status == STMFW_OK || _i % 3 == 2, "%s",
			      fx.connecting.text);
}
END_TEST

START_TEST(p8_close_while_connecting_is_refused)
{
	uint16_t port = fake_ocd_dead_port(&fx.loop);

	fake_chip_start();
	make_client();
	start_connecting(_i % 2 ? "localhost" : NULL, port);
	some_turns(_i / 2);
	close_client();
	assert_closed();
	ck_assert_int_eq(fx.connecting.calls, 1);
	ck_assert_msg(fx.connecting.status == STMFW_ECANCELED ||
			      fx.connecting.status == STMFW_ECONNECT,
		      "%s", fx.connecting.text);
}
END_TEST

static void close_after(const struct api_call *call, int turns, size_t split)
{
	struct watch waiting = { 0 };

	memset(&done, 0, sizeof(done));
	side_reset();
	fake_chip_start();
	fake_ocd_split(fx.ocd, split);
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	ACCEPTED(call->submit(fx.client, &done, NULL));
	if (strcmp(call->name, "shutdown") != 0)
		ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &waiting, NULL));
	else
		waiting = (struct watch){ .calls = 1, .order = 1 << 20 };
	some_turns(turns);
	close_client();
	assert_closed();
	ck_assert_msg(is_end(&done), "%s after %d turns: %d callbacks, %s: %s", call->name, turns,
		      done.calls, stmfw_err_name(done.status), done.text);
	ck_assert_msg(is_end(&waiting), "%d callbacks of the one behind", waiting.calls);
	ck_assert_int_lt(done.order, waiting.order);
	ck_assert_int_lt(side.order, done.order);
	if (done.status == STMFW_ECANCELED && turns == 0)
		ck_assert_int_eq(done.outcome, STMFW_UNKNOWN); /* it had been sent */
}

START_TEST(p8_close_after_some_turns)
{
	close_after(&api_calls[_i % api_call_count], _i / api_call_count, 0);
}
END_TEST

/* Slower: about every seventh turn of a peer that sends single bytes. */
START_TEST(p8_close_amid_single_bytes)
{
	close_after(&api_calls[_i % api_call_count], _i / api_call_count * 7, 1);
}
END_TEST

START_TEST(p8_close_an_idle_client)
{
	fake_chip_start();
	make_client();
	some_turns(_i);
	close_client();
	assert_closed();
}
END_TEST

START_TEST(p8_close_callback_may_be_missing)
{
	stmfw_client *c;

	fake_chip_connect();
	c = fx.client;
	fx.client = NULL;
	ACCEPTED(stmfw_client_close(c, NULL, NULL));
	run_dry();
	ck_assert_int_eq(fx.heap.live, 0);
}
END_TEST

/* While the connection is being lost: the turns between the peer's end and the last callback. */
START_TEST(p8_close_while_losing)
{
	struct watch x = { 0 }, y = { 0 };

	fake_chip_connect();
	fake_chip.fault = _i % 2 ? FAULT_HANG_UP : FAULT_GARBAGE;
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &x, NULL));
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &y, NULL));
	some_turns(_i / 2);
	close_client();
	RUN_UNTIL(fx.closing.calls);
	run_dry();
	ck_assert_int_eq(fx.closing.order, fx.order);
	ck_assert_int_eq(x.calls, 1);
	ck_assert_int_eq(y.calls, 1);
	ck_assert_msg(x.status == STMFW_ELOST || x.status == STMFW_EPROTO ||
			      x.status == STMFW_ECANCELED, "%s", x.text);
	ck_assert_int_le(fx.lost.calls, 1);
}
END_TEST

/* What is already known is told as it is. */
START_TEST(p8_known_results_stay_true)
{
	struct watch w[3];
	stmfw_op op;

	memset(w, 0, sizeof(w));
	fake_chip_connect();
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &w[0], NULL));
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &w[1], &op));
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &w[2], NULL));
	ACCEPTED(stmfw_cancel(fx.client, op));
	close_client();
	assert_closed();
	assert_failed_once(&w[0], STMFW_ECANCELED, STMFW_UNKNOWN);
	assert_failed_once(&w[1], STMFW_ECANCELED, STMFW_NOT_STARTED);
	assert_failed_once(&w[2], STMFW_ECANCELED, STMFW_NOT_STARTED);
}
END_TEST

/* ---- from callbacks ------------------------------------------------------------------------ */

static void close_then(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)w;
	(void)res;
	ck_assert_ptr_eq(c, fx.client);
	close_client();
	ck_assert_int_eq(CALL(stmfw_client_close(c, on_close, &fx.closing)), STMFW_ESTATE);
}

static void close_in_side(stmfw_client *c)
{
	close_then(NULL, c, NULL);
	side.in_sink = NULL;
	side.in_progress = NULL;
}

START_TEST(p8_close_from_connects_callback)
{
	fake_chip_start();
	make_client();
	fx.connecting.then = close_then;
	ACCEPTED(reach(fx.client, NULL, _i ? fake_ocd_dead_port(&fx.loop) : fake_ocd_port(fx.ocd),
				      on_done, &fx.connecting, NULL));
	assert_closed();
	ck_assert_int_eq(fx.connecting.calls, 1);
}
END_TEST

START_TEST(p8_close_from_done)
{
	struct watch waiting = { 0 };

	memset(&done, 0, sizeof(done));
	side_reset();
	fake_chip_connect();
	done.then = close_then;
	ACCEPTED(api_calls[_i].submit(fx.client, &done, NULL));
	if (strcmp(api_calls[_i].name, "shutdown") != 0)
		ACCEPTED(stmfw_targets(fx.client, on_done, &waiting, NULL));
	assert_closed();
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(done.calls, 1);
	if (strcmp(api_calls[_i].name, "shutdown") != 0)
		ck_assert_msg(is_end(&waiting), "%s", waiting.text);
}
END_TEST

static void start_reading(void)
{
	stmfw_read_opts o = STMFW_INIT(stmfw_read_opts);

	o.length = 1000;
	o.chunk = 100;
	o.sink = on_sink;
	o.progress = on_progress;
	o.arg = &side;
	memset(&done, 0, sizeof(done));
	ACCEPTED(stmfw_read_flash(fx.client, &o, on_done, &done, NULL));
}

START_TEST(p8_close_from_sink_and_progress)
{
	side_reset();
	if (_i % 2)
		side.in_progress = close_in_side;
	else
		side.in_sink = close_in_side;
	side.sink_result = _i >= 2;
	fake_chip_connect();
	if (_i == 3)
		side.sink_result = 0;
	start_reading();
	assert_closed();
	assert_failed_once(&done, STMFW_ECANCELED, STMFW_FINISHED);
	ck_assert_int_eq(side.sinks, 1);
	ck_assert_int_eq(side.progresses, _i % 2);
}
END_TEST

START_TEST(p8_close_from_verifys_progress)
{
	memset(&done, 0, sizeof(done));
	side_reset();
	side.in_progress = close_in_side;
	fake_chip_connect();
	for (int i = 0; i < api_call_count; i++)
		if (strcmp(api_calls[i].name, "verify_flash") == 0)
			ACCEPTED(api_calls[i].submit(fx.client, &done, NULL));
	assert_closed();
	assert_failed_once(&done, STMFW_ECANCELED, STMFW_FINISHED);
	ck_assert_int_eq(side.progresses, 1);
}
END_TEST

START_TEST(p8_close_from_lost)
{
	struct watch x = { 0 };

	fake_chip_connect();
	fx.lost.then = close_then;
	fake_chip.fault = FAULT_RESET;
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &x, NULL));
	RUN_UNTIL(fx.closing.calls);
	run_dry();
	ck_assert_int_eq(fx.lost.calls, 1);
	ck_assert_int_eq(fx.closing.order, fx.order);
	ck_assert_int_eq(fx.closing.heap_live, 0);
	ck_assert_int_eq(x.calls, 1);
}
END_TEST

/* Closed from the failed operation's callback: lost is not told any more. */
START_TEST(p8_nothing_but_results_after_close)
{
	struct watch x = { .then = close_then }, y = { 0 };

	fake_chip_connect();
	fake_chip.fault = FAULT_HANG_UP;
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &x, NULL));
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &y, NULL));
	assert_closed();
	assert_failed_once(&x, STMFW_ELOST, STMFW_UNKNOWN);
	assert_failed_once(&y, STMFW_ELOST, STMFW_NOT_STARTED);
}
END_TEST

static struct watch told;

static void answer_with_news(struct fake_conn *conn, const char *script, size_t length, void *arg)
{
	(void)script;
	(void)length;
	(void)arg;
	fake_notify(conn, "type target_event event one");
	fake_notify(conn, "type target_event event two");
	fake_reply(conn, 0, 0, "r", 1, "line one\nline two\nline three\n");
}

/* Three lines, two events: after the first of them nothing but results may come. */
START_TEST(p8_close_from_event_and_log)
{
	struct watch on = { 0 }, x = { 0 };

	memset(&told, 0, sizeof(told));
	if (_i == 0) {
		fx.opts.log = on_log;
		fx.opts.log_arg = &told;
	}
	fake_chip_connect();
	if (_i == 1) {
		ACCEPTED(stmfw_notifications(fx.client, on_event, &told, on_done, &on, NULL));
		RUN_UNTIL(on.calls);
	}
	told.calls = 0;
	told.then = close_then;
	fake_ocd_answer(fx.ocd, answer_with_news, NULL);
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &x, NULL));
	assert_closed();
	ck_assert_msg(told.calls == 1, "%d callbacks after closing", told.calls - 1);
	ck_assert_msg(is_end(&x), "%s", x.text);
}
END_TEST

START_TEST(p8_two_closed_from_one_callback)
{
	struct watch closing = { 0 }, x = { 0 };
	stmfw_client *other;

	fake_chip_connect();
	ACCEPTED(stmfw_client_new(&other, &fx.loop, NULL));
	ACCEPTED(reach(other, NULL, fake_ocd_port(fx.ocd), on_done, &x, NULL));
	some_turns(_i);
	ACCEPTED(stmfw_client_close(other, on_close, &closing));
	close_client();
	RUN_UNTIL(fx.closing.calls && closing.calls);
	ck_assert_int_eq(x.calls, 1);
	ck_assert_int_lt(x.order, closing.order);
}
END_TEST

int main(void)
{
	bool is_tcl = fake_ocd_way() == FAKE_TCL;
	int turns = short_run() ? 8 : is_tcl ? TURNS : TURNS / 4;
	int slow_turns = short_run() ? 2 : is_tcl ? 12 : 4;
	const struct test_case cases[] = {
		{ p8_close_while_connecting, 3 * 12 },
		{ p8_close_while_connecting_is_refused, 2 * 8 },
		{ p8_close_after_some_turns, turns * api_call_count },
		{ p8_close_amid_single_bytes, slow_turns * api_call_count },
		{ p8_close_an_idle_client, 3 },
		{ p8_close_callback_may_be_missing, 0 },
		{ p8_close_while_losing, 2 * 10 },
		{ p8_known_results_stay_true, 0 },
		{ p8_close_from_connects_callback, 2 },
		{ p8_close_from_done, api_call_count },
		{ p8_close_from_sink_and_progress, 4 },
		{ p8_close_from_verifys_progress, 0 },
		{ p8_close_from_lost, 0 },
		{ p8_nothing_but_results_after_close, 0 },
		{ p8_close_from_event_and_log, fake_ocd_way() == FAKE_TELNET ? 1 : 2 },
		{ p8_two_closed_from_one_callback, 6 },
		{ NULL, 0 },
	};

	fixture_before_tear_down = fake_chip_stop;
	return run_cases("close", cases);
}
