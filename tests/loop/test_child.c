/* SPDX-License-Identifier: MIT */
/*
 * test_child.c - OpenOCD as our child: how it may begin, behave and end. That no process, memory or
 * descriptor is left, the fixture looks after. Its patience is short here: PATIENCE_MS.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "fixture.h"

static struct watch said;

static int spawn(const char *const *argv, uint32_t timeout_ms, stmfw_op *op)
{
	stmfw_spawn_opts o = STMFW_INIT(stmfw_spawn_opts);

	memset(&fx.connecting, 0, sizeof(fx.connecting));
	o.argv = argv;
	o.as_is = 1;
	o.timeout_ms = timeout_ms;
	return CALL(stmfw_client_spawn(fx.client, &o, on_done, &fx.connecting, op));
}

/* argv[0] is put in. */
#define START(timeout_ms, ...)                                                                \
	ck_assert_int_eq(spawn((const char *const[]){ getenv("STMFW_TEST_CHILD"),             \
						      __VA_ARGS__, NULL },                    \
			       timeout_ms, NULL),                                             \
			 STMFW_OK)

static void listen_to_log(void)
{
	memset(&said, 0, sizeof(said));
	fx.opts.log = on_log;
	fx.opts.log_arg = &said;
}

static void make_listening_client(void)
{
	listen_to_log();
	make_client();
}

static void assert_end(int status, const char *words)
{
	RUN_UNTIL(fx.connecting.calls);
	ck_assert_msg(fx.connecting.status == status, "%s: %s",
		      stmfw_err_name(fx.connecting.status), fx.connecting.text);
	ck_assert_msg(strstr(fx.connecting.text, words) != NULL, "no '%s' in: %s", words,
		      fx.connecting.text);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 0);
}

/* And the same client can try again. */
static void assert_relay_works(void)
{
	play(NULL);
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}

/* ---- it does not begin ---------------------------------------------------------------------- */

START_TEST(cannot_be_started)
{
	static const struct {
		const char *program;
		int uv_status;
		const char *words;
	} programs[] = {
		{ "no-such-program-anywhere", UV_ENOENT, "no such file" },
		{ "/no/such/program", UV_ENOENT, "no such file" },
		{ "/proc/self/maps", UV_EACCES, "permission denied" },
		{ "/", UV_EACCES, "permission denied" },
	};
	const char *argv[] = { programs[_i].program, NULL };

	make_client();
	ck_assert_int_eq(spawn(argv, 0, NULL), STMFW_OK);
	ck_assert_int_eq(fx.connecting.calls, 0);
	assert_end(STMFW_ECONNECT, "cannot be started");
	ck_assert_ptr_nonnull(strstr(fx.connecting.text, programs[_i].words));
	ck_assert_int_eq(fx.connecting.uv_status, programs[_i].uv_status);
	ck_assert_int_eq(fx.connecting.outcome, STMFW_NOT_STARTED);
	ck_assert(fx.connecting.advice[0] != '\0');
	run_dry();
	assert_relay_works();
}
END_TEST

START_TEST(p1_bad_arguments_have_no_effect)
{
	static const char *const none[] = { NULL }, *const empty[] = { "", NULL };
	stmfw_spawn_opts o = STMFW_INIT(stmfw_spawn_opts);
	stmfw_op op = 77;

	make_client();
	ck_assert_int_eq(spawn(NULL, 0, &op), STMFW_EINVAL);
	ck_assert_int_eq(spawn(none, 0, &op), STMFW_EINVAL);
	ck_assert_int_eq(spawn(empty, 0, &op), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_client_spawn(fx.client, NULL, on_done, &said, &op)),
			 STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_client_spawn(NULL, &o, on_done, &said, &op)), STMFW_EINVAL);
	ck_assert_uint_eq(op, 77);
	run_dry();
	ck_assert_int_eq(fx.connecting.calls, 0);
}
END_TEST

START_TEST(p1_only_when_idle)
{
	const char *argv[] = { getenv("STMFW_TEST_CHILD"), "silent", NULL };

	play_connected(NULL);
	struct watch first = fx.connecting;
	ck_assert_int_eq(spawn(argv, 0, NULL), STMFW_ESTATE);
	ck_assert_int_eq(first.calls, 1);
}
END_TEST

/* ---- it ends before it answers -------------------------------------------------------------- */

START_TEST(ends_at_once)
{
	make_listening_client();
	START(0, "exit", "3", "Info : hello\nError: open failed\nError: open failed\n");
	assert_end(STMFW_ECONNECT, "ended with exit status 3");
	ck_assert_ptr_nonnull(strstr(fx.connecting.text, "\"open failed\""));
	ck_assert_ptr_nonnull(strstr(fx.connecting.advice, "probe"));
	ck_assert_str_eq(said.log, "Info : hello\nError: open failed\nError: open failed\n");
	ck_assert_int_lt(said.order, fx.connecting.order);
	assert_relay_works();
}
END_TEST

START_TEST(ends_by_a_signal)
{
	make_listening_client();
	START(0, "signal", "9", "");
	assert_end(STMFW_ECONNECT, "signal 9");
}
END_TEST

