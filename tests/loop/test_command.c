/* SPDX-License-Identifier: MIT */
/* test_command.c - one command: what goes out, what comes back, what is refused. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

static void run_command(const char *tcl, struct watch *w)
{
	memset(w, 0, sizeof(*w));
	ACCEPTED(stmfw_command(fx.client, tcl, 0, on_done, w, NULL));
	RUN_UNTIL(w->calls);
}

START_TEST(result_and_log_are_kept_apart)
{
	static const struct scene scene[] = {
		EXPECT("reset halt"), REPLY(0, 0, "the result", "line one\nline two\n"), END
	};
	struct watch w;

	play_connected(scene);
	run_command("reset halt", &w);
	assert_ok_once(&w, "the result");
	ck_assert_str_eq(w.log, "line one\nline two\n");
	ck_assert_uint_eq(w.log_len, strlen(w.log));
	ck_assert_int_eq(w.tcl_code, 0);
	ck_assert_int_eq(w.ocd_code, 0);
	ck_assert_int_eq(w.uv_status, 0);
}
END_TEST

START_TEST(empty_result_is_success)
{
	static const struct scene scene[] = { EXPECT("poll"), REPLY_OK(""), END };
	struct watch w;

	play_connected(scene);
	run_command("poll", &w);
	assert_ok_once(&w, "");
	ck_assert_uint_eq(w.text_len, 0);
	ck_assert_uint_eq(w.log_len, 0);
}
END_TEST

struct failure {
	int code, ocd;
	struct scene reply;
	const char *text; /* must be found in the text */
};

static const struct failure failures[] = {
	{ 1, 0, REPLY(1, 0, "invalid command name \"x\"", ""), "invalid command name \"x\"" },
	{ -4, -4, REPLY(-4, -4, "", "Error: no flash bank\n"), "no flash bank" },
	{ -601, -601, REPLY(-601, -601, "", "usage: x y\n"), "usage: x y" },
	{ 1, -4, REPLY(1, -4, "went wrong", "some log"), "went wrong" },
	{ 1, 0, REPLY(1, 0, "", ""), "" },
	{ 1, 0, REPLY(1, 0, "first\nsecond\nthird", ""), "first" },
	{ 3, 0, REPLY(3, 0, "", ""), "" },
	{ 4, 0, REPLY(4, 0, "", ""), "" },
	{ 6, 0, REPLY(6, 0, "", ""), "" },
	{ -600, -600, REPLY(-600, -600, "", ""), "" },
};

START_TEST(failure_is_told_by_its_code)
{
	const struct failure *f = &failures[_i];
	const struct scene scene[] = { EXPECT("x"), f->reply, EXPECT("y"), REPLY_OK("fine"), END };
	struct watch w;

	play_connected(scene);
	run_command("x", &w);
	assert_failed_once(&w, STMFW_ECOMMAND, STMFW_FINISHED);
	ck_assert_int_eq(w.tcl_code, f->code);
	ck_assert_int_eq(w.ocd_code, f->ocd);
	ck_assert_msg(strstr(w.text, f->text) != NULL, "'%s' is not in '%s'", f->text, w.text);
	ck_assert_str_eq(w.log, f->reply.log);
	run_command("y", &w);
	assert_ok_once(&w, "fine");
	ck_assert_int_eq(fx.lost.calls, 0);
}
END_TEST

/* A friendly text proves nothing, an unfriendly one neither. */
START_TEST(text_does_not_decide)
{
	static const struct scene scene[] = {
		EXPECT("a"), REPLY_OK("Error: everything failed"), EXPECT("b"),
		REPLY(1, 0, "wrote 1024 bytes", ""), END
	};
	struct watch w;

	play_connected(scene);
	run_command("a", &w);
	assert_ok_once(&w, "Error: everything failed");
	run_command("b", &w);
	assert_failed_once(&w, STMFW_ECOMMAND, STMFW_FINISHED);
}
END_TEST

