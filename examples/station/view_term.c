/* SPDX-License-Identifier: MIT */
/*
 * The terminal board: when it is drawn, and that the terminal is given back.
 *
 * Events only say that something is new. A timer draws, at most ten times and at least once a second,
 * and never while the bytes before are on their way: a terminal that is stuck costs nothing.
 *
 *   SHUT --EVENT_BEGIN--> OPEN --close--> LEAVING --written, or a second is over--> CLOSING --> freed
 *                           |                ^
 *                           +--the terminal is gone--> GONE
 */
#include "view_term.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "term_farewell.h"
#include "term_keys.h"
#include "term_operator.h"
#include "view.h"

#include "../text.h"

#define DRAW_MS      100u
#define TICK_MS      1000u
#define FAREWELL_MS  1000u
#define SAID_MS      10000u
#define MOST_COLUMNS 500
#define MOST_ROWS    200

/* Alternate screen, no cursor, no wrapping at the last column; and back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[0m\033[2J"
#define LEAVE "\033[0m\033[?7h\033[?25h\033[?1049l"

enum term_life { TERM_SHUT, TERM_OPEN, TERM_GONE, TERM_LEAVING, TERM_CLOSING };
enum term_news { NEWS_NONE, NEWS_DUE };
enum term_pipe { PIPE_FREE, PIPE_BUSY };
enum term_screen { SCREEN_FOREIGN, SCREEN_OURS };

struct term_viewer {
	struct viewer viewer;
	const char *tool;
	uv_loop_t *loop;
	const struct station_view *station;
	struct viewer *lines; /* instead, where the screen cannot be had */
	enum term_life life;
	enum term_news news;
	enum term_pipe pipe;
	enum term_screen screen;
	/* the screen */
	struct term_cells cells;
	struct term_layout layout;
	struct term_bytes bytes, farewell;
	bool colour;
	uint64_t drawn_ms;
	/* what is shown beside the sites */
	enum term_result *last;
	unsigned int troubled;
	char note[600], said[300], about[1000];
	uint64_t said_until_ms;
	/* keys */
	struct term_operator operator;
	struct term_keyboard keyboard;
	bool keys;
	char typed[64];
	/* on the loop */
	uv_tty_t out, in;
	uv_timer_t timer;
	uv_signal_t resized, continued;
	uv_handle_t *handles[5];
	unsigned int handle_count;
	uv_write_t write, last_write;
};

/* Whose screen exit() gives back. */
static struct term_viewer *on_screen;

static void draw(struct term_viewer *v);
static void finish(struct term_viewer *v);

/* ---- when to draw ---- */

static void on_time(uv_timer_t *timer)
{
	struct term_viewer *v = timer->data;

	if (v->life == TERM_LEAVING)
		finish(v);
	else if (v->life == TERM_OPEN && v->pipe == PIPE_FREE)
		draw(v);
}

static void soon(struct term_viewer *v)
{
	uint64_t since = uv_now(v->loop) - v->drawn_ms;

	if (v->life != TERM_OPEN || v->news == NEWS_DUE)
		return;
	v->news = NEWS_DUE;
	uv_timer_start(&v->timer, on_time, since < DRAW_MS ? DRAW_MS - since : 0, 0);
}

/* A line that nobody can read any more: the station works on. */
static void lose_terminal(struct term_viewer *v)
{
	if (v->life != TERM_OPEN)
		return;
	v->life = TERM_GONE;
	uv_timer_stop(&v->timer);
}

static void on_written(uv_write_t *write, int status)
{
	struct term_viewer *v = write->data;

	v->pipe = PIPE_FREE;
	if (status < 0)
		lose_terminal(v);
	else if (v->life == TERM_OPEN && !uv_is_active((uv_handle_t *)&v->timer))
		uv_timer_start(&v->timer, on_time, DRAW_MS, 0); /* it came due meanwhile */
}

static void send_bytes(struct term_viewer *v)
{
	uv_buf_t buf = uv_buf_init(v->bytes.data, (unsigned int)v->bytes.length);

	v->write.data = v;
	if (v->bytes.length == 0)
		return;
	if (uv_write(&v->write, (uv_stream_t *)&v->out, &buf, 1, on_written) == 0)
		v->pipe = PIPE_BUSY;
	else
		lose_terminal(v);
}

/* ---- drawing ---- */

/* In a small place the text is cut: all of it for the selected one. */
static const char *about_selected(struct term_viewer *v)
{
	const struct site_view *s = &v->station->sites[v->operator.selected];

	snprintf(v->about, sizeof(v->about), "%u  %.80s%s%.80s%s%.400s%s%.300s",
		 v->operator.selected + 1, s->name, s->uid[0] ? ", UID " : "", s->uid,
		 s->reason[0] ? ": " : "", s->reason, s->advice[0] ? " Do: " : "", s->advice);
	return v->about;
}

static const char *message(struct term_viewer *v, uint64_t now_ms)
{
	if (v->operator.hint[0])
		return v->operator.hint;
	if (v->operator.selected != TERM_NOBODY && v->layout.kind != LAYOUT_ROWS)
		return about_selected(v);
	if (v->note[0])
		return v->note;
	return now_ms < v->said_until_ms ? v->said : "";
}

