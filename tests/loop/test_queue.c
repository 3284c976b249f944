/* SPDX-License-Identifier: MIT */
/* test_queue.c - operations wait, run in order, can be withdrawn. */
#include "fixture.h"

#include <string.h>
#include <unistd.h>

static void submit(const char *tcl, struct watch *w, stmfw_op *op)
{
	ACCEPTED(stmfw_command(fx.client, tcl, 0, on_done, w, op));
}

START_TEST(p5_operations_run_in_the_order_accepted)
{
	static const struct scene scene[] = {
		EXPECT("0"), REPLY_OK("r0"), EXPECT("1"), REPLY_OK("r1"), EXPECT("2"),
		REPLY(1, 0, "no", ""), EXPECT("3"), REPLY_OK("r3"), END
	};
	struct watch w[4];
	stmfw_op op[4];

	memset(w, 0, sizeof(w));
	play_connected(scene);
	for (int i = 0; i < 4; i++) {
		char tcl[2] = { (char)('0' + i), '\0' };

		submit(tcl, &w[i], &op[i]);
	}
	RUN_UNTIL(w[3].calls);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(w[i].calls, 1);
		ck_assert_uint_eq(w[i].op, op[i]);
		ck_assert_int_eq(w[i].status, i == 2 ? STMFW_ECOMMAND : STMFW_OK);
		ck_assert_msg(i == 0 || w[i].order > w[i - 1].order, "out of order");
		ck_assert_msg(i == 0 || op[i] != op[i - 1], "one number for two operations");
	}
}
END_TEST

/* Only one is on the wire: after a failed command nothing else may have been sent. */
START_TEST(p5_next_one_is_sent_after_the_answer)
{
	static const struct scene scene[] = {
		EXPECT("a"), GATE, REPLY_OK("1"), EXPECT("b"), REPLY_OK("2"), END
	};
	struct watch a = { 0 }, b = { 0 };

	play_connected(scene);
	submit("a", &a, NULL);
	submit("b", &b, NULL);
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	pass_time(30);
	ck_assert_int_eq(fake_ocd_requests(fx.ocd), 1);
	ck_assert_uint_eq(fake_ocd_unread(fx.ocd), 0);
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(b.calls);
	assert_ok_once(&b, "2");
}
END_TEST

START_TEST(full_queue_refuses_and_recovers)
{
	static const struct scene scene[] = {
		EXPECT("a"), GATE, REPLY_OK("1"), EXPECT("b"), REPLY_OK("2"),
		EXPECT("c"), REPLY_OK("3"), EXPECT("e"), REPLY_OK("5"), END
	};
	struct watch a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 }, e = { 0 };
	stmfw_op op = 77;

	fx.opts.queue_limit = 2;
	play_connected(scene);
	submit("a", &a, NULL);
	submit("b", &b, NULL);
	submit("c", &c, NULL);
	ck_assert_int_eq(CALL(stmfw_command(fx.client, "d", 0, on_done, &d, &op)), STMFW_EFULL);
	ck_assert_int_eq(CALL(stmfw_targets(fx.client, on_done, &d, &op)), STMFW_EFULL);
	ck_assert_uint_eq(op, 77);
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(c.calls);
	submit("e", &e, NULL);
	RUN_UNTIL(e.calls);
	assert_ok_once(&e, "5");
	ck_assert_int_eq(d.calls, 0);
}
END_TEST

START_TEST(default_limit_is_64)
{
	static const struct scene scene[] = { EXPECT("x"), STALL, END };
	struct watch w[66];

	memset(w, 0, sizeof(w));
	play_connected(scene);
	for (int i = 0; i < 65; i++)
		submit("x", &w[i], NULL);
	ck_assert_int_eq(CALL(stmfw_command(fx.client, "x", 0, on_done, &w[65], NULL)),
			 STMFW_EFULL);
	close_and_drain();
	for (int i = 0; i < 65; i++) {
		ck_assert_int_eq(w[i].calls, 1);
		ck_assert_int_eq(w[i].status, STMFW_ECANCELED);
		ck_assert_int_eq(w[i].outcome, i ? STMFW_NOT_STARTED : STMFW_UNKNOWN);
		ck_assert_msg(i == 0 || w[i].order > w[i - 1].order, "out of order");
	}
	ck_assert_int_eq(w[65].calls, 0);
}
END_TEST

/* ---- cancel -------------------------------------------------------------------------------- */

