/* SPDX-License-Identifier: MIT */
/* Messages for a reader that reads, that pauses, and that never comes. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outlet.h"

#define LOTS ((size_t)1 << 20)
#define MANY 8000

static uv_loop_t loop;
static uv_timer_t beat; /* an outlet alone does not keep a loop going */
static struct outlet *outlet;
static int ends[2];
static char *got;
static size_t length;

static void tell_lost(FILE *file, unsigned int count)
{
	fprintf(file, "lost %u\n", count);
}

static void on_beat(uv_timer_t *timer)
{
	(void)timer;
}

static void setup(void)
{
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	uv_timer_init(&loop, &beat);
	uv_timer_start(&beat, on_beat, 60, 60);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	outlet = outlet_new(&loop, ends[1], tell_lost);
	ck_assert_ptr_nonnull(outlet);
	got = malloc(8 * LOTS);
	ck_assert_ptr_nonnull(got);
	got[0] = '\0';
	length = 0;
}

static void close_outlet(void)
{
	uv_close((uv_handle_t *)&beat, NULL);
	outlet_close(outlet);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static void teardown(void)
{
	close(ends[0]);
	close(ends[1]);
	free(got);
}

static void send_text(const char *text, enum outlet_rank rank)
{
	fputs(text, outlet_file(outlet));
	outlet_send(outlet, rank);
}

static void read_all(void)
{
	ssize_t n;

	while ((n = read(ends[0], got + length, 8 * LOTS - 1 - length)) > 0)
		length += (size_t)n;
	got[length] = '\0';
}

static void go_on(unsigned int turns)
{
	while (turns-- > 0) {
		uv_run(&loop, UV_RUN_ONCE);
		read_all();
	}
}

START_TEST(messages_come_whole_and_in_their_order)
{
	send_text("one\n", OUTLET_KEEP);
	send_text("two\n", OUTLET_SUPERSEDED);
	go_on(2);
	ck_assert_str_eq(got, "one\ntwo\n");
	send_text("three\n", OUTLET_KEEP);
	close_outlet();
	read_all();
	ck_assert_str_eq(got, "one\ntwo\nthree\n");
}
END_TEST

/* More than the pipe holds: none is torn, and none comes twice. */
START_TEST(a_reader_that_pauses_gets_all)
{
	char line[32], *at = got;

	for (int n = 0; n < MANY; n++) {
		snprintf(line, sizeof(line), "message %d\n", n);
		send_text(line, OUTLET_KEEP);
		if (n % 500 == 0)
			uv_run(&loop, UV_RUN_ONCE);
	}
	for (int n = 0; n < 600 && length < MANY * strlen("message 1\n"); n++)
		go_on(1);
	go_on(4);
	close_outlet();
	for (int n = 0; n < MANY; n++) {
		snprintf(line, sizeof(line), "message %d\n", n);
		ck_assert_msg(strncmp(at, line, strlen(line)) == 0, "not %s", line);
		at += strlen(line);
	}
	ck_assert_ptr_eq(at, got + length);
}
END_TEST

START_TEST(what_is_missing_is_told)
{
	char *large = calloc(1, LOTS);

	memset(large, '.', LOTS - 1);
	for (int n = 0; n < 3; n++)
		send_text(large, OUTLET_SUPERSEDED);
	send_text("kept\n", OUTLET_KEEP);
	for (int n = 0; n < 600 && !strstr(got, "lost"); n++)
		go_on(1);
	ck_assert_ptr_nonnull(strstr(got, "kept\nlost 2\n"));
	ck_assert_uint_eq(length, LOTS - 1 + strlen("kept\nlost 2\n"));
	free(large);
	close_outlet();
}
END_TEST

START_TEST(a_reader_that_never_comes_is_left_after_two_seconds)
{
	char *large = calloc(1, LOTS);
	uint64_t began = uv_hrtime();

	memset(large, '.', LOTS - 1);
	send_text(large, OUTLET_KEEP);
	free(large);
	close_outlet();
	ck_assert_uint_ge((uv_hrtime() - began) / 1000000, 1900);
	ck_assert_int_eq(write(ends[1], "x", 1), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outlet");
	TCase *tc = tcase_create("outlet");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, messages_come_whole_and_in_their_order);
	tcase_add_test(tc, a_reader_that_pauses_gets_all);
	tcase_add_test(tc, what_is_missing_is_told);
	tcase_add_test(tc, a_reader_that_never_comes_is_left_after_two_seconds);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
