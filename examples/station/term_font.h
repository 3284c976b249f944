/* SPDX-License-Identifier: MIT */
/* Block letters: capitals, digits and the per cent sign. */
#ifndef TERM_FONT_H
#define TERM_FONT_H

#include "term_cells.h"

#define FONT_ROWS  5u
#define FONT_PITCH 6u /* columns from letter to letter */
/* The longest word that has to fit, and the length of those that matter most. */
#define FONT_LONGEST        6u
#define FONT_USUAL          4u
#define FONT_WIDTH(letters) ((letters)*FONT_PITCH - 1)

struct font_scale {
	unsigned int x, y; /* columns and rows for each dot; 0: no room */
};

/* The largest that has room for a word of so many letters; short ones are as large as usual ones. */
struct font_scale font_scale_for(size_t letters, unsigned int columns, unsigned int rows);
/* In the middle of the box. */
void font_draw(struct term_cells *t, struct term_box b, struct font_scale scale,
	       enum term_style ink, const char *word);

#endif
