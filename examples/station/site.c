/* SPDX-License-Identifier: MIT */
/*
 * A site's life: reach its OpenOCD, look whether there is a board, have the job done, record it, and
 * only then show PASS; wait until the board is gone.
 *
 * OpenOCD ends at once where it finds no target, so a fixture without a board is one whose OpenOCD
 * cannot be started for that reason: no failure, and nothing is logged. A board that is there is seen
 * twice before it counts, and so is its absence: contacts bounce.
 */
#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "station.h"

#include "../text.h"

#define LOOK_EVERY_MS 250u
#define NO_BOARD_PAUSE_MS 500u
#define FIRST_PAUSE_MS 1000u
#define LONGEST_PAUSE_MS 30000u
#define ENOUGH 2u

static void reach(struct site *s);
static void board_arrived(struct site *s);

/* ---- showing ---- */

static void tell(struct site *s, enum event_kind kind)
{
	station_tell(s->station, (struct event){ .kind = kind, .site = s->view, .text = "" });
}

static void enter(struct site *s, enum site_state state)
{
	if (s->view->state == state)
		return;
	s->view->state = state;
	tell(s, EVENT_SITE);
}

static void explain(struct site *s, const char *reason, const char *advice)
{
	text_harmless(s->reason, sizeof(s->reason), reason);
	text_harmless(s->advice, sizeof(s->advice), advice);
}

/* ---- its end ---- */

static void on_timer_closed(uv_handle_t *handle)
{
	struct site *s = handle->data;

	enter(s, SITE_STOPPED);
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
	end_if_quiet(s);
}

static void end(struct site *s)
{
	if (s->life == SITE_ENDING)
		return;
	s->life = SITE_ENDING;
	uv_timer_stop(&s->timer);
	if (s->client)
		stmfw_client_close(s->client, on_client_closed, s);
	end_if_quiet(s);
}

/* ---- looking whether there is a board ---- */

static void look(uv_timer_t *timer);

static void look_soon(struct site *s, uint32_t ms)
{
	if (s->life == SITE_LIVES)
		uv_timer_start(&s->timer, look, ms, 0);
}

static void note_presence(struct site *s, const stmfw_result *res)
{
	char uid[25] = "";

	if (res->status != STMFW_OK) {
		s->misses++;
		s->times = 0;
		s->seen[0] = '\0';
		return;
	}
	s->misses = 0;
	if (res->chip->has_uid)
		text_hex(uid, res->chip->uid, sizeof(res->chip->uid));
	s->times = s->times > 0 && strcmp(uid, s->seen) == 0 ? s->times + 1 : 1;
	memcpy(s->seen, uid, sizeof(uid));
	board_learn(&s->board, res->chip);
}

static void forget_board(struct site *s)
{
	s->outcome = SITE_EMPTY;
	s->done_uid[0] = '\0';
}

static void board_is_gone(struct site *s)
{
	forget_board(s);
	s->view->uid = s->view->serial = s->view->chip = s->view->step = s->view->phase = "";
	enter(s, SITE_EMPTY);
}

static bool is_another(const struct site *s)
{
	return s->times >= ENOUGH && strcmp(s->seen, s->done_uid) != 0;
}

static void judge_presence(struct site *s)
{
	switch (s->view->state) {
	case SITE_EMPTY:
	case SITE_PAUSED:
		if (s->times >= ENOUGH)
			board_arrived(s);
		break;
	case SITE_PASSED:
	case SITE_FAILED:
	case SITE_KNOWN:
		if (s->misses >= ENOUGH || is_another(s))
			board_is_gone(s);
		if (s->times >= ENOUGH && s->view->state == SITE_EMPTY)
			board_arrived(s);
		break;
	case SITE_LOCKED: /* it may be put in again while the site is released */
		if (s->misses >= ENOUGH)
			forget_board(s);
		break;
	default:
		break;
	}
}

static void on_seen(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct site *s = arg;

	(void)c;
	if (s->life != SITE_LIVES || !s->connected)
		return;
	note_presence(s, res);
	judge_presence(s);
	if (!s->job)
		look_soon(s, LOOK_EVERY_MS);
}

