/* SPDX-License-Identifier: MIT */
/* What the page shows, as JSON: /status.json has it in one, the page gets it part by part. */
#include "hall_inner.h"

#include "../jsonl.h"
#include "view.h"

static void add_text(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, jsonl_text(text));
}

static void add_number(json_t *o, const char *key, uint64_t number)
{
	json_object_set_new(o, key, json_integer((json_int_t)number));
}

/* ---- the station ---- */

static const char *station_state(const struct hall *h)
{
	static const char *const names[] = { [STATION_RUNNING] = "RUNNING",
					     [STATION_PAUSED] = "PAUSED",
					     [STATION_STOPPING] = "STOPPING" };

	return h->ended ? "ENDED" : names[h->station->state];
}

/* null: there is no end to them. */
static void add_limits(json_t *o, const struct station_view *v)
{
	json_object_set_new(o, "wanted", v->wanted ? json_integer(v->wanted) : json_null());
	json_object_set_new(o, "serials_left",
			    v->serials_left == UINT64_MAX
				    ? json_null()
				    : json_integer((json_int_t)v->serials_left));
}

static json_t *station(const struct hall *h)
{
	const struct station_view *v = h->station;
	json_t *o = json_object();

	add_text(o, "station", v->station);
	add_text(o, "recipe", v->recipe);
	add_text(o, "state", station_state(h));
	add_number(o, "running_ms", uv_now(h->loop) - v->began_ms);
	add_number(o, "sites", v->site_count);
	add_number(o, "passed", v->passed);
	add_number(o, "failed", v->failed);
	add_number(o, "known", v->known);
	add_limits(o, v);
	add_text(o, "note", h->story.note);
	add_number(o, "note_at_s", (uint64_t)h->story.note_at_s);
	return o;
}

static json_t *yield(const struct story *s)
{
	json_t *o = json_object(), *passed = json_array(), *failed = json_array();

	for (unsigned int i = 0; i < s->slot_count; i++) {
		json_array_append_new(passed, json_integer(s->slots[i].passed));
		json_array_append_new(failed, json_integer(s->slots[i].failed));
	}
	add_number(o, "slot_minutes", s->slot_minutes);
	json_object_set_new(o, "passed", passed);
	json_object_set_new(o, "failed", failed);
	return o;
}

static json_t *failures(const struct story *s)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < s->failure_count; i++) {
		const struct story_failure *f = &s->failures[i];
		json_t *o = json_object();

		add_number(o, "at_s", (uint64_t)f->at_s);
		add_text(o, "site", f->site);
		add_text(o, "uid", f->uid);
		add_text(o, "serial", f->serial);
		add_text(o, "reason", f->reason);
		add_text(o, "advice", f->advice);
		json_array_append_new(list, o);
	}
	return list;
}

/* ---- a site ---- */

static uint64_t board_time(const struct hall *h, const struct site_view *s)
{
	return s->state == SITE_WORKING ? uv_now(h->loop) - s->board_began_ms : s->board_elapsed_ms;
}

static void add_board(json_t *o, const struct hall *h, const struct site_view *s)
{
	add_text(o, "step", s->step);
	add_text(o, "phase", s->phase);
	add_number(o, "done", s->done);
	add_number(o, "total", s->total);
	add_number(o, "rate", s->rate);
	add_text(o, "uid", s->uid);
	add_text(o, "serial", view_serial(s));
	add_text(o, "chip", s->chip);
	add_number(o, "elapsed_ms", board_time(h, s));
}

static bool has_reason(const struct site_view *s)
{
	return s->state == SITE_DOWN || s->state == SITE_FAILED || s->state == SITE_LOCKED ||
	       s->state == SITE_KNOWN;
}

static json_t *site(const struct hall *h, const struct site_view *s)
{
	json_t *o = json_object();

	add_number(o, "index", s->index);
	add_text(o, "name", s->name);
	add_text(o, "state", view_state_name(s->state));
	add_text(o, "words", view_state_words(s->state));
	add_board(o, h, s);
	add_text(o, "reason", has_reason(s) ? s->reason : "");
	add_text(o, "advice", has_reason(s) ? s->advice : "");
	add_number(o, "passed", s->passed);
	add_number(o, "failed", s->failed);
	add_number(o, "in_row", s->in_row);
	return o;
}

/* ---- all of it ---- */

const char *hall_part_name(unsigned int part)
{
	static const char *const names[] = { "station", "yield", "failures", "site" };

	return names[part < PART_SITES ? part : PART_SITES];
}

json_t *hall_part_json(const struct hall *h, unsigned int part)
{
	switch (part) {
	case PART_STATION:
		return station(h);
	case PART_YIELD:
		return yield(&h->story);
	case PART_FAILURES:
		return failures(&h->story);
	default:
		return site(h, &h->station->sites[part - PART_SITES]);
	}
}

json_t *hall_json(const struct hall *h)
{
	json_t *o = json_object(), *sites = json_array();

	for (unsigned int part = 0; part < PART_SITES; part++)
		json_object_set_new(o, hall_part_name(part), hall_part_json(h, part));
	for (unsigned int part = PART_SITES; part < h->part_count; part++)
		json_array_append_new(sites, hall_part_json(h, part));
	json_object_set_new(o, "sites", sites);
	return o;
}
