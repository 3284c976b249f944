/* SPDX-License-Identifier: MIT */
/* The steps that are a look at the chip, or a single order to it. */
#include "job.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../text.h"

#define LOOK_EVERY_MS 50

/* ---- identify: is it what the recipe expects? ---- */

#define FITTED "Another kind of chip is fitted, or a clone."

static bool is_as_expected(struct job *job, const stmfw_chip *chip)
{
	const struct recipe_chip *want = &job->recipe->chip;
	char uid[25];

	text_hex(uid, chip->uid, sizeof(chip->uid));
	if (want->device_id && *want->device_id != chip->device_id)
		job_refuse(job, FITTED, "the chip is device 0x%03x, expected is 0x%03x", chip->device_id,
			 *want->device_id);
	else if (want->revision_id && *want->revision_id != chip->revision_id)
		job_refuse(job, FITTED, "the chip is revision 0x%04x, expected is 0x%04x",
			 chip->revision_id, *want->revision_id);
	else if (want->flash_kib && *want->flash_kib != chip->flash_kib)
		job_refuse(job, FITTED, "the chip has %" PRIu32 " KiB of flash, expected are %" PRIu32,
			 chip->flash_kib, *want->flash_kib);
	else if (want->uid && !chip->has_uid)
		job_fail(job, FITTED, "the chip has no unique id");
	else if (job->board.uid[0] && strcmp(job->board.uid, uid) != 0)
		job_refuse(job, "Leave the board in until PASS or FAIL is shown.",
			 "this is another board than a moment ago (UID %s)", uid);
	else
		return true;
	return false;
}

static void on_identified(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct job *job = arg;

	(void)c;
	if (job_went_well(job, "identify the chip", res) && is_as_expected(job, res->chip))
		job_pass(job, 0);
}

void job_identify(struct job *job)
{
	job_expect(job, stmfw_identify(job->client, NULL, on_identified, job, &job->op));
}

/* ---- protection ---- */

static void on_unprotected(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)c;
	if (job_went_well(arg, "remove read protection", res))
		job_pass(arg, 0);
}

void job_unprotect(struct job *job)
{
	job_expect(job, stmfw_unprotect(job->client, 0, STMFW_UNPROTECT_ERASES_CHIP, on_unprotected,
					job, &job->op));
}

static void on_locked(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)c;
	if (job_went_well(arg, "set read protection", res))
		job_pass(arg, 0);
}

void job_protect(struct job *job)
{
	job_expect(job, stmfw_lock(job->client, 0, on_locked, job, &job->op));
}

/* ---- option bytes ---- */

static void on_options_written(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct job *job = arg;
	char now[32];

	(void)c;
	if (!job_went_well(job, "write the option bytes", res))
		return;
	snprintf(now, sizeof(now), "0x%08" PRIx32, res->chip->options);
	job_keep_output(job, now);
	job_pass(job, 0);
}

void job_options(struct job *job)
{
	const struct recipe_step *step = job_step(job);

	job_expect(job, stmfw_options_write(job->client, 0, step->value, step->mask,
					    on_options_written, job, &job->op));
}

/* ---- scripts ---- */

static void on_script_done(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct job *job = arg;

	(void)c;
	if (res->status == STMFW_OK)
		job_keep_output(job, res->text);
	if (job_went_well(job, "run the script", res))
		job_pass(job, 0);
}

void job_tcl(struct job *job)
{
	const struct recipe_step *step = job_step(job);

	job_expect(job, stmfw_command(job->client, step->script, step->timeout_s * 1000,
				      on_script_done, job, &job->op));
}

/* ---- run, and what the firmware says of itself ---- */

static void on_running(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)c;
	if (job_went_well(arg, "let the firmware run", res))
		job_pass(arg, 0);
}

void job_run(struct job *job)
{
	job_expect(job, stmfw_reset(job->client, STMFW_RESET_RUN, on_running, job, &job->op));
}

static void look_at_memory(uv_timer_t *timer);

/* A chip that has just been reset, or a peripheral without a clock, cannot be read: not yet. */
static void on_word(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct job *job = arg;
	const struct recipe_step *step = job_step(job);
	bool in_time = uv_now(job->loop) - job->attempt_began < step->timeout_s * 1000ull;

	job->op = 0;
	if (res->status == STMFW_OK && (res->words[0] & step->mask) == step->expect)
		job_pass(job, step->width / 8);
	else if (!job_may_go_on(job))
		return;
	else if (in_time && stmfw_client_is_connected(c))
		job_after(job, LOOK_EVERY_MS, look_at_memory);
	else if (job_went_well(job, "read memory", res))
		job_fail(job, "The firmware itself did not find this board in order, or does not run.",
			 "at 0x%08" PRIx64 " there is 0x%" PRIx32 " after %" PRIu32
			 " s, expected is 0x%" PRIx32,
			 step->address, res->words[0] & step->mask, step->timeout_s, step->expect);
}

static void look_at_memory(uv_timer_t *timer)
{
	struct job *job = timer->data;
	const struct recipe_step *step = job_step(job);

	job_expect(job, stmfw_read_words(job->client, NULL, step->address, step->width, 1, on_word, job,
					 &job->op));
}

void job_memory(struct job *job)
{
	look_at_memory(&job->timer);
}
