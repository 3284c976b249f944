/* SPDX-License-Identifier: MIT */
/*
 * What happens at a station, told to all who show it: terminal, lines, JSON, the page in the hall.
 * They only look; what has to last is in the record already.
 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum site_state {
	SITE_STARTING, /* its OpenOCD is being reached                     */
	SITE_DOWN,     /* it cannot be reached: reason, advice; tries again */
	SITE_EMPTY,    /* waiting for a board                              */
	SITE_WORKING,  /* a board is in work                               */
	SITE_PASSED,   /* done: waiting for its removal                    */
	SITE_FAILED,   /* done: waiting for its removal; reason, advice    */
	SITE_KNOWN,    /* this board has passed before; waiting for its removal */
	SITE_LOCKED,   /* too many failures in a row: waits for the operator */
	SITE_PAUSED,
	SITE_STOPPED   /* no more boards here */
};

enum station_state { STATION_RUNNING, STATION_PAUSED, STATION_STOPPING };

/* All that can be shown of a site, always true and complete. Strings are never NULL. */
struct site_view {
	unsigned int index;
	const char *name;
	enum site_state state;
	const char *step;      /* of the board in work; ""                  */
	const char *phase;     /* "read", "erase", "write", "prove"; ""     */
	uint64_t done, total;  /* bytes of the phase; total 0: not known    */
	uint64_t rate;         /* bytes per second of the phase; 0: unknown */
	const char *uid;
	const char *serial;
	const char *chip;
	const char *reason;    /* of the last failure; KNOWN: when and where it has passed */
	const char *advice;
	uint64_t board_began_ms;   /* monotonic */
	uint64_t board_elapsed_ms; /* of a board that is done */
	unsigned int passed, failed, in_row; /* boards */
};

struct station_view {
	const char *station;
	const char *recipe;    /* file name */
	uint64_t began_ms;     /* monotonic */
	unsigned int passed, failed, known;
	unsigned int wanted;   /* boards; 0: no end */
	uint64_t serials_left; /* UINT64_MAX: no end or none needed */
	enum station_state state;
	const struct site_view *sites;
	unsigned int site_count;
};

enum event_kind {
	EVENT_BEGIN,      /* the station                                     */
	EVENT_SITE,       /* a site has another state                        */
	EVENT_BOARD,      /* a board is in work                              */
	EVENT_STEP,       /* a step begins                                   */
	EVENT_PROGRESS,
	EVENT_STEP_END,
	EVENT_BOARD_END,  /* recorded: PASS, FAIL or known                   */
	EVENT_LOG,        /* text: a line that `who` has said (verbose only) */
	EVENT_NOTE,       /* text: something for the operator                */
	EVENT_END
};

struct event {
	enum event_kind kind;
	const struct site_view *site; /* NULL: the station's   */
	bool passed;                  /* STEP_END, BOARD_END   */
	const char *text;             /* LOG, NOTE; else "" or the reason */
	const char *who;              /* LOG: "openocd", or the step whose program it was */
	uint64_t elapsed_ms;          /* STEP_END, BOARD_END   */
	uint64_t bytes;
	unsigned int attempts;
};

/* Somebody who shows it. */
struct viewer {
	void (*show)(struct viewer *v, const struct station_view *station, const struct event *e);
	void (*close)(struct viewer *v);
};

#endif
