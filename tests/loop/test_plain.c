/* SPDX-License-Identifier: MIT */
/* test_plain.c - plain flash commands: what they refuse, and that they believe no mere words. */
#include <stdio.h>

#include "plain.h"

#define BASE FAKE_CHIP_BASE

static stmfw_check_opts check_opts(void)
{
	stmfw_check_opts o = STMFW_INIT(stmfw_check_opts);

	o.ocd_path = "/proc/self/comm";
	o.offset = BASE;
	o.type = "bin";
	return o;
}

static stmfw_fill_opts fill_opts(unsigned int width, uint32_t value, uint32_t count)
{
	stmfw_fill_opts o = STMFW_INIT(stmfw_fill_opts);

	o.width = width;
	o.value = value;
	o.count = count;
	return o;
}

static void invalid_fill(unsigned int width, uint32_t value, uint32_t count)
{
	const stmfw_fill_opts o = fill_opts(width, value, count);

	ck_assert_int_eq(CALL(stmfw_fill(fx.client, &o, DONE)), STMFW_EINVAL);
}

START_TEST(bad_arguments)
{
	stmfw_check_opts check = check_opts();

	fake_chip_connect();
	memset(&done, 0, sizeof(done));
	ck_assert_int_eq(CALL(stmfw_erase_sectors(fx.client, 0, 2, 1, 0, DONE)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_erase_sectors(fx.client, 0, 0, 1, 0x80, DONE)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_erase_sectors(fx.client, 0, 0, 1, STMFW_ERASE_PAD, DONE)),
			 STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_erase_range(fx.client, 0, BASE, 0, 0, DONE)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_erase_range(fx.client, 0, BASE, UINT64_MAX, 0, DONE)),
			 STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_blank_check(fx.client, 0, 2, 1, DONE)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_write_bank(fx.client, 0, "", 0, 0, DONE)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_verify_bank(fx.client, 0, NULL, 0, 0, DONE)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_mass_erase(NULL, 0, DONE)), STMFW_EINVAL);
	check.target = "";
	ck_assert_int_eq(CALL(stmfw_verify_image(fx.client, &check, DONE)), STMFW_EINVAL);
	check.target = NULL;
	check.ocd_path = NULL;
	ck_assert_int_eq(CALL(stmfw_verify_image(fx.client, &check, DONE)), STMFW_EINVAL);
	invalid_fill(24, 0, 1);
	invalid_fill(64, 0, 1);
	invalid_fill(8, 0x100, 1);
	invalid_fill(16, 0x10000, 1);
	invalid_fill(32, 0, 0);
	close_and_drain();
	ck_assert_int_eq(done.calls, 0);
}
END_TEST

/* ---- erasing ---- */

START_TEST(sectors_that_are_not_there)
{
	fake_chip_connect();
	FAILS(STMFW_ERANGE, "sectors 7 to 8", stmfw_erase_sectors(fx.client, 0, 7, 8, 0, DONE));
	FAILS(STMFW_ERANGE, "which has 8", stmfw_blank_check(fx.client, 0, 8, 8, DONE));
	FAILS(STMFW_ERANGE, "sectors 9",
	      stmfw_erase_sectors(fx.client, 0, 9, STMFW_LAST_SECTOR, 0, DONE));
	FAILS(STMFW_ERANGE, "no flash bank 3", stmfw_mass_erase(fx.client, 3, DONE));
	ck_assert_int_eq(fake_chip.erased[7] + fake_chip.erase_commands, 1);
}
END_TEST

START_TEST(ranges_that_do_not_fit)
{
	fake_chip_connect();
	FAILS(STMFW_ERANGE, "0x08000000 to 0x08001fff",
	      stmfw_erase_range(fx.client, 0, BASE - 1024, 1024, 0, DONE));
	FAILS(STMFW_ERANGE, "do not lie",
	      stmfw_erase_range(fx.client, 0, BASE + 7168, 1025, STMFW_ERASE_PAD, DONE));
	FAILS(STMFW_ERANGE, "all of 0x08000000 to 0x080007ff",
	      stmfw_erase_range(fx.client, 0, BASE + 4, 1024, 0, DONE));
	FAILS(STMFW_ERANGE, "all of 0x08000000 to 0x080003ff",
	      stmfw_erase_range(fx.client, 0, BASE, 1023, 0, DONE));
	ck_assert_int_eq(fake_chip.erase_commands, 0);
	SUCCEEDS(stmfw_erase_range(fx.client, 0, BASE + 4, 1024, STMFW_ERASE_PAD, DONE));
	ck_assert_uint_eq(done.bytes, 2048);
}
END_TEST

