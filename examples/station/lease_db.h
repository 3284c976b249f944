/* SPDX-License-Identifier: MIT */
/*
 * One visit to the database with the pool: connects, does some statements, one after the other, and
 * leaves. libpq on our loop, without threads; it is given addresses, because it would stand still
 * while it resolves a name.
 */
#ifndef LEASE_DB_H
#define LEASE_DB_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <uv.h>

#define LEASE_DB_WHY    400
#define LEASE_DB_PARAMS 4

struct lease_statement {
	const char *sql;
	const char *values[LEASE_DB_PARAMS]; /* of $1, $2, ...; up to the first NULL */
};

struct lease_db;

struct lease_db_calls {
	/* The next statement, after `result` of the last one, NULL at first. False: no more of them,
	   or (why not "") it failed. */
	bool (*next)(void *arg, const PGresult *result, struct lease_statement *next,
		     char why[LEASE_DB_WHY]);
	/* The visit is over; it is gone. why: NULL, or what failed. */
	void (*done)(void *arg, const char *why);
};

/* info: a connection string, which has to last. NULL: not enough memory; done is not called. */
struct lease_db *lease_db_visit(uv_loop_t *loop, const char *info,
				const struct lease_db_calls *calls, void *arg);
/* At once, and done is not called. What was asked for may still happen. */
void lease_db_abort(struct lease_db *db);

#endif
