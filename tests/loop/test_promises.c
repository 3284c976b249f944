/* SPDX-License-Identifier: MIT */
/* test_promises.c - what holds for all calls alike, each in its turn. */
#include "calls.h"

#include <string.h>

#include "fake_chip.h"

/* ---- P1, P12: refused means nothing happened ----------------------------------------------- */

static void assert_all_refused(stmfw_client *c, int status)
{
	static struct watch w;
	stmfw_op op = 77;

	memset(&w, 0, sizeof(w));
	for (int i = 0; i < api_call_count; i++) {
		(void)CALL(api_calls[i].submit(c, &w, &op));
		ck_assert_msg(fx.result == status, "%s: %s instead of %s", api_calls[i].name,
			      stmfw_err_name(fx.result), stmfw_err_name(status));
		ck_assert_msg(op == 77, "P12: %s wrote op", api_calls[i].name);
	}
	ck_assert_int_eq(w.calls, 0);
}

START_TEST(p1_no_client)
{
	assert_all_refused(NULL, STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_client_close(NULL, NULL, NULL)), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_client_is_connected(NULL), 0);
	ck_assert_ptr_null(stmfw_client_server(NULL));
}
END_TEST

static void refuse_while_closing(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)w;
	ck_assert_int_eq(res->status, STMFW_ECANCELED);
	assert_all_refused(c, STMFW_ESTATE);
	ck_assert_int_eq(CALL(stmfw_client_connect(c, NULL, NULL, NULL, NULL)), STMFW_ESTATE);
	ck_assert_int_eq(CALL(stmfw_client_close(c, on_close, &fx.lost)), STMFW_ESTATE);
	ck_assert_int_eq(stmfw_client_is_connected(c), 0);
}

/* All calls without a connection, or one that comes about. */
START_TEST(p1_wrong_state)
{
	static struct watch x;
	stmfw_client *c;
	long before;

	fake_chip_start();
	c = make_client();
	before = fx.heap.live;
	assert_all_refused(c, STMFW_ESTATE);
	ck_assert_int_eq(fx.heap.live, before);
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	memset(&x, 0, sizeof(x));
	x.then = refuse_while_closing;
	ACCEPTED(stmfw_command(c, "expr 1", 0, on_done, &x, NULL));
	close_client();
	assert_all_refused(c, STMFW_ESTATE);
	RUN_UNTIL(fx.closing.calls);
	assert_failed_once(&x, STMFW_ECANCELED, STMFW_UNKNOWN);
	ck_assert_int_eq(fx.lost.calls, 0);
	ck_assert_int_eq(fake_chip.requests <= 1, 1);
}
END_TEST

START_TEST(p1_full_queue)
{
	struct watch w[2];

	memset(w, 0, sizeof(w));
	fake_chip_start();
	fx.opts.queue_limit = 1;
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	for (int i = 0; i < 2; i++)
		ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &w[i], NULL));
	assert_all_refused(fx.client, STMFW_EFULL);
	RUN_UNTIL(w[1].calls);
	ck_assert_int_eq(fake_chip.requests, 2);
}
END_TEST

/* Bad arguments of one call each. */
static int bad_reset(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_reset(c, (enum stmfw_reset_mode)99, on_done, w, op);
}

static int empty_target(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_halt(c, "", on_done, w, op);
}

static int empty_target_2(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_identify(c, "", on_done, w, op);
}

static int empty_path(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_read_bank(c, 0, "", 0, 1, on_done, w, op);
}

static int no_path(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_read_bank(c, 0, NULL, 0, 1, on_done, w, op);
}

static int no_image(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	stmfw_write_opts o = STMFW_INIT(stmfw_write_opts);

	return stmfw_write_image(c, &o, on_done, w, op);
}

static int no_write_opts(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_write_image(c, NULL, on_done, w, op);
}

static int unsized_write_opts(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	stmfw_write_opts o = { .ocd_path = "x" };

	return stmfw_write_image(c, &o, on_done, w, op);
}

static int odd_width(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_read_words(c, NULL, 0, 24, 1, on_done, w, op);
}

static int no_words(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_read_words(c, NULL, 0, 32, 0, on_done, w, op);
}

static int many_words(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_read_words(c, NULL, 0, 32, 16385, on_done, w, op);
}

static int null_words(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_write_words(c, NULL, 0, 32, NULL, 1, on_done, w, op);
}

static int no_block(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_read_block(c, NULL, 0, 0, on_done, w, op);
}

static int large_block(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_read_block(c, NULL, 0, 65537, on_done, w, op);
}

static int null_block(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_write_block(c, NULL, 0, NULL, 1, on_done, w, op);
}

static int unsized_read_opts(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	stmfw_read_opts o = { .length = 1 };

	return stmfw_read_flash(c, &o, on_done, w, op);
}

static int large_chunk(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	stmfw_read_opts o = STMFW_INIT(stmfw_read_opts);

	o.sink = on_sink;
	o.chunk = (1 << 20) + 1;
	return stmfw_read_flash(c, &o, on_done, w, op);
}

