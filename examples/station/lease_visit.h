/* SPDX-License-Identifier: MIT */
/* What a station does at the pool: its own blocks that the record lacks, then new ones. */
#ifndef LEASE_VISIT_H
#define LEASE_VISIT_H

#include "lease.h"
#include "lease_db.h"

enum lease_visit_step { VISIT_BEGIN, VISIT_DURABLE, VISIT_OWN, VISIT_TAKE };

struct lease_visit {
	const struct recipe *recipe;
	struct record *record;
	unsigned int blocks; /* new ones that are wanted for sure */
	void (*done)(void *arg, const char *why); /* why: NULL, or what failed */
	void *arg;
	/* the visit's own */
	enum lease_visit_step step;
	unsigned int taken;
	bool pool_is_empty;
	struct lease_db *db; /* NULL: it is over */
	char station[RECIPE_NAME + 40], first[24], last[24];
};

/* Whether that many are few: work would stop if no more came. */
bool lease_visit_is_needed(const struct lease_visit *v);
/* False: not enough memory. v has to last until done is called, or lease_db_abort(v->db). */
bool lease_visit_begin(struct lease_visit *v, uv_loop_t *loop);

#endif
