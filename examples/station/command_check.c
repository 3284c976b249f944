/* SPDX-License-Identifier: MIT */
/* stmfw-station check: all that is wrong with a recipe and what it names, one line each. */
#include "command_check.h"

#include <stdio.h>

#include <stmfw.h>

#include "../cli.h"
#include "../jsonl.h"
#include "../text.h"
#include "lease.h"
#include "mqtt.h"
#include "recipe.h"
#include "record_check.h"

static const struct option options[] = {
	{ "json", no_argument, NULL, CLI_OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, CLI_OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
	"Usage: stmfw-station check RECIPE [OPTION...]\n"
	"Is a recipe right, and all there that it names: images, programs, files, a\n"
	"probe for each site? Touches no board.\n"
	"\n"
	"  --json           one JSON object per line on stdout\n"
	"  -q, --quiet      faults only\n"
	"  -h, --help, --version\n"
	"\n"
	"stmfw-recipe(5) describes recipes.\n";

static void tell(void *arg, const char *text)
{
	const struct cli *cli = arg;

	if (cli->json)
		jsonl_write(json_pack("{s:s, s:o}", "event", "fault", "text", jsonl_text(text)));
	else
		fprintf(stderr, "%s: %s\n", cli->tool, text);
}

static void begin(const struct cli *cli, const char *path)
{
	if (cli->json)
		jsonl_write(json_pack("{s:s, s:s, s:s, s:o}", "event", "begin", "tool", cli->tool,
				      "version", stmfw_version_string(), "recipe",
				      jsonl_text(path)));
}

/* What is in the recipe; of one that could not be loaded nothing is known. */
static json_t *end_object(const struct cli *cli, const struct recipe *r, unsigned int faults)
{
	json_t *end = cli_end_object(cli);

	if (!r)
		return end;
	json_object_set_new(end, "faults", json_integer(faults));
	json_object_set_new(end, "station", json_string(r->station));
	json_object_set_new(end, "sites", json_integer(r->site_count));
	json_object_set_new(end, "images", json_integer(r->image_count));
	json_object_set_new(end, "steps", json_integer(r->step_count));
	json_object_set_new(end, "sha256", json_string(r->sha256));
	return end;
}

static const char *s(unsigned int count)
{
	return count == 1 ? "" : "s";
}

/* What the recipe needs and this program was built without. */
static void check_program(const struct recipe *r, struct faults *faults)
{
	char why[MQTT_WHY];

	if (r->mqtt && !mqtt_is_possible(why))
		faults_add(faults, "%s", why);
	if (r->serial && r->serial->lease && !lease_is_possible(why))
		faults_add(faults, "%s", why);
}

static void check_all(const struct recipe *r, struct faults *faults)
{
	recipe_check(r, faults);
	record_check(r, faults);
	check_program(r, faults);
}

static int check(struct cli *cli, const char *path)
{
	struct recipe *r = NULL;
	char why[RECIPE_WHY], plain[512];
	struct faults faults = { .tell = tell, .arg = cli };
	json_t *end;

	begin(cli, path);
	text_harmless(plain, sizeof(plain), path);
	if (!recipe_load(&r, path, why))
		cli_fail(cli, CLI_FILE, "docs/station.md describes recipes.", "%s.", why);
	else
		check_all(r, &faults);
	if (faults.count > 0)
		cli_fail(cli, CLI_FILE, "No board was touched.", "%u thing%s wrong with \"%s\".",
			 faults.count, faults.count == 1 ? " is" : "s are", plain);
	else if (r)
		cli_add(cli, "\"%s\" is fine: %u site%s, %u image%s, %u step%s.", plain,
			r->site_count, s(r->site_count), r->image_count, s(r->image_count),
			r->step_count, s(r->step_count));
	if (cli->exit == CLI_OK && !cli->json && cli->talk != CLI_QUIET)
		printf("%s\n", cli->message);
	end = end_object(cli, r, faults.count);
	recipe_free(r);
	return cli_end(cli, end);
}

int check_main(int argc, char **argv)
{
	const struct cli_syntax syntax = { .options = options, .help = help, .operands = 1 };
	struct cli cli;

	cli_init(&cli, "stmfw-station");
	if (!cli_parse(&cli, argc, argv, &syntax))
		return cli_end(&cli, cli_end_object(&cli));
	if (optind < argc)
		return check(&cli, argv[optind]);
	cli_fail(&cli, CLI_USAGE, "--help shows how it is called.", "Which recipe?");
	return cli_end(&cli, cli_end_object(&cli));
}
