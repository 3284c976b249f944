/* SPDX-License-Identifier: MIT */
/* calls.c - see calls.h. */
#include "calls.h"

#include <stdio.h>
#include <string.h>

#include "fake_chip.h"

struct side side;

void side_reset(void)
{
	memset(&side, 0, sizeof(side));
}

int on_sink(stmfw_client *c, uint64_t offset, const uint8_t *data, size_t length, void *arg)
{
	int result;

	callback_enter();
	ck_assert_ptr_eq(arg, &side);
	ck_assert_uint_gt(length, 0);
	ck_assert_msg(side.length + length <= sizeof(side.bytes), "more bytes than asked for");
	if (side.sinks++ > 0)
		ck_assert_msg(offset >= side.length, "pieces out of order");
	memcpy(side.bytes + side.length, data, length);
	side.length += length;
	side.order = fx.order;
	result = side.sink_result;
	if (side.in_sink)
		side.in_sink(c);
	callback_leave();
	return result;
}

void on_progress(stmfw_client *c, const stmfw_progress *p, void *arg)
{
	callback_enter();
	ck_assert_ptr_eq(arg, &side);
	ck_assert_msg(p->done <= p->total, "P6: done beyond total");
	ck_assert_ptr_nonnull(p->step);
	if (strcmp(p->step, side.step) == 0 && p->done < side.done)
		side.went_back = true;
	strncpy(side.step, p->step, sizeof(side.step) - 1);
	side.progresses++;
	side.done = p->done;
	side.total = p->total;
	side.order = fx.order;
	if (side.in_progress)
		side.in_progress(c);
	callback_leave();
}

static int call_command(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_command(c, "expr 1", 0, on_done, w, op);
}

static int call_notifications(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	static struct watch events;

	if (fake_ocd_way() == FAKE_TELNET) /* it has none: test_telnet.c */
		return stmfw_command(c, "expr 1", 0, on_done, w, op);
	return stmfw_notifications(c, on_event, &events, on_done, w, op);
}

static int call_targets(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_targets(c, on_done, w, op);
}

static int call_reset(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_reset(c, STMFW_RESET_HALT, on_done, w, op);
}

static int call_halt(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_halt(c, NULL, on_done, w, op);
}

static int call_resume(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_resume(c, FAKE_CHIP_TARGET, on_done, w, op);
}

static int call_identify(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_identify(c, NULL, on_done, w, op);
}

static int call_banks(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_banks(c, on_done, w, op);
}

static int call_bank_info(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_bank_info(c, 0, STMFW_BANK_ERASE_STATE, on_done, w, op);
}

static int call_read_bank(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_read_bank(c, 0, "/dev/null", 0, 64, on_done, w, op);
}

static int call_write_image(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	stmfw_write_opts o = STMFW_INIT(stmfw_write_opts);

	o.ocd_path = "/dev/null";
	o.offset = FAKE_CHIP_BASE;
	o.type = "bin";
	o.flags = STMFW_WRITE_ERASE;
	return stmfw_write_image(c, &o, on_done, w, op);
}

static int call_erase_sectors(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_erase_sectors(c, 0, 0, 3, 0, on_done, w, op);
}

static int call_erase_range(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_erase_range(c, 0, FAKE_CHIP_BASE + 100, 924, STMFW_ERASE_PAD, on_done, w, op);
}

static int call_mass_erase(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	fake_chip_protect(1, 0);
	return stmfw_mass_erase(c, 0, on_done, w, op);
}

static int call_blank_check(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_blank_check(c, 0, 3, STMFW_LAST_SECTOR, on_done, w, op);
}

static int call_write_bank(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_write_bank(c, 0, "/a b", 16, 0, on_done, w, op);
}

static int call_verify_bank(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_verify_bank(c, 0, "/a b", 0x100, 64, on_done, w, op);
}

static int call_verify_image(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	static const char path[] = "/proc/self/comm"; /* a small file that is always there */
	stmfw_check_opts o = STMFW_INIT(stmfw_check_opts);
	FILE *f = fopen(path, "r");

	ck_assert_ptr_nonnull(f);
	o.length = fread(fake_chip.flash, 1, 64, f);
	fclose(f);
	o.ocd_path = path;
	o.offset = FAKE_CHIP_BASE;
	o.type = "bin";
	return stmfw_verify_image(c, &o, on_done, w, op);
}

static const uint8_t content[64] = { 0x1a, 0, '%', '{' };

static int call_write_image_data(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	stmfw_write_opts o = STMFW_INIT(stmfw_write_opts);

	o.data = content;
	o.data_length = sizeof(content);
	o.offset = FAKE_CHIP_BASE;
	return stmfw_write_image(c, &o, on_done, w, op);
}

static int call_write_bank_data(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_write_bank_data(c, 0, content, sizeof(content), 16, on_done, w, op);
}

static int call_verify_bank_data(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_verify_bank_data(c, 0, content, sizeof(content), 0x100, on_done, w, op);
}

static int call_load_image(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	stmfw_check_opts o = STMFW_INIT(stmfw_check_opts);

	o.data = content;
	o.data_length = o.length = sizeof(content);
	o.offset = FAKE_CHIP_RAM;
	o.type = "bin";
	return stmfw_load_image(c, &o, on_done, w, op);
}

