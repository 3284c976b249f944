/* SPDX-License-Identifier: MIT */
/*
 * stmfw-restore: put a backup of stmfw-backup (or stmfw-flash --backup) back, on the right board.
 *
 * The manifest beside the file says of which chip it is and what its digest must be. All of that
 * is checked before the chip is touched; the board itself before anything is erased.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flashrun.h"
#include "jsonl.h"
#include "text.h"

static const char help[] =
	"Usage: stmfw-restore [OPTION...] BACKUP\n"
	"Puts a backup back into the chip's flash, exactly as it was, and proves it.\n"
	"BACKUP.json must be beside it. Digest, kind of chip and unique id must agree.\n"
	"\n"
	"  --other-board          put it into a board with another unique id\n"
	"  --force                restore a backup that looks wrong (such as all FF)\n"
	"  --full                 erase and write every sector, even if nothing differs\n"
	"  --dry-run              show the plan and stop; nothing is erased or written\n"
	"  --unlock               remove the write protection of sectors that must change\n"
	"  --after run|halt       let it run (default) or leave it halted\n" CLI_TRANSFER_HELP
	CLI_HELP;

enum {
	OPT_OTHER_BOARD = CLI_OWN,
	OPT_FORCE,
	OPT_FULL,
	OPT_DRY_RUN,
	OPT_UNLOCK,
	OPT_AFTER
};

static const struct option options[] = { { "other-board", no_argument, NULL, OPT_OTHER_BOARD },
					 { "force", no_argument, NULL, OPT_FORCE },
					 { "full", no_argument, NULL, OPT_FULL },
					 { "dry-run", no_argument, NULL, OPT_DRY_RUN },
					 { "unlock", no_argument, NULL, OPT_UNLOCK },
					 { "after", required_argument, NULL, OPT_AFTER },
					 CLI_TRANSFER_OPTION,
					 CLI_LONG_OPTIONS };

struct restore {
	struct flashrun run; /* first */
	bool other_board, force;
	/* From the manifest. */
	char uid[25], family[64], sha256[DIGEST_TEXT], content[16];
	uint64_t device_id, base, offset, length;
};

/* ---- the command line -------------------------------------------------------------------- */

static bool take_own(void *arg, int option, const char *value)
{
	struct restore *r = arg;

	switch (option) {
	case OPT_OTHER_BOARD:
		return r->other_board = true;
	case OPT_FORCE:
		return r->force = true;
	case OPT_FULL:
		return r->run.opts.flags |= STMFW_FLASH_FULL;
	case OPT_DRY_RUN:
		return r->run.opts.flags |= STMFW_FLASH_DRY_RUN;
	case OPT_UNLOCK:
		return r->run.opts.flags |= STMFW_FLASH_UNLOCK;
	default:
		break;
	}
	if (flashrun_parse_after(&r->run.opts.after, value))
		return true;
	cli_fail(&r->run.cli, CLI_USAGE, "--help lists what can be said.",
		 "--after does not take \"%s\".", value);
	return false;
}

/* ---- the manifest ------------------------------------------------------------------------ */

static bool bad_manifest(struct restore *r, const char *path, const char *why)
{
	cli_fail(&r->run.cli, CLI_FILE,
		 "A file without a manifest can be written with stmfw-flash, which asks for less.",
		 "\"%s\": %s. The board was not touched.", path, why);
	return false;
}

static bool take_text(const json_t *object, const char *key, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	snprintf(out, size, "%s", text ? text : "");
	return text != NULL;
}

/* A number, or text such as "0x08000000". */
static bool take_number(const json_t *object, const char *key, uint64_t *out)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_string(value))
		return text_parse_size(json_string_value(value), out);
	*out = json_is_integer(value) ? (uint64_t)json_integer_value(value) : 0;
	return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool take_manifest(struct restore *r, const json_t *manifest)
{
	const json_t *chip = json_object_get(manifest, "chip");
	const json_t *flash = json_object_get(manifest, "flash");
	uint64_t bank;

	take_text(chip, "uid", r->uid, sizeof(r->uid)); /* some chips have none */
	take_text(chip, "family", r->family, sizeof(r->family));
	if (!take_text(manifest, "sha256", r->sha256, sizeof(r->sha256)) ||
	    !take_text(manifest, "content", r->content, sizeof(r->content)) ||
	    !take_number(chip, "device_id", &r->device_id) ||
	    !take_number(flash, "base", &r->base) || !take_number(flash, "offset", &r->offset) ||
	    !take_number(flash, "size", &r->length) || !take_number(flash, "bank", &bank) ||
	    bank > 999)
		return false;
	r->run.opts.bank = (unsigned int)bank;
	return true;
}

