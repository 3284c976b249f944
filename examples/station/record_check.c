/* SPDX-License-Identifier: MIT */
/* Could a run use the record, and are there numbers for its boards? Only looked at, also beside a run. */
#include "record_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../text.h"
#include "record_own.h"
#include "record_schema.h"

struct check {
	struct record record; /* of which only the file is open, if there is one */
	struct faults *faults;
};

/* What is no file of ours to open has been told by recipe_check(). */
static bool is_unusable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (!S_ISREG(st.st_mode) || access(path, R_OK | W_OK) != 0);
}

/* One that is not there yet is as it will be when it is made. */
static bool open_to_look(struct check *c, char why[RECORD_WHY])
{
	const char *path = c->record.recipe->record;
	struct db *db = &c->record.db;

	if (access(path, F_OK) != 0)
		return schema_refuse_orphan(path, why) && schema_make_in_memory(db, why);
	return db_open(db, path, DB_READ, why) && schema_check(db, why) &&
	       schema_check_pages(db, why);
}

/* If not, that has been told, too. */
static bool is_readable(const struct recipe_serial *s)
{
	struct serial_list list;
	char why[SERIAL_WHY];

	if (s->source != SERIAL_LIST)
		return true;
	if (!serial_list_read(&list, s, why))
		return false;
	serial_list_free(&list);
	return true;
}

/* With leases others can come. */
static void check_numbers(struct check *c)
{
	const struct recipe *r = c->record.recipe;
	char why[RECORD_WHY];

	if (!r->serial || r->serial->lease || !is_readable(r->serial))
		return;
	if (!serials_open(&c->record, why))
		faults_add(c->faults, "Serial numbers: %s.", why);
	else if (record_serials_left(&c->record) < r->site_count)
		faults_add(c->faults, "Serial numbers: %" PRIu64 " left for %u sites: too few to begin a board at each.",
		     record_serials_left(&c->record), r->site_count);
	serials_close(&c->record);
}

void record_check(const struct recipe *r, struct faults *faults)
{
	struct check c = { .record = { .recipe = r }, .faults = faults };
	char why[RECORD_WHY];

	if (is_unusable(r->record))
		return;
	if (open_to_look(&c, why))
		check_numbers(&c);
	else
		faults_add(faults, "Record: %s.", why);
	db_close(&c.record.db);
}
