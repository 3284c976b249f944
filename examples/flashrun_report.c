/* SPDX-License-Identifier: MIT */
/* The plan of a run that flashes, and its last words: what the flash holds now, and what to do. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "flashrun.h"
#include "jsonl.h"
#include "text.h"

/* ---- the plan ---- */

static const char *action_name(enum stmfw_sector_action action)
{
	static const char *const names[] = { [STMFW_SECTOR_SKIP] = "skip",
					     [STMFW_SECTOR_WRITE] = "write",
					     [STMFW_SECTOR_ERASE] = "erase",
					     [STMFW_SECTOR_REWRITE] = "rewrite" };

	return names[action];
}

static json_t *plan_object(const struct flashrun *run, const stmfw_plan *plan)
{
	json_t *sectors = json_array();

	for (size_t i = 0; i < plan->sector_count; i++) {
		const stmfw_plan_sector *s = &plan->sectors[i];

		json_array_append_new(sectors,
				      json_pack("{s:i, s:i, s:o, s:I, s:s, s:I, s:I}", "bank",
						(int)s->bank, "sector", (int)s->number, "address",
						jsonl_hex(s->address, 8), "size",
						(json_int_t)s->length, "action",
						action_name(s->action), "image_bytes",
						(json_int_t)s->image_bytes, "around_bytes",
						(json_int_t)s->around_bytes));
	}
	return json_pack("{s:s, s:I, s:i, s:i, s:i, s:I, s:b, s:I, s:o}", "event", "plan", "image_bytes",
			 (json_int_t)plan->image_bytes, "erase", (int)plan->erase_count, "write",
			 (int)plan->write_count, "skip", (int)plan->skip_count, "around_bytes",
			 (json_int_t)plan->around_bytes, "keep", plan->keeps_around, "unlock",
			 (json_int_t)run->unlocked, "sectors", sectors);
}

static bool same_kind(const stmfw_plan_sector *a, const stmfw_plan_sector *b)
{
	return a->bank == b->bank && a->action == b->action &&
	       a->address + a->length == b->address;
}

/* Sectors that follow each other and are treated alike, in one line. */
static void print_sectors(const stmfw_plan *plan)
{
	static const char *const words[] = {
		[STMFW_SECTOR_SKIP] = "right already",
		[STMFW_SECTOR_WRITE] = "write (is blank)",
		[STMFW_SECTOR_ERASE] = "erase",
		[STMFW_SECTOR_REWRITE] = "erase and write",
	};

	for (size_t i = 0; i < plan->sector_count;) {
		const stmfw_plan_sector *first = &plan->sectors[i];
		uint64_t length = 0, around = 0;
		char size[TEXT_SHORT];
		size_t n = 0;

		do {
			length += plan->sectors[i].length;
			around += plan->sectors[i].around_bytes;
			n++;
			i++;
		} while (i < plan->sector_count &&
			 same_kind(&plan->sectors[i - 1], &plan->sectors[i]));
		printf("0x%08" PRIx64 "  %9s  %3zu sector%s  %s", first->address,
		       text_size(size, length), n, n == 1 ? " " : "s", words[first->action]);
		if (around)
			printf("; %" PRIu64 " byte%s around the image %s", around,
			       around == 1 ? "" : "s", plan->keeps_around ? "kept" : "LOST");
		putchar('\n');
	}
}

/* Sectors of the plan that are write protected, and will not be any more. */
static size_t count_unlocked(const struct flashrun *run, const stmfw_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->sector_count; i++) {
		const stmfw_plan_sector *s = &plan->sectors[i];

		n += s->action != STMFW_SECTOR_SKIP && s->bank == run->opts.bank &&
		     s->number < run->sector_count && run->sectors[s->number].is_protected == 1;
	}
	return n;
}

/* Will the chip start what is written, if the image has the place where it starts? */
static void judge_start(struct flashrun *run, const stmfw_plan *plan)
{
	uint8_t first[BOARD_START_BYTES];
	uint64_t at = stmfw_image_is_placed(run->image) ? BOARD_FLASH : 0;

	for (size_t i = 0; i < plan->sector_count; i++)
		if (plan->sectors[i].address == BOARD_FLASH &&
		    stmfw_image_copy(run->image, at, first, sizeof(first), 0xff) == sizeof(first))
			board_see_start(&run->board, first);
	if (run->board.start == START_NONE)
		cli_warn(&run->cli, "the chip will not start this image: it does not begin with a stack "
				    "pointer into RAM and an entry into flash (vector table).");
}

