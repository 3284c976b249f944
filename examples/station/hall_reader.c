/* SPDX-License-Identifier: MIT */
/*
 * Somebody who is kept up to date, by server-sent events. Never more than one state of all parts
 * waits for a reader; one that takes nothing of it is dropped by the server's timeout.
 *
 *   SENDING --all is sent, nothing is newer--> WAITING --woken--> SENDING
 */
#include "hall_inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum reader_state { READER_SENDING, READER_WAITING };

struct hall_reader {
	struct hall *hall;
	struct MHD_Connection *connection;
	struct hall_reader *next;
	enum reader_state state;
	uint64_t told; /* up to this change */
	char *text;    /* what is being sent; NULL: nothing */
	size_t length, sent;
};

/* ---- what to send ---- */

static void write_part(FILE *f, const struct hall *h, unsigned int part)
{
	json_t *content = hall_part_json(h, part);

	fprintf(f, "event: %s\ndata: ", hall_part_name(part));
	json_dumpf(content, f, JSON_COMPACT); /* no line break in it */
	fputs("\n\n", f);
	json_decref(content);
}

/* False: there is nothing new, or no memory to say it, and then the next beat tries again. */
static bool compose(struct hall_reader *r)
{
	const struct hall *h = r->hall;
	FILE *f = r->told < h->change ? open_memstream(&r->text, &r->length) : NULL;

	if (!f)
		return false;
	if (r->told == 0)
		fputs("retry: 2000\n\n", f);
	for (unsigned int part = 0; part < h->part_count; part++)
		if (h->versions[part] > r->told)
			write_part(f, h, part);
	if (fclose(f) != 0) {
		free(r->text);
		r->text = NULL;
		return false;
	}
	r->told = h->change;
	r->sent = 0;
	return true;
}

/* ---- sending ---- */

/* Nothing is read from a reader any more, so nobody else would notice. */
static bool is_gone(const struct hall_reader *r)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	char byte;
	ssize_t got = recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

static ssize_t take(struct hall_reader *r, char *out, size_t room)
{
	size_t n = r->length - r->sent < room ? r->length - r->sent : room;

	memcpy(out, r->text + r->sent, n);
	r->sent += n;
	if (r->sent == r->length) {
		free(r->text);
		r->text = NULL;
	}
	return (ssize_t)n;
}

static ssize_t on_room(void *cls, uint64_t position, char *out, size_t room)
{
	struct hall_reader *r = cls;

	(void)position;
	if (is_gone(r)) {
		hall_server_run_soon(r->hall); /* which takes the connection away */
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (r->text || compose(r))
		return take(r, out, room);
	if (r->hall->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	MHD_suspend_connection(r->connection);
	r->state = READER_WAITING;
	return 0;
}

void hall_readers_wake(struct hall *h)
{
	for (struct hall_reader *r = h->readers; r; r = r->next) {
		if (r->state != READER_WAITING)
			continue;
		r->state = READER_SENDING;
		MHD_resume_connection(r->connection);
		hall_server_run_soon(h);
	}
}

/* ---- coming and going ---- */

static void on_over(void *cls)
{
	struct hall_reader *r = cls, **at = &r->hall->readers;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	r->hall->reader_count--;
	free(r->text);
	free(r);
}

struct MHD_Response *hall_reader_new(struct hall *h, struct MHD_Connection *connection)
{
	struct hall_reader *r = h->reader_count < HALL_READERS ? calloc(1, sizeof(*r)) : NULL;
	struct MHD_Response *response;

	if (!r)
		return NULL;
	r->hall = h;
	r->connection = connection;
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, on_room, r, on_over);
	if (!response) {
		free(r);
		return NULL;
	}
	MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, HALL_PATIENCE_S);
	r->next = h->readers;
	h->readers = r;
	h->reader_count++;
	return response;
}
