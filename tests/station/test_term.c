/* SPDX-License-Identifier: MIT */
/* The terminal board without a terminal: what is there to be read, in windows of many sizes. */
#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "term_draw.h"
#include "term_font.h"
#include "term_keys.h"
#include "term_operator.h"
#include "view.h"

#define MOST   64u
#define REASON "Verify failed at 0x08000400: the chip has 0xff, the image 0x12."
#define ADVICE "Shorten the wires, or lower the speed of the adapter."
#define UID    "0123456789abcdef01234567"

static struct site_view sites[MOST];
static char names[MOST][16];
static enum term_result last[MOST];
static struct station_view station;
static struct term_scene scene;
static struct term_cells cells;
static struct term_layout layout;

static void setup(void)
{
	for (unsigned int i = 0; i < MOST; i++) {
		snprintf(names[i], sizeof(names[i]), "site%u", i + 1);
		sites[i] = (struct site_view){ .index = i,
					       .name = names[i],
					       .state = SITE_EMPTY,
					       .step = "",
					       .phase = "",
					       .uid = "",
					       .serial = "",
					       .chip = "",
					       .reason = "",
					       .advice = "" };
		last[i] = RESULT_NO_BOARD;
	}
	station = (struct station_view){ .station = "line 3",
					 .recipe = "blinky.yaml",
					 .serials_left = UINT64_MAX,
					 .sites = sites,
					 .site_count = 1 };
	scene = (struct term_scene){ .station = &station,
				     .last = last,
				     .now_ms = 100000,
				     .selected = TERM_NOBODY,
				     .troubled = TERM_NOBODY,
				     .keys = true,
				     .message = "" };
}

static void teardown(void)
{
	cells_free(&cells);
}

static void draw(unsigned int count, unsigned int columns, unsigned int rows)
{
	station.site_count = count;
	ck_assert(cells_resize(&cells, columns, rows));
	layout = term_draw(&cells, &scene);
}

static const char *row(unsigned int y)
{
	static char text[1024];

	for (unsigned int x = 0; x < cells.columns; x++)
		text[x] = cells.now[y * cells.columns + x].c;
	text[cells.columns] = '\0';
	return text;
}

static bool can_read(const char *words)
{
	for (unsigned int y = 0; y < cells.rows; y++)
		if (strstr(row(y), words))
			return true;
	return false;
}

static void must_read(const char *words)
{
	if (can_read(words))
		return;
	for (unsigned int y = 0; y < cells.rows; y++)
		fprintf(stderr, "|%s|\n", row(y));
	ck_abort_msg("nowhere on the screen: %s", words);
}

static struct site_view *work(unsigned int i)
{
	sites[i].state = SITE_WORKING;
	sites[i].uid = UID;
	sites[i].serial = "SN-00017";
	sites[i].step = "flash";
	sites[i].phase = "write";
	sites[i].done = 31;
	sites[i].total = 50;
	sites[i].rate = 32256;
	sites[i].board_began_ms = 93000;
	return &sites[i];
}

static struct site_view *broken(unsigned int i)
{
	work(i)->state = SITE_FAILED;
	sites[i].reason = REASON;
	sites[i].advice = ADVICE;
	sites[i].board_elapsed_ms = 12000;
	last[i] = RESULT_FAILED;
	return &sites[i];
}

/* ---- what is to be read ---- */

static const struct {
	enum site_state state;
	const char *word, *sentence;
} states[] = {
	{ SITE_STARTING, "START", "starting OpenOCD" },
	{ SITE_DOWN, "DOWN", "no OpenOCD: trying again" },
	{ SITE_EMPTY, "READY", "put in a board" },
	{ SITE_PASSED, "PASS", "PASS: take it out" },
	{ SITE_FAILED, "FAIL", "FAIL: take it out" },
	{ SITE_KNOWN, "KNOWN", "already programmed: take it out" },
	{ SITE_LOCKED, "LOCKED", "FAIL. Locked: key 1 releases it" },
	{ SITE_PAUSED, "PAUSED", "paused" },
	{ SITE_STOPPED, "STOP", "no more boards here" },
};

