/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd without threads: it has an epoll descriptor of its own, our loop watches that, and
 * lets it run when there is something to do or when it has asked to be called.
 */
#include "hall_inner.h"

#include <string.h>

static unsigned int connections(struct hall *h)
{
	return MHD_get_daemon_info(h->http, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

static void on_due(uv_timer_t *timer);

void hall_server_run_soon(struct hall *h)
{
	uv_timer_start(&h->due, on_due, 0, 0);
}

static void run(struct hall *h)
{
	bool was_full = connections(h) == HALL_CONNECTIONS;
	MHD_UNSIGNED_LONG_LONG wait;

	uv_timer_stop(&h->due);
	MHD_run(h->http);
	/* A place that became free is given away in the next run; nothing else announces it. */
	if (was_full && connections(h) < HALL_CONNECTIONS)
		hall_server_run_soon(h);
	if (!uv_is_active((uv_handle_t *)&h->due) && MHD_get_timeout(h->http, &wait) == MHD_YES)
		uv_timer_start(&h->due, on_due, wait, 0);
}

static void on_due(uv_timer_t *timer)
{
	run(timer->data);
}

static void on_events(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(poll->data);
}

void hall_server_flush(struct hall *h)
{
	/* In the first run they are woken, in the second one the connection ends. */
	MHD_run(h->http);
	MHD_run(h->http);
}

/* Our paths have no escapes in them, and "/%00" must not become another one. */
static size_t as_it_is(void *cls, struct MHD_Connection *connection, char *text)
{
	(void)cls;
	(void)connection;
	return strlen(text);
}

bool hall_server_start(struct hall *h, int fd)
{
	struct MHD_OptionItem options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, fd, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, HALL_CONNECTIONS, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, HALL_REQUEST_S, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, HALL_MEMORY, NULL },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
		{ MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)as_it_is, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	h->http = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
				   hall_answer, h, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (!h->http)
		return false;
	uv_poll_init(h->loop, &h->events,
		     MHD_get_daemon_info(h->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
	uv_timer_init(h->loop, &h->due);
	h->events.data = h->due.data = h;
	uv_poll_start(&h->events, UV_READABLE, on_events);
	return true;
}

void hall_server_stop(struct hall *h)
{
	MHD_stop_daemon(h->http);
}
