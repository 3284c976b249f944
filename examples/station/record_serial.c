/* SPDX-License-Identifier: MIT */
/*
 * Serial numbers.
 *
 *     free --take--> held --PASS is recorded--> used up
 *       ^-----------give back, or the process ends
 *
 * Held is only in memory, used up only in the file: so a number is lost by no failure, and whatever
 * ends the process gives back what it held.
 *
 * What is used up is the text. A counter's number is, too, with its prefix: the same number with
 * more digits would be another text.
 */
#include "record_own.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serial.h"

static bool is_list(const struct record *rec)
{
	return rec->recipe->serial && rec->recipe->serial->source == SERIAL_LIST;
}

static bool is_counter(const struct record *rec)
{
	return rec->recipe->serial && rec->recipe->serial->source == SERIAL_COUNTER;
}

bool serials_out_of_memory(char why[RECORD_WHY])
{
	snprintf(why, RECORD_WHY, "out of memory");
	return false;
}

static const char *prefix_of(const struct record *rec)
{
	const char *prefix = rec->recipe->serial->prefix;

	return prefix ? prefix : "";
}

/* The text of a number that lies in one of the ranges. False: why. */
static bool text_of(const struct record *rec, int64_t number, char text[RECORD_SERIAL],
		    char why[RECORD_WHY])
{
	struct serial serial;

	if (is_list(rec)) {
		snprintf(text, RECORD_SERIAL, "%s", rec->serials.list.lines[number - 1]);
		return true;
	}
	if (!serial_from_number(&serial, rec->recipe->serial, number, why))
		return false;
	snprintf(text, RECORD_SERIAL, "%s", serial.text);
	return true;
}

/* ---- what is held ---- */

static size_t find_held(const struct serials *s, int64_t number)
{
	size_t i = 0;

	while (i < s->held_count && s->held[i] != number)
		i++;
	return i;
}

static bool is_held(const struct serials *s, int64_t number)
{
	return find_held(s, number) < s->held_count;
}

static bool hold(struct serials *s, int64_t number)
{
	int64_t *held = realloc(s->held, (s->held_count + 1) * sizeof(*held));

	if (!held)
		return false;
	s->held = held;
	held[s->held_count++] = number;
	s->left--;
	return true;
}

static bool drop(struct serials *s, int64_t number)
{
	size_t i = find_held(s, number);

	if (i == s->held_count)
		return false;
	s->held[i] = s->held[--s->held_count];
	return true;
}

/* ---- ranges ---- */

