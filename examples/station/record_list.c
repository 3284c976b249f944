/* SPDX-License-Identifier: MIT */
/*
 * A list of serial numbers, as the record counts by it: line 1 is number 1. It is read when the record
 * is opened. Whose text has passed with a board is used up.
 */
#include "record_own.h"

#include <stdio.h>
#include <stdlib.h>

static bool mark_used(struct record *rec, char why[RECORD_WHY])
{
	struct serials *s = &rec->serials;
	int64_t used = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < s->list.count; i++) {
		ok = db_number(&rec->db, why, &used, 0, "SELECT 1 FROM serials WHERE value = ?1",
			       "t", s->list.lines[i]);
		s->used[i] = used == 1;
		s->left -= s->used[i];
	}
	return ok;
}

bool serials_open_list(struct record *rec, char why[RECORD_WHY])
{
	struct serials *s = &rec->serials;
	char reason[SERIAL_WHY];

	if (!serial_list_read(&s->list, rec->recipe->serial, reason)) {
		snprintf(why, RECORD_WHY, "the serial number list \"%.200s\": %s",
			 rec->recipe->serial->file, reason);
		return false;
	}
	s->used = calloc(s->list.count, sizeof(*s->used));
	return (s->used || serials_out_of_memory(why)) &&
	       serials_add_range(rec, 1, (int64_t)s->list.count, why) && mark_used(rec, why);
}
