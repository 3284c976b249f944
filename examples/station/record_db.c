/* SPDX-License-Identifier: MIT */
/*
 * SQLite, and its failures in words.
 *
 * Statements are prepared for each use: some microseconds, where a commit waits for the disk.
 */
#include "record_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../jsonl.h"

/* For a reader that recovers the file, or somebody's own sqlite3: not for ever. */
#define BUSY_MS 2000

/* ---- failures ---- */

static const char *reason_of(const struct db *db)
{
	sqlite3 *sqlite = db->sqlite;
	int system_error = sqlite3_system_errno(sqlite);

	switch (sqlite3_errcode(sqlite) & 0xff) {
	case SQLITE_FULL:
		return "the disk is full. Make room and try again";
	case SQLITE_READONLY:
		if (db->mode == DB_READ)
			return "its folder may not be written to, which SQLite has to even to read it. "
			       "Copy it into a folder of yours, with its \"-wal\" if there is one";
		return "it may not be written to. Look at the permissions of file and folder";
	case SQLITE_CORRUPT:
		return "it is damaged. It stays as it is: keep it, and go on with a backup of it";
	case SQLITE_NOTADB:
		return "it is damaged or no record at all. It stays as it is";
	case SQLITE_BUSY:
		return "another program keeps it locked";
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return system_error ? strerror(system_error) : sqlite3_errmsg(sqlite);
	default:
		return sqlite3_errmsg(sqlite);
	}
}

bool db_refused(const struct db *db, const char *doing, char why[RECORD_WHY], const char *format,
		...)
{
	va_list args;
	int n = snprintf(why, RECORD_WHY, "cannot %s the record \"%.200s\": ", doing, db->path);

	va_start(args, format);
	vsnprintf(why + n, RECORD_WHY - (size_t)n, format, args);
	va_end(args);
	return false;
}

bool db_failed(const struct db *db, const char *doing, char why[RECORD_WHY])
{
	if (!db->sqlite)
		return db_refused(db, doing, why, "out of memory");
	return db_refused(db, doing, why, "%s", reason_of(db));
}

static const char *doing_of(const struct db *db)
{
	return sqlite3_get_autocommit(db->sqlite) ? "read" : "write";
}

/* ---- open and close ---- */

/* "", ":memory:" and "file:..." mean something else to SQLite than to everybody else. */
char *db_plain_path(const char *path)
{
	char *plain = realpath(path, NULL);

	if (!plain && asprintf(&plain, "%s%s", path[0] == '/' ? "" : "./", path) < 0)
		return NULL;
	return plain;
}

bool db_open(struct db *db, const char *path, enum db_mode mode, char why[RECORD_WHY])
{
	memset(db, 0, sizeof(*db));
	db->mode = mode;
	db->path = db_plain_path(path);
	if (!db->path) {
		snprintf(why, RECORD_WHY, "out of memory");
		return false;
	}
	/* Readers, too: only who may write can tidy up behind a station that was cut off. */
	if (sqlite3_open_v2(db->path, &db->sqlite, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		return db_failed(db, "open", why);
	sqlite3_busy_timeout(db->sqlite, BUSY_MS);
	if (mode == DB_READ)
		return db_run(db, why, "PRAGMA query_only = ON", "");
	if (sqlite3_db_readonly(db->sqlite, "main") != 0)
		return db_refused(db, "write", why,
				  "it may not be written to. Look at the "
				  "permissions of file and folder");
	return true;
}

void db_close(struct db *db)
{
	sqlite3_close(db->sqlite);
	free(db->path);
	memset(db, 0, sizeof(*db));
}

/* ---- statements ---- */

static bool bind_text(sqlite3_stmt *stmt, int position, const char *text)
{
	json_t *utf8 = jsonl_text(text ? text : "");
	bool ok = utf8 &&
		  sqlite3_bind_text(stmt, position, json_string_value(utf8),
				    (int)json_string_length(utf8), SQLITE_TRANSIENT) == SQLITE_OK;

	json_decref(utf8);
	return ok;
}

static bool bind_values(sqlite3_stmt *stmt, const char *types, va_list args)
{
	bool ok = true;

	for (int i = 1; ok && types[i - 1]; i++) {
		if (types[i - 1] == 'i')
			ok = sqlite3_bind_int64(stmt, i, va_arg(args, int64_t)) == SQLITE_OK;
		else
			ok = bind_text(stmt, i, va_arg(args, const char *));
	}
	return ok;
}

static sqlite3_stmt *prepare(const struct db *db, char why[RECORD_WHY], const char *sql,
			     const char *types, va_list args)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db->sqlite, sql, -1, &stmt, NULL) != SQLITE_OK) {
		db_failed(db, doing_of(db), why);
		return NULL;
	}
	if (!bind_values(stmt, types, args)) {
		db_refused(db, doing_of(db), why, "out of memory, or a text is too long");
		sqlite3_finalize(stmt);
		return NULL;
	}
	return stmt;
}

