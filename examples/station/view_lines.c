/* SPDX-License-Identifier: MIT */
/* A line for each thing that matters, where there is no terminal, or nobody at it. */
#include "view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../text.h"
#include "outlet.h"

struct lines_viewer {
	struct viewer viewer;
	const char *tool;
	bool quiet, verbose;
	struct outlet *results, *rest; /* stdout, stderr */
};

static void tell_lost(FILE *file, unsigned int count)
{
	fprintf(file, "(%u lines are missing: nobody read them. The record has all results.)\n", count);
}

static void say_board_end(FILE *f, const struct site_view *s, const struct event *e)
{
	char time[TEXT_SHORT];

	text_time(time, e->elapsed_ms);
	if (s->state == SITE_KNOWN)
		fprintf(f, "[%s] already programmed: UID %s, serial %s; %s; not counted\n", s->name,
			s->uid, s->serial[0] ? s->serial : "-", s->reason);
	else if (e->passed)
		fprintf(f, "[%s] PASS  UID %s, serial %s, %s\n", s->name, s->uid,
			s->serial[0] ? s->serial : "-", time);
	else
		fprintf(f, "[%s] FAIL  UID %s, %s: %s\n", s->name, s->uid[0] ? s->uid : "-", time,
			s->reason);
	if (!e->passed && s->advice[0] && s->state != SITE_KNOWN)
		fprintf(f, "[%s]       %s\n", s->name, s->advice);
}

static void say_site(FILE *f, const struct site_view *s)
{
	if (s->state == SITE_DOWN)
		fprintf(f, "[%s] %s: %s %s\n", s->name, view_state_words(s->state), s->reason,
			s->advice);
	else if (s->state == SITE_LOCKED)
		fprintf(f, "[%s] LOCKED after %u failures in a row: call the supervisor\n",
			s->name, s->in_row);
	else if (s->state != SITE_PASSED && s->state != SITE_FAILED && s->state != SITE_KNOWN)
		fprintf(f, "[%s] %s\n", s->name, view_state_words(s->state));
}

/* What is not a result, on stderr. */
static void say(FILE *f, const struct lines_viewer *v, const struct station_view *station,
		const struct event *e)
{
	switch (e->kind) {
	case EVENT_NOTE:
		fprintf(f, "%s: %s\n", v->tool, e->text);
		break;
	case EVENT_LOG:
		fprintf(f, "[%s] %s: %s\n", e->site->name, e->who, e->text);
		break;
	case EVENT_SITE:
		if (!v->quiet || e->site->state == SITE_DOWN || e->site->state == SITE_LOCKED)
			say_site(f, e->site);
		break;
	case EVENT_BOARD:
		if (!v->quiet)
			fprintf(f, "[%s] board: %s, UID %s\n", e->site->name, e->site->chip,
				e->site->uid);
		break;
	case EVENT_STEP_END:
		if (v->verbose)
			fprintf(f, "[%s]   %s: %s\n", e->site->name, e->site->step,
				e->passed ? "done" : e->text);
		break;
	case EVENT_END:
		if (!v->quiet)
			fprintf(f, "%s: %u passed, %u failed, %u already programmed\n", v->tool,
				station->passed, station->failed, station->known);
		break;
	default:
		break;
	}
}

static void show(struct viewer *viewer, const struct station_view *station, const struct event *e)
{
	const struct lines_viewer *v = (const struct lines_viewer *)viewer;

	if (e->kind == EVENT_BOARD_END) {
		say_board_end(outlet_file(v->results), e->site, e);
		outlet_send(v->results, OUTLET_KEEP);
	} else {
		say(outlet_file(v->rest), v, station, e);
		outlet_send(v->rest, e->kind == EVENT_LOG ? OUTLET_SUPERSEDED : OUTLET_KEEP);
	}
}

static void close_it(struct viewer *viewer)
{
	struct lines_viewer *v = (struct lines_viewer *)viewer;

	outlet_close(v->results);
	outlet_close(v->rest);
	free(v);
}

struct viewer *view_lines_new(uv_loop_t *loop, const char *tool, bool quiet, bool verbose)
{
	struct lines_viewer *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->viewer = (struct viewer){ show, close_it };
	v->tool = tool;
	v->quiet = quiet;
	v->verbose = verbose;
	v->results = outlet_new(loop, STDOUT_FILENO, tell_lost);
	v->rest = outlet_new(loop, STDERR_FILENO, tell_lost);
	if (v->results && v->rest)
		return &v->viewer;
	close_it(&v->viewer);
	return NULL;
}
