/* SPDX-License-Identifier: MIT */
/*
 * By starting OpenOCD as our child, with its TCL server on stdin and stdout: no port is open, and
 * it ends when we do, because its stdin ends.
 *
 * One socket serves as its stdin and stdout, a pipe takes its stderr, which is always read: a full
 * pipe would stop OpenOCD in the middle of its work. It has a session of its own, so that Ctrl-C in
 * our terminal does not end it while it flashes.
 *
 * When it hangs up, we wait for its end and for the rest of its stderr, a second at most, as only
 * these tell why. When we close, it gets the end of its stdin, then time, then SIGTERM, then
 * SIGKILL.
 *
 *   RUNS --it hung up--> DYING --all is known--> (failed)
 *   both --closed--> ASKED --> TERMINATED --> KILLED
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dial.h"
#include "lines.h"

#ifndef PATIENCE_MS /* a test of it has less */
#define LAST_WORDS_MS 1000u
#define PATIENCE_MS 5000u /* an erase that runs may take that long */
#endif
#define WORDS_SIZE 2048u

enum child_state { CHILD_RUNS, CHILD_DYING, CHILD_ASKED, CHILD_TERMINATED, CHILD_KILLED };

struct child {
	enum child_state state;
	uv_process_t process;
	uv_pipe_t errors;
	uv_timer_t timer;
	bool is_alive;       /* a process that has not been waited for    */
	bool errors_ended;   /* all of its stderr has been read           */
	int uv_status;       /* with which the stream ended, or 0         */
	char how[96];
	struct lines lines;
	char words[WORDS_SIZE]; /* its last lines, with line ends */
	size_t words_length;
	char input[1024];
};

static struct child *child(const struct conn *conn)
{
	return conn->dial;
}

/* ---- how it ended ---- */

static void take_errors(struct conn *conn, const char *bytes, size_t length);

static void fail(struct conn *conn)
{
	struct child *c = child(conn);
	int status = c->uv_status ? c->uv_status : UV_EOF;

	take_errors(conn, "\n", 1); /* its last line may lack an end */
	stmfw__conn_fail(conn, &(struct conn_end){ .uv_status = status,
						   .how = c->how[0] ? c->how : NULL,
						   .words = c->words });
}

static void fail_if_all_is_known(struct conn *conn)
{
	const struct child *c = child(conn);

	if (c->state == CHILD_DYING && !c->is_alive && c->errors_ended)
		fail(conn);
}

static void on_waited_long_enough(uv_timer_t *timer)
{
	fail(timer->data);
}

/* The rest of its end is to follow at once. (Whoever it has started may keep the pipes open.) */
static void limit_the_wait(struct child *c)
{
	if (!uv_is_active((uv_handle_t *)&c->timer))
		uv_timer_start(&c->timer, on_waited_long_enough, LAST_WORDS_MS, 0);
}

/* It depends on who was about to write or read what. */
static bool is_end(int uv_status)
{
	return uv_status == UV_EPIPE || uv_status == UV_ECONNRESET;
}

static void ended(struct conn *conn, int uv_status)
{
	struct child *c = child(conn);

	c->state = CHILD_DYING;
	c->uv_status = is_end(uv_status) ? UV_EOF : uv_status;
	conn->state = CONN_ENDING;
	limit_the_wait(c);
	fail_if_all_is_known(conn);
}

static void describe_end(struct child *c, int64_t status, int signal)
{
	if (signal)
		snprintf(c->how, sizeof(c->how), "was ended by signal %d (%s)", signal,
			 strsignal(signal));
	else
		snprintf(c->how, sizeof(c->how), "ended with exit status %d", (int)status);
}

static void close_all(struct child *c)
{
	if (uv_handle_get_type((uv_handle_t *)&c->process) == UV_PROCESS) /* else: never begun */
		stmfw__conn_close_handle((uv_handle_t *)&c->process);
	stmfw__conn_close_handle((uv_handle_t *)&c->errors);
	stmfw__conn_close_handle((uv_handle_t *)&c->timer);
}

static void on_exit(uv_process_t *process, int64_t status, int signal)
{
	struct conn *conn = process->data;
	struct child *c = child(conn);

	c->is_alive = false;
	describe_end(c, status, signal);
	if (conn->state == CONN_CLOSING) {
		close_all(c);
	} else { /* its last answer may still be on its way */
		limit_the_wait(c);
		fail_if_all_is_known(conn);
	}
}

/* ---- what it says ---- */

static void keep_words(struct child *c, const char *line, size_t length)
{
	size_t need = length + 1;

	while (c->words_length + need >= sizeof(c->words)) { /* the oldest line goes */
		size_t first = strcspn(c->words, "\n") + 1;

		c->words_length -= first;
		memmove(c->words, c->words + first, c->words_length + 1);
	}
	memcpy(c->words + c->words_length, line, length);
	c->words_length += need;
	c->words[c->words_length - 1] = '\n';
	c->words[c->words_length] = '\0';
}

