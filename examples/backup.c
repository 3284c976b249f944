/* SPDX-License-Identifier: MIT */
/*
 * stmfw-backup: save a chip's flash in a file, and prove the copy.
 *
 * Each step is a library call whose callback, named for what has been done, begins the next:
 *
 *     connected -> banks_listed -> identified -> halted
 *         -> backup_copy.c for each bank -> leave -> released
 *
 * What the chip forbids, and files that must not be made, are found out before the chip is
 * touched. Whatever goes wrong after that, leave() lets the chip run again if it was asked to,
 * so a callback that finds a failure only has to say so and leave.
 *
 * The firmware always starts as after a reset. As long as nothing has run on the chip since it was
 * reset and halted, a resume does that; the checksum has used some of its RAM, so then it is reset
 * once more.
 */
#include "backup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* ---- leaving: the only way out ----------------------------------------------------------- */

static void released(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	(void)c;
	if (res->status == STMFW_OK)
		b->board.state = BOARD_RUNNING;
	else
		board_failed(&b->board, &b->cli, "let the chip run again", res);
	session_close(&b->session);
}

static bool reset_and_run(struct backup *b)
{
	b->board.state = BOARD_UNKNOWN;
	return stmfw_reset(b->session.client, STMFW_RESET_RUN, released, b, NULL) == STMFW_OK;
}

static void resumed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	if (res->status == STMFW_OK || !reset_and_run(arg))
		released(c, res, arg);
}

/* False: that could not even begin. */
static bool let_run(struct backup *b)
{
	if (b->board.state != BOARD_HALTED || !b->fresh || b->opts.after == AFTER_RESET)
		return reset_and_run(b);
	b->board.state = BOARD_UNKNOWN;
	return stmfw_resume(b->session.client, NULL, resumed, b, NULL) == STMFW_OK;
}

void backup_leave(struct backup *b)
{
	bool halted = b->board.state == BOARD_HALTED || b->board.state == BOARD_UNKNOWN;

	progress_clear(&b->session.progress);
	b->session.op = 0;
	if (halted && b->opts.after != AFTER_HALT && stmfw_client_is_connected(b->session.client) &&
	    let_run(b))
		return;
	session_close(&b->session);
}

void backup_expect(struct backup *b, int err)
{
	if (err == STMFW_OK)
		return;
	cli_fail(&b->cli, cli_exit_of(err), "", "Cannot go on: %s.", stmfw_strerror(err));
	backup_leave(b);
}

bool backup_went_well(struct backup *b, const char *doing, const stmfw_result *res)
{
	if (res->outcome == STMFW_UNKNOWN && b->board.state == BOARD_HALTED)
		b->board.state = BOARD_UNKNOWN;
	if (b->session.signal == 0 && res->status == STMFW_OK)
		return true;
	if (b->session.signal != 0)
		session_stopped(&b->session, doing);
	else
		board_failed(&b->board, &b->cli, doing, res);
	backup_leave(b);
	return false;
}

/* ---- halting ----------------------------------------------------------------------------- */

static const char *target_of(const struct backup *b)
{
	return b->images[0].target[0] ? b->images[0].target : NULL;
}

/* Read protection ends the backup; file names need the chip's, so they are made here. */
static bool may_be_saved(struct backup *b)
{
	char who[256];

	board_describe(&b->board, &b->cli, who, sizeof(who));
	if (b->board.rdp == STMFW_RDP_1 || b->board.rdp == STMFW_RDP_2) {
		cli_fail(&b->cli, CLI_PROTECTED,
			 b->board.rdp == STMFW_RDP_1 ? "Removing the protection erases the chip." :
						       "This protection is for ever.",
			 "Read protection is on (RDP level %d): this chip's firmware cannot be "
			 "read by anyone. (%s.)",
			 (int)b->board.rdp, who);
		return false;
	}
	cli_say(&b->cli, "%s", who);
	for (size_t i = 0; i < b->count; i++)
		if (!backup_choose_path(&b->images[i], &b->opts, &b->board, b->count > 1, &b->cli))
			return false;
	return true;
}

