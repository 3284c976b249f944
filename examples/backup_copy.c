/* SPDX-License-Identifier: MIT */
/*
 * One bank after the other, on a halted chip:
 *
 *     bank_probed -> image_read -> image_verified or image_reread -> save -> next bank
 *
 * The range is read into memory as a whole, so a file is only begun when its content is proven.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backup.h"
#include "text.h"

static void start_read(struct backup *b, const char *step, stmfw_sink_cb sink, stmfw_done_cb done);

static struct image *image_of(struct backup *b)
{
	return &b->images[b->current];
}

/* ---- saving ------------------------------------------------------------------------------ */

static void next_bank(struct backup *b)
{
	b->current++;
	if (b->current < b->count)
		backup_copy_bank(b);
	else
		visit_leave(&b->visit);
}

static void save(struct backup *b)
{
	struct image *image = image_of(b);
	bool ok = digest_sha256(image->sha256, image->data, (size_t)image->length);

	image->verdict = dump_check(image->data, (size_t)image->length);
	if (image->base + image->offset == BOARD_FLASH && image->length >= BOARD_START_BYTES)
		board_see_start(&b->visit.board, image->data);
	if (!ok)
		cli_fail(&b->visit.cli, CLI_INTERNAL, "", "SHA-256 could not be calculated.");
	else
		ok = backup_save(image, &b->opts, &b->visit.board,
				 stmfw_client_server(b->visit.session.client), &b->visit.cli);
	free(image->data);
	image->data = NULL;
	progress_clear(&b->visit.session.progress);
	if (ok)
		next_bank(b);
	else
		visit_leave(&b->visit);
}

/* The library says that it has given us everything; better be sure. */
static bool is_complete(struct backup *b)
{
	if (b->received == image_of(b)->length)
		return true;
	cli_fail(&b->visit.cli, CLI_INTERNAL, "Please report this.",
		 "The read ended after %" PRIu64 " of %" PRIu64 " bytes.", b->received,
		 image_of(b)->length);
	visit_leave(&b->visit);
	return false;
}

/* ---- proving ----------------------------------------------------------------------------- */

static void on_progress(stmfw_client *c, const stmfw_progress *p, void *arg)
{
	struct backup *b = arg;

	(void)c;
	progress_show(&b->visit.session.progress, b->step, p->done, p->total);
}

static void begin_step(struct backup *b, const char *step)
{
	b->step = step;
	progress_show(&b->visit.session.progress, step, 0, image_of(b)->length);
}

static void image_verified(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	(void)c;
	if (visit_went_well(&b->visit, "prove the copy", res))
		save(b);
}

static void start_verify(struct backup *b)
{
	const struct image *image = image_of(b);
	stmfw_verify_opts opts = STMFW_INIT(stmfw_verify_opts);

	begin_step(b, "verify");
	b->visit.fresh = false;
	opts.bank = image->bank;
	opts.offset = image->offset;
	opts.data = image->data;
	opts.length = image->length;
	opts.progress = on_progress;
	opts.arg = b;
	visit_expect(&b->visit, stmfw_verify_flash(b->visit.session.client, &opts, image_verified,
						   b, &b->visit.session.op));
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
	if (!visit_went_well(&b->visit, "read the flash a second time", res) || !is_complete(b))
		return;
	if (d->bytes == 0) {
		save(b);
		return;
	}
	cli_fail(&b->visit.cli, CLI_VERIFY, unstable_advice,
		 "Two reads differ in %" PRIu64 " place%s, %" PRIu64 " byte%s, first at 0x%" PRIx64
		 ".",
		 d->places, d->places == 1 ? "" : "s", d->bytes, d->bytes == 1 ? "" : "s",
		 d->first);
	visit_leave(&b->visit);
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
	if (visit_went_well(&b->visit, "read the flash", res) && is_complete(b))
		prove(b);
}

static void start_read(struct backup *b, const char *step, stmfw_sink_cb sink, stmfw_done_cb done)
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
	visit_expect(&b->visit, stmfw_read_flash(b->visit.session.client, &opts, done, b,
						 &b->visit.session.op));
}

/* ---- finding the bank and its size ------------------------------------------------------- */

static bool too_small(struct backup *b, uint64_t has)
{
	char has_text[TEXT_SHORT], asked_text[TEXT_SHORT], advice[256];

	snprintf(advice, sizeof(advice),
		 "To try it, start OpenOCD with -c \"set FLASH_SIZE 0x%" PRIx64 "\" in front of -f "
		 "target/stm32f1x.cfg. ST does not promise that the rest works.",
		 b->opts.size);
	cli_fail(&b->visit.cli, CLI_RANGE, advice,
		 "OpenOCD's flash bank %u has %s and cannot be read beyond, --size is %s.",
		 image_of(b)->bank, text_size(has_text, has), text_size(asked_text, b->opts.size));
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
		cli_fail(&b->visit.cli, CLI_RANGE, "Choose --offset and --length within it.",
			 "The range does not lie in flash bank %u, which has %s.", image->bank,
			 text_size(text, size));
		return false;
	}
	image->length = b->opts.length ? b->opts.length : size - image->offset;
	image->is_part = image->length < has;
	return true;
}

static void bank_probed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;
	struct image *image = image_of(b);
	char size[TEXT_SHORT];

	(void)c;
	if (!visit_went_well(&b->visit, "find out the size of the flash", res))
		return;
	image->base = res->banks[0].base;
	if (!choose_range(b, res->banks[0].size)) {
		visit_leave(&b->visit);
		return;
	}
	image->data = malloc((size_t)image->length);
	if (!image->data) {
		cli_fail(&b->visit.cli, CLI_INTERNAL, "", "Out of memory for %s.",
			 text_size(size, image->length));
		visit_leave(&b->visit);
		return;
	}
	cli_say(&b->visit.cli, "Flash bank %u: %s from 0x%08" PRIx64 " to %s", image->bank,
		text_size(size, image->length), image->base + image->offset, image->path);
	start_read(b, "read", keep_piece, image_read);
}

void backup_copy_bank(struct backup *b)
{
	visit_expect(&b->visit,
		     stmfw_bank_info(b->visit.session.client, image_of(b)->bank, STMFW_BANK_BRIEF,
				     bank_probed, b, &b->visit.session.op));
}

/* ---- before the chip is halted ----------------------------------------------------------- */

/* Some chips can be probed only when they are halted: then it is found out later. */
static void range_probed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct backup *b = arg;

	if (b->visit.session.signal != 0 || !stmfw_client_is_connected(c))
		visit_went_well(&b->visit, "find out the size of the flash", res);
	else if (res->status == STMFW_OK && !choose_range(b, res->banks[0].size))
		visit_leave(&b->visit);
	else
		visit_halt(&b->visit, NULL);
}

void backup_check_range(struct backup *b)
{
	if (!b->opts.offset && !b->opts.length && !b->opts.size)
		visit_halt(&b->visit, NULL);
	else
		visit_expect(&b->visit, stmfw_bank_info(b->visit.session.client, image_of(b)->bank,
							STMFW_BANK_BRIEF, range_probed, b,
							&b->visit.session.op));
}
