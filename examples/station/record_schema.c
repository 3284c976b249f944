/* SPDX-License-Identifier: MIT */
/*
 * The tables of a record.
 *
 * A new record is made in memory and put in place complete. So a file that is there and has no
 * tables, or is empty, was damaged: to go on with it would issue serial numbers again.
 *
 * Triggers refuse to change or delete; INSERT OR REPLACE, too, which would delete without asking
 * them. They guard against mistakes; who owns the file can drop them, and then it is no record any
 * more, because it is compared with what it should be when it is opened.
 */
#include "record_schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../savefile.h"

#define APPLICATION_ID 0x53544d46 /* "STMF" */
#define SCHEMA_VERSION 1

static const char tables[] =
	/* Whose event ids these are: a new file begins with 1 again. */
	"CREATE TABLE identity (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL) STRICT;"
	"INSERT INTO identity VALUES (1, lower(hex(randomblob(16))));"
	"CREATE TABLE runs (id INTEGER PRIMARY KEY, station TEXT NOT NULL, operator TEXT NOT NULL,"
	" recipe TEXT NOT NULL, recipe_sha256 TEXT NOT NULL, stmfw TEXT NOT NULL,"
	" began_ms INTEGER NOT NULL) STRICT;"
	"CREATE TABLE images (run INTEGER NOT NULL REFERENCES runs, name TEXT NOT NULL,"
	" file TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (run, name)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE run_ends (run INTEGER PRIMARY KEY REFERENCES runs,"
	" ended_ms INTEGER NOT NULL) STRICT;"
	"CREATE TABLE boards (id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs,"
	" site TEXT NOT NULL, uid TEXT NOT NULL, chip TEXT NOT NULL, serial TEXT NOT NULL,"
	" result TEXT NOT NULL CHECK (result IN ('pass', 'fail', 'known')), reason TEXT NOT NULL,"
	" openocd TEXT NOT NULL, adapter TEXT NOT NULL, began_ms INTEGER NOT NULL,"
	" elapsed_ms INTEGER NOT NULL) STRICT;"
	"CREATE INDEX boards_by_uid ON boards (uid);"
	"CREATE INDEX boards_by_serial ON boards (serial);"
	"CREATE TABLE steps (board INTEGER NOT NULL REFERENCES boards, position INTEGER NOT NULL,"
	" name TEXT NOT NULL, kind TEXT NOT NULL, passed INTEGER NOT NULL CHECK (passed IN (0, 1)),"
	" attempts INTEGER NOT NULL, began_ms INTEGER NOT NULL, elapsed_ms INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL, reason TEXT NOT NULL, output TEXT NOT NULL,"
	" PRIMARY KEY (board, position)) STRICT, WITHOUT ROWID;"
	/* prefix and number only of a counter: with more digits it is still the same number. */
	"CREATE TABLE serials (value TEXT PRIMARY KEY, prefix TEXT, number INTEGER,"
	" board INTEGER NOT NULL UNIQUE REFERENCES boards, UNIQUE (prefix, number),"
	" CHECK ((prefix IS NULL) = (number IS NULL))) STRICT;"
	"CREATE TRIGGER serials_pass BEFORE INSERT ON serials"
	" WHEN (SELECT result FROM boards WHERE id = NEW.board) IS NOT 'pass'"
	" BEGIN SELECT RAISE(ABORT, 'only a board that passes uses up a serial number'); END;"
	"CREATE TABLE notes (id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs,"
	" site TEXT NOT NULL, at_ms INTEGER NOT NULL, what TEXT NOT NULL) STRICT;"
	"CREATE TABLE leases (id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs,"
	" prefix TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" at_ms INTEGER NOT NULL, CHECK (first <= last)) STRICT;"
	"CREATE TABLE outbox (id INTEGER PRIMARY KEY, topic TEXT NOT NULL,"
	" payload TEXT NOT NULL) STRICT;"
	"CREATE TABLE acks (event INTEGER PRIMARY KEY REFERENCES outbox,"
	" at_ms INTEGER NOT NULL) STRICT;";

/* What a new row may not have in common with one that is there. */
static const struct {
	const char *table, *same;
} guarded[] = {
	{ "identity", "id = NEW.id" },
	{ "runs", "id = NEW.id" },
	{ "images", "run = NEW.run AND name = NEW.name" },
	{ "run_ends", "run = NEW.run" },
	{ "boards", "id = NEW.id" },
	{ "steps", "board = NEW.board AND position = NEW.position" },
	{ "serials", "value = NEW.value OR board = NEW.board OR"
		     " (prefix = NEW.prefix AND number = NEW.number)" },
	{ "notes", "id = NEW.id" },
	{ "leases", "id = NEW.id OR"
		    " (prefix = NEW.prefix AND first <= NEW.last AND last >= NEW.first)" },
	{ "outbox", "id = NEW.id" },
	{ "acks", "event = NEW.event" },
};

static const char guards[] =
	"CREATE TRIGGER %s_update BEFORE UPDATE ON %s"
	" BEGIN SELECT RAISE(ABORT, 'the record is append-only: %s cannot be changed'); END;"
	"CREATE TRIGGER %s_delete BEFORE DELETE ON %s"
	" BEGIN SELECT RAISE(ABORT, 'the record is append-only: %s cannot be deleted'); END;"
	"CREATE TRIGGER %s_replace BEFORE INSERT ON %s WHEN EXISTS (SELECT 1 FROM %s WHERE %s)"
	" BEGIN SELECT RAISE(ABORT, 'the record is append-only: %s has it already'); END;";

