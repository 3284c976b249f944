/* SPDX-License-Identifier: MIT */
/*
 * The library against a real OpenOCD without a board: the envelope and the quoting in its own
 * interpreter, other services, time, and that nothing is left behind.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "real.h"

static void start(void)
{
	start_dummy();
	connect_client();
}

/* ---- quoting ---- */

/* One word in, the same bytes out, and it was one word. (A line end at the end of a result is
   dropped: hence the dot.) */
static void assert_survives(const char *bytes, size_t n)
{
	char word[2048], script[4096];

	ck_assert_uint_lt(stmfw_quote(word, sizeof(word), bytes, n), sizeof(word));
	snprintf(script, sizeof(script), "apply {args {format {%%d:%%s.} [llength $args] "
					 "[lindex $args 0]}} %s", word);
	RUN_OK(stmfw_command(real.client, script, 0, DONE));
	ck_assert_uint_eq(outcome.res.text_len, n + 3);
	ck_assert_mem_eq(outcome.text, "1:", 2);
	ck_assert_mem_eq(outcome.text + 2, bytes, n);
	ck_assert_int_eq(outcome.text[n + 2], '.');
}

START_TEST(any_word_is_quoted_so_that_a_real_interpreter_sees_just_it)
{
	static const char *const words[] = {
		"", " ", "a b", "{", "}", "}{", "{a b}", "[exit]", "]", "$env(HOME)", "$x", "\\", "a\\",
		"\\n", "\"", "\"\"", "a\"b", "#", "#x", "-", "-force", ";exit", "\n", "a\nexit\n", "\r\n",
		"\t", "{*}$x", "[", "\\[exit\\]", "\xff\xfe", "\xc3\xa9", "\xc3", "%s%n", "a;b",
		"/tmp/a b/{c}[d]$e\\f\"g", "\x7f", "\x1b[0m", "type target_state state halted\r\n",
	};
	char all[2] = { 0 };

	start();
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_survives(words[i], strlen(words[i]));
	for (int b = 1; b < 256; b++) {
		all[0] = (char)b;
		assert_survives(all, 1);
	}
}
END_TEST

START_TEST(random_words_survive)
{
	char word[200];

	start();
	srand(1);
	for (int round = 0; round < 100; round++) {
		size_t n = (size_t)rand() % sizeof(word);

		for (size_t i = 0; i < n; i++)
			word[i] = (char)(1 + rand() % 255);
		assert_survives(word, n);
	}
}
END_TEST

START_TEST(nul_and_terminator_survive_quoted)
{
	start();
	assert_survives("a\0b\x1a" "c", 5);
}
END_TEST

/* ---- results and failures ---- */

START_TEST(success_and_failure_with_the_same_text_differ)
{
	start();
	RUN_OK(stmfw_command(real.client, "return boo", 0, DONE));
	ck_assert_str_eq(outcome.text, "boo");
	RUN_FAILS(STMFW_ECOMMAND, stmfw_command(real.client, "error boo", 0, DONE));
	ck_assert_ptr_nonnull(strstr(outcome.text, "boo"));
	ck_assert_int_eq(outcome.res.outcome, STMFW_FINISHED);
	ck_assert_int_eq(outcome.res.tcl_code, 1);
}
END_TEST

START_TEST(result_and_log_are_kept_apart)
{
	start();
	RUN_OK(stmfw_command(real.client, "echo logged; expr 6*7", 0, DONE));
	ck_assert_str_eq(outcome.text, "42");
	ck_assert_str_eq(outcome.log, "logged\n");
}
END_TEST

START_TEST(openocds_own_reason_and_number_are_told)
{
	start();
	RUN_FAILS(STMFW_ECOMMAND,
		  stmfw_command(real.client, "flash write_image {/no such file} 0x01000000 bin", 0, DONE));
	ck_assert_ptr_nonnull(strstr(outcome.text, "couldn't open /no such file"));
	ck_assert_int_lt(outcome.res.ocd_code, 0);
	ck_assert_str_ne(outcome.advice, "");
}
END_TEST

