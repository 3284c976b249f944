/* SPDX-License-Identifier: MIT */
/*
 * A picture made of character cells, and the bytes that bring a terminal from the last picture to
 * this one. Drawing is clipped to a box, always; only printable ASCII gets into a cell.
 */
#ifndef TERM_CELLS_H
#define TERM_CELLS_H

#include <stdbool.h>
#include <stddef.h>

/* What a site's state looks like. Each tone has three styles: a band with text, the field behind
   block letters, and the ink that these are made of. */
enum term_tone { TONE_CALM, TONE_WORK, TONE_GOOD, TONE_BAD, TONE_WARN, TONE_KNOWN, TONES };

enum term_style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_HEAD,
	STYLE_BAND,
	STYLE_FIELD = STYLE_BAND + TONES,
	STYLE_INK = STYLE_FIELD + TONES,
	STYLES = STYLE_INK + TONES
};

static inline enum term_style style_of(enum term_style first, enum term_tone tone)
{
	return (enum term_style)((unsigned int)first + (unsigned int)tone);
}

struct term_cell {
	char c; /* '\0': not known what the terminal shows there */
	unsigned char style;
};

struct term_cells {
	unsigned int columns, rows;
	struct term_cell *now, *shown;
};

struct term_box {
	unsigned int x, y, width, height;
};

struct term_bytes {
	char *data;
	size_t length, capacity;
};

/* False: not enough memory; the cells are as they were. Nothing is known of the screen then. */
bool cells_resize(struct term_cells *t, unsigned int columns, unsigned int rows);
void cells_free(struct term_cells *t);
void cells_clear(struct term_cells *t);
/* The next bytes draw everything. */
void cells_forget(struct term_cells *t);
struct term_box cells_all(const struct term_cells *t);

/* The part of a box that is really there. */
struct term_box box_part(struct term_box b, unsigned int x, unsigned int y, unsigned int width,
			 unsigned int height);
void box_fill(struct term_cells *t, struct term_box b, char c, enum term_style style);
/* At x, y of the box. Returns the column behind the text, even where that is cut off. */
unsigned int box_text(struct term_cells *t, struct term_box b, unsigned int x, unsigned int y,
		      enum term_style style, const char *text);
/* Ends at the right border. Returns the column where it begins. */
unsigned int box_text_right(struct term_cells *t, struct term_box b, unsigned int y,
			    enum term_style style, const char *text);
/* From row y, broken at spaces, at most so many rows; "..." where words are left out. Returns the
   number of rows. */
unsigned int box_wrap(struct term_cells *t, struct term_box b, unsigned int y, unsigned int rows,
		      enum term_style style, const char *text);

/* Appends. False: not enough memory, and the screen is taken for unknown. */
bool bytes_add(struct term_bytes *out, const char *text);
bool cells_encode(struct term_cells *t, bool colour, struct term_bytes *out);

#endif
