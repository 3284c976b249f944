/* SPDX-License-Identifier: MIT */
/*
 * stmfw-backup: save a chip's flash in a file, and prove the copy.
 *
 * A visit to the chip (visit.h), in which backup_copy.c copies one bank after the other. What the
 * chip forbids, and files that must not be made, are found out before the chip is touched.
 */
#include "backup.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- before the chip is touched ---------------------------------------------------------- */

static void keep_bank(struct image *image, const stmfw_bank *bank)
{
	image->bank = bank->number;
	snprintf(image->name, sizeof(image->name), "%s", bank->name);
	snprintf(image->driver, sizeof(image->driver), "%s", bank->driver);
	snprintf(image->target, sizeof(image->target), "%s", bank->target);
	image->base = bank->base;
}

/* The banks that were asked for. */
static bool choose_banks(void *arg, const stmfw_bank *banks, size_t count, const char **target)
{
	struct backup *b = arg;

	b->images = calloc(count + 1, sizeof(*b->images));
	if (!b->images) {
		cli_fail(&b->visit.cli, CLI_INTERNAL, "", "Out of memory.");
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (b->opts.bank == BANK_ALL || banks[i].number == (unsigned int)b->opts.bank)
			keep_bank(&b->images[b->count++], &banks[i]);
	if (b->count == 0) {
		visit_no_bank(&b->visit, b->opts.bank, count);
		return false;
	}
	*target = b->images[0].target;
	return true;
}

/* File names need the chip's, so they are made when it is known. */
static bool choose_names(void *arg)
{
	struct backup *b = arg;

	for (size_t i = 0; i < b->count; i++)
		if (!backup_choose_path(&b->images[i], &b->opts, &b->visit.board, b->count > 1,
					&b->visit.cli))
			return false;
	return true;
}

static void look(void *arg)
{
	backup_check_range(arg);
}

static void begin(void *arg)
{
	backup_copy_bank(arg);
}

/* ---- begin and end ----------------------------------------------------------------------- */

static void image_release(struct image *image)
{
	free(image->path);
	free(image->data);
	json_decref(image->manifest);
}

int main(int argc, char **argv)
{
	static const struct visit_work work = {
		.choose = choose_banks, .may_begin = choose_names, .look = look, .begin = begin
	};
	struct backup b = { 0 };
	struct cli *cli = &b.visit.cli;

	cli_init(cli, "stmfw-backup");
	if (!backup_parse(&b.opts, cli, argc, argv))
		return cli_end(cli, cli_end_object(cli));
	b.visit.after = b.opts.after;
	visit_run(&b.visit, &work, &b);
	int code = backup_report(cli, &b.opts, &b.visit.board, b.images, b.count);
	for (size_t i = 0; i < b.count; i++)
		image_release(&b.images[i]);
	free(b.images);
	return code;
}
