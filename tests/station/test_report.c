/* SPDX-License-Identifier: MIT */
/* stmfw-station report: what a record says, to people, spreadsheets and scripts. */
#include "rig.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../examples/station/report.h"
#include "../../examples/text.h"

static struct rig rig;
static char *out, *err;

/* The reader of recipes has tests of its own; here a recipe is what names the record. */
bool recipe_load(struct recipe **recipe, const char *path, char why[RECIPE_WHY])
{
	*recipe = NULL;
	if (strcmp(path, "line.yaml") == 0)
		*recipe = &rig.recipe;
	else
		snprintf(why, RECIPE_WHY, "%s:1: no recipe", path);
	return *recipe != NULL;
}

void recipe_free(struct recipe *recipe)
{
	(void)recipe;
}

/* ---- running it ---- */

static void redirect(const char *name, int fd)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", rig.dir, name);
	FILE *f = fopen(path, "wb");
	if (!f || dup2(fileno(f), fd) < 0)
		_exit(99);
	fclose(f);
}

static char *said(const char *name)
{
	char path[160];
	size_t length;

	snprintf(path, sizeof(path), "%s/%s", rig.dir, name);
	return rig_read(path, &length);
}

/* "--csv --uid abc", with the record unless it names one or a recipe. Returns the exit code. */
static uid_t as_user; /* who runs it; 0: we */

