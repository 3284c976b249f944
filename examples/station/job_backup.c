/* SPDX-License-Identifier: MIT */
/*
 * The backup of a board, before it is changed:
 *
 *     halted -> bank probed -> read -> proven by the chip -> saved with its manifest
 */
#include "job.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "../backup.h"

#define SIZE_MAX_BYTES (64u << 20)

struct job_copy {
	struct image image;
	uint64_t received;
};

void job_copy_free(struct job *job)
{
	struct job_copy *copy = job->copy;

	if (!copy)
		return;
	free(copy->image.data);
	free(copy->image.path);
	json_decref(copy->image.manifest);
	free(copy);
	job->copy = NULL;
}

static void give_up(struct job *job, const char *what)
{
	job_copy_free(job);
	job_fail(job, "", "%s", what);
}

static bool went_well(struct job *job, const char *doing, const stmfw_result *res)
{
	if (job_went_well(job, doing, res))
		return true;
	job_copy_free(job);
	return false;
}

static bool may_go_on(struct job *job)
{
	if (job_may_go_on(job))
		return true;
	job_copy_free(job);
	return false;
}

static void on_progress(stmfw_client *c, const stmfw_progress *p, void *arg)
{
	struct job *job = arg;

	(void)c;
	job->watch->progress(job, p->step, p->done, p->total);
}

/* ---- saving ---- */

/* UID.bin; a board that was here before gets another name each time. */
static char *choose_name(const struct job *job)
{
	const char *directory = job_step(job)->directory;
	const char *uid = job->board.uid[0] ? job->board.uid : "no-uid";
	struct stat st;
	char *path;

	if (asprintf(&path, "%s/%s.bin", directory, uid) < 0)
		return NULL;
	if (stat(path, &st) != 0)
		return path;
	free(path);
	return asprintf(&path, "%s/%s-%" PRIu64 ".bin", directory, uid, (uint64_t)time(NULL)) < 0
		       ? NULL
		       : path;
}

static void save(struct job *job)
{
	const struct backup_opts opts = { .verify = VERIFY_CRC };
	struct image *image = &job->copy->image;
	struct cli words = { .tool = "stmfw-station" };

	image->path = choose_name(job);
	image->verdict = dump_check(image->data, (size_t)image->length);
	if (!image->path || !digest_sha256(image->sha256, image->data, (size_t)image->length)) {
		give_up(job, "not enough memory for the backup");
		return;
	}
	mkdir(job_step(job)->directory, 0777); /* if it is missing; saving says what is wrong */
	bool saved = backup_save(image, &opts, &job->board, stmfw_client_server(job->client), &words);
	uint64_t bytes = image->length;

	job_copy_free(job);
	if (saved)
		job_pass(job, bytes);
	else
		job_fail(job, words.advice, "%s", words.message);
}

/* ---- reading ---- */

static void on_verified(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct job *job = arg;

	(void)c;
	if (went_well(job, "prove the backup", res))
		save(job);
}

static void on_read(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct job *job = arg;
	struct job_copy *copy = job->copy;
	stmfw_verify_opts opts = STMFW_INIT(stmfw_verify_opts);

	if (!went_well(job, "read the flash", res) || !may_go_on(job))
		return;
	if (copy->received != copy->image.length) {
		give_up(job, "the read ended too soon");
		return;
	}
	opts.bank = copy->image.bank;
	opts.data = copy->image.data;
	opts.length = copy->image.length;
	opts.progress = on_progress;
	opts.arg = job;
	job_expect(job, stmfw_verify_flash(c, &opts, on_verified, job, &job->op));
}

static int keep_bytes(stmfw_client *c, uint64_t offset, const uint8_t *data, size_t length, void *arg)
{
	struct job_copy *copy = ((struct job *)arg)->copy;

	(void)c;
	if (offset != copy->received || length > copy->image.length - offset)
		return 1;
	memcpy(copy->image.data + offset, data, length);
	copy->received += length;
	return 0;
}

static bool make_copy(struct job *job, const stmfw_bank *bank)
{
	struct job_copy *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return false;
	job->copy = copy;
	copy->image.bank = bank->number;
	snprintf(copy->image.name, sizeof(copy->image.name), "%s", bank->name);
	snprintf(copy->image.driver, sizeof(copy->image.driver), "%s", bank->driver);
	copy->image.base = bank->base;
	copy->image.length = bank->size;
	copy->image.data =
		bank->size > 0 && bank->size <= SIZE_MAX_BYTES ? malloc((size_t)bank->size) : NULL;
	return copy->image.data != NULL;
}

static void on_probed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct job *job = arg;
	stmfw_read_opts opts = STMFW_INIT(stmfw_read_opts);

	if (!went_well(job, "find the flash", res) || !may_go_on(job))
		return;
	if (!make_copy(job, &res->banks[0])) {
		give_up(job, "no memory for the content of the flash, or it has no size");
		return;
	}
	opts.length = job->copy->image.length;
	opts.sink = keep_bytes;
	opts.progress = on_progress;
	opts.arg = job;
	job_expect(job, stmfw_read_flash(c, &opts, on_read, job, &job->op));
}

static void on_halted(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct job *job = arg;

	if (went_well(job, "halt the chip", res) && may_go_on(job))
		job_expect(job, stmfw_bank_info(c, 0, STMFW_BANK_BRIEF, on_probed, job, &job->op));
}

void job_backup(struct job *job)
{
	job_copy_free(job);
	if (job->board.rdp == STMFW_RDP_1 || job->board.rdp == STMFW_RDP_2) {
		job_refuse(job,
			   "Take out the step backup, or the protection (step unprotect), which erases it.",
			   "the chip is read protected: nobody can save what it holds");
		return;
	}
	job_expect(job, stmfw_reset(job->client, STMFW_RESET_HALT, on_halted, job, &job->op));
}