sqlite3_stmt *db_prepare(const struct db *db, char why[RECORD_WHY], const char *sql,
			 const char *types, ...)
{
	va_list args;

	va_start(args, types);
	sqlite3_stmt *stmt = prepare(db, why, sql, types, args);
	va_end(args);
	return stmt;
}

/* Steps to the end, whatever rows come (pragmas give some). */
static bool run(const struct db *db, char why[RECORD_WHY], sqlite3_stmt *stmt)
{
	/* COMMIT itself counts as reading, and a failed one may have ended the transaction. */
	const char *doing = sqlite3_stmt_readonly(stmt) ? doing_of(db) : "write";
	int code;

	do
		code = sqlite3_step(stmt);
	while (code == SQLITE_ROW);
	if (code != SQLITE_DONE)
		db_failed(db, doing, why);
	sqlite3_finalize(stmt);
	return code == SQLITE_DONE;
}

bool db_run(const struct db *db, char why[RECORD_WHY], const char *sql, const char *types, ...)
{
	va_list args;

	va_start(args, types);
	sqlite3_stmt *stmt = prepare(db, why, sql, types, args);
	va_end(args);
	return stmt && run(db, why, stmt);
}

bool db_number(const struct db *db, char why[RECORD_WHY], int64_t *out, int64_t missing,
	       const char *sql, const char *types, ...)
{
	va_list args;

	va_start(args, types);
	sqlite3_stmt *stmt = prepare(db, why, sql, types, args);
	va_end(args);
	if (!stmt)
		return false;
	int code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	else if (code == SQLITE_DONE)
		*out = missing;
	else
		db_failed(db, "read", why);
	sqlite3_finalize(stmt);
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

/* ---- rows as JSON ---- */

static json_t *cell_json(sqlite3_stmt *stmt, int column)
{
	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		return json_integer(sqlite3_column_int64(stmt, column));
	case SQLITE_FLOAT:
		return json_real(sqlite3_column_double(stmt, column));
	case SQLITE_NULL:
		return json_null();
	default:
		return jsonl_text((const char *)sqlite3_column_text(stmt, column));
	}
}

static json_t *row_json(sqlite3_stmt *stmt)
{
	json_t *row = json_object();

	for (int i = 0; row && i < sqlite3_column_count(stmt); i++)
		json_object_set_new(row, sqlite3_column_name(stmt, i), cell_json(stmt, i));
	return row;
}

json_t *db_rows(const struct db *db, char why[RECORD_WHY], const char *sql, const char *types, ...)
{
	json_t *rows = json_array();
	va_list args;
	int code;

	va_start(args, types);
	sqlite3_stmt *stmt = prepare(db, why, sql, types, args);
	va_end(args);
	if (!stmt) {
		json_decref(rows);
		return NULL;
	}
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
		json_array_append_new(rows, row_json(stmt));
	if (code != SQLITE_DONE) {
		db_failed(db, "read", why);
		json_decref(rows);
		rows = NULL;
	}
	sqlite3_finalize(stmt);
	return rows;
}

/* ---- transactions ---- */

bool db_begin(const struct db *db, char why[RECORD_WHY])
{
	return db_run(db, why, "BEGIN IMMEDIATE", "");
}

void db_rollback(const struct db *db)
{
	/* After some failures SQLite has done so by itself. */
	if (!sqlite3_get_autocommit(db->sqlite))
		sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

bool db_commit(const struct db *db, char why[RECORD_WHY])
{
	if (db_run(db, why, "COMMIT", ""))
		return true;
	db_rollback(db);
	return false;
}