static int report(const char *options)
{
	char words[512], *argv[32] = { "report" };
	int argc = 1, status;

	snprintf(words, sizeof(words), "%s", options);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	if (!strstr(options, "--record") && !strstr(options, ".yaml")) {
		argv[argc++] = "--record";
		argv[argc++] = rig.path;
	}
	free(out);
	free(err);
	pid_t child = fork();
	if (child == 0) {
		redirect("out", STDOUT_FILENO);
		redirect("err", STDERR_FILENO);
		if (as_user && geteuid() == 0 && setuid(as_user) != 0)
			_exit(98);
		int code = report_main(argc, argv);
		fflush(stdout);
		_exit(code);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	out = said("out");
	err = said("err");
	return WEXITSTATUS(status);
}

static void shows(const char *words)
{
	ck_assert_msg(strstr(out, words) != NULL, "no \"%s\" in:\n%s%s", words, out, err);
}

/* ---- a morning at the line ---- */

static void put(struct record *rec, const char *uid, const char *site, uint64_t began_ms,
		uint64_t flash_ms, const char *reason)
{
	char text[RECORD_SERIAL];
	int64_t number = rig_take(&rig, rec, text);
	struct record_board board = rig_board(uid, number, text);
	struct record_step steps[2] = { board.steps[0], board.steps[1] };

	steps[1].elapsed_ms = flash_ms;
	steps[1].passed = !reason;
	steps[1].reason = board.reason = reason ? reason : "";
	board.result = reason ? RESULT_FAIL : RESULT_PASS;
	board.site = site;
	board.began_ms = began_ms;
	board.steps = steps;
	board.step_count = 2;
	ck_assert_msg(record_board(rec, &board, NULL, rig.why), "%s", rig.why);
	if (reason)
		record_give_back_serial(rec, number);
}

#define DAY_MS 86400000ull

/* Boards 1 to 5 and one that is known; the first on the second day of the epoch. */
static void morning(void)
{
	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	put(rec, "aa01", "A", DAY_MS, 1000, NULL);
	put(rec, "aa02", "A", 2 * DAY_MS, 3000, "the chip did not answer");
	put(rec, "aa03", "B", 3 * DAY_MS, 2000, NULL);
	put(rec, "aa04", "B", 3 * DAY_MS, 9000, "the chip did not answer");
	put(rec, "aa02", "B", 4 * DAY_MS, 1500, NULL);
	struct record_board known = rig_board("aa01", -1, "SN0001");
	known.result = RESULT_KNOWN;
	known.began_ms = 4 * DAY_MS;
	known.step_count = 0;
	ck_assert(record_board(rec, &known, NULL, rig.why));
	ck_assert(record_note(rec, "B", "locked: 3 failures in a row", rig.why));
	record_close(rec);
}

static void end(void)
{
	free(out);
	free(err);
	out = err = NULL;
	rig_close(&rig);
}

START_TEST(the_table_has_counts_yield_slowest_step_and_failures)
{
	morning();
	ck_assert_int_eq(report(""), 0);
	shows("3 passed, 2 failed, 1 known already; yield 60.0 %");
	shows("Serials 3 used up");
	shows("A                               1        1        1    50.0 %");
	shows("flash                           5        2        5     2.0 s     9.0 s   board 4");
	shows("2        flash: the chip did not answer (last: board 4)");
	shows("B: locked: 3 failures in a row");
	ck_assert(strstr(out, "\nflash") < strstr(out, "\nidentify"));
	ck_assert_str_eq(err, "");
	end();
}
END_TEST

/* As many more boards as are asked for, all at once. */
static void put_many(unsigned int count, const char *result)
{
	char sql[512];
	sqlite3 *db;

	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
		 " INSERT INTO boards SELECT NULL, 1, 'A', '', '', '', '%s', '', '', '', 1, 1 FROM n",
		 count, result);
	ck_assert_int_eq(sqlite3_open(rig.path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

START_TEST(a_yield_of_100_percent_is_all_of_them)
{
	rig_open(&rig);
	record_close(rig_record(&rig));
	put_many(29999, "pass");
	ck_assert_int_eq(report(""), 0);
	shows("29999 passed, 0 failed, 0 known already; yield 100.0 %");
	put_many(1, "fail");
	ck_assert_int_eq(report(""), 0);
	shows("29999 passed, 1 failed, 0 known already; yield 99.9 %");
	ck_assert_int_eq(report("--json"), 0);
	shows("\"yield\":0.9999");
	end();
}
END_TEST

/* Boards that failed in one step, each with a reason of its own. */
static void fail_with(const char *const reasons[], size_t count)
{
	struct record *rec = rig_record(&rig);

	for (size_t i = 0; i < count; i++)
		put(rec, "", "A", DAY_MS, 1000, reasons[i]);
	record_close(rec);
}

START_TEST(failures_that_differ_only_in_numbers_are_of_one_kind)
{
	static const char *const reasons[] = {
		"2 bytes differ, the first at 0x08000100 (flash e9, wanted bc)",
		"17 bytes differ, the first at 0x08000a00 (flash ff, wanted 00)",
		"serial number \"SN0001\" is used up",
		"serial number \"SN0002\" is used up",
		"R12 is open, 4.2 V",
		"R12 is open, -0.3 V",
		"C12 is open, 1 V",
		"sectors 3, 5, 7 differ",
		"sectors 4 differ",
		"bytes differ, the first at 0x0800ffff (flash be, wanted 7f)",
		"bytes differ, the last at 0x0800ffff (flash 01, wanted 7f)",
	};

	rig_open(&rig);
	fail_with(reasons, sizeof(reasons) / sizeof(reasons[0]));
	ck_assert_int_eq(report(""), 0);
	shows("\n3        flash: bytes differ, the first at 0x0800ffff (flash be, wanted 7f) (last: "
	      "board 10)\n");
	shows("\n2        flash: serial number \"SN0002\" is used up (last: board 4)\n");
	shows("\n2        flash: R12 is open, -0.3 V (last: board 6)\n");
	shows("\n1        flash: C12 is open, 1 V (last: board 7)\n");
	shows("\n2        flash: sectors 4 differ (last: board 9)\n");
	shows("\n1        flash: bytes differ, the last at 0x0800ffff");
	ck_assert_ptr_null(strstr(out, "others"));
	end();
}
END_TEST

START_TEST(the_most_frequent_failures_are_shown_and_the_others_counted)
{
	char words[22][16];
	const char *reasons[66];
	size_t count = 0;

	for (size_t i = 0; i < 22; i++) {
		snprintf(words[i], sizeof(words[i]), "reason %c%c", 'p' + (int)i / 4,
			 'p' + (int)i % 4);
		for (size_t times = i < 20 ? 3 : 2; times > 0; times--)
			reasons[count++] = words[i];
	}
	rig_open(&rig);
	fail_with(reasons, count);
	ck_assert_int_eq(report(""), 0);
	shows("3        flash: reason tr (last: board 57)");
	shows("\n4        others, for 2 more reasons\n");
	ck_assert_ptr_null(strstr(out, "reason uq"));
	ck_assert_int_eq(report("--json"), 0);
	shows("\"other_failures\":{\"kinds\":2,\"times\":4}");
	end();
}
END_TEST

START_TEST(a_recipe_names_its_record)
{
	morning();
	ck_assert_int_eq(report("line.yaml"), 0);
	shows("3 passed");
	ck_assert_int_eq(report("other.yaml"), 9);
	ck_assert_ptr_nonnull(strstr(err, "other.yaml:1: no recipe"));
	end();
}
END_TEST

START_TEST(the_json_document_has_the_same)
{
	morning();
	ck_assert_int_eq(report("--json"), 0);
	json_t *doc = json_loads(out, 0, NULL);
	ck_assert_ptr_nonnull(doc);
	ck_assert_ptr_eq(strchr(out, '\n'), out + strlen(out) - 1);
	ck_assert(json_is_true(json_object_get(doc, "ok")));
	ck_assert_int_eq(json_integer_value(json_object_get(doc, "passed")), 3);
	ck_assert_int_eq(json_integer_value(json_object_get(doc, "failed")), 2);
	ck_assert_double_eq(json_number_value(json_object_get(doc, "yield")), 0.6);
	ck_assert_str_eq(json_string_value(json_object_get(doc, "slowest")), "flash");
	ck_assert_str_eq(json_string_value(json_object_get(doc, "first")), "1970-01-02T00:00:00Z");
	json_t *flash = json_array_get(json_object_get(doc, "steps"), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(flash, "median_ms")), 2000);
	ck_assert_int_eq(json_integer_value(json_object_get(flash, "worst_ms")), 9000);
	json_decref(doc);
	end();
}
END_TEST

START_TEST(csv_has_one_line_for_each_board)
{
	morning();
	ck_assert_int_eq(report("--csv"), 0);
	size_t lines = 0;
	for (const char *p = out; (p = strstr(p, "\r\n")) != NULL; p++)
		lines++;
	ck_assert_uint_eq(lines, 7);
	ck_assert_ptr_eq(strstr(out, "board,began,station,operator,site,uid,"), out);
	shows("\r\n2,\"1970-01-03T00:00:00Z\",\"hall 1\",\"anna\",\"A\",\"aa02\",\"STM32F10x\","
	      "\"SN0002\",\"fail\",\"flash\",\"the chip did not answer\",1000,65536,3,");
	end();
}
END_TEST

/* ---- one board ---- */

START_TEST(the_history_of_a_board_by_uid)
{
	morning();
	ck_assert_int_eq(report("--uid AA02"), 0);
	shows("Board 2  FAIL  site A of hall 1");
	shows("Board 5  PASS  site B of hall 1");
	shows("fail flash                    3.0 s  65536 bytes  2 attempts  the chip did not "
	      "answer");
	shows("serial    SN0003");
	ck_assert_ptr_null(strstr(out, "aa01"));
	ck_assert_int_eq(report("--uid none"), 14);
	ck_assert_str_eq(out, "");
	ck_assert_ptr_nonnull(strstr(err, "no board with unique id \"none\""));
	end();
}
END_TEST

START_TEST(the_history_of_a_board_by_serial_is_that_of_the_one_that_has_it)
{
	morning();
	/* aa02 failed with SN0002, which aa03 then passed with. */
	ck_assert_int_eq(report("--serial SN0002 --csv"), 0);
	shows("\"aa03\"");
	ck_assert_ptr_null(strstr(out, "aa02"));
	ck_assert_int_eq(report("--serial SN0001 --json"), 0);
	json_t *doc = json_loads(out, 0, NULL);
	json_t *boards = json_object_get(doc, "boards");
	ck_assert_uint_eq(json_array_size(boards), 2);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(boards, 1), "result")),
			 "known");
	ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(boards, 0), "steps")), 2);
	json_decref(doc);
	ck_assert_int_eq(report("--serial SN9999"), 14);
	end();
}
END_TEST

