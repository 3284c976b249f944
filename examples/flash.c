/* SPDX-License-Identifier: MIT */
/* stmfw-flash: bring a firmware image into a chip's flash, proven. Here is its command line. */
#include <string.h>

#include "flashrun.h"
#include "imagefile.h"
#include "text.h"

static const char help[] =
	"Usage: stmfw-flash [OPTION...] IMAGE\n"
	"Writes IMAGE (ELF, Intel HEX, S-record, binary) into flash and proves it. Only\n"
	"sectors that differ are erased. After a failure or Ctrl-C the old is put back.\n"
	"\n"
	"  --address N            where a binary begins; default: the start of the bank\n"
	"  --bank N               flash bank of a binary without address; default 0\n"
	"  --type bin|hex|srec|elf  do not guess it from the content\n"
	"  --backup FILE          save the bank first; --force: replace FILE if it exists\n"
	"  --keep                 write back what lies around the image in its sectors\n"
	"  --full                 erase and write every sector, even if nothing differs\n"
	"  --dry-run              show the plan and stop; nothing is erased or written\n"
	"  --unlock               remove the write protection of sectors that must change\n"
	"  --unprotect            remove read protection (ERASES THE CHIP), then flash\n"
	"  --after run|halt       let it run (default) or leave it halted\n" CLI_TRANSFER_HELP
	CLI_HELP;

enum {
	OPT_ADDRESS = CLI_OWN,
	OPT_BANK,
	OPT_TYPE,
	OPT_BACKUP,
	OPT_FORCE,
	OPT_KEEP,
	OPT_FULL,
	OPT_DRY_RUN,
	OPT_UNLOCK,
	OPT_UNPROTECT,
	OPT_AFTER
};

static const struct option options[] = { { "address", required_argument, NULL, OPT_ADDRESS },
					 { "bank", required_argument, NULL, OPT_BANK },
					 { "type", required_argument, NULL, OPT_TYPE },
					 { "backup", required_argument, NULL, OPT_BACKUP },
					 { "force", no_argument, NULL, OPT_FORCE },
					 { "keep", no_argument, NULL, OPT_KEEP },
					 { "full", no_argument, NULL, OPT_FULL },
					 { "dry-run", no_argument, NULL, OPT_DRY_RUN },
					 { "unlock", no_argument, NULL, OPT_UNLOCK },
					 { "unprotect", no_argument, NULL, OPT_UNPROTECT },
					 { "after", required_argument, NULL, OPT_AFTER },
					 CLI_TRANSFER_OPTION,
					 CLI_LONG_OPTIONS };

struct parsing {
	struct flashrun *run;
	stmfw_image_opts image;
};

static bool parse_bank(unsigned int *bank, const char *value)
{
	uint64_t number;

	if (!text_parse_number(value, 999, &number))
		return false;
	*bank = (unsigned int)number;
	return true;
}

static bool parse_value(struct parsing *p, int option, const char *value)
{
	stmfw_flash_opts *o = &p->run->opts;

	switch (option) {
	case OPT_ADDRESS:
		p->image.has_base = 1;
		return text_parse_size(value, &p->image.base);
	case OPT_BANK:
		return parse_bank(&o->bank, value);
	case OPT_TYPE:
		return imagefile_parse_type(&p->image.type, value);
	case OPT_BACKUP:
		p->run->backup.file = value;
		return value[0] != '\0';
	case OPT_AFTER:
		return flashrun_parse_after(&o->after, value);
	default:
		return false;
	}
}

static bool parse_flag(struct flashrun *run, int option)
{
	switch (option) {
	case OPT_FORCE:
		return run->backup.force = true;
	case OPT_KEEP:
		return run->opts.flags |= STMFW_FLASH_KEEP;
	case OPT_FULL:
		return run->opts.flags |= STMFW_FLASH_FULL;
	case OPT_DRY_RUN:
		return run->opts.flags |= STMFW_FLASH_DRY_RUN;
	case OPT_UNLOCK:
		return run->opts.flags |= STMFW_FLASH_UNLOCK;
	case OPT_UNPROTECT:
		run->unprotect = UNPROTECT_ASKED;
		return true;
	default:
		return false;
	}
}

static bool take_own(void *arg, int option, const char *value)
{
	struct parsing *p = arg;

	if (value ? parse_value(p, option, value) : parse_flag(p->run, option))
		return true;
	cli_fail(&p->run->cli, CLI_USAGE, "--help lists what can be said.",
		 "--%s does not take \"%s\".", options[option - CLI_OWN].name, value ? value : "");
	return false;
}

static bool options_agree(struct flashrun *run)
{
	if (!run->unprotect || !run->backup.file)
		return true;
	cli_fail(&run->cli, CLI_USAGE, "Decide for one of them.",
		 "--backup and --unprotect: what is read protected cannot be saved.");
	return false;
}

int main(int argc, char **argv)
{
	struct flashrun run = { .doing = "flash it",
				.repair = "stmfw-flash IMAGE",
				.if_protected =
					"To program it, the protection must be removed, which "
					"ERASES everything on it: stmfw-flash --unprotect "
					"does both." };
	struct parsing p = { .run = &run, .image = STMFW_INIT(stmfw_image_opts) };
	const struct cli_syntax syntax = {
		.options = options, .help = help, .operands = 1, .own = take_own, .arg = &p
	};

	cli_init(&run.cli, "stmfw-flash");
	if (!cli_parse(&run.cli, argc, argv, &syntax))
		return cli_end(&run.cli, cli_end_object(&run.cli));
	if (optind >= argc)
		cli_fail(&run.cli, CLI_USAGE, "--help shows how it is called.", "Which image?");
	else if (options_agree(&run) && flashrun_load(&run, argv[optind], &p.image)) {
		run.backup.spare = run.path;
		/* A backup that could not be saved is better known before the chip is halted. */
		if (!run.backup.file || backup_may_be_made(run.backup.file, &run.backup, &run.cli))
			return flashrun_main(&run);
	}
	stmfw_image_free(run.image);
	return cli_end(&run.cli, cli_end_object(&run.cli));
}