/* Words that nobody knows, with no line end behind them. */
START_TEST(last_words_without_a_line_end)
{
	make_listening_client();
	START(0, "exit", "1", "first\nthe very last");
	assert_end(STMFW_ECONNECT, "\"the very last\"");
	ck_assert_str_eq(said.log, "first\nthe very last\n");
	ck_assert_ptr_nonnull(strstr(fx.connecting.advice, "by hand"));
}
END_TEST

/* A control sequence of a terminal would be obeyed by whoever prints the text. */
START_TEST(last_words_are_harmless)
{
	make_client();
	START(0, "exit", "1", "Error: \x1b[31mred\x07\r\n");
	assert_end(STMFW_ECONNECT, "red");
	for (const char *p = fx.connecting.text; *p; p++)
		ck_assert_msg((unsigned char)*p >= ' ', "control byte in the text");
}
END_TEST

START_TEST(many_words_keep_the_last)
{
	static char text[60000];
	size_t n = 0;

	for (int i = 0; n < sizeof(text) - 64; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "line %d of many\n", i);
	snprintf(text + n, sizeof(text) - n, "Error: the reason\n");
	make_client();
	START(0, "exit", "1", text);
	assert_end(STMFW_ECONNECT, "\"the reason\"");
}
END_TEST

/* Its own child still has the pipes: that is not waited for. */
START_TEST(leaves_somebody_with_the_pipes)
{
	make_client();
	START(0, "grandchild");
	assert_end(STMFW_ECONNECT, "ended with exit status 4");
	ck_assert_uint_lt(fx.connecting.elapsed_ms, 5000);
}
END_TEST

START_TEST(hangs_up_and_lives_on)
{
	make_listening_client();
	START(0, "hang-up");
	assert_end(STMFW_ELOST, "closed the connection");
	ck_assert_ptr_nonnull(strstr(fx.connecting.text, "\"hung up\""));
	close_and_drain();
}
END_TEST

START_TEST(says_what_is_no_answer)
{
	make_client();
	START(0, "say", "Welcome to station3!\n");
	assert_end(STMFW_EPROTO, "Welcome to station3!");
	assert_relay_works();
}
END_TEST

START_TEST(is_silent)
{
	make_client();
	START(80, "silent");
	assert_end(STMFW_ETIMEDOUT, "no answer within 80 ms");
	ck_assert_int_eq(fx.connecting.outcome, STMFW_UNKNOWN);
	ck_assert_uint_ge(fx.connecting.elapsed_ms, 75);
	assert_relay_works();
}
END_TEST

/* ---- it is to end --------------------------------------------------------------------------- */

/* EOF is all that most need; then come SIGTERM and SIGKILL, each after some time. */
START_TEST(ends_when_it_is_told_to)
{
	static const char *const kinds[] = { "silent", "stubborn", "immortal" };
	uint64_t started, took;

	make_client();
	START(0, kinds[_i]);
	pass_time(100); /* it needs time to ignore signals */
	ck_assert_int_eq(fx.connecting.calls, 0);
	started = uv_hrtime();
	close_and_drain();
	took = (uv_hrtime() - started) / 1000000;
	assert_failed_once(&fx.connecting, STMFW_ECANCELED, STMFW_UNKNOWN);
	/* The loop's clock has whole milliseconds, and each wait may begin at the end of one. */
	ck_assert_msg(took + 2 >= PATIENCE_MS * (unsigned int)_i, "%d ms", (int)took);
	ck_assert_msg(took < PATIENCE_MS * (unsigned int)(_i + 1) + 2000, "%d ms", (int)took);
	ck_assert_msg(_i > 0 || took < PATIENCE_MS, "EOF did not end it: %d ms", (int)took);
}
END_TEST

static const char *const lives[][5] = {
	{ "exit", "0", "" },
	{ "exit", "1", "Error: a\nError: b" },
	{ "signal", "15", "x\n" },
	{ "say", "garbage" },
	{ "silent" },
	{ "hang-up" },
	{ "grandchild" },
	{ "stubborn" },
	{ "relay", "127.0.0.1", "1" },
};

#define LIVES ((int)(sizeof(lives) / sizeof(lives[0])))

/* Whatever it is, canceled or closed after any number of turns. */
START_TEST(given_up_after_some_turns)
{
	const char *const *life = lives[_i % LIVES];
	const char *argv[] = { getenv("STMFW_TEST_CHILD"), life[0], life[1], life[2], life[3], NULL };
	bool closes = _i / LIVES % 2;
	int turns = _i / LIVES / 2;
	stmfw_op op;

	make_listening_client();
	ck_assert_int_eq(spawn(argv, 0, &op), STMFW_OK);
	for (int i = 0; i < turns && !fx.connecting.calls; i++)
		pass_time((unsigned int)i + 1);
	if (closes)
		close_client();
	else
		(void)CALL(stmfw_cancel(fx.client, op));
	RUN_UNTIL(fx.connecting.calls);
	ck_assert_int_eq(fx.connecting.calls, 1);
	ck_assert_int_ne(fx.connecting.status, STMFW_OK);
	run_dry();
	ck_assert_int_eq(fx.connecting.calls, 1);
	ck_assert_int_eq(fx.closing.calls, closes);
	ck_assert_int_eq(fx.lost.calls, 0);
}
END_TEST

