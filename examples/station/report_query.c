/* SPDX-License-Identifier: MIT */
/*
 * What is asked of a record, as JSON; SQL does the counting.
 *
 * The boards in question are the same in all of it: the table `chosen`, filled once.
 */
#include "report.h"

#include "../jsonl.h"

#define UTC(ms) "strftime('%Y-%m-%dT%H:%M:%SZ', " ms " / 1000, 'unixepoch')"

/* Of the boards that passed or failed; known ones were not in work. Four digits, never rounded up. */
#define YIELD                                                                                 \
	"sum(b.result = 'pass') * 10000 / nullif(sum(b.result <> 'known'), 0) / 10000.0 AS yield"
#define COUNTS                                                                                \
	"coalesce(sum(b.result = 'pass'), 0) AS passed,"                                      \
	" coalesce(sum(b.result = 'fail'), 0) AS failed,"                                     \
	" coalesce(sum(b.result = 'known'), 0) AS known, " YIELD

/* The step that it failed with. */
#define FAILED_STEP                                                                           \
	"coalesce((SELECT name FROM steps WHERE board = b.id AND NOT passed"                  \
	" ORDER BY position LIMIT 1), '')"

/*
 * Parameters: 1 since, 2 uid, 3 serial; "" is any. A serial number means the board that passed with
 * it and all of its visits; if none has, those that failed with it.
 */
#define CHOSEN                                                                                \
	" b.began_ms >= ?1 AND (?2 = '' OR b.uid = ?2 COLLATE NOCASE) AND (?3 = ''"           \
	" OR b.id IN (SELECT id FROM boards WHERE serial = ?3 AND result = 'pass')"           \
	" OR b.uid IN (SELECT uid FROM boards WHERE serial = ?3 AND result = 'pass'"          \
	" AND uid <> '') OR (b.serial = ?3 AND NOT EXISTS"                                    \
	" (SELECT 1 FROM boards WHERE serial = ?3 AND result = 'pass')))"

static json_t *ask(const struct db *db, const struct report_query *q, char why[RECORD_WHY],
		   const char *sql)
{
	return db_rows(db, why, sql, "itt", q->since_ms, q->uid, q->serial);
}

/* Puts the answer into doc. False: why. */
static bool add(json_t *doc, const char *key, const struct db *db, const struct report_query *q,
		char why[RECORD_WHY], const char *sql)
{
	json_t *rows = ask(db, q, why, sql);

	return rows && json_object_set_new(doc, key, rows) == 0;
}

/* The only row as an object. */
static bool add_object(json_t *doc, const char *key, const struct db *db,
		       const struct report_query *q, char why[RECORD_WHY], const char *sql)
{
	json_t *rows = ask(db, q, why, sql);
	bool ok = rows && json_object_set(doc, key, json_array_get(rows, 0)) == 0;

	json_decref(rows);
	return ok;
}

/* The only row's values directly into doc. */
static bool add_values(json_t *doc, const struct db *db, const struct report_query *q,
		       char why[RECORD_WHY], const char *sql)
{
	json_t *rows = ask(db, q, why, sql);
	bool ok = rows && json_object_update(doc, json_array_get(rows, 0)) == 0;

	json_decref(rows);
	return ok;
}

/* ---- all boards ---- */

static const char sql_counts[] =
	"SELECT count(*) AS boards, " COUNTS ", " UTC("min(b.began_ms)") " AS first, "
	UTC("max(b.began_ms)") " AS last, count(DISTINCT run) AS runs,"
	" (SELECT count(*) FROM serials JOIN boards b ON b.id = board WHERE" CHOSEN ")"
	" AS serials_used FROM boards b WHERE" CHOSEN;

static const char sql_sites[] =
	"SELECT station, site, " COUNTS " FROM boards b JOIN runs ON runs.id = run WHERE" CHOSEN
	" GROUP BY station, site ORDER BY station, site";

/* In the order of their medians, the slowest first. */
static const char sql_steps[] =
	"WITH s AS (SELECT s.*, b.site, row_number() OVER w AS place, count(*) OVER n AS times"
	" FROM steps s JOIN boards b ON b.id = s.board WHERE" CHOSEN
	" WINDOW n AS (PARTITION BY s.name), w AS (PARTITION BY s.name ORDER BY s.elapsed_ms))"
	" SELECT name, count(*) AS times, sum(NOT passed) AS failed,"
	" max(elapsed_ms) FILTER (WHERE place = (times + 1) / 2) AS median_ms,"
	" max(elapsed_ms) AS worst_ms,"
	" (SELECT board FROM s AS x WHERE x.name = s.name ORDER BY elapsed_ms DESC LIMIT 1)"
	" AS worst_board, sum(attempts) - count(*) AS repeats"
	" FROM s GROUP BY name ORDER BY median_ms DESC, name";

