/* SPDX-License-Identifier: MIT */
/*
 * What a station does at the pool: see lease_visit.h.
 *
 * Each visit first looks for blocks that the table says are this record's and that the record does
 * not know: a visit before may have been cut off between the two.
 */
#include "lease_visit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_AT_ONCE 16

/* A database that may forget what it has confirmed would give a block to two stations. */
static const char durable[] = "SELECT set_config('synchronous_commit', 'on', false)"
			      " WHERE current_setting('synchronous_commit') IN ('off', 'local')";

static const char own[] = "SELECT first, last FROM stmfw_serial_block"
			  " WHERE pool = $1 AND station = $2"
			  " AND first >= $3::bigint AND last <= $4::bigint ORDER BY first";

/* One statement is one transaction. What another station is about to take is passed over. */
static const char take[] =
	"WITH next AS (SELECT pool, first FROM stmfw_serial_block WHERE pool = $1"
	" AND station IS NULL AND first >= $3::bigint AND last <= $4::bigint"
	" ORDER BY first FOR UPDATE SKIP LOCKED LIMIT 1)"
	" UPDATE stmfw_serial_block AS block SET station = $2, taken = now() FROM next"
	" WHERE block.pool = next.pool AND block.first = next.first"
	" RETURNING block.first, block.last";

bool lease_visit_is_needed(const struct lease_visit *v)
{
	uint64_t low = v->recipe->serial->lease_block / 2 + 2 * (uint64_t)v->recipe->site_count;

	return record_serials_left(v->record) < low;
}

/* ---- blocks into the record ---- */

static bool to_number(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0';
}

static bool add_row(struct lease_visit *v, const PGresult *result, int row, char why[LEASE_DB_WHY])
{
	char reason[RECORD_WHY];
	int64_t first, last;

	if (!to_number(PQgetvalue(result, row, 0), &first) ||
	    !to_number(PQgetvalue(result, row, 1), &last) || first > last ||
	    (uint64_t)first < v->recipe->serial->first ||
	    (uint64_t)last > v->recipe->serial->last) {
		snprintf(why, LEASE_DB_WHY, "it answers what is no block of serial numbers");
		return false;
	}
	if (record_has_lease(v->record, first, last) ||
	    record_add_lease(v->record, first, last, reason))
		return true;
	snprintf(why, LEASE_DB_WHY, "%.390s", reason);
	return false;
}

static bool add_rows(struct lease_visit *v, const PGresult *result, char why[LEASE_DB_WHY])
{
	bool ok = PQnfields(result) == 2;

	if (!ok)
		snprintf(why, LEASE_DB_WHY, "it answers what was not asked");
	for (int row = 0; ok && row < PQntuples(result); row++)
		ok = add_row(v, result, row, why);
	return ok;
}

/* ---- statements ---- */

static bool ask(const struct lease_visit *v, const char *sql, struct lease_statement *next)
{
	*next = (struct lease_statement){
		sql, { v->recipe->serial->prefix, v->station, v->first, v->last }
	};
	return true;
}

static bool take_another(struct lease_visit *v, struct lease_statement *next)
{
	if (v->taken >= v->blocks && (v->taken >= MOST_AT_ONCE || !lease_visit_is_needed(v)))
		return false;
	v->step = VISIT_TAKE;
	return ask(v, take, next);
}

static bool on_next(void *arg, const PGresult *result, struct lease_statement *next,
		    char why[LEASE_DB_WHY])
{
	struct lease_visit *v = arg;

	switch (v->step) {
	case VISIT_BEGIN:
		v->step = VISIT_DURABLE;
		*next = (struct lease_statement){ durable, { NULL } };
		return true;
	case VISIT_DURABLE:
		v->step = VISIT_OWN;
		return ask(v, own, next);
	case VISIT_OWN:
		return add_rows(v, result, why) && take_another(v, next);
	case VISIT_TAKE:
		v->pool_is_empty = PQntuples(result) == 0;
		v->taken++;
		return add_rows(v, result, why) && !v->pool_is_empty && take_another(v, next);
	}
	return false;
}

static void on_done(void *arg, const char *why)
{
	struct lease_visit *v = arg;

	v->db = NULL;
	v->done(v->arg, why);
}

bool lease_visit_begin(struct lease_visit *v, uv_loop_t *loop)
{
	static const struct lease_db_calls calls = { on_next, on_done };
	const struct recipe_serial *s = v->recipe->serial;

	v->step = VISIT_BEGIN;
	v->taken = 0;
	v->pool_is_empty = false;
	snprintf(v->station, sizeof(v->station), "%s/%s", v->recipe->station,
		 record_identity(v->record));
	snprintf(v->first, sizeof(v->first), "%" PRIu64, s->first);
	snprintf(v->last, sizeof(v->last), "%" PRIu64, s->last);
	v->db = lease_db_visit(loop, s->lease, &calls, v);
	return v->db != NULL;
}