/* In the background the terminal is somebody else's. */
static bool is_in_front(int fd)
{
	pid_t group = tcgetpgrp(fd);

	return group < 0 || group == getpgrp();
}

static void draw(struct term_viewer *v)
{
	uint64_t now_ms = uv_now(v->loop);

	v->news = NEWS_NONE;
	v->drawn_ms = now_ms;
	uv_timer_start(&v->timer, on_time, TICK_MS, 0);
	if (!is_in_front(STDOUT_FILENO))
		return;
	operator_tick(&v->operator, v->station, now_ms);
	v->layout = term_draw(&v->cells, &(struct term_scene){ .station = v->station,
							       .last = v->last,
							       .now_ms = now_ms,
							       .line = v->operator.line,
							       .selected = v->operator.selected,
							       .troubled = v->troubled,
							       .keys = v->keys,
							       .message = message(v, now_ms) });
	v->bytes.length = 0;
	if (v->screen == SCREEN_FOREIGN && !bytes_add(&v->bytes, ENTER))
		return;
	if (cells_encode(&v->cells, v->colour, &v->bytes))
		send_bytes(v);
	v->screen = SCREEN_OURS;
}

static bool measure(struct term_viewer *v)
{
	int columns = 0, rows = 0;

	if (uv_tty_get_winsize(&v->out, &columns, &rows) != 0 || columns <= 0 || rows <= 0) {
		columns = 80;
		rows = 24;
	}
	columns = columns < MOST_COLUMNS ? columns : MOST_COLUMNS;
	rows = rows < MOST_ROWS ? rows : MOST_ROWS;
	return cells_resize(&v->cells, (unsigned int)columns, (unsigned int)rows);
}

/* ---- keys ---- */

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct term_viewer *v = handle->data;

	(void)size;
	*buf = uv_buf_init(v->typed, sizeof(v->typed));
}

static void press(struct term_viewer *v, int key)
{
	v->note[0] = '\0'; /* somebody has read it */
	operator_press(&v->operator, key, v->station, &v->layout, uv_now(v->loop));
	if (key == KEY_REDRAW)
		cells_forget(&v->cells);
	soon(v);
}

static void on_typed(uv_stream_t *in, ssize_t length, const uv_buf_t *buf)
{
	struct term_viewer *v = in->data;

	if (length < 0) {
		uv_read_stop(in);
		v->keys = false;
		return;
	}
	for (ssize_t i = 0; i < length && v->life == TERM_OPEN; i++) {
		int key = keyboard_take(&v->keyboard, (unsigned char)buf->base[i]);

		if (key != KEY_NONE)
			press(v, key);
	}
}

/* ---- taking the screen ---- */

static void give_back_at_exit(void)
{
	if (!on_screen)
		return;
	if (on_screen->keys)
		uv_tty_reset_mode();
	ssize_t ignored = write(STDOUT_FILENO, LEAVE, sizeof(LEAVE) - 1);
	(void)ignored;
}

static void keep(struct term_viewer *v, uv_handle_t *handle)
{
	handle->data = v;
	v->handles[v->handle_count++] = handle;
}

/* With the next bytes. */
static void take_screen(struct term_viewer *v)
{
	v->screen = SCREEN_FOREIGN;
	cells_forget(&v->cells);
}

static void on_resized(uv_signal_t *handle, int number)
{
	struct term_viewer *v = handle->data;

	(void)number;
	if (v->life != TERM_OPEN || !measure(v))
		return;
	take_screen(v);
	soon(v);
}

/* After a stop, a shell has had the terminal. */
static void on_continued(uv_signal_t *handle, int number)
{
	struct term_viewer *v = handle->data;

	if (v->life != TERM_OPEN || !is_in_front(STDOUT_FILENO))
		return;
	if (v->keys && is_in_front(STDIN_FILENO)) {
		uv_tty_set_mode(&v->in, UV_TTY_MODE_NORMAL);
		uv_tty_set_mode(&v->in, UV_TTY_MODE_RAW);
	}
	on_resized(handle, number);
}

static void watch(struct term_viewer *v, uv_signal_t *handle, uv_signal_cb cb, int number)
{
	if (uv_signal_init(v->loop, handle) != 0)
		return;
	keep(v, (uv_handle_t *)handle);
	uv_signal_start(handle, cb, number);
}

static void open_keys(struct term_viewer *v)
{
	if (!isatty(STDIN_FILENO) || !is_in_front(STDIN_FILENO) ||
	    uv_tty_init(v->loop, &v->in, STDIN_FILENO, 1) != 0)
		return;
	keep(v, (uv_handle_t *)&v->in);
	v->keys = uv_tty_set_mode(&v->in, UV_TTY_MODE_RAW) == 0 &&
		  uv_read_start((uv_stream_t *)&v->in, on_alloc, on_typed) == 0;
}