static void warn_of_losses(struct flashrun *run, const stmfw_plan *plan)
{
	if (plan->around_bytes && !plan->keeps_around && !run->cli.json)
		cli_warn(&run->cli,
			 "%" PRIu64 " byte%s around the image, in sectors that change, %s lost%s. "
			 "--keep would write them back.",
			 plan->around_bytes, plan->around_bytes == 1 ? "" : "s",
			 plan->around_bytes == 1 ? "is" : "are",
			 run->opts.flags & STMFW_FLASH_DRY_RUN ? " by this plan" : "");
	if (run->unlocked)
		cli_warn(&run->cli,
			 "%zu sector%s that must change %s write protected; --unlock removes that, and "
			 "it stays removed.",
			 run->unlocked, run->unlocked == 1 ? "" : "s",
			 run->unlocked == 1 ? "is" : "are");
}

void flashrun_show_plan(struct flashrun *run, const stmfw_plan *plan)
{
	char size[TEXT_SHORT], write[TEXT_SHORT];

	run->planned = plan->image_bytes;
	run->to_write = plan->write_bytes;
	run->skipped = plan->skip_count;
	run->changed = plan->sector_count - plan->skip_count;
	run->unlocked = count_unlocked(run, plan);
	if (run->cli.json)
		jsonl_write(plan_object(run, plan));
	else if (run->opts.flags & STMFW_FLASH_DRY_RUN)
		print_sectors(plan);
	cli_say(&run->cli,
		"Plan: %s of the image in %zu sector%s; %zu right already, %zu to erase, %s to write.",
		text_size(size, plan->image_bytes), plan->sector_count,
		plan->sector_count == 1 ? "" : "s", plan->skip_count,
		plan->erase_count, text_size(write, plan->write_bytes));
	judge_start(run, plan);
	warn_of_losses(run, plan);
}

/* ---- how it ended ---- */

void flashrun_keep_report(struct flashrun *run, const stmfw_flash_report *report)
{
	if (!report)
		return;
	run->has_report = true;
	run->content = report->content;
	run->proven = report->proven;
	run->written = report->written;
	run->erased = report->erased;
	run->retries = report->retries;
	run->open = json_array();
	for (size_t i = 0; report->open && i < report->open_count; i++)
		json_array_append_new(run->open,
				      json_pack("{s:o, s:I}", "address",
						jsonl_hex(report->open[i].address, 8), "length",
						(json_int_t)report->open[i].length));
}

static const char *content_name(const struct flashrun *run)
{
	static const char *const names[] = { [STMFW_CONTENT_UNCHANGED] = "unchanged",
					     [STMFW_CONTENT_NEW] = "new",
					     [STMFW_CONTENT_OLD] = "old",
					     [STMFW_CONTENT_MIXED] = "mixed",
					     [STMFW_CONTENT_UNKNOWN] = "unknown" };

	if (run->unprotect == UNPROTECT_TRIED)
		return "unknown";
	if (run->unprotect == UNPROTECT_DONE && run->content == STMFW_CONTENT_UNCHANGED)
		return "erased";
	return run->has_report ? names[run->content] : "unchanged";
}

/* "0x08000400 + 2048" for each span. */
static const char *open_spans(const struct flashrun *run, char *out, size_t size)
{
	size_t n = 0, i;
	const json_t *span;

	out[0] = '\0';
	json_array_foreach(run->open, i, span)
		if (n + 40 < size)
			n += (size_t)snprintf(out + n, size - n, "%s%s + %lld bytes", n ? ", " : "",
					      json_string_value(json_object_get(span, "address")),
					      (long long)json_integer_value(
						      json_object_get(span, "length")));
	return out;
}

static void add_repair(struct flashrun *run)
{
	if (run->saved_count)
		cli_add(&run->cli, "The old firmware is in \"%s\"; to put it back: stmfw-restore %s.",
			run->saved[0].path, run->saved[0].path);
	else
		cli_add(&run->cli, "To repair it, flash a whole firmware: %s.", run->repair);
}

