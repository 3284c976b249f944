/* SPDX-License-Identifier: MIT */
/* What the tests of the record share: a private folder, a recipe, a board that passes. */
#ifndef RIG_H
#define RIG_H

#include <check.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../examples/station/record.h"

struct rig {
	char dir[64];
	char path[128]; /* of the record     */
	char list[128]; /* of a serial list  */
	struct recipe recipe; /* a counter from 1 to 100, and mqtt */
	struct recipe_serial serial;
	struct recipe_image image;
	struct recipe_mqtt mqtt;
	char why[RECORD_WHY];
};

void rig_open(struct rig *rig);
/* Removes the folder with all that is in it. */
void rig_close(struct rig *rig);

/* The record, which has to open. */
struct record *rig_record(struct rig *rig);
/* Whether it is refused, with these words. */
void rig_refused(struct rig *rig, const char *words);

#define RIG_STEPS 3
/* A board with three good steps. number -1: no serial. */
struct record_board rig_board(const char *uid, int64_t number, const char *serial);
/* Takes a number and records a PASS with it. Returns the number. */
int64_t rig_pass(struct rig *rig, struct record *rec, const char *uid);
int64_t rig_take(struct rig *rig, struct record *rec, char text[RECORD_SERIAL]);

/* One number from a file, by a connection of its own: a reader beside the station. */
int64_t rig_number(const char *path, const char *sql);
/* Runs SQL as somebody with a sqlite3 shell would. NULL: it worked; else what SQLite said. */
const char *rig_sql(const char *path, const char *sql);

void rig_write(const char *path, const void *data, size_t length);
/* To be freed. */
char *rig_read(const char *path, size_t *length);
void rig_copy(const char *from, const char *to);

int rig_run(const char *name, const TTest *const *tests, double timeout);

#endif
