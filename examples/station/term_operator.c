/* SPDX-License-Identifier: MIT */
/*
 * What the keys do.
 *
 * Each key has an answer in words, so that nobody presses it again because nothing seems to happen.
 */
#include "term_operator.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "term_keys.h"

#define HINT_MS     8000u
#define ASK_MS      10000u
#define SELECTED_MS 30000u

void operator_init(struct term_operator *o, const struct term_calls *calls)
{
	*o = (struct term_operator){ .calls = *calls, .selected = TERM_NOBODY };
}

static void __attribute__((format(printf, 3, 4)))
say(struct term_operator *o, uint64_t now_ms, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(o->hint, sizeof(o->hint), format, args);
	va_end(args);
	o->hint_until_ms = now_ms + HINT_MS;
}

static void release(struct term_operator *o, unsigned int site, const struct station_view *station,
		    uint64_t now_ms)
{
	if (site >= station->site_count) {
		say(o, now_ms, "There is no site %u.", site + 1);
		return;
	}
	const struct site_view *s = &station->sites[site];
	if (s->state != SITE_LOCKED) {
		say(o, now_ms, "Site %u, %.80s, is not locked.", site + 1, s->name);
		return;
	}
	say(o, now_ms, "Site %u, %.80s, is released.", site + 1, s->name);
	o->calls.release(o->calls.arg, site);
}

static void release_selected(struct term_operator *o, const struct station_view *station,
			     uint64_t now_ms)
{
	if (o->selected == TERM_NOBODY)
		say(o, now_ms, "Select a site with the arrows; Enter then releases it.");
	else
		release(o, o->selected, station, now_ms);
}

static void pause_or_go_on(struct term_operator *o, uint64_t now_ms)
{
	if (o->line >= LINE_STOPPING) {
		say(o, now_ms, "The line stops already.");
		return;
	}
	o->line = o->line == LINE_PAUSED ? LINE_RUNS : LINE_PAUSED;
	say(o, now_ms,
	    o->line == LINE_PAUSED ? "Paused: boards in work go on, no other is begun. p goes on."
				   : "Going on.");
	o->calls.pause(o->calls.arg, o->line == LINE_PAUSED);
}

static void stop(struct term_operator *o, uint64_t now_ms)
{
	say(o, now_ms, "Boards in work are finished, no other is begun; then the station ends.");
	if (o->line >= LINE_STOPPING)
		return;
	o->line = LINE_STOPPING;
	o->calls.stop(o->calls.arg);
}

static unsigned int boards_in_work(const struct station_view *station)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < station->site_count; i++)
		n += station->sites[i].state == SITE_WORKING;
	return n;
}

static void quit(struct term_operator *o, const struct station_view *station, uint64_t now_ms)
{
	unsigned int n = boards_in_work(station);

	if (o->line == LINE_ENDING || (n > 0 && now_ms >= o->ask_until_ms)) {
		say(o, now_ms,
		    o->line == LINE_ENDING
			    ? "%u board%s still on the way to a safe border."
			    : "%u board%s in work: q again breaks off at the next safe border, s waits "
			      "for them.",
		    n, n == 1 ? "" : "s");
		o->ask_until_ms = now_ms + ASK_MS;
		return;
	}
	o->line = LINE_ENDING;
	say(o, now_ms, "Ending.");
	o->calls.quit(o->calls.arg);
}

static void move(struct term_operator *o, int key, const struct station_view *station,
		 const struct term_layout *layout, uint64_t now_ms)
{
	if (o->selected == TERM_NOBODY)
		o->selected = layout->first;
	else
		o->selected = layout_step(layout, station->site_count, o->selected,
					  (key == KEY_RIGHT) - (key == KEY_LEFT),
					  (key == KEY_DOWN) - (key == KEY_UP));
	o->selected_until_ms = now_ms + SELECTED_MS;
}

/* The station ends as with any Ctrl-C: twice means at once. Only we get it, not what we started. */
static void interrupt(struct term_operator *o, uint64_t now_ms)
{
	say(o, now_ms, "Ending.");
	o->line = LINE_ENDING;
	kill(getpid(), SIGINT);
}

static void press_letter(struct term_operator *o, int key, const struct station_view *station,
			 uint64_t now_ms)
{
	if (key >= '1' && key <= '9')
		release(o, (unsigned int)(key - '1'), station, now_ms);
	else if (key == 'p')
		pause_or_go_on(o, now_ms);
	else if (key == 's')
		stop(o, now_ms);
	else if (key == 'q')
		quit(o, station, now_ms);
	else if (key == '?' || key == 'h')
		say(o, now_ms,
		    "Arrows select a site, Enter releases it if it is locked. Ctrl-L draws the "
		    "screen again. Ctrl-C is q without asking.");
	else if (key != KEY_NONE && key != KEY_REDRAW)
		say(o, now_ms, "This key does nothing; ? tells about keys.");
}

void operator_press(struct term_operator *o, int key, const struct station_view *station,
		    const struct term_layout *layout, uint64_t now_ms)
{
	o->hint_until_ms = 0;
	if (key != 'q')
		o->ask_until_ms = 0;
	if (key == KEY_INTERRUPT)
		interrupt(o, now_ms);
	else if (key == KEY_ENTER)
		release_selected(o, station, now_ms);
	else if (key >= KEY_UP && key <= KEY_LEFT)
		move(o, key, station, layout, now_ms);
	else
		press_letter(o, key, station, now_ms);
}

void operator_tick(struct term_operator *o, const struct station_view *station, uint64_t now_ms)
{
	if (station->state == STATION_STOPPING && o->line < LINE_STOPPING)
		o->line = LINE_STOPPING;
	if (now_ms >= o->selected_until_ms)
		o->selected = TERM_NOBODY;
	if (now_ms >= o->hint_until_ms)
		o->hint[0] = '\0';
}
