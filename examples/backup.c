/* SPDX-License-Identifier: MIT */
/*
 * stmfw-backup: save a chip's flash in a file, and prove the copy.
 *
 * Each step is a library call whose callback, named for what has been done, begins the next:
 *
 *     connected -> banks_listed -> identified -> halted -> bank_probed
 *         -> image_read -> image_verified or image_reread -> save, next bank
 *         -> leave -> released -> closed
 *
 * What the chip forbids, and files that must not be made, are found out before the chip is
 * touched. Whatever goes wrong after that, leave() lets the chip run again if it was asked to,
 * so a callback that finds a failure only has to say so and leave.
 *
 * "Run" is a reset, not a resume: the firmware then starts with its peripherals and memory as
 * after any reset, whatever OpenOCD has used of them.
 */
#include "backup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "jsonl.h"
#include "progress.h"
#include "stop.h"
#include "text.h"

/* Where the second of two reads is not what the first was. */
struct difference {
	uint64_t places, bytes, first;
	bool inside;
};

struct backup {
	struct cli cli;
	struct backup_opts opts;
	struct progress progress;
	struct stop stop;
	struct board board;
	uv_loop_t loop;
	stmfw_client *client;
	struct image *images;
	size_t count, current;
	const char *step; /* for progress */
	uint64_t received; /* bytes of the running read */
	struct difference difference;
};

static void probe_bank(struct backup *b);
static void start_read(struct backup *b, const char *step, stmfw_sink_cb sink,
		       stmfw_done_cb done);

static struct image *image_of(struct backup *b)
{
	return &b->images[b->current];
}

/* ---- leaving: the only way out ----------------------------------------------------------- */

static void released(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	if (res->status == STMFW_OK)
		b->board.state = BOARD_RUNNING;
	else
		board_failed(&b->board, &b->cli, "let the chip run again", res);
	stmfw_client_close(c, NULL, NULL);
}

static void leave(struct backup *b)
{
	bool halted = b->board.state == BOARD_HALTED || b->board.state == BOARD_UNKNOWN;

	progress_clear(&b->progress);
	b->stop.op = 0;
	if (halted && b->opts.after == AFTER_RUN && stmfw_client_is_connected(b->client)) {
		b->board.state = BOARD_UNKNOWN;
		if (stmfw_reset(b->client, STMFW_RESET_RUN, released, b, NULL) == STMFW_OK)
			return;
	}
	stmfw_client_close(b->client, NULL, NULL);
}

/* Checks what a call returned: its callback will come, or we leave. */
static void expect(struct backup *b, int err)
{
	if (err == STMFW_OK)
		return;
	cli_fail(&b->cli, cli_exit_of(err), "", "Cannot go on: %s.", stmfw_strerror(err));
	leave(b);
}

/* True: the step is done and the next may begin. Otherwise we are leaving. */
static bool went_well(struct backup *b, const char *doing, const stmfw_result *res)
{
	if (res->outcome == STMFW_UNKNOWN && b->board.state == BOARD_HALTED)
		b->board.state = BOARD_UNKNOWN;
	if (b->stop.signal == 0 && res->status == STMFW_OK)
		return true;
	if (b->stop.signal != 0)
		cli_fail(&b->cli, stop_exit(&b->stop), "", "Stopped as asked, while trying to %s.",
			 doing);
	else
		board_failed(&b->board, &b->cli, doing, res);
	leave(b);
	return false;
}

/* ---- saving ------------------------------------------------------------------------------ */

static void next_bank(struct backup *b)
{
	b->current++;
	if (b->current < b->count)
		probe_bank(b);
	else
		leave(b);
}

static void save(struct backup *b)
{
	struct image *image = image_of(b);
	bool ok = digest_sha256(image->sha256, image->data, (size_t)image->length);

	image->verdict = dump_check(image->data, (size_t)image->length);
	if (!ok)
		cli_fail(&b->cli, CLI_INTERNAL, "", "SHA-256 could not be calculated.");
	else
		ok = backup_save(image, &b->opts, &b->board, stmfw_client_server(b->client),
				 &b->cli);
	free(image->data);
	image->data = NULL;
	progress_clear(&b->progress);
	if (ok)
		next_bank(b);
	else
		leave(b);
}

/* ---- proving ----------------------------------------------------------------------------- */

static void on_progress(stmfw_client *c, const stmfw_progress *p, void *arg)
{
	struct backup *b = arg;

	(void)c;
	progress_show(&b->progress, b->step, p->done, p->total);
}

static void begin_step(struct backup *b, const char *step)
{
	b->step = step;
	progress_show(&b->progress, step, 0, image_of(b)->length);
}