/* The next run has other firmware, which the board that is known did not get. */
START_TEST(the_history_says_which_firmware_a_board_got)
{
	static char boot[] = "boot", v1[] = "1111", v2[] = "2222";
	struct recipe_image images[2];

	rig_open(&rig);
	images[0] = images[1] = rig.image;
	images[0].sha256 = v1;
	images[1].name = boot;
	rig.recipe.images = images;
	rig.recipe.image_count = 2;
	struct record *rec = rig_record(&rig);
	put(rec, "aa01", "A", DAY_MS, 1000, NULL);
	record_close(rec);
	images[0].sha256 = v2;
	rec = rig_record(&rig);
	struct record_board known = rig_board("aa01", -1, "SN0001");
	known.result = RESULT_KNOWN;
	known.step_count = 0;
	ck_assert(record_board(rec, &known, NULL, rig.why));
	put(rec, "aa02", "A", DAY_MS, 1000, NULL);
	record_close(rec);

	ck_assert_int_eq(report("--serial SN0001"), 0);
	shows("operator  anna\n");
	shows("sha256    cd34\n    image     1111  app\n    image     ab12  boot\n");
	ck_assert_ptr_null(strstr(out, "2222"));
	ck_assert_int_eq(report("--uid aa02 --json"), 0);
	shows("\"images\":[{\"name\":\"app\",\"file\":\"app.bin\",\"sha256\":\"2222\"},{\"name\":\"boot\",");
	ck_assert_int_eq(report("--serial SN0001 --json"), 0);
	shows("\"images\":[]");
	ck_assert_int_eq(report("--csv"), 0);
	shows(",1,\"app 1111; boot ab12\"\r\n");
	shows("\"known\",\"\",\"\",1000,0,0,\"0.12.0\",\"066F\",\"line.yaml\",\"cd34\",2,\"\"\r\n");
	shows(",2,\"app 2222; boot ab12\"\r\n");
	end();
}
END_TEST

