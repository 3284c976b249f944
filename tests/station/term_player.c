/* SPDX-License-Identifier: MIT */
/*
 * A station that does not exist: plays a script to the terminal board, so that the board can be looked
 * at, and tested from outside.
 *
 *	term-player SITES SCRIPT LOG
 *
 * One command per line of the script, site numbers from 1:
 *
 *	wait MS                    site N STATE             (a name as in --json)
 *	board N UID SERIAL CHIP    step N NAME              progress N PHASE DONE TOTAL RATE
 *	trouble N REASON|ADVICE    pass N MS    fail N MS   known N
 *	note TEXT                  log N TEXT               wanted COUNT    serials COUNT
 *	storm N MS                 progress events, as fast as the loop turns, for that long
 *	exit CODE                  ends by exit(), without closing anything
 *	end                        as if all sites had stopped
 *
 * What the keys call is written to LOG, a line each. At the end of the script it waits for a key that
 * ends it, or a signal. Afterwards "closed" goes to LOG, and the CPU time in milliseconds.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"
#include "view_term.h"

struct play_site {
	char name[64], step[64], phase[16], uid[64], serial[64], chip[32], reason[400], advice[300];
};

struct play {
	uv_loop_t loop;
	uv_timer_t timer;
	uv_idle_t storm;
	uv_signal_t signals[3];
	FILE *script, *log;
	struct viewer *viewer;
	struct station_view view;
	struct site_view *sites;
	struct play_site *texts;
	unsigned int storm_site;
	uint64_t storm_until;
};

static void tell(struct play *p, struct event e)
{
	p->viewer->show(p->viewer, &p->view, &e);
}

static void tell_site(struct play *p, enum event_kind kind, unsigned int n)
{
	tell(p, (struct event){ .kind = kind, .site = &p->sites[n], .text = "" });
}

static void end(struct play *p)
{
	uv_stop(&p->loop);
}

static void write_log(struct play *p, const char *what, unsigned int number)
{
	fprintf(p->log, "%s %u\n", what, number);
	fflush(p->log);
}

/* ---- keys ---- */

static void on_release(void *arg, unsigned int site)
{
	struct play *p = arg;

	write_log(p, "release", site + 1);
	p->sites[site].state = SITE_EMPTY;
	p->sites[site].in_row = 0;
	tell_site(p, EVENT_SITE, site);
}

static void on_pause(void *arg, bool pause)
{
	write_log(arg, "pause", pause);
}

static void on_stop(void *arg)
{
	struct play *p = arg;

	write_log(p, "stop", 0);
	p->view.state = STATION_STOPPING;
}

static void on_quit(void *arg)
{
	write_log(arg, "quit", 0);
	end(arg);
}

/* ---- the script ---- */

static void set_state(struct play *p, unsigned int n, const char *name)
{
	for (int state = SITE_STARTING; state <= SITE_STOPPED; state++)
		if (strcmp(view_state_name((enum site_state)state), name) == 0)
			p->sites[n].state = (enum site_state)state;
	tell_site(p, EVENT_SITE, n);
}

static void board(struct play *p, unsigned int n, const char *rest)
{
	struct play_site *t = &p->texts[n];

	*t->step = *t->phase = *t->reason = *t->advice = *t->serial = *t->chip = '\0';
	sscanf(rest, "%63s %63s %31[^\n]", t->uid, t->serial, t->chip);
	p->sites[n].total = 0;
	p->sites[n].board_began_ms = uv_now(&p->loop);
	p->sites[n].state = SITE_WORKING;
	tell_site(p, EVENT_BOARD, n);
}

