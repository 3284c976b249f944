/* SPDX-License-Identifier: MIT */
/*
 * The status page, inside.
 *
 *     hall.c         the viewer: what has changed, and when it is told
 *     hall_story.c   what the page remembers: boards per minute, last failures
 *     hall_json.c    all of it as JSON
 *     hall_listen.c  where it is served
 *     hall_server.c  the HTTP server on our loop
 *     hall_answer.c  one request, one answer
 *     hall_reader.c  a page that is kept up to date
 *     hall.html      the page
 *
 * The page has parts, and each has a version: the number of the change that it last had. A reader
 * remembers up to which change it has been told and gets, whenever it can take more, the present
 * state of all parts that are newer. So nothing queues up for one that is slow: it misses states in
 * between, never the last one.
 */
#ifndef HALL_INNER_H
#define HALL_INNER_H

#include <jansson.h>
#include <microhttpd.h>
#include <uv.h>

#include "hall.h"
#include "hall_story.h"

#define HALL_CONNECTIONS 64u
#define HALL_READERS 32u /* of them; so there is always a place for a short question */
#define HALL_MEMORY (16 << 10) /* bytes of each: request, headers, what is being sent */
#define HALL_REQUEST_S 5u /* for a request to come and its answer to be taken */
#define HALL_PATIENCE_S 15u /* for a reader who takes nothing */
#define HALL_BEAT_MS 10000u /* a page that hears nothing for longer knows that we are gone */
#define HALL_HOST        64 /* room for an address in words */
#define HALL_PACE_MS 250u /* between two looks at a bar */

/* PART_SITES and on: one for each site. */
enum hall_part { PART_STATION, PART_YIELD, PART_FAILURES, PART_SITES };

struct hall_reader;

struct hall {
	struct viewer viewer;
	uv_loop_t *loop;
	const struct station_view *station; /* NULL: nothing has been told yet */
	struct story story;
	bool ended;
	uint64_t change;    /* number of the last one */
	uint64_t *versions; /* of the parts           */
	unsigned int part_count;
	struct hall_reader *readers;
	unsigned int reader_count;
	bool local;         /* only this machine can reach it */
	char host[HALL_HOST]; /* where it is served           */
	struct MHD_Daemon *http;
	uv_poll_t events;   /* it has something to do                  */
	uv_timer_t due;     /* it will have, then                      */
	uv_timer_t pace;    /* readers are told of progress, then      */
	uv_timer_t beat;    /* readers are told that we are here, then */
	int handles;        /* open ones */
};

/* ---- hall_json.c ---- */

/* The name and the content of a part. */
const char *hall_part_name(unsigned int part);
json_t *hall_part_json(const struct hall *h, unsigned int part);
/* All parts in one. */
json_t *hall_json(const struct hall *h);

/* ---- hall_listen.c ---- */

struct hall_listener {
	int fd;
	bool local;    /* only this machine can reach it */
	char host[HALL_HOST]; /* "127.0.0.1", "[::1]" */
	char url[128];
};

bool hall_listen(struct hall_listener *l, const char *address, char why[HALL_WHY]);

/* ---- hall_server.c ---- */

/* Takes over fd, also if it fails. */
bool hall_server_start(struct hall *h, int fd);
/* In the next turn of the loop: what we do to a connection, it does not notice by itself. */
void hall_server_run_soon(struct hall *h);
/* What is ready to be read by the readers is sent now, as far as that needs no waiting. */
void hall_server_flush(struct hall *h);
/* Its handles must have been told to close. */
void hall_server_stop(struct hall *h);

/* ---- hall_answer.c ---- */

/* cls is the hall; as libmicrohttpd wants it. */
enum MHD_Result hall_answer(void *cls, struct MHD_Connection *connection, const char *url,
			    const char *method, const char *version, const char *upload,
			    size_t *upload_size, void **request);

/* ---- hall_reader.c ---- */

/* A response that goes on for as long as the reader reads. NULL: too many, or no memory. */
struct MHD_Response *hall_reader_new(struct hall *h, struct MHD_Connection *connection);
/* All that wait look again whether there is something for them. */
void hall_readers_wake(struct hall *h);

#endif
