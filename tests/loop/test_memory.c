/* SPDX-License-Identifier: MIT */
/*
 * test_memory.c - no memory: the allocation number 0, 1, 2 ... of a whole life (new, connect, one
 * call, close) fails, alone or with all that follow, until it needs no more; the call comes when it
 * is connected, or at once. Each life must end cleanly: one callback for each accepted operation,
 * success or STMFW_ENOMEM, nothing left.
 */
#include "calls.h"

#include <string.h>

#include "fake_chip.h"

#define MOST 2000

static struct watch connecting, done, waiting, closing, lost, log_lines;

/* Waiting operations and `lost` are told that the connection is gone. */
static void assert_end(const char *what, const struct watch *w, bool accepted)
{
	ck_assert_msg(w->calls == accepted, "P2: %s: %d callbacks", what, w->calls);
	if (!accepted)
		return;
	ck_assert_msg(w->status == STMFW_OK || w->status == STMFW_ENOMEM ||
			      (w->status == STMFW_ELOST && w->outcome == STMFW_NOT_STARTED),
		      "%s, allocation %ld: %s: %s", what, fx.heap.fail_at,
		      stmfw_err_name(w->status), w->text);
	if (w->status == STMFW_OK)
		ck_assert_int_eq(w->outcome, STMFW_FINISHED);
}

static bool accepted(int result)
{
	ck_assert_msg(result == STMFW_OK || result == STMFW_ENOMEM || result == STMFW_ESTATE,
		      "%s", stmfw_err_name(result));
	return result == STMFW_OK;
}

static bool start_connecting_it(stmfw_client *c)
{
	return accepted(
		CALL(reach(c, "127.0.0.1", fake_ocd_port(fx.ocd), on_done, &connecting, NULL)));
}

static bool is_connected_then(bool going)
{
	if (going)
		RUN_UNTIL(connecting.calls);
	assert_end("connect", &connecting, going);
	return going && connecting.status == STMFW_OK;
}

static bool connect_it(stmfw_client *c)
{
	return is_connected_then(start_connecting_it(c));
}

static void use_it(stmfw_client *c, const struct api_call *call)
{
	bool first = accepted(CALL(call->submit(c, &done, NULL)));
	bool second = strcmp(call->name, "shutdown") != 0 &&
		      accepted(CALL(stmfw_command(c, "expr 1", 0, on_done, &waiting, NULL)));

	if (first)
		RUN_UNTIL(done.calls);
	if (second)
		RUN_UNTIL(waiting.calls);
	assert_end(call->name, &done, first);
	assert_end("the one behind", &waiting, second);
	if (done.status == STMFW_OK && first && strcmp(call->name, "read_flash") == 0)
		ck_assert_mem_eq(side.bytes, fake_chip.flash, 600);
}

static void use_it_at_once(stmfw_client *c, const struct api_call *call)
{
	bool going = start_connecting_it(c);

	use_it(c, call);
	is_connected_then(going);
}

/* One life. true: some allocation failed in it. */
static bool live(const struct api_call *call, bool early)
{
	stmfw_client *c = NULL;

	memset(&connecting, 0, sizeof(connecting));
	memset(&done, 0, sizeof(done));
	memset(&waiting, 0, sizeof(waiting));
	memset(&closing, 0, sizeof(closing));
	side_reset();
	if (CALL(stmfw_client_new(&c, &fx.loop, &fx.opts)) != STMFW_OK) {
		ck_assert_int_eq(fx.result, STMFW_ENOMEM);
		ck_assert_ptr_null(c);
		return true;
	}
	if (early)
		use_it_at_once(c, call);
	else if (connect_it(c))
		use_it(c, call);
	ACCEPTED(stmfw_client_close(c, on_close, &closing));
	RUN_UNTIL(closing.calls);
	run_dry();
	ck_assert_int_eq(closing.order, fx.order);
	return fx.heap.failed > 0;
}

