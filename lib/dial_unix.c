/* SPDX-License-Identifier: MIT */
/* By a Unix domain socket, such as one that ssh or socat forwards. */
#include "dial.h"

struct local {
	uv_connect_t connect;
};

static void on_connected(uv_connect_t *req, int status)
{
	struct conn *conn = req->data;

	if (conn->state != CONN_DIALING)
		return;
	if (status == 0)
		status = stmfw__conn_opened(conn);
	if (status < 0)
		stmfw__conn_fail_status(conn, status);
}

static void begin(struct conn *conn, const struct conn_params *params)
{
	struct local *l = conn->dial;
	int err = uv_pipe_init(conn->loop, &conn->io.pipe, 0);

	if (err) {
		stmfw__conn_fail_status(conn, err);
		return;
	}
	stmfw__conn_has_stream(conn);
	l->connect.data = conn;
	uv_pipe_connect(&l->connect, &conn->io.pipe, params->address->host, on_connected);
}

static void stop(struct conn *conn)
{
	(void)conn; /* the stream is all there is */
}

const struct dialer stmfw__dial_unix = {
	.size = sizeof(struct local), .begin = begin, .stop = stop
};
