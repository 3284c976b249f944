/* SPDX-License-Identifier: MIT */
/*
 * The control socket: a Unix stream socket for its owner only. Each line that comes in is
 * answered by one line of JSON.
 */
#include "server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_MAX_BYTES 4096

struct control_client {
	struct control *control;
	struct control_client *next;
	uv_pipe_t pipe;
	size_t have;
	char line[LINE_MAX_BYTES];
};

struct reply {
	uv_write_t write;
	char *text;
};

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void close_client(struct control_client *c)
{
	struct control_client **link = &c->control->clients;

	while (*link && *link != c)
		link = &(*link)->next;
	if (!*link)
		return;
	*link = c->next;
	uv_close((uv_handle_t *)&c->pipe, on_closed);
}

static void on_written(uv_write_t *write, int status)
{
	struct reply *reply = write->data;

	(void)status;
	free(reply->text);
	free(reply);
}

/* The text becomes the reply's. */
static void send_text(struct control_client *c, char *text)
{
	struct reply *reply = calloc(1, sizeof(*reply));
	size_t length = text ? strlen(text) : 0;

	if (!reply || !text) {
		free(reply);
		free(text);
		close_client(c);
		return;
	}
	text[length] = '\n'; /* instead of the terminator */
	reply->text = text;
	reply->write.data = reply;
	uv_buf_t buf = uv_buf_init(text, (unsigned)length + 1);

	if (uv_write(&reply->write, (uv_stream_t *)&c->pipe, &buf, 1, on_written) != 0) {
		on_written(&reply->write, 0);
		close_client(c);
	}
}

static void answer(struct control_client *c, char *line)
{
	json_t *json = command_run(c->control->server, line);

	send_text(c, json ? json_dumps(json, JSON_COMPACT) : NULL);
	json_decref(json);
}

static void answer_lines(struct control_client *c)
{
	char *start = c->line;
	char *end = NULL;

	while ((end = memchr(start, '\n', c->have))) {
		*end = '\0';
		answer(c, start);
		c->have -= (size_t)(end + 1 - start);
		start = end + 1;
	}
	memmove(c->line, start, c->have);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct control_client *c = handle->data;

	(void)suggested;
	*buf = uv_buf_init(c->line + c->have, (unsigned)(sizeof(c->line) - c->have));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	struct control_client *c = stream->data;

	(void)buf;
	if (count < 0) { /* also if the line is too long */
		close_client(c);
		return;
	}
	c->have += (size_t)count;
	answer_lines(c);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct control *control = listener->data;
	struct control_client *c = status < 0 ? NULL : calloc(1, sizeof(*c));

	if (!c)
		return;
	c->control = control;
	c->next = control->clients;
	control->clients = c;
	c->pipe.data = c;
	uv_pipe_init(control->server->loop, &c->pipe, 0);
	if (uv_accept(listener, (uv_stream_t *)&c->pipe) != 0 ||
	    uv_read_start((uv_stream_t *)&c->pipe, on_room, on_read) != 0)
		close_client(c);
}

bool control_start(struct control *control, struct server *server, const char *path)
{
	control->server = server;
	control->open = true;
	control->listener.data = control;
	uv_pipe_init(server->loop, &control->listener, 0);
	mode_t before = umask(0177);
	bool bound = uv_pipe_bind(&control->listener, path) == 0;

	umask(before);
	return bound && uv_listen((uv_stream_t *)&control->listener, 4, on_connection) == 0;
}

void control_close(struct control *control)
{
	if (!control->open)
		return;
	while (control->clients)
		close_client(control->clients);
	uv_close((uv_handle_t *)&control->listener, NULL);
	control->open = false;
}
