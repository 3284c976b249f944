/* SPDX-License-Identifier: MIT */
/*
 * A station without boards: recipe, record, broker and pool as `run` has them, and boards that pass
 * when stdin says so.
 *
 *	pass N    N boards pass: "passed SERIAL..." ("-" without one), or "none" if numbers are used up
 *	left      "left N": serial numbers
 *	unsent    "unsent N": events that are not acknowledged
 *	lag       "lag N": the longest time the loop was not at work since the last time, in ms
 *	heap      "heap BYTES DESCRIPTORS"
 *	quit      the end of a run: "closed N", events that are left
 *
 * In between "note TEXT" for the operator. "ready" once it runs, "refused WHY" if it does not.
 */
#include <dirent.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "lease.h"
#include "mqtt.h"
#include "record.h"

#define BEAT_MS 10u

static struct recipe *recipe;
static struct record *record;
static struct viewer *viewers[2];
static uv_loop_t loop;
static uv_timer_t beat;
static uv_poll_t input;
static uint64_t last_beat, lag;

static void show(enum event_kind kind)
{
	static const struct station_view station = { .station = "", .recipe = "" };
	const struct event event = { .kind = kind, .text = "" };

	for (size_t i = 0; i < 2; i++)
		if (viewers[i])
			viewers[i]->show(viewers[i], &station, &event);
}

static void on_note(void *arg, const char *text)
{
	(void)arg;
	printf("note %s\n", text);
	fflush(stdout);
}

static void on_beat(uv_timer_t *timer)
{
	uint64_t now = uv_hrtime() / 1000000;

	(void)timer;
	if (now - last_beat > lag)
		lag = now - last_beat;
	last_beat = now;
}

/* ---- commands ---- */

static bool pass_one(FILE *said)
{
	static const struct record_step step = { "run", "run", true, 1, 1, 1, 0, "", "" };
	char text[RECORD_SERIAL] = "", why[RECORD_WHY] = "", uid[32];
	int64_t number = -1;

	snprintf(uid, sizeof(uid), "%08x%016" PRIx64, (unsigned int)getpid(), uv_hrtime());
	show(EVENT_BOARD);
	if (recipe->serial && !record_take_serial(record, &number, text, why)) {
		fprintf(said, " none %s", why);
		return false;
	}
	const struct record_board board = { .site = "A",
					    .uid = uid,
					    .chip = "STM32F10x",
					    .serial = text,
					    .serial_number = number,
					    .result = RESULT_PASS,
					    .reason = "",
					    .openocd = "0.12.0",
					    .adapter = "",
					    .began_ms = 1,
					    .elapsed_ms = 1,
					    .steps = &step,
					    .step_count = 1 };
	if (!record_board(record, &board, NULL, why)) {
		fprintf(said, " failed %s", why);
		return false;
	}
	fprintf(said, " %s", text[0] ? text : "-");
	show(EVENT_BOARD_END);
	return true;
}

/* In one line, whatever notes there are meanwhile. */
static void pass(unsigned int count)
{
	char *text = NULL;
	size_t length = 0;
	FILE *said = open_memstream(&text, &length);

	while (count-- > 0 && pass_one(said))
		;
	fclose(said);
	printf("passed%s\n", text);
	free(text);
}

static int64_t unsent(void)
{
	char why[RECORD_WHY];
	int64_t count = -1;

	record_events_left(record, &count, why);
	return count;
}

static unsigned int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 3; /* ".", "..", and that of the folder */
}

static void quit(void)
{
	record_end(record);
	for (size_t i = 0; i < 2; i++)
		if (viewers[i])
			viewers[i]->close(viewers[i]);
	uv_close((uv_handle_t *)&beat, NULL);
	uv_close((uv_handle_t *)&input, NULL);
}

static void command(char *line)
{
	unsigned int count;

	if (sscanf(line, "pass %u", &count) == 1) {
		pass(count);
	} else if (strcmp(line, "left") == 0) {
		printf("left %" PRIu64 "\n", record_serials_left(record));
	} else if (strcmp(line, "unsent") == 0) {
		printf("unsent %" PRId64 "\n", unsent());
	} else if (strcmp(line, "lag") == 0) {
		printf("lag %" PRIu64 "\n", lag);
		lag = 0;
	} else if (strcmp(line, "heap") == 0) {
		struct mallinfo2 info = mallinfo2();

		printf("heap %zu %u\n", info.uordblks + info.hblkhd, descriptors());
	} else if (strcmp(line, "quit") == 0) {
		quit();
	}
	fflush(stdout);
	last_beat = uv_hrtime() / 1000000; /* what was asked for here is no lag */
}

static void on_input(uv_poll_t *poll, int status, int events)
{
	static char text[4096];
	static size_t length;
	char *end;
	ssize_t n = read(STDIN_FILENO, text + length, sizeof(text) - 1 - length);

	(void)status;
	(void)events;
	if (n <= 0) {
		uv_poll_stop(poll);
		uv_stop(&loop);
		return;
	}
	length += (size_t)n;
	while ((end = memchr(text, '\n', length)) != NULL) {
		*end = '\0';
		command(text);
		length -= (size_t)(end + 1 - text);
		memmove(text, end + 1, length);
	}
}

/* ---- begin and end ---- */

static bool open_all(const char *path, char why[RECIPE_WHY])
{
	if (!recipe_load(&recipe, path, why) || !record_open(&record, recipe, "anna", why))
		return false;
	uv_loop_init(&loop);
	if (recipe->mqtt) {
		viewers[0] = mqtt_new(&loop, recipe, record, on_note, NULL, why);
		if (!viewers[0])
			return false;
	}
	if (recipe->serial && recipe->serial->lease) {
		viewers[1] = lease_new(&loop, recipe, record, on_note, NULL, why);
		return viewers[1] != NULL;
	}
	return true;
}

int main(int argc, char **argv)
{
	char why[RECIPE_WHY] = "usage: line_driver RECIPE";

	if (argc != 2 || !open_all(argv[1], why)) {
		printf("refused %s\n", why);
		return 1;
	}
	uv_timer_init(&loop, &beat);
	uv_timer_start(&beat, on_beat, BEAT_MS, BEAT_MS);
	uv_poll_init(&loop, &input, STDIN_FILENO);
	uv_poll_start(&input, UV_READABLE, on_input);
	last_beat = uv_hrtime() / 1000000;
	show(EVENT_BEGIN);
	printf("ready\n");
	fflush(stdout);
	uv_run(&loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&loop) != 0)
		return 3; /* cut off, or something is left in the loop */
	printf("closed %" PRId64 "\n", unsent());
	record_close(record);
	recipe_free(recipe);
	return 0;
}
