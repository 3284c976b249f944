/* SPDX-License-Identifier: MIT */
/*
 * Connections: collects the bytes of one request, has it served, waits as long as a real probe
 * would take, sends the reply in one piece, and goes on to the next request. Waiting is done
 * with a timerfd, as the loop's own timers count in milliseconds. Between all this the cores
 * that execute code get their time slices.
 */
#include "server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum client_state {
	CLIENT_READING,
	CLIENT_HELD,	/* the request is complete but must wait */
	CLIENT_DELAYED, /* the reply is due later */
	CLIENT_SENDING,
	CLIENT_CLOSING,
};

struct client {
	struct server *server;
	struct client *next;
	enum client_state state;
	uv_tcp_t socket;
	uv_poll_t alarm;
	uv_write_t write;
	int timer;
	int handles; /* not closed yet */
	size_t have; /* bytes in the buffer */
	uint8_t buffer[REQUEST_MAX];
	struct response response;
};

static void pump(struct client *c);

/* ---- time slices ------------------------------------------------------------------------ */

static void wake_cores(struct server *s);

static void on_nap_over(uv_timer_t *nap)
{
	wake_cores(nap->data);
}

static void sleep_until_flash_is_ready(struct server *s)
{
	uint64_t shortest = UINT64_MAX;

	uv_idle_stop(&s->slices);
	for (unsigned i = 0; i < s->board_count; i++) {
		uint64_t ns = flash_busy_ns(s->boards[i]);

		if (s->boards[i]->core.state == CORE_RUNNING && ns < shortest)
			shortest = ns;
	}
	if (shortest < UINT64_MAX)
		uv_timer_start(&s->nap, on_nap_over, shortest / 1000000 + 1, 0);
}

static void on_idle(uv_idle_t *idle)
{
	struct server *s = idle->data;
	unsigned running = 0;

	for (unsigned i = 0; i < s->board_count; i++) {
		if (s->boards[i]->core.state == CORE_RUNNING && !flash_busy_ns(s->boards[i])) {
			core_slice(s->boards[i]);
			running++;
		}
	}
	if (!running)
		sleep_until_flash_is_ready(s);
}

/* ---- closing ---------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct client *c = handle->data;

	if (--c->handles > 0)
		return;
	if (c->timer >= 0)
		close(c->timer);
	free(c);
}

static void unlink_client(struct client *c)
{
	struct client **link = &c->server->clients;

	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
}

/* Who hangs up is not stalled any longer. */
static void forget_stall(struct client *c)
{
	struct board *b = c->have ? protocol_board(c->server, c->buffer) : NULL;

	if (c->state == CLIENT_HELD && b)
		b->faults[FAULT_STALL_AFTER].on = false;
}

static void close_client(struct client *c)
{
	if (c->state == CLIENT_CLOSING)
		return;
	forget_stall(c);
	c->state = CLIENT_CLOSING;
	unlink_client(c);
	uv_close((uv_handle_t *)&c->socket, on_closed);
	if (c->handles > 1)
		uv_close((uv_handle_t *)&c->alarm, on_closed);
}

/* ---- replies ---------------------------------------------------------------------------- */

static void on_written(uv_write_t *write, int status)
{
	struct client *c = write->data;

	if (c->state == CLIENT_CLOSING)
		return;
	c->state = CLIENT_READING;
	if (status < 0)
		close_client(c);
	else
		pump(c);
}

/* Nearly always the socket takes all of it at once. */
static void send_reply(struct client *c)
{
	uv_buf_t buf = uv_buf_init((char *)c->response.bytes, (unsigned)c->response.size);
	int sent = uv_try_write((uv_stream_t *)&c->socket, &buf, 1);

	c->state = CLIENT_READING;
	if (sent == (int)buf.len)
		return;
	if (sent < 0 && sent != UV_EAGAIN) {
		close_client(c);
		return;
	}
	size_t done = sent > 0 ? (size_t)sent : 0;

	buf.base += done;
	buf.len -= done;
	c->state = CLIENT_SENDING;
	c->write.data = c;
	if (uv_write(&c->write, (uv_stream_t *)&c->socket, &buf, 1, on_written) != 0)
		close_client(c);
}

static void on_alarm(uv_poll_t *poll, int status, int events)
{
	struct client *c = poll->data;
	uint64_t expirations;

	(void)status, (void)events;
	if (read(c->timer, &expirations, sizeof(expirations)) < 0 || c->state != CLIENT_DELAYED)
		return;
	send_reply(c);
	pump(c);
}