static void image_verified(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	(void)c;
	if (went_well(b, "prove the copy", res))
		save(b);
}

static void start_verify(struct backup *b)
{
	const struct image *image = image_of(b);
	stmfw_verify_opts opts = STMFW_INIT(stmfw_verify_opts);

	begin_step(b, "verify");
	opts.bank = image->bank;
	opts.offset = image->offset;
	opts.data = image->data;
	opts.length = image->length;
	opts.progress = on_progress;
	opts.arg = b;
	expect(b, stmfw_verify_flash(b->client, &opts, image_verified, b, &b->stop.op));
}

/* The sink of the second read. */
static int compare_piece(stmfw_client *c, uint64_t offset, const uint8_t *data, size_t length,
			 void *arg)
{
	struct backup *b = arg;
	struct difference *d = &b->difference;
	const uint8_t *before = image_of(b)->data + b->received;

	(void)c;
	(void)offset;
	if (length > image_of(b)->length - b->received)
		return 1;
	for (size_t i = 0; i < length; i++) {
		bool differs = data[i] != before[i];

		if (differs && d->bytes++ == 0)
			d->first = image_of(b)->offset + b->received + i;
		d->places += differs && !d->inside;
		d->inside = differs;
	}
	b->received += length;
	return 0;
}

static const char unstable_advice[] =
	"The connection is not reliable: shorten the wires or lower the speed (adapter speed 500), "
	"then repeat.";

static void image_reread(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;
	const struct difference *d = &b->difference;

	(void)c;
	if (!went_well(b, "read the flash a second time", res))
		return;
	if (d->bytes == 0) {
		save(b);
		return;
	}
	cli_fail(&b->cli, CLI_VERIFY, unstable_advice,
		 "Two reads differ in %" PRIu64 " place%s, %" PRIu64 " byte%s, first at 0x%" PRIx64
		 ".",
		 d->places, d->places == 1 ? "" : "s", d->bytes, d->bytes == 1 ? "" : "s",
		 d->first);
	leave(b);
}

static void prove(struct backup *b)
{
	switch (b->opts.verify) {
	case VERIFY_CRC:
		start_verify(b);
		break;
	case VERIFY_REREAD:
		memset(&b->difference, 0, sizeof(b->difference));
		start_read(b, "reread", compare_piece, image_reread);
		break;
	case VERIFY_NONE:
		save(b);
		break;
	}
}

/* ---- reading ----------------------------------------------------------------------------- */

static int keep_piece(stmfw_client *c, uint64_t offset, const uint8_t *data, size_t length,
		      void *arg)
{
	struct backup *b = arg;

	(void)c;
	(void)offset;
	if (length > image_of(b)->length - b->received)
		return 1;
	memcpy(image_of(b)->data + b->received, data, length);
	b->received += length;
	return 0;
}

static void image_read(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	(void)c;
	if (went_well(b, "read the flash", res))
		prove(b);
}

static void start_read(struct backup *b, const char *step, stmfw_sink_cb sink,
		       stmfw_done_cb done)
{
	const struct image *image = image_of(b);
	stmfw_read_opts opts = STMFW_INIT(stmfw_read_opts);

	begin_step(b, step);
	b->received = 0;
	opts.bank = image->bank;
	opts.offset = image->offset;
	opts.length = image->length;
	opts.sink = sink;
	opts.progress = on_progress;
	opts.arg = b;
	expect(b, stmfw_read_flash(b->client, &opts, done, b, &b->stop.op));
}

/* ---- finding the bank and its size ------------------------------------------------------- */

static bool too_small(struct backup *b, uint64_t has)
{
	char has_text[TEXT_SHORT], asked_text[TEXT_SHORT], advice[256];

	snprintf(advice, sizeof(advice),
		 "To try it, start OpenOCD with -c \"set FLASH_SIZE 0x%" PRIx64 "\" in front of -f "
		 "target/stm32f1x.cfg. ST does not promise that the rest works.",
		 b->opts.size);
	cli_fail(&b->cli, CLI_RANGE, advice,
		 "OpenOCD's flash bank %u has %s and cannot be read beyond, --size is %s.",
		 image_of(b)->bank, text_size(has_text, has),
		 text_size(asked_text, b->opts.size));
	return false;
}

/* The range to save, once the size of the bank is known. */
static bool choose_range(struct backup *b, uint64_t has)
{
	struct image *image = image_of(b);
	uint64_t size = b->opts.size ? b->opts.size : has;
	char text[TEXT_SHORT];

	if (size > has)
		return too_small(b, has);
	image->offset = b->opts.offset;
	if (image->offset >= size || b->opts.length > size - image->offset) {
		cli_fail(&b->cli, CLI_RANGE, "Choose --offset and --length within it.",
			 "The range does not lie in flash bank %u, which has %s.", image->bank,
			 text_size(text, size));
		return false;
	}
	image->length = b->opts.length ? b->opts.length : size - image->offset;
	return true;
}