START_TEST(protected_sectors_are_refused_before)
{
	fake_chip_connect();
	FAILS(STMFW_EPROTECTED, "sector 4 ", stmfw_erase_sectors(fx.client, 0, 3, 6, 0, DONE));
	FAILS(STMFW_EPROTECTED, "nothing was erased", stmfw_mass_erase(fx.client, 0, DONE));
	ck_assert_int_eq(fake_chip.erase_commands, 0);
	ck_assert_str_ne(done.advice, "");
}
END_TEST

/* What does not fit together would make us erase something else, or look beyond a list. */
START_TEST(banks_that_make_no_sense)
{
	static const char *const lists[] = {
		"",                                                      /* none             */
		"\t#  0: 0x00000000 (0x0 0kB) \n",                       /* an empty one     */
		"\t#  0: 0x00000000 (0x800 2kB) \n\t#  1: 0x00000400 (0x400 1kB) \n",
		"\t#  0: 0x00000400 (0x400 1kB) \n\t#  1: 0x00000000 (0x400 1kB) \n",
		"\t#  0: 0x00000000 (0x2400 9kB) \n",                   /* beyond the bank  */
		"\t#  0: 0x00002000 (0x400 1kB) \n",
		"\t#  0: 0x00000400 (0xfffffffffffffc00 1kB) \n",       /* wraps around     */
	};
	static const char words[] = "description of flash bank 0 makes no sense";

	fake_chip_connect();
	fake_chip_protect(0, 0);
	fake_chip.odd_blocks = lists[_i];
	FAILS(STMFW_EUNSUPPORTED, words, stmfw_bank_info(fx.client, 0, 0, DONE));
	FAILS(STMFW_EUNSUPPORTED, words, stmfw_protect(fx.client, 0, 0, 0, STMFW_PROTECTION_ON, DONE));
	fake_chip.odd_blocks = NULL;
	fake_chip.odd_sectors = lists[_i];
	if (_i == 0) /* then the blocks are they */
		return;
	FAILS(STMFW_EUNSUPPORTED, words, stmfw_erase_sectors(fx.client, 0, 0, 0, 0, DONE));
	FAILS(STMFW_EUNSUPPORTED, words, stmfw_mass_erase(fx.client, 0, DONE));
	ck_assert_int_eq(fake_chip.erase_commands + fake_chip.mass_erases, 0);
	ck_assert_int_eq(fake_chip.option_commands, 0);
}
END_TEST

START_TEST(bank_beyond_all_addresses)
{
	fake_chip_connect();
	if (_i)
		fake_chip.base = 0xffffffff;
	else
		fake_chip.size = 0xfffffffffffff000;
	FAILS(STMFW_EUNSUPPORTED, "makes no sense", stmfw_bank_info(fx.client, 0, 0, DONE));
	FAILS(STMFW_EUNSUPPORTED, "makes no sense",
	      stmfw_bank_info(fx.client, 0, STMFW_BANK_BRIEF, DONE));
}
END_TEST

static void look_at_protection(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)w;
	(void)c;
	ck_assert_uint_eq(res->banks[0].sector_count, 8);
	for (size_t i = 0; i < 8; i++)
		ck_assert_int_eq(res->banks[0].sectors[i].is_protected, i >= 4);
}

/* Where protection is by blocks, the states in the list of sectors may be wrong. */
START_TEST(blocks_tell_what_is_protected)
{
	fake_chip_connect();
	fake_chip.sector_states = _i;
	memset(&done, 0, sizeof(done));
	done.then = look_at_protection;
	ACCEPTED(stmfw_bank_info(fx.client, 0, 0, DONE));
	RUN_UNTIL(done.calls);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
}
END_TEST

START_TEST(without_a_list_of_sectors_the_blocks_are_they)
{
	fake_chip_connect();
	fake_chip.no_sector_list = true;
	FAILS(STMFW_ERANGE, "which has 2", stmfw_blank_check(fx.client, 0, 1, 2, DONE));
	FAILS(STMFW_EPROTECTED, "sector 1 ", stmfw_erase_sectors(fx.client, 0, 0, 1, 0, DONE));
	SUCCEEDS(stmfw_erase_sectors(fx.client, 0, 0, 0, 0, DONE));
	ck_assert_uint_eq(done.bytes, 4096);
}
END_TEST

