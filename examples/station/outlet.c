/* SPDX-License-Identifier: MIT */
/*
 * Messages that wait for their reader: see outlet.h.
 *
 * The descriptor stays as it is: O_NONBLOCK would be there for all who share it, the shell included.
 * So nothing is written before poll() says that there is room, and then no more than a pipe takes at
 * once.
 */
#include "outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK_MS 50u
#define PATIENCE_MS 2000
#define MOST_SUPERSEDED ((size_t)256 << 10) /* waiting bytes: beyond that, they are left out */
#define MOST ((size_t)4 << 20)

struct outlet {
	int fd;
	FILE *file;    /* the message that is being written */
	char *message;
	size_t message_length;
	char *waiting; /* sent bytes of which the first `gone` are out */
	size_t gone, length, capacity;
	unsigned int lost;
	void (*tell_lost)(FILE *file, unsigned int count);
	uv_timer_t timer;
};

struct outlet *outlet_new(uv_loop_t *loop, int fd,
			  void (*tell_lost)(FILE *file, unsigned int count))
{
	struct outlet *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->file = open_memstream(&o->message, &o->message_length);
	if (!o->file) {
		free(o);
		return NULL;
	}
	o->fd = fd;
	o->tell_lost = tell_lost;
	uv_timer_init(loop, &o->timer);
	uv_unref((uv_handle_t *)&o->timer);
	o->timer.data = o;
	return o;
}

FILE *outlet_file(struct outlet *o)
{
	return o->file;
}

/* ---- waiting ---- */

static size_t waiting(const struct outlet *o)
{
	return o->length - o->gone;
}

static bool make_room(struct outlet *o, size_t length)
{
	if (o->gone > 0)
		memmove(o->waiting, o->waiting + o->gone, waiting(o));
	o->length -= o->gone;
	o->gone = 0;
	size_t capacity = o->capacity ? o->capacity : 4096;
	while (capacity - o->length < length)
		capacity *= 2;
	char *bytes = realloc(o->waiting, capacity);
	if (!bytes)
		return false;
	o->waiting = bytes;
	o->capacity = capacity;
	return true;
}

/* The message is done; the next one begins. */
static void keep_message(struct outlet *o, size_t most)
{
	fflush(o->file);
	size_t length = o->message_length;
	rewind(o->file);
	if (waiting(o) > most || (o->capacity - o->length < length && !make_room(o, length))) {
		o->lost++;
		return;
	}
	memcpy(o->waiting + o->length, o->message, length);
	o->length += length;
}

/* ---- out ---- */

static bool is_ready(const struct outlet *o, int ms)
{
	struct pollfd p = { .fd = o->fd, .events = POLLOUT };

	return poll(&p, 1, ms) > 0;
}

/* False: nobody will ever read it. */
static bool write_some(struct outlet *o)
{
	size_t left = waiting(o);
	ssize_t n = write(o->fd, o->waiting + o->gone, left < PIPE_BUF ? left : PIPE_BUF);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	o->gone = n < 0 ? o->length : o->gone + (size_t)n;
	return n >= 0;
}

static void write_out(struct outlet *o)
{
	while (waiting(o) > 0 && is_ready(o, 0) && write_some(o))
		;
	if (waiting(o) > 0 || o->lost == 0)
		return;
	o->tell_lost(o->file, o->lost);
	o->lost = 0;
	keep_message(o, MOST);
}

static void on_tick(uv_timer_t *timer)
{
	struct outlet *o = timer->data;

	write_out(o);
	if (waiting(o) == 0)
		uv_timer_stop(timer);
}

void outlet_send(struct outlet *o, enum outlet_rank rank)
{
	keep_message(o, rank == OUTLET_SUPERSEDED ? MOST_SUPERSEDED : MOST);
	if (!uv_is_active((uv_handle_t *)&o->timer))
		uv_timer_start(&o->timer, on_tick, TICK_MS, TICK_MS);
}

/* ---- the end ---- */

/* Whoever writes there from now on does not wait either, and sees that it fails. */
static void lead_nowhere(int fd)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, fd);
	close(null);
}

static void on_closed(uv_handle_t *handle)
{
	struct outlet *o = handle->data;

	fclose(o->file);
	free(o->message);
	free(o->waiting);
	free(o);
}

void outlet_close(struct outlet *o)
{
	if (!o)
		return;
	write_out(o);
	while (waiting(o) > 0 && is_ready(o, PATIENCE_MS))
		write_out(o);
	if (waiting(o) > 0)
		lead_nowhere(o->fd);
	uv_timer_stop(&o->timer);
	uv_close((uv_handle_t *)&o->timer, on_closed);
}