static int no_data(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	stmfw_verify_opts o = STMFW_INIT(stmfw_verify_opts);

	o.length = 1;
	return stmfw_verify_flash(c, &o, on_done, w, op);
}

static const struct api_call bad_calls[] = {
	{ "reset mode", bad_reset },
	{ "empty target", empty_target },
	{ "empty target of identify", empty_target_2 },
	{ "empty path", empty_path },
	{ "no path", no_path },
	{ "no image", no_image },
	{ "no write_opts", no_write_opts },
	{ "write_opts without a size", unsized_write_opts },
	{ "width", odd_width },
	{ "no words", no_words },
	{ "too many words", many_words },
	{ "words NULL", null_words },
	{ "no block", no_block },
	{ "block too large", large_block },
	{ "block NULL", null_block },
	{ "read_opts without a size", unsized_read_opts },
	{ "chunk too large", large_chunk },
	{ "no data", no_data },
};

START_TEST(p1_bad_arguments)
{
	struct watch w = { 0 };
	stmfw_op op = 77;

	fake_chip_connect();
	for (size_t i = 0; i < sizeof(bad_calls) / sizeof(bad_calls[0]); i++) {
		(void)CALL(bad_calls[i].submit(fx.client, &w, &op));
		ck_assert_msg(fx.result == STMFW_EINVAL, "%s: %s", bad_calls[i].name,
			      stmfw_err_name(fx.result));
	}
	close_and_drain();
	ck_assert_int_eq(w.calls, 0);
	ck_assert_int_eq(fake_chip.requests, 0);
	ck_assert_uint_eq(op, 77);
}
END_TEST

/* ---- P3, P12: op first, callback later ----------------------------------------------------- */

static stmfw_op announced;

static void compare_op(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)w;
	(void)c;
	ck_assert_uint_ne(announced, 0);
	ck_assert_uint_eq(res->op, announced);
}

START_TEST(p12_op_is_written_before_any_callback)
{
	struct watch w = { .then = compare_op };

	fake_chip_connect();
	side_reset();
	announced = 0;
	ACCEPTED(api_calls[_i].submit(fx.client, &w, &announced));
	ck_assert_uint_ne(announced, 0);
	RUN_UNTIL(w.calls);
	assert_status(&w, STMFW_OK, STMFW_FINISHED);
}
END_TEST

/* ---- P5: all of them, accepted at once, one after another ---------------------------------- */

START_TEST(p5_every_call_in_one_queue)
{
	struct watch w[64];

	memset(w, 0, sizeof(w));
	side_reset();
	ck_assert_int_lt(api_call_count, 64);
	fake_chip_connect();
	for (int i = 0; i < api_call_count; i++)
		ACCEPTED(api_calls[i].submit(fx.client, &w[i], NULL));
	RUN_UNTIL(w[api_call_count - 1].calls);
	for (int i = 0; i < api_call_count; i++) {
		ck_assert_int_eq(w[i].calls, 1);
		ck_assert_msg(w[i].status == STMFW_OK, "%s: %s", api_calls[i].name, w[i].text);
		ck_assert_msg(i == 0 || w[i].order > w[i - 1].order, "%s came too early",
			      api_calls[i].name);
	}
}
END_TEST

/* ---- P9: results and arguments ------------------------------------------------------------- */

START_TEST(p9_arguments_are_copied)
{
	char path[] = "/dev/null", target[] = FAKE_CHIP_TARGET, type[] = "bin";
	uint8_t block[] = { 1, 2, 3, 4 };
	uint32_t words[] = { 0x11223344 };
	stmfw_write_opts o = STMFW_INIT(stmfw_write_opts);
	struct watch w[5];

	memset(w, 0, sizeof(w));
	fake_chip_connect();
	o.ocd_path = path;
	o.type = type;
	ACCEPTED(stmfw_halt(fx.client, target, on_done, &w[0], NULL));
	ACCEPTED(stmfw_read_bank(fx.client, 0, path, 0, 16, on_done, &w[1], NULL));
	ACCEPTED(stmfw_write_image(fx.client, &o, on_done, &w[2], NULL));
	ACCEPTED(stmfw_write_block(fx.client, target, FAKE_CHIP_RAM, block, 4, on_done, &w[3],
				   NULL));
	ACCEPTED(stmfw_write_words(fx.client, target, FAKE_CHIP_RAM + 4, 32, words, 1, on_done,
				   &w[4], NULL));
	memset(path, 'x', sizeof(path) - 1);
	memset(target, 'x', sizeof(target) - 1);
	memset(type, 'x', sizeof(type) - 1);
	memset(block, 0xee, sizeof(block));
	memset(words, 0xee, sizeof(words));
	memset(&o, 0xee, sizeof(o));
	RUN_UNTIL(w[4].calls);
	for (int i = 0; i < 5; i++)
		assert_status(&w[i], STMFW_OK, STMFW_FINISHED);
	ck_assert_mem_eq(fake_chip.ram, "\x01\x02\x03\x04\x44\x33\x22\x11", 8);
}
END_TEST

