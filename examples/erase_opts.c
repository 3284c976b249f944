/* SPDX-License-Identifier: MIT */
/* The command line of stmfw-erase. */
#include <stdio.h>
#include <string.h>

#include "erase.h"
#include "text.h"

static const char help[] =
	"Usage: stmfw-erase --sectors A-B|--range ADDR+LEN|--range ADDR-END|--all [--yes]\n"
	"Erases flash, and proves that it is blank. Without --yes it only looks, says\n"
	"what would be lost, and touches nothing.\n"
	"\n"
	"  --sectors A-B, A       sectors A to B of the bank; stmfw-info lists them\n"
	"  --range ADDR+LEN       LEN bytes from ADDR on (0x08004000+16K), whole sectors\n"
	"          ADDR-END       the same; END is the last byte (0x08004000-0x08007fff)\n"
	"  --all                  all of the bank\n"
	"  --bank N               flash bank; default 0, the main flash\n"
	"  --unlock               remove the write protection of these sectors first\n"
	"  --yes                  do it\n"
	"  --after run|halt       then reset the chip and let it run (default), or leave\n"
	"                         it halted; reset: another word for run\n" CLI_HELP;

enum { OPT_SECTORS = CLI_OWN, OPT_RANGE, OPT_ALL, OPT_BANK, OPT_UNLOCK, OPT_YES, OPT_AFTER };

static const struct option options[] = { { "sectors", required_argument, NULL, OPT_SECTORS },
					 { "range", required_argument, NULL, OPT_RANGE },
					 { "all", no_argument, NULL, OPT_ALL },
					 { "bank", required_argument, NULL, OPT_BANK },
					 { "unlock", no_argument, NULL, OPT_UNLOCK },
					 { "yes", no_argument, NULL, OPT_YES },
					 { "after", required_argument, NULL, OPT_AFTER },
					 CLI_LONG_OPTIONS };

struct parsing {
	struct erase_opts *opts;
	struct change *change;
};

/* False: two of --sectors, --range and --all. */
static bool say_what(struct erase_opts *opts, enum erase_what what)
{
	bool first = opts->what == ERASE_UNSAID;

	opts->what = what;
	return first;
}

static bool parse_range(struct erase_opts *opts, const char *value)
{
	size_t n = strcspn(value, "+-");
	char head[32];
	uint64_t tail;

	if (value[n] == '\0' || n >= sizeof(head))
		return false;
	snprintf(head, sizeof(head), "%.*s", (int)n, value);
	if (!text_parse_size(head, &opts->address) || !text_parse_size(value + n + 1, &tail))
		return false;
	if (value[n] == '-') {
		opts->end = tail;
		return tail >= opts->address;
	}
	opts->end = opts->address + tail - 1;
	return tail > 0 && opts->end >= opts->address;
}

static bool parse_value(struct parsing *p, int option, const char *value)
{
	struct erase_opts *opts = p->opts;

	switch (option) {
	case OPT_SECTORS:
		return say_what(opts, ERASE_SECTORS) &&
		       change_parse_sectors(&opts->first, &opts->last, value);
	case OPT_RANGE:
		return say_what(opts, ERASE_RANGE) && parse_range(opts, value);
	case OPT_ALL:
		return say_what(opts, ERASE_ALL);
	case OPT_BANK:
		return change_parse_bank(&p->change->number, value);
	case OPT_AFTER:
		return visit_parse_after(&p->change->visit.after, value);
	case OPT_UNLOCK:
		opts->unlock = true;
		return true;
	default:
		opts->yes = true;
		return true;
	}
}

static bool take_own(void *arg, int option, const char *value)
{
	struct parsing *p = arg;
	enum erase_what before = p->opts->what;
	const char *name = options[option - OPT_SECTORS].name;

	if (parse_value(p, option, value))
		return true;
	if (before != ERASE_UNSAID && option <= OPT_ALL)
		cli_fail(&p->change->visit.cli, CLI_USAGE, "",
			 "Only one of --sectors, --range and --all can be given.");
	else
		cli_fail(&p->change->visit.cli, CLI_USAGE, "--help lists what can be said.",
			 "--%s does not take \"%s\".", name, value);
	return false;
}

bool erase_parse(struct erase_opts *opts, struct change *change, int argc, char **argv)
{
	struct parsing parsing = { opts, change };
	const struct cli_syntax syntax = {
		.options = options, .help = help, .operands = 0, .own = take_own, .arg = &parsing
	};

	if (!cli_parse(&change->visit.cli, argc, argv, &syntax))
		return false;
	if (opts->what != ERASE_UNSAID)
		return true;
	cli_fail(&change->visit.cli, CLI_USAGE, "--help shows how.",
		 "What to erase? Say --sectors, --range or --all.");
	return false;
}
