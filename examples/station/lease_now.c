/* SPDX-License-Identifier: MIT */
/*
 * What waits until it is done, for the command line and before a run: a loop of its own, one visit,
 * the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "lease_visit.h"

struct outcome {
	bool ok;
	char why[LEASE_WHY];
};

static void on_done(void *arg, const char *why)
{
	struct outcome *o = arg;
	char plain[LEASE_DB_WHY];

	o->ok = why == NULL;
	text_harmless(plain, sizeof(plain), why ? why : "");
	if (why)
		snprintf(o->why, sizeof(o->why), "The pool of serial numbers cannot be used: %s.",
			 plain);
}

static bool fail(char why[LEASE_WHY], const char *what)
{
	snprintf(why, LEASE_WHY, "%s", what);
	return false;
}

static void run(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
}

/* ---- taking ---- */

bool lease_take(const struct recipe *recipe, struct record *record, unsigned int blocks,
		char why[LEASE_WHY])
{
	struct outcome o = { .ok = false };
	struct lease_visit visit = {
		.recipe = recipe, .record = record, .blocks = blocks, .done = on_done, .arg = &o
	};
	uv_loop_t loop;

	if (uv_loop_init(&loop) != 0)
		return fail(why, "Not enough memory.");
	bool begun = lease_visit_begin(&visit, &loop);
	run(&loop);
	if (!begun)
		return fail(why, "Not enough memory.");
	if (o.ok && visit.pool_is_empty && (blocks > 0 || record_serials_left(record) == 0))
		return fail(why, "The pool of serial numbers is empty. `stmfw-station serial pool` "
				 "fills it.");
	return o.ok || fail(why, o.why);
}

/* ---- filling ---- */

static const char create[] =
	"CREATE TABLE IF NOT EXISTS stmfw_serial_block (pool text NOT NULL, first bigint NOT NULL,"
	" last bigint NOT NULL, station text, taken timestamptz, PRIMARY KEY (pool, first),"
	" CHECK (first >= 0 AND first <= last), CHECK ((station IS NULL) = (taken IS NULL)))";

/* Two who fill it at once would both begin behind the same last block. The lock ends with the visit. */
static const char lock[] = "SELECT pg_advisory_lock(hashtext('stmfw_serial_block'))";

/* Behind the last block that begins within the range: who has taken a block out of the table may have
   used its numbers. Numeric, because the ends may be near 2^63. */
static const char fill[] =
	"WITH range AS (SELECT greatest($2::numeric, (SELECT max(last) + 1::numeric FROM"
	" stmfw_serial_block WHERE pool = $1 AND first <= $3::bigint)) AS low,"
	" $3::numeric AS high, $4::numeric AS size),"
	" added AS (INSERT INTO stmfw_serial_block (pool, first, last)"
	" SELECT $1, n, least(n + size - 1, high) FROM range, generate_series(low, high, size) AS n"
	" RETURNING 1) SELECT count(*) FROM added";

static const char count[] = "SELECT count(*) FILTER (WHERE station IS NULL),"
			    " count(*) FILTER (WHERE station IS NOT NULL)"
			    " FROM stmfw_serial_block WHERE pool = $1";

/* How many numbers of the range are in no block: each gap is between the furthest end so far and the
   next beginning; the range's own borders stand for blocks. */
static const char gaps[] =
	"WITH block AS (SELECT first::numeric, last::numeric FROM stmfw_serial_block WHERE pool = $1"
	" UNION ALL SELECT $2::numeric - 1, $2::numeric - 1"
	" UNION ALL SELECT $3::numeric + 1, $3::numeric + 1),"
	" gap AS (SELECT greatest(max(last) OVER up_to_here + 1, $2::numeric) AS low,"
	" least(lead(first) OVER (ORDER BY first, last) - 1, $3::numeric) AS high FROM block"
	" WINDOW up_to_here AS (ORDER BY first, last))"
	" SELECT coalesce(sum(high - low + 1) FILTER (WHERE high >= low), 0) FROM gap";

struct filling {
	struct outcome outcome; /* first: on_done() gets it */
	const struct recipe_serial *serial;
	struct lease_pool *pool;
	unsigned int step;
	char first[24], last[24], size[24];
};

static uint64_t number(const PGresult *result, int column)
{
	return PQntuples(result) > 0 && column < PQnfields(result)
		       ? strtoull(PQgetvalue(result, 0, column), NULL, 10)
		       : 0;
}

static bool on_next(void *arg, const PGresult *result, struct lease_statement *next,
		    char why[LEASE_DB_WHY])
{
	struct filling *f = arg;
	const char *pool = f->serial->prefix;
	const struct lease_statement statements[] = {
		{ lock, { NULL } },
		{ create, { NULL } },
		{ fill, { pool, f->first, f->last, f->size } },
		{ count, { pool } },
		{ gaps, { pool, f->first, f->last } },
	};

	(void)why;
	if (f->step == 3)
		f->pool->blocks_added = number(result, 0);
	if (f->step == 4) {
		f->pool->blocks_free = number(result, 0);
		f->pool->blocks_taken = number(result, 1);
	}
	if (f->step == 5) {
		f->pool->numbers_missing = number(result, 0);
		return false;
	}
	*next = statements[f->step++];
	return true;
}

bool lease_fill_pool(const struct recipe *recipe, struct lease_pool *pool, char why[LEASE_WHY])
{
	static const struct lease_db_calls calls = { on_next, on_done };
	const struct recipe_serial *s = recipe->serial;
	struct filling f = { .serial = s, .pool = pool };
	uv_loop_t loop;

	if ((s->last - s->first) / s->lease_block >= LEASE_POOL_MOST)
		return fail(why, "That would be more than 100000 blocks: raise \"lease_block\", "
				 "or lower \"last\".");
	snprintf(f.first, sizeof(f.first), "%" PRIu64, s->first);
	snprintf(f.last, sizeof(f.last), "%" PRIu64, s->last);
	snprintf(f.size, sizeof(f.size), "%u", s->lease_block);
	if (uv_loop_init(&loop) != 0)
		return fail(why, "Not enough memory.");
	bool begun = lease_db_visit(&loop, s->lease, &calls, &f) != NULL;
	run(&loop);
	return begun ? f.outcome.ok || fail(why, f.outcome.why) : fail(why, "Not enough memory.");
}
