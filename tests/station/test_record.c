/* SPDX-License-Identifier: MIT */
/* record.c, record_schema.c, record_lock.c: what is written is all there, stays, and is trusted. */
#include "rig.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../examples/station/record_check.h"

static struct rig rig;

/* ---- what is written ---- */

START_TEST(a_board_is_there_with_its_steps_serial_and_event)
{
	int64_t id = 0;

	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	char text[RECORD_SERIAL];
	struct record_board board = rig_board("abc", rig_take(&rig, rec, text), text);
	ck_assert_msg(record_board(rec, &board, &id, rig.why), "%s", rig.why);
	ck_assert_int_eq(id, 1);
	ck_assert_int_eq(rig_number(rig.path,
				    "SELECT count(*) FROM boards WHERE result = 'pass' AND "
				    "serial = 'SN0001' AND uid = 'abc' AND elapsed_ms = 1000"),
			 1);
	ck_assert_int_eq(rig_number(rig.path, "SELECT sum(passed) FROM steps WHERE board = 1"), 3);
	ck_assert_int_eq(rig_number(rig.path, "SELECT bytes FROM steps WHERE name = 'flash'"),
			 65536);
	ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM serials WHERE value = 'SN0001' "
					      "AND number = 1 AND board = 1"),
			 1);
	ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM outbox"), 2);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(a_run_says_who_with_what_and_when_it_ended)
{
	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	ck_assert(record_is_new(rec));
	ck_assert_int_eq(rig_number(rig.path,
				    "SELECT count(*) FROM runs WHERE station = 'hall 1' AND "
				    "operator = 'anna' AND recipe_sha256 = 'cd34'"),
			 1);
	ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM images WHERE name = 'app' AND "
					      "sha256 = 'ab12' AND run = 1"),
			 1);
	ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM run_ends"), 0);
	record_close(rec);
	ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM run_ends WHERE run = 1"), 1);
	rec = rig_record(&rig);
	ck_assert(!record_is_new(rec));
	ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM runs"), 2);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(nothing_is_left_beside_a_record_that_was_closed)
{
	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	rig_pass(&rig, rec, "abc");
	record_close(rec);
	ck_assert_int_eq(unlink(rig.path), 0);
	ck_assert_int_eq(rmdir(rig.dir), 0);
}
END_TEST

