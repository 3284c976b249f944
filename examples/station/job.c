/* SPDX-License-Identifier: MIT */
/*
 * The sequence of a board's steps.
 *
 *   IDLE --start--> RUNNING: step -> { attempt -> passed or failed } -> next step ... --> ENDING
 *                      |                                                                     |
 *                      |                                          its handles are closed --> DONE
 *                      +--stop, time over--> STOPPING: the attempt ends at its safe border --> ENDING
 */
#include "job.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "../text.h"

static uint64_t epoch_ms(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_usec / 1000;
}

static void begin_step(struct job *job);

/* ---- the end ---- */

static void on_handle_closed(uv_handle_t *handle)
{
	struct job *job = handle->data;

	if (--job->handles > 0)
		return;
	job->state = JOB_DONE;
	job->watch->done(job);
}

static void finish(struct job *job, bool passed)
{
	job->state = JOB_ENDING;
	job->passed = passed;
	uv_close((uv_handle_t *)&job->timer, on_handle_closed);
	uv_close((uv_handle_t *)&job->board_timer, on_handle_closed);
}

void job_release(struct job *job)
{
	for (unsigned int i = 0; job->steps && i < job->recipe->step_count; i++)
		free(job->steps[i].output);
	free(job->steps);
	job->steps = NULL;
	job_copy_free(job);
	stmfw_image_free(job->serial_image);
	job->serial_image = NULL;
}

/* ---- one attempt ---- */

static void end_step(struct job *job, bool passed)
{
	struct job_step *s = &job->steps[job->current];

	s->passed = passed;
	s->elapsed_ms = uv_now(job->loop) - job->step_began;
	job->watch->step_end(job, s);
}

static void pass_step(struct job *job)
{
	job->steps[job->current].reason[0] = '\0'; /* an attempt before may have failed */
	end_step(job, true);
	if (++job->current == job->recipe->step_count) {
		finish(job, true);
	} else if (job->why_stopped) {
		snprintf(job->reason, sizeof(job->reason), "%s", job->why_stopped);
		finish(job, false);
	} else {
		begin_step(job);
	}
}

static void keep_reason(struct job *job)
{
	const struct job_step *s = &job->steps[job->current];

	if (job->why_stopped)
		snprintf(job->reason, sizeof(job->reason), "%s, during %s", job->why_stopped,
			 s->step->name);
	else
		snprintf(job->reason, sizeof(job->reason), "%s: %.400s", s->step->name, s->reason);
}

static void begin_attempt(struct job *job);

static void on_again(uv_timer_t *timer)
{
	begin_attempt(timer->data);
}

/* A bad contact may be better the next time; these will not. */
static bool may_get_better(int status)
{
	return status != STMFW_EPROTECTED && status != STMFW_ERANGE &&
	       status != STMFW_EUNSUPPORTED && status != STMFW_EINVAL;
}

static void end_attempt(struct job *job, bool again, const char *advice, const char *format,
			va_list args)
{
	struct job_step *s = &job->steps[job->current];

	job->op = 0;
	uv_timer_stop(&job->timer);
	vsnprintf(s->reason, sizeof(s->reason), format, args);
	snprintf(job->advice, sizeof(job->advice), "%s", advice);
	if (again && job->state == JOB_RUNNING && s->attempts <= s->step->retries &&
	    stmfw_client_is_connected(job->client)) {
		job_after(job, 200, on_again);
		return;
	}
	end_step(job, false);
	keep_reason(job);
	finish(job, false);
}

void job_fail(struct job *job, const char *advice, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end_attempt(job, true, advice, format, args);
	va_end(args);
}

void job_refuse(struct job *job, const char *advice, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end_attempt(job, false, advice, format, args);
	va_end(args);
}

void job_fail_as(struct job *job, const stmfw_result *res, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end_attempt(job, may_get_better(res->status), res->advice, format, args);
	va_end(args);
}

bool job_went_well(struct job *job, const char *doing, const stmfw_result *res)
{
	job->op = 0;
	if (res->status == STMFW_OK)
		return true;
	job_fail_as(job, res, "cannot %s: %s", doing, res->text);
	return false;
}

bool job_may_go_on(struct job *job)
{
	if (!job->why_stopped)
		return true;
	job_refuse(job, "", "%s", job->why_stopped);
	return false;
}

/* ---- still the same board? Another one must neither pass in its place, nor be changed ---- */

static void lose_board(struct job *job, const char *why)
{
	job->state = JOB_STOPPING; /* no further attempt: that one is not ours */
	job->why_stopped = why;
	job_fail(job, "Leave the board in until PASS or FAIL is shown. Do this one again.", "%s", why);
}

