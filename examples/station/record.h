/* SPDX-License-Identifier: MIT */
/*
 * The record: what was done to which board, in one SQLite file.
 *
 * A board is written in one transaction, with its steps, its serial number and what is to be
 * published: all of it or nothing, whenever the power fails. Only once record_board() has returned
 * true may anybody be told PASS. Nothing is ever changed or deleted: triggers refuse it.
 *
 * One station at a time has a record open (a lock that ends with the process).
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recipe.h"

#define RECORD_WHY 512
#define RECORD_SERIAL 128 /* room for a serial number as text */

struct record;

enum record_result { RESULT_PASS, RESULT_FAIL, RESULT_KNOWN /* has passed before: nothing done */ };

struct record_step {
	const char *name;
	const char *kind;
	bool passed;
	unsigned int attempts;
	uint64_t began_ms;   /* since the epoch */
	uint64_t elapsed_ms;
	uint64_t bytes;
	const char *reason;  /* of a failure, one line; "" */
	const char *output;  /* of exec; ""                */
};

struct record_board {
	const char *site;
	const char *uid;     /* hex; "" if there is none or it is not known */
	const char *chip;    /* "STM32F10x medium-density, device 0x410 ..." */
	const char *serial;  /* as text; "": none                            */
	int64_t serial_number; /* as record_take_serial() gave it; -1: none  */
	enum record_result result;
	const char *reason;  /* one line; "" if it passed */
	const char *openocd; /* version                    */
	const char *adapter; /* serial of the probe; ""    */
	uint64_t began_ms;
	uint64_t elapsed_ms;
	const struct record_step *steps;
	size_t step_count;
};

/*
 * Opens or makes it, and writes the begin of a run. r has to last as long as the record.
 * False: why; what is damaged, of another version or in use by another process is refused and left
 * as it is.
 */
bool record_open(struct record **out, const struct recipe *r, const char *operator_name,
		 char why[RECORD_WHY]);
/* Writes the end of the run; after it nothing can be recorded, but events still be published. */
void record_end(struct record *rec);
/* The same if nobody has, and closes. NULL is fine. */
void record_close(struct record *rec);
/* 32 hex digits by which others know this file; a new one has others. Valid until it is closed. */
const char *record_identity(const struct record *rec);
/* No file was there: serial numbers begin with the first one. Worth a word to the operator. */
bool record_is_new(const struct record *rec);

/*
 * All of it, or nothing and false. id, may be NULL: the number of the board's row.
 *
 * A PASS is refused if a step of it has failed or there is none, if its serial number is not held
 * or is not the text that belongs to it, if a counter or list should have given one, or if another
 * UID has passed with the same text. After false the board has to be told and recorded as FAIL; a
 * number that it took is still held.
 */
bool record_board(struct record *rec, const struct record_board *board, int64_t *id,
		  char why[RECORD_WHY]);
/* Right after record_board() has returned false: somebody else has the file locked. It may be asked
   again with the same board. */
bool record_is_busy(const struct record *rec);

#define RECORD_LOCKED   "locked"
#define RECORD_RELEASED "released"
#define RECORD_AGAIN    "begun again: board " /* and the id of its last PASS */
/* An event without a board: a site locked or released, an image changed, a board begun again. */
bool record_note(struct record *rec, const char *site, const char *what, char why[RECORD_WHY]);

/* Whether a site was locked and not released since, in whatever run. */
bool record_is_locked(struct record *rec, const char *site);

/* ---- serial numbers: taken in memory, used up by record_board() with a PASS ---- */

/*
 * The lowest number that no board has passed with and nobody holds, and its text: that of a counter
 * in the format of the recipe (prefix and digits; decimal; hex), or the line of a list. False:
 * there is none left (why empty), or why.
 *
 * A list is read when the record is opened. Numbers are its lines, from 1; empty lines have none. A
 * line is used up when its text is, so the list may be changed between two runs.
 */
bool record_take_serial(struct record *rec, int64_t *number, char text[RECORD_SERIAL],
			char why[RECORD_WHY]);
/* It was not used: the next board gets it. Call it once, after each board that did not pass. */
void record_give_back_serial(struct record *rec, int64_t number);
/* Numbers that are left and that nobody holds. UINT64_MAX: no end. */
uint64_t record_serials_left(struct record *rec);
/*
 * A block of numbers that this station may use, from the shared pool; remembered for later runs.
 * With `lease` in the recipe there are no others, first and last do not count. False: why; a block
 * that overlaps another one is refused.
 */
bool record_add_lease(struct record *rec, int64_t first, int64_t last, char why[RECORD_WHY]);
/* Whether it has exactly this block. */
bool record_has_lease(const struct record *rec, int64_t first, int64_t last);

/* ---- what is known ---- */

struct record_known {
	int64_t id;
	uint64_t when_ms;    /* its end, since the epoch */
	char uid[64];
	char serial[RECORD_SERIAL];
	char site[64];
};

/*
 * The last PASS of that UID after which the board was not begun again, as a note says
 * (RECORD_AGAIN): else it holds something else. False: none (why empty), or why.
 */
bool record_find_pass(struct record *rec, const char *uid, struct record_known *out,
		      char why[RECORD_WHY]);
/* The board that passed with that serial number: ask before one of another source is used. */
bool record_find_serial(struct record *rec, const char *serial, struct record_known *out,
			char why[RECORD_WHY]);

/* ---- what is to be published ---- */

/* With `mqtt` in the recipe: each run's begin and end, each board, each note. */
struct record_event {
	int64_t id;          /* ascends without holes, never twice in one record        */
	char *topic;         /* behind the recipe's: "site/A/board", "station/run"      */
	char *payload;       /* JSON. `record` and `id` in it: receivers count each once */
};

/* The oldest that is not acknowledged and younger than `after`. False: none (why empty), or why.
   Free both strings. */
bool record_next_event(struct record *rec, int64_t after, struct record_event *out,
		       char why[RECORD_WHY]);
/* Again is fine. */
bool record_acknowledge_event(struct record *rec, int64_t id, char why[RECORD_WHY]);
/* Several: all or none, with one write to the disk. */
bool record_acknowledge_events(struct record *rec, const int64_t *ids, size_t count,
			       char why[RECORD_WHY]);
/* How many are not acknowledged. */
bool record_events_left(struct record *rec, int64_t *count, char why[RECORD_WHY]);
/* A name as one level of a topic: '/', '+', '#' and what is not printable become '_'. */
void record_topic_word(char *out, size_t cap, const char *name);

#endif
