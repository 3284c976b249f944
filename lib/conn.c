/* SPDX-License-Identifier: MIT */
/*
 * Happy path: look the name up (numeric addresses skip that) -> connect to the first address ->
 * opened -> read until the end. When an address refuses or stays silent, its socket is closed and
 * the next address is tried; OpenOCD listens on IPv4 only, so "localhost" often needs the second.
 *
 * A request goes out in one write with Nagle's algorithm off: two writes would cost 40 ms.
 *
 *   LOOKUP --> TRYING --> OPEN --> CLOSING        each may go to CLOSING
 *                |  ^
 *                v  |  this address failed, another is left
 *             BETWEEN
 */
#include "conn.h"

#include <stdio.h>
#include <string.h>

#define READ_SIZE 4096
#define OUTPUT_KEEP 4096
#define OUTPUT_LIMIT ((size_t)4 << 20)

enum conn_state { CONN_LOOKUP, CONN_TRYING, CONN_BETWEEN, CONN_OPEN, CONN_CLOSING };

struct conn {
	const struct mem *mem;
	uv_loop_t *loop;
	struct conn_events events;
	void *owner;
	enum conn_state state;
	uv_tcp_t tcp;
	uv_timer_t patience; /* for one address, while another is left */
	uv_getaddrinfo_t lookup;
	uv_connect_t connect;
	uv_write_t write;
	int held;   /* things of libuv's that still point here: handles and the lookup */
	int writing;
	int last_error;
	uint32_t timeout_ms;
	struct addrinfo *addresses; /* from the lookup  */
	struct addrinfo *next;      /* still to be tried */
	struct sockaddr_storage literal;
	struct buf output;
	char input[READ_SIZE];
};

static void release_if_free(struct conn *conn)
{
	if (conn->state != CONN_CLOSING || conn->held > 0)
		return;
	void (*gone)(void *) = conn->events.gone;
	void *owner = conn->owner;

	uv_freeaddrinfo(conn->addresses);
	stmfw__buf_release(&conn->output);
	stmfw__mem_free(conn->mem, conn);
	gone(owner);
}

static void try_next(struct conn *conn);

static void on_handle_closed(uv_handle_t *handle)
{
	struct conn *conn = handle->data;

	conn->held--;
	if (conn->state == CONN_BETWEEN)
		try_next(conn);
	else
		release_if_free(conn);
}

static void close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_handle_closed);
}

void stmfw__conn_close(struct conn *conn)
{
	enum conn_state was = conn->state;

	if (was == CONN_CLOSING)
		return;
	conn->state = CONN_CLOSING;
	if (was == CONN_LOOKUP)
		uv_cancel((uv_req_t *)&conn->lookup);
	if (was == CONN_TRYING || was == CONN_OPEN)
		close_handle((uv_handle_t *)&conn->tcp);
	close_handle((uv_handle_t *)&conn->patience);
}

static void fail(struct conn *conn, int uv_status)
{
	stmfw__conn_close(conn);
	conn->events.failed(conn->owner, uv_status);
}

/* ---- connecting ---- */

static void give_up_address(struct conn *conn, int uv_status)
{
	conn->last_error = uv_status;
	uv_timer_stop(&conn->patience);
	conn->state = CONN_BETWEEN;
	close_handle((uv_handle_t *)&conn->tcp);
}

static void on_patience_over(uv_timer_t *timer)
{
	struct conn *conn = timer->data;

	if (conn->state == CONN_TRYING)
		give_up_address(conn, UV_ETIMEDOUT);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct conn *conn = handle->data;

	(void)suggested;
	*buf = uv_buf_init(conn->input, sizeof(conn->input));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *conn = stream->data;

	if (conn->state != CONN_OPEN || n == 0)
		return;
	if (n < 0)
		fail(conn, (int)n);
	else
		conn->events.bytes(conn->owner, buf->base, (size_t)n);
}

static void on_connected(uv_connect_t *req, int status)
{
	struct conn *conn = req->data;

	if (conn->state != CONN_TRYING)
		return;
	if (status == 0)
		status = uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
	if (status < 0) {
		give_up_address(conn, status);
		return;
	}
	uv_timer_stop(&conn->patience);
	uv_tcp_nodelay(&conn->tcp, 1);
	uv_tcp_keepalive(&conn->tcp, 1, 60);
	conn->state = CONN_OPEN;
	conn->events.opened(conn->owner);
}

