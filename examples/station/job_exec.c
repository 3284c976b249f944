/* SPDX-License-Identifier: MIT */
/*
 * Step `exec`: what the recipe's programs are told of the board, in the environment and as one line
 * of JSON on stdin, and what their end means. How they run: job_program.c.
 */
#include "job.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../jsonl.h"

#define ENVIRONMENT 6

/* ---- what they are told ---- */

/* Wherever the program goes. */
static char *full_path(const char *path)
{
	char *full = realpath(path, NULL);

	return full ? full : strdup(path);
}

static json_t *describe_image(const struct recipe_image *image)
{
	char *path = full_path(image->path);
	json_t *o = json_pack("{s:o, s:o, s:o}", "name", jsonl_text(image->name), "path",
			      jsonl_text(path ? path : ""), "sha256", jsonl_text(image->sha256));

	free(path);
	return o;
}

char *job_describe(const struct job *job)
{
	json_t *board = json_pack("{s:o, s:o, s:o, s:o, s:o}", "station", jsonl_text(job->recipe->station),
				  "site", jsonl_text(job->site), "uid", jsonl_text(job->board.uid), "serial",
				  jsonl_text(job->serial.text), "chip", jsonl_text(job->board.family));
	json_t *images = json_array();

	for (unsigned int i = 0; i < job->recipe->image_count; i++)
		json_array_append_new(images, describe_image(&job->recipe->images[i]));
	json_object_set_new(board, "images", images);
	char *object = json_dumps(board, JSON_COMPACT);
	char *line = NULL;
	if (object && asprintf(&line, "%s\n", object) < 0)
		line = NULL;
	free(object);
	json_decref(board);
	return line;
}

static char *variable(const char *name, const char *value)
{
	char *text = NULL;

	return asprintf(&text, "%s=%s", name, value) < 0 ? NULL : text;
}

/* Ours, and what is known of the board. */
char **job_environment(const struct job *job)
{
	extern char **environ;
	char *image = job->recipe->image_count ? full_path(job->recipe->images[0].path) : NULL;
	size_t n = 0, k = 0;

	while (environ[n])
		n++;
	char **all = calloc(n + ENVIRONMENT + 1, sizeof(*all));
	if (!all) {
		free(image);
		return NULL;
	}
	all[k++] = variable("STMFW_STATION", job->recipe->station);
	all[k++] = variable("STMFW_SITE", job->site);
	all[k++] = variable("STMFW_UID", job->board.uid);
	all[k++] = variable("STMFW_SERIAL", job->serial.text);
	all[k++] = variable("STMFW_CHIP", job->board.family);
	all[k++] = variable("STMFW_IMAGE", image ? image : "");
	free(image);
	for (size_t i = 0; i < k; i++)
		if (!all[i])
			return all; /* what is there; the end is at the gap */
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "STMFW_", 6) != 0)
			all[k++] = strdup(environ[i]);
	return all;
}

/* ---- the step ---- */

#define TESTED "Look at what this program tests. The record has all that it printed."

static void on_verdict(struct job *job, const struct job_verdict *v)
{
	const char *program = job_step(job)->command[0];
	const char *said = v->output[0] ? v->output : v->last_words;

	job_keep_output(job, v->output);
	if (v->status == 0)
		job_pass(job, 0);
	else if (v->status == JOB_NOT_STARTED)
		job_refuse(job, "Look at the recipe: it is run in the recipe's folder.", "%s", v->why);
	else if (v->status < 0)
		job_fail(job, TESTED, "%s: %s", program, v->why);
	else
		job_fail(job, TESTED, "%s ended with %d: %.*s", program, v->status,
			 (int)strcspn(said, "\n"), said);
}

void job_exec(struct job *job)
{
	const struct recipe_step *step = job_step(job);

	job_program(job, step->command, step->command_count, step->timeout_s, on_verdict);
}
