/* SPDX-License-Identifier: MIT */
/*
 * A site's life: reach its OpenOCD, look whether there is a board, have it done (site_board.c), wait
 * until it is gone.
 *
 * OpenOCD ends at once where it finds no target, so a fixture without a board is one whose OpenOCD
 * cannot be started for that reason: no failure, and nothing is logged. A board that is there is seen
 * twice before it counts, and so is its absence: contacts bounce.
 */
#include "site_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"

#define LOOK_EVERY_MS 250u
#define NO_BOARD_PAUSE_MS 500u
#define FIRST_PAUSE_MS 1000u
#define LONGEST_PAUSE_MS 30000u
#define ENOUGH 2u
#define MISSES_UNTIL_LOST 20u /* with LOOK_EVERY_MS: about five seconds */

static void reach(struct site *s);

/* ---- showing ---- */

void site_tell(struct site *s, enum event_kind kind)
{
	station_tell(s->station, (struct event){ .kind = kind, .site = s->view, .text = "" });
}

void site_enter(struct site *s, enum site_state state)
{
	if (s->view->state == state)
		return;
	s->view->state = state;
	site_tell(s, EVENT_SITE);
}

void site_explain(struct site *s, const char *reason, const char *advice)
{
	text_harmless(s->reason, sizeof(s->reason), reason);
	text_harmless(s->advice, sizeof(s->advice), advice);
}

/* ---- its end ---- */

static void on_timer_closed(uv_handle_t *handle)
{
	struct site *s = handle->data;

	site_enter(s, SITE_STOPPED);
	station_site_stopped(s->station);
}