static uint32_t share_of_timeout(const struct conn *conn)
{
	uint32_t left = 1;

	for (const struct addrinfo *a = conn->next; a; a = a->ai_next)
		left++;
	return conn->timeout_ms / left;
}

static void try_address(struct conn *conn, const struct sockaddr *address)
{
	int err = uv_tcp_init(conn->loop, &conn->tcp);

	if (err) {
		fail(conn, err);
		return;
	}
	conn->tcp.data = conn;
	conn->held++;
	conn->state = CONN_TRYING;
	err = uv_tcp_connect(&conn->connect, &conn->tcp, address, on_connected);
	if (err)
		give_up_address(conn, err);
	else if (conn->next) /* the last one has what is left of the caller's deadline */
		uv_timer_start(&conn->patience, on_patience_over, share_of_timeout(conn), 0);
}

static void try_next(struct conn *conn)
{
	struct addrinfo *a = conn->next;

	if (!a) {
		fail(conn, conn->last_error);
		return;
	}
	conn->next = a->ai_next;
	try_address(conn, a->ai_addr);
}

static void on_lookup(uv_getaddrinfo_t *req, int status, struct addrinfo *addresses)
{
	struct conn *conn = req->data;

	conn->held--;
	conn->addresses = addresses;
	conn->next = addresses;
	if (conn->state == CONN_CLOSING)
		release_if_free(conn);
	else if (status < 0)
		fail(conn, status);
	else
		try_next(conn);
}

static int look_up(struct conn *conn, const char *host, uint16_t port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	char service[8];

	snprintf(service, sizeof(service), "%u", (unsigned int)port);
	int err = uv_getaddrinfo(conn->loop, &conn->lookup, on_lookup, host, service, &hints);
	if (!err)
		conn->held++;
	return err;
}

static int parse_literal(struct conn *conn, const char *host, uint16_t port)
{
	if (uv_ip4_addr(host, port, (struct sockaddr_in *)&conn->literal) == 0)
		return 1;
	return uv_ip6_addr(host, port, (struct sockaddr_in6 *)&conn->literal) == 0;
}

int stmfw__conn_open(struct conn **out, uv_loop_t *loop, const struct mem *mem, const char *host,
		     uint16_t port, uint32_t timeout_ms, const struct conn_events *events,
		     void *owner)
{
	struct conn *conn = stmfw__mem_alloc(mem, sizeof(*conn));

	if (!conn)
		return UV_ENOMEM;
	conn->mem = mem;
	conn->loop = loop;
	conn->events = *events;
	conn->owner = owner;
	conn->state = CONN_LOOKUP;
	conn->timeout_ms = timeout_ms;
	conn->lookup.data = conn;
	conn->connect.data = conn;
	conn->write.data = conn;
	stmfw__buf_init(&conn->output, mem, OUTPUT_LIMIT);

	int literal = parse_literal(conn, host, port);
	int err = literal ? 0 : look_up(conn, host, port);
	if (err) {
		stmfw__mem_free(mem, conn);
		return err;
	}
	uv_timer_init(loop, &conn->patience);
	conn->patience.data = conn;
	conn->held++;
	*out = conn;
	if (literal)
		try_address(conn, (const struct sockaddr *)&conn->literal);
	return 0;
}

/* ---- sending ---- */

struct buf *stmfw__conn_output(struct conn *conn)
{
	if (conn->writing || conn->state != CONN_OPEN)
		return NULL;
	stmfw__buf_clear(&conn->output, OUTPUT_KEEP);
	return &conn->output;
}

static void on_written(uv_write_t *req, int status)
{
	struct conn *conn = req->data;

	conn->writing = 0;
	stmfw__buf_clear(&conn->output, OUTPUT_KEEP); /* an idle client keeps no long command */
	if (status < 0 && conn->state == CONN_OPEN)
		fail(conn, status);
}

int stmfw__conn_send(struct conn *conn)
{
	uv_buf_t rest = uv_buf_init(conn->output.data, (unsigned int)conn->output.length);
	int n = uv_try_write((uv_stream_t *)&conn->tcp, &rest, 1);

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
	int err = uv_write(&conn->write, (uv_stream_t *)&conn->tcp, &rest, 1, on_written);
	conn->writing = err == 0;
	return err;
}
