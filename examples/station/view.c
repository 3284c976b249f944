/* SPDX-License-Identifier: MIT */
/* States in words, for all viewers. */
#include "view.h"

static const struct {
	const char *name, *words;
} states[] = {
	[SITE_STARTING] = { "STARTING", "starting OpenOCD" },
	[SITE_DOWN] = { "DOWN", "OpenOCD not reached" },
	[SITE_EMPTY] = { "EMPTY", "waiting for a board" },
	[SITE_WORKING] = { "WORKING", "in work" },
	[SITE_PASSED] = { "PASSED", "PASS" },
	[SITE_FAILED] = { "FAILED", "FAIL" },
	[SITE_KNOWN] = { "KNOWN", "already programmed" },
	[SITE_LOCKED] = { "LOCKED", "LOCKED: too many failures" },
	[SITE_PAUSED] = { "PAUSED", "paused" },
	[SITE_STOPPED] = { "STOPPED", "stopped" },
};

const char *view_state_name(enum site_state state)
{
	return states[state].name;
}

const char *view_state_words(enum site_state state)
{
	return states[state].words;
}

const char *view_serial(const struct site_view *s)
{
	switch (s->state) {
	case SITE_WORKING:
	case SITE_PASSED:
	case SITE_KNOWN:
		return s->serial;
	case SITE_FAILED:
	case SITE_LOCKED:
		return "";
	default: /* what it shows is its last board */
		return s->in_row > 0 ? "" : s->serial;
	}
}
