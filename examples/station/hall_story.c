/* SPDX-License-Identifier: MIT */
/* Boards per minute, the last failures, the last note: in bounded memory. */
#include "hall_story.h"

#include <stdlib.h>
#include <string.h>

void story_init(struct story *s)
{
	*s = (struct story){ .slot_count = 1, .slot_minutes = 1 };
}

static void free_failure(struct story_failure *f)
{
	free(f->site);
	free(f->uid);
	free(f->serial);
	free(f->reason);
	free(f->advice);
}

void story_free(struct story *s)
{
	for (unsigned int i = 0; i < s->failure_count; i++)
		free_failure(&s->failures[i]);
	free(s->note);
}

/* ---- boards per minute ---- */

static void halve(struct story *s)
{
	for (unsigned int i = 0; i < STORY_SLOTS / 2; i++) {
		const struct story_slot *two = &s->slots[(size_t)2 * i];

		s->slots[i] = (struct story_slot){ two[0].passed + two[1].passed,
						   two[0].failed + two[1].failed };
	}
	memset(&s->slots[STORY_SLOTS / 2], 0, sizeof(s->slots) / 2);
	s->slot_count = STORY_SLOTS / 2;
	s->slot_minutes *= 2;
}

bool story_advance(struct story *s, uint64_t minute)
{
	bool added = false;

	while (minute / s->slot_minutes >= s->slot_count) {
		if (s->slot_count == STORY_SLOTS)
			halve(s);
		else
			s->slot_count++;
		added = true;
	}
	return added;
}

void story_count(struct story *s, uint64_t minute, bool passed)
{
	story_advance(s, minute);
	struct story_slot *slot = &s->slots[minute / s->slot_minutes];

	if (passed)
		slot->passed++;
	else
		slot->failed++;
}

/* ---- words ---- */

void story_failed(struct story *s, int64_t at_s, const struct site_view *site)
{
	if (s->failure_count == STORY_FAILURES)
		free_failure(&s->failures[--s->failure_count]);
	memmove(&s->failures[1], s->failures, s->failure_count * sizeof(*s->failures));
	s->failure_count++;
	s->failures[0] = (struct story_failure){
		.at_s = at_s,
		.site = strdup(site->name),
		.uid = strdup(site->uid),
		.serial = strdup(site->serial),
		.reason = strdup(site->reason),
		.advice = strdup(site->advice),
	};
}

void story_note(struct story *s, int64_t at_s, const char *text)
{
	free(s->note);
	s->note = strdup(text);
	s->note_at_s = at_s;
}
