/* SPDX-License-Identifier: MIT */
/*
 * One site.
 *
 *      3  left            PASS       passed 12  failed 1    title, a band in the state's colour
 *      block letters, if there is room                      sign
 *      write: [#########-----]  62%  31.5 KiB/s  0:07       work; or a sentence: what to do
 *      UID 0123456789abcdef01234567  serial SN-00017        board
 *      the reason of the last failure, and what to do
 *
 * Rows that have nothing to say are left out, so that the others find room.
 */
#include "term_site.h"

#include <stdio.h>
#include <string.h>

#include "term_font.h"
#include "view.h"

#include "../text.h"

#define FEW_ROWS  4u /* below the letters, at least   */
#define MANY_ROWS 8u /* where that costs no larger letters */
#define NARROW    56u /* the bar gets a row of its own */
#define WIDE_ROW  36u /* more than name and state  */
#define BESIDE    72u /* the UID has room beside the sentence */

static bool has_failed(const struct site_view *s)
{
	return s->state == SITE_FAILED || s->state == SITE_LOCKED;
}

/* ---- pieces ---- */

static unsigned int title_left(char *out, size_t cap, const struct term_scene *scene,
			       unsigned int site)
{
	const struct site_view *s = &scene->station->sites[site];

	return (unsigned int)snprintf(out, cap, "%c%2u  %s", site == scene->selected ? '>' : ' ',
				      site + 1, s->name);
}

static void draw_title(struct term_cells *t, struct term_box b, const struct term_scene *scene,
		       unsigned int site)
{
	const struct site_view *s = &scene->station->sites[site];
	enum term_style band = style_of(STYLE_BAND, term_tone_of(s, scene->last[site]));
	char left[160], right[96], word[TERM_WORD];
	unsigned int length = title_left(left, sizeof(left), scene, site);

	snprintf(right, sizeof(right), "  %s   %u passed, %u failed ",
		 term_word(word, s, scene->last[site]), s->passed, s->failed);
	if (length + strlen(right) > b.width)
		snprintf(right, sizeof(right), "  %s ", word);
	box_fill(t, b, ' ', band);
	box_text(t, b, 0, 0, band, left);
	box_text_right(t, b, 0, band, right);
}

static void draw_sign(struct term_cells *t, struct term_box b, const struct site_view *s,
		      enum term_result last)
{
	enum term_tone tone = term_tone_of(s, last);
	char word[TERM_WORD];

	term_word(word, s, last);
	box_fill(t, b, ' ', style_of(STYLE_FIELD, tone));
	font_draw(t, b, font_scale_for(strlen(word), b.width - 2, b.height),
		  style_of(STYLE_INK, tone), word);
}

/* How the row with the sentence or the bar is written: below a sign it belongs to that. */
struct ink {
	enum term_style plain, bold, bar;
};

static const struct ink ordinary = { STYLE_PLAIN, STYLE_BOLD, STYLE_BOLD };

static struct ink ink_below_sign(enum term_tone tone)
{
	enum term_style band = style_of(STYLE_BAND, tone);

	return (struct ink){ band, band, style_of(STYLE_INK, tone) };
}

/* "[#####-----]" */
static void draw_bar(struct term_cells *t, struct term_box b, const struct ink *ink, unsigned int x,
		     unsigned int width, unsigned int percent)
{
	struct term_box inner = box_part(b, x + 1, 0, width - 2, 1);
	struct term_box done = box_part(inner, 0, 0, inner.width * percent / 100, 1);

	box_fill(t, inner, '-', ink->plain);
	box_fill(t, done, '#', ink->bar);
	box_text(t, b, x, 0, ink->plain, "[");
	box_text(t, b, x + width - 1, 0, ink->plain, "]");
}

static void rate_and_time(char *out, size_t cap, const struct site_view *s, uint64_t now_ms)
{
	char rate[TEXT_SHORT] = "", time[TEXT_SHORT];

	if (s->rate)
		text_rate(rate, s->rate, 1000);
	snprintf(out, cap, " %s%s%s", rate, s->rate ? "  " : "", term_board_time(time, s, now_ms));
}

/* Step, bar, rate, time: the bar gets what the others leave, or a row with the step. Returns the
   number of rows. */
