/* SPDX-License-Identifier: MIT */
/*
 * Progress, in the form that suits who is watching:
 *
 *     a terminal     one line that is drawn again and again, at most ten times a second
 *     a file, a pipe one line per quarter
 *     --json         one object per piece, on stdout
 *     --quiet        nothing
 */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <uv.h>

#include "jsonl.h"
#include "text.h"

#define REDRAW_MS 100
#define BAR 20

void progress_init(struct progress *p, const struct cli *cli)
{
	memset(p, 0, sizeof(*p));
	if (cli->json)
		p->style = PROGRESS_JSON;
	else if (cli->talk == CLI_QUIET)
		p->style = PROGRESS_NONE;
	else
		p->style = isatty(STDERR_FILENO) ? PROGRESS_BAR : PROGRESS_LINES;
}

static uint64_t now_ms(void)
{
	return uv_hrtime() / 1000000;
}

static void begin_step(struct progress *p, const char *step)
{
	progress_clear(p);
	snprintf(p->step, sizeof(p->step), "%s", step);
	p->began_ms = now_ms();
	p->shown_ms = 0;
	p->quarter = 1;
	p->is_complete = 0;
}

static size_t columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

/* "12.3 KiB/s  0:07 left"; nothing as long as nothing is known. */
static void describe_pace(char out[2 * TEXT_SHORT + 16], uint64_t spent, uint64_t done, uint64_t total)
{
	char rate[TEXT_SHORT], time[TEXT_SHORT];

	out[0] = '\0';
	if (done == 0)
		return;
	text_time(time, done == total ? spent : spent * (total - done) / done);
	snprintf(out, 2 * TEXT_SHORT + 16, "  %s  %s %s", text_rate(rate, done, spent), time,
		 done == total ? "in all" : "left");
}

/* As much as fits into one line of the terminal. */
static void make_line(char *line, size_t size, const struct progress *p, uint64_t spent,
		      uint64_t done, uint64_t total)
{
	char bytes[TEXT_SHORT], bar[BAR + 1], pace[2 * TEXT_SHORT + 16];
	size_t full = (size_t)(done * BAR / total), room = columns();
	unsigned int percent = (unsigned int)(done * 100 / total);

	memset(bar, '.', BAR);
	memset(bar, '#', full);
	bar[BAR] = '\0';
	text_size(bytes, total);
	describe_pace(pace, spent, done, total);
	snprintf(line, size, "%-7s [%s] %3u %% of %s%s", p->step, bar, percent, bytes, pace);
	if (strlen(line) >= room)
		snprintf(line, size, "%-7s %3u %% of %s%s", p->step, percent, bytes, pace);
	if (strlen(line) >= room)
		snprintf(line, size, "%-7s %3u %%", p->step, percent);
	if (strlen(line) >= room)
		line[room ? room - 1 : 0] = '\0';
}

static void draw_bar(struct progress *p, uint64_t done, uint64_t total)
{
	uint64_t now = now_ms();
	char line[256];

	if (p->is_complete || (done < total && now - p->shown_ms < REDRAW_MS))
		return;
	make_line(line, sizeof(line), p, now - p->began_ms, done, total);
	fprintf(stderr, "\r%s\033[K", line);
	p->shown_ms = now;
	p->is_drawn = 1;
	p->is_complete = done == total;
	if (p->is_complete)
		progress_clear(p);
}

static void print_quarters(struct progress *p, uint64_t done, uint64_t total)
{
	char size[TEXT_SHORT];
	uint64_t quarter = done * 4 / total;

	if (quarter < p->quarter)
		return;
	fprintf(stderr, "%s: %u %% of %s\n", p->step, (unsigned int)(quarter * 25),
		text_size(size, total));
	p->quarter = quarter + 1;
}

static void write_object(const struct progress *p, uint64_t done, uint64_t total)
{
	jsonl_write(json_pack("{s:s, s:s, s:I, s:I}", "event", "progress", "step", p->step, "done",
			      (json_int_t)done, "total", (json_int_t)total));
}

void progress_show(struct progress *p, const char *step, uint64_t done, uint64_t total)
{
	if (total == 0 || done > total)
		return;
	if (strcmp(step, p->step) != 0)
		begin_step(p, step);
	switch (p->style) {
	case PROGRESS_NONE:
		break;
	case PROGRESS_BAR:
		draw_bar(p, done, total);
		break;
	case PROGRESS_LINES:
		print_quarters(p, done, total);
		break;
	case PROGRESS_JSON:
		write_object(p, done, total);
		break;
	}
}

/* A finished bar stays on the screen. */
void progress_clear(struct progress *p)
{
	if (p->is_drawn)
		fputc('\n', stderr);
	p->is_drawn = 0;
}
