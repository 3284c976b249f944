/* SPDX-License-Identifier: MIT */
/* The tables of a record, and whether a file has exactly these. */
#ifndef RECORD_SCHEMA_H
#define RECORD_SCHEMA_H

#include "record_db.h"

/* Makes the file, complete or not at all, if there is none. made: whether it did. */
bool schema_make(const char *path, bool *made, char why[RECORD_WHY]);
/* A whole new one in memory; db_close() it in any case. */
bool schema_make_in_memory(struct db *db, char why[RECORD_WHY]);
/* False: there is no record, but the journal of one. It was moved or deleted, and its numbers with it. */
bool schema_refuse_orphan(const char *path, char why[RECORD_WHY]);
/* Whether it is a record of this version with all of its triggers; changes nothing. */
bool schema_check(const struct db *db, char why[RECORD_WHY]);
/* Whether all of its pages are in order; takes a second for some hundred thousand boards. */
bool schema_check_pages(const struct db *db, char why[RECORD_WHY]);

#endif
