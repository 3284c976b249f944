/* SPDX-License-Identifier: MIT */
/* The command line of stmfw-protect. */
#include <string.h>

#include "protect.h"

static const char help[] =
	"Usage: stmfw-protect [show|set|clear|lock|unlock] [OPTION...]\n"
	"  show     read protection, and which sectors are write protected\n"
	"  set      write protect sectors;  clear: no longer\n"
	"  lock     read protection level 1, for production: nobody can read the flash\n"
	"           any more, until it is unlocked. Level 2, for ever, is not offered\n"
	"  unlock   remove read protection, which ERASES THE WHOLE CHIP\n"
	"show touches nothing. The others reset the chip, and look whether it shows what\n"
	"was asked for. If it does not, power has to be switched off and on.\n"
	"\n"
	"  --sectors A-B, A       sectors A to B of the bank; default: all\n"
	"  --bank N               flash bank; default 0, the main flash\n"
	"  --yes --erase-chip     yes, unlock, and erase the chip\n"
	"  --after run|halt       after set and clear: reset the chip and let it run\n"
	"                         (default), or leave it halted\n" CLI_HELP;

enum { OPT_SECTORS = CLI_OWN, OPT_BANK, OPT_YES, OPT_ERASE_CHIP, OPT_AFTER };

static const struct option options[] = { { "sectors", required_argument, NULL, OPT_SECTORS },
					 { "bank", required_argument, NULL, OPT_BANK },
					 { "yes", no_argument, NULL, OPT_YES },
					 { "erase-chip", no_argument, NULL, OPT_ERASE_CHIP },
					 { "after", required_argument, NULL, OPT_AFTER },
					 CLI_LONG_OPTIONS };

static const char *const actions[] = { "show", "set", "clear", "lock", "unlock" };

struct parsing {
	struct protect_opts *opts;
	struct change *change;
	bool has_sectors;
};

static bool parse_value(struct parsing *p, int option, const char *value)
{
	switch (option) {
	case OPT_SECTORS:
		p->has_sectors = true;
		return change_parse_sectors(&p->opts->first, &p->opts->last, value);
	case OPT_BANK:
		return change_parse_bank(&p->change->number, value);
	case OPT_AFTER:
		return visit_parse_after(&p->change->visit.after, value);
	case OPT_YES:
		p->opts->yes = true;
		return true;
	default:
		p->opts->erase_chip = true;
		return true;
	}
}

static bool take_own(void *arg, int option, const char *value)
{
	struct parsing *p = arg;

	if (parse_value(p, option, value))
		return true;
	cli_fail(&p->change->visit.cli, CLI_USAGE, "--help lists what can be said.",
		 "--%s does not take \"%s\".", options[option - OPT_SECTORS].name, value);
	return false;
}

static bool parse_action(struct protect_opts *opts, const char *word)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(word, actions[i]) == 0) {
			opts->action = (enum protect_action)i;
			return true;
		}
	return false;
}

bool protect_parse(struct protect_opts *opts, struct change *change, int argc, char **argv)
{
	struct parsing parsing = { .opts = opts, .change = change };
	const struct cli_syntax syntax = {
		.options = options, .help = help, .operands = 1, .own = take_own, .arg = &parsing
	};

	opts->last = STMFW_LAST_SECTOR;
	if (!cli_parse(&change->visit.cli, argc, argv, &syntax))
		return false;
	if (argv[optind] && !parse_action(opts, argv[optind])) {
		cli_fail(&change->visit.cli, CLI_USAGE, "Say show, set, clear, lock or unlock.",
			 "\"%s\" is not understood.", argv[optind]);
		return false;
	}
	bool by_sector = opts->action == PROTECT_SET || opts->action == PROTECT_CLEAR;
	if (!parsing.has_sectors || by_sector)
		return true;
	cli_fail(&change->visit.cli, CLI_USAGE,
		 "set and clear are about sectors; read protection is about the whole chip.",
		 "--sectors does not go with %s.", actions[opts->action]);
	return false;
}