static unsigned int draw_work(struct term_cells *t, struct term_box b, const struct ink *ink,
			      const struct site_view *s, uint64_t now_ms)
{
	bool narrow = s->total && b.width < NARROW && b.height >= FEW_ROWS;
	char left[96], right[96];
	unsigned int x, end;

	snprintf(left, sizeof(left), "%.40s%s%.20s ", s->step, s->phase[0] ? ": " : "", s->phase);
	rate_and_time(right, sizeof(right), s, now_ms);
	end = box_text_right(t, b, narrow ? 1 : 0, narrow ? STYLE_PLAIN : ink->plain, right);
	end = narrow ? b.width : end;
	x = box_text(t, box_part(b, 0, 0, end, 1), 0, 0, ink->bold, left);
	if (s->total && x + 6 <= end)
		draw_bar(t, b, ink, x, end - x, term_percent(s));
	return narrow ? 2 : 1;
}

static void draw_sentence(struct term_cells *t, struct term_box b, const struct ink *ink,
			  const struct term_scene *scene, const struct site_view *s,
			  const char *uid)
{
	char text[160], right[160], time[TEXT_SHORT];

	term_sentence(text, sizeof(text), s, scene->last[s->index], scene->keys);
	snprintf(right, sizeof(right), "%s%.100s  %s", uid[0] ? "UID " : "", uid,
		 term_board_time(time, s, scene->now_ms));
	box_text_right(t, b, 0, ink->plain, right);
	box_text(t, b, 0, 0, ink->bold, text);
}

static void add_word(char *out, size_t cap, const char *what, const char *word)
{
	size_t n = strlen(out);

	if (word[0])
		snprintf(out + n, cap - n, "%s%s%s", n ? "  " : "", what, word);
}

/* In one row, or in two. Returns the number of rows. */
static unsigned int draw_board(struct term_cells *t, struct term_box b, const struct site_view *s)
{
	char uid[160] = "", rest[256] = "", both[420];

	add_word(uid, sizeof(uid), "UID ", s->uid);
	add_word(rest, sizeof(rest), "serial ", view_serial(s));
	if (!has_failed(s)) /* else the reason needs the room */
		add_word(rest, sizeof(rest), "", s->chip);
	snprintf(both, sizeof(both), "%s%s%s", uid, uid[0] && rest[0] ? "  " : "", rest);
	if (strlen(both) <= b.width)
		return box_wrap(t, b, 0, 1, STYLE_PLAIN, both);
	return box_wrap(t, b, 0, 1, STYLE_PLAIN, uid) + box_wrap(t, b, 1, 1, STYLE_PLAIN, rest);
}

/* The reason leaves the advice room: what to do matters more than why. */
static void draw_trouble(struct term_cells *t, struct term_box b, const struct site_view *s)
{
	bool now = has_failed(s) || s->state == SITE_DOWN || s->state == SITE_KNOWN;
	char text[1024];
	unsigned int y = 0;

	snprintf(text, sizeof(text), "%s%s", now ? "" : "Last failure: ", s->reason);
	if (s->reason[0])
		y = box_wrap(t, b, 0, s->advice[0] ? (b.height + 1) / 2 : b.height,
			     now ? STYLE_BOLD : STYLE_PLAIN, text);
	snprintf(text, sizeof(text), "Do: %s", s->advice);
	if (s->advice[0])
		box_wrap(t, b, y, b.height, STYLE_PLAIN, text);
}

/* ---- the whole ---- */

/* All but title and sign. */
static void draw_text(struct term_cells *t, struct term_box b, const struct ink *ink,
		      const struct term_scene *scene, const struct site_view *s)
{
	bool tight = has_failed(s) && b.height <= FEW_ROWS; /* why and what to do come first */
	bool beside = tight && b.width >= BESIDE;
	unsigned int y = 1;

	if (s->state == SITE_WORKING)
		y = draw_work(t, b, ink, s, scene->now_ms);
	else
		draw_sentence(t, b, ink, scene, s, beside ? s->uid : "");
	if (!tight)
		y += draw_board(t, box_part(b, 0, y, b.width, 2), s);
	draw_trouble(t, box_part(b, 0, y, b.width, b.height), s);
}

