/* SPDX-License-Identifier: MIT */
/*
 * stmfw-compare: is this firmware what the chip holds, or the other file? And if not, why not?
 *
 * The library explains the difference; here are the command line and the comparison of two files.
 */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

#include "imagefile.h"
#include "text.h"

static const char help[] =
	"Usage: stmfw-compare [OPTION...] FILE          with a chip\n"
	"       stmfw-compare [OPTION...] FILE FILE2    without one\n"
	"Compares firmware (ELF, Intel HEX, S-record, binary) and, if it differs, says\n"
	"why: longer, shifted, swapped, blank, gaps, protected sectors, an unstable\n"
	"connection. The chip is reset and halted meanwhile. Nothing is written to it.\n"
	"\n"
	"  --address N            where a binary begins; default: the start of the bank,\n"
	"                         or of the other file\n"
	"  --bank N               that bank; default 0\n"
	"  --type bin|hex|srec|elf  of FILE; do not guess it from the content\n"
	"  --type2 ...            of FILE2\n"
	"  --after run            then let the firmware start as after a reset (default);\n"
	"          reset          the same, by a reset in any case; halt: leave it halted\n" CLI_TRANSFER_HELP
	CLI_HELP
	"0: every byte of FILE is there. What is around it does not count, but is told.\n";

enum { OPT_ADDRESS = CLI_OWN, OPT_BANK, OPT_TYPE, OPT_TYPE2, OPT_AFTER };

static const struct option options[] = { { "address", required_argument, NULL, OPT_ADDRESS },
					 { "bank", required_argument, NULL, OPT_BANK },
					 { "type", required_argument, NULL, OPT_TYPE },
					 { "type2", required_argument, NULL, OPT_TYPE2 },
					 { "after", required_argument, NULL, OPT_AFTER },
					 CLI_TRANSFER_OPTION,
					 CLI_LONG_OPTIONS };

/* ---- the command line -------------------------------------------------------------------- */

struct parsing {
	struct compare *compare;
	bool has_address;
	uint64_t address;
};

static bool parse_value(struct parsing *p, int option, const char *value)
{
	struct compare *c = p->compare;
	uint64_t number;

	switch (option) {
	case OPT_ADDRESS:
		p->has_address = true;
		return text_parse_size(value, &p->address);
	case OPT_BANK:
		if (!text_parse_number(value, 999, &number))
			return false;
		c->bank = (unsigned int)number;
		return true;
	case OPT_TYPE:
		return imagefile_parse_type(&c->file.opts.type, value);
	case OPT_TYPE2:
		return imagefile_parse_type(&c->other.opts.type, value);
	default:
		return visit_parse_after(&c->visit.after, value);
	}
}

static bool take_own(void *arg, int option, const char *value)
{
	struct parsing *p = arg;

	if (parse_value(p, option, value))
		return true;
	cli_fail(&p->compare->visit.cli, CLI_USAGE, "--help lists what can be said.",
		 "--%s does not take \"%s\".", options[option - CLI_OWN].name, value);
	return false;
}

static bool parse(struct parsing *p, int argc, char **argv)
{
	struct compare *c = p->compare;
	const struct cli_syntax syntax = {
		.options = options, .help = help, .operands = 2, .own = take_own, .arg = p
	};

	if (!cli_parse(&c->visit.cli, argc, argv, &syntax))
		return false;
	if (optind >= argc) {
		cli_fail(&c->visit.cli, CLI_USAGE, "--help shows how it is called.", "Which file?");
		return false;
	}
	c->file.path = argv[optind];
	c->other.path = argv[optind + 1]; /* or NULL */
	if (c->other.path || !c->other.opts.type)
		return true;
	cli_fail(&c->visit.cli, CLI_USAGE, "", "--type2 is about FILE2, and there is none.");
	return false;
}

/* ---- the sides --------------------------------------------------------------------------- */

static void name_side(struct side *side, const char *label)
{
	char plain[256];

	side->label = label;
	if (side->path)
		snprintf(side->quoted, sizeof(side->quoted), "\"%s\"",
			 text_harmless(plain, sizeof(plain), side->path));
	else
		snprintf(side->quoted, sizeof(side->quoted), "the flash");
}

static bool load(struct compare *c, struct side *side)
{
	return imagefile_load(&side->image, side->path, &side->opts, &c->visit.cli);
}

/* --address is for binaries; who gives it for another file is mistaken about one of them. */
static bool apply_address(struct parsing *p)
{
	struct compare *c = p->compare;
	struct side *sides[] = { &c->file, &c->other };
	bool is_used = false;

	for (size_t i = 0; i < 2; i++) {
		struct side *side = sides[i];

		if (!side->image || stmfw_image_type_of(side->image) != STMFW_IMAGE_BIN)
			continue;
		stmfw_image_free(side->image);
		side->image = NULL;
		side->opts.type = STMFW_IMAGE_BIN;
		side->opts.has_base = 1;
		side->opts.base = p->address;
		if (!load(c, side))
			return false;
		is_used = true;
	}
	if (!is_used)
		cli_fail(&c->visit.cli, CLI_USAGE, "Leave --address out.",
			 "%s has addresses of its own.", c->file.quoted);
	return is_used;
}

