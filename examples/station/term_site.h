/* SPDX-License-Identifier: MIT */
/* One site, as large as its place. */
#ifndef TERM_SITE_H
#define TERM_SITE_H

#include "term_draw.h"

/* Several rows; with block letters where there is room. */
void term_draw_panel(struct term_cells *t, struct term_box b, const struct term_scene *scene,
		     unsigned int site);
/* One row. */
void term_draw_row(struct term_cells *t, struct term_box b, const struct term_scene *scene,
		   unsigned int site);
/* What a row has no room for. */
void term_draw_detail(struct term_cells *t, struct term_box b, const struct term_scene *scene,
		      unsigned int site);

#endif
