/* SPDX-License-Identifier: MIT */
/*
 * A station that does what it is told, for the tests of its status page.
 *
 *	hall_driver ADDRESS SITES [STATION]
 *
 * The first line is what hall_new() says. Then each line on stdin is a command, and is answered by
 * one line:
 *
 *	state SITE NAME               board SITE UID SERIAL       step SITE NAME
 *	progress SITE DONE TOTAL      end SITE pass|fail|known    because SITE REASON
 *	note TEXT                     stopping
 *	minutes N                     so many minutes pass at once
 *	flood N                       so many progress events, 100 in each turn of the loop
 *	heap                          bytes in use; descriptors that are open
 *	quit                          the end, as the station does it
 */
#include <dirent.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hall.h"
#include "view.h"

#define MAX_SITES 64
#define TEXT 600

static struct {
	uv_loop_t loop;
	uv_pipe_t in;
	uv_idle_t flood;
	uint64_t flooding; /* events to go */
	struct viewer *viewer;
	struct station_view view;
	struct site_view sites[MAX_SITES];
	char names[MAX_SITES][32], uids[MAX_SITES][TEXT], serials[MAX_SITES][TEXT];
	char steps[MAX_SITES][TEXT], reasons[MAX_SITES][TEXT];
	char line[2 * TEXT];
	size_t length;
} d;

static void tell(struct event e)
{
	if (!e.text)
		e.text = "";
	d.viewer->show(d.viewer, &d.view, &e);
}

static void say(const char *text)
{
	puts(text);
	fflush(stdout);
}

/* ---- sites ---- */

static void set_state(struct site_view *s, const char *name)
{
	for (int state = SITE_STARTING; state <= SITE_STOPPED; state++)
		if (strcmp(view_state_name((enum site_state)state), name) == 0)
			s->state = (enum site_state)state;
	if (s->state == SITE_EMPTY)
		s->uid = s->serial = s->chip = s->step = s->phase = "";
	tell((struct event){ .kind = EVENT_SITE, .site = s });
}

static void begin_board(struct site_view *s, const char *words)
{
	s->uid = s->serial = "";
	if (sscanf(words, "%599s %599s", d.uids[s->index], d.serials[s->index]) == 2) {
		s->uid = d.uids[s->index];
		s->serial = d.serials[s->index];
	}
	s->chip = "STM32F1";
	s->step = s->phase = "";
	s->done = s->total = s->rate = 0;
	s->board_began_ms = uv_now(&d.loop);
	s->state = SITE_WORKING;
	tell((struct event){ .kind = EVENT_BOARD, .site = s });
}

static void progress(struct site_view *s, const char *words)
{
	if (sscanf(words, "%" SCNu64 " %" SCNu64, &s->done, &s->total) == 2)
		s->rate = 31 << 10;
	s->phase = "write";
	tell((struct event){ .kind = EVENT_PROGRESS, .site = s });
}

static void end_board(struct site_view *s, const char *how)
{
	bool passed = strcmp(how, "pass") == 0, known = strcmp(how, "known") == 0;

	s->board_elapsed_ms = known ? 0 : 8400;
	s->passed += passed;
	s->failed += !passed && !known;
	s->in_row = passed ? 0 : s->in_row + !known;
	d.view.passed += passed;
	d.view.failed += !passed && !known;
	d.view.known += known;
	s->state = passed ? SITE_PASSED : known ? SITE_KNOWN : SITE_FAILED;
	tell((struct event){ .kind = EVENT_BOARD_END, .site = s, .passed = passed });
}

static bool obey_site(const char *verb, unsigned int index, const char *words)
{
	struct site_view *s = &d.sites[index];

	if (strcmp(verb, "state") == 0) {
		set_state(s, words);
	} else if (strcmp(verb, "board") == 0) {
		begin_board(s, words);
	} else if (strcmp(verb, "step") == 0) {
		s->step = strcpy(d.steps[index], words);
		tell((struct event){ .kind = EVENT_STEP, .site = s });
	} else if (strcmp(verb, "progress") == 0) {
		progress(s, words);
	} else if (strcmp(verb, "because") == 0) {
		s->reason = strcpy(d.reasons[index], words);
		s->advice = "Look at the cable and at the supply.";
	} else if (strcmp(verb, "end") == 0) {
		end_board(s, words);
	} else {
		return false;
	}
	return true;
}

/* ---- the station ---- */

static void on_flood(uv_idle_t *idle)
{
	struct site_view *s = &d.sites[0];

	for (int i = 0; i < 100 && d.flooding > 0; i++, d.flooding--) {
		s->done++;
		tell((struct event){ .kind = i % 10 ? EVENT_PROGRESS : EVENT_STEP, .site = s });
	}
	if (d.flooding > 0)
		return;
	uv_idle_stop(idle);
	say("flooded");
}