START_TEST(no_script_can_break_out_of_its_envelope)
{
	static const char *const scripts[] = { "{", "}", "\"", "[", "\\", "}{", "break", "continue",
					       "return -code 5 x", "set x [", "\"]}} @0 ", "proc" };

	start();
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		RUN(stmfw_command(real.client, scripts[i], 0, DONE));
		ck_assert_msg(outcome.res.status == STMFW_ECOMMAND, "%s: %s", scripts[i],
			      stmfw_err_name(outcome.res.status));
		ck_assert_str_eq(tcl("expr 1"), "1");
	}
	RUN_OK(stmfw_command(real.client, "", 0, DONE));
	RUN_OK(stmfw_command(real.client, "# nothing", 0, DONE));
}
END_TEST

static size_t seen_length;

static void look_at_bytes(const stmfw_result *res)
{
	seen_length = res->text_len;
	for (size_t i = 0; i < res->text_len; i++)
		if ((unsigned char)res->text[i] != i % 256)
			seen_length = 0;
}

START_TEST(binary_results_of_a_megabyte_arrive_whole)
{
	start();
	outcome.look = look_at_bytes;
	RUN_OK(stmfw_command(real.client,
			     "set o {};for {set i 0} {$i<256} {incr i} {append o [subst [format "
			     "{\\%03o} $i]]};unset i;apply {o {string repeat $o 4096}} $o[unset o]", 0, DONE));
	ck_assert_uint_eq(seen_length, 1 << 20);
}
END_TEST

START_TEST(the_longest_script_works_and_a_longer_one_is_refused_here)
{
	size_t n = (1u << 20) - 1024;
	char *script = malloc(n + 2048);

	start();
	memset(script, ' ', n);
	strcpy(script + n, "expr 5");
	ck_assert_str_eq(tcl(script), "5");
	memset(script, ' ', n + 2047);
	script[n + 2047] = '\0';
	ck_assert_int_eq(stmfw_command(real.client, script, 0, DONE), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_command(real.client, "a\x1a" "b", 0, DONE), STMFW_EINVAL);
	free(script);
}
END_TEST

/* ---- neighbours ---- */

