/* SPDX-License-Identifier: MIT */
/* What the files of the record know of each other. */
#ifndef RECORD_OWN_H
#define RECORD_OWN_H

#include "record_db.h"
#include "record_lock.h"
#include "serial_list.h"

/* Numbers first to last. All below low are used up. */
struct serial_range {
	int64_t first, last, low;
};

struct serials {
	struct serial_range *ranges; /* ascending */
	size_t range_count;
	struct serial_list list; /* number 1 is lines[0] */
	bool *used; /* of the list's lines  */
	int64_t *held;
	size_t held_count;
	uint64_t left;
};

struct record {
	struct db db;
	struct record_lock lock;
	const struct recipe *recipe;
	struct serials serials;
	bool is_new;
	char identity[33];
	int64_t run; /* 0: it has not begun, or has ended     */
	int64_t acknowledged; /* all events up to this one are, surely */
};

uint64_t record_now_ms(void);

/* ---- serials: record_serial.c ---- */

bool serials_open(struct record *rec, char why[RECORD_WHY]);
void serials_close(struct record *rec);
/* Whether a board may pass with the number that it says. */
bool serials_may_pass(struct record *rec, const struct record_board *board, char why[RECORD_WHY]);
/* Within the transaction of that board. */
bool serials_insert(struct record *rec, const struct record_board *board, int64_t row,
		    char why[RECORD_WHY]);
/* After it. */
void serials_passed(struct record *rec, const struct record_board *board);
/* Numbers that may be given out, besides those that are there. */
bool serials_add_range(struct record *rec, int64_t first, int64_t last, char why[RECORD_WHY]);
/* False. */
bool serials_out_of_memory(char why[RECORD_WHY]);

/* ---- those of a list: record_list.c ---- */

/* Reads it, and adds its lines. */
bool serials_open_list(struct record *rec, char why[RECORD_WHY]);

/* ---- events: record_events.c; each within the transaction of what it tells ---- */

bool events_add_run(struct record *rec, const char *what, char why[RECORD_WHY]);
bool events_add_board(struct record *rec, const struct record_board *board, int64_t row,
		      char why[RECORD_WHY]);
bool events_add_note(struct record *rec, const char *site, const char *what, char why[RECORD_WHY]);

/* Ends a transaction: commits what was written, or rolls back. */
bool record_finish(struct record *rec, bool written, char why[RECORD_WHY]);
const char *record_result_name(enum record_result result);

#endif
