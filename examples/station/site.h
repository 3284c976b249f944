/* SPDX-License-Identifier: MIT */
/*
 * One site: its OpenOCD, and one board after the other.
 *
 *   STARTING --> EMPTY --a board, twice the same--> WORKING --> PASSED, FAILED, KNOWN --removed--> EMPTY
 *       ^          |                                                   |
 *       |  OpenOCD lost, or not reached                                +--too many in a row--> LOCKED
 *      DOWN <------+
 *
 * A site never waits for another one, and nothing it does can end the others.
 */
#ifndef SITE_H
#define SITE_H

#include "event.h"
#include "job.h"
#include "record.h"
#include "site_log.h"

struct station;

enum site_life {
	SITE_LIVES,
	SITE_RESTARTS, /* its client is being closed, and a new one will be made */
	SITE_ENDING
};

struct site {
	struct station *station;
	const struct recipe_site *recipe;
	struct site_view *view; /* its strings point into the site */
	stmfw_client *client;  /* NULL: none                  */
	enum site_life life;
	uv_timer_t timer;      /* the next look, or the next try to reach OpenOCD */
	uint32_t pause_ms;     /* before that try                                 */
	bool connected;
	struct board seen;     /* what stands in the fixture, as last seen */
	unsigned int times;    /* so often in a row           */
	unsigned int misses;   /* so often in a row not       */
	/* of the board that is done and has not been removed */
	enum site_state outcome; /* PASSED, FAILED, KNOWN; EMPTY: there is none */
	char done_uid[25];
	struct board board;    /* it, or the one in work; the view shows this one */
	struct job *job;
	unsigned int record_tries; /* of the board that is done, while others keep the record locked */
	uint64_t phase_began;
	struct site_log log;   /* what OpenOCD has said since the last board     */
	/* for the view */
	char serial[128], version[128];
	char reason[JOB_REASON], advice[256];                 /* of the board  */
	char down_reason[JOB_REASON], down_advice[256]; /* of its OpenOCD */
};

void site_init(struct site *s, struct station *station, const struct recipe_site *recipe,
	       unsigned int index);
void site_start(struct site *s);
/* No board after the one in work. */
void site_stop(struct site *s);
/* The one in work ends at its next safe border, too. */
void site_abort(struct site *s, const char *why);
/* At once: what it holds then is not known. */
void site_kill(struct site *s);
/* The operator has looked at it. */
void site_release(struct site *s);
/* Looks again whether it may work: after a pause. */
void site_resume(struct site *s);

#endif