/* A probe does one command after the other, whichever client sent it. */
static void delay_reply(struct client *c, struct board *b)
{
	uint64_t due = uv_hrtime();

	if (b && b->busy_until > due)
		due = b->busy_until;
	due += c->response.delay_ns;
	if (b)
		b->busy_until = due;
	struct itimerspec when = { .it_value = { .tv_sec = (time_t)(due / 1000000000),
						 .tv_nsec = (long)(due % 1000000000) } };

	c->state = CLIENT_DELAYED;
	timerfd_settime(c->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* ---- requests --------------------------------------------------------------------------- */

static void consume(struct client *c, size_t size)
{
	c->have -= size;
	memmove(c->buffer, c->buffer + size, c->have);
}

static void wake_cores(struct server *s)
{
	for (unsigned i = 0; i < s->board_count; i++)
		if (s->boards[i]->core.state == CORE_RUNNING)
			uv_idle_start(&s->slices, on_idle);
}

static void serve(struct client *c, size_t size)
{
	struct board *b = protocol_board(c->server, c->buffer);

	switch (protocol_serve(c->server, c->buffer, size, &c->response)) {
	case HOLD:
		c->state = CLIENT_HELD;
		return;
	case HANG_UP:
		close_client(c);
		return;
	case ANSWER:
		break;
	}
	wake_cores(c->server);
	consume(c, size);
	if (c->response.delay_ns > 0)
		delay_reply(c, b);
	else
		send_reply(c);
}

/* Serves what is complete, as long as nothing has to be waited for. */
static void pump(struct client *c)
{
	while (c->state == CLIENT_READING && c->have > 0) {
		size_t size = protocol_request_size(c->buffer, c->have);

		if (size == 0)
			close_client(c);
		else if (c->have < size || (c->buffer[0] == 0x05 && c->have < 32))
			return;
		else
			serve(c, size);
	}
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct client *c = handle->data;

	(void)suggested;
	*buf = uv_buf_init((char *)c->buffer + c->have, (unsigned)(sizeof(c->buffer) - c->have));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	struct client *c = stream->data;

	(void)buf;
	if (count < 0) { /* also if it floods us without waiting for replies */
		close_client(c);
		return;
	}
	c->have += (size_t)count;
	pump(c);
}

/* ---- connections ------------------------------------------------------------------------ */

static struct client *new_client(struct server *s)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->server = s;
	c->socket.data = c;
	c->alarm.data = c;
	c->next = s->clients;
	s->clients = c;
	c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	uv_tcp_init(s->loop, &c->socket);
	c->handles = 1;
	if (c->timer >= 0 && uv_poll_init(s->loop, &c->alarm, c->timer) == 0)
		c->handles = 2;
	return c;
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct client *c = status < 0 ? NULL : new_client(listener->data);

	if (!c)
		return;
	if (c->handles < 2 || uv_accept(listener, (uv_stream_t *)&c->socket) != 0 ||
	    uv_tcp_nodelay(&c->socket, 1) != 0 ||
	    uv_poll_start(&c->alarm, UV_READABLE, on_alarm) != 0 ||
	    uv_read_start((uv_stream_t *)&c->socket, on_room, on_read) != 0)
		close_client(c);
}

bool server_start(struct server *s, uv_loop_t *loop, unsigned port)
{
	struct sockaddr_in address;

	s->loop = loop;
	s->listener.data = s;
	s->slices.data = s;
	s->nap.data = s;
	uv_idle_init(loop, &s->slices);
	uv_timer_init(loop, &s->nap);
	uv_tcp_init(loop, &s->listener);
	uv_ip4_addr("127.0.0.1", (int)port, &address);
	return uv_tcp_bind(&s->listener, (const struct sockaddr *)&address, 0) == 0 &&
	       uv_listen((uv_stream_t *)&s->listener, 16, on_connection) == 0;
}

unsigned server_port(const struct server *s)
{
	struct sockaddr_in address = { 0 };
	int size = sizeof(address);

	uv_tcp_getsockname(&s->listener, (struct sockaddr *)&address, &size);
	return ntohs(address.sin_port);
}

void server_retry(struct server *s)
{
	struct client *next = NULL;

	for (struct client *c = s->clients; c; c = next) {
		next = c->next;
		if (c->state != CLIENT_HELD)
			continue;
		c->state = CLIENT_READING;
		pump(c);
	}
}

void server_close(struct server *s)
{
	while (s->clients)
		close_client(s->clients);
	uv_close((uv_handle_t *)&s->slices, NULL);
	uv_close((uv_handle_t *)&s->nap, NULL);
	uv_close((uv_handle_t *)&s->listener, NULL);
}