static void bank_probed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;
	struct image *image = image_of(b);
	char size[TEXT_SHORT];

	(void)c;
	if (!went_well(b, "find out the size of the flash", res))
		return;
	image->base = res->banks[0].base;
	if (!choose_range(b, res->banks[0].size)) {
		leave(b);
		return;
	}
	image->data = malloc((size_t)image->length);
	if (!image->data) {
		cli_fail(&b->cli, CLI_INTERNAL, "", "Out of memory for %s.",
			 text_size(size, image->length));
		leave(b);
		return;
	}
	cli_say(&b->cli, "Flash bank %u: %s from 0x%08" PRIx64 " to %s", image->bank,
		text_size(size, image->length), image->base + image->offset, image->path);
	start_read(b, "read", keep_piece, image_read);
}

static void probe_bank(struct backup *b)
{
	expect(b, stmfw_bank_info(b->client, image_of(b)->bank, 0, bank_probed, b, &b->stop.op));
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
	if (!went_well(b, "identify the chip", res))
		return;
	board_learn(&b->board, res->chip);
	if (may_be_saved(b))
		probe_bank(b);
	else
		leave(b);
}

static void halted(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	if (!went_well(b, "reset and halt the chip", res))
		return;
	b->board.state = BOARD_HALTED;
	if (b->board.identified)
		probe_bank(b);
	else
		expect(b, stmfw_identify(c, target_of(b), identified_halted, b, &b->stop.op));
}

static void reset_and_halt(struct backup *b)
{
	b->board.state = BOARD_UNKNOWN;
	expect(b, stmfw_reset(b->client, STMFW_RESET_HALT, halted, b, &b->stop.op));
}

/* ---- what needs no halt ------------------------------------------------------------------ */

static void identified(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	(void)c;
	if (res->status == STMFW_ETARGET && b->stop.signal == 0) {
		reset_and_halt(b); /* it may be asleep: a reset wakes it */
		return;
	}
	if (!went_well(b, "identify the chip", res))
		return;
	board_learn(&b->board, res->chip);
	if (may_be_saved(b))
		reset_and_halt(b);
	else
		leave(b);
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

	if (!went_well(b, "list the flash banks", res))
		return;
	if (choose_banks(b, res->banks, res->count))
		expect(b, stmfw_identify(c, target_of(b), identified, b, &b->stop.op));
	else
		leave(b);
}

static void connected(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	if (went_well(b, "connect", res))
		expect(b, stmfw_banks(c, banks_listed, b, &b->stop.op));
}

/* ---- begin and end ----------------------------------------------------------------------- */

static void on_log(stmfw_client *c, const char *line, void *arg)
{
	struct backup *b = arg;

	(void)c;
	if (b->cli.talk == CLI_VERBOSE)
		progress_clear(&b->progress);
	cli_openocd_said(&b->cli, line);
}

static void image_release(struct image *image)
{
	free(image->path);
	free(image->data);
	json_decref(image->manifest);
}

static void run(struct backup *b)
{
	stmfw_client_opts opts = STMFW_INIT(stmfw_client_opts);

	opts.log = on_log;
	opts.log_arg = b;
	if (uv_loop_init(&b->loop) != 0) {
		cli_fail(&b->cli, CLI_INTERNAL, "", "No event loop could be made.");
		return;
	}
	int err = stmfw_client_new(&b->client, &b->loop, &opts);
	if (err == STMFW_OK) {
		stop_init(&b->stop, &b->loop, b->client);
		expect(b, stmfw_client_connect(b->client, b->cli.server.host, b->cli.server.port,
					       connected, b, &b->stop.op));
		uv_run(&b->loop, UV_RUN_DEFAULT);
		stop_close(&b->stop, &b->loop);
	} else {
		cli_fail(&b->cli, CLI_INTERNAL, "", "Cannot begin: %s.", stmfw_strerror(err));
	}
	uv_loop_close(&b->loop);
}

int main(int argc, char **argv)
{
	struct backup b = { 0 };

	cli_init(&b.cli, "stmfw-backup");
	if (!backup_parse(&b.opts, &b.cli, argc, argv))
		return cli_end(&b.cli, cli_end_object(&b.cli));
	cli_begin(&b.cli);
	progress_init(&b.progress, &b.cli);
	run(&b);
	int code = backup_report(&b.cli, &b.opts, &b.board, b.images, b.count);
	for (size_t i = 0; i < b.count; i++)
		image_release(&b.images[i]);
	free(b.images);
	return code;
}