START_TEST(every_state_is_told_in_words)
{
	static const unsigned int windows[][3] = {
		{ 1, 80, 24 },  { 4, 80, 24 },  { 8, 80, 24 },
		{ 16, 80, 24 }, { 4, 120, 40 }, { 32, 200, 50 }
	};

	for (size_t w = 0; w < sizeof(windows) / sizeof(windows[0]); w++) {
		sites[0].state = states[_i].state;
		scene.selected = 0;
		draw(windows[w][0], windows[w][1], windows[w][2]);
		must_read(states[_i].word);
		must_read(states[_i].sentence);
	}
}
END_TEST

START_TEST(a_board_in_work_shows_how_far_it_is)
{
	work(0);
	draw(1, 80, 24);
	must_read("flash: write [");
	must_read("31.5 KiB/s  0:07");
	must_read("62%");
	must_read("UID " UID "  serial SN-00017");
	draw(4, 80, 24); /* a bar needs a row of its own there */
	must_read("flash: write [#############---------]");
	must_read("31.5 KiB/s  0:07");
	must_read("UID " UID);
	must_read("SN-00017");
}
END_TEST

START_TEST(results_are_written_large)
{
	sites[0].state = SITE_PASSED;
	broken(1);
	draw(4, 80, 24);
	must_read("####   ###   ####  ####");
	must_read("#####  ###   ###  # ");
	draw(1, 80, 24); /* larger still */
	must_read(
		"     ############         #########         ############      ############      ");
}
END_TEST

START_TEST(a_failure_is_explained)
{
	broken(2);
	draw(4, 120, 40);
	must_read("Verify failed at 0x08000400: the chip has 0xff, the image");
	must_read("0x12.");
	must_read("Do: Shorten the wires, or lower the speed of the adapter.");
	scene.troubled = 2;
	draw(16, 80, 24); /* in the rows below the list */
	must_read(REASON);
	must_read("Do: " ADVICE);
}
END_TEST

/* Another board will get it. */
START_TEST(a_failed_board_shows_no_serial)
{
	broken(0);
	draw(1, 80, 24);
	ck_assert(!can_read("SN-00017"));
	must_read(UID);
	broken(0)->state = SITE_STOPPED;
	sites[0].in_row = 1;
	draw(1, 80, 24);
	ck_assert(!can_read("SN-00017"));
}
END_TEST

START_TEST(a_site_that_has_stopped_goes_on_showing_its_last_board)
{
	sites[0].state = SITE_STOPPED;
	last[0] = RESULT_PASSED;
	broken(1)->state = SITE_STOPPED;
	draw(2, 80, 24);
	must_read("PASS; no more boards here");
	must_read("FAIL; no more boards here");
}
END_TEST

START_TEST(the_station_is_counted)
{
	station.passed = 12;
	station.failed = 1;
	station.known = 3;
	station.wanted = 100;
	station.serials_left = 388;
	scene.now_ms = 3753000;
	draw(4, 80, 24);
	must_read(" line 3   blinky.yaml");
	must_read("1:02:33");
	must_read("passed 12 of 100   failed 1   yield 92.3 %   serials left 388   known 3");
	must_read("1-9 release   p pause   s stop after these boards   q quit   ? help");
	station.passed = 2999;
	draw(4, 80, 24);
	must_read("yield 99.9 %"); /* never rounded up */
	scene.line = LINE_PAUSED;
	scene.keys = false;
	draw(4, 80, 24);
	must_read("PAUSED");
	must_read("no keys: stdin is no terminal");
}
END_TEST

START_TEST(a_long_message_is_there_as_a_whole)
{
	scene.message = "The line was stopped: the image blinky.hex is not the one that the "
			"recipe names any more. Nothing more is begun.";
	draw(4, 80, 24);
	must_read("The line was stopped:");
	must_read("more is begun.");
}
END_TEST

/* ---- sizes ---- */

START_TEST(what_does_not_fit_is_said)
{
	draw(64, 40, 12);
	must_read("50 more do not fit");
	ck_assert_uint_eq(layout.count, 14);
	broken(60);
	draw(64, 80, 12);
	char text[64];
	snprintf(text, sizeof(text), "%u more do not fit (1 FAIL, 0 LOCKED, 0 DOWN)",
		 64 - layout.count);
	must_read(text);
	scene.selected = 60;
	draw(64, 80, 12);
	must_read(">61 site61");
}
END_TEST

START_TEST(sixty_four_sites_fit_into_an_ordinary_window)
{
	for (unsigned int i = 0; i < 64; i++)
		sites[i].state = i % 2 ? SITE_PASSED : SITE_LOCKED;
	draw(64, 80, 24);
	ck_assert_uint_eq(layout.count, 64);
	must_read("64 site64 PASS");
	must_read("63 site63 LOCKED");
}
END_TEST

