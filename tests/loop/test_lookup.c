/* SPDX-License-Identifier: MIT */
/*
 * test_lookup.c - names with several addresses, and lookups that take their time.
 *
 * getaddrinfo() is ours here: "two.test" and the like have the addresses that a test wants, and
 * "slow.test" has none until the test lets it go. All other names are looked up for real.
 */
#include "fixture.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- our own getaddrinfo() ----------------------------------------------------------------- */

static const char *const *addresses; /* of any name that ends in ".test" */
static uv_sem_t let_go;              /* for slow.test                    */

static struct addrinfo *make_address(const char *text, int port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	bool is_six = inet_pton(AF_INET6, text, &six.sin6_addr) == 1;
	struct addrinfo *a = calloc(1, sizeof(*a) + sizeof(six)); /* as the C library has it */

	if (!a || (!is_six && inet_pton(AF_INET, text, &four.sin_addr) != 1))
		abort();
	a->ai_family = is_six ? AF_INET6 : AF_INET;
	a->ai_socktype = SOCK_STREAM;
	a->ai_addrlen = is_six ? sizeof(six) : sizeof(four);
	a->ai_addr = (struct sockaddr *)(a + 1);
	memcpy(a->ai_addr, is_six ? (void *)&six : (void *)&four, a->ai_addrlen);
	return a;
}

static int from_the_table(int port, struct addrinfo **res)
{
	struct addrinfo **end = res;

	*res = NULL;
	for (size_t i = 0; addresses[i]; i++) {
		*end = make_address(addresses[i], port);
		end = &(*end)->ai_next;
	}
	return *res ? 0 : EAI_NONAME;
}

typedef int (*lookup)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **res)
{
	void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
	size_t n = name ? strlen(name) : 0;
	lookup real;

	if (n < 5 || strcmp(name + n - 5, ".test") != 0) {
		memcpy(&real, &symbol, sizeof(real));
		return real(name, service, hints, res);
	}
	if (strcmp(name, "slow.test") == 0)
		uv_sem_wait(&let_go);
	return from_the_table((int)strtol(service, NULL, 10), res);
}

/* ---- several addresses --------------------------------------------------------------------- */

static void connect_to(const char *host, uint16_t port)
{
	start_connecting(host, port);
	RUN_UNTIL(fx.connecting.calls);
	ck_assert_int_eq(fx.connecting.calls, 1);
}

/* Nobody listens on the others. */
static const char *const good_ones[][6] = {
	{ "::1", "127.0.0.1" },
	{ "127.0.0.1", "::1" },
	{ "127.0.0.2", "127.0.0.1" },
	{ "::1", "127.0.0.3", "127.0.0.2", "127.0.0.1", "127.0.0.4" },
	{ "127.0.0.1" },
};

START_TEST(addresses_are_tried_in_order)
{
	play(NULL);
	addresses = good_ones[_i];
	make_client();
	connect_to("two.test", fake_ocd_port(fx.ocd));
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(fake_ocd_connections(fx.ocd), 1);
}
END_TEST

static const char *const bad_ones[][4] = {
	{ "::1", "127.0.0.2" },
	{ "127.0.0.2" },
	{ "127.0.0.2", "127.0.0.3", "::1" },
	{ NULL },
};

START_TEST(no_address_answers)
{
	play(NULL);
	addresses = bad_ones[_i];
	make_client();
	for (int round = 0; round < 2; round++) {
		connect_to("two.test", fake_ocd_port(fx.ocd));
		assert_status(&fx.connecting, STMFW_ECONNECT, STMFW_NOT_STARTED);
		ck_assert_int_ne(fx.connecting.uv_status, 0);
		ck_assert_ptr_nonnull(strstr(fx.connecting.text, "two.test"));
		run_dry();
	}
	ck_assert_int_eq(fake_ocd_connections(fx.ocd), 0);
	ck_assert_int_eq(fx.lost.calls, 0);
}
END_TEST

/* One that never answers: a listener whose queue is full. */
struct silent {
	int listener;
	int fillers[4];
};

