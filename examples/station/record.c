/* SPDX-License-Identifier: MIT */
/*
 * The record: open, write, close.
 *
 *     lock -> make the file if there is none -> look whether it is whole -> a run begins
 *     ... a board: one transaction with its steps, its serial number, its event ...
 *     the run ends -> unlock
 *
 * A transaction is on disk when COMMIT returns (write-ahead log, synchronous=FULL), and nobody is
 * told before. What was cut off is not there at all.
 */
#include "record_own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stmfw.h>

#include "record_schema.h"
#include "serial.h"

/* While the station works: all sites wait for it. */
#define PATIENCE_MS 100

uint64_t record_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const char *record_result_name(enum record_result result)
{
	static const char *const names[] = {
		[RESULT_PASS] = "pass", [RESULT_FAIL] = "fail", [RESULT_KNOWN] = "known"
	};

	return names[result];
}

/* Ends the transaction: all of it if the writing went well, else nothing. */
bool record_finish(struct record *rec, bool written, char why[RECORD_WHY])
{
	if (written)
		return db_commit(&rec->db, why);
	db_rollback(&rec->db);
	return false;
}

/* ---- runs ---- */

static bool write_run(struct record *rec, const char *operator_name, char why[RECORD_WHY])
{
	const struct recipe *r = rec->recipe;
	bool ok = db_run(
		&rec->db, why,
		"INSERT INTO runs (station, operator, recipe, recipe_sha256, stmfw, began_ms)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
		"ttttti", r->station, operator_name, r->path, r->sha256, stmfw_version_string(),
		(int64_t)record_now_ms());

	rec->run = ok ? sqlite3_last_insert_rowid(rec->db.sqlite) : 0;
	for (unsigned int i = 0; ok && i < r->image_count; i++)
		ok = db_run(&rec->db, why, "INSERT INTO images VALUES (?1, ?2, ?3, ?4)", "ittt",
			    rec->run, r->images[i].name, r->images[i].path, r->images[i].sha256);
	return ok && events_add_run(rec, "begin", why);
}

static bool begin_run(struct record *rec, const char *operator_name, char why[RECORD_WHY])
{
	if (db_begin(&rec->db, why) && record_finish(rec, write_run(rec, operator_name, why), why))
		return true;
	rec->run = 0;
	return false;
}

static bool write_run_end(struct record *rec, char why[RECORD_WHY])
{
	return db_run(&rec->db, why, "INSERT INTO run_ends VALUES (?1, ?2)", "ii", rec->run,
		      (int64_t)record_now_ms()) &&
	       events_add_run(rec, "end", why);
}

/* Fails silently: a run without an end is one that was cut off, and so it was. */
void record_end(struct record *rec)
{
	char why[RECORD_WHY];

	if (rec->run && db_begin(&rec->db, why))
		record_finish(rec, write_run_end(rec, why), why);
	rec->run = 0;
}

/* ---- open and close ---- */

static bool make_durable(const struct db *db, char why[RECORD_WHY])
{
	json_t *mode = db_rows(db, why, "PRAGMA journal_mode = WAL", "");

	if (!mode)
		return false;
	const char *name =
		json_string_value(json_object_get(json_array_get(mode, 0), "journal_mode"));
	bool ok = name && strcmp(name, "wal") == 0;
	json_decref(mode);
	if (!ok)
		return db_refused(db, "use", why,
				  "its file system cannot do what keeps it safe (a "
				  "write-ahead log). Put it on a local disk");
	/* A board needs a few pages; else the cache grows for weeks, up to 2 MiB. */
	return db_run(db, why, "PRAGMA cache_size = -256", "") && /* KiB */
	       db_run(db, why, "PRAGMA synchronous = FULL", "") &&
	       db_run(db, why, "PRAGMA foreign_keys = ON", "");
}