static void take_errors(struct conn *conn, const char *bytes, size_t length)
{
	struct child *c = child(conn);

	for (size_t i = 0; i < length; i++) {
		if (!stmfw__lines_take(&c->lines, bytes[i]) || stmfw__lines_is_reply(&c->lines) ||
		    c->lines.length == 0)
			continue;
		keep_words(c, c->lines.text, c->lines.length);
		if (conn->state != CONN_CLOSING)
			conn->events.said(conn->owner, c->lines.text, c->lines.length);
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct child *c = child(handle->data);

	(void)suggested;
	*buf = uv_buf_init(c->input, sizeof(c->input));
}

/* What it said before it answered is in its pipe already, and is to be told before the answer. No
   more than that: it may go on and on. */
static void catch_up(struct conn *conn)
{
	struct child *c = child(conn);
	uv_os_fd_t fd;
	int left;

	if (c->errors_ended || uv_fileno((uv_handle_t *)&c->errors, &fd) != 0 ||
	    ioctl(fd, FIONREAD, &left) != 0)
		return;
	while (left > 0) {
		ssize_t n = read(fd, c->input, sizeof(c->input));

		if (n <= 0)
			break;
		take_errors(conn, c->input, (size_t)n);
		left -= (int)n;
	}
}

static void on_errors(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *conn = stream->data;
	struct child *c = child(conn);

	if (n > 0)
		take_errors(conn, buf->base, (size_t)n);
	if (n >= 0)
		return;
	c->errors_ended = true;
	uv_read_stop(stream);
	fail_if_all_is_known(conn);
}

/* ---- starting it ---- */

static int spawn(struct conn *conn, char **argv)
{
	struct child *c = child(conn);
	uv_os_sock_t ends[2];
	int err = uv_socketpair(SOCK_STREAM, 0, ends, UV_NONBLOCK_PIPE, 0);

	if (err)
		return err;
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_INHERIT_FD, .data.fd = ends[1] },
		{ .flags = UV_INHERIT_FD, .data.fd = ends[1] },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&c->errors },
	};
	const uv_process_options_t options = { .exit_cb = on_exit,
					       .file = argv[0],
					       .args = argv,
					       .flags = UV_PROCESS_DETACHED,
					       .stdio_count = 3,
					       .stdio = stdio };
	stmfw__conn_hold(conn); /* for the process */
	err = uv_spawn(conn->loop, &c->process, &options);
	close(ends[1]);
	if (err) {
		close(ends[0]);
		return err;
	}
	c->is_alive = true;
	err = uv_pipe_open(&conn->io.pipe, ends[0]);
	if (err)
		close(ends[0]);
	return err;
}

static void begin(struct conn *conn, const struct conn_params *params)
{
	struct child *c = child(conn);
	int err;

	c->process.data = c->errors.data = c->timer.data = conn;
	uv_timer_init(conn->loop, &c->timer);
	uv_pipe_init(conn->loop, &c->errors, 0);
	uv_pipe_init(conn->loop, &conn->io.pipe, 0);
	stmfw__conn_has_stream(conn);
	stmfw__conn_hold(conn); /* for the timer  */
	stmfw__conn_hold(conn); /* for its stderr */
	err = spawn(conn, params->argv);
	if (!err)
		err = uv_read_start((uv_stream_t *)&c->errors, on_alloc, on_errors);
	if (!err)
		err = stmfw__conn_opened(conn);
	if (err) {
		snprintf(c->how, sizeof(c->how), "cannot be started: %s", uv_strerror(err));
		c->uv_status = err;
		fail(conn);
	}
}

/* ---- ending it ---- */

static void on_patience_over(uv_timer_t *timer)
{
	struct conn *conn = timer->data;
	struct child *c = child(conn);

	c->state = c->state == CHILD_ASKED ? CHILD_TERMINATED : CHILD_KILLED;
	uv_process_kill(&c->process, c->state == CHILD_TERMINATED ? SIGTERM : SIGKILL);
	uv_timer_start(timer, on_patience_over, PATIENCE_MS, 0);
}

static void stop(struct conn *conn)
{
	struct child *c = child(conn);

	c->state = CHILD_ASKED; /* its stdin ends as the stream is closed */
	uv_update_time(conn->loop); /* a long callback may have left the loop's clock behind */
	if (c->is_alive)
		uv_timer_start(&c->timer, on_patience_over, PATIENCE_MS, 0);
	else
		close_all(c);
}

const struct dialer stmfw__dial_child = {
	.size = sizeof(struct child),
	.begin = begin,
	.ended = ended,
	.catch_up = catch_up,
	.stop = stop
};
