/* SPDX-License-Identifier: MIT */
/*
 * Read protection is removed, and the chip erased, only when it is on and the image fits:
 *
 *     banks_listed -> identified -> (is on) bank_probed ... -> unprotected -> flashrun_flash()
 *
 * Up to the last of these steps nothing is touched.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flashrun.h"

/* Where the main flash of these chips begins. */
#define FLASH 0x08000000u

static const char *who(const struct flashrun *run)
{
	static char text[256];

	board_describe(&run->board, &run->cli, text, sizeof(text));
	return text;
}

/* ---- does the image fit? ----------------------------------------------------------------- */

/* The first address of a range that lies in no bank; its end if there is none. */
static uint64_t first_outside(const struct flashrun *run, uint64_t at, uint64_t end)
{
	const stmfw_span *bank = run->banks;
	size_t i = 0;

	while (at < end && i < run->bank_count) {
		bool inside = at >= bank[i].address && at - bank[i].address < bank[i].length;

		if (inside)
			at = bank[i].address + bank[i].length;
		i = inside ? 0 : i + 1;
	}
	return at < end ? at : end;
}

/* What the chip says of itself counts as well: OpenOCD may have been told of more. */
static uint64_t first_beyond(const struct flashrun *run, uint64_t at, uint64_t end)
{
	uint64_t flash_end = FLASH + ((uint64_t)run->board.flash_kib << 10);
	bool in_flash = at >= FLASH && at < FLASH + (1u << 24) && run->board.flash_kib != 0;

	if (!in_flash || end <= flash_end)
		return end;
	return at > flash_end ? at : flash_end;
}

static bool fits(struct flashrun *run)
{
	size_t count;
	const stmfw_range *r = stmfw_image_ranges(run->image, &count);
	uint64_t shift = stmfw_image_is_placed(run->image) ? 0 : run->banks[0].address;

	for (size_t i = 0; i < count; i++) {
		uint64_t at = r[i].address + shift, end = at + r[i].length;
		uint64_t outside = first_outside(run, at, end), beyond = first_beyond(run, at, end);

		if (beyond < outside)
			outside = beyond;
		if (outside == end)
			continue;
		cli_fail(&run->cli, CLI_RANGE,
			 "Is the image for this chip? stmfw-info lists the banks.",
			 "The protection was not removed: 0x%08" PRIx64 " + %" PRIu64
			 " bytes of \"%s\" lie outside of the chip's flash. (%s.)",
			 outside, end - outside, run->path, who(run));
		return false;
	}
	return true;
}

/* ---- the last step ----------------------------------------------------------------------- */

static void unprotected(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct flashrun *run = arg;

	(void)c;
	run->board.state = res->status == STMFW_OK ? BOARD_HALTED : BOARD_UNKNOWN;
	if (res->status == STMFW_OK)
		run->unprotect = UNPROTECT_DONE;
	else if (res->status == STMFW_EUNSUPPORTED || res->status == STMFW_EPROTECTED ||
		 (res->status == STMFW_ECANCELED && res->outcome != STMFW_UNKNOWN))
		run->unprotect = UNPROTECT_ASKED; /* it did not come to that */
	if (!flashrun_went_well(run, "remove the read protection", res)) {
		flashrun_leave(run);
		return;
	}
	cli_say(&run->cli, "The read protection is removed; the chip has erased itself.");
	flashrun_flash(run);
}

static void unprotect(struct flashrun *run)
{
	run->unprotect = UNPROTECT_TRIED;
	run->session.patience_ms = 0; /* an erase cannot be interrupted */
	run->session.stop_words = "Stopping when the protection is removed, which erases the chip. "
				  "Once more, and it ends at once.";
	flashrun_expect(run, stmfw_unprotect(run->session.client, run->opts.bank,
					     STMFW_UNPROTECT_ERASES_CHIP, unprotected, run,
					     &run->session.op));
}

/* ---- the banks, one after the other; the one that was named comes first ------------------- */

