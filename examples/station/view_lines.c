/* SPDX-License-Identifier: MIT */
/* A line for each thing that matters, where there is no terminal, or nobody at it. */
#include "view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../text.h"

struct lines_viewer {
	struct viewer viewer;
	const char *tool;
	bool quiet, verbose;
};

static void say_board_end(const struct site_view *s, const struct event *e)
{
	char time[TEXT_SHORT];

	text_time(time, e->elapsed_ms);
	if (s->state == SITE_KNOWN)
		printf("[%s] already programmed: UID %s, serial %s; not counted\n", s->name, s->uid,
		       s->serial[0] ? s->serial : "-");
	else if (e->passed)
		printf("[%s] PASS  UID %s, serial %s, %s\n", s->name, s->uid,
		       s->serial[0] ? s->serial : "-", time);
	else
		printf("[%s] FAIL  UID %s, %s: %s\n", s->name, s->uid[0] ? s->uid : "-", time,
		       s->reason);
	if (!e->passed && s->advice[0] && s->state != SITE_KNOWN)
		printf("[%s]       %s\n", s->name, s->advice);
	fflush(stdout);
}

static void say_site(const struct site_view *s)
{
	if (s->state == SITE_DOWN)
		fprintf(stderr, "[%s] %s: %s %s\n", s->name, view_state_words(s->state), s->reason,
			s->advice);
	else if (s->state == SITE_LOCKED)
		fprintf(stderr, "[%s] LOCKED after %u failures in a row: call the supervisor\n",
			s->name, s->in_row);
	else if (s->state != SITE_PASSED && s->state != SITE_FAILED && s->state != SITE_KNOWN)
		fprintf(stderr, "[%s] %s\n", s->name, view_state_words(s->state));
}

static void show(struct viewer *viewer, const struct station_view *station, const struct event *e)
{
	const struct lines_viewer *v = (const struct lines_viewer *)viewer;

	switch (e->kind) {
	case EVENT_BOARD_END:
		say_board_end(e->site, e);
		break;
	case EVENT_NOTE:
		fprintf(stderr, "%s: %s\n", v->tool, e->text);
		break;
	case EVENT_LOG:
		fprintf(stderr, "[%s] openocd: %s\n", e->site->name, e->text);
		break;
	case EVENT_SITE:
		if (!v->quiet)
			say_site(e->site);
		break;
	case EVENT_BOARD:
		if (!v->quiet)
			fprintf(stderr, "[%s] board: %s, UID %s\n", e->site->name, e->site->chip,
				e->site->uid);
		break;
	case EVENT_STEP_END:
		if (v->verbose)
			fprintf(stderr, "[%s]   %s: %s\n", e->site->name, e->site->step,
				e->passed ? "done" : e->text);
		break;
	case EVENT_END:
		if (!v->quiet)
			fprintf(stderr, "%s: %u passed, %u failed, %u already programmed\n", v->tool,
				station->passed, station->failed, station->known);
		break;
	default:
		break;
	}
}

static void close_it(struct viewer *viewer)
{
	free(viewer);
}

struct viewer *view_lines_new(const char *tool, bool quiet, bool verbose)
{
	struct lines_viewer *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->viewer = (struct viewer){ show, close_it };
	v->tool = tool;
	v->quiet = quiet;
	v->verbose = verbose;
	return &v->viewer;
}
