/* SPDX-License-Identifier: MIT */
/* `stmfw-station run`: command line, recipe, images, record, viewers; then the station runs. */
#include "run.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "station.h"
#include "hall.h"
#include "lease.h"
#include "mqtt.h"
#include "recipe_places.h"
#include "view.h"
#include "view_term.h"

#include "../text.h"

#define BLOCKS_AT_ONCE 1000u /* more may take longer than a visit to the pool */

enum { OPT_ONCE = CLI_OWN, OPT_COUNT, OPT_OPERATOR, OPT_HTTP };

static const struct option options[] = {
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "operator", required_argument, NULL, OPT_OPERATOR },
	{ "http", required_argument, NULL, OPT_HTTP },
	{ "json", no_argument, NULL, CLI_OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, CLI_OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
	"Usage: stmfw-station run RECIPE [OPTION...]\n"
	"Programs boards at all sites of a recipe: waits for a board, does the recipe's\n"
	"steps, shows and records PASS or FAIL, waits until the board is gone, and so on.\n"
	"\n"
	"  --once           each site one board, then it ends\n"
	"  --count N        it ends when N boards have passed\n"
	"  --operator NAME  for the record; else $USER\n"
	"  --http ADDRESS   a page for a screen in the hall: 8080, 127.0.0.1:8080\n"
	"  --json           one JSON object per line on stdout\n"
	"  -q, --quiet      results and faults only\n"
	"  -v, --verbose    each step, and OpenOCD's own words\n"
	"  -h, --help, --version\n"
	"\n"
	"Ctrl-C: boards in work end at their next safe border. Again: at once.\n"
	"SIGUSR1 releases all sites that are locked.\n"
	"It ends with 1 if not all of --once, or fewer than --count have passed.\n";

static bool take_count(struct station *st, const char *value)
{
	uint64_t n;

	if (!text_parse_number(value, 1000000, &n) || n == 0) {
		cli_fail(st->cli, CLI_USAGE, "", "\"%s\" in --count is no number from 1 to 1000000.",
			 value);
		return false;
	}
	st->opts.count = (unsigned int)n;
	return true;
}

static bool take_own(void *arg, int option, const char *value)
{
	struct station *st = arg;

	switch (option) {
	case OPT_ONCE:
		st->opts.once = true;
		return true;
	case OPT_COUNT:
		return take_count(st, value);
	case OPT_HTTP:
		st->opts.http = value;
		return true;
	default:
		st->opts.operator_name = value;
		return true;
	}
}

/* ---- what the station needs ---- */

static bool add_viewer(struct station *st, struct viewer *v)
{
	if (!v) {
		cli_fail(st->cli, CLI_INTERNAL, "", "Not enough memory.");
		return false;
	}
	station_add_viewer(st, v);
	return true;
}

/* ---- keys ---- */

static void on_release(void *arg, unsigned int site)
{
	struct station *st = arg;

	site_release(&st->sites[site]);
}

static void on_pause(void *arg, bool pause)
{
	station_pause(arg, pause);
}

static void on_stop(void *arg)
{
	station_stop(arg);
}

static void on_quit(void *arg)
{
	station_abort(arg, "the operator has stopped the station");
}

/* ---- viewers ---- */

static struct viewer *choose_viewer(struct station *st)
{
	const struct term_calls calls = { st, on_release, on_pause, on_stop, on_quit };
	const struct cli *cli = st->cli;

	if (cli->json)
		return view_json_new(&st->loop);
	if (view_term_is_possible(cli->json, cli->talk == CLI_QUIET))
		return view_term_new(cli->tool, &st->loop, &calls);
	return view_lines_new(&st->loop, cli->tool, cli->talk == CLI_QUIET,
			      cli->talk == CLI_VERBOSE);
}

static bool add_hall(struct station *st)
{
	char why[HALL_WHY];
	struct viewer *hall = hall_new(&st->loop, st->opts.http, why);

	if (hall) {
		station_add_viewer(st, hall);
		cli_say(st->cli, "%s", why);
	} else {
		cli_fail(st->cli, CLI_USAGE, "", "%s", why);
	}
	return hall != NULL;
}

/* ---- what it shares with others ---- */

static void on_note(void *arg, const char *text)
{
	station_tell(arg, (struct event){ .kind = EVENT_NOTE, .text = text });
}

static bool add_or_refuse(struct station *st, struct viewer *v, const char *why)
{
	if (v)
		station_add_viewer(st, v);
	else
		cli_fail(st->cli, CLI_UNSUPPORTED, "", "%s", why);
	return v != NULL;
}

static bool add_mqtt(struct station *st)
{
	char why[MQTT_WHY] = "";

	return add_or_refuse(st, mqtt_new(&st->loop, st->recipe, st->record, on_note, st, why),
			     why);
}

static bool add_lease(struct station *st)
{
	char why[LEASE_WHY] = "";

	return add_or_refuse(st, lease_new(&st->loop, st->recipe, st->record, on_note, st, why),
			     why);
}

/* Before it has begun: nothing else has to be ended. */
static bool is_stopped(struct station *st)
{
	int number = station_is_told_to_stop();

	if (number)
		cli_fail(st->cli, number == SIGINT ? CLI_INTERRUPTED : CLI_TERMINATED, "",
			 "Stopped as asked; no board was begun.");
	return number != 0;
}

static bool add_viewers(struct station *st)
{
	const struct recipe *r = st->recipe;
	bool leases = r->serial && r->serial->lease;

	return add_viewer(st, choose_viewer(st)) && (!st->opts.http || add_hall(st)) &&
	       (!r->mqtt || add_mqtt(st)) && (!leases || add_lease(st));
}

static void tell_unsent(const struct station *st)
{
	char why[RECORD_WHY];
	int64_t count = 0;

	/* Nobody was there to send them if it has not begun. */
	if (st->view.began_ms && st->recipe->mqtt && record_events_left(st->record, &count, why) &&
	    count > 0)
		cli_say(st->cli, "The MQTT broker lacks %lld messages; the next run sends them.",
			(long long)count);
}

/* ---- serial numbers ---- */

/* Boards that are begun together shall not have to wait for numbers. */
static uint64_t numbers_needed(const struct station *st)
{
	return st->opts.count && !st->opts.once ? st->opts.count : st->recipe->site_count;
}

/* With enough numbers nobody waits for the database. */
static void lease_numbers(const struct station *st, uint64_t needed, char why[LEASE_WHY])
{
	uint64_t left, block = st->recipe->serial->lease_block;
	bool more = true;

	while (more && (left = record_serials_left(st->record)) < needed &&
	       !station_is_told_to_stop()) {
		uint64_t blocks = (needed - left + block - 1) / block;

		more = lease_take(st->recipe, st->record,
				  blocks < BLOCKS_AT_ONCE ? (unsigned int)blocks : BLOCKS_AT_ONCE,
				  why);
	}
}

static bool numbers_suffice(struct station *st)
{
	const struct recipe_serial *serial = st->recipe->serial;
	bool leases = serial && serial->lease;
	uint64_t needed = numbers_needed(st);
	char why[LEASE_WHY] = "";

	if (leases)
		lease_numbers(st, needed, why);
	uint64_t left = record_serials_left(st->record);
	if (left >= needed || is_stopped(st))
		return left >= needed;
	cli_fail(st->cli, leases ? CLI_CONNECT : CLI_USAGE,
		 leases ? "" : "Raise \"last\" in the recipe, or add to its list.",
		 "Only %" PRIu64 " serial numbers are left, needed are %" PRIu64
		 ": nothing was begun.%s%s",
		 left, needed, why[0] ? " " : "", why);
	return false;
}

/* ---- the whole ---- */

static void refuse(void *arg, const char *text)
{
	struct station *st = arg;

	cli_fail(st->cli, CLI_FILE, "stmfw-station check tells all that is wrong.", "%s", text);
}

/* A board could pass without what was flashed. */
static bool places_are_good(struct station *st)
{
	struct faults faults = { .tell = refuse, .arg = st };

	recipe_check_places(st->recipe, st->images.loaded, &faults);
	return faults.count == 0;
}

/* What is in files. */
static bool load(struct station *st, const char *path)
{
	char why[RECIPE_WHY] = "";

	if (!recipe_load(&st->recipe, path, why))
		cli_fail(st->cli, CLI_USAGE, "", "%s", why);
	else if (!images_load(&st->images, st->recipe, why))
		cli_fail(st->cli, CLI_FILE, "", "%s", why);
	else
		return places_are_good(st);
	return false;
}

static bool prepare(struct station *st, const char *path)
{
	char why[RECORD_WHY] = "";

	if (!load(st, path))
		return false;
	if (!record_open(&st->record, st->recipe, st->opts.operator_name, why)) {
		cli_fail(st->cli, CLI_FILE, "", "%s", why);
		return false;
	}
	return numbers_suffice(st) && station_open(st) && add_viewers(st) && !is_stopped(st);
}

static void judge(struct station *st)
{
	if (st->opts.once && st->view.failed > 0)
		cli_fail(st->cli, CLI_DIFFERS, "", "%u of %u boards failed.", st->view.failed,
			 st->view.failed + st->view.passed);
	else if (st->view.passed < st->opts.count)
		cli_fail(st->cli, CLI_DIFFERS, "", "Only %u of %u boards have passed.",
			 st->view.passed, st->opts.count);
}

int run_main(int argc, char **argv)
{
	static struct station station;
	struct cli cli;
	struct station *st = &station;
	const struct cli_syntax syntax = { options, help, 1, take_own, st };

	station_hold_signals();
	cli_init(&cli, "stmfw-station");
	st->cli = &cli;
	st->opts.operator_name = getenv("USER");
	if (cli_parse(&cli, argc, argv, &syntax)) {
		st->opts.verbose = cli.talk == CLI_VERBOSE;
		if (optind >= argc)
			cli_fail(&cli, CLI_USAGE, "--help shows how it is called.",
				 "Which recipe?");
		else if (prepare(st, argv[optind])) {
			station_run(st);
			record_end(st->record);
			judge(st);
		}
		station_close(st);
		tell_unsent(st);
		record_close(st->record);
		images_free(&st->images);
		recipe_free(st->recipe);
		return cli_end(&cli, cli_end_object(&cli));
	}
	if (cli.exit == CLI_OK) /* --help */
		return CLI_OK;
	return cli_end(&cli, cli_end_object(&cli));
}
