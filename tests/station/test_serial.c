/* SPDX-License-Identifier: MIT */
/* record_serial.c: a number is used up by a PASS and by nothing else, and never twice. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct rig rig;
static char text[RECORD_SERIAL];

static bool pass(struct record *rec, const char *uid, int64_t number, const char *serial)
{
	struct record_board board = rig_board(uid, number, serial);

	rig.why[0] = '\0';
	return record_board(rec, &board, NULL, rig.why);
}

static void refused(struct record *rec, const char *uid, int64_t number, const char *serial,
		    const char *words)
{
	int64_t boards = rig_number(rig.path, "SELECT count(*) FROM boards");

	ck_assert_msg(!pass(rec, uid, number, serial), "it passed");
	ck_assert_msg(strstr(rig.why, words) != NULL, "no \"%s\" in: %s", words, rig.why);
	ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM boards"), boards);
}

/* There is none left, which is no failure. */
static void none_left(struct record *rec)
{
	int64_t number;

	ck_assert(!record_take_serial(rec, &number, text, rig.why));
	ck_assert_str_eq(rig.why, "");
	ck_assert_uint_eq(record_serials_left(rec), 0);
}

/* ---- a counter ---- */

START_TEST(the_lowest_number_that_nobody_has_is_next)
{
	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	ck_assert_int_eq(rig_take(&rig, rec, text), 1);
	ck_assert_str_eq(text, "SN0001");
	ck_assert_int_eq(rig_take(&rig, rec, text), 2);
	ck_assert_int_eq(rig_take(&rig, rec, text), 3);
	ck_assert(pass(rec, "b", 2, "SN0002"));
	record_give_back_serial(rec, 1);
	ck_assert_int_eq(rig_take(&rig, rec, text), 1);
	ck_assert_int_eq(rig_take(&rig, rec, text), 4);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(a_failure_leaves_the_number_to_the_next_board)
{
	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	int64_t number = rig_take(&rig, rec, text);
	struct record_board board = rig_board("abc", number, text);
	board.result = RESULT_FAIL;
	board.reason = "it broke";
	ck_assert(record_board(rec, &board, NULL, rig.why));
	ck_assert_int_eq(rig_take(&rig, rec, text), 2);
	record_give_back_serial(rec, number);
	ck_assert_int_eq(rig_pass(&rig, rec, "def"), 1);
	ck_assert_int_eq(
		rig_number(rig.path, "SELECT count(*) FROM boards WHERE serial = 'SN0001'"), 2);
	ck_assert_int_eq(rig_number(rig.path, "SELECT board FROM serials WHERE number = 1"), 2);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(what_was_held_when_the_station_ended_is_free)
{
	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	rig_pass(&rig, rec, "a");
	ck_assert_int_eq(rig_take(&rig, rec, text), 2);
	ck_assert_int_eq(rig_pass(&rig, rec, "b"), 3);
	record_close(rec);
	rec = rig_record(&rig);
	ck_assert_uint_eq(record_serials_left(rec), 98);
	ck_assert_int_eq(rig_pass(&rig, rec, "c"), 2);
	ck_assert_int_eq(rig_pass(&rig, rec, "d"), 4);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(a_pass_with_a_number_that_is_not_held_is_refused)
{
	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	refused(rec, "a", 1, "SN0001", "was not taken");
	refused(rec, "a", 5000, "SN5000", "was not taken");
	rig_pass(&rig, rec, "a");
	refused(rec, "b", 1, "SN0001", "used up");
	int64_t number = rig_take(&rig, rec, text);
	refused(rec, "b", number, "SN0003", "number 2 is not \"SN0003\"");
	refused(rec, "b", -1, "SN0002", "no serial number");
	refused(rec, "b", -1, "", "no serial number");
	record_give_back_serial(rec, number);
	refused(rec, "b", number, text, "was not taken");
	ck_assert_int_eq(rig_take(&rig, rec, text), 2);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(giving_back_what_is_not_held_changes_nothing)
{
	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	rig_pass(&rig, rec, "a");
	record_give_back_serial(rec, 1);
	record_give_back_serial(rec, -1);
	ck_assert_uint_eq(record_serials_left(rec), 99);
	ck_assert_int_eq(rig_take(&rig, rec, text), 2);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(the_numbers_that_are_left_are_counted)
{
	rig_open(&rig);
	rig.serial.first = 7;
	rig.serial.last = 9;
	struct record *rec = rig_record(&rig);
	ck_assert_uint_eq(record_serials_left(rec), 3);
	ck_assert_int_eq(rig_take(&rig, rec, text), 7);
	ck_assert_int_eq(rig_pass(&rig, rec, "a"), 8);
	ck_assert_uint_eq(record_serials_left(rec), 1);
	ck_assert_int_eq(rig_pass(&rig, rec, "b"), 9);
	none_left(rec);
	record_give_back_serial(rec, 7);
	ck_assert_uint_eq(record_serials_left(rec), 1);
	record_close(rec);
	rec = rig_record(&rig);
	ck_assert_uint_eq(record_serials_left(rec), 1);
	ck_assert_int_eq(rig_pass(&rig, rec, "c"), 7);
	none_left(rec);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(more_digits_do_not_issue_a_number_again)
{
	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	rig_pass(&rig, rec, "a");
	record_close(rec);
	rig.serial.digits = 6;
	rec = rig_record(&rig);
	ck_assert_int_eq(rig_take(&rig, rec, text), 2);
	ck_assert_str_eq(text, "SN000002");
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(another_prefix_counts_for_itself)
{
	static char other[] = "QX";

	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	rig_pass(&rig, rec, "a");
	record_close(rec);
	rig.serial.prefix = other;
	rec = rig_record(&rig);
	ck_assert_uint_eq(record_serials_left(rec), 100);
	ck_assert_int_eq(rig_take(&rig, rec, text), 1);
	ck_assert_str_eq(text, "QX0001");
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(two_prefixes_that_make_the_same_text_are_noticed_before_a_board_gets_it)
{
	static char a[] = "A", a1[] = "A1";
	int64_t number;

	rig_open(&rig);
	rig.serial.prefix = a1;
	rig.serial.digits = 0;
	struct record *rec = rig_record(&rig);
	rig_pass(&rig, rec, "a");
	record_close(rec);
	rig.serial.prefix = a;
	rig.serial.first = 11;
	rec = rig_record(&rig);
	ck_assert(!record_take_serial(rec, &number, text, rig.why));
	ck_assert_ptr_nonnull(strstr(rig.why, "number 11 would be \"A11\", but board 1"));
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(a_range_that_cannot_be_counted_is_refused)
{
	rig_open(&rig);
	rig.serial.first = 5;
	rig.serial.last = 4;
	rig_refused(&rig, "from 5 to 4");
	rig.serial.last = UINT64_MAX;
	rig_refused(&rig, "no range");
	rig.serial.first = rig.serial.last = INT64_MAX - 1;
	struct record *rec = rig_record(&rig);
	ck_assert_int_eq(rig_pass(&rig, rec, "a"), INT64_MAX - 1);
	none_left(rec);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(the_text_of_a_number_is_in_the_format_of_the_recipe)
{
	rig_open(&rig);
	rig.serial.format = SERIAL_U32;
	rig.serial.first = 10;
	struct record *rec = rig_record(&rig);
	ck_assert_int_eq(rig_take(&rig, rec, text), 10);
	ck_assert_str_eq(text, "10");
	record_close(rec);
	rig.serial.format = SERIAL_HEX;
	rig.serial.length = 3;
	rec = rig_record(&rig);
	ck_assert_int_eq(rig_take(&rig, rec, text), 10);
	ck_assert_str_eq(text, "00000a");
	record_close(rec);
	rig.serial.length = 200;
	rec = rig_record(&rig);
	int64_t number;
	ck_assert(!record_take_serial(rec, &number, text, rig.why));
	ck_assert_ptr_nonnull(strstr(rig.why, "more than 127 characters"));
	record_close(rec);
	rig_close(&rig);
}
END_TEST

/* ---- leases ---- */

START_TEST(leased_blocks_are_used_in_order_and_remembered)
{
	static char lease[] = "postgresql://x";

	rig_open(&rig);
	rig.serial.lease = lease;
	struct record *rec = rig_record(&rig);
	none_left(rec);
	ck_assert(record_add_lease(rec, 50, 51, rig.why));
	ck_assert(record_add_lease(rec, 20, 20, rig.why));
	ck_assert_uint_eq(record_serials_left(rec), 3);
	ck_assert_int_eq(rig_pass(&rig, rec, "a"), 20);
	ck_assert_int_eq(rig_pass(&rig, rec, "b"), 50);
	record_close(rec);
	rec = rig_record(&rig);
	ck_assert_uint_eq(record_serials_left(rec), 1);
	ck_assert_int_eq(rig_pass(&rig, rec, "c"), 51);
	none_left(rec);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(a_block_that_is_not_a_new_one_is_refused)
{
	static char lease[] = "postgresql://x";

	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	ck_assert(!record_add_lease(rec, 200, 300, rig.why));
	ck_assert_ptr_nonnull(strstr(rig.why, "no lease"));
	record_close(rec);
	rig.serial.lease = lease;
	rec = rig_record(&rig);
	ck_assert(record_add_lease(rec, 200, 300, rig.why));
	ck_assert(!record_add_lease(rec, 300, 310, rig.why));
	ck_assert(!record_add_lease(rec, 190, 400, rig.why));
	ck_assert(!record_add_lease(rec, 220, 230, rig.why));
	ck_assert(!record_add_lease(rec, 9, 8, rig.why));
	ck_assert(!record_add_lease(rec, -5, 8, rig.why));
	ck_assert(!record_add_lease(rec, 301, INT64_MAX, rig.why));
	ck_assert_uint_eq(record_serials_left(rec), 101);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

/* ---- lists ---- */

static void write_list(const char *lines)
{
	rig.serial.source = SERIAL_LIST;
	rig_write(rig.list, lines, strlen(lines));
}

START_TEST(a_list_gives_its_lines_one_after_the_other)
{
	rig_open(&rig);
	write_list("X1\r\nX3  \nX4");
	struct record *rec = rig_record(&rig);
	ck_assert_uint_eq(record_serials_left(rec), 3);
	ck_assert_int_eq(rig_take(&rig, rec, text), 1);
	ck_assert_str_eq(text, "X1");
	ck_assert_int_eq(rig_take(&rig, rec, text), 2);
	ck_assert_str_eq(text, "X3");
	ck_assert(pass(rec, "a", 2, "X3"));
	record_give_back_serial(rec, 1);
	ck_assert_int_eq(rig_pass(&rig, rec, "b"), 1);
	ck_assert_int_eq(rig_pass(&rig, rec, "c"), 3);
	none_left(rec);
	record_close(rec);
	rec = rig_record(&rig);
	none_left(rec);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(a_list_may_be_changed_and_no_line_of_it_is_issued_again)
{
	rig_open(&rig);
	write_list("X1\nX2\nX3\n");
	struct record *rec = rig_record(&rig);
	rig_pass(&rig, rec, "a");
	rig_pass(&rig, rec, "b");
	record_close(rec);
	write_list("X3\nX2\nX1\nX4\n");
	rec = rig_record(&rig);
	ck_assert_uint_eq(record_serials_left(rec), 2);
	ck_assert_int_eq(rig_take(&rig, rec, text), 1);
	ck_assert_str_eq(text, "X3");
	ck_assert_int_eq(rig_take(&rig, rec, text), 4);
	ck_assert_str_eq(text, "X4");
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(a_list_that_cannot_be_right_is_refused_with_its_line)
{
	char longer[200];

	rig_open(&rig);
	rig.serial.source = SERIAL_LIST;
	rig_refused(&rig, "No such file");
	write_list("X1\nX2\nX1\n");
	rig_refused(&rig, "line 3: the same as line 1");
	ck_assert_ptr_nonnull(strstr(rig.why, rig.list));
	write_list("X1\n\nX2\n");
	rig_refused(&rig, "line 2: it is empty");
	write_list("X1\nX\x1b[2J\n");
	rig_refused(&rig, "line 2: ");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	write_list(longer);
	rig_refused(&rig, "line 1: ");
	rig_write(rig.list, "X1\n\0X2\n", 7);
	rig_refused(&rig, "a byte 00");
	write_list("");
	rig_refused(&rig, "there is no number in it");
	ck_assert_int_eq(unlink(rig.list), 0);
	ck_assert_int_eq(mkfifo(rig.list, 0600), 0);
	rig_refused(&rig, "not a regular file"); /* and nobody waits for a writer */
	rig_close(&rig);
}
END_TEST

START_TEST(lines_with_the_same_bytes_are_the_same_number)
{
	rig_open(&rig);
	rig.serial.format = SERIAL_HEX;
	write_list("0a0b\n0A0C\n0A0B\n");
	rig_refused(&rig, "line 3: the same as line 1");
	rig.serial.format = SERIAL_U32;
	write_list("7\n8\n007\n");
	rig_refused(&rig, "line 3: the same as line 1");
	rig.serial.format = SERIAL_HEX;
	write_list("0a0b\n0A0C\n");
	struct record *rec = rig_record(&rig);
	ck_assert_int_eq(rig_take(&rig, rec, text), 1);
	ck_assert_int_eq(rig_pass(&rig, rec, "a"), 2);
	record_close(rec);
	write_list("0A0b\n0a0c\n"); /* exported once more, by another program */
	rec = rig_record(&rig);
	ck_assert_uint_eq(record_serials_left(rec), 1);
	ck_assert_int_eq(rig_take(&rig, rec, text), 1);
	ck_assert_str_eq(text, "0a0b");
	record_close(rec);
	rig_close(&rig);
}
END_TEST

/* ---- of another source ---- */

START_TEST(hex_digits_from_elsewhere_are_the_same_number_in_capitals)
{
	struct record_known known;

	rig_open(&rig);
	rig.serial.source = SERIAL_COMMAND;
	rig.serial.format = SERIAL_HEX;
	struct record *rec = rig_record(&rig);
	ck_assert(pass(rec, "a", -1, "0a0b"));
	ck_assert(record_find_serial(rec, "0A0B", &known, rig.why));
	ck_assert_str_eq(known.uid, "a");
	refused(rec, "b", -1, "0A0B", "board 1 has passed with it");
	ck_assert(!record_find_serial(rec, "no hex", &known, rig.why));
	ck_assert_str_eq(rig.why, "");
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(a_number_from_elsewhere_belongs_to_one_board)
{
	rig_open(&rig);
	rig.serial.source = SERIAL_COMMAND;
	struct record *rec = rig_record(&rig);
	ck_assert_uint_eq(record_serials_left(rec), UINT64_MAX);
	ck_assert(pass(rec, "a", -1, "MES-7"));
	ck_assert_msg(pass(rec, "a", -1, "MES-7"), "%s", rig.why);
	refused(rec, "b", -1, "MES-7", "board 2 has passed with it");
	refused(rec, "", -1, "MES-7", "has passed with it");
	refused(rec, "b", 3, "MES-8", "was not taken");
	refused(rec, "c", -1, "", "it has no serial number");
	ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM serials"), 1);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(without_a_serial_step_boards_pass_without_one)
{
	int64_t number;

	rig_open(&rig);
	rig.recipe.serial = NULL;
	struct record *rec = rig_record(&rig);
	ck_assert(!record_take_serial(rec, &number, text, rig.why));
	ck_assert_uint_eq(record_serials_left(rec), UINT64_MAX);
	ck_assert(pass(rec, "a", -1, ""));
	ck_assert(pass(rec, "b", -1, ""));
	ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM serials"), 0);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		the_lowest_number_that_nobody_has_is_next,
		a_failure_leaves_the_number_to_the_next_board,
		what_was_held_when_the_station_ended_is_free,
		a_pass_with_a_number_that_is_not_held_is_refused,
		giving_back_what_is_not_held_changes_nothing,
		the_numbers_that_are_left_are_counted,
		more_digits_do_not_issue_a_number_again,
		another_prefix_counts_for_itself,
		two_prefixes_that_make_the_same_text_are_noticed_before_a_board_gets_it,
		a_range_that_cannot_be_counted_is_refused,
		the_text_of_a_number_is_in_the_format_of_the_recipe,
		leased_blocks_are_used_in_order_and_remembered,
		a_block_that_is_not_a_new_one_is_refused,
		a_list_gives_its_lines_one_after_the_other,
		a_list_may_be_changed_and_no_line_of_it_is_issued_again,
		a_list_that_cannot_be_right_is_refused_with_its_line,
		lines_with_the_same_bytes_are_the_same_number,
		hex_digits_from_elsewhere_are_the_same_number_in_capitals,
		a_number_from_elsewhere_belongs_to_one_board,
		without_a_serial_step_boards_pass_without_one,
		NULL,
	};

	return rig_run("serial", tests, 60);
}