/* Client and job are gone, in whatever order. */
static void end_if_quiet(struct site *s)
{
	if (s->life == SITE_ENDING && !s->client && !s->job &&
	    !uv_is_closing((uv_handle_t *)&s->timer))
		uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

static void on_client_closed(void *arg)
{
	struct site *s = arg;

	s->client = NULL;
	if (s->life == SITE_RESTARTS) {
		s->life = SITE_LIVES;
		reach(s);
	}
	end_if_quiet(s);
}

static void end(struct site *s)
{
	bool closing = s->life == SITE_RESTARTS;

	if (s->life == SITE_ENDING)
		return;
	s->life = SITE_ENDING;
	uv_timer_stop(&s->timer);
	site_board_hurry(s);
	if (s->client && !closing)
		stmfw_client_close(s->client, on_client_closed, s);
	end_if_quiet(s);
}

/* Its OpenOCD ends with the client, where the site has started it. */
static void restart(struct site *s)
{
	s->life = SITE_RESTARTS;
	s->connected = false;
	uv_timer_stop(&s->timer);
	stmfw_client_close(s->client, on_client_closed, s);
}

/* ---- looking whether there is a board ---- */

static void look(uv_timer_t *timer);

static void look_soon(struct site *s, uint32_t ms)
{
	if (s->life == SITE_LIVES)
		uv_timer_start(&s->timer, look, ms, 0);
}

/* What could not be reached, or looked at, can be now. */
static void come_back(struct site *s)
{
	s->view->reason = s->reason;
	s->view->advice = s->advice;
	if (s->view->state == SITE_STARTING || s->view->state == SITE_DOWN)
		site_enter(s, s->outcome);
}

static void note_presence(struct site *s, const stmfw_result *res)
{
	const char *uid = s->seen.uid;
	char before[sizeof(s->seen.uid)];

	if (res->status != STMFW_OK) {
		s->misses++;
		s->times = 0;
		return;
	}
	s->misses = 0;
	memcpy(before, uid, sizeof(before));
	board_learn(&s->seen, res->chip);
	s->times = s->times > 0 && strcmp(uid, before) == 0 ? s->times + 1 : 1;
}

static void forget_board(struct site *s)
{
	struct site_view *v = s->view;

	if (s->outcome == SITE_KNOWN)
		site_explain(s, "", ""); /* that was no failure */
	s->outcome = SITE_EMPTY;
	s->done_uid[0] = '\0';
	v->uid = v->serial = v->chip = v->step = v->phase = "";
	v->board_elapsed_ms = 0;
}

/* A site that is locked stays so until it is released. */
static void board_is_gone(struct site *s)
{
	forget_board(s);
	if (s->view->state != SITE_LOCKED)
		site_enter(s, SITE_EMPTY);
}

static bool is_another(const struct site *s)
{
	return s->times >= ENOUGH && strcmp(s->seen.uid, s->done_uid) != 0;
}

static void judge_presence(struct site *s)
{
	switch (s->view->state) {
	case SITE_EMPTY:
	case SITE_PAUSED:
		if (s->times >= ENOUGH)
			site_board_arrived(s);
		break;
	case SITE_PASSED:
	case SITE_FAILED:
	case SITE_KNOWN:
		if (s->misses >= ENOUGH || is_another(s))
			board_is_gone(s);
		if (s->times >= ENOUGH && s->view->state == SITE_EMPTY)
			site_board_arrived(s);
		break;
	case SITE_LOCKED: /* it may be put in again while the site is released */
		if (s->misses >= ENOUGH)
			board_is_gone(s);
		break;
	default:
		break;
	}
}

static bool has_own_openocd(const struct site *s)
{
	return s->recipe->start || strncmp(s->recipe->openocd, "exec:", strlen("exec:")) == 0;
}

/* A site that is locked shows why, and nothing else. */
static void be_down(struct site *s, const char *reason, const char *advice)
{
	text_harmless(s->down_reason, sizeof(s->down_reason), reason);
	text_harmless(s->down_advice, sizeof(s->down_advice), advice);
	if (s->view->state == SITE_LOCKED)
		return;
	s->view->reason = s->down_reason;
	s->view->advice = s->down_advice;
	site_enter(s, SITE_DOWN);
}

static bool has_lost_probe(const stmfw_result *res)
{
	return res->status != STMFW_OK && strstr(res->advice, "lost its probe");
}

/* OpenOCD never finds a probe again that was unplugged. Where it is ours another one is started after a
   while without a board, which also tells an absent probe from an empty fixture. */
static void on_seen(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct site *s = arg;

	(void)c;
	if (s->life != SITE_LIVES || !s->connected)
		return;
	note_presence(s, res);
	if (s->misses >= MISSES_UNTIL_LOST && has_lost_probe(res) && !has_own_openocd(s))
		be_down(s, res->text, res->advice);
	else
		come_back(s);
	judge_presence(s);
	if (s->misses >= MISSES_UNTIL_LOST && has_own_openocd(s))
		restart(s);
	else if (!s->job)
		look_soon(s, LOOK_EVERY_MS);
}

static void look(uv_timer_t *timer)
{
	struct site *s = timer->data;

	if (!s->connected || s->job)
		return;
	int err = stmfw_identify(s->client, NULL, on_seen, s, NULL);

	if (!err)
		return;
	be_down(s, stmfw_strerror(err), "");
	look_soon(s, FIRST_PAUSE_MS);
}

/* ---- reaching its OpenOCD ---- */

static void on_pause_over(uv_timer_t *timer)
{
	reach(timer->data);
}

/* A board is there, and no waiting makes it a good one; the next one may be. */
static bool means_other_chip(const char *text)
{
	return strstr(text, "UNEXPECTED idcode") || strstr(text, "unexpected idcode");
}

static bool means_no_board(const char *text)
{
	return strstr(text, "unable to connect to the target") != NULL;
}

static void try_later(struct site *s, const char *reason, const char *advice)
{
	s->connected = false;
	if (means_no_board(reason)) {
		if (++s->misses >= ENOUGH)
			board_is_gone(s);
		s->pause_ms = FIRST_PAUSE_MS;
		uv_timer_start(&s->timer, on_pause_over, NO_BOARD_PAUSE_MS, 0);
		return;
	}
	if (means_other_chip(reason)) {
		advice = "Another kind of chip is fitted, or a clone: take the board out.";
		s->pause_ms = FIRST_PAUSE_MS;
	}
	be_down(s, reason, advice);
	uv_timer_start(&s->timer, on_pause_over, s->pause_ms, 0);
	s->pause_ms = s->pause_ms * 2 < LONGEST_PAUSE_MS ? s->pause_ms * 2 : LONGEST_PAUSE_MS;
}

static void on_connected(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct site *s = arg;

	if (s->life != SITE_LIVES)
		return;
	if (res->status != STMFW_OK) {
		try_later(s, res->text, res->advice);
		return;
	}
	s->connected = true;
	s->pause_ms = FIRST_PAUSE_MS;
	s->times = s->misses = 0;
	snprintf(s->version, sizeof(s->version), "%s", stmfw_client_server(c)->version);
	come_back(s);
	look_soon(s, 0);
}

static void on_lost(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct site *s = arg;

	(void)c;
	s->connected = false;
	if (s->life == SITE_LIVES && !s->job) /* else: once the board is recorded */
		try_later(s, res->text, res->advice);
}

static void on_log(stmfw_client *c, const char *line, void *arg)
{
	struct site *s = arg;

	(void)c;
	if (!s->station->opts.verbose)
		return;
	if (s->job)
		site_log_forget(&s->log);
	if (s->job || site_log_is_news(&s->log, line))
		station_tell(s->station, (struct event){ .kind = EVENT_LOG,
							 .site = s->view,
							 .text = line,
							 .who = "openocd" });
}

/* By ssh they have to get through a shell. Neither value has a quote in it. */
static void choose_probe(char *out, size_t size, const struct recipe_site *r, const char *what,
			 const char *value)
{
	snprintf(out, size, server_is_ssh(r->start[0]) ? "'adapter %s {%s}'" : "adapter %s {%s}", what, value);
}

/* The recipe's words, and those that choose the probe. The texts belong to the caller's array. */
static int spawn(struct site *s)
{
	const struct recipe_site *r = s->recipe;
	char serial[300], place[300];
	const char **words = calloc(r->start_count + 5, sizeof(*words));
	stmfw_spawn_opts opts = STMFW_INIT(stmfw_spawn_opts);
	unsigned int n = 0;

	if (!words)
		return STMFW_ENOMEM;
	for (; n < r->start_count; n++)
		words[n] = r->start[n];
	if (r->adapter_serial) {
		choose_probe(serial, sizeof(serial), r, "serial", r->adapter_serial);
		words[n++] = "-c";
		words[n++] = serial;
	}
	if (r->usb_path) {
		choose_probe(place, sizeof(place), r, "usb location", r->usb_path);
		words[n++] = "-c";
		words[n++] = place;
	}
	opts.argv = words;
	int err = stmfw_client_spawn(s->client, &opts, on_connected, s, NULL);
	free(words);
	return err;
}

static int connect_to(struct site *s)
{
	struct server server = { .argv = NULL };
	stmfw_spawn_opts opts = STMFW_INIT(stmfw_spawn_opts);

	if (!server_parse(&server, s->recipe->openocd))
		return STMFW_EINVAL;
	opts.argv = (const char *const *)server.argv;
	int err = server.argv ? stmfw_client_spawn(s->client, &opts, on_connected, s, NULL)
			      : stmfw_client_connect(s->client, server.address.text, on_connected, s,
						     NULL);
	server_free(&server);
	return err;
}

static void reach(struct site *s)
{
	stmfw_client_opts opts = STMFW_INIT(stmfw_client_opts);
	int err = STMFW_OK;

	if (s->life != SITE_LIVES)
		return;
	opts.lost = on_lost;
	opts.lost_arg = s;
	opts.log = on_log;
	opts.log_arg = s;
	if (!s->client)
		err = stmfw_client_new(&s->client, &s->station->loop, &opts);
	if (!err)
		err = s->recipe->start ? spawn(s) : connect_to(s);
	if (err)
		try_later(s, stmfw_strerror(err), "");
}

/* ---- between two boards ---- */

void site_go_on(struct site *s)
{
	struct station *st = s->station;

	if (s->life == SITE_ENDING) {
		end_if_quiet(s);
		return;
	}
	if (st->opts.once || st->view.state == STATION_STOPPING ||
	    (st->opts.count && st->view.passed >= st->opts.count))
		end(s);
	else if (s->connected)
		look_soon(s, LOOK_EVERY_MS);
	else /* the board's result stays to be seen while OpenOCD is reached again */
		uv_timer_start(&s->timer, on_pause_over, FIRST_PAUSE_MS, 0);
	if (st->opts.count && st->view.passed >= st->opts.count)
		station_stop(st);
}

/* ---- from outside ---- */

void site_init(struct site *s, struct station *station, const struct recipe_site *recipe,
	       unsigned int index)
{
	s->station = station;
	s->recipe = recipe;
	s->view = &station->views[index];
	*s->view = (struct site_view){ .index = index, .name = recipe->name, .step = "", .phase = "",
				      .uid = "", .serial = "", .chip = "", .reason = s->reason,
				      .advice = s->advice };
	s->outcome = SITE_EMPTY;
	s->pause_ms = FIRST_PAUSE_MS;
}

void site_start(struct site *s)
{
	uv_timer_init(&s->station->loop, &s->timer);
	s->timer.data = s;
	if (!s->station->opts.once && record_is_locked(s->station->record, s->view->name)) {
		site_explain(s, "it was locked in a run before this one", "");
		s->view->in_row = s->station->recipe->limits.fails_in_row;
		s->view->state = SITE_LOCKED;
	}
	site_tell(s, EVENT_SITE);
	reach(s);
}

void site_stop(struct site *s)
{
	if (!s->job)
		end(s);
}

void site_abort(struct site *s, const char *why)
{
	if (s->job)
		job_stop(s->job, why);
	else
		site_stop(s);
}

void site_kill(struct site *s)
{
	if (s->job)
		job_hurry(s->job);
	end(s);
}

void site_release(struct site *s)
{
	if (s->view->state != SITE_LOCKED || !station_note(s->station, s->view->name, RECORD_RELEASED))
		return;
	s->view->in_row = 0;
	site_enter(s, s->connected ? s->outcome : SITE_STARTING);
	if (s->connected)
		look_soon(s, 0);
}

void site_resume(struct site *s)
{
	if (s->view->state == SITE_PAUSED)
		site_enter(s, SITE_EMPTY);
}
