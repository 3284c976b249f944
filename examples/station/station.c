/* SPDX-License-Identifier: MIT */
/*
 * All sites on one loop. The station only counts, tells, and stops; what happens to a board is
 * between its site and its job.
 *
 * The first SIGINT, SIGTERM or SIGHUP lets the boards in work end at their next safe border and
 * begins no others; the second does not wait for borders either. SIGUSR1 releases sites that are
 * locked: where there is no terminal, that is the key.
 */
#include "station.h"

#include <signal.h>
#include <stdlib.h>

void station_add_viewer(struct station *st, struct viewer *v)
{
	for (size_t i = 0; i < STATION_VIEWERS; i++)
		if (!st->viewers[i]) {
			st->viewers[i] = v;
			return;
		}
}

void station_tell(struct station *st, struct event e)
{
	if (e.kind == EVENT_BEGIN || e.kind == EVENT_BOARD || e.kind == EVENT_BOARD_END)
		st->view.serials_left = record_serials_left(st->record);
	for (size_t i = 0; i < STATION_VIEWERS && st->viewers[i]; i++)
		st->viewers[i]->show(st->viewers[i], &st->view, &e);
}

bool station_wants_board(struct station *st)
{
	if (st->view.state != STATION_RUNNING)
		return false;
	return st->opts.count == 0 || st->started < st->opts.count;
}

/* ---- stopping ---- */

void station_stop(struct station *st)
{
	if (st->view.state == STATION_STOPPING)
		return;
	st->view.state = STATION_STOPPING;
	for (unsigned int i = 0; i < st->recipe->site_count; i++)
		site_stop(&st->sites[i]);
}

void station_abort(struct station *st, const char *why)
{
	st->view.state = STATION_STOPPING;
	for (unsigned int i = 0; i < st->recipe->site_count; i++)
		site_abort(&st->sites[i], why);
}

void station_stop_line(struct station *st, enum cli_exit code, const char *why)
{
	char unrecorded[RECORD_WHY] = "";

	cli_fail(st->cli, code, "Nothing more is begun.", "The line was stopped: %s", why);
	if (!record_note(st->record, "", st->cli->message, unrecorded))
		cli_add(st->cli, "The record has no word of it: %s", unrecorded);
	station_tell(st, (struct event){ .kind = EVENT_NOTE, .text = st->cli->message });
	station_stop(st);
}

bool station_note(struct station *st, const char *site, const char *what)
{
	char why[RECORD_WHY] = "";

	if (record_note(st->record, site, what, why))
		return true;
	station_stop_line(st, CLI_FILE, why);
	return false;
}

static void close_signals(struct station *st)
{
	for (size_t i = 0; i < STATION_SIGNALS; i++)
		uv_close((uv_handle_t *)&st->signals[i], NULL);
	signal(SIGUSR1,
	       SIG_IGN); /* there is nothing to release any more, and nothing to end by it */
}

void station_site_stopped(struct station *st)
{
	if (--st->running > 0)
		return;
	close_signals(st);
	uv_stop(&st->loop); /* viewers may have handles of their own */
}

void station_pause(struct station *st, bool pause)
{
	if (st->view.state == STATION_STOPPING)
		return;
	st->view.state = pause ? STATION_PAUSED : STATION_RUNNING;
	for (unsigned int i = 0; !pause && i < st->recipe->site_count; i++)
		site_resume(&st->sites[i]);
	station_tell(st, (struct event){ .kind = EVENT_NOTE,
					 .text = pause ? "Paused: no board is begun." : "It goes on." });
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *handle, int number)
{
	struct station *st = handle->data;

	st->interrupts++;
	cli_fail(st->cli, number == SIGINT ? CLI_INTERRUPTED : CLI_TERMINATED, "",
		 "Stopped as asked; boards that were in work ended at a safe border.");
	if (st->interrupts == 1) {
		station_abort(st, "the station was stopped");
		return;
	}
	if (st->interrupts == 2)
		cli_add(st->cli, "Then at once: what they hold is not known.");
	for (unsigned int i = 0; i < st->recipe->site_count; i++)
		site_kill(&st->sites[i]);
}

static void on_release(uv_signal_t *handle, int number)
{
	struct station *st = handle->data;

	(void)number;
	for (unsigned int i = 0; i < st->recipe->site_count; i++)
		site_release(&st->sites[i]);
}

static const struct {
	int number;
	uv_signal_cb then;
} watched[STATION_SIGNALS] = { { SIGINT, on_signal },
			       { SIGTERM, on_signal },
			       { SIGHUP, on_signal },
			       { SIGUSR1, on_release } };

static void mask_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < STATION_SIGNALS; i++)
		sigaddset(&set, watched[i].number);
	pthread_sigmask(how, &set, NULL);
}

void station_hold_signals(void)
{
	mask_signals(SIG_BLOCK);
}

int station_is_told_to_stop(void)
{
	sigset_t waiting;

	sigpending(&waiting);
	for (size_t i = 0; i < STATION_SIGNALS; i++)
		if (watched[i].then == on_signal && sigismember(&waiting, watched[i].number) == 1)
			return watched[i].number;
	return 0;
}

static void watch_signals(struct station *st)
{
	for (size_t i = 0; i < STATION_SIGNALS; i++) {
		uv_signal_init(&st->loop, &st->signals[i]);
		st->signals[i].data = st;
		uv_signal_start(&st->signals[i], watched[i].then, watched[i].number);
	}
	mask_signals(SIG_UNBLOCK);
}

/* ---- running ---- */

static void start_sites(struct station *st)
{
	st->running = st->recipe->site_count;
	for (unsigned int i = 0; i < st->recipe->site_count; i++)
		site_start(&st->sites[i]);
}

bool station_open(struct station *st)
{
	const struct recipe *r = st->recipe;

	st->sites = calloc(r->site_count, sizeof(*st->sites));
	st->views = calloc(r->site_count, sizeof(*st->views));
	if (!st->sites || !st->views || uv_loop_init(&st->loop) != 0) {
		free(st->sites);
		free(st->views);
		st->sites = NULL;
		cli_fail(st->cli, CLI_INTERNAL, "", "Not enough memory.");
		return false;
	}
	for (unsigned int i = 0; i < r->site_count; i++)
		site_init(&st->sites[i], st, &r->sites[i], i);
	st->view.station = r->station;
	st->view.recipe = r->path;
	st->view.wanted = st->opts.count;
	st->view.sites = st->views;
	st->view.site_count = r->site_count;
	return true;
}

void station_run(struct station *st)
{
	st->view.began_ms = uv_now(&st->loop);
	watch_signals(st);
	station_tell(st, (struct event){ .kind = EVENT_BEGIN, .text = "" });
	start_sites(st);
	uv_run(&st->loop, UV_RUN_DEFAULT);
	station_tell(st, (struct event){ .kind = EVENT_END, .text = "" });
}

void station_close(struct station *st)
{
	if (!st->sites)
		return;
	for (size_t i = 0; i < STATION_VIEWERS && st->viewers[i]; i++)
		st->viewers[i]->close(st->viewers[i]);
	uv_run(&st->loop, UV_RUN_DEFAULT);
	uv_loop_close(&st->loop);
	free(st->sites);
	free(st->views);
	st->sites = NULL;
}
