/* SPDX-License-Identifier: MIT */
/*
 * What happens to one board: is it known already? -> its serial number -> the job -> the record. Only
 * once it is recorded, PASS is shown.
 */
#include "site_inner.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "../text.h"

#define RECORD_AGAIN_MS 250
#define RECORD_TRIES    40 /* ten seconds */

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

/* Since the epoch; it may have had to wait for the record since its end. */
static uint64_t began_ms(const struct site *s, const struct job *job)
{
	return epoch_ms() - (job ? uv_now(&s->station->loop) - s->view->board_began_ms : 0);
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
				      .began_ms = began_ms(s, job),
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
	if (!passed && is_locked_now(s) && !s->station->opts.once &&
	    station_note(s->station, s->view->name, RECORD_LOCKED))
		site_enter(s, SITE_LOCKED);
	site_go_on(s);
}

/* ---- the job's news ---- */

static void on_step(struct job *job, const struct job_step *step)
{
	struct site *s = job->owner;

	s->view->step = step->step->name;
	s->view->phase = "";
	s->view->done = s->view->total = s->view->rate = 0;
	site_tell(s, EVENT_STEP);
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
	site_tell(s, EVENT_PROGRESS);
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
		if (record_is_busy(s->station->record))
			return false;
		site_explain(s, why, "This board must not be used as it is. Program it again.");
		*passed = false;
	}
	return record(s, RESULT_FAIL, job, why);
}

static void give_back_serial(struct station *st, const struct job *job)
{
	if (has_counted_serial(st->recipe) && job->serial.number >= 0)
		record_give_back_serial(st->record, job->serial.number);
}

static void on_record_again(uv_timer_t *timer);

/* Nobody else waits while a program has the file locked. */
static void settle(struct site *s)
{
	struct station *st = s->station;
	struct job *job = s->job;
	char why[RECORD_WHY] = "";
	bool passed = job->passed;
	bool recorded = record_outcome(s, job, &passed, why);

	if (!recorded && record_is_busy(st->record) && s->life != SITE_ENDING &&
	    s->record_tries++ < RECORD_TRIES) {
		uv_timer_start(&s->timer, on_record_again, RECORD_AGAIN_MS, 0);
		return;
	}
	passed = passed && recorded;
	if (!passed)
		give_back_serial(st, job);
	if (!recorded)
		site_explain(s, why, "The record must work before another board is begun.");
	s->job = NULL;
	job_release(job);
	free(job);
	memcpy(s->done_uid, s->board.uid, sizeof(s->done_uid));
	s->times = s->misses = 0;
	if (!recorded)
		station_stop_line(st, CLI_FILE, why);
	board_end(s, passed);
}

static bool may_use(struct job *job, const char *serial, char why[JOB_REASON])
{
	const struct site *s = job->owner;
	struct record_known known;
	char reason[RECORD_WHY] = "";

	if (record_find_serial(s->station->record, serial, &known, reason) &&
	    strcmp(known.uid, job->board.uid) != 0) {
		snprintf(why, JOB_REASON, "the board with UID %s has got the serial number %s", known.uid,
			 known.serial);
		return false;
	}
	snprintf(why, JOB_REASON, "%s", reason);
	return !reason[0];
}

static void on_job_log(struct job *job, const char *line)
{
	const struct site *s = job->owner;

	if (s->station->opts.verbose)
		station_tell(s->station, (struct event){ .kind = EVENT_LOG,
							 .site = s->view,
							 .text = line,
							 .who = s->view->step });
}

static void on_record_again(uv_timer_t *timer)
{
	settle(timer->data);
}

void site_board_hurry(struct site *s)
{
	if (s->job && s->job->state == JOB_DONE)
		settle(s);
}

static void on_job_done(struct job *job)
{
	struct site *s = job->owner;

	s->view->board_elapsed_ms = uv_now(&s->station->loop) - s->view->board_began_ms;
	if (job->serial.text[0])
		text_harmless(s->serial, sizeof(s->serial), job->serial.text);
	if (!job->passed)
		site_explain(s, job->reason, job->advice);
	s->record_tries = 0;
	settle(s);
}

static const struct job_watch watch = { on_step,  on_job_progress, on_step_end,
					may_use, on_job_log,      on_job_done };

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

