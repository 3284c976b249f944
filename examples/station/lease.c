/* SPDX-License-Identifier: MIT */
/*
 * Looks after each board whether there are enough serial numbers, and visits the pool if not. While
 * that fails, it tries again with longer pauses; the operator is told once, and once when it is over.
 */
#include "lease.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../text.h"
#include "lease_visit.h"

#define FIRST_PAUSE_MS   2000u
#define LONGEST_PAUSE_MS 60000u

enum trouble { TROUBLE_NONE, TROUBLE_AWAY, TROUBLE_EMPTY };

struct lease {
	struct viewer viewer;
	uv_loop_t *loop;
	lease_note note;
	void *arg;
	uv_timer_t pause; /* active: not now */
	uint64_t pause_ms;
	enum trouble told;
	struct lease_visit visit;
};

/* ---- the operator ---- */

static void tell(struct lease *l, enum trouble trouble, const char *why)
{
	uint64_t left = record_serials_left(l->visit.record);
	char text[LEASE_WHY], plain[300];

	if (trouble == l->told)
		return;
	text_harmless(plain, sizeof(plain), why);
	if (trouble == TROUBLE_AWAY)
		snprintf(text, sizeof(text),
			 "The pool of serial numbers cannot be reached: %s. Work goes on with the "
			 "%" PRIu64 " that are left here.",
			 plain, left);
	else if (trouble == TROUBLE_EMPTY)
		snprintf(text, sizeof(text),
			 "The pool of serial numbers is empty; %" PRIu64
			 " are left here. `stmfw-station serial pool` fills it.",
			 left);
	else
		snprintf(text, sizeof(text),
			 "The pool of serial numbers is back; %" PRIu64 " are left here.", left);
	l->told = trouble;
	l->note(l->arg, text);
}

/* ---- visits ---- */

static void look(struct lease *l);

static void on_pause_over(uv_timer_t *timer)
{
	look(timer->data);
}

static void pause_visits(struct lease *l)
{
	uv_timer_start(&l->pause, on_pause_over, l->pause_ms, 0);
	l->pause_ms = l->pause_ms * 2 < LONGEST_PAUSE_MS ? l->pause_ms * 2 : LONGEST_PAUSE_MS;
}

static void on_visited(void *arg, const char *why)
{
	struct lease *l = arg;
	bool is_empty = !why && l->visit.pool_is_empty;

	if (why || is_empty) {
		pause_visits(l);
		tell(l, why ? TROUBLE_AWAY : TROUBLE_EMPTY, why ? why : "");
	} else {
		l->pause_ms = FIRST_PAUSE_MS;
		tell(l, TROUBLE_NONE, "");
	}
}

static void look(struct lease *l)
{
	if (l->visit.db || uv_is_active((uv_handle_t *)&l->pause) ||
	    !lease_visit_is_needed(&l->visit))
		return;
	if (!lease_visit_begin(&l->visit, l->loop))
		pause_visits(l);
}

/* ---- the station ---- */

static void show(struct viewer *v, const struct station_view *station, const struct event *e)
{
	(void)station;
	if (e->kind == EVENT_BEGIN || e->kind == EVENT_BOARD)
		look((struct lease *)v);
}

static void on_pause_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void close_it(struct viewer *v)
{
	struct lease *l = (struct lease *)v;

	if (l->visit.db)
		lease_db_abort(l->visit.db);
	uv_close((uv_handle_t *)&l->pause, on_pause_closed);
}

bool lease_is_possible(char why[LEASE_WHY])
{
	(void)why;
	return true;
}

struct viewer *lease_new(uv_loop_t *loop, const struct recipe *recipe, struct record *record,
			 lease_note note, void *arg, char why[LEASE_WHY])
{
	struct lease *l = calloc(1, sizeof(*l));

	if (!l) {
		snprintf(why, LEASE_WHY, "Not enough memory for leases of serial numbers.");
		return NULL;
	}
	l->viewer = (struct viewer){ show, close_it };
	l->loop = loop;
	l->note = note;
	l->arg = arg;
	l->pause_ms = FIRST_PAUSE_MS;
	l->visit = (struct lease_visit){
		.recipe = recipe, .record = record, .done = on_visited, .arg = l
	};
	uv_timer_init(loop, &l->pause);
	l->pause.data = l;
	return &l->viewer;
}