/* OpenOCD's word that it has erased is not enough. */
START_TEST(sector_that_does_not_get_blank)
{
	fake_chip_connect();
	fake_chip.erased[3] = 0;
	fake_chip.bad_sector = 3;
	FAILS(STMFW_EVERIFY, "sector 3 ", stmfw_erase_sectors(fx.client, 0, 0, 3, 0, DONE));
	ck_assert_uint_eq(done.bytes, 0);
	fake_chip.erased[2] = -1;
	fake_chip.bad_sector = 2;
	FAILS(STMFW_ETARGET, "sector 2 ", stmfw_erase_sectors(fx.client, 0, 0, 3, 0, DONE));
	SUCCEEDS(stmfw_erase_sectors(fx.client, 0, 3, 3, 0, DONE));
}
END_TEST

START_TEST(blank_or_not)
{
	fake_chip_connect();
	SUCCEEDS(stmfw_blank_check(fx.client, 0, 3, STMFW_LAST_SECTOR, DONE));
	ck_assert_uint_eq(done.bytes, 5 * 1024);
	FAILS(STMFW_EVERIFY, "sector 0 ", stmfw_blank_check(fx.client, 0, 0, 7, DONE));
	FAILS(STMFW_ETARGET, "sector 2 ", stmfw_blank_check(fx.client, 0, 1, 7, DONE));
	fake_chip.erased[6] = 0;
	FAILS(STMFW_EVERIFY, "sector 6 ", stmfw_blank_check(fx.client, 0, 1, 7, DONE));
	ck_assert_int_eq(fake_chip.erase_commands, 0);
}
END_TEST

START_TEST(mass_erase_by_the_drivers_command_or_sector_by_sector)
{
	static const char *const drivers[] = { "stm32f1x", "stm32lx", "faux" };

	fake_chip_connect();
	fake_chip.driver = drivers[_i];
	fake_chip_protect(1, 0);
	SUCCEEDS(stmfw_mass_erase(fx.client, 0, DONE));
	ck_assert_int_eq(fake_chip.mass_erases, _i == 0);
	ck_assert_int_eq(fake_chip.erase_commands, _i != 0);
	ck_assert_uint_eq(done.bytes, FAKE_CHIP_FLASH_SIZE);
}
END_TEST

static stmfw_op erasing;

/* The driver's command would erase the main flash instead. */
START_TEST(memory_that_can_be_programmed_once_is_never_erased)
{
	static const unsigned long places[] = { 0x1fff7800, 0x1ff0f000, 0x0bfa0000 };

	fake_chip_connect();
	fake_chip.base = places[_i];
	fake_chip_protect(0, 0);
	FAILS(STMFW_EUNSUPPORTED, "never erased", stmfw_mass_erase(fx.client, 0, DONE));
	FAILS(STMFW_EUNSUPPORTED, "never erased",
	      stmfw_erase_sectors(fx.client, 0, 0, 1, STMFW_ERASE_UNLOCK, DONE));
	FAILS(STMFW_EUNSUPPORTED, "never erased",
	      stmfw_erase_range(fx.client, 0, fake_chip.base, 1024, 0, DONE));
	ck_assert_int_eq(fake_chip.erase_commands + fake_chip.mass_erases, 0);
	SUCCEEDS(stmfw_blank_check(fx.client, 0, 3, STMFW_LAST_SECTOR, DONE));
}
END_TEST

START_TEST(mass_erase_of_other_memory_is_sector_by_sector)
{
	fake_chip_connect();
	fake_chip.base = 0x90000000;
	fake_chip_protect(0, 0);
	SUCCEEDS(stmfw_mass_erase(fx.client, 0, DONE));
	ck_assert_int_eq(fake_chip.mass_erases, 0);
	ck_assert_int_eq(fake_chip.erase_commands, 1);
}
END_TEST

static void cancel_while_it_erases(int request)
{
	if (request == 2)
		ACCEPTED(stmfw_cancel(fx.client, erasing));
}

/* Once it has been sent, the truth about it is told. */
START_TEST(canceled_too_late)
{
	fake_chip_connect();
	fake_chip.requests = 0;
	fake_chip.before = cancel_while_it_erases;
	RUN(stmfw_erase_sectors(fx.client, 0, 0, 1, 0, on_done, &done, &erasing));
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(fake_chip.requests, 4);
}
END_TEST

