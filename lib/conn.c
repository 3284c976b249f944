/* SPDX-License-Identifier: MIT */
/*
 * Happy path: a dialer makes the stream -> opened -> read until the end.
 *
 * A request goes out in one write: two would cost 40 ms where Nagle's algorithm is on. Memory for
 * what comes in is there only while it comes, so that an idle connection costs next to nothing.
 *
 *   DIALING --> OPEN --> ENDING --> CLOSING        each may go to CLOSING
 */
#include "conn.h"

#include <string.h>

#include "dial.h"

#define READ_SIZE (16u << 10)
#define OUTPUT_KEEP 4096
#define OUTPUT_LIMIT ((size_t)4 << 20)

/* ---- the end ---- */

void stmfw__conn_hold(struct conn *conn)
{
	conn->held++;
}

void stmfw__conn_let_go(struct conn *conn)
{
	conn->held--;
	if (conn->state != CONN_CLOSING || conn->held > 0)
		return;
	void (*gone)(void *) = conn->events.gone;
	void *owner = conn->owner;

	if (conn->dialer->release)
		conn->dialer->release(conn);
	stmfw__buf_release(&conn->output);
	stmfw__telnet_free(conn->telnet, conn->mem);
	stmfw__mem_free(conn->mem, conn->dial);
	stmfw__mem_free(conn->mem, conn);
	gone(owner);
}

static void on_handle_closed(uv_handle_t *handle)
{
	stmfw__conn_let_go(handle->data);
}

void stmfw__conn_close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_handle_closed);
}

void stmfw__conn_drop_stream(struct conn *conn, uv_close_cb closed)
{
	conn->has_stream = false;
	uv_close(&conn->io.handle, closed);
}

void stmfw__conn_close(struct conn *conn)
{
	if (conn->state == CONN_CLOSING)
		return;
	conn->state = CONN_CLOSING;
	stmfw__conn_hold(conn); /* until all has been told to close */
	conn->dialer->stop(conn);
	if (conn->has_stream)
		stmfw__conn_drop_stream(conn, on_handle_closed);
	stmfw__conn_let_go(conn);
}

void stmfw__conn_fail(struct conn *conn, const struct conn_end *end)
{
	if (conn->state == CONN_CLOSING)
		return;
	stmfw__conn_hold(conn); /* `end` may point into the dialer's state */
	stmfw__conn_close(conn);
	conn->events.failed(conn->owner, end);
	stmfw__conn_let_go(conn);
}

void stmfw__conn_fail_status(struct conn *conn, int uv_status)
{
	stmfw__conn_fail(conn, &(struct conn_end){ .uv_status = uv_status, .words = "" });
}

/* Where it was our own memory that ended it, there is nothing to find out. */
static bool is_worth_asking(const struct conn *conn, int uv_status)
{
	return conn->dialer->ended && uv_status != UV_ENOMEM;
}

static void stream_ended(struct conn *conn, int uv_status)
{
	if (is_worth_asking(conn, uv_status))
		conn->dialer->ended(conn, uv_status);
	else
		stmfw__conn_fail_status(conn, uv_status);
}

/* ---- receiving ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct conn *conn = handle->data;
	char *bytes = stmfw__mem_resize(conn->mem, NULL, READ_SIZE);

	(void)suggested;
	*buf = uv_buf_init(bytes, bytes ? READ_SIZE : 0);
}

/* What the console's translator gives, until the owner has closed the connection. */
static void pass_bytes(void *owner, const char *bytes, size_t length)
{
	struct conn *conn = owner;

	if (conn->state == CONN_OPEN)
		conn->events.bytes(conn->owner, bytes, length);
}

static void pass_line(void *owner, const char *line, size_t length)
{
	struct conn *conn = owner;

	if (conn->state == CONN_OPEN)
		conn->events.said(conn->owner, line, length);
}

static const struct telnet_events console = { pass_bytes, pass_line };

static void take_bytes(struct conn *conn, const char *bytes, size_t length)
{
	if (conn->dialer->catch_up)
		conn->dialer->catch_up(conn);
	if (conn->telnet)
		stmfw__telnet_feed(conn->telnet, bytes, length);
	else
		conn->events.bytes(conn->owner, bytes, length);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *conn = stream->data;

	stmfw__conn_hold(conn);
	if (conn->state == CONN_OPEN && n > 0)
		take_bytes(conn, buf->base, (size_t)n);
	else if (conn->state == CONN_OPEN && n < 0)
		stream_ended(conn, n == UV_ENOBUFS ? UV_ENOMEM : (int)n);
	stmfw__mem_free(conn->mem, buf->base);
	stmfw__conn_let_go(conn);
}