static bool read_identity(struct record *rec, char why[RECORD_WHY])
{
	json_t *rows = db_rows(&rec->db, why, "SELECT name FROM identity", "");
	const char *name = json_string_value(json_object_get(json_array_get(rows, 0), "name"));

	snprintf(rec->identity, sizeof(rec->identity), "%s", name ? name : "");
	json_decref(rows);
	return rows && (name || db_refused(&rec->db, "use", why, "nobody knows whose it is"));
}

static bool open_file(struct record *rec, char why[RECORD_WHY])
{
	char *path = db_plain_path(rec->recipe->record);

	if (!path) {
		snprintf(why, RECORD_WHY, "out of memory");
		return false;
	}
	bool ok = record_lock(&rec->lock, path, why) && schema_make(path, &rec->is_new, why) &&
		  db_open(&rec->db, path, DB_WRITE, why) &&
		  (rec->is_new || schema_check(&rec->db, why)) &&
		  schema_check_pages(&rec->db, why) && make_durable(&rec->db, why) &&
		  read_identity(rec, why);
	free(path);
	return ok;
}

bool record_open(struct record **out, const struct recipe *r, const char *operator_name,
		 char why[RECORD_WHY])
{
	struct record *rec = calloc(1, sizeof(*rec));

	*out = NULL;
	if (!rec) {
		snprintf(why, RECORD_WHY, "out of memory");
		return false;
	}
	rec->recipe = r;
	if (!open_file(rec, why) || !serials_open(rec, why) ||
	    !begin_run(rec, operator_name, why)) {
		record_close(rec);
		return false;
	}
	sqlite3_busy_timeout(rec->db.sqlite, PATIENCE_MS);
	*out = rec;
	return true;
}

void record_close(struct record *rec)
{
	if (!rec)
		return;
	record_end(rec);
	serials_close(rec);
	db_close(&rec->db);
	record_unlock(&rec->lock);
	free(rec);
}

const char *record_identity(const struct record *rec)
{
	return rec->identity;
}

bool record_is_new(const struct record *rec)
{
	return rec->is_new;
}

/* ---- boards and notes ---- */

static bool may_pass(struct record *rec, const struct record_board *b, char why[RECORD_WHY])
{
	if (b->step_count == 0)
		return db_refused(&rec->db, "write a PASS to", why, "no step was done");
	for (size_t i = 0; i < b->step_count; i++)
		if (!b->steps[i].passed)
			return db_refused(&rec->db, "write a PASS to", why, "step \"%.60s\" failed",
					  b->steps[i].name);
	return serials_may_pass(rec, b, why);
}

static bool write_steps(struct record *rec, const struct record_board *b, int64_t row,
			char why[RECORD_WHY])
{
	bool ok = true;

	for (size_t i = 0; ok && i < b->step_count; i++) {
		const struct record_step *s = &b->steps[i];

		ok = db_run(
			&rec->db, why,
			"INSERT INTO steps (board, position, name, kind, passed, attempts,"
			" began_ms, elapsed_ms, bytes, reason, output)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
			"iittiiiiitt", row, (int64_t)i + 1, s->name, s->kind, (int64_t)s->passed,
			(int64_t)s->attempts, (int64_t)s->began_ms, (int64_t)s->elapsed_ms,
			(int64_t)s->bytes, s->reason, s->output);
	}
	return ok;
}

static bool write_board(struct record *rec, const struct record_board *b, int64_t *row,
			char why[RECORD_WHY])
{
	if (!db_run(&rec->db, why,
		    "INSERT INTO boards (run, site, uid, chip, serial, result, reason, openocd,"
		    " adapter, began_ms, elapsed_ms)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
		    "itttttttt"
		    "ii",
		    rec->run, b->site, b->uid, b->chip, b->serial, record_result_name(b->result),
		    b->reason, b->openocd, b->adapter, (int64_t)b->began_ms,
		    (int64_t)b->elapsed_ms))
		return false;
	*row = sqlite3_last_insert_rowid(rec->db.sqlite);
	return write_steps(rec, b, *row, why) &&
	       (b->result != RESULT_PASS || serials_insert(rec, b, *row, why)) &&
	       events_add_board(rec, b, *row, why);
}