static bool open_screen(struct term_viewer *v)
{
	static bool registered;
	const char *no_color = getenv("NO_COLOR");

	v->last = calloc(v->station->site_count + 1, sizeof(*v->last));
	if (!v->last || uv_tty_init(v->loop, &v->out, STDOUT_FILENO, 0) != 0)
		return false;
	keep(v, (uv_handle_t *)&v->out);
	uv_timer_init(v->loop, &v->timer);
	keep(v, (uv_handle_t *)&v->timer);
	if (!measure(v))
		return false;
	v->colour = !no_color || !no_color[0];
	registered = registered || atexit(give_back_at_exit) == 0;
	on_screen = v;
	v->life = TERM_OPEN;
	open_keys(v);
	watch(v, &v->resized, on_resized, SIGWINCH);
	watch(v, &v->continued, on_continued, SIGCONT);
	take_screen(v);
	return true;
}

/* ---- giving it back ---- */

static void on_closed(uv_handle_t *handle)
{
	struct term_viewer *v = handle->data;

	if (--v->handle_count > 0)
		return;
	cells_free(&v->cells);
	free(v->bytes.data);
	free(v->farewell.data);
	free(v->last);
	free(v);
}

static void finish(struct term_viewer *v)
{
	unsigned int count = v->handle_count;

	if (v->life == TERM_CLOSING)
		return;
	v->life = TERM_CLOSING;
	if (on_screen == v)
		on_screen = NULL;
	for (unsigned int i = 0; i < count; i++)
		uv_close(v->handles[i], on_closed);
}

static void on_farewell(uv_write_t *write, int status)
{
	(void)status;
	finish(write->data);
}

static void leave(struct term_viewer *v)
{
	uv_buf_t buf = uv_buf_init(v->farewell.data, (unsigned int)v->farewell.length);

	if (!v->farewell.length) /* no EVENT_END, or no memory for it */
		buf = uv_buf_init(LEAVE, sizeof(LEAVE) - 1);
	if (v->keys)
		uv_tty_reset_mode();
	v->life = TERM_LEAVING;
	v->last_write.data = v;
	if (uv_write(&v->last_write, (uv_stream_t *)&v->out, &buf, 1, on_farewell) != 0)
		finish(v);
	else
		uv_timer_start(&v->timer, on_time, FAREWELL_MS, 0);
}

/* ---- the viewer ---- */

static void begin(struct term_viewer *v, const struct station_view *station)
{
	v->station = station;
	if (!open_screen(v))
		v->lines = view_lines_new(v->loop, v->tool, false, false);
}

static void note_result(struct term_viewer *v, const struct event *e)
{
	bool failed = !e->passed && e->site->state != SITE_KNOWN;

	v->last[e->site->index] = failed      ? RESULT_FAILED
				  : e->passed ? RESULT_PASSED
					      : RESULT_WAS_KNOWN;
	if (failed)
		v->troubled = e->site->index;
}

static void learn(struct term_viewer *v, const struct event *e)
{
	switch (e->kind) {
	case EVENT_BOARD_END:
		note_result(v, e);
		break;
	case EVENT_SITE:
		if (e->site->state == SITE_DOWN || e->site->state == SITE_LOCKED)
			v->troubled = e->site->index;
		break;
	case EVENT_NOTE:
		text_harmless(v->note, sizeof(v->note), e->text);
		break;
	case EVENT_LOG:
		snprintf(v->said, sizeof(v->said), "%.60s: %.60s: %.160s", e->site->name,
			 e->who, e->text);
		v->said_until_ms = uv_now(v->loop) + SAID_MS;
		break;
	case EVENT_END:
		if (bytes_add(&v->farewell, LEAVE))
			term_farewell(&v->farewell, v->tool, v->station, v->last, v->note);
		break;
	default:
		break;
	}
}

static void show(struct viewer *viewer, const struct station_view *station, const struct event *e)
{
	struct term_viewer *v = (struct term_viewer *)viewer;

	if (e->kind == EVENT_BEGIN)
		begin(v, station);
	if (v->lines)
		v->lines->show(v->lines, station, e);
	if (v->life != TERM_OPEN && v->life != TERM_GONE)
		return;
	learn(v, e);
	soon(v);
}

static void close_it(struct viewer *viewer)
{
	struct term_viewer *v = (struct term_viewer *)viewer;

	if (v->lines)
		v->lines->close(v->lines);
	if (v->life == TERM_OPEN || v->life == TERM_GONE)
		leave(v);
	else if (v->handle_count > 0)
		finish(v);
	else {
		free(v->last);
		free(v);
	}
}

bool view_term_is_possible(bool json, bool quiet)
{
	const char *term = getenv("TERM");

	return !json && !quiet && isatty(STDOUT_FILENO) && is_in_front(STDOUT_FILENO) && term &&
	       term[0] && strcmp(term, "dumb") != 0;
}

struct viewer *view_term_new(const char *tool, uv_loop_t *loop, const struct term_calls *calls)
{
	struct term_viewer *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->viewer = (struct viewer){ show, close_it };
	v->tool = tool;
	v->loop = loop;
	v->troubled = TERM_NOBODY;
	operator_init(&v->operator, calls);
	return &v->viewer;
}