static unsigned int letter_rows(unsigned int width, unsigned int rows)
{
	return font_scale_for(FONT_USUAL, width - 2, rows).y;
}

/* Rows for the letters; 0: too little room. Text gets more if the letters would not grow. */
static unsigned int sign_rows(struct term_box b)
{
	unsigned int rows = b.height - 1, text = MANY_ROWS;

	if (b.width < FONT_WIDTH(FONT_LONGEST) + 2 || rows < FONT_ROWS + FEW_ROWS)
		return 0;
	while (text > FEW_ROWS && (rows < text || letter_rows(b.width, rows - text) <
							  letter_rows(b.width, rows - FEW_ROWS)))
		text--;
	return rows - text;
}

void term_draw_panel(struct term_cells *t, struct term_box b, const struct term_scene *scene,
		     unsigned int site)
{
	const struct site_view *s = &scene->station->sites[site];
	struct ink below = ink_below_sign(term_tone_of(s, scene->last[site]));
	unsigned int sign = sign_rows(b);

	draw_title(t, box_part(b, 0, 0, b.width, 1), scene, site);
	if (sign) {
		draw_sign(t, box_part(b, 0, 1, b.width, sign), s, scene->last[site]);
		box_fill(t, box_part(b, 0, 1 + sign, b.width, 1), ' ', below.plain);
	}
	draw_text(t, box_part(b, 1, 1 + sign, b.width - 2, b.height), sign ? &below : &ordinary,
		  scene, s);
}

/* What there is room for, the most useful first. */
static void draw_row_rest(struct term_cells *t, struct term_box b, const struct term_scene *scene,
			  const struct site_view *s)
{
	char text[420] = "", time[TEXT_SHORT];

	if (s->state == SITE_WORKING) {
		draw_work(t, b, &ordinary, s, scene->now_ms);
		return;
	}
	if (s->state == SITE_FAILED || s->state == SITE_DOWN)
		add_word(text, sizeof(text), "", s->reason);
	else if (s->state == SITE_PASSED || s->state == SITE_KNOWN) {
		add_word(text, sizeof(text), "serial ", s->serial);
		add_word(text, sizeof(text), "UID ", s->uid);
		add_word(text, sizeof(text), "", s->state == SITE_KNOWN ? s->reason : "");
	}
	if (!text[0])
		term_sentence(text, sizeof(text), s, scene->last[s->index], scene->keys);
	time[0] = '\0';
	if (strlen(text) + 8 <= b.width)
		box_text_right(t, b, 0, STYLE_PLAIN, term_board_time(time, s, scene->now_ms));
	box_text(t, b, 0, 0, STYLE_PLAIN, text);
}

void term_draw_row(struct term_cells *t, struct term_box b, const struct term_scene *scene,
		   unsigned int site)
{
	const struct site_view *s = &scene->station->sites[site];
	enum term_result last = scene->last[site];
	enum term_style band = style_of(STYLE_BAND, term_tone_of(s, last));
	bool wide = b.width >= WIDE_ROW;
	unsigned int name = wide ? b.width / 4 : b.width > 8 ? b.width - 8 : 0;
	char text[160], word[TERM_WORD];

	title_left(text, sizeof(text), scene, site);
	memmove(text + 3, text + 4, strlen(text + 3)); /* one space is enough here */
	box_text(t, box_part(b, 0, 0, name, 1), 0, 0, STYLE_PLAIN, text);
	snprintf(text, sizeof(text), " %-6s ", term_word(word, s, last));
	box_text(t, box_part(b, name + wide, 0, 8, 1), 0, 0, band, text);
	if (wide)
		draw_row_rest(t, box_part(b, name + 10, 0, b.width, 1), scene, s);
}

void term_draw_detail(struct term_cells *t, struct term_box b, const struct term_scene *scene,
		      unsigned int site)
{
	draw_title(t, box_part(b, 0, 0, b.width, 1), scene, site);
	draw_text(t, box_part(b, 1, 1, b.width > 2 ? b.width - 2 : 0, b.height), &ordinary, scene,
		  &scene->station->sites[site]);
}
