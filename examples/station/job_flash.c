/* SPDX-License-Identifier: MIT */
/* The steps that write flash, or prove what it holds. */
#include "job.h"

#include <stdio.h>
#include <string.h>

static void on_progress(stmfw_client *c, const stmfw_progress *p, void *arg)
{
	struct job *job = arg;

	(void)c;
	job->watch->progress(job, p->step, p->done, p->total);
}

/* ---- erase ---- */

static void on_erased(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)c;
	if (job_went_well(arg, "erase the chip", res))
		job_pass(arg, res->bytes);
}

static void on_halted_for_erase(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct job *job = arg;

	if (!job_went_well(job, "halt the chip", res) || !job_may_go_on(job))
		return;
	job_expect(job, job_step(job)->unlock
				? stmfw_erase_sectors(c, 0, 0, STMFW_LAST_SECTOR, STMFW_ERASE_UNLOCK,
						      on_erased, job, &job->op)
				: stmfw_mass_erase(c, 0, on_erased, job, &job->op));
}

void job_erase(struct job *job)
{
	job_expect(job, stmfw_reset(job->client, STMFW_RESET_HALT, on_halted_for_erase, job, &job->op));
}

/* ---- flash: one image after the other ---- */

static const char *state_of_the_chip(const stmfw_flash_report *report)
{
	static const char *const words[] = {
		[STMFW_CONTENT_UNCHANGED] = "nothing was changed",
		[STMFW_CONTENT_NEW] = "the new firmware is there",
		[STMFW_CONTENT_OLD] = "the old firmware is back",
		[STMFW_CONTENT_MIXED] = "the flash holds a mixture now",
		[STMFW_CONTENT_UNKNOWN] = "what the flash holds now is not known",
	};

	return report ? words[report->content] : "nothing was changed";
}

/* These reset it themselves before they do anything; with the others a chip is to stand as after a
   reset. */
static bool begins_with_reset(enum recipe_step_kind kind)
{
	return kind == STEP_ERASE || kind == STEP_FLASH || kind == STEP_SERIAL ||
	       kind == STEP_VERIFY || kind == STEP_RUN;
}

/* How a write or a proof is to leave the chip: a reset that another one follows is left out. */
static enum stmfw_after afterwards(const struct job *job, bool more_in_this_step)
{
	const struct recipe *r = job->recipe;
	size_t next = job->current + 1u;

	if (more_in_this_step || (next < r->step_count && begins_with_reset(r->steps[next].kind)))
		return STMFW_AFTER_LEAVE;
	return STMFW_AFTER_HALT;
}

static void next_image(struct job *job);

static void on_flashed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct job *job = arg;

	(void)c;
	job->op = 0;
	if (res->status != STMFW_OK) {
		job_fail_as(job, res, "cannot write %s: %s; %s",
			 job_step(job)->images[job->image], res->text, state_of_the_chip(res->flash));
		return;
	}
	job->steps[job->current].bytes += res->flash->proven;
	job->image++;
	next_image(job);
}

/* With the next of the step's images, or the step has passed. */
static void with_next_image(struct job *job, unsigned int flags, stmfw_done_cb done)
{
	const struct recipe_step *step = job_step(job);
	stmfw_flash_opts opts = STMFW_INIT(stmfw_flash_opts);

	if (job->image == step->image_count) {
		job_pass(job, job->steps[job->current].bytes);
		return;
	}
	if (!job_may_go_on(job))
		return;
	opts.image = images_get(job->images, step->images[job->image]);
	opts.flags = flags;
	opts.after = afterwards(job, job->image + 1 < step->image_count);
	opts.progress = on_progress;
	opts.arg = job;
	job_expect(job, stmfw_flash(job->client, &opts, done, job, &job->op));
}

/* An image that is there already may share a sector with this one. */
static bool is_first_image(const struct job *job)
{
	for (unsigned int i = job->current; i > 0; i--)
		switch (job->recipe->steps[i - 1].kind) {
		case STEP_FLASH:
			return false;
		case STEP_ERASE:
			return job->image == 0;
		default:
			break;
		}
	return job->image == 0;
}

static void next_image(struct job *job)
{
	const struct recipe_step *step = job_step(job);

	with_next_image(job, (step->keep || !is_first_image(job) ? STMFW_FLASH_KEEP : 0u) |
				     (step->unlock ? STMFW_FLASH_UNLOCK : 0u), on_flashed);
}

