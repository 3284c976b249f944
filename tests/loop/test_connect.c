/* SPDX-License-Identifier: MIT */
/* test_connect.c - finding OpenOCD, or saying why not. */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void connect_to(const char *host, uint16_t port)
{
	start_connecting(host, port);
	RUN_UNTIL(fx.connecting.calls);
}

/* It did not work, nothing is left, and the same client can try again. */
static void assert_back_to_idle(void)
{
	ck_assert_int_eq(fx.connecting.calls, 1);
	ck_assert_int_eq(fx.connecting.connected, 0);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 0);
	ck_assert_ptr_null(stmfw_client_server(fx.client));
	ck_assert_int_eq(fx.lost.calls, 0);
	run_dry();
	ck_assert_int_eq(fx.connecting.calls, 1);
}

static void assert_connects_now(void)
{
	if (!fx.ocd)
		play(NULL);
	connect_to(NULL, fake_ocd_port(fx.ocd));
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}

START_TEST(connects_and_says_so)
{
	play_connected(NULL);
	ck_assert_int_eq(fx.connecting.connected, 1);
	ck_assert_int_eq(fx.connecting.outcome, STMFW_FINISHED);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 1);
	ck_assert_int_eq(fx.lost.calls, 0);
	ck_assert_int_eq(fake_ocd_connections(fx.ocd), 1);
}
END_TEST

START_TEST(knows_the_server)
{
	const stmfw_server *s;

	play_connected(NULL);
	s = stmfw_client_server(fx.client);
	ck_assert_ptr_nonnull(s);
	ck_assert_str_eq(s->version, "Open On-Chip Debugger 0.12.0");
	ck_assert_uint_eq(s->major, 0);
	ck_assert_uint_eq(s->minor, 12);
	ck_assert_uint_eq(s->patch, 0);
	ck_assert_str_eq(s->jim, "0.81");
	ck_assert_str_eq(s->adapter, "hla");
	ck_assert_str_eq(s->transport, "hla_swd");
}
END_TEST

/* Of a child only the end is seen: what it has done until then is not known. */
static void assert_not_reached(void)
{
	assert_status(&fx.connecting, STMFW_ECONNECT,
		      fake_ocd_way() == FAKE_EXEC ? STMFW_UNKNOWN : STMFW_NOT_STARTED);
}

/* Of one that ended before its first answer. */
static int hung_up_early(void)
{
	return fake_ocd_way() == FAKE_EXEC ? STMFW_ECONNECT : STMFW_ELOST;
}

START_TEST(refused)
{
	make_client();
	connect_to("127.0.0.1", fake_ocd_dead_port(&fx.loop));
	assert_not_reached();
	if (fake_ocd_way() == FAKE_EXEC) /* the child says it */
		ck_assert_ptr_nonnull(strstr(fx.connecting.text, "nobody listens"));
	else
		ck_assert_int_eq(fx.connecting.uv_status,
				 fake_ocd_way() == FAKE_UNIX ? UV_ENOENT : UV_ECONNREFUSED);
	ck_assert_str_eq(fx.connecting.step, "connect");
	ck_assert_msg(fx.connecting.advice[0] != '\0', "no advice");
	assert_back_to_idle();
	assert_connects_now();
}
END_TEST

/* A label of more than 63 characters never gets as far as a name server. */
START_TEST(name_that_cannot_be_resolved)
{
	char name[80];

	memset(name, 'a', 70);
	strcpy(name + 70, ".invalid");
	make_client();
	connect_to(name, 6666);
	assert_not_reached();
	ck_assert_int_ne(fx.connecting.uv_status, 0);
	assert_back_to_idle();
	assert_connects_now();
}
END_TEST

START_TEST(name_that_is_too_long)
{
	char name[2000];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	make_client();
	if (CALL(stmfw_client_connect(fx.client, at(name, 1), on_done, &fx.connecting, NULL)) != 0) {
		ck_assert_int_eq(fx.result, STMFW_EINVAL);
		run_dry();
		ck_assert_int_eq(fx.connecting.calls, 0);
		return;
	}
	RUN_UNTIL(fx.connecting.calls);
	assert_not_reached();
	assert_back_to_idle();
}
END_TEST

enum no_socket { NO_SOCKET_FILE, NO_SOCKET_DIRECTORY, NO_SOCKET_ABANDONED, NO_SOCKETS };

static void make_no_socket(enum no_socket which, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	switch (which) {
	case NO_SOCKET_FILE:
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		ck_assert_int_eq(close(fd), 0);
		break;
	case NO_SOCKET_DIRECTORY:
		ck_assert_int_eq(mkdir(path, 0700), 0);
		break;
	default: /* its owner was killed */
		strcpy(address.sun_path, path);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
		ck_assert_int_eq(close(fd), 0);
	}
}

