/* SPDX-License-Identifier: MIT */
/* Buffers, arenas, numbers, status texts, options, reasons. */
#include <stdio.h>

#include "buf.h"
#include "engine.h"
#include "explain.h"
#include "memory.h"
#include "opts.h"
#include "parse.h"
#include "transfer.h"
#include "unit.h"

START_TEST(buffer_stops_at_its_limit_and_remembers)
{
	struct buf b;

	stmfw__buf_init(&b, libc_mem(), 10);
	stmfw__buf_puts(&b, "12345");
	stmfw__buf_printf(&b, "%s", "678901");
	ck_assert_int_eq(b.error, STMFW_ERANGE);
	stmfw__buf_puts(&b, "6");
	ck_assert_str_eq(b.data, "12345");
	stmfw__buf_clear(&b, 0);
	ck_assert_int_eq(b.error, STMFW_OK);
	stmfw__buf_puts(&b, "1234567890");
	ck_assert_int_eq(b.error, STMFW_OK);
	stmfw__buf_consume(&b, 4);
	ck_assert_str_eq(b.data, "567890");
	stmfw__buf_release(&b);
}
END_TEST

static void *no_memory(void *ctx, void *ptr, size_t size)
{
	(void)ctx;
	(void)ptr;
	(void)size;
	return NULL;
}

START_TEST(failed_memory_is_remembered)
{
	const stmfw_allocator none = { no_memory, NULL };
	struct arena a;
	struct mem mem;
	struct buf b;

	stmfw__mem_init(&mem, &none);
	stmfw__arena_init(&a, &mem);
	ck_assert_ptr_null(stmfw__arena_strdup(&a, NULL));
	ck_assert_int_eq(a.failed, 0);
	ck_assert_ptr_null(stmfw__arena_strdup(&a, "x"));
	ck_assert_int_eq(a.failed, 1);
	stmfw__buf_init(&b, &mem, 10);
	stmfw__buf_puts(&b, "x");
	ck_assert_int_eq(b.error, STMFW_ENOMEM);
}
END_TEST

START_TEST(numbers_are_read_strictly)
{
	static const char *const bad[] = { "", " 1", "1 ", "0x", "x", "1a", "-", "--1", "+1",
					   "18446744073709551616", "0x10000000000000000" };
	uint64_t u = 7;
	int64_t i;

	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
		ck_assert_msg(!stmfw__parse_uint(bad[k], &u), "taken: %s", bad[k]);
	ck_assert_uint_eq(u, 7);
	ck_assert(stmfw__parse_uint("18446744073709551615", &u) && u == UINT64_MAX);
	ck_assert(stmfw__parse_uint("0xFfff", &u) && u == 0xffff);
	ck_assert(stmfw__parse_int("-601", &i) && i == -601);
	ck_assert(!stmfw__parse_int("9223372036854775808", &i));
	ck_assert(stmfw__find_uint_after("wrote 1024 bytes", "wrote ", &u) && u == 1024);
	ck_assert(!stmfw__find_uint_after("wrote no bytes", "wrote ", &u));
}
END_TEST

START_TEST(memory_lists_of_every_version_are_read)
{
	const struct memory_range r = { 0, 32, 3 };
	const struct memory_range half = { 0, 16, 1 };
	uint32_t v[3];

	ck_assert(stmfw__memory_parse("0x1 0x20000000 0xffffffff", &r, v));
	ck_assert_uint_eq(v[1], 0x20000000);
	ck_assert(stmfw__memory_parse("1 536870912\n4294967295", &r, v));
	ck_assert_uint_eq(v[2], 0xffffffff);
	ck_assert(!stmfw__memory_parse("1 2", &r, v));
	ck_assert(!stmfw__memory_parse("1 2 3 4", &r, v));
	ck_assert(!stmfw__memory_parse("1 2 3x", &r, v));
	ck_assert(!stmfw__memory_parse("0x10000", &half, v));
	ck_assert_uint_eq(stmfw__memory_parse_some("1 2", &r, v), 2);
	ck_assert_uint_eq(stmfw__memory_parse_some("1 2 3 4", &r, v), 0);
	ck_assert_uint_eq(stmfw__memory_parse_some("1 0x100000000", &r, v), 0);
	ck_assert_uint_eq(stmfw__memory_parse_some("1 x", &r, v), 0);
	ck_assert(stmfw__memory_parse("0xffff ", &half, v));
}
END_TEST

START_TEST(every_status_has_a_name_and_words_of_its_own)
{
	for (int a = STMFW_OK; a >= STMFW_EABORTED; a--) {
		ck_assert_str_ne(stmfw_err_name(a), "STMFW_E?");
		for (int b = STMFW_OK; b > a; b--) {
			ck_assert_str_ne(stmfw_err_name(a), stmfw_err_name(b));
			ck_assert_str_ne(stmfw_strerror(a), stmfw_strerror(b));
		}
	}
	ck_assert_str_eq(stmfw_err_name(STMFW_EABORTED - 1), "STMFW_E?");
	ck_assert_str_eq(stmfw_err_name(1), "STMFW_E?");
	ck_assert_str_eq(stmfw_err_name(STMFW_ELOST), "STMFW_ELOST");
	ck_assert_str_ne(stmfw_strerror(12345), "");
}
END_TEST

START_TEST(version_text_and_number_agree)
{
	char want[32];

	snprintf(want, sizeof(want), "%u.%u.%u", stmfw_version() >> 16, stmfw_version() >> 8 & 0xff,
		 stmfw_version() & 0xff);
	ck_assert_str_eq(stmfw_version_string(), want);
}
END_TEST

struct options {
	size_t size;
	int known;
};

