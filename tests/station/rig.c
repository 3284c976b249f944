/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char text_station[] = "hall 1", text_prefix[] = "SN", text_name[] = "app",
	    text_file[] = "app.bin", text_sha[] = "ab12", text_host[] = "127.0.0.1",
	    text_topic[] = "factory";

void rig_open(struct rig *rig)
{
	const char *tmp = getenv("TMPDIR");

	memset(rig, 0, sizeof(*rig));
	snprintf(rig->dir, sizeof(rig->dir), "%.40s/record-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(rig->dir));
	snprintf(rig->path, sizeof(rig->path), "%s/line.db", rig->dir);
	snprintf(rig->list, sizeof(rig->list), "%s/list.txt", rig->dir);
	rig->serial = (struct recipe_serial){ .source = SERIAL_COUNTER,
					      .first = 1,
					      .last = 100,
					      .prefix = text_prefix,
					      .digits = 4,
					      .file = rig->list };
	rig->image = (struct recipe_image){
		.name = text_name, .file = text_file, .sha256 = text_sha, .path = text_file
	};
	rig->mqtt = (struct recipe_mqtt){ .host = text_host, .topic = text_topic };
	rig->recipe = (struct recipe){ .station = text_station,
				       .record = rig->path,
				       .images = &rig->image,
				       .image_count = 1,
				       .serial = &rig->serial,
				       .mqtt = &rig->mqtt,
				       .path = "line.yaml",
				       .sha256 = "cd34" };
}

void rig_close(struct rig *rig)
{
	DIR *dir = opendir(rig->dir);
	struct dirent *entry;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", rig->dir, entry->d_name);
		if (entry->d_name[0] != '.')
			ck_assert_int_eq(unlink(path), 0);
	}
	closedir(dir);
	ck_assert_int_eq(rmdir(rig->dir), 0);
}

struct record *rig_record(struct rig *rig)
{
	struct record *rec;

	ck_assert_msg(record_open(&rec, &rig->recipe, "anna", rig->why), "%s", rig->why);
	return rec;
}

void rig_refused(struct rig *rig, const char *words)
{
	struct record *rec;

	ck_assert_msg(!record_open(&rec, &rig->recipe, "anna", rig->why), "it was opened");
	ck_assert_ptr_null(rec);
	ck_assert_msg(strstr(rig->why, words) != NULL, "no \"%s\" in: %s", words, rig->why);
}

/* ---- boards ---- */

struct record_board rig_board(const char *uid, int64_t number, const char *serial)
{
	static const struct record_step steps[RIG_STEPS] = {
		{ "identify", "identify", true, 1, 1000, 20, 0, "", "" },
		{ "flash", "flash", true, 2, 1020, 900, 65536, "", "" },
		{ "test", "exec", true, 1, 1920, 80, 0, "", "all is well\n" },
	};

	return (struct record_board){ .site = "A",
				      .uid = uid,
				      .chip = "STM32F10x",
				      .serial = serial,
				      .serial_number = number,
				      .result = RESULT_PASS,
				      .reason = "",
				      .openocd = "0.12.0",
				      .adapter = "066F",
				      .began_ms = 1000,
				      .elapsed_ms = 1000,
				      .steps = steps,
				      .step_count = RIG_STEPS };
}

int64_t rig_take(struct rig *rig, struct record *rec, char text[RECORD_SERIAL])
{
	int64_t number = -1;

	ck_assert_msg(record_take_serial(rec, &number, text, rig->why), "none: %s", rig->why);
	return number;
}

int64_t rig_pass(struct rig *rig, struct record *rec, const char *uid)
{
	char text[RECORD_SERIAL];
	int64_t number = rig_take(rig, rec, text);
	struct record_board board = rig_board(uid, number, text);

	ck_assert_msg(record_board(rec, &board, NULL, rig->why), "%s", rig->why);
	return number;
}

/* ---- beside the station ---- */

static sqlite3 *open_beside(const char *path)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	return db;
}

int64_t rig_number(const char *path, const char *sql)
{
	sqlite3 *db = open_beside(path);
	sqlite3_stmt *stmt;

	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
		      sqlite3_errmsg(db));
	int code = sqlite3_step(stmt);
	ck_assert_msg(code == SQLITE_ROW, "%s: %s", sql, sqlite3_errmsg(db));
	int64_t number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return number;
}

const char *rig_sql(const char *path, const char *sql)
{
	static char said[256];
	sqlite3 *db = open_beside(path);
	char *error = NULL;
	int code = sqlite3_exec(db, sql, NULL, NULL, &error);

	snprintf(said, sizeof(said), "%s", error ? error : "");
	sqlite3_free(error);
	sqlite3_close(db);
	return code == SQLITE_OK ? NULL : said;
}

/* ---- files ---- */

void rig_write(const char *path, const void *data, size_t length)
{
	FILE *f = fopen(path, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, length, f), length);
	ck_assert_int_eq(fclose(f), 0);
}

char *rig_read(const char *path, size_t *length)
{
	FILE *f = fopen(path, "rb");

	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
	*length = (size_t)ftell(f);
	char *data = malloc(*length + 1);
	ck_assert_ptr_nonnull(data);
	rewind(f);
	ck_assert_uint_eq(fread(data, 1, *length, f), *length);
	data[*length] = '\0';
	fclose(f);
	return data;
}

void rig_copy(const char *from, const char *to)
{
	size_t length;
	char *data = rig_read(from, &length);

	rig_write(to, data, length);
	free(data);
}

/* ---- running ---- */

int rig_run(const char *name, const TTest *const *tests, double timeout)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, timeout);
	for (; *tests; tests++)
		tcase_add_test(tc, *tests);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