/* There must be two files. Who names the manifest means the file beside it. */
static bool is_there(struct restore *r, const char *file, const char *path)
{
	char plain[PATH_MAX], advice[PATH_MAX + 64] = "";
	size_t n = strlen(file);

	if (n > 5 && n < sizeof(plain) && strcmp(file + n - 5, ".json") == 0) {
		snprintf(plain, sizeof(plain), "%.*s", (int)(n - 5), file);
		if (access(plain, F_OK) == 0) {
			snprintf(advice, sizeof(advice), "Say: stmfw-restore %s", plain);
			cli_fail(&r->run.cli, CLI_FILE, advice,
				 "\"%s\" is the manifest, not the backup. The board was not touched.",
				 file);
			return false;
		}
	}
	if (access(file, F_OK) != 0) {
		cli_fail(&r->run.cli, CLI_FILE, "",
			 "\"%s\": there is no such backup. The board was not touched.", file);
		return false;
	}
	return access(path, F_OK) == 0 || bad_manifest(r, path, "the manifest is missing");
}

static bool read_manifest(struct restore *r, const char *file)
{
	char path[PATH_MAX], why[256];
	json_error_t error;

	if (snprintf(path, sizeof(path), "%s.json", file) >= (int)sizeof(path))
		return bad_manifest(r, file, "the name is too long");
	if (!is_there(r, file, path))
		return false;
	json_t *manifest = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!manifest && error.line < 0)
		return bad_manifest(r, path, "the manifest cannot be read");
	if (!manifest) {
		snprintf(why, sizeof(why), "this is no manifest of stmfw-backup (line %d: %s)",
			 error.line, error.text);
		return bad_manifest(r, path, why);
	}
	bool ok = take_manifest(r, manifest);
	json_decref(manifest);
	return ok || bad_manifest(r, path, "this is no manifest of stmfw-backup");
}

/* ---- is it the backup that it says it is? ------------------------------------------------ */

static bool is_intact(struct restore *r, const char *file)
{
	size_t count;
	const stmfw_range *range = stmfw_image_ranges(r->run.image, &count);
	char sha256[DIGEST_TEXT];

	if (!digest_sha256(sha256, range->data, (size_t)range->length)) {
		cli_fail(&r->run.cli, CLI_INTERNAL, "", "SHA-256 could not be calculated.");
		return false;
	}
	if (range->length == r->length && strcmp(sha256, r->sha256) == 0)
		return true;
	cli_fail(&r->run.cli, CLI_VERIFY, "Look for an intact copy.",
		 "\"%s\" is not what was backed up: it has %llu bytes with SHA-256 %s, the manifest "
		 "says %llu and %s. The board was not touched.",
		 file, (unsigned long long)range->length, sha256, (unsigned long long)r->length,
		 r->sha256);
	return false;
}

static bool is_plausible(struct restore *r, const char *file)
{
	if (r->force || strcmp(r->content, "plausible") == 0)
		return true;
	cli_fail(&r->run.cli, CLI_SUSPECT, "--force restores it all the same.",
		 "\"%s\" does not look like firmware (%s). The board was not touched.", file,
		 r->content);
	return false;
}

static bool load(struct restore *r, const char *file)
{
	stmfw_image_opts opts = STMFW_INIT(stmfw_image_opts);

	if (!read_manifest(r, file))
		return false;
	opts.type = STMFW_IMAGE_BIN;
	opts.has_base = 1;
	opts.base = r->base + r->offset;
	return flashrun_load(&r->run, file, &opts) && is_intact(r, file) && is_plausible(r, file);
}

/* ---- is it the right board? -------------------------------------------------------------- */

static bool is_right_board(struct flashrun *run)
{
	const struct restore *r = (const struct restore *)run;
	const struct board *board = &run->board;

	if (board->device_id != r->device_id) {
		cli_fail(&run->cli, CLI_BOARD, "",
			 "The backup is of another kind of chip (%s, id 0x%03x); this is %s, id "
			 "0x%03x.", r->family, (unsigned int)r->device_id, board->family,
			 board->device_id);
		return false;
	}
	if (strcmp(board->uid, r->uid) == 0 || r->other_board)
		return true;
	cli_fail(&run->cli, CLI_BOARD, "If you mean this board, repeat with --other-board.",
		 "The backup is of another board (UID %s); this one is %s.",
		 r->uid[0] ? r->uid : "unknown", board->uid[0] ? board->uid : "unknown");
	return false;
}

int main(int argc, char **argv)
{
	struct restore r = { .run = { .check = is_right_board,
				      .doing = "restore the backup",
				      .repair = "stmfw-restore BACKUP, again",
				      .if_protected = "To restore it, the protection must be "
						      "removed, which ERASES everything on it: "
						      "stmfw-protect unlock --yes --erase-chip; "
						      "then repeat this." } };
	const struct cli_syntax syntax = {
		.options = options, .help = help, .operands = 1, .own = take_own, .arg = &r
	};

	cli_init(&r.run.cli, "stmfw-restore");
	if (!cli_parse(&r.run.cli, argc, argv, &syntax))
		return cli_end(&r.run.cli, cli_end_object(&r.run.cli));
	if (optind >= argc)
		cli_fail(&r.run.cli, CLI_USAGE, "--help shows how it is called.", "Which backup?");
	else if (load(&r, argv[optind]))
		return flashrun_main(&r.run);
	stmfw_image_free(r.run.image);
	return cli_end(&r.run.cli, cli_end_object(&r.run.cli));
}
