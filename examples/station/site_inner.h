/* SPDX-License-Identifier: MIT */
/* Between the parts of a site: site.c has its OpenOCD and what stands in the fixture, site_board.c what
   is done to a board. */
#ifndef SITE_INNER_H
#define SITE_INNER_H

#include "station.h"

/* ---- site.c ---- */

void site_tell(struct site *s, enum event_kind kind);
/* Another state, which is told. */
void site_enter(struct site *s, enum site_state state);
/* The reason that is shown, and what to do. */
void site_explain(struct site *s, const char *reason, const char *advice);
/* The board is done: wait until it is gone, or end. */
void site_go_on(struct site *s);

/* ---- site_board.c ---- */

void site_board_arrived(struct site *s);
/* There is no time any more to wait for the record. */
void site_board_hurry(struct site *s);

#endif