void job_flash(struct job *job)
{
	job->image = 0;
	job->steps[job->current].bytes = 0;
	next_image(job);
}

/* ---- serial ---- */

static void on_serial_written(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct job *job = arg;

	(void)c;
	job->op = 0;
	if (res->status == STMFW_OK)
		job_pass(job, res->flash->proven);
	else
		job_fail_as(job, res, "cannot write the serial number %s: %s; %s",
			 job->serial.text, res->text, state_of_the_chip(res->flash));
}

static void write_serial(struct job *job)
{
	const struct recipe_serial *r = job->recipe->serial;
	stmfw_image_opts place = STMFW_INIT(stmfw_image_opts);
	stmfw_flash_opts opts = STMFW_INIT(stmfw_flash_opts);
	char why[SERIAL_WHY];

	if (!serial_encode(&job->serial, r, why)) {
		job_refuse(job, "", "%s", why);
		return;
	}
	place.type = STMFW_IMAGE_BIN;
	place.has_base = 1;
	place.base = r->address;
	stmfw_image_free(job->serial_image);
	job->serial_image = NULL;
	int err = stmfw_image_parse(&job->serial_image, "serial", job->serial.bytes,
				    job->serial.length, &place, NULL);
	if (err) {
		job_fail(job, "", "the serial number makes no image: %s", stmfw_strerror(err));
		return;
	}
	opts.image = job->serial_image;
	opts.flags = STMFW_FLASH_KEEP;
	opts.after = afterwards(job, false);
	opts.progress = on_progress;
	opts.arg = job;
	job_expect(job, stmfw_flash(job->client, &opts, on_serial_written, job, &job->op));
}

#define MAKER "Look at the program that makes the numbers."

static void on_serial_told(struct job *job, const struct job_verdict *v)
{
	char why[JOB_REASON];

	if (v->status < 0)
		job_fail(job, MAKER, "no serial number: %s: %s", job->recipe->serial->command[0], v->why);
	else if (v->status > 0)
		job_fail(job, MAKER, "no serial number: the program ended with %d: %.200s", v->status,
			 v->output[0] ? v->output : v->last_words);
	else if (!serial_from_output(&job->serial, v->output, why))
		job_refuse(job, MAKER, "no serial number: %s", why);
	else if (!job->watch->may_use(job, job->serial.text, why))
		job_refuse(job, MAKER " Nothing of it was written.", "%s", why);
	else if (job_may_go_on(job))
		write_serial(job);
}

void job_serial(struct job *job)
{
	const struct recipe_serial *r = job->recipe->serial;

	if (r->source == SERIAL_UID && !job->board.uid[0])
		job_refuse(job, "Take a recipe whose numbers have another source.",
			   "this chip has no unique id for its serial number");
	else if (r->source == SERIAL_COMMAND && !job->serial.text[0]) /* one for each board */
		job_program(job, r->command, r->command_count, job_step(job)->timeout_s,
			    on_serial_told);
	else
		write_serial(job);
}

/* ---- verify: a plan that has nothing to do is a proof ---- */

static void next_proof(struct job *job);

static bool holds_all(const stmfw_plan *plan)
{
	return plan && plan->sector_count > 0 && plan->skip_count == plan->sector_count;
}

static void on_planned(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct job *job = arg;
	const char *name = job_step(job)->images[job->image];

	(void)c;
	if (!job_went_well(job, "verify", res))
		return;
	if (!holds_all(res->flash->plan)) {
		job_fail(job, "Program it once more. If that is no better, its flash or a later step is bad.",
			 "the flash does not hold %s: %zu of %zu sectors differ", name,
			 res->flash->plan->sector_count - res->flash->plan->skip_count,
			 res->flash->plan->sector_count);
		return;
	}
	job->steps[job->current].bytes += res->flash->plan->image_bytes;
	job->image++;
	next_proof(job);
}

static void next_proof(struct job *job)
{
	with_next_image(job, STMFW_FLASH_DRY_RUN, on_planned);
}

void job_verify(struct job *job)
{
	job->image = 0;
	job->steps[job->current].bytes = 0;
	next_proof(job);
}
