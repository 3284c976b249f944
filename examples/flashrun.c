/* SPDX-License-Identifier: MIT */
/*
 * A run that brings an image into flash:
 *
 *     connected -> (flashrun_unprotect.c) -> flashed
 *
 * The library does the work in one call; here is what a person wants around it: which board it is,
 * a backup in a file before anything is erased, progress, and Ctrl-C that leaves a whole firmware.
 */
#include "flashrun.h"

#include <stdlib.h>
#include <string.h>

#include "imagefile.h"
#include "text.h"

void flashrun_leave(struct flashrun *run)
{
	progress_clear(&run->session.progress);
	session_close(&run->session);
}

void flashrun_expect(struct flashrun *run, int err)
{
	if (err == STMFW_OK)
		return;
	cli_fail(&run->cli, cli_exit_of(err), "", "Cannot go on: %s.", stmfw_strerror(err));
	flashrun_leave(run);
}

bool flashrun_went_well(struct flashrun *run, const char *doing, const stmfw_result *res)
{
	if (run->session.signal == 0 && res->status == STMFW_OK)
		return true;
	char who[256];

	board_describe(&run->board, &run->cli, who, sizeof(who));
	if (run->session.signal != 0)
		session_stopped(&run->session, doing, who);
	else
		board_failed(&run->board, &run->cli, doing, res);
	return false;
}

/* ---- which board ------------------------------------------------------------------------- */

static int on_chip(stmfw_client *c, const stmfw_chip *chip, void *arg)
{
	struct flashrun *run = arg;
	char who[256];

	(void)c;
	board_learn(&run->board, chip);
	board_describe(&run->board, &run->cli, who, sizeof(who));
	if (chip->rdp == STMFW_RDP_1 || chip->rdp == STMFW_RDP_2) {
		cli_fail(&run->cli, CLI_PROTECTED,
			 chip->rdp == STMFW_RDP_1
				 ? run->if_protected
				 : "This protection is for ever.",
			 "Read protection is on (RDP level %d): nobody can read or change this "
			 "chip's firmware. (%s.)",
			 (int)chip->rdp, who);
		return 1;
	}
	cli_say(&run->cli, "%s", who);
	if (run->check && !run->check(run))
		return 1;
	run->board.state = BOARD_UNKNOWN; /* it will be reset now */
	return 0;
}

/* ---- the backup -------------------------------------------------------------------------- */

static bool begin_saved(struct flashrun *run, const stmfw_bank *bank, struct image *image)
{
	*image = (struct image){ .bank = bank->number, .base = bank->base, .length = bank->size };
	snprintf(image->name, sizeof(image->name), "%s", bank->name);
	snprintf(image->driver, sizeof(image->driver), "%s", bank->driver);
	snprintf(image->target, sizeof(image->target), "%s", bank->target);
	return backup_choose_path(image, &run->backup, &run->board, bank->number != 0, &run->cli);
}

/* Before anything is erased: no good backup, no erase. */
static int save_backup(stmfw_client *c, const stmfw_bank *bank, const uint8_t *data, size_t length,
		       void *arg)
{
	struct flashrun *run = arg;
	struct image *more = realloc(run->saved, (run->saved_count + 1) * sizeof(*more));

	if (!more) {
		cli_fail(&run->cli, CLI_INTERNAL, "", "Out of memory.");
		return 1;
	}
	run->saved = more;
	struct image *image = &run->saved[run->saved_count];
	if (!begin_saved(run, bank, image))
		return 1;
	image->data = malloc(length);
	if (image->data)
		memcpy(image->data, data, length);
	bool ok = image->data && digest_sha256(image->sha256, data, length);
	if (ok) {
		image->verdict = dump_check(data, length);
		ok = backup_save(image, &run->backup, &run->board, stmfw_client_server(c), &run->cli);
	}
	free(image->data);
	image->data = NULL;
	progress_clear(&run->session.progress);
	if (!ok) {
		free(image->path);
		cli_fail(&run->cli, CLI_INTERNAL, "", "Out of memory.");
		return 1;
	}
	run->saved_count++;
	cli_say(&run->cli, "The old content of bank %u is saved in \"%s\".", bank->number, image->path);
	return 0;
}

/* ---- flashing ---------------------------------------------------------------------------- */

static const char nothing_yet[] = "Stopping; nothing has been changed yet.";
static const char putting_back[] =
	"Stopping where the flash can be made whole: the old content will be put back. Ctrl-C again "
	"stops at once and may leave a mixture.";
static const char proving[] =
	"All is written and is being proven: that will end by itself. Ctrl-C again stops at once, and "
	"then it is not known what the flash holds.";
static const char back_already[] =
	"The old content is being put back already. Ctrl-C again stops at once and may leave a mixture.";

/* What Ctrl-C would lead to from here on. */
static void choose_words(struct flashrun *run, const char *step)
{
	if (strcmp(step, "erase") == 0 || strcmp(step, "write") == 0)
		run->session.stop_words = putting_back;
	else if (strcmp(step, "prove") == 0)
		run->session.stop_words = proving;
	else if (strcmp(step, "restore") == 0)
		run->session.stop_words = back_already;
}