START_TEST(waiting_operation_is_withdrawn)
{
	static const struct scene scene[] = {
		EXPECT("a"), GATE, REPLY_OK("1"), EXPECT("c"), REPLY_OK("3"), END
	};
	struct watch a = { 0 }, b = { 0 }, c = { 0 };
	stmfw_op op;

	play_connected(scene);
	submit("a", &a, NULL);
	submit("b", &b, &op);
	submit("c", &c, NULL);
	ACCEPTED(stmfw_cancel(fx.client, op));
	ck_assert_int_eq(b.calls, 0);
	RUN_UNTIL(b.calls);
	assert_failed_once(&b, STMFW_ECANCELED, STMFW_NOT_STARTED);
	ck_assert_int_eq(a.calls, 0);
	ck_assert_int_eq(CALL(stmfw_cancel(fx.client, op)), STMFW_ESTATE);
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(c.calls);
	assert_ok_once(&a, "1");
	assert_ok_once(&c, "3");
	ck_assert_int_eq(b.calls, 1);
}
END_TEST

/* OpenOCD finishes what it has begun; so the truth is told, not "canceled". */
START_TEST(running_command_ends_with_its_true_result)
{
	static const struct scene good[] = { EXPECT("x"), GATE, REPLY_OK("did it"), END };
	static const struct scene bad[] = { EXPECT("x"), GATE, REPLY(1, 0, "failed", ""), END };
	struct watch x = { 0 };
	stmfw_op op;

	play_connected(_i ? bad : good);
	submit("x", &x, &op);
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	(void)CALL(stmfw_cancel(fx.client, op));
	ck_assert_msg(fx.result == STMFW_OK || fx.result == STMFW_ESTATE, "%d", fx.result);
	pass_time(20);
	ck_assert_int_eq(x.calls, 0);
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(x.calls);
	assert_status(&x, _i ? STMFW_ECOMMAND : STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(x.calls, 1);
}
END_TEST

START_TEST(cancelling_what_is_not_there)
{
	static const struct scene scene[] = { EXPECT("x"), REPLY_OK(""), END };
	struct watch x = { 0 };
	stmfw_op op;

	make_client();
	ck_assert_int_eq(CALL(stmfw_cancel(fx.client, 1)), STMFW_ESTATE);
	close_and_drain();
	memset(&fx.closing, 0, sizeof(fx.closing));
	play_connected(scene);
	submit("x", &x, &op);
	ck_assert_int_eq(CALL(stmfw_cancel(fx.client, 0)), STMFW_ESTATE);
	ck_assert_int_eq(CALL(stmfw_cancel(fx.client, op + 1)), STMFW_ESTATE);
	ck_assert_int_eq(CALL(stmfw_cancel(fx.client, UINT64_MAX)), STMFW_ESTATE);
	ck_assert_int_eq(CALL(stmfw_cancel(NULL, op)), STMFW_EINVAL);
	RUN_UNTIL(x.calls);
	assert_ok_once(&x, "");
	ck_assert_int_eq(CALL(stmfw_cancel(fx.client, op)), STMFW_ESTATE);
}
END_TEST

struct chain {
	stmfw_op ops[4];
	struct watch *again;
	int target;
};

static void cancel_another(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	struct chain *chain = w->user;

	(void)res;
	(void)CALL(stmfw_cancel(c, chain->ops[chain->target]));
}

/* 5.4: from the callback of 0, cancel 0 itself, the next or the last one. */
START_TEST(cancel_from_a_callback)
{
	struct chain chain = { .target = _i };
	struct watch w[4];
	int expected;

	memset(w, 0, sizeof(w));
	w[0].then = cancel_another;
	w[0].user = &chain;
	play_connected(NULL);
	fake_ocd_answer(fx.ocd, fake_echo, NULL);
	for (int i = 0; i < 4; i++)
		submit("x", &w[i], &chain.ops[i]);
	RUN_UNTIL(w[3].calls && w[2].calls);
	for (int i = 0; i < 4; i++) {
		expected = i == _i && i > 1 ? STMFW_ECANCELED : STMFW_OK;
		ck_assert_int_eq(w[i].calls, 1);
		if (i == 1 && i == _i && w[i].status == STMFW_ECANCELED)
			continue; /* it had not begun yet */
		ck_assert_msg(w[i].status == expected, "%d: %s", i, stmfw_err_name(w[i].status));
	}
}
END_TEST

static void submit_again(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	struct chain *chain = w->user;

	ck_assert_int_eq(res->status, STMFW_ECANCELED);
	w->then = NULL;
	ACCEPTED(stmfw_command(c, "again", 0, on_done, chain->again, NULL));
}

/* 5.5: what is submitted from "canceled" callbacks is not swept up with them. */
START_TEST(resubmit_from_a_canceled_callback)
{
	struct watch first = { 0 }, again[3], w[3];
	struct chain chains[3];
	stmfw_op ops[3];

	memset(w, 0, sizeof(w));
	memset(again, 0, sizeof(again));
	play_connected(NULL);
	fake_ocd_answer(fx.ocd, fake_echo, NULL);
	submit("first", &first, NULL);
	for (int i = 0; i < 3; i++) {
		chains[i].again = &again[i];
		w[i].then = submit_again;
		w[i].user = &chains[i];
		submit("x", &w[i], &ops[i]);
	}
	for (int i = 0; i < 3; i++)
		ACCEPTED(stmfw_cancel(fx.client, ops[i]));
	RUN_UNTIL(again[2].calls);
	assert_ok_once(&first, "first");
	for (int i = 0; i < 3; i++) {
		assert_failed_once(&w[i], STMFW_ECANCELED, STMFW_NOT_STARTED);
		assert_ok_once(&again[i], "again");
	}
}
END_TEST

START_TEST(resubmit_while_everything_is_lost)
{
	static const struct scene scene[] = { EXPECT("x"), HANG_UP, END };
	struct watch x = { 0 }, y = { 0 }, late = { 0 };

	play_connected(scene);
	submit("x", &x, NULL);
	submit("y", &y, NULL);
	RUN_UNTIL(x.calls);
	ck_assert_int_eq(CALL(stmfw_command(fx.client, "z", 0, on_done, &late, NULL)),
			 STMFW_ESTATE);
	RUN_UNTIL(fx.lost.calls);
	ck_assert_int_eq(late.calls, 0);
}
END_TEST

/* ---- fairness ------------------------------------------------------------------------------ */

static void submit_for_ever(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)res;
	if (w->number)
		ACCEPTED(stmfw_command(c, "x", 0, on_done, w, NULL));
}