START_TEST(scripts_arrive_as_they_were)
{
	static const char *const scripts[] = {
		"",
		" ",
		"a b",
		"puts {",
		"}",
		"\"",
		"\\",
		"a\\",
		"$env(HOME) [exit] ; exit",
		"line one\nline two\r\n\ttabbed",
		"# comment",
		"}} @fake \"x\"",
		"\x01\x02\x7f\x80\xff\xc3\xa9",
		"\\032 %1A %25",
	};
	const struct scene scene[] = { EXPECT(scripts[_i]), REPLY_OK("ok"), END };
	struct watch w;

	play_connected(scene);
	run_command(scripts[_i], &w);
	assert_ok_once(&w, "ok");
}
END_TEST

/* The peer escapes them on the wire; here they must be themselves again. */
static const struct scene odd_results[] = {
	REPLY_OK("100%"),
	REPLY_OK("%25%0A%1A%00"),
	REPLY_OK("a\nb\nc\nd\ne\nf"),
	REPLY_OK("a\x1a" "b"),
	REPLY_OK("a\0b\0\0"),
	REPLY_OK("\0"),
	REPLY_OK("\xff\xfe\x80 caf\xc3\xa9"),
	REPLY_OK("\r\n"),
	REPLY_OK("type target_state state halted\r\n"),
	REPLY_OK("@0123456789abcdef\n0\n0\n\n"),
	REPLY_OK("line too long\n"),
	REPLY_OK("text\n\n"),
	REPLY_OK("\n"),
};

#define ODD_RESULTS ((int)(sizeof(odd_results) / sizeof(odd_results[0])))

/* One newline at the end is how some versions end their output; it is not part of the result. */
static size_t without_newline(const struct scene *s)
{
	return s->length && s->text[s->length - 1] == '\n' ? s->length - 1 : s->length;
}

static void compare_bytes(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	const struct scene *s = w->user;

	(void)c;
	ck_assert_int_eq(res->status, STMFW_OK);
	ck_assert_uint_eq(res->text_len, without_newline(s));
	ck_assert_mem_eq(res->text, s->text, res->text_len);
}

START_TEST(results_arrive_as_they_were)
{
	const struct scene *odd = &odd_results[_i % ODD_RESULTS];
	const struct scene scene[] = { EXPECT("x"), *odd, END };
	struct watch w = { .then = compare_bytes, .user = (void *)(uintptr_t)odd };

	play(scene);
	fake_ocd_split(fx.ocd, _i < ODD_RESULTS ? 0 : 1);
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	ACCEPTED(stmfw_command(fx.client, "x", 0, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	ck_assert_int_eq(w.calls, 1);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 1);
}
END_TEST

static char *long_text(size_t length)
{
	char *text = malloc(length + 1);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < length; i++)
		text[i] = (char)('a' + i % 26);
	text[length] = '\0';
	return text;
}

