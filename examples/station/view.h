/* SPDX-License-Identifier: MIT */
/* Those who show what happens: made, and given to station_add_viewer(). NULL: not enough memory. */
#ifndef VIEW_H
#define VIEW_H

#include <uv.h>

#include "event.h"

/* Plain lines on stderr: a board and its result, troubles of sites. quiet: only results, and sites that
   do not go on. */
struct viewer *view_lines_new(uv_loop_t *loop, const char *tool, bool quiet, bool verbose);
/* One JSON object per line on stdout. */
struct viewer *view_json_new(uv_loop_t *loop);

/* "waiting for a board", "PASS" */
const char *view_state_words(enum site_state state);
/* "WORKING" */
const char *view_state_name(enum site_state state);
/* Of the board that is shown; "" if that has failed: the number is the next board's. */
const char *view_serial(const struct site_view *s);

#endif
