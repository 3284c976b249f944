/* SPDX-License-Identifier: MIT */
/*
 * By TCP: look the name up (numeric addresses skip that) -> connect to the first address.
 *
 * When an address refuses or stays silent, its socket is closed and the next address is tried;
 * OpenOCD listens on IPv4 only, so "localhost" often needs the second.
 *
 *   BEGIN --> LOOKUP --> TRYING --> DONE
 *                          |  ^
 *                          v  |  this address failed, another is left
 *                        BETWEEN
 */
#include <stdio.h>

#include "dial.h"

enum tcp_state { TCP_BEGIN, TCP_LOOKUP, TCP_TRYING, TCP_BETWEEN, TCP_DONE };

struct tcp {
	enum tcp_state state;
	uv_timer_t patience; /* for one address, while another is left */
	uv_getaddrinfo_t lookup;
	uv_connect_t connect;
	int last_error;
	uint32_t share_ms;          /* of the caller's deadline, for each address */
	struct addrinfo *addresses; /* from the lookup                            */
	struct addrinfo *next;      /* still to be tried                          */
	struct sockaddr_storage literal;
};

static struct tcp *tcp(const struct conn *conn)
{
	return conn->dial;
}

static void try_next(struct conn *conn);

static void on_stream_closed(uv_handle_t *handle)
{
	struct conn *conn = handle->data;

	if (conn->state == CONN_DIALING)
		try_next(conn);
	stmfw__conn_let_go(conn);
}

static void give_up_address(struct conn *conn, int uv_status)
{
	tcp(conn)->last_error = uv_status;
	uv_timer_stop(&tcp(conn)->patience);
	tcp(conn)->state = TCP_BETWEEN;
	stmfw__conn_drop_stream(conn, on_stream_closed);
}

static void on_patience_over(uv_timer_t *timer)
{
	struct conn *conn = timer->data;

	if (tcp(conn)->state == TCP_TRYING)
		give_up_address(conn, UV_ETIMEDOUT);
}

static void on_connected(uv_connect_t *req, int status)
{
	struct conn *conn = req->data;

	if (conn->state != CONN_DIALING || tcp(conn)->state != TCP_TRYING)
		return;
	if (status < 0) {
		give_up_address(conn, status);
		return;
	}
	uv_timer_stop(&tcp(conn)->patience);
	uv_tcp_nodelay(&conn->io.tcp, 1);
	uv_tcp_keepalive(&conn->io.tcp, 1, 60);
	tcp(conn)->state = TCP_DONE;
	int err = stmfw__conn_opened(conn);
	if (err)
		stmfw__conn_fail_status(conn, err);
}

static void try_address(struct conn *conn, const struct sockaddr *address)
{
	struct tcp *t = tcp(conn);
	int err = uv_tcp_init(conn->loop, &conn->io.tcp);

	if (err) {
		stmfw__conn_fail_status(conn, err);
		return;
	}
	stmfw__conn_has_stream(conn);
	t->state = TCP_TRYING;
	err = uv_tcp_connect(&t->connect, &conn->io.tcp, address, on_connected);
	if (err)
		give_up_address(conn, err);
	else if (t->next) /* the last one has what is left of the caller's deadline */
		uv_timer_start(&t->patience, on_patience_over, t->share_ms, 0);
}

static void try_next(struct conn *conn)
{
	struct tcp *t = tcp(conn);
	struct addrinfo *a = t->next;

	if (!a) {
		stmfw__conn_fail_status(conn, t->last_error);
		return;
	}
	t->next = a->ai_next;
	try_address(conn, a->ai_addr);
}

/* All the same: with shares of what is left, three silent addresses would take all of it. */
static void divide_timeout(struct tcp *t)
{
	uint32_t count = 0;

	for (const struct addrinfo *a = t->addresses; a; a = a->ai_next)
		count++;
	t->share_ms /= count > 0 ? count : 1;
}

static void on_lookup(uv_getaddrinfo_t *req, int status, struct addrinfo *addresses)
{
	struct conn *conn = req->data;

	tcp(conn)->addresses = addresses;
	tcp(conn)->next = addresses;
	divide_timeout(tcp(conn));
	if (conn->state == CONN_DIALING && status < 0)
		stmfw__conn_fail_status(conn, status);
	else if (conn->state == CONN_DIALING)
		try_next(conn);
	stmfw__conn_let_go(conn);
}

static void look_up(struct conn *conn, const stmfw_address *to)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	char service[8];

	snprintf(service, sizeof(service), "%u", (unsigned int)to->port);
	int err = uv_getaddrinfo(conn->loop, &tcp(conn)->lookup, on_lookup, to->host, service,
				 &hints);
	if (err) {
		stmfw__conn_fail_status(conn, err);
		return;
	}
	tcp(conn)->state = TCP_LOOKUP;
	stmfw__conn_hold(conn);
}

static bool is_literal(struct tcp *t, const stmfw_address *to)
{
	if (uv_ip4_addr(to->host, to->port, (struct sockaddr_in *)&t->literal) == 0)
		return true;
	return uv_ip6_addr(to->host, to->port, (struct sockaddr_in6 *)&t->literal) == 0;
}

static void begin(struct conn *conn, const struct conn_params *params)
{
	struct tcp *t = tcp(conn);

	t->share_ms = params->timeout_ms;
	t->lookup.data = conn;
	t->connect.data = conn;
	uv_timer_init(conn->loop, &t->patience);
	t->patience.data = conn;
	stmfw__conn_hold(conn);
	if (is_literal(t, params->address))
		try_address(conn, (const struct sockaddr *)&t->literal);
	else
		look_up(conn, params->address);
}

static void stop(struct conn *conn)
{
	struct tcp *t = tcp(conn);

	if (t->state == TCP_LOOKUP)
		uv_cancel((uv_req_t *)&t->lookup);
	stmfw__conn_close_handle((uv_handle_t *)&t->patience);
}

static void release(struct conn *conn)
{
	uv_freeaddrinfo(tcp(conn)->addresses);
}

const struct dialer stmfw__dial_tcp = {
	.size = sizeof(struct tcp), .begin = begin, .stop = stop, .release = release
};