/* Not the socket of a forwarder that runs: that is said at once, with its name. */
START_TEST(socket_where_nobody_listens)
{
	char directory[] = "/tmp/stmfw-test-XXXXXX", path[40], address[48];

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/socket", directory);
	snprintf(address, sizeof(address), "unix:%s", path);
	make_no_socket((enum no_socket)_i, path);
	make_client();
	ACCEPTED(stmfw_client_connect(fx.client, address, on_done, &fx.connecting, NULL));
	RUN_UNTIL(fx.connecting.calls);
	remove(path);
	rmdir(directory);
	assert_status(&fx.connecting, STMFW_ECONNECT, STMFW_NOT_STARTED);
	ck_assert_int_eq(fx.connecting.uv_status, UV_ECONNREFUSED);
	ck_assert_msg(strstr(fx.connecting.text, path) != NULL, "%s", fx.connecting.text);
	assert_back_to_idle();
	assert_connects_now();
}
END_TEST

/* localhost may mean ::1 first, where OpenOCD does not listen. */
START_TEST(localhost_finds_the_ipv4_listener)
{
	play(NULL);
	make_client();
	connect_to("localhost", fake_ocd_port(fx.ocd));
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}
END_TEST

START_TEST(localhost_where_nobody_listens)
{
	make_client();
	connect_to("localhost", fake_ocd_dead_port(&fx.loop));
	assert_not_reached();
	assert_back_to_idle();
}
END_TEST

START_TEST(silent_listener_times_out)
{
	static const struct scene silent[] = { MANUAL, EXPECT_ANY, STALL, GREET, END };

	play(silent);
	fx.opts.connect_timeout_ms = 80;
	make_client();
	connect_to(NULL, fake_ocd_port(fx.ocd));
	ck_assert_int_eq(fx.connecting.status, STMFW_ETIMEDOUT);
	ck_assert_uint_ge(fx.connecting.elapsed_ms, 75);
	ck_assert_uint_lt(fx.connecting.elapsed_ms, 5000);
	assert_back_to_idle();
	RUN_UNTIL(fake_ocd_open_connections(fx.ocd) == 0);
	assert_connects_now();
}
END_TEST

/* The deadline of connecting must not hit what comes later. */
START_TEST(deadline_ends_with_the_connecting)
{
	static const struct scene late[] = { EXPECT("slow"), GATE, REPLY_OK("done"), END };
	struct watch w = { 0 };

	fx.opts.connect_timeout_ms = 150;
	play_connected(late);
	ACCEPTED(stmfw_command(fx.client, "slow", 0, on_done, &w, NULL));
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	pass_time(250);
	ck_assert_int_eq(w.calls, 0);
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(w.calls);
	assert_ok_once(&w, "done");
}
END_TEST

START_TEST(hung_up_before_the_first_answer)
{
	static const struct scene scenes[][4] = {
		{ MANUAL, HANG_UP, END },
		{ MANUAL, RESET, END },
		{ MANUAL, EXPECT_ANY, HANG_UP, END },
		{ MANUAL, EXPECT_ANY, RESET, END },
	};

	play(scenes[_i]);
	make_client();
	connect_to(NULL, fake_ocd_port(fx.ocd));
	/* A reset that is quick enough looks like a refusal. */
	if (_i != 1 || fx.connecting.status != STMFW_ECONNECT)
		ck_assert_msg(fx.connecting.status == hung_up_early(), "%s: %s",
			      stmfw_err_name(fx.connecting.status), fx.connecting.text);
	assert_back_to_idle();
}
END_TEST

/* ---- another service on that port --------------------------------------------------------- */

struct impostor {
	const char *name; /* must be found in the text */
	struct scene scene[5];
};

#define TELNET_GREETING                                                                       \
	"\xff\xfb\x03\xff\xfb\x01\xff\xfd\x03\xff\xfe\x01"                                    \
	"Open On-Chip Debugger\r\n\r> "

