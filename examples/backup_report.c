/* SPDX-License-Identifier: MIT */
/* The last words of stmfw-backup: what was saved, what it is worth, how the board is left. */
#include <stdio.h>
#include <string.h>

#include "backup.h"
#include "text.h"

/* Blank one-time-programmable memory is what every new chip has. */
static bool is_suspect(const struct image *image)
{
	return image->verdict.kind == DUMP_REPEATS || image->verdict.kind == DUMP_CONSTANT ||
	       (image->verdict.kind == DUMP_BLANK && !strstr(image->name, "otp"));
}

static void accuse(struct cli *cli, const struct image *image)
{
	char size[TEXT_SHORT], period[TEXT_SHORT];

	text_size(size, image->length);
	if (image->verdict.kind == DUMP_REPEATS)
		cli_fail(cli, CLI_SUSPECT, "Compare with --length, or with a second board.",
			 "Backup saved in \"%s\", BUT one block of %s repeats through all of its "
			 "%s: the chip may have less flash than that, or hide its content.",
			 image->path, text_size(period, image->verdict.period), size);
	else
		cli_fail(cli, CLI_SUSPECT, "Not usable as a restore image.",
			 "Backup saved in \"%s\", BUT all of its %s are %02X: %s is blank, or the "
			 "chip hides its content.",
			 image->path, size, image->verdict.byte,
			 image->is_part ? "this part of the flash" : "the chip");
}

static const char *proof_of(enum backup_verify verify)
{
	switch (verify) {
	case VERIFY_CRC:
		return "proven by the chip's own checksum";
	case VERIFY_REREAD:
		return "read twice with the same result";
	case VERIFY_NONE:
		break;
	}
	return "not verified, as asked";
}

static size_t count_saved(const struct image *images, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += images[i].manifest != NULL;
	return n;
}

static void judge(struct cli *cli, const struct backup_opts *opts, const struct image *images,
		  size_t count)
{
	char size[TEXT_SHORT];

	for (size_t i = 0; i < count; i++)
		if (is_suspect(&images[i]))
			accuse(cli, &images[i]);
	for (size_t i = 0; i < count && cli->exit == CLI_OK; i++)
		cli_add(cli, "Saved %s in \"%s\", %s.", text_size(size, images[i].length),
			images[i].path, proof_of(opts->verify));
}

static void explain(struct cli *cli, const struct board *board, const struct image *images,
		    size_t count)
{
	if (count_saved(images, count) == 0)
		cli_add(cli, "No file was made.");
	for (size_t i = 0; i < count; i++)
		if (images[i].manifest)
			cli_add(cli, "\"%s\" was saved before that.", images[i].path);
	if (board->state != BOARD_UNTOUCHED)
		cli_add(cli, "Nothing was written to the chip.");
}

/* For sha256sum -c. */
static void print_digests(const struct image *images, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (images[i].manifest)
			printf("%s  %s\n", images[i].sha256, images[i].path);
}

static json_t *end_object(const struct cli *cli, const struct image *images, size_t count)
{
	json_t *end = cli_end_object(cli);
	json_t *files = json_array();

	for (size_t i = 0; i < count; i++)
		if (images[i].manifest)
			json_array_append(files, images[i].manifest);
	json_object_set_new(end, "files", files);
	return end;
}

int backup_report(struct cli *cli, const struct backup_opts *opts, const struct board *board,
		  const struct image *images, size_t count)
{
	if (cli->exit == CLI_OK)
		judge(cli, opts, images, count);
	else
		explain(cli, board, images, count);
	board_add_state(board, cli);
	if (!cli->json)
		print_digests(images, count);
	if (cli->exit == CLI_OK)
		cli_say(cli, "%s", cli->message);
	return cli_end(cli, end_object(cli, images, count));
}