/* Some chips do not show their unique id any more once they are read protected. */
static bool may_be_unreadable(const struct job *job)
{
	for (unsigned int i = 0; i <= job->current; i++)
		if (job->recipe->steps[i].kind == STEP_PROTECT)
			return true;
	return false;
}

static void on_looked(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct job *job = arg;
	bool readable = res->status == STMFW_OK && res->chip->has_uid;
	char uid[25] = "";

	(void)c;
	job->op = 0;
	if (readable)
		text_hex(uid, res->chip->uid, sizeof(res->chip->uid));
	if (job->why_stopped)
		job_fail(job, "", "%s", job->why_stopped);
	else if (readable && strcmp(uid, job->board.uid) != 0)
		lose_board(job, "this is another board than a moment ago");
	else if (!readable && (res->status != STMFW_OK || !may_be_unreadable(job)))
		lose_board(job, "the board was not seen any more");
	else
		pass_step(job);
}

void job_pass(struct job *job, uint64_t bytes)
{
	job->op = 0;
	uv_timer_stop(&job->timer);
	job->steps[job->current].bytes = bytes;
	if (job->board.uid[0] && job_step(job)->kind != STEP_IDENTIFY)
		job_expect(job, stmfw_identify(job->client, NULL, on_looked, job, &job->op));
	else
		pass_step(job);
}

void job_expect(struct job *job, int err)
{
	if (err != STMFW_OK)
		job_fail(job, "", "cannot begin: %s", stmfw_strerror(err));
}

void job_keep_output(struct job *job, const char *text)
{
	struct job_step *s = &job->steps[job->current];

	free(s->output);
	s->output = strdup(text);
}

void job_after(struct job *job, uint64_t ms, uv_timer_cb then)
{
	uv_timer_start(&job->timer, then, ms, 0);
}

static void begin_attempt(struct job *job)
{
	static void (*const kinds[])(struct job *job) = {
		[STEP_IDENTIFY] = job_identify, [STEP_BACKUP] = job_backup,
		[STEP_UNPROTECT] = job_unprotect, [STEP_ERASE] = job_erase,
		[STEP_FLASH] = job_flash, [STEP_SERIAL] = job_serial,
		[STEP_VERIFY] = job_verify, [STEP_PROTECT] = job_protect,
		[STEP_OPTIONS] = job_options, [STEP_RUN] = job_run,
		[STEP_MEMORY] = job_memory, [STEP_EXEC] = job_exec,
		[STEP_TCL] = job_tcl,
	};

	job->steps[job->current].attempts++;
	job->attempt_began = uv_now(job->loop);
	kinds[job_step(job)->kind](job);
}

static void begin_step(struct job *job)
{
	struct job_step *s = &job->steps[job->current];

	s->step = &job->recipe->steps[job->current];
	s->begun = true;
	s->began_ms = epoch_ms();
	job->step_began = uv_now(job->loop);
	job->watch->step(job, s);
	begin_attempt(job);
}

/* ---- all of it ---- */

static void on_board_timeout(uv_timer_t *timer)
{
	job_stop(timer->data, "this board took longer than board_timeout_s allows");
}

void job_stop(struct job *job, const char *why)
{
	if (job->state != JOB_RUNNING)
		return;
	job->state = JOB_STOPPING;
	job->why_stopped = why;
	if (job->program)
		job_program_stop(job);
	else if (job->op)
		stmfw_cancel(job->client, job->op);
	else /* it was waiting for another look or attempt */
		job_fail(job, "", "%s", why);
}

void job_hurry(struct job *job)
{
	if (job->program)
		job_program_stop(job);
}

void job_start(struct job *job)
{
	job->state = JOB_RUNNING;
	job->handles = 2;
	if (job->recipe->serial && job->recipe->serial->source == SERIAL_UID)
		serial_from_uid(&job->serial, job->board.uid);
	uv_timer_init(job->loop, &job->timer);
	uv_timer_init(job->loop, &job->board_timer);
	job->timer.data = job->board_timer.data = job;
	job->steps = calloc(job->recipe->step_count, sizeof(*job->steps));
	if (!job->steps) {
		snprintf(job->reason, sizeof(job->reason), "not enough memory");
		finish(job, false);
		return;
	}
	if (job->recipe->limits.board_timeout_s)
		uv_timer_start(&job->board_timer, on_board_timeout,
			       job->recipe->limits.board_timeout_s * 1000ull, 0);
	begin_step(job);
}