START_TEST(a_pass_needs_steps_and_all_of_them_good)
{
	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	char text[RECORD_SERIAL];
	struct record_board board = rig_board("abc", rig_take(&rig, rec, text), text);
	struct record_step steps[2] = { board.steps[0], board.steps[1] };

	board.step_count = 0;
	ck_assert(!record_board(rec, &board, NULL, rig.why));
	ck_assert_ptr_nonnull(strstr(rig.why, "no step was done"));
	steps[1].passed = false;
	board.steps = steps;
	board.step_count = 2;
	ck_assert(!record_board(rec, &board, NULL, rig.why));
	ck_assert_ptr_nonnull(strstr(rig.why, "\"flash\" failed"));
	ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM boards"), 0);
	board.result = RESULT_FAIL;
	board.reason = "flash: no";
	ck_assert(record_board(rec, &board, NULL, rig.why));
	ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM serials"), 0);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(a_board_that_passed_is_known_by_uid_and_by_serial)
{
	struct record_known known;

	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	rig_pass(&rig, rec, "abc");
	struct record_board failed = rig_board("bad", -1, "");
	failed.result = RESULT_FAIL;
	ck_assert(record_board(rec, &failed, NULL, rig.why));
	ck_assert(record_find_pass(rec, "abc", &known, rig.why));
	ck_assert_int_eq(known.id, 1);
	ck_assert_uint_eq(known.when_ms, 2000);
	ck_assert_str_eq(known.serial, "SN0001");
	ck_assert_str_eq(known.site, "A");
	ck_assert(record_find_serial(rec, "SN0001", &known, rig.why));
	ck_assert_str_eq(known.uid, "abc");
	ck_assert(!record_find_pass(rec, "bad", &known, rig.why));
	ck_assert_str_eq(rig.why, "");
	ck_assert(!record_find_pass(rec, "", &known, rig.why));
	ck_assert_str_eq(rig.why, "");
	record_close(rec);
	rig_close(&rig);
}
END_TEST

/* Whatever the clock says: by it this board passes long after it was begun again. */
START_TEST(a_board_that_was_begun_again_is_known_by_its_next_pass_only)
{
	char text[RECORD_SERIAL];
	struct record_known known;

	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	int64_t number = rig_take(&rig, rec, text);
	struct record_board board = rig_board("abc", number, text);
	board.began_ms = (uint64_t)1 << 50;
	ck_assert(record_board(rec, &board, NULL, rig.why));
	ck_assert(record_find_pass(rec, "abc", &known, rig.why));
	ck_assert(record_note(rec, "A", RECORD_AGAIN "1", rig.why));
	ck_assert(!record_find_pass(rec, "abc", &known, rig.why));
	ck_assert_str_eq(rig.why, "");
	rig_pass(&rig, rec, "abc");
	ck_assert(record_find_pass(rec, "abc", &known, rig.why));
	ck_assert_int_eq(known.id, 2);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

/* Any bytes from a chip, a probe or a program. */
#define HOSTILE "\x01\x1b[2J\xff\xfe\"';DROP TABLE boards;--\n\xc3("

START_TEST(hostile_words_are_stored_and_published_harmlessly)
{
	struct record_event event;
	json_error_t error;

	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	struct record_board board = rig_board(HOSTILE, -1, HOSTILE);
	struct record_step step = { HOSTILE, HOSTILE, false, 1, 0, 0, 0, HOSTILE, HOSTILE };
	board.site = "A/+#" HOSTILE;
	board.reason = board.chip = board.adapter = board.openocd = HOSTILE;
	board.result = RESULT_FAIL;
	board.steps = &step;
	board.step_count = 1;
	ck_assert_msg(record_board(rec, &board, NULL, rig.why), "%s", rig.why);
	ck_assert(record_note(rec, HOSTILE, HOSTILE, rig.why));
	for (int64_t id = 1; id <= 3; id++) {
		ck_assert_msg(record_next_event(rec, id - 1, &event, rig.why), "%s", rig.why);
		json_t *payload = json_loads(event.payload, 0, &error);
		ck_assert_msg(payload != NULL, "%s: %s", error.text, event.payload);
		ck_assert_int_eq(json_integer_value(json_object_get(payload, "id")), id);
		ck_assert_ptr_null(strpbrk(event.topic, "+#\x1b\xff\n "));
		json_decref(payload);
		free(event.topic);
		free(event.payload);
	}
	ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM boards WHERE reason LIKE "
					      "'\\x01\\x1b[2J\\xff\\xfe%DROP TABLE%'"),
			 1);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(words_that_are_missing_are_empty)
{
	rig_open(&rig);
	rig.recipe.serial = NULL;
	struct record *rec = rig_record(&rig);
	struct record_board board = rig_board(NULL, -1, NULL);
	board.reason = board.chip = board.adapter = board.openocd = NULL;
	ck_assert_msg(record_board(rec, &board, NULL, rig.why), "%s", rig.why);
	ck_assert_msg(record_note(rec, NULL, "line stopped", rig.why), "%s", rig.why);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

/* ---- append-only ---- */

static const char *const every_table[] = { "identity", "runs",   "images",  "run_ends",
					   "boards",   "steps",  "serials", "notes",
					   "leases",   "outbox", "acks" };
#define TABLES ((int)(sizeof(every_table) / sizeof(every_table[0])))

/* One row at least in each table. */
static void fill(void)
{
	static char lease[] = "postgresql://x";

	rig_open(&rig);
	rig.serial.lease = lease;
	struct record *rec = rig_record(&rig);
	ck_assert_msg(record_add_lease(rec, 1, 10, rig.why), "%s", rig.why);
	rig_pass(&rig, rec, "abc");
	ck_assert(record_note(rec, "A", "locked", rig.why));
	ck_assert(record_acknowledge_event(rec, 1, rig.why));
	record_close(rec);
}

START_TEST(nothing_can_be_changed_deleted_or_replaced)
{
	static const char *const forms[] = {
		"DELETE FROM %s",
		"INSERT OR REPLACE INTO %s SELECT * FROM %s",
		"INSERT OR IGNORE INTO %s SELECT * FROM %s",
	};
	char sql[256];

	fill();
	size_t before_length, length;
	char *before = rig_read(rig.path, &before_length);
	for (int i = 0; i < TABLES; i++) {
		const char *t = every_table[i];

		snprintf(sql, sizeof(sql), "SELECT count(*) > 0 FROM %s", t);
		ck_assert_msg(rig_number(rig.path, sql) == 1, "%s is empty", t);
		for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
			sqlite3_snprintf(sizeof(sql), sql, forms[f], t, t);
			const char *said = rig_sql(rig.path, sql);
			ck_assert_msg(said && strstr(said, "append-only"), "%s: %s", sql,
				      said ? said : "worked");
		}
	}
	char *after = rig_read(rig.path, &length);
	ck_assert_uint_eq(length, before_length);
	ck_assert_mem_eq(before, after, length);
	free(before);
	free(after);
	rig_close(&rig);
}
END_TEST

START_TEST(no_column_can_be_updated)
{
	static const char *const updates[] = {
		"UPDATE identity SET name = 'x'",
		"UPDATE runs SET operator = 'x'",
		"UPDATE images SET sha256 = 'x'",
		"UPDATE run_ends SET ended_ms = 0",
		"UPDATE boards SET result = 'fail'",
		"UPDATE OR REPLACE boards SET id = 77",
		"UPDATE steps SET passed = 0",
		"UPDATE serials SET number = 7",
		"UPDATE notes SET what = 'x'",
		"UPDATE leases SET last = 100",
		"UPDATE outbox SET payload = 'x'",
		"UPDATE acks SET at_ms = 0",
		"INSERT INTO boards SELECT * FROM boards WHERE 1 ON CONFLICT DO UPDATE SET uid = ''",
	};

	fill();
	for (size_t i = 0; i < sizeof(updates) / sizeof(updates[0]); i++) {
		const char *said = rig_sql(rig.path, updates[i]);

		ck_assert_msg(said && strstr(said, "append-only"), "%s: %s", updates[i],
			      said ? said : "worked");
	}
	rig_close(&rig);
}
END_TEST

START_TEST(only_a_pass_uses_up_a_serial_number_whoever_writes)
{
	fill();
	const char *said =
		rig_sql(rig.path, "INSERT INTO boards SELECT 9, run, site, uid, chip, 'X', 'fail', "
				  "reason, openocd, adapter, 0, 0 FROM boards;"
				  "INSERT INTO serials VALUES ('X', NULL, NULL, 9)");
	ck_assert_msg(said && strstr(said, "only a board that passes"), "%s",
		      said ? said : "worked");
	rig_close(&rig);
}
END_TEST

/* ---- one at a time ---- */

/* Not a local one: whoever looks for leaks in the child finds it. */
static struct record *first;

START_TEST(a_second_station_is_told_who_has_the_record)
{
	char words[64];

	rig_open(&rig);
	first = rig_record(&rig);
	snprintf(words, sizeof(words), "process %d", (int)getpid());
	rig_refused(&rig, words);
	pid_t child = fork();
	if (child == 0) {
		struct record *second;
		bool opened = record_open(&second, &rig.recipe, "bert", rig.why);
		_exit(opened || !strstr(rig.why, words) ? 1 : 0);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	record_close(first);
	record_close(rig_record(&rig));
	rig_close(&rig);
}
END_TEST

START_TEST(another_name_of_the_file_is_no_way_around_the_lock)
{
	char other[256];

	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	snprintf(other, sizeof(other), "%s/other.db", rig.dir);
	ck_assert_int_eq(symlink(rig.path, other), 0);
	rig.recipe.record = other;
	rig_refused(&rig, "in use by another station");
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(a_lock_that_a_dead_station_left_is_taken_over)
{
	char lock[256];

	rig_open(&rig);
	snprintf(lock, sizeof(lock), "%s.lock", rig.path);
	rig_write(lock, "1\n", 2);
	record_close(rig_record(&rig));
	ck_assert_int_ne(access(lock, F_OK), 0);
	rig_close(&rig);
}
END_TEST

/* ---- damaged, foreign, read-only ---- */

/* Refused with these words, and not a byte changed by it. */
static void refused_untouched(const void *data, size_t length, const char *words)
{
	size_t after_length;

	rig_write(rig.path, data, length);
	rig_refused(&rig, words);
	char *after = rig_read(rig.path, &after_length);
	ck_assert_uint_eq(after_length, length);
	ck_assert_mem_eq(after, data, length);
	free(after);
}

START_TEST(a_damaged_file_is_refused_and_stays_as_it_is)
{
	size_t length;

	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	for (int i = 0; i < 40; i++) {
		char uid[16];

		snprintf(uid, sizeof(uid), "u%d", i);
		rig_pass(&rig, rec, uid);
	}
	record_close(rec);
	char *data = rig_read(rig.path, &length);
	refused_untouched(data, 0, "damaged");
	refused_untouched("hello", 5, "damaged");
	for (size_t cut = 1; cut < 16; cut++)
		refused_untouched(data, length * cut / 16, "damaged");
	for (size_t page = 4096; page < length; page += 4096) {
		char kept[8];

		memcpy(kept, data + page, sizeof(kept));
		memset(data + page, 0xa5, sizeof(kept));
		refused_untouched(data, length, "damaged");
		memcpy(data + page, kept, sizeof(kept));
	}
	free(data);
	rig_close(&rig);
}
END_TEST

START_TEST(garbage_anywhere_crashes_nothing)
{
	size_t length;
	char copy[256];

	fill();
	rig_copy(rig.path, (snprintf(copy, sizeof(copy), "%s.whole", rig.path), copy));
	char *data = rig_read(copy, &length);
	srand(1);
	for (int i = 0; i < 60; i++) {
		size_t at = (size_t)rand() % (length - 64);
		char kept[64];
		struct record *rec;

		memcpy(kept, data + at, sizeof(kept));
		for (size_t k = 0; k < sizeof(kept); k++)
			data[at + k] = (char)rand();
		rig_write(rig.path, data, length);
		memcpy(data + at, kept, sizeof(kept));
		if (record_open(&rec, &rig.recipe, "anna", rig.why))
			record_close(rec);
		else
			ck_assert_ptr_nonnull(strstr(rig.why, rig.path));
	}
	free(data);
	rig_close(&rig);
}
END_TEST

START_TEST(another_version_is_refused_with_both_numbers)
{
	fill();
	ck_assert_ptr_null(rig_sql(rig.path, "PRAGMA user_version = 2"));
	rig_refused(&rig, "it has version 2, this program writes version 1");
	rig_close(&rig);
}
END_TEST

START_TEST(a_foreign_database_is_refused)
{
	rig_open(&rig);
	rig_write(rig.path, "", 0);
	ck_assert_ptr_null(rig_sql(rig.path, "CREATE TABLE cookies (a)"));
	rig_refused(&rig, "no record of a station");
	rig_close(&rig);
}
END_TEST

START_TEST(a_record_whose_guards_were_removed_is_refused)
{
	fill();
	ck_assert_ptr_null(rig_sql(rig.path, "DROP TRIGGER boards_delete"));
	rig_refused(&rig, "cannot be trusted");
	rig_close(&rig);
}
END_TEST

START_TEST(a_record_that_vanished_but_for_its_journal_is_not_begun_anew)
{
	char wal[256];

	rig_open(&rig);
	snprintf(wal, sizeof(wal), "%s-wal", rig.path);
	rig_write(wal, "x", 1);
	rig_refused(&rig, "is missing");
	ck_assert_int_ne(access(rig.path, F_OK), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(what_cannot_be_opened_is_said_with_its_path)
{
	char path[256];

	rig_open(&rig);
	snprintf(path, sizeof(path), "%s/none/line.db", rig.dir);
	rig.recipe.record = path;
	rig_refused(&rig, "No such file or directory");
	ck_assert_ptr_nonnull(strstr(rig.why, "none/line.db"));
	rig.recipe.record = rig.dir;
	rig_refused(&rig, rig.dir);
	rig.recipe.record = strcpy(path, "");
	rig_refused(&rig, "cannot");
	rig_close(&rig);
}
END_TEST

/* Whether the record is refused to somebody who may not write it: root may in any case. */
static void refused_to_a_guest(const char *words)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct record *rec;

		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(2);
		bool opened = record_open(&rec, &rig.recipe, "guest", rig.why);
		_exit(opened || !strstr(rig.why, words) || !strstr(rig.why, rig.path) ? 1 : 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

START_TEST(a_read_only_file_or_folder_is_refused)
{
	fill();
	ck_assert_int_eq(chmod(rig.path, 0444), 0);
	ck_assert_int_eq(chmod(rig.dir, 0777), 0);
	refused_to_a_guest("may not be written");
	ck_assert_int_eq(chmod(rig.dir, 0555), 0);
	refused_to_a_guest("Permission denied");
	ck_assert_int_eq(chmod(rig.dir, 0700), 0);
	rig_close(&rig);
}
END_TEST

/* ---- events ---- */

START_TEST(events_come_in_order_until_they_are_acknowledged)
{
	struct record_event event;

	rig_open(&rig);
	struct record *rec = rig_record(&rig);
	rig_pass(&rig, rec, "abc");
	ck_assert(record_note(rec, "A", "locked", rig.why));
	for (int again = 0; again < 2; again++) {
		static const char *const topics[] = { "station/run", "site/A/board",
						      "site/A/note" };

		event.id = 0;
		for (int i = 0; i < 3; i++) {
			ck_assert_msg(record_next_event(rec, event.id, &event, rig.why), "%s",
				      rig.why);
			ck_assert_int_eq(event.id, i + 1);
			ck_assert_str_eq(event.topic, topics[i]);
			free(event.topic);
			free(event.payload);
		}
		ck_assert(!record_next_event(rec, event.id, &event, rig.why));
		ck_assert_str_eq(rig.why, "");
	}
	ck_assert(record_acknowledge_event(rec, 2, rig.why));
	ck_assert(record_acknowledge_event(rec, 2, rig.why));
	ck_assert(!record_acknowledge_event(rec, 99, rig.why));
	ck_assert(record_next_event(rec, 1, &event, rig.why));
	ck_assert_int_eq(event.id, 3);
	free(event.topic);
	free(event.payload);
	record_close(rec);
	rec = rig_record(&rig);
	ck_assert(record_next_event(rec, 0, &event, rig.why));
	ck_assert_int_eq(event.id, 1);
	free(event.topic);
	free(event.payload);
	record_close(rec);
	rig_close(&rig);
}
END_TEST

START_TEST(an_event_names_its_record_so_that_a_new_file_is_not_taken_for_the_old)
{
	char names[2][64];

	for (int i = 0; i < 2; i++) {
		struct record_event event;

		rig_open(&rig);
		struct record *rec = rig_record(&rig);
		ck_assert(record_next_event(rec, 0, &event, rig.why));
		json_t *payload = json_loads(event.payload, 0, NULL);
		const char *name = json_string_value(json_object_get(payload, "record"));
		ck_assert_ptr_nonnull(name);
		snprintf(names[i], sizeof(names[i]), "%s", name);
		json_decref(payload);
		free(event.topic);
		free(event.payload);
		record_close(rec);
		rig_close(&rig);
	}
	ck_assert_uint_eq(strlen(names[0]), 32);
	ck_assert_str_ne(names[0], names[1]);
}
END_TEST

START_TEST(without_a_broker_nothing_waits_to_be_published)
{
	struct record_event event;

	rig_open(&rig);
	rig.recipe.mqtt = NULL;
	struct record *rec = rig_record(&rig);
	rig_pass(&rig, rec, "abc");
	ck_assert(!record_next_event(rec, 0, &event, rig.why));
	ck_assert_str_eq(rig.why, "");
	record_close(rec);
	rig_close(&rig);
}
END_TEST

/* ---- before a run ---- */

static char told[512];

static void note(void *arg, const char *text)
{
	(void)arg;
	snprintf(told, sizeof(told), "%s", text);
}

/* Exactly that is told, or nothing. */
static void looks(unsigned int sites, const char *words)
{
	rig.recipe.site_count = sites;
	told[0] = '\0';
	struct faults faults = { .tell = note };
	record_check(&rig.recipe, &faults);
	ck_assert_msg(faults.count == (words ? 1 : 0), "told: %s", told);
	ck_assert_msg(!words || strstr(told, words), "no \"%s\" in: %s", words, told);
}

START_TEST(numbers_for_all_sites_are_looked_for_before_a_run)
{
	char journal[160];

	rig_open(&rig);
	rig.serial.last = 3;
	looks(3, NULL);
	looks(4, "3 left for 4 sites");
	ck_assert_int_ne(access(rig.path, F_OK), 0);
	struct record *rec = rig_record(&rig);
	rig_pass(&rig, rec, "a");
	looks(2, NULL); /* beside a station */
	record_close(rec);
	looks(2, NULL);
	looks(3, "2 left for 3 sites");
	snprintf(journal, sizeof(journal), "%s-wal", rig.path);
	ck_assert_int_ne(access(journal, F_OK), 0);
	rig.serial.source = SERIAL_LIST;
	rig_write(rig.list, "X1\nSN0001\n", 10);
	looks(1, NULL);
	looks(2, "1 left for 2 sites");
	rig_write(rig.list, "X1\nX1\n", 6); /* told by who reads it */
	looks(9, NULL);
	rig.serial.source = SERIAL_UID;
	looks(64, NULL);
	rig.recipe.serial = NULL;
	looks(64, NULL);
	rig_close(&rig);
}
END_TEST

START_TEST(numbers_that_are_leased_can_still_come)
{
	static char lease[] = "host=db";

	rig_open(&rig);
	rig.serial.lease = lease;
	rig.serial.last = 1;
	looks(8, NULL);
	rig_close(&rig);
}
END_TEST

START_TEST(a_record_that_no_run_could_use_is_noticed_before)
{
	char journal[160];
	size_t length;

	rig_open(&rig);
	rig_write(rig.path, "garbage garbage", 15);
	looks(1, "it is damaged or no record at all");
	char *after = rig_read(rig.path, &length);
	ck_assert_uint_eq(length, 15);
	ck_assert_mem_eq(after, "garbage garbage", 15);
	free(after);
	rig_write(rig.path, "", 0);
	looks(1, "no record of a station");
	ck_assert_int_eq(unlink(rig.path), 0);
	record_close(rig_record(&rig));
	ck_assert_ptr_null(rig_sql(rig.path, "DROP TRIGGER boards_update"));
	looks(1, "its tables or triggers are not what they were");
	ck_assert_int_eq(unlink(rig.path), 0);
	snprintf(journal, sizeof(journal), "%s-wal", rig.path);
	rig_write(journal, "x", 1);
	looks(1, "is missing");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_board_is_there_with_its_steps_serial_and_event,
		a_run_says_who_with_what_and_when_it_ended,
		nothing_is_left_beside_a_record_that_was_closed,
		a_pass_needs_steps_and_all_of_them_good,
		a_board_that_passed_is_known_by_uid_and_by_serial,
		a_board_that_was_begun_again_is_known_by_its_next_pass_only,
		hostile_words_are_stored_and_published_harmlessly,
		words_that_are_missing_are_empty,
		nothing_can_be_changed_deleted_or_replaced,
		no_column_can_be_updated,
		only_a_pass_uses_up_a_serial_number_whoever_writes,
		a_second_station_is_told_who_has_the_record,
		another_name_of_the_file_is_no_way_around_the_lock,
		a_lock_that_a_dead_station_left_is_taken_over,
		a_damaged_file_is_refused_and_stays_as_it_is,
		garbage_anywhere_crashes_nothing,
		another_version_is_refused_with_both_numbers,
		a_foreign_database_is_refused,
		a_record_whose_guards_were_removed_is_refused,
		a_record_that_vanished_but_for_its_journal_is_not_begun_anew,
		what_cannot_be_opened_is_said_with_its_path,
		a_read_only_file_or_folder_is_refused,
		events_come_in_order_until_they_are_acknowledged,
		an_event_names_its_record_so_that_a_new_file_is_not_taken_for_the_old,
		without_a_broker_nothing_waits_to_be_published,
		numbers_for_all_sites_are_looked_for_before_a_run,
		numbers_that_are_leased_can_still_come,
		a_record_that_no_run_could_use_is_noticed_before,
		NULL,
	};

	return rig_run("record", tests, 60);
}
