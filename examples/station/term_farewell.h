/* SPDX-License-Identifier: MIT */
/* What stays to be read when the board is gone from the screen. */
#ifndef TERM_FAREWELL_H
#define TERM_FAREWELL_H

#include "term_draw.h"

/* A line for each site and one for the station; what there is memory for. */
void term_farewell(struct term_bytes *out, const char *tool, const struct station_view *station,
		   const enum term_result *last, const char *note);

#endif
