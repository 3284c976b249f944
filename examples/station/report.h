/* SPDX-License-Identifier: MIT */
/* stmfw-station report: what a record says. */
#ifndef REPORT_H
#define REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "record_db.h"

/* The whole command; argv[0] is "report". Returns the exit code. */
int report_main(int argc, char **argv);

/* Which boards. uid and serial: NULL is any. */
struct report_query {
	const char *uid, *serial;
	int64_t since_ms; /* since the epoch; 0: from the beginning */
};

/* Documents; NULL: why. */
json_t *report_summary(const struct db *db, const struct report_query *q, char why[RECORD_WHY]);
/* SQL's gist(reason): the same for failures of one kind. */
bool report_know_reasons(const struct db *db, char why[RECORD_WHY]);
/* Each visit of the boards with its steps, the oldest first. */
json_t *report_history(const struct db *db, const struct report_query *q, char why[RECORD_WHY]);
/* One row for each board that was in work, for a spreadsheet. */
json_t *report_boards(const struct db *db, const struct report_query *q, char why[RECORD_WHY]);

/* The same for people, on stdout. */
void report_show_summary(const json_t *doc);
void report_show_history(const json_t *doc);
void report_write_csv(const json_t *boards);

#endif
