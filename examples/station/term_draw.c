/* SPDX-License-Identifier: MIT */
/*
 * The board that the operator reads.
 *
 *      line 3   blinky.yaml                                              1:02:33   head
 *      passed 12 of 100   failed 1   yield 92.3 %   serials left 388               counts
 *
 *      the sites: term_site.c
 *
 *      what somebody has to know                                                   message
 *      1-9 release   p pause   s stop after these boards   q quit   ? help         keys
 *
 * In a low window the sites come first: counts, message and keys give way. Words carry everything;
 * colour only repeats it.
 */
#include "term_draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../text.h"
#include "term_site.h"

#define ALL_ROWS     10u /* from here on there is room for everything */
#define MESSAGE_ROWS 3u

/* ---- head ---- */

static void say_age(char *out, size_t cap, uint64_t ms)
{
	uint64_t s = ms / 1000;

	snprintf(out, cap, "%" PRIu64 ":%02u:%02u ", s / 3600, (unsigned int)(s / 60 % 60),
		 (unsigned int)(s % 60));
}

static void draw_head(struct term_cells *t, struct term_box b, const struct term_scene *scene)
{
	static const char *const lines[] = { "", "PAUSED  ", "STOPPING: no more boards  ",
					     "ENDING at the next safe border  " };
	const struct station_view *v = scene->station;
	char left[256], age[64], right[128];

	snprintf(left, sizeof(left), " %s   %s", v->station, v->recipe);
	say_age(age, sizeof(age), scene->now_ms - v->began_ms);
	snprintf(right, sizeof(right), "  %s%s", lines[scene->line], age);
	box_fill(t, b, ' ', STYLE_HEAD);
	box_text(t, b, 0, 0, STYLE_HEAD, left);
	box_text_right(t, b, 0, STYLE_HEAD, right);
}

static unsigned int draw_count(struct term_cells *t, struct term_box b, unsigned int x,
			       enum term_style style, const char *what, const char *how_many)
{
	x = box_text(t, b, x, 0, STYLE_PLAIN, what);
	return box_text(t, b, x, 0, style, how_many) + 3;
}

static void draw_counts(struct term_cells *t, struct term_box b, const struct station_view *v)
{
	unsigned int judged = v->passed + v->failed, x = 1;
	char text[64];

	if (v->wanted)
		snprintf(text, sizeof(text), "%u of %u", v->passed, v->wanted);
	else
		snprintf(text, sizeof(text), "%u", v->passed);
	x = draw_count(t, b, x, STYLE_BOLD, "passed ", text);
	snprintf(text, sizeof(text), "%u", v->failed);
	x = draw_count(t, b, x, STYLE_BOLD, "failed ", text);
	if (judged)
		x = draw_count(t, b, x, STYLE_BOLD, "yield ", text_percent(text, v->passed, judged));
	if (v->serials_left != UINT64_MAX) {
		snprintf(text, sizeof(text), "%" PRIu64, v->serials_left);
		x = draw_count(t, b, x, STYLE_BOLD, "serials left ", text);
	}
	snprintf(text, sizeof(text), "%u", v->known);
	if (v->known)
		draw_count(t, b, x, STYLE_BOLD, "known ", text);
}

/* ---- foot ---- */

static void draw_keys(struct term_cells *t, struct term_box b, const struct term_scene *scene)
{
	const char *p = scene->line == LINE_PAUSED ? "go on" : "pause";
	char text[128];

	if (b.width >= 72)
		snprintf(text, sizeof(text),
			 " 1-9 release   p %s   s stop after these boards   q quit   ? help", p);
	else
		snprintf(text, sizeof(text), " 1-9 release  p %s  s stop  q quit  ? help", p);
	box_fill(t, b, ' ', STYLE_HEAD);
	box_text(t, b, 0, 0, STYLE_HEAD, scene->keys ? text : " no keys: stdin is no terminal");
}

static unsigned int rows_for(const char *text, unsigned int width)
{
	unsigned int rows = (unsigned int)strlen(text) / (width > 20 ? width - 10 : 10) + 1;

	return rows < MESSAGE_ROWS ? rows : MESSAGE_ROWS;
}