static bool load_files(struct parsing *p)
{
	struct compare *c = p->compare;

	name_side(&c->file, "file");
	name_side(&c->other, c->other.path ? "file2" : "flash");
	if (!load(c, &c->file) || (c->other.path && !load(c, &c->other)))
		return false;
	return !p->has_address || apply_address(p);
}

bool compare_place(struct compare *c, struct side *side, uint64_t base)
{
	const stmfw_range *ranges = stmfw_image_ranges(side->image, &side->count);

	side->ranges = malloc(side->count * sizeof(*ranges));
	if (!side->ranges) {
		cli_fail(&c->visit.cli, CLI_INTERNAL, "", "Out of memory.");
		return false;
	}
	memcpy(side->ranges, ranges, side->count * sizeof(*ranges));
	if (!stmfw_image_is_placed(side->image))
		side->ranges[0].address = base;
	return true;
}

/* ---- comparing --------------------------------------------------------------------------- */

bool compare_sides(struct compare *c)
{
	stmfw_compare_opts o = STMFW_INIT(stmfw_compare_opts);
	stmfw_range *again = calloc(c->reread_count + 1, sizeof(*again));
	stmfw_bank *banks = calloc(c->copy_count + 1, sizeof(*banks));
	int err = STMFW_ENOMEM;

	o.expected = c->file.ranges;
	o.expected_count = c->file.count;
	o.found = c->other.ranges;
	o.found_count = c->other.count;
	o.again = again;
	o.again_count = c->reread_count;
	o.banks = banks;
	o.bank_count = c->copy_count;
	o.expected_name = c->file.quoted;
	o.found_name = c->other.quoted;
	for (size_t i = 0; again && i < c->reread_count; i++) {
		const struct reread *r = &c->rereads[i];

		const struct bank_copy *copy = &c->copies[r->copy];

		again[i] = (stmfw_range){ copy->bank.base + r->offset, r->length,
					  copy->again + r->offset };
	}
	for (size_t i = 0; banks && i < c->copy_count; i++)
		banks[i] = c->copies[i].bank;
	stmfw_comparison_free(c->result);
	c->result = NULL;
	if (again && banks)
		err = stmfw_compare(&c->result, &o);
	free(again);
	free(banks);
	if (err)
		cli_fail(&c->visit.cli, cli_exit_of(err), "", "Cannot compare: %s.",
			 stmfw_strerror(err));
	return err == STMFW_OK;
}

/* Where a binary without address belongs: to where the other one begins. */
static uint64_t first_of(const struct side *side)
{
	return stmfw_image_is_placed(side->image) ? stmfw_image_ranges(side->image, NULL)->address
						  : 0;
}

static void compare_files(struct compare *c)
{
	if (compare_place(c, &c->file, first_of(&c->other)) &&
	    compare_place(c, &c->other, first_of(&c->file)))
		compare_sides(c);
}

/* ---- begin and end ----------------------------------------------------------------------- */

static void judge(struct compare *c)
{
	const stmfw_comparison *r = c->result;
	struct cli *cli = &c->visit.cli;

	if (!r)
		return;
	if (cli->exit != CLI_OK) /* letting the chip run again failed, for instance */
		cli_add(cli, "%s", r->text);
	else if (r->agrees)
		snprintf(cli->message, sizeof(cli->message), "%s", r->text);
	else
		cli_fail(cli, r->verdict == STMFW_VERDICT_UNSTABLE ? CLI_VERIFY : CLI_DIFFERS,
			 r->advice, "%s", r->text);
	if (cli->exit == CLI_OK && r->expected_bytes != r->found_bytes)
		cli_add(cli, "Hashes over different lengths always differ.");
}

static int report(struct compare *c)
{
	struct cli *cli = &c->visit.cli;

	for (size_t i = 0; c->result && i < c->other.count; i++)
		if (!c->other.path && c->other.ranges[i].address == BOARD_FLASH &&
		    c->other.ranges[i].length >= BOARD_START_BYTES)
			board_see_start(&c->visit.board, c->other.ranges[i].data);

	judge(c);
	board_add_state(&c->visit.board, cli);
	if (!cli->json && c->result)
		compare_show(c);
	if (cli->exit == CLI_OK)
		cli_say(cli, "%s", cli->message);
	return cli_end(cli, compare_json(c));
}

static void release_side(struct side *side)
{
	free(side->ranges);
	stmfw_image_free(side->image);
}

int main(int argc, char **argv)
{
	struct compare c = { .file.opts = STMFW_INIT(stmfw_image_opts),
			     .other.opts = STMFW_INIT(stmfw_image_opts) };
	struct parsing p = { .compare = &c };

	cli_init(&c.visit.cli, "stmfw-compare");
	if (parse(&p, argc, argv) && load_files(&p)) {
		if (c.other.path)
			compare_files(&c);
		else
			compare_with_chip(&c);
	}
	int code = report(&c);
	stmfw_comparison_free(c.result);
	release_side(&c.file);
	release_side(&c.other);
	compare_release_chip(&c);
	return code;
}
