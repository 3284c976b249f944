/* SPDX-License-Identifier: MIT */
/*
 * Programs of the recipe: they get the board in the environment and as one JSON object on stdin;
 * their exit status is the verdict, their stdout goes into the record. What does not end in time is
 * ended, with all that it has started and that has not left its process group: SIGTERM, two seconds
 * later SIGKILL.
 *
 * A program has a session of its own. Its stderr is the station's.
 */
#include "job.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../jsonl.h"

#define GRACE_MS 2000
#define ENVIRONMENT 6

struct job_program {
	struct job *job;
	uv_process_t process;
	uv_pipe_t in, out;
	uv_timer_t timer;
	uv_write_t write;
	char *input;
	char **words;    /* with a NULL at their end */
	char **environment;
	int open;        /* handles */
	int waits;       /* for its end and the end of its output */
	bool overdue;
	int status;      /* -1: ended by a signal, or never begun */
	char output[JOB_OUTPUT];
	size_t length;
	char piece[4096];
	char directory[4096];
	void (*then)(struct job *job, int status, const char *output);
};

/* ---- the end ---- */

static void release(struct job_program *p)
{
	for (size_t i = 0; p->environment && p->environment[i]; i++)
		free(p->environment[i]);
	free(p->environment);
	free(p->input);
	free(p->words);
	free(p);
}

static void on_closed(uv_handle_t *handle)
{
	struct job_program *p = handle->data;

	if (--p->open > 0)
		return;
	struct job *job = p->job;
	job->program = NULL;
	p->then(job, p->status, p->output);
	release(p);
}

static void close_one(struct job_program *p, uv_handle_t *handle)
{
	(void)p;
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

static void close_all(struct job_program *p)
{
	close_one(p, (uv_handle_t *)&p->in);
	close_one(p, (uv_handle_t *)&p->out);
	close_one(p, (uv_handle_t *)&p->timer);
	if (uv_handle_get_type((uv_handle_t *)&p->process) == UV_PROCESS)
		close_one(p, (uv_handle_t *)&p->process);
}

static void one_less_to_wait_for(struct job_program *p)
{
	if (--p->waits == 0)
		close_all(p);
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
	struct job_program *p = process->data;

	p->status = signal ? -1 : (int)status;
	if (signal && p->length == 0)
		snprintf(p->output, sizeof(p->output), "%s", p->overdue ? "it took too long"
								       : strsignal(signal));
	/* Whoever it has started may keep its output open: no more than the grace. */
	uv_timer_again(&p->timer);
	one_less_to_wait_for(p);
}

static void on_time_over(uv_timer_t *timer)
{
	struct job_program *p = timer->data;

	if (!uv_is_active((uv_handle_t *)&p->process)) { /* it has ended, its output has not */
		close_all(p);
		return;
	}
	kill(-uv_process_get_pid(&p->process), p->overdue ? SIGKILL : SIGTERM);
	p->overdue = true;
}

void job_program_stop(struct job *job)
{
	uv_timer_start(&job->program->timer, on_time_over, 0, GRACE_MS);
}

/* ---- its output ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct job_program *p = handle->data;

	(void)suggested;
	*buf = uv_buf_init(p->piece, sizeof(p->piece));
}

/* The beginning is kept; the rest is read, so that it can go on, and dropped. */
static void on_output(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct job_program *p = stream->data;
	size_t room = sizeof(p->output) - 1 - p->length;

	if (n < 0) {
		uv_read_stop(stream);
		one_less_to_wait_for(p);
		return;
	}
	size_t take = (size_t)n < room ? (size_t)n : room;
	for (size_t i = 0; i < take; i++) /* a NUL would be its end */
		p->output[p->length++] = (char)(buf->base[i] ? buf->base[i] : '?');
}

/* ---- starting it ---- */

static void on_written(uv_write_t *req, int status)
{
	struct job_program *p = req->data;

	(void)status; /* it need not read it */
	close_one(p, (uv_handle_t *)&p->in);
}

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

static char *describe(const struct job *job)
{
	json_t *board = json_pack("{s:o, s:o, s:o, s:o, s:o}", "station", jsonl_text(job->recipe->station),
				  "site", jsonl_text(job->site), "uid", jsonl_text(job->board.uid), "serial",
				  jsonl_text(job->serial.text), "chip", jsonl_text(job->board.family));
	json_t *images = json_array();

	for (unsigned int i = 0; i < job->recipe->image_count; i++)
		json_array_append_new(images, describe_image(&job->recipe->images[i]));
	json_object_set_new(board, "images", images);
	char *line = json_dumps(board, JSON_COMPACT);
	json_decref(board);
	return line;
}

static char *variable(const char *name, const char *value)
{
	char *text = NULL;

	return asprintf(&text, "%s=%s", name, value) < 0 ? NULL : text;
}

/* Ours, and what is known of the board. */
static char **make_environment(const struct job *job)
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

/* Programs are looked up, and run, where the recipe is. */
static const char *directory(struct job_program *p)
{
	const char *path = p->job->recipe->path;
	const char *slash = strrchr(path, '/');

	snprintf(p->directory, sizeof(p->directory), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	return p->directory;
}

static int spawn(struct job_program *p, char **words)
{
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&p->in },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->out },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 },
	};
	const uv_process_options_t options = { .exit_cb = on_ended,
					       .file = words[0],
					       .args = words,
					       .env = p->environment,
					       .cwd = directory(p),
					       .flags = UV_PROCESS_DETACHED,
					       .stdio_count = 3,
					       .stdio = stdio };

	p->open++; /* the handle is there even if this fails */
	return uv_spawn(p->job->loop, &p->process, &options);
}