static int stream_socket(int flags)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static void silent_open(struct silent *s, uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, "127.0.0.5", &at.sin_addr);
	s->listener = stream_socket(0);
	ck_assert_int_eq(bind(s->listener, (const struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(s->listener, 0), 0);
	for (int i = 0; i < 4; i++) {
		s->fillers[i] = stream_socket(SOCK_NONBLOCK);
		connect(s->fillers[i], (const struct sockaddr *)&at, sizeof(at));
	}
}

static void silent_close(struct silent *s)
{
	for (int i = 0; i < 4; i++)
		close(s->fillers[i]);
	close(s->listener);
}

/* A silent address gets its share of the time, not all of it. */
START_TEST(silent_address_does_not_take_all_the_time)
{
	static const char *const list[] = { "127.0.0.5", "127.0.0.1", NULL };
	struct silent silent;

	play(NULL);
	silent_open(&silent, fake_ocd_port(fx.ocd));
	addresses = list;
	fx.opts.connect_timeout_ms = 400;
	make_client();
	connect_to("two.test", fake_ocd_port(fx.ocd));
	silent_close(&silent);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_lt(fx.connecting.elapsed_ms, 400);
}
END_TEST

/* However many are silent, the last one still gets its turn. */
START_TEST(silent_addresses_leave_time_for_the_last)
{
	static const char *const list[] = { "127.0.0.5", "127.0.0.5", "127.0.0.5",
					    "127.0.0.5", "127.0.0.1", NULL };
	struct silent silent;

	play(NULL);
	silent_open(&silent, fake_ocd_port(fx.ocd));
	addresses = list;
	fx.opts.connect_timeout_ms = 1000;
	make_client();
	connect_to("two.test", fake_ocd_port(fx.ocd));
	silent_close(&silent);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}
END_TEST

START_TEST(silent_address_times_out)
{
	static const char *const list[] = { "127.0.0.5", NULL };
	struct silent silent;

	play(NULL);
	silent_open(&silent, fake_ocd_port(fx.ocd));
	addresses = list;
	fx.opts.connect_timeout_ms = 100;
	make_client();
	connect_to("two.test", fake_ocd_port(fx.ocd));
	silent_close(&silent);
	ck_assert_msg(fx.connecting.status == STMFW_ETIMEDOUT, "%s: %s",
		      stmfw_err_name(fx.connecting.status), fx.connecting.text);
	ck_assert_uint_ge(fx.connecting.elapsed_ms, 90);
}
END_TEST

/* Closing at each turn while one address after the other refuses. */
START_TEST(p8_close_between_two_addresses)
{
	play(NULL);
	addresses = good_ones[3];
	make_client();
	start_connecting("two.test", fake_ocd_port(fx.ocd));
	for (int i = 0; i < _i && !fx.connecting.calls; i++)
		uv_run(&fx.loop, UV_RUN_ONCE);
	close_and_drain();
	ck_assert_int_eq(fx.closing.heap_live, 0);
	ck_assert_int_eq(fx.connecting.calls, 1);
	ck_assert_msg(fx.connecting.status == STMFW_ECANCELED ||
			      fx.connecting.status == STMFW_OK, "%s", fx.connecting.text);
}
END_TEST

/* ---- a lookup that takes its time ---------------------------------------------------------- */

static void start_slowly(void)
{
	addresses = good_ones[0];
	ck_assert_int_eq(uv_sem_init(&let_go, 0), 0);
	play(NULL);
	make_client();
	start_connecting("slow.test", fake_ocd_port(fx.ocd));
	pass_time(20); /* the lookup has begun on its thread: it cannot be taken back */
}

static void end_slowly(void)
{
	uv_sem_post(&let_go);
	close_and_drain();
	uv_sem_destroy(&let_go);
}

START_TEST(slow_lookup_times_out)
{
	fx.opts.connect_timeout_ms = 80;
	start_slowly();
	RUN_UNTIL(fx.connecting.calls);
	ck_assert_int_eq(fx.connecting.status, STMFW_ETIMEDOUT);
	end_slowly();
	ck_assert_int_eq(fx.connecting.calls, 1);
}
END_TEST

/* The callback does not wait for the lookup; the close callback has to. */
START_TEST(p8_close_during_a_slow_lookup)
{
	start_slowly();
	close_client();
	RUN_UNTIL(fx.connecting.calls);
	assert_failed_once(&fx.connecting, STMFW_ECANCELED, fx.connecting.outcome);
	pass_time(20);
	ck_assert_int_eq(fx.closing.calls, 0);
	uv_sem_post(&let_go);
	RUN_UNTIL(fx.closing.calls);
	ck_assert_int_eq(fx.closing.heap_live, 0);
	run_dry();
	uv_sem_destroy(&let_go);
}
END_TEST

/* Canceled, and connected again while the old lookup still runs: it must not disturb the new. */
START_TEST(old_lookup_does_not_disturb_a_new_connection)
{
	struct watch old = { 0 };
	stmfw_op op;

	addresses = good_ones[0];
	ck_assert_int_eq(uv_sem_init(&let_go, 0), 0);
	play(NULL);
	make_client();
	ACCEPTED(stmfw_client_connect(fx.client, at("slow.test", fake_ocd_port(fx.ocd)), on_done, &old,
				      &op));
	pass_time(20);
	ACCEPTED(stmfw_cancel(fx.client, op));
	RUN_UNTIL(old.calls);
	ck_assert_int_eq(old.status, STMFW_ECANCELED);
	connect_to("127.0.0.1", fake_ocd_port(fx.ocd));
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
	uv_sem_post(&let_go);
	pass_time(30);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 1);
	ck_assert_int_eq(fake_ocd_connections(fx.ocd), 1);
	ck_assert_int_eq(old.calls, 1);
	close_and_drain();
	uv_sem_destroy(&let_go);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ addresses_are_tried_in_order, 5 },
		{ no_address_answers, 4 },
		{ silent_address_does_not_take_all_the_time, 0 },
		{ silent_addresses_leave_time_for_the_last, 0 },
		{ silent_address_times_out, 0 },
		{ p8_close_between_two_addresses, 16 },
		{ slow_lookup_times_out, 0 },
		{ p8_close_during_a_slow_lookup, 0 },
		{ old_lookup_does_not_disturb_a_new_connection, 0 },
		{ NULL, 0 },
	};

	return run_cases("lookup", cases);
}