/* Where the numbers from `first` on that are used up without a hole end. */
static bool find_low(const struct record *rec, struct serial_range *range, char why[RECORD_WHY])
{
	sqlite3_stmt *stmt = db_prepare(&rec->db, why,
					"SELECT number FROM serials WHERE prefix = ?1 AND"
					" number BETWEEN ?2 AND ?3 ORDER BY number",
					"tii", prefix_of(rec), range->first, range->last);
	int code = SQLITE_ERROR;

	range->low = range->first;
	while (stmt && (code = sqlite3_step(stmt)) == SQLITE_ROW &&
	       sqlite3_column_int64(stmt, 0) == range->low)
		range->low++;
	if (stmt && code != SQLITE_ROW && code != SQLITE_DONE)
		db_failed(&rec->db, "read", why);
	sqlite3_finalize(stmt);
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool serials_add_range(struct record *rec, int64_t first, int64_t last, char why[RECORD_WHY])
{
	struct serials *s = &rec->serials;
	struct serial_range range = { first, last, first };
	int64_t used = 0;

	if (is_counter(rec) &&
	    (!find_low(rec, &range, why) ||
	     !db_number(
		     &rec->db, why, &used, 0,
		     "SELECT count(*) FROM serials WHERE prefix = ?1 AND number BETWEEN ?2 AND ?3",
		     "tii", prefix_of(rec), first, last)))
		return false;
	struct serial_range *ranges = realloc(s->ranges, (s->range_count + 1) * sizeof(*s->ranges));
	if (!ranges)
		return serials_out_of_memory(why);
	s->ranges = ranges;
	size_t i = s->range_count++;
	for (; i > 0 && ranges[i - 1].first > first; i--)
		ranges[i] = ranges[i - 1];
	ranges[i] = range;
	s->left += (uint64_t)(last - first) + 1 - (uint64_t)used;
	return true;
}

/* ---- a counter ---- */

static bool open_leases(struct record *rec, char why[RECORD_WHY])
{
	sqlite3_stmt *stmt =
		db_prepare(&rec->db, why, "SELECT first, last FROM leases WHERE prefix = ?1", "t",
			   prefix_of(rec));
	int code = SQLITE_ERROR;
	bool ok = stmt != NULL;

	while (ok && (code = sqlite3_step(stmt)) == SQLITE_ROW)
		ok = serials_add_range(rec, sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
			       why);
	if (ok && code != SQLITE_DONE)
		ok = db_failed(&rec->db, "read", why);
	sqlite3_finalize(stmt);
	return ok;
}

static bool open_counter(struct record *rec, char why[RECORD_WHY])
{
	const struct recipe_serial *serial = rec->recipe->serial;

	if (serial->lease)
		return open_leases(rec, why);
	if (serial->first > serial->last || serial->last >= INT64_MAX) {
		snprintf(why, RECORD_WHY,
			 "serial numbers from %" PRIu64 " to %" PRIu64 " are no range that can be "
			 "counted",
			 serial->first, serial->last);
		return false;
	}
	return serials_add_range(rec, (int64_t)serial->first, (int64_t)serial->last, why);
}

bool record_add_lease(struct record *rec, int64_t first, int64_t last, char why[RECORD_WHY])
{
	if (!is_counter(rec) || !rec->recipe->serial->lease)
		return db_refused(&rec->db, "add serial numbers to", why,
				  "the recipe has no lease for them");
	if (first < 0 || first > last || last == INT64_MAX)
		return db_refused(&rec->db, "add serial numbers to", why,
				  "%" PRId64 " to %" PRId64 " is no block", first, last);
	return db_run(&rec->db, why,
		      "INSERT INTO leases (run, prefix, first, last, at_ms)"
		      " VALUES (?1, ?2, ?3, ?4, ?5)",
		      "itiii", rec->run, prefix_of(rec), first, last, (int64_t)record_now_ms()) &&
	       serials_add_range(rec, first, last, why);
}

bool record_has_lease(const struct record *rec, int64_t first, int64_t last)
{
	const struct serials *s = &rec->serials;

	for (size_t i = 0; i < s->range_count; i++)
		if (s->ranges[i].first == first && s->ranges[i].last == last)
			return true;
	return false;
}

/* ---- all of them ---- */

bool serials_open(struct record *rec, char why[RECORD_WHY])
{
	if (is_counter(rec))
		return open_counter(rec, why);
	if (is_list(rec))
		return serials_open_list(rec, why);
	rec->serials.left = UINT64_MAX;
	return true;
}

void serials_close(struct record *rec)
{
	struct serials *s = &rec->serials;

	serial_list_free(&s->list);
	free(s->used);
	free(s->ranges);
	free(s->held);
	memset(s, 0, sizeof(*s));
}

/* ---- take and give back ---- */

enum use { USE_FREE, USE_UP, USE_UNKNOWN /* why */ };

/* Its text belongs to another number: a mistake in the recipe, not one number less. */
static enum use text_is_taken(const struct record *rec, int64_t number, const char *text,
			      int64_t board, char why[RECORD_WHY])
{
	db_refused(&rec->db, "take a serial number from", why,
		   "number %" PRId64 " would be \"%.60s\", but board %" PRId64
		   " has passed with that "
		   "text. Use another prefix, or more digits",
		   number, text, board);
	return USE_UNKNOWN;
}

static enum use use_of(const struct record *rec, int64_t number, char why[RECORD_WHY])
{
	char text[RECORD_SERIAL];
	int64_t board = 0, by_number = 0;

	if (is_list(rec))
		return rec->serials.used[number - 1] ? USE_UP : USE_FREE;
	if (!text_of(rec, number, text, why))
		return USE_UNKNOWN;
	if (!db_number(&rec->db, why, &by_number, 0,
		       "SELECT board FROM serials WHERE prefix = ?1 AND number = ?2", "ti",
		       prefix_of(rec), number) ||
	    !db_number(&rec->db, why, &board, 0, "SELECT board FROM serials WHERE value = ?1", "t",
		       text))
		return USE_UNKNOWN;
	if (by_number)
		return USE_UP;
	return board ? text_is_taken(rec, number, text, board, why) : USE_FREE;
}

/* Its lowest free one into *number. False: none, or why. */
static bool lowest_free(const struct record *rec, struct serial_range *range, int64_t *number,
			char why[RECORD_WHY])
{
	for (int64_t n = range->low; n <= range->last; n++) {
		if (is_held(&rec->serials, n))
			continue;
		enum use use = use_of(rec, n, why);
		if (use == USE_FREE)
			*number = n;
		if (use != USE_UP)
			return use == USE_FREE;
		if (n == range->low)
			range->low++;
	}
	return false;
}

bool record_take_serial(struct record *rec, int64_t *number, char text[RECORD_SERIAL],
			char why[RECORD_WHY])
{
	struct serials *s = &rec->serials;

	why[0] = '\0';
	for (size_t i = 0; i < s->range_count; i++) {
		if (lowest_free(rec, &s->ranges[i], number, why)) {
			if (!text_of(rec, *number, text, why))
				return false;
			return hold(s, *number) || serials_out_of_memory(why);
		}
		if (why[0])
			return false;
	}
	return false;
}

void record_give_back_serial(struct record *rec, int64_t number)
{
	if (drop(&rec->serials, number))
		rec->serials.left++;
}

uint64_t record_serials_left(struct record *rec)
{
	return rec->serials.left;
}

/* ---- used up ---- */

#define PASS "write a PASS to"

/* One of another source may come again, but only for the same board. */
static bool may_pass_with_text(struct record *rec, const struct record_board *b,
			       char why[RECORD_WHY])
{
	struct record_known known;

	if (is_counter(rec) || is_list(rec) || (rec->recipe->serial && !b->serial[0]))
		return db_refused(&rec->db, PASS, why, "it has no serial number");
	if (!record_find_serial(rec, b->serial, &known, why))
		return why[0] == '\0';
	if (b->uid[0] && strcmp(known.uid, b->uid) == 0)
		return true;
	return db_refused(&rec->db, PASS, why,
			  "serial number \"%.60s\" is used up already: board %" PRId64
			  " has passed "
			  "with it",
			  b->serial, known.id);
}

bool serials_may_pass(struct record *rec, const struct record_board *b, char why[RECORD_WHY])
{
	char text[RECORD_SERIAL];

	if (b->serial_number < 0)
		return may_pass_with_text(rec, b, why);
	if (!is_held(&rec->serials, b->serial_number))
		return db_refused(&rec->db, PASS, why,
				  "serial number %" PRId64 " was not taken for it, or is used up "
				  "already",
				  b->serial_number);
	if (!text_of(rec, b->serial_number, text, why))
		return false;
	if (strcmp(text, b->serial) != 0)
		return db_refused(&rec->db, PASS, why, "serial number %" PRId64 " is not \"%.60s\"",
				  b->serial_number, b->serial);
	return true;
}

bool serials_insert(struct record *rec, const struct record_board *b, int64_t row,
		    char why[RECORD_WHY])
{
	if (b->serial_number < 0)
		return db_run(&rec->db, why,
			      "INSERT INTO serials SELECT ?1, NULL, NULL, ?2 WHERE ?1 <> ''"
			      " AND NOT EXISTS (SELECT 1 FROM serials WHERE value = ?1)",
			      "ti", b->serial, row);
	if (is_list(rec))
		return db_run(&rec->db, why, "INSERT INTO serials VALUES (?1, NULL, NULL, ?2)",
			      "ti", b->serial, row);
	return db_run(&rec->db, why, "INSERT INTO serials VALUES (?1, ?2, ?3, ?4)", "ttii",
		      b->serial, prefix_of(rec), b->serial_number, row);
}

void serials_passed(struct record *rec, const struct record_board *b)
{
	if (b->serial_number < 0)
		return;
	drop(&rec->serials, b->serial_number);
	if (is_list(rec))
		rec->serials.used[b->serial_number - 1] = true;
}
