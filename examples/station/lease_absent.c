/* SPDX-License-Identifier: MIT */
/* Built without libpq: who needs leases is told so. */
#include <stdio.h>

#include "lease.h"

bool lease_is_possible(char why[LEASE_WHY])
{
	snprintf(why, LEASE_WHY,
		 "\"lease\": this stmfw-station was built without leases of serial numbers (they "
		 "need libpq).");
	return false;
}

struct viewer *lease_new(uv_loop_t *loop, const struct recipe *recipe, struct record *record,
			 lease_note note, void *arg, char why[LEASE_WHY])
{
	(void)loop;
	(void)recipe;
	(void)record;
	(void)note;
	(void)arg;
	lease_is_possible(why);
	return NULL;
}

bool lease_take(const struct recipe *recipe, struct record *record, unsigned int blocks,
		char why[LEASE_WHY])
{
	(void)recipe;
	(void)record;
	(void)blocks;
	return lease_is_possible(why);
}

bool lease_fill_pool(const struct recipe *recipe, struct lease_pool *pool, char why[LEASE_WHY])
{
	(void)recipe;
	(void)pool;
	return lease_is_possible(why);
}