static const struct impostor impostors[] = {
	{ "gdb", { MANUAL, EXPECT_ANY, RAW("+"), STALL, END } },
	{ "gdb", { MANUAL, RAW("+"), STALL, END } },
	{ "gdb", { MANUAL, RAW("$T05thread:1;#aa"), STALL, END } },
	{ "gdb", { MANUAL, EXPECT_ANY, RAW("---+$#00"), HANG_UP, END } },
	{ "web", { MANUAL, EXPECT_ANY, RAW("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n"),
		   HANG_UP, END } },
	{ "web", { MANUAL, EXPECT_ANY, RAW("<!DOCTYPE html><html></html>"), HANG_UP, END } },
	{ "SSH", { MANUAL, RAW("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), STALL, END } },
	{ "SSH", { MANUAL, SPLIT(3), RAW("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), STALL, END } },
	{ "", { MANUAL, RAW("\x01\x02\x03\x04rubbish"), STALL, END } },
	{ "", { MANUAL, EXPECT_ANY, RAW("rubbish\x1a"), STALL, END } },
	{ "", { MANUAL, EXPECT_ANY, RAW("\x1a"), STALL, END } },
	{ "", { MANUAL, EXPECT_ANY, RAW("\0\0\0\0\0\0"), STALL, END } },
	{ "", { MANUAL, EXPECT_ANY, ENDLESS, END } },
	/* Where a console is expected, these are none: the last two. */
	{ "telnet", { MANUAL, RAW(TELNET_GREETING), STALL, END } },
	{ "telnet", { MANUAL, SPLIT(1), RAW(TELNET_GREETING), STALL, END } },
};

#define IMPOSTORS ((int)(sizeof(impostors) / sizeof(impostors[0])))

START_TEST(another_service_is_named)
{
	const struct impostor *impostor = &impostors[_i];

	play(impostor->scene);
	make_client();
	connect_to(NULL, fake_ocd_port(fx.ocd));
	ck_assert_msg(fx.connecting.status == STMFW_EPROTO, "%s: %s",
		      stmfw_err_name(fx.connecting.status), fx.connecting.text);
	ck_assert_msg(strstr(fx.connecting.text, impostor->name) != NULL, "'%s' not named in: %s",
		      impostor->name, fx.connecting.text);
	for (const char *p = fx.connecting.text; *p; p++)
		ck_assert_msg((unsigned char)*p >= ' ', "control byte in the text");
	assert_back_to_idle();
}
END_TEST

/* An interpreter that answers, but is no OpenOCD. */
START_TEST(greeting_of_no_openocd)
{
	static const char *const greetings[] = { "", "\n\n\n\n\n", "some Tcl\n8.6\n\n\n" };

	play(NULL);
	fake_ocd_greet_with(fx.ocd, greetings[_i]);
	make_client();
	connect_to(NULL, fake_ocd_port(fx.ocd));
	ck_assert_msg(fx.connecting.status == STMFW_EPROTO, "%s: %s",
		      stmfw_err_name(fx.connecting.status), fx.connecting.text);
	assert_back_to_idle();
}
END_TEST

START_TEST(news_before_the_first_answer_do_no_harm)
{
	static const struct scene scene[] = {
		MANUAL, NOTIFY("type target_state state halted"), GREET, END
	};

	play_connected(scene);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 1);
}
END_TEST

START_TEST(greeting_byte_by_byte)
{
	play(NULL);
	fake_ocd_split(fx.ocd, 1);
	make_client();
	connect_to(NULL, fake_ocd_port(fx.ocd));
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}
END_TEST

/* ---- arguments and states ----------------------------------------------------------------- */

START_TEST(p1_bad_arguments_have_no_effect)
{
	struct watch w = { 0 };
	stmfw_op op = 77;

	make_client();
	ck_assert_int_eq(CALL(stmfw_client_connect(NULL, NULL, on_done, &w, &op)),
			 STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_client_connect(fx.client, at("", 0), on_done, &w, &op)),
			 STMFW_EINVAL);
	ck_assert_uint_eq(op, 77);
	run_dry();
	ck_assert_int_eq(w.calls, 0);
}
END_TEST

START_TEST(p1_connecting_twice_is_refused)
{
	struct watch w = { 0 };
	stmfw_op op = 77;

	play(NULL);
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	ck_assert_int_eq(CALL(stmfw_client_connect(fx.client, at(NULL, 1), on_done, &w, &op)),
			 STMFW_ESTATE);
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(CALL(stmfw_client_connect(fx.client, at(NULL, 1), on_done, &w, &op)),
			 STMFW_ESTATE);
	close_and_drain();
	ck_assert_int_eq(w.calls, 0);
	ck_assert_uint_eq(op, 77);
}
END_TEST

START_TEST(p12_op_is_known_before_the_callback)
{
	stmfw_op op = 0;

	play(NULL);
	make_client();
	ACCEPTED(reach(fx.client, NULL, fake_ocd_port(fx.ocd), on_done,
				      &fx.connecting, &op));
	ck_assert_uint_ne(op, 0);
	ck_assert_int_eq(fx.connecting.calls, 0);
	RUN_UNTIL(fx.connecting.calls);
	ck_assert_uint_eq(fx.connecting.op, op);
}
END_TEST

START_TEST(p9_host_is_copied)
{
	char host[] = "127.0.0.1";

	play(NULL);
	make_client();
	start_connecting(host, fake_ocd_port(fx.ocd));
	memset(host, 'x', sizeof(host) - 1);
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}
END_TEST

START_TEST(callback_may_be_missing)
{
	play(NULL);
	make_client();
	ACCEPTED(reach(fx.client, NULL, fake_ocd_port(fx.ocd), NULL, NULL, NULL));
	RUN_UNTIL(stmfw_client_is_connected(fx.client));
}
END_TEST

START_TEST(cancelled_after_some_turns)
{
	stmfw_op op;

	play(NULL);
	make_client();
	ACCEPTED(reach(fx.client, "localhost", fake_ocd_port(fx.ocd), on_done,
				      &fx.connecting, &op));
	for (int i = 0; i < _i && !fx.connecting.calls; i++)
		uv_run(&fx.loop, UV_RUN_ONCE);
	if (CALL(stmfw_cancel(fx.client, op)) != STMFW_OK) {
		ck_assert_int_eq(fx.result, STMFW_ESTATE);
		ck_assert_int_eq(fx.connecting.calls, 1);
		assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
		return;
	}
	RUN_UNTIL(fx.connecting.calls);
	ck_assert_int_eq(fx.connecting.status, STMFW_ECANCELED);
	assert_back_to_idle();
	assert_connects_now();
}
END_TEST

START_TEST(idle_client_lets_the_loop_end)
{
	make_client();
	ck_assert_int_eq(uv_loop_alive(&fx.loop), 0);
	play(NULL);
	connect_to(NULL, fake_ocd_port(fx.ocd));
	ck_assert_msg(uv_loop_alive(&fx.loop), "a connection must keep the loop going");
	close_and_drain();
	ck_assert_int_eq(uv_loop_alive(&fx.loop), 0);
}
END_TEST

START_TEST(connects_again_after_each_failure)
{
	static const struct scene scene[] = {
		MANUAL,     EXPECT_ANY, HANG_UP, RAW("+"),        STALL,
		EXPECT_ANY, RAW("@"),   RESET,   GREET, EXPECT("x"), REPLY_OK("y"), END
	};
	const int expected[] = { hung_up_early(), STMFW_EPROTO, hung_up_early(), STMFW_OK };
	struct watch w = { 0 };

	play(scene);
	make_client();
	for (int i = 0; i < 4; i++) {
		connect_to(NULL, fake_ocd_port(fx.ocd));
		ck_assert_msg(fx.connecting.status == expected[i], "%d: %s: %s", i,
			      stmfw_err_name(fx.connecting.status), fx.connecting.text);
		RUN_UNTIL(fx.connecting.status == STMFW_OK ||
			  fake_ocd_open_connections(fx.ocd) == 0);
	}
	ACCEPTED(stmfw_command(fx.client, "x", 0, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_ok_once(&w, "y");
	ck_assert_int_eq(fx.lost.calls, 0);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ connects_and_says_so, 0 },
		{ knows_the_server, 0 },
		{ refused, 0 },
		{ name_that_cannot_be_resolved, 0 },
		{ name_that_is_too_long, 0 },
		{ socket_where_nobody_listens, NO_SOCKETS },
		{ localhost_finds_the_ipv4_listener, 0 },
		{ localhost_where_nobody_listens, 0 },
		{ silent_listener_times_out, 0 },
		{ deadline_ends_with_the_connecting, 0 },
		{ hung_up_before_the_first_answer, 4 },
		{ another_service_is_named, IMPOSTORS - (fake_ocd_way() == FAKE_TELNET ? 2 : 0) },
		{ greeting_of_no_openocd, 3 },
		{ fake_ocd_way() == FAKE_TELNET ? greeting_byte_by_byte
						: news_before_the_first_answer_do_no_harm, 0 },
		{ greeting_byte_by_byte, 0 },
		{ p1_bad_arguments_have_no_effect, 0 },
		{ p1_connecting_twice_is_refused, 0 },
		{ p12_op_is_known_before_the_callback, 0 },
		{ p9_host_is_copied, 0 },
		{ callback_may_be_missing, 0 },
		{ cancelled_after_some_turns, 8 },
		{ idle_client_lets_the_loop_end, 0 },
		{ connects_again_after_each_failure, 0 },
		{ NULL, 0 },
	};

	return run_cases("connect", cases);
}
