/* SPDX-License-Identifier: MIT */
/* What the page remembers of what has happened. It never grows beyond its limits. */
#ifndef HALL_STORY_H
#define HALL_STORY_H

#include "event.h"

#define STORY_SLOTS 480u
#define STORY_FAILURES 6u

struct story_slot {
	unsigned int passed, failed;
};

struct story_failure {
	int64_t at_s; /* since the epoch */
	char *site, *uid, *serial, *reason, *advice;
};

struct story {
	/* Boards per slot of time since the start. When all slots are used, each two become one. */
	struct story_slot slots[STORY_SLOTS];
	unsigned int slot_count;
	uint64_t slot_minutes;
	struct story_failure failures[STORY_FAILURES]; /* the newest first */
	unsigned int failure_count;
	char *note; /* the last one; NULL: none */
	int64_t note_at_s;
};

void story_init(struct story *s);
void story_free(struct story *s);
/* It is this minute since the start now. True: a slot has been added. */
bool story_advance(struct story *s, uint64_t minute);
/* A board has passed or failed in this minute. */
void story_count(struct story *s, uint64_t minute, bool passed);
void story_failed(struct story *s, int64_t at_s, const struct site_view *site);
void story_note(struct story *s, int64_t at_s, const char *text);

#endif