static void begin(struct job_program *p, char *const *words, uint32_t timeout_s)
{
	int err = spawn(p, p->words);

	if (err) {
		snprintf(p->output, sizeof(p->output), "%s cannot be started: %s", words[0],
			 uv_strerror(err));
		close_all(p);
		return;
	}
	uv_buf_t line = uv_buf_init(p->input, (unsigned int)strlen(p->input));
	p->waits = 2;
	uv_timer_start(&p->timer, on_time_over, timeout_s * 1000ull, GRACE_MS);
	if (uv_read_start((uv_stream_t *)&p->out, on_alloc, on_output) != 0)
		p->waits--;
	if (uv_write(&p->write, (uv_stream_t *)&p->in, &line, 1, on_written) != 0)
		close_one(p, (uv_handle_t *)&p->in);
}

static bool prepare(struct job_program *p, const struct job *job, char *const *words, size_t count)
{
	p->words = calloc(count + 1, sizeof(*p->words));
	p->input = describe(job);
	p->environment = make_environment(job);
	if (p->words)
		memcpy(p->words, words, count * sizeof(*words));
	return p->words && p->input && p->environment;
}

void job_program(struct job *job, char *const *words, size_t count, uint32_t timeout_s,
		 void (*then)(struct job *job, int status, const char *output))
{
	struct job_program *p = calloc(1, sizeof(*p));

	if (!p || !prepare(p, job, words, count)) {
		if (p)
			release(p);
		job_fail(job, "", "not enough memory");
		return;
	}
	p->job = job;
	p->then = then;
	p->status = -1;
	uv_pipe_init(job->loop, &p->in, 0);
	uv_pipe_init(job->loop, &p->out, 0);
	uv_timer_init(job->loop, &p->timer);
	p->open = 3;
	p->process.data = p->in.data = p->out.data = p->timer.data = p->write.data = p;
	job->program = p;
	begin(p, words, timeout_s);
}

/* ---- the step ---- */

static void on_verdict(struct job *job, int status, const char *output)
{
	job_keep_output(job, output);
	if (status == 0)
		job_pass(job, 0);
	else if (status < 0)
		job_fail(job, "", "%s: %.200s", job_step(job)->command[0], output);
	else
		job_fail(job, "", "%s ended with %d: %.*s", job_step(job)->command[0], status,
			 (int)strcspn(output, "\n"), output);
}

void job_exec(struct job *job)
{
	const struct recipe_step *step = job_step(job);

	job_program(job, step->command, step->command_count, step->timeout_s, on_verdict);
}
