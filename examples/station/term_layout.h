/* SPDX-License-Identifier: MIT */
/*
 * Where each site goes. As large as the window allows:
 *
 *     signs  block letters, and all that is known
 *     tiles  a few rows each
 *     rows   one row each, in several columns; what one site has to say comes below
 */
#ifndef TERM_LAYOUT_H
#define TERM_LAYOUT_H

#include "term_cells.h"

enum term_kind { LAYOUT_SIGNS, LAYOUT_TILES, LAYOUT_ROWS };

struct term_layout {
	enum term_kind kind;
	struct term_box area;
	struct term_box detail; /* rows only; may be empty */
	unsigned int columns, rows;
	unsigned int width, height; /* of one site's place, gap included */
	unsigned int first, count; /* of the sites that fit; the others have to be said */
};

/* selected: one that has to be seen, where not all fit. */
struct term_layout layout_choose(struct term_box area, unsigned int sites, unsigned int selected);
struct term_box layout_place(const struct term_layout *l, unsigned int site);
/* The site that is dx columns and dy rows away; the same one at a border. */
unsigned int layout_step(const struct term_layout *l, unsigned int sites, unsigned int from, int dx,
			 int dy);

#endif
