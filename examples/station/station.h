/* SPDX-License-Identifier: MIT */
/* All sites of a line, on one loop; and who is told of what they do. */
#ifndef STATION_H
#define STATION_H

#include <uv.h>

#include "../cli.h"
#include "images.h"
#include "record.h"
#include "site.h"

#define STATION_VIEWERS 6
#define STATION_SIGNALS 4

struct station_opts {
	const char *operator_name;
	unsigned int count;    /* boards that pass, then it ends; 0: no end */
	bool once;             /* each site one board                        */
	bool verbose;
	const char *http;      /* address of the page in the hall; NULL: none */
};

struct station {
	struct station_opts opts;
	struct recipe *recipe;
	struct images images;
	struct record *record;
	struct cli *cli;
	uv_loop_t loop;
	struct site *sites;
	struct site_view *views; /* one for each */
	unsigned int running;  /* sites that have not stopped */
	struct viewer *viewers[STATION_VIEWERS];
	struct station_view view;
	uv_signal_t signals[STATION_SIGNALS];
	unsigned int interrupts;
	unsigned int started;  /* boards in work or passed, that count towards opts.count */
};

/* Loop and sites, for recipe and opts. False: after cli_fail(). Then viewers may be added. */
bool station_open(struct station *st);
/* From the first line on: SIGINT, SIGTERM, SIGHUP and SIGUSR1 wait until station_run() takes them. */
void station_hold_signals(void);
/* The one of the first three that waits; 0: none. */
int station_is_told_to_stop(void);
/* Until all sites have stopped. cli has what to say if the line was stopped by a failure. */
void station_run(struct station *st);
/* Viewers included. Harmless if it is not open. */
void station_close(struct station *st);
void station_add_viewer(struct station *st, struct viewer *v);

/* ---- for sites ---- */

void station_tell(struct station *st, struct event e);
/* May another board be begun? If not, and there never will be one, the site stops itself. */
bool station_wants_board(struct station *st);
void station_site_stopped(struct station *st);
/* Nobody begins another board: the record fails, or an image has changed. */
void station_stop_line(struct station *st, enum cli_exit code, const char *why);
/* Into the record, or the line is stopped: false. */
bool station_note(struct station *st, const char *site, const char *what);

/* ---- for the operator ---- */

void station_pause(struct station *st, bool pause);
/* After the boards in work. */
void station_stop(struct station *st);
/* Boards in work end at their next safe border. */
void station_abort(struct station *st, const char *why);

#endif
