/* SPDX-License-Identifier: MIT */
/* stmfw-station: which of its commands is meant. */
#include <stdlib.h>
#include <string.h>

#include "../cli.h"
#include "command_check.h"
#include "command_serial.h"
#include "report.h"
#include "run.h"

static const char help[] =
	"Usage: stmfw-station COMMAND [ARGUMENT...]\n"
	"Programs many boards by a recipe, and keeps a record.\n"
	"\n"
	"  check RECIPE     is the recipe right, and all there that it names?\n"
	"  run RECIPE       wait for boards, program them, record PASS or FAIL\n"
	"  report RECIPE    what the record has: counts, failures, one board's history\n"
	"  serial lease|pool RECIPE   serial numbers that stations share\n"
	"\n"
	"COMMAND --help tells more; stmfw-recipe(5) describes recipes.\n";

static const struct option options[] = {
	{ "json", no_argument, NULL, CLI_OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, CLI_OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = { { "check", check_main }, { "run", run_main }, { "report", report_main },
	       { "serial", serial_main } };

/* No command of ours: --help, --version, or a mistake. */
static int other(int argc, char **argv)
{
	const struct cli_syntax syntax = { .options = options, .help = help, .operands = argc };
	struct cli cli;

	cli_init(&cli, "stmfw-station");
	if (!cli_parse(&cli, argc, argv, &syntax))
		return cli_end(&cli, cli_end_object(&cli));
	if (optind < argc)
		cli_fail(&cli, CLI_USAGE, "--help lists the commands; they come first.",
			 "There is no command \"%s\" here.", argv[optind]);
	else
		cli_fail(&cli, CLI_USAGE, "--help lists the commands.", "What is to be done?");
	return cli_end(&cli, cli_end_object(&cli));
}

int main(int argc, char **argv)
{
	unsetenv("STMFW_OPENOCD"); /* a recipe names its own */
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return other(argc, argv);
}