/* ---- files ---- */

static int write_or_verify(bool verify, uint64_t offset, uint64_t length)
{
	return verify ? stmfw_verify_bank(fx.client, 0, "/x", offset, length, DONE)
		      : stmfw_write_bank(fx.client, 0, "/x", offset, length, DONE);
}

START_TEST(file_that_does_not_fit_is_refused_before)
{
	fake_chip_connect();
	fake_chip.file_size = 0;
	FAILS(STMFW_ERANGE, "empty", write_or_verify(_i, 0, 0));
	fake_chip.file_size = 64;
	FAILS(STMFW_ERANGE, "64 bytes, not 63", write_or_verify(_i, 0, 63));
	FAILS(STMFW_ERANGE, "do not lie", write_or_verify(_i, FAKE_CHIP_FLASH_SIZE - 63, 0));
	FAILS(STMFW_ERANGE, "do not lie", write_or_verify(_i, UINT64_MAX, 64));
	fake_chip.file_size = FAKE_CHIP_FLASH_SIZE + 1;
	FAILS(STMFW_ERANGE, "do not lie", write_or_verify(_i, 0, 0));
	fake_chip.file_size = -2;
	FAILS(STMFW_ECOMMAND, "has no file", write_or_verify(_i, 0, 0));
	ck_assert_ptr_nonnull(strstr(done.advice, "its own machine"));
	ck_assert_int_eq(fake_chip.file_commands, 0);
}
END_TEST

START_TEST(file_of_unknown_size)
{
	fake_chip_connect();
	fake_chip.file_size = -1;
	FAILS(STMFW_EUNSUPPORTED, "how long", write_or_verify(_i, 0, 0));
	ck_assert_int_eq(fake_chip.file_commands, 0);
	SUCCEEDS(write_or_verify(_i, 0, 64));
	ck_assert_uint_eq(done.bytes, 64);
}
END_TEST

/* An answer of success, but about fewer bytes, or none. */
START_TEST(file_handled_in_part)
{
	int wrong = _i ? STMFW_EVERIFY : STMFW_ERANGE;

	fake_chip_connect();
	fake_chip.file_done = 63;
	FAILS(wrong, "63 bytes instead of 64", write_or_verify(_i, 0, 0));
	fake_chip.file_done = 0;
	FAILS(wrong, "0 bytes instead of 64", write_or_verify(_i, 0, 64));
}
END_TEST

START_TEST(differences_are_named)
{
	stmfw_check_opts check = check_opts();
	stmfw_fill_opts fill = fill_opts(8, 1, 4);

	fake_chip_connect();
	fake_chip.differs = true;
	FAILS(STMFW_EVERIFY, "0x08000123 (flash ab, file cd)",
	      stmfw_verify_bank(fx.client, 0, "/x", 0x100, 0, DONE));
	FAILS(STMFW_EVERIFY, "0x08000004", stmfw_fill(fx.client, &fill, DONE));
	ck_assert_str_ne(done.advice, "");
	FAILS(STMFW_EVERIFY, "0x08000000 (chip 01, image 02)",
	      stmfw_verify_image(fx.client, &check, DONE));
}
END_TEST

static void put_image(size_t *length)
{
	FILE *f = fopen("/proc/self/comm", "r");

	ck_assert_ptr_nonnull(f);
	*length = fread(fake_chip.flash, 1, 64, f);
	fclose(f);
}

START_TEST(image_compared_in_part)
{
	stmfw_check_opts check = check_opts();
	size_t length;

	fake_chip_connect();
	put_image(&length);
	check.target = FAKE_CHIP_TARGET;
	SUCCEEDS(stmfw_verify_image(fx.client, &check, DONE));
	ck_assert_uint_eq(done.bytes, length);
	check.length = length + 1;
	FAILS(STMFW_EVERIFY, "instead of", stmfw_verify_image(fx.client, &check, DONE));
	check.length = 0;
	fake_chip.verified_less = (uint32_t)length;
	FAILS(STMFW_EVERIFY, "0 bytes", stmfw_verify_image(fx.client, &check, DONE));
}
END_TEST

/* ---- content of ours ---- */

#define LONG_LENGTH (300u << 10)
static uint8_t long_content[LONG_LENGTH];