/* From now on it is no longer what passed, even if the power goes. False: the line has been stopped. */
static bool note_again(struct site *s)
{
	char why[RECORD_WHY] = "", what[sizeof(RECORD_AGAIN) + 20];
	struct record_known known;

	if (!s->station->recipe->limits.repeat_known)
		return true;
	if (record_find_pass(s->station->record, s->board.uid, &known, why)) {
		snprintf(what, sizeof(what), RECORD_AGAIN "%" PRId64, known.id);
		return station_note(s->station, s->view->name, what);
	}
	if (why[0])
		station_stop_line(s->station, CLI_FILE, why);
	return !why[0];
}

static void begin_job(struct site *s)
{
	struct station *st = s->station;
	struct job *job = calloc(1, sizeof(*job));

	if (!job || !take_serial(s, &job->serial)) {
		free(job);
		return;
	}
	if (!note_again(s)) {
		give_back_serial(st, job);
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
	site_tell(s, EVENT_BOARD);
	job_start(job);
}

/* Of a board that is not begun. */
static void show_board(struct site *s, const char *serial)
{
	snprintf(s->serial, sizeof(s->serial), "%s", serial);
	s->view->uid = s->board.uid;
	s->view->serial = s->serial;
	s->view->chip = s->board.family;
	s->view->board_elapsed_ms = 0;
	memcpy(s->done_uid, s->board.uid, sizeof(s->done_uid));
}

static void explain_known(struct site *s, const struct record_known *known)
{
	time_t seconds = (time_t)(known->when_ms / 1000);
	char when[32] = "", text[160];
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(when, sizeof(when), " on %Y-%m-%d at %H:%M:%S", &tm);
	snprintf(text, sizeof(text), "it has passed%s, at site %s", when, known->site);
	site_explain(s, text, "");
}

/* Of a board that is not begun. False: the next look asks again, or the line has been stopped. */
static bool record_at_once(struct site *s, enum record_result result)
{
	struct station *st = s->station;
	char why[RECORD_WHY] = "";

	if (record(s, result, NULL, why)) {
		s->record_tries = 0;
		return true;
	}
	if (!record_is_busy(st->record) || s->record_tries++ >= RECORD_TRIES)
		station_stop_line(st, CLI_FILE, why);
	return false;
}

static void show_known(struct site *s, const struct record_known *known)
{
	struct station *st = s->station;

	show_board(s, known->serial);
	explain_known(s, known);
	if (!record_at_once(s, RESULT_KNOWN))
		return;
	st->view.known++;
	s->view->state = s->outcome = SITE_KNOWN;
	station_tell(st, (struct event){ .kind = EVENT_BOARD_END, .site = s->view, .text = s->reason });
	site_go_on(s);
}

/* The site that has a board of the same unique id in work; NULL: none. */
static const struct site *twin_of(const struct site *s)
{
	const struct station *st = s->station;

	for (unsigned int i = 0; s->board.uid[0] && i < st->recipe->site_count; i++)
		if (st->sites[i].job && strcmp(st->sites[i].board.uid, s->board.uid) == 0)
			return &st->sites[i];
	return NULL;
}

/* Two with one unique id must not both pass. */
static void fail_twin(struct site *s, const struct site *twin)
{
	char text[160];

	show_board(s, "");
	snprintf(text, sizeof(text), "a board with this UID is in work at site %s", twin->view->name);
	site_explain(s, text, "Cloned chips can have one UID, or two sites reach the same board.");
	if (!record_at_once(s, RESULT_FAIL))
		return;
	s->station->started++; /* as one that was begun: board_end() takes it back */
	board_end(s, false);
}

/* One that has passed before is shown and noted, but not done again. */
static void begin_board(struct site *s)
{
	struct station *st = s->station;
	char why[RECORD_WHY] = "";
	struct record_known known;

	s->board = s->seen;
	bool ask = s->board.uid[0] && !st->recipe->limits.repeat_known;
	const struct site *twin = twin_of(s);
	if (twin)
		fail_twin(s, twin);
	else if (ask && record_find_pass(st->record, s->board.uid, &known, why))
		show_known(s, &known);
	else if (why[0])
		station_stop_line(st, CLI_FILE, why);
	else
		begin_job(s);
}

void site_board_arrived(struct site *s)
{
	struct station *st = s->station;
	char why[IMAGES_WHY];

	if (!station_wants_board(st)) {
		if (st->view.state == STATION_PAUSED)
			site_enter(s, SITE_PAUSED);
		return;
	}
	if (!images_unchanged(&st->images, why)) {
		station_stop_line(st, CLI_FILE, why);
		return;
	}
	begin_board(s);
}