START_TEST(options_of_other_versions_are_understood_or_refused)
{
	struct { struct options now; size_t later; } longer = { { sizeof(longer), 5 }, 0 };
	struct options got = { 0 };
	size_t only_size = sizeof(size_t);

	ck_assert_int_eq(stmfw__copy_opts(&got, sizeof(got), &longer), STMFW_OK);
	ck_assert_int_eq(got.known, 5);
	longer.later = 1;
	ck_assert_int_eq(stmfw__copy_opts(&got, sizeof(got), &longer), STMFW_EINVAL);
	got = (struct options){ 0 };
	ck_assert_int_eq(stmfw__copy_opts(&got, sizeof(got), &only_size), STMFW_OK);
	ck_assert_int_eq(got.known, 0);
	only_size = 0;
	ck_assert_int_eq(stmfw__copy_opts(&got, sizeof(got), &only_size), STMFW_EINVAL);
}
END_TEST

START_TEST(reason_is_one_line_without_stack_traces)
{
	char out[80];

	stmfw__reason(out, sizeof(out), "boo\nin procedure 'x'", "log");
	ck_assert_str_eq(out, "boo");
	stmfw__reason(out, sizeof(out), "", "first\n\nsecond\n");
	ck_assert_str_eq(out, "first / second");
	stmfw__reason(out, sizeof(out), "", "same\nsame\nsame\nother\nsame");
	ck_assert_str_eq(out, "same / other / same");
	stmfw__reason(out, sizeof(out), "", "");
	ck_assert_str_eq(out, "it gave no reason");
	stmfw__reason(out, 8, "", "a long line\nand another");
	ck_assert_str_eq(out, "a long ");
	stmfw__reason(out, sizeof(out), "a\x1b[31mb", "");
	ck_assert_str_eq(out, "a [31mb");
}
END_TEST

START_TEST(last_words_are_the_errors_or_the_last_line)
{
	static const char *const words[][2] = {
		{ "Info : hello\nError: a\nError: a\nWarn : x\nError: b\nInfo : y\n", "a / b" },
		{ "embedded:startup.tcl:28: Error: Can't find x.cfg\nin procedure 'script'\n"
		  "at file \"embedded:startup.tcl\", line 28\n", "Can't find x.cfg" },
		{ "hello\ninvalid command name \"foo\"\n\n", "invalid command name \"foo\"" },
		{ "Error: a\x1b[0mb", "a [0mb" },
		{ "Warn : cpu       UNEXPECTED idcode: 0x2\nError: cpu expected 1 of 1: 0x1\nError: \n",
		  "UNEXPECTED idcode: 0x2 / cpu expected 1 of 1: 0x1" },
	};
	char out[80];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		ck_assert(stmfw__last_words(out, sizeof(out), words[i][0]));
		ck_assert_str_eq(out, words[i][1]);
	}
	ck_assert(!stmfw__last_words(out, sizeof(out), ""));
	ck_assert(!stmfw__last_words(out, sizeof(out), "\n\tonly noise\n"));
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(known_words_get_their_explanation)
{
	ck_assert_int_eq(stmfw__explain("", "timed out while waiting for target halted")->status,
			 STMFW_ETARGET);
	ck_assert_int_eq(stmfw__explain("", "stm32x device protected")->status, STMFW_EPROTECTED);
	ck_assert_ptr_null(stmfw__explain("all is well", ""));
}
END_TEST

START_TEST(pieces_take_less_than_half_a_second_at_any_speed)
{
	ck_assert_uint_eq(stmfw__transfer_fit(0), 4096);
	ck_assert_uint_eq(stmfw__transfer_fit(UINT64_MAX), 1 << 20);
	ck_assert_uint_eq(stmfw__transfer_fit(50000), 16384); /* 0.33 s */
	for (uint64_t speed = 10240; speed < (uint64_t)1 << 40; speed += speed / 3) {
		size_t piece = stmfw__transfer_fit(speed);

		ck_assert_uint_eq(piece % 4096, 0);
		ck_assert_uint_ge(piece, 4096);
		ck_assert_uint_le(piece, 1 << 20);
		ck_assert(piece * 1000 / speed <= 400);
	}
}
END_TEST

static enum move say_nothing(struct op *op, const struct reply *last)
{
	(void)op;
	(void)last;
	return MOVE_DONE;
}

/* A stepper that ends without saying how: nobody may take that for success. */
START_TEST(silence_is_no_success)
{
	static const struct op_kind silent = { .name = "silent", .next = say_nothing };
	struct stmfw_client c = { .state = CLIENT_READY };
	struct op *op;

	stmfw__mem_init(&c.mem, NULL);
	ck_assert_int_eq(stmfw__op_new(&op, &c, &silent, 0, NULL, NULL), STMFW_OK);
	ck_assert(!call_ok(op));
	stmfw__op_ok(op);
	ck_assert(call_ok(op));
	ck_assert_int_eq(stmfw__op_call(op, &silent, NULL), MOVE_DONE);
	ck_assert(!call_ok(op));
	stmfw__op_free(op);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { buffer_stops_at_its_limit_and_remembers,
				       failed_memory_is_remembered,
				       numbers_are_read_strictly,
				       memory_lists_of_every_version_are_read,
				       every_status_has_a_name_and_words_of_its_own,
				       version_text_and_number_agree,
				       options_of_other_versions_are_understood_or_refused,
				       reason_is_one_line_without_stack_traces,
				       last_words_are_the_errors_or_the_last_line,
				       known_words_get_their_explanation,
				       pieces_take_less_than_half_a_second_at_any_speed,
				       silence_is_no_success,
				       NULL };

	return run_unit("base", tests);
}