static stmfw_write_opts long_image(void)
{
	stmfw_write_opts o = STMFW_INIT(stmfw_write_opts);

	for (size_t i = 0; i < LONG_LENGTH; i++)
		long_content[i] = (uint8_t)(i * 7 + i / 256);
	o.data = long_content;
	o.data_length = LONG_LENGTH;
	o.offset = BASE;
	o.type = "bin";
	return o;
}

START_TEST(content_or_a_path)
{
	stmfw_write_opts o = long_image();

	fake_chip_connect();
	memset(&done, 0, sizeof(done));
	o.data_length = 0;
	ck_assert_int_eq(CALL(stmfw_write_image(fx.client, &o, DONE)), STMFW_EINVAL);
	o.data_length = 1;
	o.ocd_path = "/x";
	ck_assert_int_eq(CALL(stmfw_write_image(fx.client, &o, DONE)), STMFW_EINVAL);
	o.ocd_path = NULL;
	o.data = NULL;
	ck_assert_int_eq(CALL(stmfw_write_image(fx.client, &o, DONE)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_write_bank_data(fx.client, 0, NULL, 1, 0, DONE)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_verify_bank_data(fx.client, 0, "x", 0, 0, DONE)), STMFW_EINVAL);
	close_and_drain();
	ck_assert_int_eq(done.calls, 0);
}
END_TEST

/* Each byte value, as flash then has it. */
START_TEST(content_is_written_as_it_is)
{
	uint8_t bytes[1024];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 + i / 256);
	fx.opts.transfer = _i ? STMFW_TRANSFER_INLINE : STMFW_TRANSFER_AUTO;
	fake_chip_connect();
	memset(fake_chip.flash, 0xff, sizeof(fake_chip.flash));
	SUCCEEDS(stmfw_write_bank_data(fx.client, 0, bytes, sizeof(bytes), 100, DONE));
	ck_assert_uint_eq(done.bytes, sizeof(bytes));
	ck_assert_mem_eq(fake_chip.flash + 100, bytes, sizeof(bytes));
	ck_assert_int_eq(fake_chip.temporary_files, _i);
	fake_chip.counts_less = true;
	FAILS(STMFW_ERANGE, "1023 bytes instead of 1024",
	      stmfw_write_bank_data(fx.client, 0, bytes, sizeof(bytes), 100, DONE));
	FAILS(STMFW_ERANGE, "do not lie",
	      stmfw_write_bank_data(fx.client, 0, bytes, sizeof(bytes), 7169, DONE));
}
END_TEST

START_TEST(long_content_comes_in_parts)
{
	const stmfw_write_opts o = long_image();
	stmfw_check_opts load = STMFW_INIT(stmfw_check_opts);

	fx.opts.transfer = STMFW_TRANSFER_INLINE;
	fake_chip_connect();
	SUCCEEDS(stmfw_write_image(fx.client, &o, DONE));
	ck_assert_uint_eq(done.bytes, LONG_LENGTH);
	ck_assert_int_eq(fake_chip.parts, 1);
	ck_assert(!fake_chip.kept);
	load.data = long_content;
	load.data_length = load.length = LONG_LENGTH;
	load.target = FAKE_CHIP_TARGET;
	load.type = "bin";
	SUCCEEDS(stmfw_load_image(fx.client, &load, DONE));
	ck_assert_uint_eq(done.bytes, LONG_LENGTH);
	ck_assert(!fake_chip.kept);
	load.length--;
	FAILS(STMFW_ECOMMAND, "instead of", stmfw_load_image(fx.client, &load, DONE));
	ck_assert(!fake_chip.kept);
}
END_TEST

static stmfw_op writing;
static int cancel_at;

static void cancel_then(int request)
{
	if (request == cancel_at)
		ACCEPTED(stmfw_cancel(fx.client, writing));
}

/* Requests: ways, part, command. Whatever has come to OpenOCD by then is deleted there. */
START_TEST(content_that_is_canceled_is_forgotten)
{
	const stmfw_write_opts o = long_image();

	fx.opts.transfer = STMFW_TRANSFER_INLINE;
	fake_chip_connect();
	memset(&done, 0, sizeof(done));
	cancel_at = _i;
	fake_chip.before = cancel_then;
	ACCEPTED(stmfw_write_image(fx.client, &o, on_done, &done, &writing));
	RUN_UNTIL(done.calls);
	ck_assert_int_eq(fake_chip.parts, _i < 2 ? _i : 1);
	ck_assert(!fake_chip.kept);
	if (_i == 2) /* it was too late */
		assert_status(&done, STMFW_OK, STMFW_FINISHED);
	else
		assert_failed_once(&done, STMFW_ECANCELED, STMFW_FINISHED);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 1);
}
END_TEST