static void board_end(struct play *p, unsigned int n, enum site_state state, const char *rest)
{
	struct site_view *s = &p->sites[n];
	bool passed = state == SITE_PASSED;

	s->state = state;
	s->board_elapsed_ms = strtoull(rest, NULL, 10);
	s->passed += passed;
	s->failed += state == SITE_FAILED;
	s->in_row = state == SITE_FAILED ? s->in_row + 1 : 0;
	p->view.passed += passed;
	p->view.failed += state == SITE_FAILED;
	p->view.known += state == SITE_KNOWN;
	tell(p, (struct event){ .kind = EVENT_BOARD_END, .site = s, .passed = passed, .text = "" });
}

static void trouble(struct play_site *t, const char *rest)
{
	sscanf(rest, "%399[^|]|%299[^\n]", t->reason, t->advice);
}

static void progress(struct play *p, unsigned int n, const char *rest)
{
	struct site_view *s = &p->sites[n];

	sscanf(rest, "%15s %" SCNu64 " %" SCNu64 " %" SCNu64, p->texts[n].phase, &s->done,
	       &s->total, &s->rate);
	tell_site(p, EVENT_PROGRESS, n);
}

static void step(struct play *p, unsigned int n, const char *rest)
{
	sscanf(rest, "%63[^\n]", p->texts[n].step);
	p->texts[n].phase[0] = '\0';
	p->sites[n].total = 0;
	tell_site(p, EVENT_STEP, n);
}

static void on_storm(uv_idle_t *idle)
{
	struct play *p = idle->data;
	struct site_view *s = &p->sites[p->storm_site++ % p->view.site_count];

	s->done = (s->done + 1024) % (s->total + 1);
	tell_site(p, EVENT_PROGRESS, s->index);
	if (uv_now(&p->loop) >= p->storm_until)
		uv_idle_stop(idle);
}

static void say(struct play *p, enum event_kind kind, unsigned int n, const char *text)
{
	tell(p, (struct event){ .kind = kind,
				.site = kind == EVENT_LOG ? &p->sites[n] : NULL,
				.text = text });
}

static void do_site(struct play *p, const char *word, unsigned int n, const char *rest)
{
	if (strcmp(word, "site") == 0)
		set_state(p, n, rest);
	else if (strcmp(word, "board") == 0)
		board(p, n, rest);
	else if (strcmp(word, "step") == 0)
		step(p, n, rest);
	else if (strcmp(word, "progress") == 0)
		progress(p, n, rest);
	else if (strcmp(word, "trouble") == 0)
		trouble(&p->texts[n], rest);
	else if (strcmp(word, "pass") == 0)
		board_end(p, n, SITE_PASSED, rest);
	else if (strcmp(word, "fail") == 0)
		board_end(p, n, SITE_FAILED, rest);
	else if (strcmp(word, "known") == 0)
		board_end(p, n, SITE_KNOWN, rest);
	else if (strcmp(word, "log") == 0)
		say(p, EVENT_LOG, n, rest);
	else {
		fprintf(stderr, "term-player: what is '%s'?\n", word);
		exit(2);
	}
}

static void do_line(struct play *p, const char *word, const char *rest)
{
	unsigned int number = (unsigned int)strtoul(rest, NULL, 10);

	if (strcmp(word, "note") == 0)
		say(p, EVENT_NOTE, 0, rest);
	else if (strcmp(word, "wanted") == 0)
		p->view.wanted = number;
	else if (strcmp(word, "serials") == 0)
		p->view.serials_left = number;
	else if (strcmp(word, "exit") == 0)
		exit((int)number);
	else if (strcmp(word, "end") == 0)
		end(p);
	else if (strcmp(word, "storm") == 0) {
		p->storm_until = uv_now(&p->loop) + number;
		uv_idle_start(&p->storm, on_storm);
	} else if (number >= 1 && number <= p->view.site_count) {
		rest += strcspn(rest, " ");
		do_site(p, word, number - 1, rest + strspn(rest, " "));
	}
}

