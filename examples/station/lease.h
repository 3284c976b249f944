/* SPDX-License-Identifier: MIT */
/*
 * Blocks of serial numbers from a pool that many stations share, a table in PostgreSQL. A station
 * takes the next block before its numbers run out, so it works on while the database is away.
 *
 * A block is marked as taken in the table first, and only then is it in the record. What the table
 * says that this record has taken and the record does not know is added at the next chance; so a
 * crash between the two loses nothing, and no number can be issued twice. The mark has the record's
 * identity in it: another record of a station with the same name has other blocks.
 */
#ifndef LEASE_H
#define LEASE_H

#include <stdbool.h>
#include <uv.h>

#include "event.h"
#include "record.h"

#define LEASE_WHY 512 /* as MQTT_WHY */

/* Something for the operator, whole sentences. */
typedef void (*lease_note)(void *arg, const char *text);

/*
 * For the recipe's `lease`: a viewer that looks after each board whether there are enough numbers.
 * recipe and record have to last until the loop has nothing more to do after close(). note is not
 * called after close(). NULL: why, a whole sentence; also if this program was built without.
 */
struct viewer *lease_new(uv_loop_t *loop, const struct recipe *recipe, struct record *record,
			 lease_note note, void *arg, char why[LEASE_WHY]);
/* Whether this program can do it. False: why. */
bool lease_is_possible(char why[LEASE_WHY]);

/* ---- these wait until it is done, some seconds at most ---- */

/* Adds what the record lacks of its blocks, and so many new ones; 0: as many as it takes for work to
   go on. False: why, a whole sentence. */
bool lease_take(const struct recipe *recipe, struct record *record, unsigned int blocks,
		char why[LEASE_WHY]);

#define LEASE_POOL_MOST 100000 /* blocks */

struct lease_pool {
	uint64_t blocks_added, blocks_free, blocks_taken;
	uint64_t numbers_missing; /* of the recipe's, in no block */
};

/* Makes the table if it is not there, and fills it with the numbers of the recipe that are behind
   those it has. What is missing before or between these is only counted: it may have been used. */
bool lease_fill_pool(const struct recipe *recipe, struct lease_pool *pool, char why[LEASE_WHY]);

#endif