START_TEST(nothing_is_left_in_the_interpreter)
{
	static const char inventory[] = "list [lsort [info globals]] [lsort [info commands]] "
					"[lsort [info procs]]";
	static char before[1 << 16];
	const uint32_t word = 1;

	start();
	snprintf(before, sizeof(before), "%s", tcl(inventory));
	ck_assert_str_ne(before, "");
	RUN_OK(stmfw_targets(real.client, DONE));
	RUN(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	RUN(stmfw_halt(real.client, NULL, DONE));
	RUN(stmfw_halt(real.client, "t.cpu", DONE));
	RUN(stmfw_identify(real.client, NULL, DONE));
	RUN_OK(stmfw_banks(real.client, DONE));
	RUN(stmfw_bank_info(real.client, 0, 0, DONE));
	RUN(stmfw_read_words(real.client, NULL, 0, 32, 1, DONE));
	RUN(stmfw_write_words(real.client, NULL, 0, 32, &word, 1, DONE));
	RUN(stmfw_command(real.client, "error x", 0, DONE));
	ck_assert_str_eq(tcl(inventory), before);
}
END_TEST

static char events[512];

static void on_event(stmfw_client *c, const stmfw_event *ev, void *arg)
{
	(void)c;
	(void)arg;
	size_t n = strlen(events);

	snprintf(events + n, sizeof(events) - n, "%d %s\n", (int)ev->kind, ev->name);
}

START_TEST(notifications_come_only_when_asked_for)
{
	start();
	RUN(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	ck_assert_str_eq(events, "");
	RUN_OK(stmfw_notifications(real.client, on_event, NULL, DONE));
	RUN(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	ck_assert_ptr_nonnull(strstr(events, "2 halt\n"));
	RUN_OK(stmfw_notifications(real.client, NULL, NULL, DONE));
	events[0] = '\0';
	RUN(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	ck_assert_str_eq(events, "");
}
END_TEST

/* ---- typed calls on a target that cannot do much ---- */

static void look_at_targets(const stmfw_result *res)
{
	ck_assert_uint_eq(res->count, 1);
	ck_assert_str_eq(res->targets[0].name, "t.cpu");
	ck_assert_str_eq(res->targets[0].type, "testee");
}

/* Up to 0.11 OpenOCD does not tell which target a bank belongs to. */
static const char *bank_target;

static void look_at_banks(const stmfw_result *res)
{
	ck_assert_uint_eq(res->count, 1);
	ck_assert_str_eq(res->banks[0].name, "t.flash");
	ck_assert_str_eq(res->banks[0].driver, "faux");
	ck_assert_str_eq(res->banks[0].target, bank_target);
	ck_assert_uint_eq(res->banks[0].base, 0x01000000);
	ck_assert_uint_eq(res->banks[0].size, 0x10000);
}

static void look_at_sectors(const stmfw_result *res)
{
	look_at_banks(res);
	ck_assert_uint_eq(res->banks[0].sector_count, 1);
	ck_assert_uint_eq(res->banks[0].sectors[0].offset, 0);
	ck_assert_uint_eq(res->banks[0].sectors[0].size, 0x10000);
	ck_assert_str_eq(res->banks[0].chip, "faux flash driver");
}

START_TEST(targets_and_banks_are_typed)
{
	start();
	outcome.look = look_at_targets;
	RUN_OK(stmfw_targets(real.client, DONE));
	bank_target = strcmp(tcl("dict exists [lindex [flash list] 0] target"), "1") == 0 ? "t.cpu"
											 : "";
	outcome.look = look_at_banks;
	RUN_OK(stmfw_banks(real.client, DONE));
	outcome.look = look_at_sectors;
	RUN_OK(stmfw_bank_info(real.client, 0, 0, DONE));
	RUN_FAILS(STMFW_ERANGE, stmfw_bank_info(real.client, 1, 0, DONE));
	RUN_FAILS(STMFW_ETARGET, stmfw_read_words(real.client, NULL, 0, 32, 1, DONE));
	RUN_FAILS(STMFW_ERANGE, stmfw_halt(real.client, "no such target", DONE));
	/* A target's name is not a way to run commands. */
	RUN_FAILS(STMFW_ERANGE, stmfw_read_words(real.client, "shutdown", 0, 32, 1, DONE));
	RUN_FAILS(STMFW_ERANGE, stmfw_identify(real.client, "exit", DONE));
	ck_assert_str_eq(tcl("expr 3"), "3");
}
END_TEST

START_TEST(server_is_known_after_connecting)
{
	start();
	const stmfw_server *s = stmfw_client_server(real.client);
	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_nonnull(strstr(s->version, "Open On-Chip Debugger"));
	ck_assert_uint_gt(s->major * 1000 + s->minor, 9);
	ck_assert_str_eq(s->adapter, "dummy");
	ck_assert_str_eq(s->transport, "jtag");
	ck_assert_str_ne(s->jim, "");
}
END_TEST

/* ---- other ports, time, the end ---- */

START_TEST(real_telnet_port_is_named)
{
	start_dummy();
	ck_assert_int_eq(stmfw_client_new(&real.client, &real.loop, NULL), STMFW_OK);
	RUN_FAILS(STMFW_EPROTO, stmfw_client_connect(real.client, at(NULL, real.telnet), DONE));
	ck_assert_ptr_nonnull(strstr(outcome.text, "telnet"));
	ck_assert_ptr_nonnull(strstr(outcome.advice, "tcl connections"));
}
END_TEST

START_TEST(timeout_is_honest_and_the_client_can_connect_again)
{
	start();
	RUN_FAILS(STMFW_ETIMEDOUT, stmfw_command(real.client, "sleep 700", 200, DONE));
	ck_assert_int_eq(outcome.res.outcome, STMFW_UNKNOWN);
	ck_assert(!stmfw_client_is_connected(real.client));
	RUN_OK(reach(real.client, DONE));
	ck_assert_str_eq(tcl("expr 2"), "2");
}
END_TEST

static void on_slow(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)c;
	(void)res;
	(void)arg;
	uv_sleep(300);
}

START_TEST(an_answer_that_came_during_a_slow_callback_counts)
{
	start();
	ck_assert_int_eq(stmfw_command(real.client, "expr 1", 0, on_slow, NULL, NULL), STMFW_OK);
	RUN_OK(stmfw_command(real.client, "expr 2", 100, DONE));
	ck_assert_str_eq(outcome.text, "2");
}
END_TEST

START_TEST(canceling_a_running_shutdown_tells_the_truth)
{
	stmfw_op op;

	start();
	outcome.done = false;
	ck_assert_int_eq(stmfw_shutdown(real.client, on_outcome, NULL, &op), STMFW_OK);
	ck_assert_int_eq(stmfw_cancel(real.client, op), STMFW_OK);
	wait_outcome();
	ck_assert_int_eq(outcome.res.status, STMFW_OK);
	wait_end_of_openocd();
}
END_TEST

/* Where the library has started it. */
static pid_t only_child(void)
{
	char path[64], pids[64] = "";

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(pids, sizeof(pids), f));
	fclose(f);
	ck_assert_int_gt(atoi(pids), 1);
	return atoi(pids);
}

static uint64_t heard_at;

static void on_line(stmfw_client *c, const char *line, void *arg)
{
	(void)c;
	(void)arg;
	if (strstr(line, "working on it"))
		heard_at = uv_hrtime();
}

/* By the TCL port it comes with the answer. */
START_TEST(lines_come_while_a_command_runs)
{
	stmfw_client_opts opts = STMFW_INIT(stmfw_client_opts);

	opts.log = on_line;
	start_dummy();
	ck_assert_int_eq(stmfw_client_new(&real.client, &real.loop, &opts), STMFW_OK);
	RUN_OK(reach(real.client, DONE));
	RUN_OK(stmfw_command(real.client, "echo {working on it}; sleep 400", 0, DONE));
	ck_assert_uint_ne(heard_at, 0);
	uint64_t before_end = (uv_hrtime() - heard_at) / 1000000;
	if (is_way("tcl"))
		ck_assert_msg(before_end < 200, "%d ms", (int)before_end);
	else
		ck_assert_msg(before_end >= 200, "%d ms", (int)before_end);
}
END_TEST

START_TEST(death_of_openocd_is_a_loss_with_unknown_outcome)
{
	start();
	outcome.done = false;
	ck_assert_int_eq(stmfw_command(real.client, "sleep 5000", 0, DONE), STMFW_OK);
	kill(is_way("exec") ? only_child() : real.openocd, SIGKILL);
	wait_outcome();
	ck_assert_int_eq(outcome.res.status, STMFW_ELOST);
	ck_assert_int_eq(outcome.res.outcome, STMFW_UNKNOWN);
}
END_TEST

static bool told_lost;

static void on_lost(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)c;
	(void)res;
	(void)arg;
	told_lost = true;
}

START_TEST(shutdown_ends_openocd_and_is_no_loss)
{
	stmfw_client_opts opts = STMFW_INIT(stmfw_client_opts);

	opts.lost = on_lost;
	start_dummy();
	ck_assert_int_eq(stmfw_client_new(&real.client, &real.loop, &opts), STMFW_OK);
	RUN_OK(reach(real.client, DONE));
	RUN_OK(stmfw_shutdown(real.client, DONE));
	ck_assert(!stmfw_client_is_connected(real.client));
	ck_assert(!told_lost);
	wait_end_of_openocd();
	if (is_way("exec"))
		return;
	RUN_FAILS(STMFW_ECONNECT, reach(real.client, DONE));
	ck_assert_ptr_nonnull(strstr(outcome.text, "refused"));
	ck_assert_ptr_nonnull(strstr(outcome.advice, "openocd -f"));
}
END_TEST

int main(void)
{
	const struct real_test tests[] = {
		{ any_word_is_quoted_so_that_a_real_interpreter_sees_just_it, 1 },
		{ random_words_survive, 1 },
		{ nul_and_terminator_survive_quoted, 1 },
		{ success_and_failure_with_the_same_text_differ, 1 },
		{ result_and_log_are_kept_apart, 1 },
		{ openocds_own_reason_and_number_are_told, 1 },
		{ no_script_can_break_out_of_its_envelope, 1 },
		{ binary_results_of_a_megabyte_arrive_whole, 1 },
		{ the_longest_script_works_and_a_longer_one_is_refused_here, 1 },
		{ nothing_is_left_in_the_interpreter, 1 },
		{ notifications_come_only_when_asked_for, !is_way("telnet") },
		{ targets_and_banks_are_typed, 1 },
		{ server_is_known_after_connecting, 1 },
		{ real_telnet_port_is_named, is_way("tcl") },
		{ lines_come_while_a_command_runs, 1 },
		{ timeout_is_honest_and_the_client_can_connect_again, 1 },
		{ an_answer_that_came_during_a_slow_callback_counts, 1 },
		{ canceling_a_running_shutdown_tells_the_truth, 1 },
		{ death_of_openocd_is_a_loss_with_unknown_outcome, 1 },
		{ shutdown_ends_openocd_and_is_no_loss, 1 },
		{ NULL, 0 }
	};

	return run_real("dummy", tests);
}