bool record_board(struct record *rec, const struct record_board *board, int64_t *id,
		  char why[RECORD_WHY])
{
	int64_t row = 0;

	if (board->result == RESULT_PASS && !may_pass(rec, board, why))
		return false;
	if (!db_begin(&rec->db, why) || !record_finish(rec, write_board(rec, board, &row, why), why))
		return false;
	if (board->result == RESULT_PASS)
		serials_passed(rec, board);
	if (id)
		*id = row;
	return true;
}

bool record_is_busy(const struct record *rec)
{
	return (sqlite3_errcode(rec->db.sqlite) & 0xff) == SQLITE_BUSY;
}

static bool write_note(struct record *rec, const char *site, const char *what, char why[RECORD_WHY])
{
	return db_run(&rec->db, why,
		      "INSERT INTO notes (run, site, at_ms, what) VALUES (?1, ?2, ?3, ?4)", "itit",
		      rec->run, site, (int64_t)record_now_ms(), what) &&
	       events_add_note(rec, site, what, why);
}

bool record_note(struct record *rec, const char *site, const char *what, char why[RECORD_WHY])
{
	return db_begin(&rec->db, why) && record_finish(rec, write_note(rec, site, what, why), why);
}

bool record_is_locked(struct record *rec, const char *site)
{
	char why[RECORD_WHY];
	json_t *rows = db_rows(&rec->db, why,
			       "SELECT what FROM notes WHERE site = ?1 AND what IN ('" RECORD_LOCKED
			       "', '" RECORD_RELEASED "') ORDER BY id DESC LIMIT 1",
			       "t", site);
	const char *last = json_string_value(json_object_get(json_array_get(rows, 0), "what"));
	bool locked = last && strcmp(last, RECORD_LOCKED) == 0;

	json_decref(rows);
	return locked;
}

/* ---- what is known ---- */

static void copy_column(char *out, size_t cap, sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	snprintf(out, cap, "%s", text ? text : "");
}

static bool find(struct record *rec, const char *where, const char *value, struct record_known *out,
		 char why[RECORD_WHY])
{
	char sql[512];

	memset(out, 0, sizeof(*out));
	why[0] = '\0';
	snprintf(sql, sizeof(sql),
		 "SELECT id, began_ms + elapsed_ms, uid, serial, site FROM boards"
		 " WHERE %s ORDER BY id DESC LIMIT 1",
		 where);
	sqlite3_stmt *stmt = db_prepare(&rec->db, why, sql, "t", value);
	if (!stmt)
		return false;
	int code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		out->id = sqlite3_column_int64(stmt, 0);
		out->when_ms = (uint64_t)sqlite3_column_int64(stmt, 1);
		copy_column(out->uid, sizeof(out->uid), stmt, 2);
		copy_column(out->serial, sizeof(out->serial), stmt, 3);
		copy_column(out->site, sizeof(out->site), stmt, 4);
	} else if (code != SQLITE_DONE) {
		db_failed(&rec->db, "read", why);
	}
	sqlite3_finalize(stmt);
	return code == SQLITE_ROW;
}

bool record_find_pass(struct record *rec, const char *uid, struct record_known *out,
		      char why[RECORD_WHY])
{
	/* One that was begun again is another one since, also if that failed or was cut off. */
	return find(rec,
		    "uid = ?1 AND uid <> '' AND result = 'pass' AND"
		    " NOT EXISTS (SELECT 1 FROM notes WHERE what = '" RECORD_AGAIN "' || boards.id)",
		    uid, out, why);
}

bool record_find_serial(struct record *rec, const char *serial, struct record_known *out,
			char why[RECORD_WHY])
{
	struct serial s;

	/* As it is recorded: 0A0B and 0a0b are the same bytes. */
	if (rec->recipe->serial && serial_from_output(&s, serial, why) &&
	    serial_encode(&s, rec->recipe->serial, why))
		serial = s.text;
	return find(rec, "serial = ?1 AND serial <> '' AND result = 'pass'", serial, out, why);
}