static void say_heap(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int descriptors = 0;

	while (folder && readdir(folder))
		descriptors++;
	if (folder)
		closedir(folder);
	printf("%zu %d\n", mallinfo2().uordblks, descriptors);
	fflush(stdout);
}

static void quit(void)
{
	tell((struct event){ .kind = EVENT_END });
	d.viewer->close(d.viewer);
	uv_close((uv_handle_t *)&d.in, NULL);
	uv_close((uv_handle_t *)&d.flood, NULL);
}

static bool obey_station(const char *verb, char *words)
{
	if (strcmp(verb, "note") == 0) {
		tell((struct event){ .kind = EVENT_NOTE, .text = words });
	} else if (strcmp(verb, "stopping") == 0) {
		d.view.state = STATION_STOPPING;
		tell((struct event){ .kind = EVENT_NOTE, .text = "stopping" });
	} else if (strcmp(verb, "minutes") == 0) {
		/* May wrap; so do the differences. */
		d.view.began_ms -= strtoull(words, NULL, 10) * 60000;
	} else {
		return false;
	}
	return true;
}

static void obey(char *line)
{
	char *verb = strtok(line, " "), *rest = strtok(NULL, "");

	if (!verb)
		return;
	rest = rest ? rest : line + strlen(line);
	if (strcmp(verb, "quit") == 0) {
		quit();
	} else if (strcmp(verb, "heap") == 0) {
		say_heap();
	} else if (strcmp(verb, "flood") == 0) {
		d.flooding = strtoull(rest, NULL, 10);
		uv_idle_start(&d.flood, on_flood);
	} else if (obey_station(verb, rest)) {
		say("ok");
	} else {
		char *words;
		unsigned long index = strtoul(rest, &words, 10);

		if (index < d.view.site_count && strlen(words) < TEXT &&
		    obey_site(verb, (unsigned int)index, *words ? words + 1 : words))
			say("ok");
		else
			say("what?");
	}
}

/* ---- stdin ---- */

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)handle;
	(void)suggested;
	*buf = uv_buf_init(d.line + d.length, (unsigned int)(sizeof(d.line) - 1 - d.length));
}

static void on_input(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
	char *end;

	(void)buf;
	if (got < 0) {
		uv_read_stop(stream);
		quit();
		return;
	}
	d.length += (size_t)got;
	d.line[d.length] = '\0';
	while ((end = strchr(d.line, '\n')) != NULL) {
		char line[sizeof(d.line)];

		*end = '\0';
		strcpy(line, d.line);
		d.length -= (size_t)(end + 1 - d.line);
		memmove(d.line, end + 1, d.length + 1);
		obey(line);
	}
}

static void set_up(unsigned int sites, const char *station)
{
	for (unsigned int i = 0; i < sites; i++) {
		snprintf(d.names[i], sizeof(d.names[i]), "site-%u", i + 1);
		d.sites[i] = (struct site_view){ .index = i, .name = d.names[i], .step = "",
						 .phase = "", .uid = "", .serial = "", .chip = "",
						 .reason = "", .advice = "" };
	}
	d.view = (struct station_view){ .station = station, .recipe = "boards/gadget.yaml",
					.began_ms = uv_now(&d.loop), .wanted = 500,
					.serials_left = 4711, .sites = d.sites,
					.site_count = sites };
}

int main(int argc, char **argv)
{
	char why[HALL_WHY] = "";
	unsigned long sites = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;

	uv_loop_init(&d.loop);
	d.viewer = hall_new(&d.loop, argc > 1 ? argv[1] : "", why);
	say(why);
	if (!d.viewer)
		return uv_loop_close(&d.loop) == 0 ? 2 : 3;
	set_up(sites <= MAX_SITES ? (unsigned int)sites : MAX_SITES, argc > 3 ? argv[3] : "Line 4");
	uv_pipe_init(&d.loop, &d.in, 0);
	uv_idle_init(&d.loop, &d.flood);
	uv_pipe_open(&d.in, 0);
	uv_read_start((uv_stream_t *)&d.in, on_room, on_input);
	tell((struct event){ .kind = EVENT_BEGIN });
	for (unsigned int i = 0; i < d.view.site_count; i++)
		tell((struct event){ .kind = EVENT_SITE, .site = &d.sites[i] });
	uv_run(&d.loop, UV_RUN_DEFAULT);
	say(uv_loop_close(&d.loop) == 0 ? "closed" : "handles were left in the loop");
	return 0;
}
