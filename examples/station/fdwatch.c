/* SPDX-License-Identifier: MIT */
/* Watching a socket that is somebody else's: see fdwatch.h. */
#include "fdwatch.h"

#include <stdlib.h>

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

void fdwatch_stop(struct fdwatch *w)
{
	if (w->poll)
		uv_close((uv_handle_t *)w->poll, on_closed);
	w->poll = NULL;
}

/* An error of the socket is for the library to find: it knows what to do then. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct fdwatch *w = poll->data;

	(void)status;
	(void)events;
	fdwatch_stop(w);
	w->ready(w->arg);
}

bool fdwatch_set(struct fdwatch *w, int fd, int events)
{
	fdwatch_stop(w);
	w->poll = malloc(sizeof(*w->poll));
	if (!w->poll)
		return false;
	if (fd < 0 || uv_poll_init(w->loop, w->poll, fd) != 0) {
		free(w->poll);
		w->poll = NULL;
		return false;
	}
	w->poll->data = w;
	return uv_poll_start(w->poll, events, on_ready) == 0;
}
