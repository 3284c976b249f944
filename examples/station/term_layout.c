/* SPDX-License-Identifier: MIT */
/* Where each site goes. */
#include "term_layout.h"

#include "term_font.h"

#define GAP           2u /* columns between sites */
#define SIGN_WIDTH    (FONT_WIDTH(FONT_LONGEST) + 2)
#define SIGN_HEIGHT   (1 + FONT_ROWS + 4) /* title, letters, text */
#define TILE_WIDTH    38u
#define TILE_HEIGHT   5u
#define ROW_WIDTH     20u
#define DETAIL_HEIGHT 4u

static void divide(struct term_layout *l, unsigned int sites, unsigned int columns)
{
	l->columns = columns;
	l->rows = (sites + columns - 1) / columns;
	l->width = (l->area.width + GAP) / columns;
	l->height = l->area.height / l->rows;
	l->count = sites;
}

/* The number of columns that has the largest letters. */
static bool try_signs(struct term_layout *l, unsigned int sites)
{
	unsigned int best = 0, best_size = 0;

	for (unsigned int columns = 1; columns <= sites; columns++) {
		divide(l, sites, columns);
		if (l->width < SIGN_WIDTH + GAP || l->height < SIGN_HEIGHT)
			continue;
		struct font_scale s =
			font_scale_for(FONT_USUAL, l->width - GAP - 2, l->height - 1 - 4);
		if (s.x * s.y > best_size) {
			best = columns;
			best_size = s.x * s.y;
		}
	}
	if (best)
		divide(l, sites, best);
	return best > 0;
}

/* As wide as possible. */
static bool try_tiles(struct term_layout *l, unsigned int sites, unsigned int height)
{
	for (unsigned int columns = 1; columns <= sites; columns++) {
		divide(l, sites, columns);
		if (l->width >= TILE_WIDTH + GAP && l->height >= height)
			return true;
	}
	return false;
}

static void make_room(struct term_layout *l, unsigned int rows)
{
	if (l->area.height < 2 * rows)
		return;
	l->area.height -= rows;
	l->detail = (struct term_box){ l->area.x, l->area.y + l->area.height, l->area.width, rows };
}

/* As wide as possible; a page with the selected one if not all fit. */
static void take_rows(struct term_layout *l, unsigned int sites, unsigned int selected)
{
	unsigned int most = (l->area.width + GAP) / ROW_WIDTH;
	unsigned int columns = 1, page;

	make_room(l, DETAIL_HEIGHT);
	unsigned int height = l->area.height ? l->area.height : 1;
	while (columns < most && columns * height < sites)
		columns++;
	page = columns * height;
	l->columns = columns;
	l->rows = page < sites ? height : (sites + columns - 1) / columns;
	l->width = (l->area.width + GAP) / columns;
	l->height = 1;
	l->first = page && page < sites && selected < sites ? selected / page * page : 0;
	l->count = sites - l->first < page ? sites - l->first : page;
}

struct term_layout layout_choose(struct term_box area, unsigned int sites, unsigned int selected)
{
	struct term_layout l = { .kind = LAYOUT_SIGNS, .area = area };

	if (sites == 0 || try_signs(&l, sites))
		return l;
	l.kind = LAYOUT_TILES;
	if (try_tiles(&l, sites, TILE_HEIGHT + 1) || try_tiles(&l, sites, TILE_HEIGHT))
		return l;
	l.kind = LAYOUT_ROWS;
	take_rows(&l, sites, selected);
	return l;
}

/* Signs and tiles are read like a book, rows like a list: down first. */
struct term_box layout_place(const struct term_layout *l, unsigned int site)
{
	unsigned int i = site - l->first;
	unsigned int x = l->kind == LAYOUT_ROWS ? i / l->rows : i % l->columns;
	unsigned int y = l->kind == LAYOUT_ROWS ? i % l->rows : i / l->columns;

	return box_part(l->area, x * l->width, y * l->height, l->width - GAP, l->height);
}

unsigned int layout_step(const struct term_layout *l, unsigned int sites, unsigned int from, int dx,
			 int dy)
{
	int to = (int)from +
		 (l->kind == LAYOUT_ROWS ? dx * (int)l->rows + dy : dx + dy * (int)l->columns);

	return to >= 0 && to < (int)sites ? (unsigned int)to : from;
}