static void probe_next(struct flashrun *run);

/* A bank that cannot be probed, such as a memory chip that is not there, may not be needed. */
static void bank_probed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct flashrun *run = arg;
	bool needed = run->probed == 0 || run->session.signal != 0 || !stmfw_client_is_connected(c);

	if ((res->status != STMFW_OK && needed) || run->session.signal != 0) {
		flashrun_went_well(run, "find out the size of the flash", res);
		flashrun_leave(run);
		return;
	}
	if (res->status == STMFW_OK)
		run->banks[run->bank_count++] =
			(stmfw_span){ res->banks[0].base, res->banks[0].size };
	run->probed++;
	probe_next(run);
}

static void probe_next(struct flashrun *run)
{
	if (run->probed < run->number_count)
		flashrun_expect(run, stmfw_bank_info(run->session.client, run->numbers[run->probed],
						     STMFW_BANK_BRIEF, bank_probed, run,
						     &run->session.op));
	else if (fits(run))
		unprotect(run);
	else
		flashrun_leave(run);
}

/* ---- is it on? --------------------------------------------------------------------------- */

static void is_off(struct flashrun *run)
{
	run->unprotect = UNPROTECT_NEEDLESS;
	cli_say(&run->cli, "The chip has no read protection: nothing has to be erased for that.");
	flashrun_flash(run);
}

static void identified(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct flashrun *run = arg;

	(void)c;
	if (!flashrun_went_well(run, "identify the chip", res)) {
		flashrun_leave(run);
		return;
	}
	board_learn(&run->board, res->chip);
	switch (run->board.rdp) {
	case STMFW_RDP_0:
		is_off(run);
		return;
	case STMFW_RDP_2:
		flashrun_flash(run); /* which says that this is for ever */
		return;
	case STMFW_RDP_1:
	case STMFW_RDP_UNKNOWN:
		break;
	}
	if (!(run->opts.flags & STMFW_FLASH_DRY_RUN)) {
		probe_next(run);
		return;
	}
	cli_fail(
		&run->cli, CLI_PROTECTED,
		"Without --dry-run the protection is removed, which ERASES THE CHIP, and then all of "
		"the image is written.",
		"The dry run ends here: read protection hides what the flash holds. (%s.)",
		who(run));
	flashrun_leave(run);
}

/* The named bank, and then the others of its target. NULL: after cli_fail(). */
static const char *choose_banks(struct flashrun *run, const stmfw_bank *banks, size_t count)
{
	const char *target = NULL;

	run->numbers = calloc(count + 1, sizeof(*run->numbers));
	run->banks = calloc(count + 1, sizeof(*run->banks));
	if (!run->numbers || !run->banks) {
		cli_fail(&run->cli, CLI_INTERNAL, "", "Out of memory.");
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		if (banks[i].number == run->opts.bank) {
			target = banks[i].target;
			run->numbers[run->number_count++] = banks[i].number;
		}
	for (size_t i = 0; target && i < count; i++)
		if (banks[i].number != run->opts.bank && strcmp(banks[i].target, target) == 0)
			run->numbers[run->number_count++] = banks[i].number;
	if (!target)
		cli_fail(&run->cli, CLI_RANGE, "stmfw-info lists them.",
			 "OpenOCD at %s has no flash bank %u; it has %zu.", run->cli.server.text,
			 run->opts.bank, count);
	return target;
}

static void banks_listed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct flashrun *run = arg;
	const char *target = NULL;

	if (flashrun_went_well(run, "list the flash banks", res))
		target = choose_banks(run, res->banks, res->count);
	if (target)
		flashrun_expect(run, stmfw_identify(c, target[0] ? target : NULL, identified, run,
						    &run->session.op));
	else
		flashrun_leave(run);
}

void flashrun_unprotect(struct flashrun *run)
{
	flashrun_expect(run, stmfw_banks(run->session.client, banks_listed, run, &run->session.op));
}