/* ---- P10: everything from everywhere ------------------------------------------------------- */

static struct watch inner[64];
static int inner_count;

static void call_everything(stmfw_client *c)
{
	for (int i = 0; i < api_call_count - 1; i++) { /* all but shutdown */
		struct watch *w = &inner[inner_count];

		if (CALL(api_calls[i].submit(c, w, NULL)) == STMFW_OK)
			inner_count++;
	}
	(void)CALL(stmfw_cancel(c, 12345));
	(void)CALL(stmfw_client_connect(c, at("", 0), NULL, NULL, NULL));
	(void)stmfw_client_is_connected(c);
	(void)stmfw_client_server(c);
	stmfw_client_set_data(c, stmfw_client_data(c));
}

static void from_done(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)res;
	w->then = NULL;
	call_everything(c);
}

static void from_sink(stmfw_client *c)
{
	side.in_sink = NULL;
	call_everything(c);
}

static void from_progress(stmfw_client *c)
{
	side.in_progress = NULL;
	call_everything(c);
}

static void assert_inner(int expected)
{
	ck_assert_int_eq(inner_count, expected);
	RUN_UNTIL(inner[inner_count - 1].calls);
	for (int i = 0; i < inner_count; i++)
		ck_assert_int_eq(inner[i].calls, 1);
}

static void prepare_inner(void)
{
	memset(inner, 0, sizeof(inner));
	inner_count = 0;
	side_reset();
}

START_TEST(p10_every_function_from_done)
{
	struct watch w = { .then = from_done };

	prepare_inner();
	fake_chip_connect();
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_inner(api_call_count - 1);
}
END_TEST

START_TEST(p10_every_function_from_sink_and_progress)
{
	stmfw_read_opts o = STMFW_INIT(stmfw_read_opts);
	struct watch w = { 0 };

	prepare_inner();
	if (_i)
		side.in_progress = from_progress;
	else
		side.in_sink = from_sink;
	fake_chip_connect();
	o.length = 16;
	o.sink = on_sink;
	o.progress = on_progress;
	o.arg = &side;
	ACCEPTED(stmfw_read_flash(fx.client, &o, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_status(&w, STMFW_OK, STMFW_FINISHED);
	side.length = 0; /* the inner one begins anew */
	side.sinks = 0;
	assert_inner(api_call_count - 1);
}
END_TEST

START_TEST(p10_every_function_from_lost)
{
	prepare_inner();
	fake_chip_connect();
	fx.lost.then = from_done;
	fake_chip.fault = FAULT_HANG_UP;
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &inner[63], NULL));
	RUN_UNTIL(fx.lost.calls);
	ck_assert_int_eq(inner_count, 0); /* not connected: all refused */
	ck_assert_int_eq(inner[63].calls, 1);
}
END_TEST

static void connect_again(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)res;
	w->then = NULL;
	memset(&fx.connecting, 0, sizeof(fx.connecting));
	ACCEPTED(reach(c, NULL, fake_ocd_port(fx.ocd), on_done, &fx.connecting,
				      NULL));
}

/* From the failed operation's own callback, which comes before lost, or from lost. */
START_TEST(p10_reconnect_from_a_callback)
{
	struct watch x = { 0 }, again = { 0 };

	fake_chip_connect();
	if (_i)
		fx.lost.then = connect_again;
	else
		x.then = connect_again;
	fake_chip.fault = FAULT_HANG_UP;
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &x, NULL));
	RUN_UNTIL(x.calls && fx.lost.calls && fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	fake_chip.fault = FAULT_NONE;
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &again, NULL));
	RUN_UNTIL(again.calls);
	assert_ok_once(&again, "");
	ck_assert_int_eq(fx.lost.calls, 1);
}
END_TEST

static void recurse(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)res;
	if (w->number-- > 0)
		ACCEPTED(stmfw_command(c, "expr 1", 0, on_done, w, NULL));
}

/* 5.3: callbacks that submit, three deep, are never nested (checked in each callback). */
START_TEST(p4_never_nested)
{
	struct watch w = { .then = recurse, .number = 3 };

	fake_chip_connect();
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &w, NULL));
	RUN_UNTIL(w.calls == 4);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ p1_no_client, 0 },
		{ p1_wrong_state, 0 },
		{ p1_full_queue, 0 },
		{ p1_bad_arguments, 0 },
		{ p12_op_is_written_before_any_callback, api_call_count },
		{ p5_every_call_in_one_queue, 0 },
		{ p9_arguments_are_copied, 0 },
		{ p10_every_function_from_done, 0 },
		{ p10_every_function_from_sink_and_progress, 2 },
		{ p10_every_function_from_lost, 0 },
		{ p10_reconnect_from_a_callback, 2 },
		{ p4_never_nested, 0 },
		{ NULL, 0 },
	};

	fixture_before_tear_down = fake_chip_stop;
	return run_cases("promises", cases);
}