static bool overlap(struct term_box a, struct term_box b)
{
	return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
	       b.y < a.y + a.height;
}

/* Every site once, none upon another, whatever the window. The sanitizers see the rest. */
START_TEST(sites_have_places_of_their_own_in_any_window)
{
	static const unsigned int counts[] = { 1, 2, 3, 4, 5, 7, 8, 12, 16, 31, 64 };

	for (unsigned int i = 0; i < MOST; i++)
		broken(i)->state = (enum site_state)(i % 10);
	scene.message = ADVICE " " ADVICE " " ADVICE;
	for (unsigned int columns = 1; columns < 260; columns += columns < 90 ? 3 : 17)
		for (unsigned int rows = 1; rows < 70; rows += rows < 26 ? 1 : 7) {
			unsigned int count = counts[(columns + rows) % 11];

			scene.selected = rows % 3 ? count - 1 : TERM_NOBODY;
			draw(count, columns, rows);
			ck_assert(layout.first + layout.count <= count);
			for (unsigned int a = layout.first; a < layout.first + layout.count; a++)
				for (unsigned int b = layout.first; b < a; b++)
					ck_assert(!overlap(layout_place(&layout, a),
							   layout_place(&layout, b)));
		}
}
END_TEST

START_TEST(letters_get_as_large_as_the_window_allows)
{
	draw(4, 80, 24);
	ck_assert_int_eq(layout.kind, LAYOUT_SIGNS);
	draw(8, 80, 24);
	ck_assert_int_eq(layout.kind, LAYOUT_TILES);
	draw(9, 120, 40);
	ck_assert_int_eq(layout.kind, LAYOUT_SIGNS);
	draw(16, 200, 50);
	ck_assert_int_eq(layout.kind, LAYOUT_SIGNS);
	draw(16, 80, 24);
	ck_assert_int_eq(layout.kind, LAYOUT_ROWS);
	ck_assert_uint_eq(layout.columns, 1);
	ck_assert_uint_eq(font_scale_for(4, 78, 15).y, 3);
}
END_TEST

/* ---- strings from outside ---- */

START_TEST(nothing_but_printable_ascii_gets_into_a_cell)
{
	broken(0)->name = "a\033[2Jb\xc3\xa4\r\n\x7f";
	sites[0].reason =
		"\033]0;x\007 \x9b 31m and a word that is longer than any row in this window "
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	for (unsigned int count = 1; count <= 64; count *= 2) {
		draw(count, 60, 20);
		for (size_t i = 0; i < (size_t)cells.columns * cells.rows; i++)
			ck_assert(cells.now[i].c >= ' ' && cells.now[i].c <= '~');
	}
}
END_TEST

/* ---- the bytes ---- */

static char screen[50][220];

/* As a terminal does, for the few things that are said to it. */
static void play_bytes(const struct term_bytes *bytes, unsigned int columns)
{
	unsigned int x = 0, y = 0, line, column;
	int used;

	char *text = strndup(bytes->data, bytes->length);

	for (const char *at = text; *at; at++) {
		if (*at != '\033') {
			ck_assert(isprint((unsigned char)*at) && x < columns && y < 50);
			screen[y][x++] = *at;
		} else if (sscanf(at, "\033[%u;%u%n", &line, &column, &used) == 2 &&
			   at[used] == 'H') {
			x = column - 1;
			y = line - 1;
			at += used;
		} else {
			size_t length = strspn(at + 2, "0123456789;") + 3;

			ck_assert(at[length - 1] == 'm');
			at += length - 1;
		}
	}
	free(text);
}

static void assert_screen(void)
{
	for (unsigned int y = 0; y < cells.rows; y++)
		ck_assert_msg(memcmp(screen[y], row(y), cells.columns) == 0, "row %u: %.*s", y,
			      (int)cells.columns, screen[y]);
}

