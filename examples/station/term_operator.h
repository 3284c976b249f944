/* SPDX-License-Identifier: MIT */
/* What the keys do. The calls are the station's; what was asked and selected is kept here. */
#ifndef TERM_OPERATOR_H
#define TERM_OPERATOR_H

#include "event.h"
#include "term_draw.h"
#include "view_term.h"

struct term_operator {
	struct term_calls calls;
	enum term_line line;
	unsigned int selected; /* or TERM_NOBODY */
	uint64_t selected_until_ms;
	uint64_t ask_until_ms; /* q was pressed once */
	char hint[200]; /* the answer to the last key, for a while */
	uint64_t hint_until_ms;
};

void operator_init(struct term_operator *o, const struct term_calls *calls);
void operator_press(struct term_operator *o, int key, const struct station_view *station,
		    const struct term_layout *layout, uint64_t now_ms);
/* Forgets what is too old: a key that nobody remembers must not have a meaning. */
void operator_tick(struct term_operator *o, const struct station_view *station, uint64_t now_ms);

#endif
