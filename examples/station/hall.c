/* SPDX-License-Identifier: MIT */
/* The hall's viewer: notes what has changed, and wakes those who watch. */
#include "hall_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- changes ---- */

static void changed(struct hall *h, unsigned int part)
{
	h->versions[part] = ++h->change;
}

static uint64_t minute_now(const struct hall *h)
{
	return (uv_now(h->loop) - h->station->began_ms) / 60000;
}

static void on_pace(uv_timer_t *timer)
{
	hall_readers_wake(timer->data);
}

/* Bars move many times a second: nobody needs to see each. */
static void tell_soon(struct hall *h)
{
	if (!uv_is_active((uv_handle_t *)&h->pace))
		uv_timer_start(&h->pace, on_pace, HALL_PACE_MS, 0);
}

/* What the station says of itself has the time in it, and so shows that we are there. */
static void on_beat(uv_timer_t *timer)
{
	struct hall *h = timer->data;

	if (!h->station)
		return;
	changed(h, PART_STATION);
	if (story_advance(&h->story, minute_now(h)))
		changed(h, PART_YIELD);
	hall_readers_wake(h);
}

/* ---- events ---- */

static bool begin(struct hall *h, const struct station_view *station)
{
	h->part_count = PART_SITES + station->site_count;
	h->versions = calloc(h->part_count, sizeof(*h->versions));
	if (!h->versions)
		return false;
	h->station = station;
	for (unsigned int part = 0; part < h->part_count; part++)
		changed(h, part);
	return true;
}

static void board_end(struct hall *h, const struct site_view *s)
{
	if (s->state == SITE_KNOWN) /* counted by the station alone */
		return;
	story_count(&h->story, minute_now(h), s->state == SITE_PASSED);
	changed(h, PART_YIELD);
	if (s->state == SITE_PASSED)
		return;
	story_failed(&h->story, (int64_t)time(NULL), s);
	changed(h, PART_FAILURES);
}

static void show(struct viewer *v, const struct station_view *station, const struct event *e)
{
	struct hall *h = (struct hall *)v;

	if (e->kind == EVENT_LOG || (!h->station && !begin(h, station)))
		return;
	if (e->kind == EVENT_BOARD_END)
		board_end(h, e->site);
	if (e->kind == EVENT_NOTE)
		story_note(&h->story, (int64_t)time(NULL), e->text);
	h->ended = e->kind == EVENT_END;
	if (e->site)
		changed(h, PART_SITES + e->site->index);
	if (e->kind == EVENT_PROGRESS) {
		tell_soon(h);
		return;
	}
	changed(h, PART_STATION);
	hall_readers_wake(h);
}

/* ---- the end ---- */

static void on_handle_closed(uv_handle_t *handle)
{
	struct hall *h = handle->data;

	if (--h->handles > 0)
		return;
	story_free(&h->story);
	free(h->versions);
	free(h);
}

static void close_handle(struct hall *h, uv_handle_t *handle)
{
	h->handles++;
	uv_close(handle, on_handle_closed);
}

static void close_it(struct viewer *v)
{
	struct hall *h = (struct hall *)v;

	h->ended = true;
	hall_readers_wake(h);
	hall_server_flush(h);
	close_handle(h, (uv_handle_t *)&h->events);
	close_handle(h, (uv_handle_t *)&h->due);
	close_handle(h, (uv_handle_t *)&h->pace);
	close_handle(h, (uv_handle_t *)&h->beat);
	hall_server_stop(h);
}

/* ---- the beginning ---- */

static bool start(struct hall *h, int fd)
{
	if (!hall_server_start(h, fd))
		return false;
	uv_timer_init(h->loop, &h->pace);
	uv_timer_init(h->loop, &h->beat);
	h->pace.data = h->beat.data = h;
	uv_timer_start(&h->beat, on_beat, HALL_BEAT_MS, HALL_BEAT_MS);
	return true;
}

struct viewer *hall_new(uv_loop_t *loop, const char *address, char why[HALL_WHY])
{
	struct hall_listener listener;
	struct hall *h;

	if (!hall_listen(&listener, address, why))
		return NULL;
	h = calloc(1, sizeof(*h));
	if (!h) {
		close(listener.fd);
		snprintf(why, HALL_WHY, "The status page cannot be served: not enough memory.");
		return NULL;
	}
	h->viewer = (struct viewer){ show, close_it };
	h->loop = loop;
	h->local = listener.local;
	memcpy(h->host, listener.host, sizeof(h->host));
	story_init(&h->story);
	if (!start(h, listener.fd)) {
		snprintf(why, HALL_WHY,
			 "The status page cannot be served: not enough memory or descriptors.");
		free(h);
		return NULL;
	}
	snprintf(why, HALL_WHY, "The status page is at %s%s", listener.url,
		 listener.local ? "" : " - warning: whoever can reach this machine can read it.");
	return &h->viewer;
}