/* Reason and time of each kind are those of the last board: SQLite takes them from max()'s row. */
#define FAILURES                                                                          \
	"SELECT " FAILED_STEP                                                             \
	" AS step, b.reason, count(*) AS times, max(b.id) AS last_board, " UTC(           \
		"b.began_ms") " AS last FROM boards b WHERE b.result = 'fail' AND" CHOSEN \
			      " GROUP BY 1, gist(b.reason) ORDER BY times DESC, last_board DESC"

static const char sql_failures[] = FAILURES " LIMIT 20";

static const char sql_other_failures[] =
	"SELECT count(*) AS kinds, coalesce(sum(times), 0) AS times"
	" FROM (" FAILURES " LIMIT -1 OFFSET 20)";

static const char sql_notes[] =
	"SELECT " UTC("at_ms") " AS at, at_ms, site, what FROM notes"
	" WHERE at_ms >= ?1 AND ?2 = ?2 AND ?3 = ?3 ORDER BY id DESC LIMIT 20";

json_t *report_summary(const struct db *db, const struct report_query *q, char why[RECORD_WHY])
{
	json_t *doc = json_object();

	if (q->since_ms)
		json_object_set_new(doc, "since_ms", json_integer(q->since_ms));
	if (!report_know_reasons(db, why) || !add_values(doc, db, q, why, sql_counts) ||
	    !add(doc, "sites", db, q, why, sql_sites) ||
	    !add(doc, "steps", db, q, why, sql_steps) ||
	    !add(doc, "failures", db, q, why, sql_failures) ||
	    !add_object(doc, "other_failures", db, q, why, sql_other_failures) ||
	    !add(doc, "notes", db, q, why, sql_notes)) {
		json_decref(doc);
		return NULL;
	}
	const json_t *slowest = json_array_get(json_object_get(doc, "steps"), 0);
	json_t *name = json_object_get(slowest, "name");
	json_object_set(doc, "slowest", name ? name : json_null());
	return doc;
}

/* ---- one by one ---- */

static const char sql_boards[] = "SELECT b.id AS board, " UTC(
	"b.began_ms") " AS began, station, operator, site, uid, chip,"
		      " serial, result, " FAILED_STEP " AS failed_step, reason, elapsed_ms,"
		      " (SELECT coalesce(sum(bytes), 0) FROM steps WHERE board = b.id) AS bytes,"
		      " (SELECT coalesce(sum(attempts), 0) FROM steps WHERE board = b.id) AS attempts, openocd,"
		      " adapter, recipe, recipe_sha256, run, b.began_ms,"
		      " (SELECT coalesce(group_concat(name || ' ' || sha256, '; '), '') FROM images"
		      " WHERE run = b.run AND result <> 'known') AS images FROM boards b JOIN runs ON runs.id = run"
		      " WHERE" CHOSEN " ORDER BY b.id";

json_t *report_boards(const struct db *db, const struct report_query *q, char why[RECORD_WHY])
{
	return ask(db, q, why, sql_boards);
}

static json_t *steps_of(const struct db *db, int64_t board, char why[RECORD_WHY])
{
	return db_rows(db, why,
		       "SELECT name, kind, CASE passed WHEN 1 THEN 'pass' ELSE 'fail' END AS"
		       " result, attempts, began_ms, elapsed_ms, bytes, reason, output FROM steps"
		       " WHERE board = ?1 ORDER BY position", "i", board);
}

/* What the recipe had for it. Nothing was done to one that was known. */
static json_t *images_of(const struct db *db, int64_t board, char why[RECORD_WHY])
{
	return db_rows(db, why,
		       "SELECT name, file, sha256 FROM images JOIN boards USING (run)"
		       " WHERE id = ?1 AND result <> 'known' ORDER BY name",
		       "i", board);
}

json_t *report_history(const struct db *db, const struct report_query *q, char why[RECORD_WHY])
{
	json_t *boards = report_boards(db, q, why);
	size_t i;
	json_t *board;

	json_array_foreach(boards, i, board) {
		int64_t id = json_integer_value(json_object_get(board, "board"));

		/* Where a spreadsheet has one cell, the history has a list. */
		if (json_object_set_new(board, "images", images_of(db, id, why)) != 0 ||
		    json_object_set_new(board, "steps", steps_of(db, id, why)) != 0) {
			json_decref(boards);
			return NULL;
		}
	}
	return boards ? json_pack("{s:o}", "boards", boards) : NULL;
}