static void identified_halted(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	(void)c;
	if (!backup_went_well(b, "identify the chip", res))
		return;
	board_learn(&b->board, res->chip);
	if (may_be_saved(b))
		backup_copy_bank(b);
	else
		backup_leave(b);
}

static void halted(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	if (!backup_went_well(b, "reset and halt the chip", res))
		return;
	b->board.state = BOARD_HALTED;
	b->fresh = res->count == 1; /* a reset is about all targets, a resume about one */
	if (b->board.identified)
		backup_copy_bank(b);
	else
		backup_expect(b, stmfw_identify(c, target_of(b), identified_halted, b,
						&b->session.op));
}

static void reset_and_halt(struct backup *b)
{
	b->board.state = BOARD_UNKNOWN;
	backup_expect(b, stmfw_reset(b->session.client, STMFW_RESET_HALT, halted, b,
				     &b->session.op));
}

/* ---- what needs no halt ------------------------------------------------------------------ */

static void identified(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	(void)c;
	if (res->status == STMFW_ETARGET && b->session.signal == 0) {
		reset_and_halt(b); /* it may be asleep: a reset wakes it */
		return;
	}
	if (!backup_went_well(b, "identify the chip", res))
		return;
	board_learn(&b->board, res->chip);
	if (may_be_saved(b))
		reset_and_halt(b);
	else
		backup_leave(b);
}

static void keep_bank(struct image *image, const stmfw_bank *bank)
{
	image->bank = bank->number;
	snprintf(image->name, sizeof(image->name), "%s", bank->name);
	snprintf(image->driver, sizeof(image->driver), "%s", bank->driver);
	snprintf(image->target, sizeof(image->target), "%s", bank->target);
	image->base = bank->base;
}

/* The banks that were asked for. False: after cli_fail(). */
static bool choose_banks(struct backup *b, const stmfw_bank *banks, size_t count)
{
	b->images = calloc(count + 1, sizeof(*b->images));
	if (!b->images) {
		cli_fail(&b->cli, CLI_INTERNAL, "", "Out of memory.");
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (b->opts.bank == BANK_ALL || banks[i].number == (unsigned int)b->opts.bank)
			keep_bank(&b->images[b->count++], &banks[i]);
	if (b->count > 0)
		return true;
	if (count == 0)
		cli_fail(&b->cli, CLI_RANGE,
			 "Give it the target file of the chip, such as -f target/stm32f1x.cfg.",
			 "OpenOCD at %s knows of no flash bank.", b->cli.server.text);
	else
		cli_fail(&b->cli, CLI_RANGE, "stmfw-info lists them.",
			 "OpenOCD at %s has no flash bank %d; it has %zu.", b->cli.server.text,
			 b->opts.bank, count);
	return false;
}

static void banks_listed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	if (!backup_went_well(b, "list the flash banks", res))
		return;
	if (choose_banks(b, res->banks, res->count))
		backup_expect(b, stmfw_identify(c, target_of(b), identified, b, &b->session.op));
	else
		backup_leave(b);
}

static void connected(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	if (backup_went_well(b, "connect", res))
		backup_expect(b, stmfw_banks(c, banks_listed, b, &b->session.op));
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
	struct backup b = { 0 };

	cli_init(&b.cli, "stmfw-backup");
	if (!backup_parse(&b.opts, &b.cli, argc, argv) || !session_open(&b.session, &b.cli))
		return cli_end(&b.cli, cli_end_object(&b.cli));
	cli_begin(&b.cli);
	session_run(&b.session, connected, &b);
	int code = backup_report(&b.cli, &b.opts, &b.board, b.images, b.count);
	for (size_t i = 0; i < b.count; i++)
		image_release(&b.images[i]);
	free(b.images);
	return code;
}