/* After a failure: what does the flash hold now? */
static void say_content(struct flashrun *run)
{
	char spans[512];

	if (run->unprotect == UNPROTECT_TRIED) {
		cli_add(&run->cli, "If the protection went, all that was on the chip went with it.");
		return;
	}
	if (run->unprotect == UNPROTECT_DONE && run->content == STMFW_CONTENT_UNCHANGED) {
		cli_add(&run->cli, "The read protection is removed, which erased the chip; nothing was "
				   "written.");
		return;
	}
	if (run->unlocked && !(run->opts.flags & STMFW_FLASH_DRY_RUN))
		cli_add(&run->cli, "Write protection of %zu sector%s may have been removed.", run->unlocked,
			run->unlocked == 1 ? "" : "s");
	switch (run->has_report ? run->content : STMFW_CONTENT_UNCHANGED) {
	case STMFW_CONTENT_UNCHANGED:
		cli_add(&run->cli, "Nothing was erased or written.");
		break;
	case STMFW_CONTENT_NEW:
		cli_add(&run->cli, "The new content is in flash, proven.");
		break;
	case STMFW_CONTENT_OLD:
		cli_add(&run->cli, "The old content is back in flash, proven.");
		break;
	case STMFW_CONTENT_MIXED:
		cli_add(&run->cli,
			"The flash now holds a mixture and will not run: neither old nor new is "
			"sure at %s.", open_spans(run, spans, sizeof(spans)));
		add_repair(run);
		break;
	case STMFW_CONTENT_UNKNOWN:
		cli_add(&run->cli, "What the flash holds now is not known: %s was being changed.",
			open_spans(run, spans, sizeof(spans)));
		add_repair(run);
		break;
	}
}

static void say_success(struct flashrun *run)
{
	char size[TEXT_SHORT], time[TEXT_SHORT];

	if (run->opts.flags & STMFW_FLASH_DRY_RUN) {
		cli_add(&run->cli, "Dry run: nothing was erased or written.");
		board_add_state(&run->board, &run->cli);
		return;
	}
	cli_add(&run->cli, "%s of \"%s\" %s in flash, proven (%zu sector%s written, %zu right already; "
			   "%s).",
		text_size(size, run->proven), run->path, run->proven == 1 ? "is" : "are",
		run->changed, run->changed == 1 ? "" : "s", run->skipped,
		text_time(time, run->elapsed_ms));
	if (run->unprotect == UNPROTECT_DONE)
		cli_add(&run->cli, "The read protection is removed, and the chip was erased.");
	if (run->unprotect == UNPROTECT_NEEDLESS)
		cli_add(&run->cli, "There was no read protection to remove.");
	if (run->retries)
		cli_add(&run->cli, "%u repetition%s needed.", run->retries,
			run->retries == 1 ? " was" : "s were");
	if (run->unlocked)
		cli_add(&run->cli, "Write protection of %zu sector%s was removed and stays removed; to set it "
				   "again: stmfw-protect set.",
			run->unlocked, run->unlocked == 1 ? "" : "s");
	if (run->session.too_late)
		cli_add(&run->cli, "It was complete before it could be stopped.");
	if (run->board.state == BOARD_RUNNING && run->board.start == START_PLAUSIBLE)
		cli_add(&run->cli, "The chip was reset and runs it.");
	else
		board_add_state(&run->board, &run->cli);
}

static json_t *end_object(const struct flashrun *run)
{
	json_t *end = cli_end_object(&run->cli);
	json_t *files = json_array();

	for (size_t i = 0; i < run->saved_count; i++)
		json_array_append(files, run->saved[i].manifest);
	json_object_update_new(
		end, json_pack("{s:s, s:I, s:I, s:I, s:i, s:i, s:O?, s:o}", "content",
			       content_name(run), "planned", (json_int_t)run->planned, "proven",
			       (json_int_t)run->proven, "written", (json_int_t)run->written,
			       "erased_sectors", (int)run->erased, "retries", (int)run->retries,
			       "open", run->open, "files", files));
	if (run->opts.flags & STMFW_FLASH_UNLOCK)
		json_object_set_new(end, "unlocked", run->opts.flags & STMFW_FLASH_DRY_RUN || run->cli.exit != CLI_OK
					    ? json_integer(0)
					    : json_integer((json_int_t)run->unlocked));
	if (run->unprotect != UNPROTECT_NOT_ASKED)
		json_object_set_new(end, "unprotected",
				    run->unprotect == UNPROTECT_TRIED
					    ? json_null()
					    : json_boolean(run->unprotect == UNPROTECT_DONE));
	if (run->board.identified)
		json_object_set_new(end, "chip", board_json(&run->board));
	return end;
}

int flashrun_report(struct flashrun *run)
{
	if (run->content != STMFW_CONTENT_NEW && !(run->cli.exit == CLI_OK))
		run->board.start = START_UNKNOWN; /* what is there is not the image */
	if (run->cli.exit == CLI_OK && run->has_report) {
		say_success(run);
	} else {
		say_content(run);
		board_add_state(&run->board, &run->cli);
	}
	if (run->cli.exit == CLI_OK)
		cli_say(&run->cli, "%s", run->cli.message);
	return cli_end(&run->cli, end_object(run));
}
