/* SPDX-License-Identifier: MIT */
/* test_telnet.c - what is special about OpenOCD's console. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "fixture.h"

static struct watch said;

static void play_console(const struct scene *scene)
{
	memset(&said, 0, sizeof(said));
	fx.opts.log = on_log;
	fx.opts.log_arg = &said;
	play_connected(scene);
}

static void run(const char *tcl, struct watch *w)
{
	memset(w, 0, sizeof(*w));
	ACCEPTED(stmfw_command(fx.client, tcl, 0, on_done, w, NULL));
	RUN_UNTIL(w->calls);
}

/* It would say yes, and nothing would ever come. */
START_TEST(has_no_notifications)
{
	static struct watch events;
	struct watch w = { 0 };

	play_console(NULL);
	ACCEPTED(stmfw_notifications(fx.client, _i ? NULL : on_event, &events, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_failed_once(&w, STMFW_EUNSUPPORTED, STMFW_NOT_STARTED);
	ck_assert_ptr_nonnull(strstr(w.text, "telnet console"));
	ck_assert_ptr_nonnull(strstr(w.advice, "TCL port"));
	ck_assert_int_eq(fake_ocd_requests(fx.ocd), 0);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 1);
}
END_TEST

/* Each of them ends without a request, and so the next one begins at once: of any number, and in
   any stack. */
START_TEST(many_that_have_nothing_to_send)
{
	static const struct scene scene[] = { EXPECT("first"), REPLY_OK("1"), END };
	struct watch first = { 0 }, w = { 0 };
	struct rlimit stack;

	ck_assert_int_eq(getrlimit(RLIMIT_STACK, &stack), 0);
	stack.rlim_cur = 512u << 10;
	ck_assert_int_eq(setrlimit(RLIMIT_STACK, &stack), 0);
	fx.opts.queue_limit = 20000;
	play_console(scene);
	ACCEPTED(stmfw_command(fx.client, "first", 0, on_done, &first, NULL));
	for (int i = 0; i < 20000; i++)
		ACCEPTED(stmfw_notifications(fx.client, NULL, NULL, on_done, &w, NULL));
	RUN_UNTIL(w.calls == 20000);
	assert_ok_once(&first, "1");
	ck_assert_int_eq(w.status, STMFW_EUNSUPPORTED);
}
END_TEST

START_TEST(lines_come_while_a_command_runs)
{
	static const struct scene scene[] = {
		EXPECT("x"), RAW("working\r\n"), GATE, REPLY(0, 0, "r", "worked\n"), END
	};
	struct watch x = { 0 };

	play_console(scene);
	ACCEPTED(stmfw_command(fx.client, "x", 0, on_done, &x, NULL));
	RUN_UNTIL(said.calls);
	ck_assert_str_eq(said.log, "working\n");
	ck_assert_int_eq(x.calls, 0);
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(x.calls);
	assert_ok_once(&x, "r");
	ck_assert_str_eq(x.log, "worked\n");
	ck_assert_str_eq(said.log, "working\nworked\n"); /* each once */
	ck_assert_int_lt(said.order, x.order);
}
END_TEST

/* Echo, prompts, their redrawing and other clients' answers are no log. */
START_TEST(nothing_is_told_that_is_no_log)
{
	struct watch x;

	play_console(NULL);
	fake_ocd_answer(fx.ocd, fake_echo, NULL);
	fake_ocd_split(fx.ocd, (size_t)_i);
	for (int i = 0; i < 12; i++) {
		run("> a prompt\n\r> @0123456789abcdef\n0\n0\n\n\b\b \b", &x);
		ck_assert_str_eq(x.text, "> a prompt\n\r> @0123456789abcdef\n0\n0\n\n\b\b \b");
	}
	ck_assert_msg(said.calls == 0, "told: %s", said.log);
}
END_TEST

/* The old console takes 255 bytes in a line (the fake one insists on that). */
START_TEST(scripts_of_any_length_and_any_bytes)
{
	static const size_t lengths[] = { 1, 100, 1500, 2200, 5000, 60000 };
	static char script[60001];
	struct watch x;

	play(NULL);
	if (_i % 2)
		fake_ocd_greet_with(fx.ocd, "Open On-Chip Debugger 0.10.0\n0.77\n\n\n");
	fake_ocd_answer(fx.ocd, fake_echo, NULL);
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	size_t length = lengths[_i / 2];
	for (size_t i = 0; i < length; i++)
		script[i] = (char)(1 + i * 7 % 255);
	for (size_t i = 0; i < length; i++)
		if (script[i] == 0x1a)
			script[i] = '\xff';
	script[length] = '\0';
	run(script, &x);
	assert_status(&x, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_eq(x.text_len, length - (script[length - 1] == '\n'));
	ck_assert_mem_eq(x.text, script, length < sizeof(x.text) ? length : sizeof(x.text) - 1);
}
END_TEST

/* A TCL port does not greet: it waits for us, as a gdb port does. */
START_TEST(another_port_of_openocd)
{
	static const struct scene gdb[] = { MANUAL, EXPECT_ANY, RAW("+"), STALL, END };

	play(gdb);
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	ck_assert_int_eq(fx.connecting.status, STMFW_EPROTO);
	ck_assert_ptr_nonnull(strstr(fx.connecting.text, "gdb"));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ has_no_notifications, 2 },
		{ many_that_have_nothing_to_send, 0 },
		{ lines_come_while_a_command_runs, 0 },
		{ nothing_is_told_that_is_no_log, 3 },
		{ scripts_of_any_length_and_any_bytes, 12 },
		{ another_port_of_openocd, 0 },
		{ NULL, 0 },
	};

	setenv("STMFW_TEST_WAY", "telnet", 1);
	return run_cases("telnet", cases);
}
