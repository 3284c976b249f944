/* SPDX-License-Identifier: MIT */
/* test_wait.c - connect_wait_ms: an OpenOCD that is not there yet. */
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

static uint64_t started;

/* A port where nobody listens, and nobody else will: it is taken. */
static struct {
	int fd;
	uint16_t port;
} dead;

static void hold_dead_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(a);

	dead.fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(dead.fd, (struct sockaddr *)&a, length), 0);
	ck_assert_int_eq(getsockname(dead.fd, (struct sockaddr *)&a, &length), 0);
	dead.port = ntohs(a.sin_port);
}

static void connect_patiently(uint16_t port, uint32_t wait_ms, stmfw_op *op)
{
	fx.opts.connect_wait_ms = wait_ms;
	make_client();
	memset(&fx.connecting, 0, sizeof(fx.connecting));
	started = uv_hrtime();
	ACCEPTED(reach(fx.client, NULL, port, on_done, &fx.connecting, op));
}

static unsigned int elapsed_ms(void)
{
	return (unsigned int)((uv_hrtime() - started) / 1000000);
}

static unsigned int tries(void)
{
	const char *words = strstr(fx.connecting.text, "(tried ");
	unsigned int n = 0;

	ck_assert_msg(words != NULL, "%s", fx.connecting.text);
	ck_assert_int_eq(sscanf(words, "(tried %u times)", &n), 1);
	return n;
}

START_TEST(nobody_at_first)
{
	struct fake_ocd *another = fake_ocd_start(&fx.loop, NULL); /* it makes the directory */

	hold_dead_port();
	connect_patiently(dead.port, 10000, NULL);
	pass_time(120);
	ck_assert_int_eq(fx.connecting.calls, 0);
	close(dead.fd);
	fx.ocd = fake_ocd_start_at(&fx.loop, NULL, dead.port);
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_lt(elapsed_ms(), 2500); /* pauses grow, but not beyond a second */
	ck_assert_int_eq(fake_ocd_connections(fx.ocd), 1);
	ck_assert_int_eq(fx.lost.calls, 0);
	fake_ocd_stop(another);
}
END_TEST

START_TEST(nobody_at_all)
{
	hold_dead_port();
	connect_patiently(dead.port, 400, NULL);
	RUN_UNTIL(fx.connecting.calls);
	assert_failed_once(&fx.connecting, STMFW_ECONNECT, STMFW_NOT_STARTED);
	ck_assert_uint_ge(tries(), 4);
	ck_assert_uint_le(tries(), 8);
	ck_assert_uint_ge(elapsed_ms(), 395);
	ck_assert_uint_ge(fx.connecting.elapsed_ms, 395);
	ck_assert_uint_lt(elapsed_ms(), 2000);
	ck_assert(fx.connecting.advice[0] != '\0');
	run_dry();
	close(dead.fd);
}
END_TEST

START_TEST(hangs_up_and_then_does_not)
{
	static const struct scene scene[] = { MANUAL, HANG_UP, EXPECT_ANY, HANG_UP, GREET, END };

	play(scene);
	connect_patiently(fake_ocd_port(fx.ocd), 10000, NULL);
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(fake_ocd_connections(fx.ocd), 3);
	ck_assert_str_eq(fx.connecting.advice, "");
	ck_assert_int_eq(fx.lost.calls, 0);
}
END_TEST

START_TEST(silent_and_then_not)
{
	static const struct scene scene[] = { MANUAL, EXPECT_ANY, STALL, GREET, END };

	fx.opts.connect_timeout_ms = 80;
	play(scene);
	connect_patiently(fake_ocd_port(fx.ocd), 10000, NULL);
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_ge(elapsed_ms(), 80);
	ck_assert_int_eq(fake_ocd_connections(fx.ocd), 2);
}
END_TEST

/* The deadline is for the beginning of a try; what has begun may end. */
START_TEST(silent_for_ever)
{
	static const struct scene scene[] = {
		MANUAL, EXPECT_ANY, STALL, EXPECT_ANY, STALL, EXPECT_ANY, STALL, EXPECT_ANY, STALL,
		EXPECT_ANY, STALL, END
	};

	fx.opts.connect_timeout_ms = 150;
	play(scene);
	connect_patiently(fake_ocd_port(fx.ocd), 200, NULL);
	RUN_UNTIL(fx.connecting.calls);
	assert_failed_once(&fx.connecting, STMFW_ETIMEDOUT, STMFW_UNKNOWN);
	ck_assert_uint_eq(tries(), 2);
	ck_assert_uint_ge(elapsed_ms(), 340);
	ck_assert_uint_lt(elapsed_ms(), 2000);
}
END_TEST

/* Another service stays one. */
START_TEST(what_waiting_does_not_mend)
{
	static const struct scene scene[] = { MANUAL, EXPECT_ANY, RAW("HTTP/1.1 400 x\r\n"), STALL,
					      END };

	play(scene);
	connect_patiently(fake_ocd_port(fx.ocd), 10000, NULL);
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_EPROTO, STMFW_UNKNOWN);
	ck_assert_ptr_null(strstr(fx.connecting.text, "tried"));
	ck_assert_int_eq(fake_ocd_connections(fx.ocd), 1);
}
END_TEST

/* In a pause and in a try alike. */
START_TEST(given_up_while_it_waits)
{
	stmfw_op op;

	hold_dead_port();
	connect_patiently(dead.port, 10000, &op);
	pass_time(1 + 20 * (unsigned int)(_i / 2));
	ck_assert_int_eq(fx.connecting.calls, 0);
	if (_i % 2)
		close_client();
	else
		ACCEPTED(stmfw_cancel(fx.client, op));
	RUN_UNTIL(fx.connecting.calls);
	ck_assert_int_eq(fx.connecting.status, STMFW_ECANCELED);
	ck_assert_uint_lt(elapsed_ms(), 2000);
	run_dry();
	ck_assert_int_eq(fx.connecting.calls, 1);
	ck_assert_int_eq(fx.closing.calls, _i % 2);
	close(dead.fd);
}
END_TEST

/* It is for connecting; a connection that is lost stays lost. */
START_TEST(no_silent_reconnect)
{
	static const struct scene scene[] = { EXPECT("x"), HANG_UP, EXPECT("y"), REPLY_OK("r"), END };
	struct watch x = { 0 }, y = { 0 };

	fx.opts.connect_wait_ms = 10000;
	play_connected(scene);
	ACCEPTED(stmfw_command(fx.client, "x", 0, on_done, &x, NULL));
	RUN_UNTIL(fx.lost.calls);
	assert_failed_once(&x, STMFW_ELOST, STMFW_UNKNOWN);
	pass_time(150);
	ck_assert_int_eq(fake_ocd_connections(fx.ocd), 1);
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	ACCEPTED(stmfw_command(fx.client, "y", 0, on_done, &y, NULL));
	RUN_UNTIL(y.calls);
	assert_ok_once(&y, "r");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ nobody_at_first, 0 },
		{ nobody_at_all, 0 },
		{ hangs_up_and_then_does_not, 0 },
		{ silent_and_then_not, 0 },
		{ silent_for_ever, 0 },
		{ what_waiting_does_not_mend, 0 },
		{ given_up_while_it_waits, 10 },
		{ no_silent_reconnect, 0 },
		{ NULL, 0 },
	};

	return run_cases("wait", cases);
}
