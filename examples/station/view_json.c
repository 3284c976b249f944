/* SPDX-License-Identifier: MIT */
/* One JSON object per line on stdout, for scripts and controllers: docs/station.md lists them. */
#include "view.h"

#include <stdlib.h>
#include <unistd.h>

#include "../jsonl.h"
#include "outlet.h"

struct json_viewer {
	struct viewer viewer;
	struct outlet *out;
};

static void add(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, jsonl_text(text));
}

static json_t *begin(const char *event, const struct site_view *s)
{
	json_t *o = json_pack("{s:s}", "event", event);

	if (s) {
		add(o, "site", s->name);
		add(o, "state", view_state_name(s->state));
	}
	return o;
}

static void add_board(json_t *o, const struct site_view *s)
{
	add(o, "uid", s->uid);
	add(o, "serial", s->serial);
	add(o, "chip", s->chip);
}

static json_t *site(const struct site_view *s)
{
	json_t *o = begin("site", s);

	if (s->state == SITE_DOWN || s->state == SITE_FAILED || s->state == SITE_LOCKED) {
		add(o, "reason", s->reason);
		add(o, "advice", s->advice);
	}
	return o;
}

static json_t *progress(const struct site_view *s)
{
	json_t *o = begin("progress", s);

	add(o, "step", s->step);
	add(o, "phase", s->phase);
	json_object_set_new(o, "done", json_integer((json_int_t)s->done));
	json_object_set_new(o, "total", json_integer((json_int_t)s->total));
	return o;
}

static json_t *step_end(const struct event *e)
{
	json_t *o = begin("step_end", e->site);

	add(o, "step", e->site->step);
	json_object_set_new(o, "ok", json_boolean(e->passed));
	json_object_set_new(o, "elapsed_ms", json_integer((json_int_t)e->elapsed_ms));
	json_object_set_new(o, "bytes", json_integer((json_int_t)e->bytes));
	json_object_set_new(o, "attempts", json_integer(e->attempts));
	add(o, "reason", e->text);
	return o;
}

static json_t *board_end(const struct event *e)
{
	json_t *o = begin("board_end", e->site);

	add_board(o, e->site);
	json_object_set_new(o, "ok", json_boolean(e->passed));
	add(o, "result", e->site->state == SITE_KNOWN ? "KNOWN" : e->passed ? "PASS" : "FAIL");
	add(o, "reason", e->text);
	add(o, "advice", e->passed ? "" : e->site->advice);
	json_object_set_new(o, "elapsed_ms", json_integer((json_int_t)e->elapsed_ms));
	return o;
}

static json_t *station_object(const char *event, const struct station_view *v)
{
	json_t *o = begin(event, NULL);

	add(o, "station", v->station);
	add(o, "recipe", v->recipe);
	json_object_set_new(o, "sites", json_integer(v->site_count));
	json_object_set_new(o, "passed", json_integer(v->passed));
	json_object_set_new(o, "failed", json_integer(v->failed));
	json_object_set_new(o, "known", json_integer(v->known));
	return o;
}

static json_t *with_text(json_t *o, const char *text)
{
	add(o, "text", text);
	return o;
}

static json_t *log_line(const struct event *e)
{
	json_t *o = begin("log", e->site);

	add(o, "from", e->who);
	return with_text(o, e->text);
}

static json_t *with_step(json_t *o, const char *step)
{
	add(o, "step", step);
	return o;
}

static json_t *describe(const struct station_view *station, const struct event *e)
{
	json_t *o;

	switch (e->kind) {
	case EVENT_BEGIN:
		return station_object("begin", station);
	case EVENT_SITE:
		return site(e->site);
	case EVENT_BOARD:
		o = begin("board_begin", e->site);
		add_board(o, e->site);
		return o;
	case EVENT_STEP:
		return with_step(begin("step_begin", e->site), e->site->step);
	case EVENT_PROGRESS:
		return progress(e->site);
	case EVENT_STEP_END:
		return step_end(e);
	case EVENT_BOARD_END:
		return board_end(e);
	case EVENT_LOG:
		return log_line(e);
	case EVENT_NOTE:
		return with_text(begin("note", e->site), e->text);
	case EVENT_END: /* the tool's own "end" follows */
		return station_object("summary", station);
	}
	return NULL;
}

static void tell_lost(FILE *file, unsigned int count)
{
	fprintf(file, "{\"event\":\"lost\",\"count\":%u}\n", count);
}

static void show(struct viewer *viewer, const struct station_view *station, const struct event *e)
{
	const struct json_viewer *v = (const struct json_viewer *)viewer;
	json_t *o = describe(station, e);

	if (!o)
		return;
	json_dumpf(o, outlet_file(v->out), JSON_COMPACT);
	putc('\n', outlet_file(v->out));
	outlet_send(v->out, e->kind == EVENT_PROGRESS ? OUTLET_SUPERSEDED : OUTLET_KEEP);
	json_decref(o);
}

static void close_it(struct viewer *viewer)
{
	struct json_viewer *v = (struct json_viewer *)viewer;

	outlet_close(v->out);
	free(v);
}

struct viewer *view_json_new(uv_loop_t *loop)
{
	struct json_viewer *v = calloc(1, sizeof(*v));

	if (!v || !(v->out = outlet_new(loop, STDOUT_FILENO, tell_lost))) {
		free(v);
		return NULL;
	}
	v->viewer = (struct viewer){ show, close_it };
	return &v->viewer;
}
