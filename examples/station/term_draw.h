/* SPDX-License-Identifier: MIT */
/* The board that the operator reads, as a picture in cells. Nothing here knows a terminal. */
#ifndef TERM_DRAW_H
#define TERM_DRAW_H

#include "event.h"
#include "term_cells.h"
#include "term_layout.h"
#include "term_words.h"

#define TERM_NOBODY UINT32_MAX

/* What the line does; each wish of the operator leads further down, only a pause leads back. */
enum term_line { LINE_RUNS, LINE_PAUSED, LINE_STOPPING, LINE_ENDING };

struct term_scene {
	const struct station_view *station;
	const enum term_result *last; /* one for each site          */
	uint64_t now_ms; /* the clock of the site views */
	enum term_line line;
	unsigned int selected; /* by the operator, or TERM_NOBODY   */
	unsigned int troubled; /* who failed last, or TERM_NOBODY   */
	bool keys; /* somebody can press them           */
	const char *message; /* above the keys; ""                */
};

/* Fills the cells. Returns where the sites are, for those who move the selection. */
struct term_layout term_draw(struct term_cells *t, const struct term_scene *scene);

#endif