START_TEST(content_that_cannot_be_stored)
{
	const stmfw_write_opts o = long_image();

	fx.opts.transfer = STMFW_TRANSFER_INLINE;
	fake_chip_connect();
	fake_chip.fault = FAULT_ERROR;
	fake_chip.fault_at = 1 + _i;
	FAILS(STMFW_ECOMMAND, "it went wrong", stmfw_write_image(fx.client, &o, DONE));
	ck_assert_int_eq(fake_chip.faults, 1);
	ck_assert_int_eq(fake_chip.parts, _i);
}
END_TEST

/* What a part is known by must be told, or the command would have to do without it. */
START_TEST(part_of_which_nothing_is_told)
{
	const stmfw_write_opts o = long_image();

	fx.opts.transfer = STMFW_TRANSFER_INLINE;
	fake_chip_connect();
	fake_chip.fault = FAULT_NOTHING;
	fake_chip.fault_at = 1;
	FAILS(STMFW_EUNSUPPORTED, "makes no sense", stmfw_write_image(fx.client, &o, DONE));
	ck_assert_int_eq(fake_chip.faults, 1);
	ck_assert_int_eq(fake_chip.file_commands, 0);
}
END_TEST

START_TEST(content_where_openocd_has_no_files)
{
	const stmfw_write_opts o = long_image();

	fx.opts.transfer = _i ? STMFW_TRANSFER_INLINE : STMFW_TRANSFER_AUTO;
	fake_chip_connect();
	fake_chip.no_files = fake_chip.not_shared = true;
	FAILS(STMFW_EUNSUPPORTED, "no commands to make", stmfw_write_image(fx.client, &o, DONE));
	ck_assert_str_ne(done.advice, "");
	fake_chip.not_shared = false;
	if (_i)
		return;
	SUCCEEDS(stmfw_write_image(fx.client, &o, DONE)); /* in a file that both see */
}
END_TEST

START_TEST(fill_that_does_not_fit)
{
	stmfw_fill_opts fill = fill_opts(32, 1, FAKE_CHIP_FLASH_SIZE / 4);

	fake_chip_connect();
	SUCCEEDS(stmfw_fill(fx.client, &fill, DONE));
	ck_assert_uint_eq(done.bytes, FAKE_CHIP_FLASH_SIZE);
	fill.offset = 1;
	FAILS(STMFW_ERANGE, "do not lie", stmfw_fill(fx.client, &fill, DONE));
	fill.offset = 0;
	fill.count = UINT32_MAX;
	FAILS(STMFW_ERANGE, "do not lie", stmfw_fill(fx.client, &fill, DONE));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ bad_arguments, 0 },
		{ sectors_that_are_not_there, 0 },
		{ ranges_that_do_not_fit, 0 },
		{ protected_sectors_are_refused_before, 0 },
		{ banks_that_make_no_sense, 7 },
		{ bank_beyond_all_addresses, 2 },
		{ blocks_tell_what_is_protected, 2 },
		{ without_a_list_of_sectors_the_blocks_are_they, 0 },
		{ sector_that_does_not_get_blank, 0 },
		{ blank_or_not, 0 },
		{ mass_erase_by_the_drivers_command_or_sector_by_sector, 3 },
		{ memory_that_can_be_programmed_once_is_never_erased, 3 },
		{ mass_erase_of_other_memory_is_sector_by_sector, 0 },
		{ canceled_too_late, 0 },
		{ file_that_does_not_fit_is_refused_before, 2 },
		{ file_of_unknown_size, 2 },
		{ file_handled_in_part, 2 },
		{ differences_are_named, 0 },
		{ image_compared_in_part, 0 },
		{ content_or_a_path, 0 },
		{ content_is_written_as_it_is, 2 },
		{ long_content_comes_in_parts, 0 },
		{ content_that_is_canceled_is_forgotten, 3 },
		{ content_that_cannot_be_stored, 2 },
		{ part_of_which_nothing_is_told, 0 },
		{ content_where_openocd_has_no_files, 2 },
		{ fill_that_does_not_fit, 0 },
		{ NULL, 0 },
	};

	fixture_before_tear_down = fake_chip_stop;
	return run_cases("plain", cases);
}