START_TEST(long_scripts_and_results)
{
	char *text = long_text(900000);
	const struct scene scene[] = {
		EXPECT(text), { .verb = FAKE_REPLY, .text = text, .length = 900000, .log = "l" },
		END
	};
	struct watch w = { .then = compare_bytes, .user = (void *)(uintptr_t)&scene[1] };

	play_connected(scene);
	ACCEPTED(stmfw_command(fx.client, text, 0, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	ck_assert_int_eq(w.calls, 1);
	close_and_drain();
	free(text);
}
END_TEST

START_TEST(p9_script_is_copied)
{
	static const struct scene scene[] = { EXPECT("original"), REPLY_OK("1"), END };
	char script[] = "original";
	struct watch w = { 0 };

	play_connected(scene);
	ACCEPTED(stmfw_command(fx.client, script, 0, on_done, &w, NULL));
	memset(script, 'x', sizeof(script) - 1);
	RUN_UNTIL(w.calls);
	assert_ok_once(&w, "1");
}
END_TEST

START_TEST(p1_scripts_that_cannot_be_sent)
{
	char *long_script = long_text((1 << 20) + 1);
	char *quotes = malloc((1 << 20) + 1);
	struct watch w = { 0 };
	stmfw_op op = 77;

	ck_assert_ptr_nonnull(quotes);
	memset(quotes, '"', 1 << 20);
	quotes[(1 << 20) - 100] = '\0';
	play_connected(NULL);
	ck_assert_int_eq(CALL(stmfw_command(NULL, "x", 0, on_done, &w, &op)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_command(fx.client, NULL, 0, on_done, &w, &op)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_command(fx.client, "a\x1a" "b", 0, on_done, &w, &op)),
			 STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_command(fx.client, long_script, 0, on_done, &w, &op)),
			 STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_command(fx.client, quotes, 0, on_done, &w, &op)),
			 STMFW_EINVAL);
	close_and_drain();
	ck_assert_int_eq(w.calls, 0);
	ck_assert_uint_eq(op, 77);
	ck_assert_int_eq(fake_ocd_requests(fx.ocd), 0);
	free(long_script);
	free(quotes);
}
END_TEST

/* "At most 1 MiB once quoted and in its envelope", which takes some hundred bytes. */
START_TEST(longest_script)
{
	char *text = long_text((1 << 20) - 600);
	const struct scene scene[] = { EXPECT(text), REPLY_OK("ok"), END };
	struct watch w = { 0 };

	play_connected(scene);
	ACCEPTED(stmfw_command(fx.client, text, 0, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_ok_once(&w, "ok");
	close_and_drain();
	free(text);
}
END_TEST

START_TEST(log_callback_gets_each_line)
{
	static const struct scene scene[] = {
		EXPECT("x"), REPLY(0, 0, "r", "one\ntwo\n\nthree"), END
	};
	struct watch w, log = { 0 };

	fx.opts.log = on_log;
	fx.opts.log_arg = &log;
	play_connected(scene);
	memset(&log, 0, sizeof(log));
	run_command("x", &w);
	assert_ok_once(&w, "r");
	ck_assert_msg(strcmp(log.log, "one\ntwo\nthree\n") == 0 ||
			      strcmp(log.log, "one\ntwo\n\nthree\n") == 0,
		      "'%s'", log.log);
}
END_TEST

START_TEST(callback_and_op_may_be_missing)
{
	static const struct scene scene[] = {
		EXPECT("a"), REPLY_OK(""), EXPECT("b"), REPLY_OK("2"), END
	};
	struct watch w = { 0 };

	play_connected(scene);
	ACCEPTED(stmfw_command(fx.client, "a", 0, NULL, NULL, NULL));
	ACCEPTED(stmfw_command(fx.client, "b", 0, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_ok_once(&w, "2");
}
END_TEST

START_TEST(step_names_the_command)
{
	static const struct scene scene[] = { EXPECT("x"), REPLY(1, 0, "no", ""), END };
	struct watch w;

	play_connected(scene);
	run_command("x", &w);
	ck_assert_msg(w.step[0] != '\0', "no step");
	ck_assert_str_ne(w.step, "connect");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ result_and_log_are_kept_apart, 0 },
		{ empty_result_is_success, 0 },
		{ failure_is_told_by_its_code, sizeof(failures) / sizeof(failures[0]) },
		{ text_does_not_decide, 0 },
		{ scripts_arrive_as_they_were, 14 },
		{ results_arrive_as_they_were, 2 * ODD_RESULTS },
		{ long_scripts_and_results, 0 },
		{ p9_script_is_copied, 0 },
		{ p1_scripts_that_cannot_be_sent, 0 },
		{ longest_script, 0 },
		{ log_callback_gets_each_line, 0 },
		{ callback_and_op_may_be_missing, 0 },
		{ step_names_the_command, 0 },
		{ NULL, 0 },
	};

	return run_cases("command", cases);
}
