/* SPDX-License-Identifier: MIT */
/*
 * Cells, and what changed in them.
 *
 * Only the eight colours that every terminal has. Block letters are number signs in their own colour:
 * solid where there is colour, and still letters where there is none, or where text is all that is kept.
 */
#include "term_cells.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const colours[STYLES] = {
	[STYLE_PLAIN] = "0",
	[STYLE_BOLD] = "0;1",
	[STYLE_DIM] = "0;2",
	[STYLE_HEAD] = "0;1;7",
	[STYLE_BAND + TONE_CALM] = "0;1;4",
	[STYLE_BAND + TONE_WORK] = "0;1;37;44",
	[STYLE_BAND + TONE_GOOD] = "0;30;42",
	[STYLE_BAND + TONE_BAD] = "0;1;37;41",
	[STYLE_BAND + TONE_WARN] = "0;30;43",
	[STYLE_BAND + TONE_KNOWN] = "0;30;46",
	[STYLE_FIELD + TONE_CALM] = "0",
	[STYLE_FIELD + TONE_WORK] = "0;37;44",
	[STYLE_FIELD + TONE_GOOD] = "0;30;42",
	[STYLE_FIELD + TONE_BAD] = "0;37;41",
	[STYLE_FIELD + TONE_WARN] = "0;30;43",
	[STYLE_FIELD + TONE_KNOWN] = "0;30;46",
	[STYLE_INK + TONE_CALM] = "0;7",
	[STYLE_INK + TONE_WORK] = "0;37;47",
	[STYLE_INK + TONE_GOOD] = "0;30;40",
	[STYLE_INK + TONE_BAD] = "0;37;47",
	[STYLE_INK + TONE_WARN] = "0;30;40",
	[STYLE_INK + TONE_KNOWN] = "0;30;40",
};

/* ---- the picture ---- */

bool cells_resize(struct term_cells *t, unsigned int columns, unsigned int rows)
{
	size_t count = (size_t)columns * rows;
	struct term_cell *both = calloc(2 * count + 1, sizeof(*both));

	if (!both)
		return false;
	cells_free(t);
	t->columns = columns;
	t->rows = rows;
	t->now = both;
	t->shown = both + count;
	cells_clear(t);
	return true;
}

void cells_free(struct term_cells *t)
{
	free(t->now);
	*t = (struct term_cells){ .now = NULL };
}

void cells_clear(struct term_cells *t)
{
	box_fill(t, cells_all(t), ' ', STYLE_PLAIN);
}

void cells_forget(struct term_cells *t)
{
	if (t->shown)
		memset(t->shown, 0, (size_t)t->columns * t->rows * sizeof(*t->shown));
}

struct term_box cells_all(const struct term_cells *t)
{
	return (struct term_box){ 0, 0, t->columns, t->rows };
}

/* ---- boxes ---- */

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

struct term_box box_part(struct term_box b, unsigned int x, unsigned int y, unsigned int width,
			 unsigned int height)
{
	x = least(x, b.width);
	y = least(y, b.height);
	return (struct term_box){ b.x + x, b.y + y, least(width, b.width - x),
				  least(height, b.height - y) };
}

static struct term_cell *row_of(struct term_cells *t, struct term_box b, unsigned int y)
{
	return t->now + (size_t)(b.y + y) * t->columns + b.x;
}

void box_fill(struct term_cells *t, struct term_box b, char c, enum term_style style)
{
	for (unsigned int y = 0; y < b.height; y++)
		for (unsigned int x = 0; x < b.width; x++)
			row_of(t, b, y)[x] = (struct term_cell){ c, (unsigned char)style };
}

static unsigned int put(struct term_cells *t, struct term_box b, unsigned int x, unsigned int y,
			enum term_style style, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++, x++) {
		char c = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';

		if (x < b.width && y < b.height)
			row_of(t, b, y)[x] = (struct term_cell){ c, (unsigned char)style };
	}
	return x;
}