static int call_fill(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	stmfw_fill_opts o = STMFW_INIT(stmfw_fill_opts);

	o.offset = FAKE_CHIP_FLASH_SIZE - 64;
	o.width = 32;
	o.value = 0xdeadbeef;
	o.count = 16;
	return stmfw_fill(c, &o, on_done, w, op);
}

static int call_protect(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	fake_chip_protect(0, 0);
	return stmfw_protect(c, 0, 4, 7, STMFW_PROTECTION_ON, on_done, w, op);
}

static int call_lock(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	fake_chip_protect(0, fake_chip.stored_blocks);
	return stmfw_lock(c, 0, on_done, w, op);
}

static int call_unprotect(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_unprotect(c, 0, STMFW_UNPROTECT_ERASES_CHIP, on_done, w, op);
}

static int call_options_write(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	fake_chip_protect(0, fake_chip.stored_blocks);
	return stmfw_options_write(c, 0, OPTIONS_VALUE, OPTIONS_MASK, on_done, w, op);
}

static int call_read_words(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_read_words(c, NULL, FAKE_CHIP_BASE, 32, 4, on_done, w, op);
}

static int call_write_words(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	static const uint32_t words[] = { 1, 2, 3 };

	return stmfw_write_words(c, NULL, FAKE_CHIP_RAM, 32, words, 3, on_done, w, op);
}

static int call_read_block(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_read_block(c, NULL, FAKE_CHIP_BASE + 1, 9, on_done, w, op);
}

static int call_write_block(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7 };

	return stmfw_write_block(c, NULL, FAKE_CHIP_RAM + 1, bytes, sizeof(bytes), on_done, w, op);
}

static int call_read_flash(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	stmfw_read_opts o = STMFW_INIT(stmfw_read_opts);

	o.length = 600;
	o.chunk = 256;
	o.sink = on_sink;
	o.progress = on_progress;
	o.arg = &side;
	return stmfw_read_flash(c, &o, on_done, w, op);
}

/* Into memory. */
static int call_read_flash_kept(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	stmfw_read_opts o = STMFW_INIT(stmfw_read_opts);

	o.offset = 100;
	o.length = 600;
	o.chunk = 256;
	o.progress = on_progress;
	o.arg = &side;
	return stmfw_read_flash(c, &o, on_done, w, op);
}

static int call_verify_flash(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	stmfw_verify_opts o = STMFW_INIT(stmfw_verify_opts);

	o.data = fake_chip.flash;
	o.length = 600;
	o.chunk = 256;
	o.progress = on_progress;
	o.arg = &side;
	return stmfw_verify_flash(c, &o, on_done, w, op);
}

/* Bytes for two sectors of the fake chip, one of them whole. */
const stmfw_image *small_image(void)
{
	static stmfw_image *image;
	static uint8_t bytes[1500];
	stmfw_image_opts o = STMFW_INIT(stmfw_image_opts);

	if (image)
		return image;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 13 + 5);
	o.type = STMFW_IMAGE_BIN;
	o.has_base = 1;
	o.base = FAKE_CHIP_BASE + SMALL_IMAGE_OFFSET;
	ck_assert_int_eq(stmfw_image_parse(&image, "small", bytes, sizeof(bytes), &o, NULL),
			 STMFW_OK);
	return image;
}

static int call_flash(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	stmfw_flash_opts o = STMFW_INIT(stmfw_flash_opts);

	fake_chip_protect(0, fake_chip.stored_blocks);
	fake_chip.runs_code = true;
	o.image = small_image();
	o.progress = on_progress;
	o.arg = &side;
	return stmfw_flash(c, &o, on_done, w, op);
}

static int call_shutdown(stmfw_client *c, struct watch *w, stmfw_op *op)
{
	return stmfw_shutdown(c, on_done, w, op);
}

const struct api_call api_calls[] = {
	{ "command", call_command },
	{ "notifications", call_notifications },
	{ "targets", call_targets },
	{ "reset", call_reset },
	{ "halt", call_halt },
	{ "resume", call_resume },
	{ "identify", call_identify },
	{ "banks", call_banks },
	{ "bank_info", call_bank_info },
	{ "read_bank", call_read_bank },
	{ "write_image", call_write_image },
	{ "verify_image", call_verify_image }, /* before what erases */
	{ "erase_sectors", call_erase_sectors },
	{ "erase_range", call_erase_range },
	{ "mass_erase", call_mass_erase },
	{ "blank_check", call_blank_check },
	{ "write_bank", call_write_bank },
	{ "verify_bank", call_verify_bank },
	{ "write_image_data", call_write_image_data },
	{ "write_bank_data", call_write_bank_data },
	{ "verify_bank_data", call_verify_bank_data },
	{ "load_image", call_load_image },
	{ "fill", call_fill },
	{ "protect", call_protect },
	{ "lock", call_lock },
	{ "unprotect", call_unprotect },
	{ "options_write", call_options_write },
	{ "read_words", call_read_words },
	{ "write_words", call_write_words },
	{ "read_block", call_read_block },
	{ "write_block", call_write_block },
	{ "read_flash", call_read_flash },
	{ "read_flash_kept", call_read_flash_kept },
	{ "verify_flash", call_verify_flash },
	{ "flash", call_flash },
	{ "shutdown", call_shutdown },
};

const int api_call_count = sizeof(api_calls) / sizeof(api_calls[0]);