static void look(uv_timer_t *timer)
{
	struct site *s = timer->data;

	if (s->connected && !s->job)
		stmfw_identify(s->client, NULL, on_seen, s, NULL);
}

/* ---- reaching its OpenOCD ---- */

static void on_pause_over(uv_timer_t *timer)
{
	reach(timer->data);
}

static bool means_no_board(const char *text)
{
	return strstr(text, "unable to connect to the target") != NULL;
}

static void try_later(struct site *s, const char *reason, const char *advice)
{
	s->connected = false;
	if (means_no_board(reason)) {
		if (s->view->state == SITE_LOCKED)
			forget_board(s);
		else
			board_is_gone(s);
		s->pause_ms = FIRST_PAUSE_MS;
		uv_timer_start(&s->timer, on_pause_over, NO_BOARD_PAUSE_MS, 0);
		return;
	}
	explain(s, reason, advice);
	if (s->view->state != SITE_LOCKED)
		enter(s, SITE_DOWN);
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
	if (s->view->state == SITE_STARTING || s->view->state == SITE_DOWN)
		enter(s, s->outcome);
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
	if (s->station->opts.verbose)
		station_tell(s->station, (struct event){ .kind = EVENT_LOG, .site = s->view, .text = line });
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
		snprintf(serial, sizeof(serial), "adapter serial {%s}", r->adapter_serial);
		words[n++] = "-c";
		words[n++] = serial;
	}
	if (r->usb_path) {
		snprintf(place, sizeof(place), "adapter usb location {%s}", r->usb_path);
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

/* ---- a board ---- */

static uint64_t epoch_ms(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_usec / 1000;
}

static bool has_counted_serial(const struct recipe *r)
{
	return r->serial && (r->serial->source == SERIAL_COUNTER || r->serial->source == SERIAL_LIST);
}

/* ---- recording ---- */

static size_t list_steps(const struct job *job, struct record_step *steps)
{
	size_t n = 0;

	for (unsigned int i = 0; job->steps && i < job->recipe->step_count; i++) {
		const struct job_step *from = &job->steps[i];

		if (!from->begun)
			break;
		steps[n++] = (struct record_step){ .name = from->step->name,
						   .kind = recipe_step_name(from->step->kind),
						   .passed = from->passed,
						   .attempts = from->attempts,
						   .began_ms = from->began_ms,
						   .elapsed_ms = from->elapsed_ms,
						   .bytes = from->bytes,
						   .reason = from->reason,
						   .output = from->output ? from->output : "" };
	}
	return n;
}

/* Without the step's name, which is in the record beside it. */
static const char *reason_of(const struct site *s, const struct job *job)
{
	const struct job_step *step =
		job && job->steps && !job->passed ? &job->steps[job->current] : NULL;

	return step && !job->why_stopped && step->reason[0] ? step->reason : s->reason;
}

static bool record(struct site *s, enum record_result result, const struct job *job, char why[RECORD_WHY])
{
	struct station *st = s->station;
	struct record_step *steps = calloc(st->recipe->step_count + 1, sizeof(*steps));
	struct record_board board = { .site = s->view->name,
				      .uid = s->board.uid,
				      .chip = s->board.family,
				      .serial = s->serial,
				      .serial_number = job ? job->serial.number : -1,
				      .result = result,
				      .reason = result == RESULT_FAIL ? reason_of(s, job) : "",
				      .openocd = s->version,
				      .adapter = s->recipe->adapter_serial ? s->recipe->adapter_serial : "",
				      .began_ms = epoch_ms() - s->view->board_elapsed_ms,
				      .elapsed_ms = s->view->board_elapsed_ms,
				      .steps = steps };

	if (!steps) {
		snprintf(why, RECORD_WHY, "not enough memory");
		return false;
	}
	board.step_count = job ? list_steps(job, steps) : 0;
	bool good = record_board(st->record, &board, NULL, why);
	free(steps);
	return good;
}

static void count(struct site *s, bool passed)
{
	struct station *st = s->station;

	if (passed) {
		s->view->passed++;
		s->view->in_row = 0;
		st->view.passed++;
		return;
	}
	s->view->failed++;
	s->view->in_row++;
	st->view.failed++;
	if (st->started > 0)
		st->started--;
}

static bool is_locked_now(const struct site *s)
{
	unsigned int limit = s->station->recipe->limits.fails_in_row;

	return limit > 0 && s->view->in_row >= limit;
}

static void go_on(struct site *s)
{
	struct station *st = s->station;

	if (s->life == SITE_ENDING) {
		end_if_quiet(s);
		return;
	}
	if (st->opts.once || st->state == STATION_STOPPING ||
	    (st->opts.count && st->view.passed >= st->opts.count))
		end(s);
	else if (s->connected)
		look_soon(s, LOOK_EVERY_MS);
	else /* the board's result stays to be seen while OpenOCD is reached again */
		uv_timer_start(&s->timer, on_pause_over, FIRST_PAUSE_MS, 0);
	if (st->opts.count && st->view.passed >= st->opts.count)
		station_stop(st);
}

static void board_end(struct site *s, bool passed)
{
	const char *reason = passed ? "" : s->reason;

	count(s, passed);
	s->view->state = s->outcome = passed ? SITE_PASSED : SITE_FAILED;
	station_tell(s->station, (struct event){ .kind = EVENT_BOARD_END,
						 .site = s->view,
						 .passed = passed,
						 .text = reason,
						 .elapsed_ms = s->view->board_elapsed_ms });
	if (!passed && is_locked_now(s) && !s->station->opts.once) {
		record_note(s->station->record, s->view->name, "locked", (char[RECORD_WHY]){ "" });
		enter(s, SITE_LOCKED);
	}
	go_on(s);
}

/* ---- the job's news ---- */

static void on_step(struct job *job, const struct job_step *step)
{
	struct site *s = job->owner;

	s->view->step = step->step->name;
	s->view->phase = "";
	s->view->done = s->view->total = s->view->rate = 0;
	tell(s, EVENT_STEP);
}

static void on_job_progress(struct job *job, const char *phase, uint64_t done, uint64_t total)
{
	struct site *s = job->owner;
	uint64_t now = uv_now(job->loop);

	if (strcmp(phase, s->view->phase) != 0)
		s->phase_began = now;
	s->view->phase = phase;
	s->view->done = done;
	s->view->total = total;
	s->view->rate = now > s->phase_began ? done * 1000 / (now - s->phase_began) : 0;
	tell(s, EVENT_PROGRESS);
}

static void on_step_end(struct job *job, const struct job_step *step)
{
	struct site *s = job->owner;

	station_tell(s->station, (struct event){ .kind = EVENT_STEP_END,
						 .site = s->view,
						 .passed = step->passed,
						 .text = step->reason,
						 .elapsed_ms = step->elapsed_ms,
						 .bytes = step->bytes,
						 .attempts = step->attempts });
}

/* A PASS that the record does not take is none; that is recorded, too. False: nothing is. */
static bool record_outcome(struct site *s, const struct job *job, bool *passed, char why[RECORD_WHY])
{
	if (*passed) {
		if (record(s, RESULT_PASS, job, why))
			return true;
		explain(s, why, "This board must not be used as it is. Program it again.");
		*passed = false;
	}
	return record(s, RESULT_FAIL, job, why);
}

static void on_job_done(struct job *job)
{
	struct site *s = job->owner;
	struct station *st = s->station;
	char why[RECORD_WHY] = "";
	bool passed = job->passed;

	s->view->board_elapsed_ms = uv_now(&st->loop) - s->view->board_began_ms;
	if (job->serial.text[0])
		text_harmless(s->serial, sizeof(s->serial), job->serial.text);
	if (!passed)
		explain(s, job->reason, job->advice);
	bool recorded = record_outcome(s, job, &passed, why);
	if (!passed && has_counted_serial(st->recipe) && job->serial.number >= 0)
		record_give_back_serial(st->record, job->serial.number);
	if (!recorded)
		explain(s, why, "The record must work before another board is begun.");
	s->job = NULL;
	job_release(job);
	free(job);
	memcpy(s->done_uid, s->board.uid, sizeof(s->done_uid));
	s->times = s->misses = 0;
	if (!recorded)
		station_stop_line(st, CLI_FILE, why);
	board_end(s, passed);
}

static const struct job_watch watch = { on_step, on_job_progress, on_step_end, on_job_done };

/* ---- beginning one ---- */

/* False: the line has been stopped. */
static bool take_serial(struct site *s, struct serial *serial)
{
	struct station *st = s->station;
	char why[RECORD_WHY] = "";

	*serial = (struct serial){ .number = -1 };
	if (!has_counted_serial(st->recipe) ||
	    record_take_serial(st->record, &serial->number, serial->text, why))
		return true;
	station_stop_line(st, CLI_SUSPECT, why[0] ? why : "There is no serial number left.");
	return false;
}

static void begin_job(struct site *s)
{
	struct station *st = s->station;
	struct job *job = calloc(1, sizeof(*job));

	if (!job || !take_serial(s, &job->serial)) {
		free(job);
		return;
	}
	*s->reason = *s->advice = '\0';
	text_harmless(s->serial, sizeof(s->serial), job->serial.text);
	s->view->uid = s->board.uid;
	s->view->serial = s->serial;
	s->view->chip = s->board.family;
	s->view->board_began_ms = uv_now(&st->loop);
	st->started++;
	job->recipe = st->recipe;
	job->images = &st->images;
	job->loop = &st->loop;
	job->client = s->client;
	job->site = s->view->name;
	job->watch = &watch;
	job->owner = s;
	job->board = s->board;
	s->job = job;
	s->view->state = SITE_WORKING;
	tell(s, EVENT_BOARD);
	job_start(job);
}

static void show_known(struct site *s, const struct record_known *known)
{
	struct station *st = s->station;
	char why[RECORD_WHY] = "";

	snprintf(s->serial, sizeof(s->serial), "%s", known->serial);
	s->view->uid = s->board.uid;
	s->view->serial = s->serial;
	s->view->chip = s->board.family;
	s->view->board_elapsed_ms = 0;
	memcpy(s->done_uid, s->board.uid, sizeof(s->done_uid));
	if (!record(s, RESULT_KNOWN, NULL, why)) {
		station_stop_line(st, CLI_FILE, why);
		return;
	}
	st->view.known++;
	s->view->state = s->outcome = SITE_KNOWN;
	station_tell(st, (struct event){ .kind = EVENT_BOARD_END, .site = s->view, .text = "" });
	go_on(s);
}

/* One that has passed before is shown and noted, but not done again. */
static void begin_board(struct site *s)
{
	struct station *st = s->station;
	char why[RECORD_WHY] = "";
	struct record_known known;
	bool ask = s->board.uid[0] && !st->recipe->limits.repeat_known;

	if (ask && record_find_pass(st->record, s->board.uid, &known, why))
		show_known(s, &known);
	else if (why[0])
		station_stop_line(st, CLI_FILE, why);
	else
		begin_job(s);
}

static void board_arrived(struct site *s)
{
	struct station *st = s->station;
	char why[IMAGES_WHY];

	if (!station_wants_board(st)) {
		if (st->state == STATION_PAUSED)
			enter(s, SITE_PAUSED);
		return;
	}
	if (!images_unchanged(&st->images, why)) {
		station_stop_line(st, CLI_FILE, why);
		return;
	}
	begin_board(s);
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
	tell(s, EVENT_SITE);
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
	if (s->view->state != SITE_LOCKED)
		return;
	record_note(s->station->record, s->view->name, "released", (char[RECORD_WHY]){ "" });
	s->view->in_row = 0;
	enter(s, s->connected ? s->outcome : SITE_STARTING);
	if (s->connected)
		look_soon(s, 0);
}

void site_resume(struct site *s)
{
	if (s->view->state == SITE_PAUSED)
		enter(s, SITE_EMPTY);
}