START_TEST(since_leaves_out_what_was_before)
{
	setenv("TZ", "UTC", 1);
	morning();
	ck_assert_int_eq(report("--since 1970-01-04"), 0);
	shows("2 passed, 1 failed, 1 known");
	ck_assert_int_eq(report("--since 1970-01-04T00:01"), 0);
	shows("1 passed, 0 failed, 1 known already; yield 100.0 %");
	ck_assert_int_eq(report("--since 7d"), 0);
	shows("0 passed, 0 failed, 0 known already; yield -");
	ck_assert_int_eq(report("--since soon"), 2);
	ck_assert_int_eq(report("--since 5y"), 2);
	ck_assert_int_eq(report("--since d"), 2);
	ck_assert_int_eq(report("--since 2025-02-31"), 2);
	ck_assert_ptr_nonnull(strstr(err, "\"2025-02-31\" in --since is no time"));
	ck_assert_int_eq(report("--since 2025-02-29T10:00"), 2);
	ck_assert_int_eq(report("--since 2024-02-29T10:00"), 0);
	ck_assert_int_eq(report("--since 2025-12-31"), 0);
	end();
}
END_TEST

/* ---- what is wrong ---- */

START_TEST(a_wrong_command_line_is_said)
{
	morning();
	ck_assert_int_eq(report("--csv --json"), 2);
	ck_assert_int_eq(report("--uid a --serial b"), 2);
	ck_assert_int_eq(report("--uid="), 2);
	ck_assert_ptr_nonnull(strstr(err, "--uid is empty"));
	ck_assert_int_eq(report("--serial= --csv"), 2);
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(report("--record x line.yaml"), 2);
	ck_assert_int_eq(report("line.yaml more.yaml"), 2);
	ck_assert_int_eq(report("--nonsense"), 2);
	ck_assert_int_eq(report("--nonsense --json"), 2);
	shows("\"code\":\"USAGE\"");
	ck_assert_int_eq(report("--help"), 0);
	shows("Usage: stmfw-station report");
	end();
}
END_TEST