/* A long one lies over the lowest rows of the sites: these do not move when it comes and goes. */
static void draw_message(struct term_cells *t, struct term_box above_keys, const char *text)
{
	unsigned int rows = rows_for(text, above_keys.width);
	unsigned int y = above_keys.height > rows ? above_keys.height - rows : 0;
	struct term_box b = box_part(above_keys, 0, y, above_keys.width, rows);

	if (!text[0])
		return;
	box_fill(t, b, ' ', style_of(STYLE_BAND, TONE_WARN));
	box_wrap(t, box_part(b, 1, 0, b.width > 2 ? b.width - 2 : 0, rows), 0, rows,
		 style_of(STYLE_BAND, TONE_WARN), text);
}

/* ---- sites ---- */

static unsigned int count_hidden(const struct term_scene *scene, const struct term_layout *l,
				 enum site_state state)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < scene->station->site_count; i++)
		if ((i < l->first || i >= l->first + l->count) &&
		    scene->station->sites[i].state == state)
			n++;
	return n;
}

/* Those that wait for somebody are named. */
static void say_hidden(struct term_cells *t, struct term_box b, const struct term_scene *scene,
		       const struct term_layout *l)
{
	char text[160];

	snprintf(text, sizeof(text),
		 "%u more do not fit (%u FAIL, %u LOCKED, %u DOWN): enlarge the window%s",
		 scene->station->site_count - l->count, count_hidden(scene, l, SITE_FAILED),
		 count_hidden(scene, l, SITE_LOCKED), count_hidden(scene, l, SITE_DOWN),
		 scene->keys ? ", or use the arrows" : "");
	box_fill(t, b, ' ', style_of(STYLE_BAND, TONE_WARN));
	box_text(t, b, 1, 0, style_of(STYLE_BAND, TONE_WARN), text);
}

static struct term_layout place_sites(struct term_cells *t, struct term_box area,
				      const struct term_scene *scene)
{
	unsigned int sites = scene->station->site_count;
	struct term_layout l = layout_choose(area, sites, scene->selected);

	if (l.count < sites && area.height > 1) {
		struct term_box last = box_part(area, 0, area.height - 1, area.width, 1);

		l = layout_choose(box_part(area, 0, 0, area.width, area.height - 1), sites,
				  scene->selected);
		say_hidden(t, last, scene, &l);
	}
	return l;
}

static struct term_layout draw_sites(struct term_cells *t, struct term_box area,
				     const struct term_scene *scene)
{
	struct term_layout l = place_sites(t, area, scene);
	unsigned int told = scene->selected != TERM_NOBODY ? scene->selected : scene->troubled;

	for (unsigned int i = l.first; i < l.first + l.count; i++) {
		struct term_box place = layout_place(&l, i);

		if (l.kind == LAYOUT_ROWS)
			term_draw_row(t, place, scene, i);
		else
			term_draw_panel(t, place, scene, i);
	}
	if (l.detail.height > 0 && told < scene->station->site_count)
		term_draw_detail(t, l.detail, scene, told);
	return l;
}

struct term_layout term_draw(struct term_cells *t, const struct term_scene *scene)
{
	struct term_box all = cells_all(t);
	unsigned int head = all.height >= 4, counts = all.height >= ALL_ROWS;
	unsigned int keys = all.height >= 4, message = all.height >= ALL_ROWS;
	unsigned int top = head + counts, bottom = keys + message;

	cells_clear(t);
	if (head)
		draw_head(t, box_part(all, 0, 0, all.width, 1), scene);
	if (counts)
		draw_counts(t, box_part(all, 0, 1, all.width, 1), scene->station);
	struct term_layout l =
		draw_sites(t, box_part(all, 0, top, all.width, all.height - top - bottom), scene);
	draw_message(t, box_part(all, 0, 0, all.width, all.height - keys), scene->message);
	if (keys)
		draw_keys(t, box_part(all, 0, all.height - 1, all.width, 1), scene);
	return l;
}
