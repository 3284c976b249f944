/* SPDX-License-Identifier: MIT */
/* `stmfw-station serial lease|pool`: serial numbers that stations share. */
#include "command_serial.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cli.h"
#include "../text.h"
#include "lease.h"
#include "record.h"

enum { OPT_BLOCKS = CLI_OWN };

static const struct option options[] = {
	{ "blocks", required_argument, NULL, OPT_BLOCKS },
	{ "json", no_argument, NULL, CLI_OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, CLI_OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
	"Usage: stmfw-station serial lease RECIPE [--blocks N]\n"
	"       stmfw-station serial pool RECIPE\n"
	"Serial numbers that stations share, a table in the PostgreSQL database that\n"
	"the recipe names as `lease`.\n"
	"\n"
	"  lease   takes blocks of numbers into the station's record, so that it can work\n"
	"          while the database is away; `run` does so by itself\n"
	"  pool    makes the table, and adds the recipe's numbers that it has not yet\n"
	"\n"
	"  --blocks N   take N blocks: 1 to 1000; else as many as work needs\n"
	"  --json       one JSON object on stdout\n"
	"  -q, --quiet\n"
	"  -h, --help, --version\n";

struct serial_command {
	struct cli *cli;
	uint64_t blocks;
	struct recipe *recipe;
	json_t *end;
};

static bool take_own(void *arg, int option, const char *value)
{
	struct serial_command *c = arg;

	(void)option;
	if (text_parse_number(value, 1000, &c->blocks) && c->blocks > 0)
		return true;
	cli_fail(c->cli, CLI_USAGE, "", "\"%s\" in --blocks is no number from 1 to 1000.", value);
	return false;
}

static void told(struct serial_command *c)
{
	if (!c->cli->json && c->cli->talk != CLI_QUIET)
		printf("%s\n", c->cli->message);
}

static void lease(struct serial_command *c)
{
	char why[RECORD_WHY];
	struct record *record;

	if (!record_open(&record, c->recipe, getenv("USER"), why)) {
		cli_fail(c->cli, CLI_FILE, "", "%s.", why);
		return;
	}
	bool ok = lease_take(c->recipe, record, (unsigned int)c->blocks, why);
	uint64_t left = record_serials_left(record);
	record_close(record);
	json_object_set_new(c->end, "serials_left", json_integer((json_int_t)left));
	if (!ok)
		cli_fail(c->cli, CLI_CONNECT, "", "%s %" PRIu64 " are left here.", why, left);
	else
		cli_add(c->cli, "%" PRIu64 " serial numbers are left here.", left);
}

static void pool(struct serial_command *c)
{
	struct lease_pool p = { 0 };
	char why[LEASE_WHY];

	if (!lease_fill_pool(c->recipe, &p, why)) {
		cli_fail(c->cli, CLI_CONNECT, "Nothing was added.", "%s", why);
		return;
	}
	json_object_set_new(c->end, "added", json_integer((json_int_t)p.blocks_added));
	json_object_set_new(c->end, "free", json_integer((json_int_t)p.blocks_free));
	json_object_set_new(c->end, "taken", json_integer((json_int_t)p.blocks_taken));
	json_object_set_new(c->end, "missing", json_integer((json_int_t)p.numbers_missing));
	cli_add(c->cli,
		"Pool \"%s\": %" PRIu64 " blocks added; %" PRIu64 " are free, %" PRIu64
		" are taken.",
		c->recipe->serial->prefix, p.blocks_added, p.blocks_free, p.blocks_taken);
	if (p.numbers_missing > 0)
		cli_add(c->cli,
			"%" PRIu64
			" numbers of the recipe are in no block and lie before or between "
			"those that are: they may have been used, and are not added.",
			p.numbers_missing);
}

static bool prepare(struct serial_command *c, const char *path)
{
	char why[RECIPE_WHY];

	if (!recipe_load(&c->recipe, path, why))
		cli_fail(c->cli, CLI_FILE, "docs/station.md describes recipes.", "%s.", why);
	else if (!c->recipe->serial || !c->recipe->serial->lease)
		cli_fail(c->cli, CLI_UNSUPPORTED, "docs/station.md tells about leases.",
			 "The recipe has no `lease` for its serial numbers.");
	else if (!lease_is_possible(why))
		cli_fail(c->cli, CLI_UNSUPPORTED, "", "%s", why);
	else
		return true;
	return false;
}

static void run(struct serial_command *c, const char *what, const char *path)
{
	bool is_pool = strcmp(what, "pool") == 0;

	if (!is_pool && strcmp(what, "lease") != 0) {
		cli_fail(c->cli, CLI_USAGE, "--help shows how it is called.",
			 "\"serial %s\" is neither \"lease\" nor \"pool\".", what);
		return;
	}
	if (!prepare(c, path))
		return;
	if (is_pool)
		pool(c);
	else
		lease(c);
}

int serial_main(int argc, char **argv)
{
	struct cli cli;
	struct serial_command c = { .cli = &cli };
	const struct cli_syntax syntax = { options, help, 2, take_own, &c };

	cli_init(&cli, "stmfw-station");
	if (!cli_parse(&cli, argc, argv, &syntax))
		return cli_end(&cli, cli_end_object(&cli));
	c.end = json_object();
	if (optind + 1 < argc)
		run(&c, argv[optind], argv[optind + 1]);
	else
		cli_fail(&cli, CLI_USAGE, "--help shows how it is called.",
			 "\"lease\" or \"pool\", and which recipe?");
	recipe_free(c.recipe);
	if (cli.exit == CLI_OK)
		told(&c);
	json_t *end = cli_end_object(&cli);
	json_object_update(end, c.end);
	json_decref(c.end);
	return cli_end(&cli, end);
}