START_TEST(a_file_that_is_no_record_is_said_and_left_alone)
{
	size_t length;

	rig_open(&rig);
	ck_assert_int_eq(report(""), 9);
	ck_assert_ptr_nonnull(strstr(err, "line.db"));
	ck_assert_int_ne(access(rig.path, F_OK), 0);
	rig_write(rig.path, "garbage garbage", 15);
	ck_assert_int_eq(report(""), 9);
	ck_assert_ptr_nonnull(strstr(err, "damaged"));
	rig_write(rig.path, "", 0);
	ck_assert_int_eq(report("--json"), 9);
	shows("\"code\":\"FILE\"");
	free(rig_read(rig.path, &length));
	ck_assert_uint_eq(length, 0);
	end();
}
END_TEST

START_TEST(who_may_not_write_beside_a_record_is_told_what_to_do)
{
	morning();
	ck_assert_int_eq(report(""), 0); /* makes the files for its output */
	ck_assert_int_eq(chmod(rig.dir, 0555), 0);
	as_user = 65534;
	ck_assert_int_eq(report(""), 9);
	as_user = 0;
	ck_assert_ptr_nonnull(strstr(err, "Copy it into a folder of yours"));
	ck_assert_int_eq(chmod(rig.dir, 0700), 0);
	end();
}
END_TEST

START_TEST(hostile_words_are_harmless_in_every_form)
{
	static const char *const forms[] = { "", "--csv", "--json", "--uid u1", "--uid u1 --json" };

	rig_open(&rig);
	rig.recipe.serial = NULL;
	struct record *rec = rig_record(&rig);
	struct record_step step = { "\x1b[2Jstep",
				    "exec",
				    false,
				    1,
				    0,
				    0,
				    0,
				    "=1+1\r\n\"x\"\x1b",
				    "one\n\x1b]0;two\x07\n\xff" };
	struct record_board board = rig_board("u1", -1, "");
	board.site = "A\x1b[31m";
	board.reason = "=1+1\r\n\"x\"\x1b";
	board.result = RESULT_FAIL;
	board.steps = &step;
	board.step_count = 1;
	ck_assert(record_board(rec, &board, NULL, rig.why));
	ck_assert(record_note(rec, "\x1b[1m", "\x07 ding", rig.why));
	record_close(rec);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		ck_assert_int_eq(report(forms[i]), 0);
		ck_assert_msg(!strpbrk(out, "\x1b\x07\xff"), "%s: %s", forms[i], out);
	}
	ck_assert_int_eq(report("--csv"), 0);
	shows("\"'=1+1\\x0d\\x0a\"\"x\"\"\\x1b\"");
	end();
}
END_TEST

/* One board, one step, which says that. */
static void put_output(const char *output)
{
	rig_open(&rig);
	rig.recipe.serial = NULL;
	struct record *rec = rig_record(&rig);
	struct record_step step = { "exec", "exec", true, 1, 0, 0, 0, "", output };
	struct record_board board = rig_board("u1", -1, "");
	board.steps = &step;
	board.step_count = 1;
	ck_assert_msg(record_board(rec, &board, NULL, rig.why), "%s", rig.why);
	record_close(rec);
}

START_TEST(letters_of_all_languages_are_shown_as_they_are)
{
	static const char said[] =
		"Pr\u00fcfung \u00a0\u2713 \u6e2c\u8a66 \U0001f44d \u00bf\u07ff\uffef\uffed";

	put_output(said);
	ck_assert_int_eq(report("--uid u1"), 0);
	shows(said);
	end();
}
END_TEST