unsigned int box_text(struct term_cells *t, struct term_box b, unsigned int x, unsigned int y,
		      enum term_style style, const char *text)
{
	return put(t, b, x, y, style, text, strlen(text));
}

unsigned int box_text_right(struct term_cells *t, struct term_box b, unsigned int y,
			    enum term_style style, const char *text)
{
	size_t length = strlen(text);
	unsigned int x = length < b.width ? b.width - (unsigned int)length : 0;

	put(t, b, x, y, style, text, length);
	return x;
}

/* As many bytes as fit into a row; a word that is longer than a row is cut. */
static size_t row_length(const char *text, unsigned int width)
{
	size_t length = strlen(text), space;

	if (length <= width)
		return length;
	for (space = width; space > 0 && text[space] != ' '; space--)
		;
	return space > 0 ? space : width;
}

unsigned int box_wrap(struct term_cells *t, struct term_box b, unsigned int y, unsigned int rows,
		      enum term_style style, const char *text)
{
	unsigned int used = 0;

	rows = y < b.height ? least(rows, b.height - y) : 0;
	while (*text && used < rows && b.width > 0) {
		size_t length = row_length(text, b.width);

		put(t, b, 0, y + used++, style, text, length);
		text += length;
		while (*text == ' ')
			text++;
	}
	if (*text && used > 0)
		box_text_right(t, b, y + used - 1, style, " ...");
	return used;
}

/* ---- the bytes ---- */

static bool add(struct term_bytes *out, const char *bytes, size_t length)
{
	if (out->length + length > out->capacity) {
		size_t capacity = 2 * (out->length + length) + 1024;
		char *data = realloc(out->data, capacity);

		if (!data)
			return false;
		out->data = data;
		out->capacity = capacity;
	}
	memcpy(out->data + out->length, bytes, length);
	out->length += length;
	return true;
}

bool bytes_add(struct term_bytes *out, const char *text)
{
	return add(out, text, strlen(text));
}

/* Without colour only what a typewriter had, and inversion. */
static const char *sgr(enum term_style style, bool colour)
{
	if (colour || style < STYLE_BAND)
		return colours[style];
	if (style < STYLE_FIELD)
		return "0;1;4";
	return style < STYLE_INK ? "0" : "0;7";
}

static bool add_style(struct term_bytes *out, enum term_style style, bool colour)
{
	char text[32];

	snprintf(text, sizeof(text), "\033[%sm", sgr(style, colour));
	return bytes_add(out, text);
}

static bool add_place(struct term_bytes *out, size_t x, size_t y)
{
	char text[48];

	snprintf(text, sizeof(text), "\033[%zu;%zuH", y + 1, x + 1);
	return bytes_add(out, text);
}

/* Inverted blanks are solid in any colours; what has none keeps the sign, for whoever copies it. */
static char shape(struct term_cell cell, bool colour)
{
	return colour && cell.style == STYLE_INK + TONE_CALM ? ' ' : cell.c;
}

static bool same(struct term_cell a, struct term_cell b)
{
	return a.c == b.c && a.style == b.style;
}

bool cells_encode(struct term_cells *t, bool colour, struct term_bytes *out)
{
	size_t count = (size_t)t->columns * t->rows, cursor = count;
	unsigned int style = STYLES;
	bool good = true;

	for (size_t i = 0; i < count && good; i++) {
		struct term_cell cell = t->now[i];

		if (same(cell, t->shown[i]))
			continue;
		if (i != cursor || i % t->columns == 0)
			good = add_place(out, i % t->columns, i / t->columns);
		if (good && cell.style != style)
			good = add_style(out, (enum term_style)cell.style, colour);
		good = good && add(out, (char[]){ shape(cell, colour) }, 1);
		style = cell.style;
		cursor = i + 1;
		t->shown[i] = cell;
	}
	if (!good)
		cells_forget(t);
	return good;
}
