/* SPDX-License-Identifier: MIT */
/* The command line of stmfw-backup. */
#include <string.h>

#include "backup.h"
#include "text.h"

static const char help[] =
	"Usage: stmfw-backup [OPTION...] [FILE]\n"
	"Saves a chip's flash in FILE and proves the copy. FILE.json says what it is of.\n"
	"FILE is complete or does not exist; without it chip, UID and time make a name.\n"
	"The chip is reset and halted meanwhile. Nothing is written to it.\n"
	"\n"
	"  --bank N|all           flash bank; default 0, the main flash; all: a file each\n"
	"  --offset N             start N bytes into the bank (64K, 0x100, 4096)\n"
	"  --length N             save N bytes; default: to the end\n"
	"  --size N               size of the bank, if the chip is wrong about it (128K)\n"
	"  --verify crc           prove the copy by the chip's own checksum (default)\n"
	"           reread        read twice and compare; none: take what comes\n"
	"  --after run            then let its firmware start as after a reset (default);\n"
	"          reset          the same, by a reset in any case; halt: leave it halted\n"
	"  --force                replace FILE if it exists\n"
	CLI_TRANSFER_HELP CLI_HELP;

enum { OPT_BANK = CLI_OWN, OPT_OFFSET, OPT_LENGTH, OPT_SIZE, OPT_VERIFY, OPT_AFTER, OPT_FORCE };

static const struct option options[] = { { "bank", required_argument, NULL, OPT_BANK },
					 { "offset", required_argument, NULL, OPT_OFFSET },
					 { "length", required_argument, NULL, OPT_LENGTH },
					 { "size", required_argument, NULL, OPT_SIZE },
					 { "verify", required_argument, NULL, OPT_VERIFY },
					 { "after", required_argument, NULL, OPT_AFTER },
					 { "force", no_argument, NULL, OPT_FORCE },
					 CLI_TRANSFER_OPTION,
					 CLI_LONG_OPTIONS };

static const char *const verify_names[] = { "crc", "reread", "none" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct parsing {
	struct backup_opts *opts;
	struct cli *cli;
};

const char *backup_verify_name(enum backup_verify verify)
{
	return verify_names[verify];
}

static bool parse_bank(struct backup_opts *opts, const char *value)
{
	uint64_t number;

	if (strcmp(value, "all") == 0) {
		opts->bank = BANK_ALL;
		return true;
	}
	if (!text_parse_number(value, 999, &number))
		return false;
	opts->bank = (int)number;
	return true;
}

static bool parse_verify(struct backup_opts *opts, const char *value)
{
	for (size_t i = 0; i < COUNT(verify_names); i++)
		if (strcmp(value, verify_names[i]) == 0) {
			opts->verify = (enum backup_verify)i;
			return true;
		}
	return false;
}

static bool parse_extent(uint64_t *out, const char *value)
{
	return text_parse_size(value, out) && *out > 0;
}

static bool parse_value(struct backup_opts *opts, int option, const char *value)
{
	switch (option) {
	case OPT_BANK:
		return parse_bank(opts, value);
	case OPT_OFFSET:
		return text_parse_size(value, &opts->offset);
	case OPT_LENGTH:
		return parse_extent(&opts->length, value);
	case OPT_SIZE:
		return parse_extent(&opts->size, value);
	case OPT_VERIFY:
		return parse_verify(opts, value);
	case OPT_AFTER:
		return visit_parse_after(&opts->after, value);
	default:
		opts->force = true;
		return true;
	}
}

static bool take_own(void *arg, int option, const char *value)
{
	struct parsing *p = arg;

	if (parse_value(p->opts, option, value))
		return true;
	cli_fail(p->cli, CLI_USAGE, "--help lists what can be said.",
		 "--%s does not take \"%s\".", options[option - OPT_BANK].name, value);
	return false;
}

bool backup_parse(struct backup_opts *opts, struct cli *cli, int argc, char **argv)
{
	struct parsing parsing = { opts, cli };
	const struct cli_syntax syntax = {
		.options = options, .help = help, .operands = 1, .own = take_own, .arg = &parsing
	};

	if (!cli_parse(cli, argc, argv, &syntax))
		return false;
	opts->file = argv[optind];
	if (opts->file && opts->file[0] == '\0') {
		cli_fail(cli, CLI_USAGE, "", "The name of FILE is empty.");
		return false;
	}
	if (opts->bank == BANK_ALL && (opts->offset || opts->length || opts->size)) {
		cli_fail(cli, CLI_USAGE, "Give the number of one bank.",
			 "--offset, --length and --size do not go with --bank all.");
		return false;
	}
	return true;
}