START_TEST(what_is_not_seen_or_is_no_character_is_shown_as_bytes)
{
	static const struct {
		const char *said, *shown;
	} cases[] = {
		{ "a\u202eb", "| a\\xe2\\x80\\xaeb" },
		{ "a\u200eb\u2066c\u2069d", "| a\\xe2\\x80\\x8eb\\xe2\\x81\\xa6c\\xe2\\x81\\xa9d" },
		{ "a\ufeff\u00ad", "| a\\xef\\xbb\\xbf\\xc2\\xad\n" },
		{ "\xc2\x9b"
		  "31m",
		  "| \\xc2\\x9b31m" },
		{ "\U000e0041", "| \\xf3\\xa0\\x81\\x81" },
		{ "\tx\x7f", "| \\x09x\\x7f" },
	};
	char plain[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_output(cases[i].said);
		ck_assert_int_eq(report("--uid u1"), 0);
		shows(cases[i].shown);
		end();
	}
	/* The record has no such bytes; what does not come from it may: too long, half, cut off. */
	ck_assert_str_eq(text_shown(plain, sizeof(plain), "\xc0\x80\xe0\x9f\xbf"),
			 "\\xc0\\x80\\xe0\\x9f\\xbf");
	ck_assert_str_eq(text_shown(plain, sizeof(plain), "\xed\xa0\x80"), "\\xed\\xa0\\x80");
	ck_assert_str_eq(text_shown(plain, sizeof(plain), "\xf4\x90\x80\x80\xff"),
			 "\\xf4\\x90\\x80\\x80\\xff");
	ck_assert_str_eq(text_shown(plain, sizeof(plain), "\xe2\x82"), "\\xe2\\x82");
	ck_assert_str_eq(text_shown(plain, 5, "a\u20ac\u20ac"), "a\u20ac");
	ck_assert_str_eq(text_shown(plain, 4, "a\u20ac"), "a");
	ck_assert_str_eq(text_shown(plain, 5, "ab\xff"), "ab");
}
END_TEST

/* ---- beside a station ---- */

START_TEST(it_can_be_read_while_the_station_works)
{
	unsigned int times = getenv("STMFW_TEST_SHORT") ? 3 : 25;
	int64_t before = -1;
	int ready[2];
	char byte;

	rig_open(&rig);
	rig.serial.last = 1000000;
	ck_assert_int_eq(pipe(ready), 0);
	pid_t station = fork();
	if (station == 0) {
		struct record *rec = rig_record(&rig);

		close(ready[0]); /* ends with us at the latest */
		for (;;) {
			rig_pass(&rig, rec, "abc");
			if (write(ready[1], "x", 1) != 1)
				_exit(1);
		}
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	for (unsigned int i = 0; i < times; i++) {
		ck_assert_msg(report("--json") == 0, "%s", err);
		json_t *doc = json_loads(out, 0, NULL);
		int64_t passed = json_integer_value(json_object_get(doc, "passed"));
		ck_assert_int_gt(passed, 0);
		ck_assert_int_ge(passed, before);
		ck_assert_int_eq(json_integer_value(json_object_get(doc, "serials_used")), passed);
		before = passed;
		json_decref(doc);
		ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	}
	ck_assert_int_eq(kill(station, SIGKILL), 0);
	ck_assert_int_eq(waitpid(station, NULL, 0), station);
	close(ready[0]);
	close(ready[1]);
	/* What it had written last is still only in its journal. */
	ck_assert_int_eq(report(""), 0);
	end();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		the_table_has_counts_yield_slowest_step_and_failures,
		a_yield_of_100_percent_is_all_of_them,
		failures_that_differ_only_in_numbers_are_of_one_kind,
		the_most_frequent_failures_are_shown_and_the_others_counted,
		a_recipe_names_its_record,
		the_json_document_has_the_same,
		csv_has_one_line_for_each_board,
		the_history_of_a_board_by_uid,
		the_history_of_a_board_by_serial_is_that_of_the_one_that_has_it,
		the_history_says_which_firmware_a_board_got,
		since_leaves_out_what_was_before,
		a_wrong_command_line_is_said,
		a_file_that_is_no_record_is_said_and_left_alone,
		who_may_not_write_beside_a_record_is_told_what_to_do,
		hostile_words_are_harmless_in_every_form,
		letters_of_all_languages_are_shown_as_they_are,
		what_is_not_seen_or_is_no_character_is_shown_as_bytes,
		it_can_be_read_while_the_station_works,
		NULL,
	};

	return rig_run("report", tests, 60);
}
