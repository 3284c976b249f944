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
	if (run->session.signal != 0)
		session_stopped(&run->session, doing);
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
				 ? "To program it, the protection must be removed, which ERASES "
				   "everything on it: stmfw-flash --unprotect does both."
				 : "This protection is for ever.",
			 "Read protection is on (RDP level %d): nobody can read or change this "
			 "chip's firmware. (%s.)",
			 (int)chip->rdp, who);
		return 1;
	}
	cli_say(&run->cli, "%s", who);
	return !run->check || run->check(run) ? 0 : 1;
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

static void on_progress(stmfw_client *c, const stmfw_progress *p, void *arg)
{
	struct flashrun *run = arg;

	(void)c;
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
	return 0;
}

static void flashed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct flashrun *run = arg;

	(void)c;
	progress_clear(&run->session.progress);
	flashrun_keep_report(run, res->flash);
	run->elapsed_ms = res->elapsed_ms;
	if (res->status == STMFW_OK)
		run->session.signal = 0; /* it came too late to change anything */
	if (run->cli.exit == CLI_OK)
		flashrun_went_well(run, run->doing, res);
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
	run->session.stop_words = "Stopping where the flash can be made whole: the old content will be "
				  "put back. Ctrl-C again stops at once and may leave a mixture.";
	run->session.patience_ms = 0; /* putting back takes as long as it takes */
	flashrun_expect(run, stmfw_flash(run->session.client, &run->opts, flashed, run, &run->session.op));
}

/* ---- begin and end ----------------------------------------------------------------------- */

static void connected(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct flashrun *run = arg;

	(void)c;
	if (!flashrun_went_well(run, "connect", res))
		flashrun_leave(run);
	else if (run->unprotect == UNPROTECT_ASKED)
		flashrun_unprotect(run);
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
		cli_begin(&run->cli);
		session_run(&run->session, connected, run);
	}
	int code = flashrun_report(run);
	for (size_t i = 0; i < run->saved_count; i++) {
		free(run->saved[i].path);
		json_decref(run->saved[i].manifest);
	}
	free(run->saved);
	free(run->numbers);
	free(run->banks);
	json_decref(run->open);
	stmfw_image_free(run->image);
	return code;
}