START_TEST(bytes_make_the_terminal_show_the_picture)
{
	struct term_bytes bytes = { .data = NULL };

	work(0);
	broken(2);
	draw(4, 80, 24);
	ck_assert(cells_encode(&cells, false, &bytes));
	play_bytes(&bytes, 80);
	assert_screen();

	size_t all = bytes.length;
	sites[0].done = 40;
	term_draw(&cells, &scene);
	bytes.length = 0;
	ck_assert(cells_encode(&cells, false, &bytes));
	ck_assert_uint_lt(bytes.length, all / 4);
	play_bytes(&bytes, 80);
	assert_screen();

	bytes.length = 0;
	ck_assert(cells_encode(&cells, false, &bytes));
	ck_assert_uint_eq(bytes.length, 0);
	cells_forget(&cells);
	ck_assert(cells_encode(&cells, false, &bytes));
	ck_assert_uint_gt(bytes.length, 80 * 24);
	free(bytes.data);
}
END_TEST

static bool has_colour(const struct term_bytes *bytes)
{
	static const char *const starts[] = { ";3", ";4" };
	char *text = strndup(bytes->data, bytes->length);
	bool found = false;

	for (char *at = text; (at = strstr(at, "\033[0")); at++)
		for (size_t i = 0; i < 2; i++) {
			char *sgr = strstr(at, starts[i]);

			found |= sgr && sgr < strchr(at, 'm') && isdigit((unsigned char)sgr[2]);
		}
	free(text);
	return found;
}

START_TEST(without_colour_there_is_none)
{
	struct term_bytes bytes = { .data = NULL };

	broken(0);
	sites[1].state = SITE_PASSED;
	draw(4, 80, 24);
	ck_assert(cells_encode(&cells, false, &bytes));
	ck_assert(!has_colour(&bytes));
	bytes.length = 0;
	cells_forget(&cells);
	ck_assert(cells_encode(&cells, true, &bytes));
	ck_assert(has_colour(&bytes));
	free(bytes.data);
}
END_TEST

/* ---- keys ---- */

static int take(struct term_keyboard *k, const char *bytes)
{
	int key = KEY_NONE;

	for (; *bytes; bytes++) {
		ck_assert_int_eq(key, KEY_NONE);
		key = keyboard_take(k, (unsigned char)*bytes);
	}
	return key;
}

START_TEST(keys_are_understood)
{
	struct term_keyboard k = { KEYS_PLAIN };

	ck_assert_int_eq(take(&k, "\033[A"), KEY_UP);
	ck_assert_int_eq(take(&k, "\033OB"), KEY_DOWN);
	ck_assert_int_eq(take(&k, "\033[1;5C"), KEY_RIGHT);
	ck_assert_int_eq(take(&k, "\033[D"), KEY_LEFT);
	ck_assert_int_eq(take(&k, "\033[3~"), KEY_NONE); /* delete */
	ck_assert_int_eq(take(&k, "q"), 'q');
	ck_assert_int_eq(take(&k, "\033q"), 'q'); /* escape, then q */
	ck_assert_int_eq(take(&k, "\033\033[A"), KEY_UP);
	ck_assert_int_eq(take(&k, "\r"), KEY_ENTER);
	ck_assert_int_eq(take(&k, "\n"), KEY_ENTER);
	ck_assert_int_eq(take(&k, "\003"), KEY_INTERRUPT);
	ck_assert_int_eq(take(&k, "\033[\003"), KEY_INTERRUPT);
	ck_assert_int_eq(take(&k, "\xff\x01"), KEY_NONE);
}
END_TEST

/* ---- what keys do ---- */

static char calls[200];
static struct term_operator operator;

static void note_call(const char *what, unsigned int number)
{
	size_t n = strlen(calls);

	snprintf(calls + n, sizeof(calls) - n, "%s%u ", what, number);
}

static void on_release(void *arg, unsigned int site)
{
	(void)arg;
	note_call("release", site);
}

static void on_pause(void *arg, bool pause)
{
	(void)arg;
	note_call("pause", pause);
}

static void on_stop(void *arg)
{
	(void)arg;
	note_call("stop", 0);
}

static void on_quit(void *arg)
{
	(void)arg;
	note_call("quit", 0);
}

static void press(const char *keys)
{
	for (; *keys; keys++)
		operator_press(&operator, * keys, &station, &layout, scene.now_ms);
}

/* What has been called since the last time. */
static void assert_calls(const char *expected)
{
	ck_assert_str_eq(calls, expected);
	calls[0] = '\0';
}

static void begin_keys(unsigned int count)
{
	struct term_calls c = { NULL, on_release, on_pause, on_stop, on_quit };

	operator_init(&operator, & c);
	draw(count, 80, 24);
}