static void fail_for_ever(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	stmfw_op op;

	(void)res;
	if (!w->number)
		return;
	ACCEPTED(stmfw_command(c, "x", 0, on_done, w, &op));
	ACCEPTED(stmfw_cancel(c, op));
}

static void on_ping(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	*(int *)poll->data = 1;
}

/* 5.18: work that always leads to more work leaves room for other sockets and timers. */
START_TEST(endless_work_does_not_starve_the_loop)
{
	static const struct scene stall[] = { EXPECT("first"), STALL, END };
	struct watch first = { 0 };
	struct watch w = { .then = _i ? fail_for_ever : submit_for_ever, .number = 1 };
	uv_poll_t poll;
	int pipes[2], heard = 0;

	play_connected(_i ? stall : NULL);
	fake_ocd_answer(fx.ocd, fake_echo, NULL);
	if (_i)
		submit("first", &first, NULL);
	w.then(&w, fx.client, NULL);
	ck_assert_int_eq(uv_pipe(pipes, 0, 0), 0);
	uv_poll_init(&fx.loop, &poll, pipes[0]);
	poll.data = &heard;
	uv_poll_start(&poll, UV_READABLE, on_ping);
	RUN_UNTIL(w.calls > 20);
	ck_assert_int_eq((int)write(pipes[1], "!", 1), 1);
	RUN_UNTIL(heard);
	w.number = 0;
	uv_close((uv_handle_t *)&poll, NULL);
	close_and_drain();
	close(pipes[0]);
	close(pipes[1]);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ p5_operations_run_in_the_order_accepted, 0 },
		{ p5_next_one_is_sent_after_the_answer, 0 },
		{ full_queue_refuses_and_recovers, 0 },
		{ default_limit_is_64, 0 },
		{ waiting_operation_is_withdrawn, 0 },
		{ running_command_ends_with_its_true_result, 2 },
		{ cancelling_what_is_not_there, 0 },
		{ cancel_from_a_callback, 4 },
		{ resubmit_from_a_canceled_callback, 0 },
		{ resubmit_while_everything_is_lost, 0 },
		{ endless_work_does_not_starve_the_loop, 2 },
		{ NULL, 0 },
	};

	return run_cases("queue", cases);
}