/* ---- opening ---- */

void stmfw__conn_has_stream(struct conn *conn)
{
	conn->has_stream = true;
	conn->io.handle.data = conn;
	stmfw__conn_hold(conn);
}

int stmfw__conn_opened(struct conn *conn)
{
	int err = uv_read_start(&conn->io.stream, on_alloc, on_read);

	if (err)
		return err;
	conn->state = CONN_OPEN;
	conn->events.opened(conn->owner);
	return 0;
}

static const struct dialer *dialer_for(const struct conn_params *params)
{
	if (params->argv)
		return &stmfw__dial_child;
	return params->address->way == STMFW_WAY_UNIX ? &stmfw__dial_unix : &stmfw__dial_tcp;
}

static bool is_console(const struct conn_params *params)
{
	return !params->argv && params->address->way == STMFW_WAY_TELNET;
}

int stmfw__conn_open(struct conn **out, const struct conn_params *params)
{
	struct conn *conn = stmfw__mem_alloc(params->mem, sizeof(*conn));

	if (!conn)
		return UV_ENOMEM;
	conn->mem = params->mem;
	conn->loop = params->loop;
	conn->events = params->events;
	conn->owner = params->owner;
	conn->dialer = dialer_for(params);
	conn->state = CONN_DIALING;
	conn->write.data = conn;
	stmfw__buf_init(&conn->output, conn->mem, OUTPUT_LIMIT);
	conn->dial = stmfw__mem_alloc(conn->mem, conn->dialer->size);
	if (is_console(params))
		conn->telnet = stmfw__telnet_new(conn->mem, &console, conn);
	if (!conn->dial || (is_console(params) && !conn->telnet)) {
		stmfw__mem_free(conn->mem, conn->dial);
		stmfw__telnet_free(conn->telnet, conn->mem);
		stmfw__mem_free(conn->mem, conn);
		return UV_ENOMEM;
	}
	*out = conn;
	conn->dialer->begin(conn, params);
	return 0;
}

bool stmfw__conn_tells(const struct conn *conn)
{
	return conn->telnet || stmfw__conn_is_child(conn);
}

bool stmfw__conn_is_child(const struct conn *conn)
{
	return conn->dialer == &stmfw__dial_child;
}

bool stmfw__conn_can_pipeline(const struct conn *conn)
{
	return !conn->telnet; /* it waits for one reply at a time */
}

bool stmfw__conn_notifies(const struct conn *conn)
{
	return !conn->telnet;
}

void stmfw__conn_set_line_limit(struct conn *conn, size_t limit)
{
	if (conn->telnet)
		stmfw__telnet_set_line_limit(conn->telnet, limit);
}

/* ---- sending ---- */

struct buf *stmfw__conn_output(struct conn *conn)
{
	if (conn->writing || conn->state < CONN_OPEN || conn->state > CONN_ENDING)
		return NULL;
	stmfw__buf_clear(&conn->output, OUTPUT_KEEP);
	return &conn->output;
}

static void on_written(uv_write_t *req, int status)
{
	struct conn *conn = req->data;

	conn->writing = false;
	stmfw__buf_clear(&conn->output, OUTPUT_KEEP); /* an idle client keeps no long command */
	if (status < 0 && conn->state == CONN_OPEN)
		stream_ended(conn, status);
}

static int write_out(struct conn *conn)
{
	uv_buf_t rest = uv_buf_init(conn->output.data, (unsigned int)conn->output.length);
	int n = uv_try_write(&conn->io.stream, &rest, 1);

	if (n == (int)rest.len) {
		stmfw__buf_clear(&conn->output, OUTPUT_KEEP);
		return 0;
	}
	if (n < 0 && n != UV_EAGAIN)
		return n;
	if (n > 0) {
		rest.base += n;
		rest.len -= (size_t)n;
	}
	int err = uv_write(&conn->write, &conn->io.stream, &rest, 1, on_written);
	conn->writing = err == 0;
	return err;
}

int stmfw__conn_send(struct conn *conn, const char *nonce)
{
	if (conn->state == CONN_ENDING)
		return 0; /* how it ended will be told */
	if (conn->telnet) {
		int err = stmfw__telnet_request(conn->telnet, &conn->output, nonce);

		if (err)
			return err;
	}
	int err = write_out(conn);
	if (!err || !is_worth_asking(conn, err))
		return err;
	conn->dialer->ended(conn, err);
	return 0;
}