static void play_on(uv_timer_t *timer)
{
	struct play *p = timer->data;
	char line[1024], word[32];

	while (fgets(line, sizeof(line), p->script)) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%31s", word) != 1)
			continue;
		const char *rest = line + strlen(word);
		rest += strspn(rest, " ");
		if (strcmp(word, "wait") == 0) {
			uv_timer_start(timer, play_on, strtoul(rest, NULL, 10), 0);
			return;
		}
		do_line(p, word, rest);
	}
	write_log(p, "played", 0);
}

/* ---- the frame ---- */

static void on_signal(uv_signal_t *handle, int number)
{
	write_log(handle->data, "signal", (unsigned int)number);
	end(handle->data);
}

static void prepare(struct play *p, unsigned int sites)
{
	p->sites = calloc(sites, sizeof(*p->sites));
	p->texts = calloc(sites, sizeof(*p->texts));
	if (!p->sites || !p->texts)
		exit(3);
	for (unsigned int i = 0; i < sites; i++) {
		struct play_site *t = &p->texts[i];

		snprintf(t->name, sizeof(t->name), "fixture-%c%u", 'A' + (char)(i / 8), i % 8 + 1);
		p->sites[i] = (struct site_view){ .index = i,
						  .name = t->name,
						  .step = t->step,
						  .phase = t->phase,
						  .uid = t->uid,
						  .serial = t->serial,
						  .chip = t->chip,
						  .reason = t->reason,
						  .advice = t->advice };
	}
	p->view = (struct station_view){ .station = "line 3",
					 .recipe = "blinky.yaml",
					 .serials_left = UINT64_MAX,
					 .sites = p->sites,
					 .site_count = sites };
}

static void start(struct play *p)
{
	static const int numbers[3] = { SIGINT, SIGTERM, SIGHUP };

	uv_timer_init(&p->loop, &p->timer);
	uv_idle_init(&p->loop, &p->storm);
	p->timer.data = p->storm.data = p;
	for (size_t i = 0; i < 3; i++) {
		uv_signal_init(&p->loop, &p->signals[i]);
		p->signals[i].data = p;
		uv_signal_start(&p->signals[i], on_signal, numbers[i]);
	}
	p->view.began_ms = uv_now(&p->loop);
	uv_timer_start(&p->timer, play_on, 0, 0);
}

/* The loop must come to its end by itself. */
static int finish(struct play *p)
{
	uv_rusage_t used;

	tell(p, (struct event){ .kind = EVENT_END, .text = "" });
	p->viewer->close(p->viewer);
	uv_close((uv_handle_t *)&p->timer, NULL);
	uv_close((uv_handle_t *)&p->storm, NULL);
	for (size_t i = 0; i < 3; i++)
		uv_close((uv_handle_t *)&p->signals[i], NULL);
	uv_run(&p->loop, UV_RUN_DEFAULT);
	int err = uv_loop_close(&p->loop);
	uv_getrusage(&used);
	write_log(p, err ? "busy" : "closed", 0);
	write_log(p, "cpu",
		  (unsigned int)((used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
				 (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000));
	return err ? 4 : 0;
}

int main(int argc, char **argv)
{
	static struct play p;
	struct term_calls calls = { &p, on_release, on_pause, on_stop, on_quit };

	if (argc != 4 || !(p.script = fopen(argv[2], "r")) || !(p.log = fopen(argv[3], "w"))) {
		fprintf(stderr, "usage: term-player SITES SCRIPT LOG\n");
		return 2;
	}
	uv_loop_init(&p.loop);
	prepare(&p, (unsigned int)strtoul(argv[1], NULL, 10));
	p.viewer = view_term_is_possible(false, false)
			   ? view_term_new("term-player", &p.loop, &calls)
			   : view_lines_new(&p.loop, "term-player", false, true);
	start(&p);
	tell(&p, (struct event){ .kind = EVENT_BEGIN, .text = "" });
	uv_run(&p.loop, UV_RUN_DEFAULT);
	int code = finish(&p);
	fclose(p.script);
	fclose(p.log);
	free(p.sites);
	free(p.texts);
	return code;
}
