/* SPDX-License-Identifier: MIT */
/* Block letters, five by five dots, as large as the room allows. */
#include "term_font.h"

#include <string.h>

static const struct {
	char c;
	const char *dots; /* row by row */
} alphabet[] = {
	{ 'A', " ### #   #######   ##   #" }, { 'B', "#### #   ##### #   ##### " },
	{ 'C', " #####    #    #     ####" }, { 'D', "#### #   ##   ##   ##### " },
	{ 'E', "######    #### #    #####" }, { 'F', "######    #### #    #    " },
	{ 'I', " ###   #    #    #   ### " }, { 'K', "#   ##  # ###  #  # #   #" },
	{ 'L', "#    #    #    #    #####" }, { 'N', "#   ###  ## # ##  ###   #" },
	{ 'O', " ### #   ##   ##   # ### " }, { 'P', "#### #   ##### #    #    " },
	{ 'R', "#### #   ##### #  # #   #" }, { 'S', " #####     ###     ##### " },
	{ 'T', "#####  #    #    #    #  " }, { 'U', "#   ##   ##   ##   # ### " },
	{ 'W', "#   ##   ## # ### ###   #" }, { 'Y', "#   # # #   #    #    #  " },
	{ '0', " ### #  ### # ###  # ### " }, { '1', "  #   ##    #    #   ### " },
	{ '2', "####     # ### #    #####" }, { '3', "####     # ###     ##### " },
	{ '4', "#  # #  # #####   #    # " }, { '5', "######    ####     ##### " },
	{ '6', " ### #    #### #   # ### " }, { '7', "#####   #   #   #    #   " },
	{ '8', " ### #   # ### #   # ### " }, { '9', " ### #   # ####    # ### " },
	{ '%', "##  ###  #  #  #  ###  ##" },
};

static const char *dots_of(char c)
{
	for (size_t i = 0; i < sizeof(alphabet) / sizeof(alphabet[0]); i++)
		if (alphabet[i].c == c)
			return alphabet[i].dots;
	return NULL;
}

/* A cell is about twice as high as wide: letters may be twice as wide in cells, but never narrow. */
struct font_scale font_scale_for(size_t letters, unsigned int columns, unsigned int rows)
{
	unsigned int length = letters > FONT_USUAL ? (unsigned int)letters : FONT_USUAL;
	struct font_scale s = { columns / FONT_WIDTH(length), rows / FONT_ROWS };

	if (s.y > s.x)
		s.y = s.x;
	if (s.x > 2 * s.y)
		s.x = 2 * s.y;
	return s;
}

static void draw_letter(struct term_cells *t, struct term_box b, struct font_scale scale,
			enum term_style ink, const char *dots)
{
	for (unsigned int i = 0; dots[i]; i++)
		if (dots[i] == '#')
			box_fill(t, box_part(b, i % 5 * scale.x, i / 5 * scale.y, scale.x, scale.y),
				 '#', ink);
}

void font_draw(struct term_cells *t, struct term_box b, struct font_scale scale,
	       enum term_style ink, const char *word)
{
	unsigned int width = FONT_WIDTH((unsigned int)strlen(word)) * scale.x;
	unsigned int height = FONT_ROWS * scale.y;
	struct term_box inner =
		box_part(b, b.width > width ? (b.width - width) / 2 : 0,
			 b.height > height ? (b.height - height) / 2 : 0, width, height);

	for (unsigned int i = 0; word[i]; i++) {
		const char *dots = dots_of(word[i]);

		if (dots)
			draw_letter(
				t,
				box_part(inner, i * FONT_PITCH * scale.x, 0, 5 * scale.x, height),
				scale, ink, dots);
	}
}
