/* SPDX-License-Identifier: MIT */
/*
 * A program of the recipe, run to its end.
 *
 *     begin -> its stdout is kept, its stderr told line by line -> its end, and that of both -> then()
 *
 * What does not end in time is ended, with all that it has started and that has not left its process
 * group: SIGTERM, two seconds later SIGKILL; if it goes at once, what it leaves behind is killed then.
 * Whatever its status is, it was too late. A program has a session of its own.
 */
#include "job.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"

#define GRACE_MS 2000

struct job_program {
	struct job *job;
	uv_process_t process;
	uv_pipe_t in, out, err;
	uv_timer_t timer;
	uv_write_t write;
	char *input;
	char **words;    /* with a NULL at their end */
	char **environment;
	int open;        /* handles */
	int waits;       /* for its end and the end of what it prints */
	bool overdue;
	int status;
	char why[JOB_REASON];
	char output[JOB_OUTPUT];
	size_t length;
	char line[JOB_LINE]; /* of stderr, as far as it has come */
	size_t line_length;
	char last_words[JOB_LINE];
	char piece[4096];
	char directory[4096];
	job_verdict_cb then;
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
	const struct job_verdict verdict = { p->status, p->why, p->output, p->last_words };

	job->program = NULL;
	p->then(job, &verdict);
	release(p);
}

static void close_one(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

static void close_all(struct job_program *p)
{
	close_one((uv_handle_t *)&p->in);
	close_one((uv_handle_t *)&p->out);
	close_one((uv_handle_t *)&p->err);
	close_one((uv_handle_t *)&p->timer);
	if (uv_handle_get_type((uv_handle_t *)&p->process) == UV_PROCESS)
		close_one((uv_handle_t *)&p->process);
}

static void one_less_to_wait_for(struct job_program *p)
{
	if (--p->waits == 0)
		close_all(p);
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
	struct job_program *p = process->data;

	p->status = p->overdue || signal ? JOB_ENDED : (int)status;
	if (p->overdue) {
		snprintf(p->why, sizeof(p->why), "it took too long");
		kill(-process->pid, SIGKILL); /* those of its group that did not go with it */
	} else if (signal) {
		snprintf(p->why, sizeof(p->why), "%s", strsignal(signal));
	}
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

/* ---- what it prints ---- */

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

static void end_line(struct job_program *p)
{
	p->line[p->line_length] = '\0';
	p->line_length = 0;
	if (!p->line[0])
		return;
	text_harmless(p->last_words, sizeof(p->last_words), p->line);
	p->job->watch->log(p->job, p->last_words);
}

/* What is longer than a line may be is cut off. */
static void on_errors(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct job_program *p = stream->data;

	if (n < 0) {
		uv_read_stop(stream);
		end_line(p);
		one_less_to_wait_for(p);
		return;
	}
	for (ssize_t i = 0; i < n; i++)
		if (buf->base[i] == '\n')
			end_line(p);
		else if (p->line_length < sizeof(p->line) - 1)
			p->line[p->line_length++] = (char)(buf->base[i] ? buf->base[i] : '?');
}

/* ---- starting it ---- */

static void on_written(uv_write_t *req, int status)
{
	struct job_program *p = req->data;

	(void)status; /* it need not read it */
	close_one((uv_handle_t *)&p->in);
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

static int spawn(struct job_program *p)
{
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&p->in },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->out },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->err },
	};
	const uv_process_options_t options = { .exit_cb = on_ended,
					       .file = p->words[0],
					       .args = p->words,
					       .env = p->environment,
					       .cwd = directory(p),
					       .flags = UV_PROCESS_DETACHED,
					       .stdio_count = 3,
					       .stdio = stdio };

	p->open++; /* the handle is there even if this fails */
	return uv_spawn(p->job->loop, &p->process, &options);
}

static void begin(struct job_program *p, uint32_t timeout_s)
{
	int err = spawn(p);

	if (err) {
		p->status = JOB_NOT_STARTED;
		snprintf(p->why, sizeof(p->why), "%s cannot be started: %s", p->words[0],
			 uv_strerror(err));
		close_all(p);
		return;
	}
	uv_buf_t line = uv_buf_init(p->input, (unsigned int)strlen(p->input));
	p->waits = 3;
	uv_timer_start(&p->timer, on_time_over, timeout_s * 1000ull, GRACE_MS);
	if (uv_read_start((uv_stream_t *)&p->out, on_alloc, on_output) != 0)
		p->waits--;
	if (uv_read_start((uv_stream_t *)&p->err, on_alloc, on_errors) != 0)
		p->waits--;
	if (uv_write(&p->write, (uv_stream_t *)&p->in, &line, 1, on_written) != 0)
		close_one((uv_handle_t *)&p->in);
}

static bool prepare(struct job_program *p, const struct job *job, char *const *words, size_t count)
{
	p->words = calloc(count + 1, sizeof(*p->words));
	p->input = job_describe(job);
	p->environment = job_environment(job);
	if (p->words)
		memcpy(p->words, words, count * sizeof(*words));
	return p->words && p->input && p->environment;
}

void job_program(struct job *job, char *const *words, size_t count, uint32_t timeout_s,
		 job_verdict_cb then)
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
	uv_pipe_init(job->loop, &p->in, 0);
	uv_pipe_init(job->loop, &p->out, 0);
	uv_pipe_init(job->loop, &p->err, 0);
	uv_timer_init(job->loop, &p->timer);
	p->open = 4;
	p->process.data = p->in.data = p->out.data = p->err.data = p->timer.data = p->write.data = p;
	job->program = p;
	begin(p, timeout_s);
}
