/* SPDX-License-Identifier: MIT */
/*
 * Which sectors an image touches, what they hold, what is to be done with each.
 *
 * Pure: it asks nobody. flash_old.c finds out what the sectors hold, flash_write.c does what the
 * plan says and keeps here how far each sector is.
 */
#ifndef STMFW_PLAN_H
#define STMFW_PLAN_H

#include <stdbool.h>
#include <string.h>

#include "mem.h"

/* What a sector holds, as far as it has been looked at. */
enum sector_look { LOOK_UNKNOWN, LOOK_SAME, LOOK_BLANK, LOOK_DIFFERS };

enum sector_state {
	SECTOR_OLD,   /* never touched, or put back and proven      */
	SECTOR_OPEN,  /* erased or written, not proven: holds anything */
	SECTOR_NEW    /* holds what is wanted, proven               */
};

/* What is left to be done with it, by flash_write.c. WRONG: it does not hold what is wanted. */
enum sector_work { WORK_NONE, WORK_TODO, WORK_PROVE, WORK_WRONG };

struct sector {
	stmfw_plan_sector plan; /* first: what the user is shown                   */
	uint8_t blank;          /* what an erased byte reads as                    */
	int is_protected;       /* as in stmfw_sector                              */
	enum sector_look look;
	enum sector_state state;
	uint8_t *old;           /* its whole content; NULL: not read               */
	enum sector_work work;
	unsigned int failures;  /* of erasing, writing or proving it               */
	bool erase_told, write_told; /* progress counts it once                    */
};

struct plan {
	const stmfw_image *image;
	uint64_t shift; /* added to the image's addresses */
	bool keep;      /* what lies around the image     */
	bool full;      /* sectors that are right as well */
	struct sector *sectors; /* ascending in each bank; stmfw_plan.sectors is made of them */
	size_t count;
	size_t capacity;
};

/* Adds the bank's sectors that the image touches. False: no memory (a->failed). */
bool stmfw__plan_add_bank(struct plan *p, struct arena *a, const stmfw_bank *bank);
/* The first bytes of the image that lie in no sector of these; false: there are none. */
bool stmfw__plan_outside(const struct plan *p, stmfw_span *span);
/* One part of a sector that is either all image or all surroundings. Begin with at 0: false at its
   end. */
struct sector_part {
	uint64_t offset; /* in the sector */
	uint64_t length;
	bool is_image;
	const uint8_t *bytes; /* the image's */
};
bool stmfw__plan_part(const struct plan *p, const struct sector *s, uint64_t at,
		      struct sector_part *part);
/* What the sector is to hold: `length` bytes from an offset in it. */
void stmfw__plan_wanted(const struct plan *p, const struct sector *s, uint64_t offset,
			uint8_t *out, size_t length);
/* The sector's content is in s->old: compare it with what is wanted. */
void stmfw__plan_judge_old(const struct plan *p, struct sector *s);
/* All sectors have been looked at: decide, and show the decision. False: no memory. */
bool stmfw__plan_decide(struct plan *p, struct arena *a, stmfw_plan *out);

static inline bool is_all(const uint8_t *bytes, uint64_t length, uint8_t value)
{
	return length == 0 ||
	       (bytes[0] == value && memcmp(bytes, bytes + 1, (size_t)length - 1) == 0);
}

static inline bool sector_changes(const struct sector *s)
{
	return s->plan.action != STMFW_SECTOR_SKIP;
}

#endif