/* ---- it works ------------------------------------------------------------------------------- */

static void play_relayed(const struct scene *scene)
{
	listen_to_log();
	play_connected(scene);
}

START_TEST(lines_come_while_a_command_runs)
{
	static const struct scene scene[] = {
		EXPECT("x"), RAW(CHILD_TO_STDERR "Info : working\n" CHILD_TO_STDOUT), GATE,
		REPLY(0, 0, "r", "working\nworked\n"), END
	};
	struct watch x = { 0 };

	play_relayed(scene);
	ACCEPTED(stmfw_command(fx.client, "x", 0, on_done, &x, NULL));
	RUN_UNTIL(said.calls);
	ck_assert_str_eq(said.log, "Info : working\n");
	ck_assert_int_eq(x.calls, 0);
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(x.calls);
	assert_ok_once(&x, "r");
	ck_assert_str_eq(x.log, "working\nworked\n");
	ck_assert_str_eq(said.log, "Info : working\nworking\nworked\n"); /* its stderr, no more */
}
END_TEST

static long most_blocks;

static void note_blocks(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)c;
	(void)res;
	w->log[0] = '\0';
	if (fx.heap.live > most_blocks)
		most_blocks = fx.heap.live;
}

/* 10 MiB: a pipe that is not read would stop it, lines that pile up would eat our memory. All of
   them come before the answer that follows them. */
START_TEST(floods_its_stderr)
{
	static const struct scene scene[] = {
		EXPECT("x"), RAW(CHILD_FLOODS), REPLY_OK("r"), END
	};
	struct watch x = { 0 };

	play_relayed(scene);
	said.then = note_blocks;
	most_blocks = 0;
	ACCEPTED(stmfw_command(fx.client, "x", 0, on_done, &x, NULL));
	RUN_UNTIL(x.calls);
	assert_ok_once(&x, "r");
	ck_assert_int_eq(said.calls, CHILD_FLOOD_LINES);
	ck_assert_int_lt(said.order, x.order);
	ck_assert_msg(most_blocks < 4000, "%ld blocks", most_blocks);
}
END_TEST

START_TEST(never_ends_a_line)
{
	static const struct scene scene[] = {
		EXPECT("x"), RAW(CHILD_ENDS_NO_LINE), REPLY(0, 0, "r", "\nnext\n"), END
	};
	struct watch x = { 0 };

	play_relayed(scene);
	ACCEPTED(stmfw_command(fx.client, "x", 0, on_done, &x, NULL));
	RUN_UNTIL(x.calls);
	assert_ok_once(&x, "r");
	ck_assert_int_eq(said.calls, 2);
	ck_assert_msg(strspn(said.log, "x") == 1023, "%d bytes", (int)strspn(said.log, "x"));
	ck_assert_ptr_nonnull(strstr(said.log, "x\nnext\n"));
}
END_TEST

/* Why it died is what it said before. */
START_TEST(dies_during_a_command)
{
	static const struct scene scene[] = {
		EXPECT("x"), RAW(CHILD_TO_STDERR "Error: TCP error status" CHILD_TO_STDOUT), HANG_UP,
		END
	};
	struct watch x = { 0 };

	play_relayed(scene);
	ACCEPTED(stmfw_command(fx.client, "x", 0, on_done, &x, NULL));
	RUN_UNTIL(fx.lost.calls);
	assert_failed_once(&x, STMFW_ELOST, STMFW_UNKNOWN);
	ck_assert_msg(strstr(x.text, "exit status 0") != NULL, "%s", x.text);
	ck_assert_msg(strstr(x.text, "\"TCP error status\"") != NULL, "%s", x.text);
	ck_assert_ptr_nonnull(strstr(x.advice, "lost its probe"));
	ck_assert_str_eq(fx.lost.text, x.text);
	close_and_drain();
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ cannot_be_started, 4 },
		{ p1_bad_arguments_have_no_effect, 0 },
		{ p1_only_when_idle, 0 },
		{ ends_at_once, 0 },
		{ ends_by_a_signal, 0 },
		{ last_words_without_a_line_end, 0 },
		{ last_words_are_harmless, 0 },
		{ many_words_keep_the_last, 0 },
		{ leaves_somebody_with_the_pipes, 0 },
		{ hangs_up_and_lives_on, 0 },
		{ says_what_is_no_answer, 0 },
		{ is_silent, 0 },
		{ ends_when_it_is_told_to, 3 },
		{ given_up_after_some_turns, 2 * LIVES * 6 },
		{ lines_come_while_a_command_runs, 0 },
		{ floods_its_stderr, 0 },
		{ never_ends_a_line, 0 },
		{ dies_during_a_command, 0 },
		{ NULL, 0 },
	};

	setenv("STMFW_TEST_WAY", "exec", 1);
	return run_cases("child", cases);
}
