/* SPDX-License-Identifier: MIT */
/*
 * SQLite as the record needs it: statements with their values in one call, and every failure in
 * words that name the file.
 *
 * types has one letter for each value that follows: i for an int64_t, t for text. Text may hold any
 * bytes, NULL is ""; what is not UTF-8 is stored with its odd bytes as \xNN.
 */
#ifndef RECORD_DB_H
#define RECORD_DB_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "record.h"

enum db_mode { DB_WRITE, DB_READ };

struct db {
	sqlite3 *sqlite;
	enum db_mode mode;
	char *path; /* as SQLite opens it, links followed */
};

/* A path as SQLite understands it, links followed; to be freed. NULL: out of memory. */
char *db_plain_path(const char *path);

/* Never makes a file. False: why; db_close() is harmless then. */
bool db_open(struct db *db, const char *path, enum db_mode mode, char why[RECORD_WHY]);
void db_close(struct db *db);

/* SQLite's last failure in words: "cannot DOING the record "PATH": ...". Returns false. */
bool db_failed(const struct db *db, const char *doing, char why[RECORD_WHY]);
/* The same with a reason of ours. Returns false. */
bool db_refused(const struct db *db, const char *doing, char why[RECORD_WHY], const char *format,
		...) __attribute__((format(printf, 4, 5)));

/* To be stepped and finalized by the caller. NULL: why. */
sqlite3_stmt *db_prepare(const struct db *db, char why[RECORD_WHY], const char *sql,
			 const char *types, ...);
/* A statement that gives no rows. */
bool db_run(const struct db *db, char why[RECORD_WHY], const char *sql, const char *types, ...);
/* The first column of the first row; without a row `missing`. */
bool db_number(const struct db *db, char why[RECORD_WHY], int64_t *out, int64_t missing,
	       const char *sql, const char *types, ...);
/* All rows as an array of objects with the names of the columns. NULL: why. */
json_t *db_rows(const struct db *db, char why[RECORD_WHY], const char *sql, const char *types, ...);

bool db_begin(const struct db *db, char why[RECORD_WHY]);
/* Done, durable; or false and undone. */
bool db_commit(const struct db *db, char why[RECORD_WHY]);
void db_rollback(const struct db *db);

#endif