START_TEST(a_number_releases_a_locked_site_only)
{
	begin_keys(4);
	sites[2].state = SITE_LOCKED;
	press("1");
	ck_assert_ptr_nonnull(strstr(operator.hint, "Site 1, site1, is not locked"));
	press("9");
	ck_assert_ptr_nonnull(strstr(operator.hint, "no site 9"));
	assert_calls("");
	press("3");
	assert_calls("release2 ");
}
END_TEST

START_TEST(arrows_reach_the_other_sites)
{
	static const int keys[] = { KEY_ENTER, KEY_DOWN, KEY_RIGHT, KEY_DOWN, KEY_ENTER };

	sites[33].state = SITE_LOCKED;
	begin_keys(64); /* four columns of 16 */
	for (size_t i = 0; i < 5; i++)
		operator_press(&operator, keys[i], &station, &layout, scene.now_ms);
	ck_assert_uint_eq(operator.selected, 17);
	assert_calls("");
	operator_press(&operator, KEY_RIGHT, &station, &layout, scene.now_ms);
	operator_press(&operator, KEY_ENTER, &station, &layout, scene.now_ms);
	assert_calls("release33 ");
	for (int i = 0; i < 9; i++) /* the border holds */
		operator_press(&operator, KEY_RIGHT, &station, &layout, scene.now_ms);
	ck_assert_uint_eq(operator.selected, 49);
	scene.now_ms += 60000; /* nobody remembers a selection that long */
	operator_tick(&operator, & station, scene.now_ms);
	ck_assert_uint_eq(operator.selected, TERM_NOBODY);
}
END_TEST

START_TEST(quitting_asks_while_boards_are_in_work)
{
	begin_keys(4);
	work(1);
	press("q");
	assert_calls("");
	ck_assert_ptr_nonnull(strstr(operator.hint, "1 board in work: q again"));
	press("?q"); /* another key in between: asked again */
	assert_calls("");
	scene.now_ms += 60000;
	press("q"); /* so is one who comes late */
	assert_calls("");
	press("q");
	assert_calls("quit0 ");
	press("qqps");
	assert_calls("");
}
END_TEST

START_TEST(quitting_does_not_ask_if_nothing_is_in_work)
{
	begin_keys(4);
	press("q");
	assert_calls("quit0 ");
}
END_TEST

START_TEST(a_pause_ends_and_a_stop_does_not)
{
	begin_keys(2);
	press("p");
	assert_calls("pause1 ");
	ck_assert_int_eq(operator.line, LINE_PAUSED);
	press("p");
	assert_calls("pause0 ");
	ck_assert_int_eq(operator.line, LINE_RUNS);
	press("s");
	assert_calls("stop0 ");
	press("sp");
	assert_calls("");
	ck_assert_int_eq(operator.line, LINE_STOPPING);
}
END_TEST

/* By a signal, or because an image has changed. */
START_TEST(a_stop_that_others_asked_for_is_shown)
{
	begin_keys(2);
	station.state = STATION_STOPPING;
	operator_tick(&operator, & station, scene.now_ms);
	ck_assert_int_eq(operator.line, LINE_STOPPING);
	press("p");
	assert_calls("");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_board_in_work_shows_how_far_it_is,
		results_are_written_large,
		a_failure_is_explained,
		a_failed_board_shows_no_serial,
		a_site_that_has_stopped_goes_on_showing_its_last_board,
		the_station_is_counted,
		a_long_message_is_there_as_a_whole,
		what_does_not_fit_is_said,
		sixty_four_sites_fit_into_an_ordinary_window,
		sites_have_places_of_their_own_in_any_window,
		letters_get_as_large_as_the_window_allows,
		nothing_but_printable_ascii_gets_into_a_cell,
		bytes_make_the_terminal_show_the_picture,
		without_colour_there_is_none,
		keys_are_understood,
		a_number_releases_a_locked_site_only,
		arrows_reach_the_other_sites,
		quitting_asks_while_boards_are_in_work,
		quitting_does_not_ask_if_nothing_is_in_work,
		a_pause_ends_and_a_stop_does_not,
		a_stop_that_others_asked_for_is_shown,
	};
	Suite *suite = suite_create("station-term");
	TCase *tc = tcase_create("term");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, every_state_is_told_in_words, 0,
			    (int)(sizeof(states) / sizeof(states[0])));
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
