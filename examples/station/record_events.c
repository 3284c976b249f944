/* SPDX-License-Identifier: MIT */
/*
 * What is to be published: written with what it tells, in one transaction, so it can neither be
 * lost nor tell of what did not happen. Whoever publishes acknowledges each; until then it comes
 * again.
 */
#include "record_own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../jsonl.h"

#define TOPIC 256

void record_topic_word(char *out, size_t cap, const char *name)
{
	size_t n = 0;

	for (; *name && n + 1 < cap; name++) {
		unsigned char c = (unsigned char)*name;

		out[n++] = c <= 0x20 || c >= 0x7f || strchr("/+#", c) ? '_' : (char)c;
	}
	out[n] = '\0';
}

static void site_topic(char topic[TOPIC], const char *site, const char *what)
{
	char word[128];

	record_topic_word(word, sizeof(word), site);
	if (word[0])
		snprintf(topic, TOPIC, "site/%s/%s", word, what);
	else
		snprintf(topic, TOPIC, "station/%s", what);
}

/* Adds who and which to the content, and takes it over. */
static bool add(struct record *rec, const char *topic, json_t *content, char why[RECORD_WHY])
{
	sqlite3_stmt *stmt = db_prepare(&rec->db, why,
					"SELECT coalesce(max(id), 0) + 1 FROM outbox", "");
	bool ok = stmt && sqlite3_step(stmt) == SQLITE_ROW;
	json_int_t id = ok ? sqlite3_column_int64(stmt, 0) : 0;
	json_t *whole =
		ok ? json_pack("{s:I, s:s, s:o, s:I}", "id", id, "record", rec->identity, "station",
			       jsonl_text(rec->recipe->station), "run", (json_int_t)rec->run)
		   : NULL;

	if (stmt && !ok)
		db_failed(&rec->db, "read", why);
	sqlite3_finalize(stmt);
	char *payload = whole && content && json_object_update(whole, content) == 0
				? json_dumps(whole, JSON_COMPACT)
				: NULL;
	if (ok && !payload)
		ok = db_refused(&rec->db, "write", why, "out of memory");
	ok = ok && db_run(&rec->db, why, "INSERT INTO outbox VALUES (?1, ?2, ?3)", "itt",
			  (int64_t)id, topic, payload);
	free(payload);
	json_decref(whole);
	json_decref(content);
	return ok;
}

/* ---- what happened ---- */

bool events_add_run(struct record *rec, const char *what, char why[RECORD_WHY])
{
	if (!rec->recipe->mqtt)
		return true;
	return add(rec, "station/run",
		   json_pack("{s:s, s:s, s:o, s:s, s:I}", "event", "run", "what", what, "recipe",
			     jsonl_text(rec->recipe->path), "recipe_sha256", rec->recipe->sha256,
			     "at_ms", (json_int_t)record_now_ms()),
		   why);
}

static json_t *step_json(const struct record_step *s)
{
	return json_pack("{s:o, s:o, s:b, s:I, s:I, s:I, s:I, s:o, s:o}", "name",
			 jsonl_text(s->name), "kind", jsonl_text(s->kind), "passed", s->passed,
			 "attempts", (json_int_t)s->attempts, "began_ms", (json_int_t)s->began_ms,
			 "elapsed_ms", (json_int_t)s->elapsed_ms, "bytes", (json_int_t)s->bytes,
			 "reason", jsonl_text(s->reason), "output", jsonl_text(s->output));
}

static json_t *steps_json(const struct record_board *b)
{
	json_t *steps = json_array();

	for (size_t i = 0; steps && i < b->step_count; i++)
		if (json_array_append_new(steps, step_json(&b->steps[i])) != 0) {
			json_decref(steps);
			return NULL;
		}
	return steps;
}

bool events_add_board(struct record *rec, const struct record_board *b, int64_t row,
		      char why[RECORD_WHY])
{
	char topic[TOPIC];

	if (!rec->recipe->mqtt)
		return true;
	site_topic(topic, b->site, "board");
	return add(rec, topic,
		   json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:I, s:I, s:o}",
			     "event", "board", "board", (json_int_t)row, "site",
			     jsonl_text(b->site), "uid", jsonl_text(b->uid), "chip",
			     jsonl_text(b->chip), "serial", jsonl_text(b->serial), "result",
			     record_result_name(b->result), "reason", jsonl_text(b->reason),
			     "openocd", jsonl_text(b->openocd), "adapter", jsonl_text(b->adapter),
			     "began_ms", (json_int_t)b->began_ms, "elapsed_ms",
			     (json_int_t)b->elapsed_ms, "steps", steps_json(b)),
		   why);
}

bool events_add_note(struct record *rec, const char *site, const char *what, char why[RECORD_WHY])
{
	char topic[TOPIC];

	if (!rec->recipe->mqtt)
		return true;
	site_topic(topic, site ? site : "", "note");
	return add(rec, topic,
		   json_pack("{s:s, s:o, s:o, s:I}", "event", "note", "site",
			     jsonl_text(site ? site : ""), "what", jsonl_text(what ? what : ""),
			     "at_ms", (json_int_t)record_now_ms()),
		   why);
}

/* ---- what is still to be published ---- */

bool record_next_event(struct record *rec, int64_t after, struct record_event *out,
		       char why[RECORD_WHY])
{
	int64_t from = after > rec->acknowledged ? after : rec->acknowledged;

	memset(out, 0, sizeof(*out));
	why[0] = '\0';
	sqlite3_stmt *stmt = db_prepare(&rec->db, why,
					"SELECT id, topic, payload FROM outbox WHERE id > ?1 AND"
					" NOT EXISTS (SELECT 1 FROM acks WHERE event = outbox.id)"
					" ORDER BY id LIMIT 1",
					"i", from);
	if (!stmt)
		return false;
	int code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		out->id = sqlite3_column_int64(stmt, 0);
		out->topic = strdup((const char *)sqlite3_column_text(stmt, 1));
		out->payload = strdup((const char *)sqlite3_column_text(stmt, 2));
		if (from == rec->acknowledged)
			rec->acknowledged = out->id - 1;
	} else if (code != SQLITE_DONE) {
		db_failed(&rec->db, "read", why);
	}
	sqlite3_finalize(stmt);
	if (code == SQLITE_ROW && out->topic && out->payload)
		return true;
	if (code == SQLITE_ROW)
		snprintf(why, RECORD_WHY, "out of memory");
	free(out->topic);
	free(out->payload);
	memset(out, 0, sizeof(*out));
	return false;
}

bool record_acknowledge_event(struct record *rec, int64_t id, char why[RECORD_WHY])
{
	return db_run(&rec->db, why,
		      "INSERT INTO acks SELECT ?1, ?2"
		      " WHERE NOT EXISTS (SELECT 1 FROM acks WHERE event = ?1)",
		      "ii", id, (int64_t)record_now_ms());
}

bool record_acknowledge_events(struct record *rec, const int64_t *ids, size_t count,
			       char why[RECORD_WHY])
{
	bool ok = true;

	if (!db_begin(&rec->db, why))
		return false;
	for (size_t i = 0; ok && i < count; i++)
		ok = record_acknowledge_event(rec, ids[i], why);
	return record_finish(rec, ok, why);
}

bool record_events_left(struct record *rec, int64_t *count, char why[RECORD_WHY])
{
	return db_number(&rec->db, why, count, 0,
			 "SELECT (SELECT count(*) FROM outbox) - (SELECT count(*) FROM acks)", "");
}
