/* SPDX-License-Identifier: MIT */
/*
 * One visit to the database: see lease_db.h.
 *
 * RESOLVING, host after host, then CONNECTING, then WORKING, statement after statement. A timer ends
 * all of it: the statements are small.
 */
#include "lease_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fdwatch.h"
#include "lease_hosts.h"
#include "resolve.h"

#define VISIT_MS 10000u

enum lease_db_state { DB_RESOLVING, DB_CONNECTING, DB_WORKING, DB_OVER };

struct lease_db {
	enum lease_db_state state;
	const struct lease_db_calls *calls;
	void *arg;
	const char *info;
	uv_loop_t *loop;
	uv_timer_t timer;
	struct fdwatch watch;
	struct lease_hosts hosts;
	struct resolve *resolve;
	PGconn *conn;
	PGresult *result; /* of the statement in work */
	char why[LEASE_DB_WHY];
};

/* ---- the end ---- */

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void lease_db_abort(struct lease_db *db)
{
	db->state = DB_OVER;
	if (db->resolve)
		resolve_forget(db->resolve);
	fdwatch_stop(&db->watch);
	PQclear(db->result);
	PQfinish(db->conn);
	lease_hosts_close(&db->hosts);
	uv_close((uv_handle_t *)&db->timer, on_timer_closed);
}

/* why NULL: all is done. */
static void over(struct lease_db *db, const char *why)
{
	if (why != db->why)
		snprintf(db->why, sizeof(db->why), "%s", why ? why : "");
	lease_db_abort(db);
	db->calls->done(db->arg, why ? db->why : NULL);
}

/* libpq's words are several lines with a line end each. */
static void over_with_error(struct lease_db *db, const char *error)
{
	size_t n = 0;

	for (; *error && n + 1 < sizeof(db->why); error++)
		if (*error != '\n' && *error != '\t')
			db->why[n++] = *error;
		else if (n > 0 && db->why[n - 1] != ' ')
			db->why[n++] = ' ';
	while (n > 0 && (db->why[n - 1] == ' ' || db->why[n - 1] == '.'))
		n--;
	db->why[n] = '\0';
	over(db, n ? db->why : "no reason given");
}

static void on_late(uv_timer_t *timer)
{
	over(timer->data, "it does not answer in time");
}

static void watch(struct lease_db *db, int events)
{
	if (!fdwatch_set(&db->watch, PQsocket(db->conn), events))
		over(db, "the connection is gone");
}

/* ---- statements ---- */

static int count_values(const struct lease_statement *s)
{
	int n = 0;

	while (n < LEASE_DB_PARAMS && s->values[n])
		n++;
	return n;
}

static void flush(struct lease_db *db)
{
	int left = PQflush(db->conn);

	if (left < 0)
		over_with_error(db, PQerrorMessage(db->conn));
	else
		watch(db, UV_READABLE | (left ? UV_WRITABLE : 0));
}

static void go_on(struct lease_db *db, const PGresult *result)
{
	struct lease_statement s = { .sql = NULL };

	db->why[0] = '\0';
	if (!db->calls->next(db->arg, result, &s, db->why))
		over(db, db->why[0] ? db->why : NULL);
	else if (!PQsendQueryParams(db->conn, s.sql, count_values(&s), NULL, s.values, NULL, NULL,
				    0))
		over_with_error(db, PQerrorMessage(db->conn));
	else
		flush(db);
}

static void statement_done(struct lease_db *db)
{
	PGresult *result = db->result;
	ExecStatusType status = PQresultStatus(result);

	db->result = NULL;
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		go_on(db, result);
	else
		over_with_error(db,
				result ? PQresultErrorMessage(result) : PQerrorMessage(db->conn));
	PQclear(result);
}

/* A statement is done when there is no result any more; then the last one counts. */
static void work(struct lease_db *db)
{
	if (!PQconsumeInput(db->conn)) {
		over_with_error(db, PQerrorMessage(db->conn));
		return;
	}
	while (!PQisBusy(db->conn)) {
		PGresult *result = PQgetResult(db->conn);

		if (!result) {
			statement_done(db);
			return;
		}
		PQclear(db->result);
		db->result = result;
	}
	flush(db);
}

/* ---- connecting ---- */

static void go_on_connecting(struct lease_db *db)
{
	switch (PQconnectPoll(db->conn)) {
	case PGRES_POLLING_READING:
		watch(db, UV_READABLE);
		break;
	case PGRES_POLLING_WRITING:
		watch(db, UV_WRITABLE);
		break;
	case PGRES_POLLING_OK:
		db->state = DB_WORKING;
		PQsetnonblocking(db->conn, 1);
		go_on(db, NULL);
		break;
	default:
		over_with_error(db, PQerrorMessage(db->conn));
		break;
	}
}

static void on_ready(void *arg)
{
	struct lease_db *db = arg;

	if (db->state == DB_CONNECTING)
		go_on_connecting(db);
	else
		work(db);
}

/* What the server says on its own is not for the terminal. */
static void hear_notice(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static void connect_database(struct lease_db *db)
{
	db->state = DB_CONNECTING;
	db->conn = lease_hosts_connect(&db->hosts);
	if (!db->conn) {
		over(db, "not enough memory");
	} else if (PQstatus(db->conn) == CONNECTION_BAD) {
		over_with_error(db, PQerrorMessage(db->conn));
	} else {
		PQsetNoticeProcessor(db->conn, hear_notice, NULL);
		watch(db, UV_WRITABLE);
	}
}

/* ---- resolving ---- */

static void resolve_next(struct lease_db *db);

static void on_resolved(void *arg, const struct resolved *found, const char *why)
{
	struct lease_db *db = arg;

	db->resolve = NULL;
	if (why) /* another host of the list may do */
		snprintf(db->why, sizeof(db->why), "%.200s: %.100s", db->hosts.name, why);
	if (!why && !lease_hosts_add(&db->hosts, found))
		over(db, "too many hosts");
	else
		resolve_next(db);
}

static void resolve_next(struct lease_db *db)
{
	while (lease_hosts_next(&db->hosts)) {
		if (lease_hosts_is_path(&db->hosts)) {
			lease_hosts_add(&db->hosts, NULL);
			continue;
		}
		db->resolve = resolve_start(db->loop, db->hosts.name, on_resolved, db);
		if (!db->resolve)
			over(db, "not enough memory");
		return;
	}
	if (db->hosts.host && !db->hosts.ports[0])
		over(db, db->why);
	else
		connect_database(db);
}

static void on_begin(uv_timer_t *timer)
{
	struct lease_db *db = timer->data;

	uv_timer_start(timer, on_late, VISIT_MS, 0);
	if (lease_hosts_open(&db->hosts, db->info, db->why))
		resolve_next(db);
	else
		over_with_error(db, strdupa(db->why));
}

struct lease_db *lease_db_visit(uv_loop_t *loop, const char *info,
				const struct lease_db_calls *calls, void *arg)
{
	struct lease_db *db = calloc(1, sizeof(*db));

	if (!db)
		return NULL;
	db->info = info;
	db->loop = loop;
	db->calls = calls;
	db->arg = arg;
	db->watch = (struct fdwatch){ .loop = loop, .ready = on_ready, .arg = db };
	uv_timer_init(loop, &db->timer);
	db->timer.data = db;
	uv_timer_start(&db->timer, on_begin, 0, 0);
	return db;
}