static bool execute(sqlite3 *sqlite, char *sql)
{
	bool ok = sql && sqlite3_exec(sqlite, sql, NULL, NULL, NULL) == SQLITE_OK;

	sqlite3_free(sql);
	return ok;
}

bool schema_make_in_memory(struct db *db, char why[RECORD_WHY])
{
	db->path = strdup("new");
	bool ok = db->path && sqlite3_open(":memory:", &db->sqlite) == SQLITE_OK &&
		  execute(db->sqlite, sqlite3_mprintf("%s", tables)) &&
		  execute(db->sqlite,
			  sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = %d",
					  APPLICATION_ID, SCHEMA_VERSION));

	for (size_t i = 0; ok && i < sizeof(guarded) / sizeof(guarded[0]); i++) {
		const char *t = guarded[i].table;

		ok = execute(db->sqlite, sqlite3_mprintf(guards, t, t, t, t, t, t, t, t, t,
							 guarded[i].same, t));
	}
	return ok || db_failed(db, "make", why);
}

/* ---- a new file ---- */

static bool save(const char *path, const void *data, size_t length, char why[RECORD_WHY])
{
	struct savefile file;
	char reason[SAVEFILE_WHY], part[4200];

	/* Left by one that was cut off; the lock says that nobody is at it. */
	snprintf(part, sizeof(part), "%s.part", path);
	unlink(part);
	bool ok = savefile_begin(&file, path, false, data, length, reason) &&
		  savefile_commit(&file, reason);
	savefile_abandon(&file);
	if (!ok)
		snprintf(why, RECORD_WHY, "cannot make the record: %.400s", reason);
	return ok;
}

bool schema_refuse_orphan(const char *path, char why[RECORD_WHY])
{
	char journal[4200];

	snprintf(journal, sizeof(journal), "%s-wal", path);
	if (access(journal, F_OK) != 0)
		return true;
	snprintf(why, RECORD_WHY,
		 "the record \"%.200s\" is missing, but what was recorded last is there, in "
		 "\"-wal\" behind the same name. Put the record back, or move that file away, too",
		 path);
	return false;
}

bool schema_make(const char *path, bool *made, char why[RECORD_WHY])
{
	struct db memory = { 0 };
	sqlite3_int64 length = 0;

	*made = false;
	if (access(path, F_OK) == 0)
		return true;
	if (errno != ENOENT) {
		snprintf(why, RECORD_WHY, "cannot open the record \"%.200s\": %s", path,
			 strerror(errno));
		return false;
	}
	if (!schema_refuse_orphan(path, why))
		return false;
	bool ok = schema_make_in_memory(&memory, why);
	unsigned char *data = ok ? sqlite3_serialize(memory.sqlite, "main", &length, 0) : NULL;
	if (ok && !data)
		ok = db_refused(&memory, "make", why, "out of memory");
	*made = ok = ok && save(path, data, (size_t)length, why);
	sqlite3_free(data);
	db_close(&memory);
	return ok;
}

/* ---- an existing one ---- */

static bool check_version(const struct db *db, char why[RECORD_WHY])
{
	int64_t application, version;

	if (!db_number(db, why, &application, 0, "PRAGMA application_id", "") ||
	    !db_number(db, why, &version, 0, "PRAGMA user_version", ""))
		return false;
	if (application != APPLICATION_ID)
		return db_refused(db, "use", why,
				  "it is damaged, or no record of a station. It stays "
				  "as it is; name another file");
	if (version != SCHEMA_VERSION)
		return db_refused(db, "use", why,
				  "it has version %lld, this program writes version "
				  "%d. Use the program that made it, or begin a new "
				  "file",
				  (long long)version, SCHEMA_VERSION);
	return true;
}

/* All definitions, one below the other; to be freed by json_decref(). */
static json_t *definitions(const struct db *db, char why[RECORD_WHY])
{
	return db_rows(db, why,
		       "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' "
		       "ORDER BY name",
		       "");
}

static bool check_definitions(const struct db *db, char why[RECORD_WHY])
{
	struct db memory = { 0 };
	json_t *found = definitions(db, why);
	json_t *expected = NULL;

	if (found && schema_make_in_memory(&memory, why))
		expected = definitions(&memory, why);
	bool ok = expected != NULL;
	if (ok && !json_equal(found, expected))
		ok = db_refused(db, "use", why,
				"its tables or triggers are not what they were when it "
				"was made, so what it says cannot be trusted. It stays "
				"as it is; go on with a backup of it");
	json_decref(found);
	json_decref(expected);
	db_close(&memory);
	return ok;
}

bool schema_check(const struct db *db, char why[RECORD_WHY])
{
	return check_version(db, why) && check_definitions(db, why);
}

bool schema_check_pages(const struct db *db, char why[RECORD_WHY])
{
	json_t *rows =
		db_rows(db, why, "SELECT quick_check AS finding FROM pragma_quick_check(1)", "");

	if (!rows)
		return false;
	const char *finding =
		json_string_value(json_object_get(json_array_get(rows, 0), "finding"));
	bool ok = finding && strcmp(finding, "ok") == 0;
	if (!ok)
		db_refused(db, "use", why,
			   "it is damaged (%.100s). It stays as it is: keep it, and go "
			   "on with a backup of it",
			   finding ? finding : "no answer");
	json_decref(rows);
	return ok;
}