static void fail_each(const struct api_call *call, bool on, bool early)
{
	long n;

	fx.opts.lost_arg = &lost;
	fx.opts.log = on_log;
	fx.opts.log_arg = &log_lines;
	fake_chip_start();
	for (n = 0; n < MOST; n++) {
		heap_init(&fx.heap);
		fx.heap.fail_at = n;
		fx.heap.fail_on = on;
		fake_chip_reset();
		if (!live(call, early))
			break;
		ck_assert_msg(fx.heap.live == 0, "%s, allocation %ld: %ld blocks leaked",
			      call->name, n, fx.heap.live);
		ck_assert_int_eq(fake_chip_litter(), 0);
	}
	ck_assert_msg(n > 3 && n < MOST, "%ld allocations", n);
	ck_assert_int_eq(done.status, STMFW_OK);
	ck_assert_int_eq(connecting.status, STMFW_OK);
}

START_TEST(every_allocation_of_every_call_fails_once)
{
	fail_each(&api_calls[_i / 2], _i % 2, false);
}
END_TEST

START_TEST(every_allocation_of_every_early_call_fails_once)
{
	fail_each(&api_calls[_i / 2], _i % 2, true);
}
END_TEST

static void answer_with_news(struct fake_conn *conn, const char *script, size_t length, void *arg)
{
	(void)script;
	(void)length;
	(void)arg;
	fake_notify(conn, "type target_event event one");
	fake_reply(conn, 1, -4, "an error", 8, "line one\nline two\n");
}

/* The same for a failing command with news and a log. */
START_TEST(every_allocation_of_a_failing_command_fails_once)
{
	static struct watch events;
	stmfw_client *c;
	long n;

	fx.opts.lost_arg = &lost;
	fx.opts.log = on_log;
	fx.opts.log_arg = &log_lines;
	fake_chip_start();
	fake_ocd_answer(fx.ocd, answer_with_news, NULL);
	for (n = 0; n < MOST; n++) {
		bool failed;

		memset(&connecting, 0, sizeof(connecting));
		memset(&done, 0, sizeof(done));
		memset(&closing, 0, sizeof(closing));
		heap_init(&fx.heap);
		ACCEPTED(stmfw_client_new(&c, &fx.loop, &fx.opts));
		ck_assert(connect_it(c));
		(void)CALL(stmfw_notifications(c, on_event, &events, NULL, NULL, NULL));
		fx.heap.calls = 0;
		fx.heap.fail_at = n;
		fx.heap.fail_on = _i;
		if (accepted(CALL(stmfw_command(c, "x", 0, on_done, &done, NULL)))) {
			RUN_UNTIL(done.calls);
			ck_assert_int_eq(done.calls, 1);
			ck_assert_msg(done.status == STMFW_ECOMMAND ||
				      done.status == STMFW_ENOMEM ||
				      done.status == STMFW_ELOST, "%s: %s",
				      stmfw_err_name(done.status), done.text);
		}
		failed = fx.heap.failed > 0;
		ACCEPTED(stmfw_client_close(c, on_close, &closing));
		RUN_UNTIL(closing.calls);
		run_dry();
		ck_assert_int_eq(fx.heap.live, 0);
		if (!failed)
			break;
	}
	ck_assert_msg(n > 2 && n < MOST, "%ld allocations", n);
	ck_assert_int_eq(done.status, STMFW_ECOMMAND);
}
END_TEST

/* Closing needs no memory. */
START_TEST(closing_without_memory)
{
	struct watch x = { 0 }, y = { 0 };

	fake_chip_connect();
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &x, NULL));
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &y, NULL));
	fx.heap.fail_at = fx.heap.calls;
	fx.heap.fail_on = true;
	close_and_drain();
	assert_failed_once(&x, STMFW_ECANCELED, STMFW_UNKNOWN);
	assert_failed_once(&y, STMFW_ECANCELED, STMFW_NOT_STARTED);
}
END_TEST

/* P11: the library asks nobody else for memory of any size that matters. */
START_TEST(all_memory_comes_from_the_allocator)
{
	long before;

	fake_chip_start();
	before = fx.heap.calls;
	make_client();
	ck_assert_int_gt(fx.heap.calls, before);
	ck_assert_int_gt(fx.heap.live, 0);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ every_allocation_of_every_call_fails_once, 2 * api_call_count },
		{ every_allocation_of_every_early_call_fails_once, 2 * api_call_count },
		{ every_allocation_of_a_failing_command_fails_once, 2 },
		{ closing_without_memory, 0 },
		{ all_memory_comes_from_the_allocator, 0 },
		{ NULL, 0 },
	};

	fixture_before_tear_down = fake_chip_stop;
	return run_cases("memory", cases);
}