static void on_progress(stmfw_client *c, const stmfw_progress *p, void *arg)
{
	struct flashrun *run = arg;

	(void)c;
	choose_words(run, p->step);
	if (strcmp(p->step, "write") == 0)
		run->shown = p->done;
	/* Erasing and writing take turns. For people they are one thing. */
	if (strcmp(p->step, "erase") == 0 && run->to_write && !run->cli.json)
		progress_show(&run->session.progress, "write", run->shown, run->to_write);
	else
		progress_show(&run->session.progress, p->step, p->done, p->total);
}

static int on_plan(stmfw_client *c, const stmfw_plan *plan, void *arg)
{
	struct flashrun *run = arg;

	(void)c;
	progress_clear(&run->session.progress);
	flashrun_show_plan(run, plan);
	if (!(run->opts.flags & STMFW_FLASH_DRY_RUN))
		run->session.stop_words = putting_back;
	return 0;
}

/* After a failure: what is the chip doing? */
static void looked(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct flashrun *run = arg;
	size_t running = 0, halted = 0, others = 0;

	(void)c;
	for (size_t i = 0; res->status == STMFW_OK && i < res->count; i++) {
		const stmfw_target *t = &res->targets[i];

		running += t->examined && t->state == STMFW_TARGET_RUNNING;
		halted += t->examined && t->state == STMFW_TARGET_HALTED;
		others += t->examined && t->state != STMFW_TARGET_RUNNING &&
			  t->state != STMFW_TARGET_HALTED;
	}
	run->board.state = others || (running > 0) == (halted > 0) ? BOARD_UNKNOWN :
			   running				   ? BOARD_RUNNING :
								     BOARD_HALTED;
	flashrun_leave(run);
}

static void flashed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct flashrun *run = arg;
	bool ok = res->status == STMFW_OK;

	progress_clear(&run->session.progress);
	flashrun_keep_report(run, res->flash);
	run->elapsed_ms = res->elapsed_ms;
	if (ok)
		session_completed(&run->session);
	if (ok)
		run->board.state = run->opts.after == STMFW_AFTER_RUN ? BOARD_RUNNING : BOARD_HALTED;
	if (run->cli.exit == CLI_OK)
		flashrun_went_well(run, run->doing, res);
	bool touched = run->board.state != BOARD_UNTOUCHED || res->status == STMFW_ETARGET;
	if (ok || !touched || !stmfw_client_is_connected(c) ||
	    stmfw_targets(c, looked, run, NULL) != STMFW_OK)
		flashrun_leave(run);
}

void flashrun_flash(struct flashrun *run)
{
	run->opts.size = sizeof(run->opts);
	run->opts.image = run->image;
	run->opts.chip = on_chip;
	run->opts.backup = run->backup.file ? save_backup : NULL;
	run->opts.plan = on_plan;
	run->opts.progress = on_progress;
	run->opts.arg = run;
	run->session.stop_words = nothing_yet;
	run->session.patience_ms = 0; /* putting back takes as long as it takes */
	flashrun_expect(run, stmfw_flash(run->session.client, &run->opts, flashed, run, &run->session.op));
}

/* ---- begin and end ----------------------------------------------------------------------- */

/* To tell what --unlock does. If it cannot be seen now, stmfw_flash() will say why, or do without. */
static void protection_seen(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct flashrun *run = arg;
	size_t count = res->status == STMFW_OK ? res->banks[0].sector_count : 0;

	if (run->session.signal != 0 || !stmfw_client_is_connected(c)) {
		flashrun_went_well(run, "see which sectors are write protected", res);
		flashrun_leave(run);
		return;
	}
	run->sectors = calloc(count + 1, sizeof(*run->sectors));
	if (run->sectors && count) {
		memcpy(run->sectors, res->banks[0].sectors, count * sizeof(*run->sectors));
		run->sector_count = count;
	}
	flashrun_flash(run);
}

static void connected(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct flashrun *run = arg;

	if (!flashrun_went_well(run, "connect", res))
		flashrun_leave(run);
	else if (run->unprotect == UNPROTECT_ASKED)
		flashrun_unprotect(run);
	else if (run->opts.flags & STMFW_FLASH_UNLOCK)
		flashrun_expect(run, stmfw_bank_info(c, run->opts.bank, 0, protection_seen, run,
						     &run->session.op));
	else
		flashrun_flash(run);
}

bool flashrun_parse_after(enum stmfw_after *after, const char *value)
{
	*after = strcmp(value, "halt") == 0 ? STMFW_AFTER_HALT : STMFW_AFTER_RUN;
	return strcmp(value, "halt") == 0 || strcmp(value, "run") == 0 ||
	       strcmp(value, "reset") == 0;
}

bool flashrun_load(struct flashrun *run, const char *path, const stmfw_image_opts *opts)
{
	run->path = path;
	if (imagefile_load(&run->image, path, opts, &run->cli))
		return true;
	cli_add(&run->cli, "The board was not touched.");
	return false;
}

int flashrun_main(struct flashrun *run)
{
	if (session_open(&run->session, &run->cli)) {
		run->session.stop_words = nothing_yet;
		cli_begin(&run->cli);
		session_run(&run->session, connected, run);
	}
	int code = flashrun_report(run);
	for (size_t i = 0; i < run->saved_count; i++) {
		free(run->saved[i].path);
		json_decref(run->saved[i].manifest);
	}
	free(run->saved);
	free(run->sectors);
	free(run->numbers);
	free(run->banks);
	json_decref(run->open);
	stmfw_image_free(run->image);
	return code;
}
