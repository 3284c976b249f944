/* SPDX-License-Identifier: MIT */
/*
 * Plain flash commands through a real OpenOCD on a virtual board. What the board itself says of its
 * flash and of what it was made to do is the oracle.
 */
#include <stdio.h>

#include "real.h"

#define KIB  1024u
#define BASE 0x08000000u

struct chip {
	const char *name;
	const char *target_cfg;
	uint32_t flash;
	uint32_t sector; /* size of the first ones */
	uint32_t sectors;
	uint32_t last; /* size of the last one */
};

static const struct chip chips[] = {
	{ "f103c8", "target/stm32f1x.cfg", 64 * KIB, 1 * KIB, 64, 1 * KIB },
	{ "f407vg", "target/stm32f4x.cfg", 1024 * KIB, 16 * KIB, 12, 128 * KIB },
};

/* _i: both chips with both drivers */
#define SETUPS 4
static const struct chip *chip;
static uint8_t before[1024 * KIB], after[1024 * KIB];

/* Flash is full but for its last sector, and a chip can start from it. */
static void fill_flash(void)
{
	static const uint8_t vectors[] = { 0, 0x10, 0, 0x20, 1, 1, 0, 8 };
	char line[128];

	memset(before, 0xff, sizeof(before));
	for (uint32_t i = 0; i < chip->flash - chip->last; i++)
		before[i] = (uint8_t)(i * 13 + i / 1024 + 5) & 0x7f;
	memcpy(before, vectors, sizeof(vectors));
	snprintf(line, sizeof(line), "load %s/flash", real.dir);
	FILE *f = fopen(line + 5, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(before, 1, chip->flash, f), chip->flash);
	fclose(f);
	board_do(line);
}

static void start_by(int setup, const char *fault, enum stmfw_transfer transfer)
{
	const char *options[] = { fault ? "--fault" : NULL, fault, NULL };

	chip = &chips[setup / 2];
	start_board(chip->name, chip->target_cfg, setup % 2 ? DAPDIRECT : HLA, options);
	connect_by(transfer);
	fill_flash();
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
}

static void start(int setup, const char *fault)
{
	start_by(setup, fault, STMFW_TRANSFER_AUTO);
}

static void check_flash(void)
{
	board_flash(after, chip->flash);
	for (uint32_t i = 0; i < chip->flash; i++)
		ck_assert_msg(after[i] == before[i], "0x%05x: %02x, not %02x", i, after[i],
			      before[i]);
}

static void expect_blank(uint32_t offset, uint32_t length)
{
	memset(before + offset, 0xff, length);
}

/* A file with bytes that are no firmware. */
static const char *make_file(uint32_t length)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/file", real.dir);
	FILE *f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	for (uint32_t i = 0; i < length; i++)
		fputc((uint8_t)(i * 7 + i / 256 + 1), f);
	fclose(f);
	return path;
}

static void expect_file(uint32_t offset, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		before[offset + i] = (uint8_t)(i * 7 + i / 256 + 1);
}

/* ---- erasing ---- */

static uint32_t first_blank;

static void look_at_sectors(const stmfw_result *res)
{
	ck_assert_uint_eq(res->banks[0].sector_count, chip->sectors);
	for (uint32_t i = 0; i < first_blank; i++)
		ck_assert_int_eq(res->banks[0].sectors[i].erased, 1);
	ck_assert_int_eq(res->banks[0].sectors[first_blank].erased, 0);
}

START_TEST(sectors_are_erased_and_no_others)
{
	start(_i, NULL);
	first_blank = 2;
	outcome.look = look_at_sectors;
	RUN_OK(stmfw_erase_sectors(real.client, 0, 0, 1, 0, DONE));
	ck_assert_uint_eq(outcome.res.bytes, 2 * chip->sector);
	expect_blank(0, 2 * chip->sector);
	check_flash();
	RUN_FAILS(STMFW_ERANGE, stmfw_erase_sectors(real.client, 0, 0, chip->sectors, 0, DONE));
	RUN_FAILS(STMFW_ERANGE, stmfw_erase_sectors(real.client, 9, 0, 0, 0, DONE));
	check_flash();
}
END_TEST

START_TEST(range_is_erased)
{
	start(_i, NULL);
	RUN_FAILS(STMFW_ERANGE, stmfw_erase_range(real.client, 0, BASE + 1, chip->sector, 0, DONE));
	check_flash();
	RUN_OK(stmfw_erase_range(real.client, 0, BASE + chip->sector, chip->sector, 0, DONE));
	expect_blank(chip->sector, chip->sector);
	check_flash();
	RUN_OK(stmfw_erase_range(real.client, 0, BASE + chip->sector - 1, 1, STMFW_ERASE_PAD,
				 DONE));
	expect_blank(0, chip->sector);
	check_flash();
}
END_TEST

START_TEST(all_of_it_is_erased)
{
	start(_i, NULL);
	RUN_OK(stmfw_mass_erase(real.client, 0, DONE));
	ck_assert_uint_eq(outcome.res.bytes, chip->flash);
	ck_assert_uint_eq(board_stat("mass_erases"), 1);
	expect_blank(0, chip->flash);
	check_flash();
	RUN_OK(stmfw_blank_check(real.client, 0, 0, STMFW_LAST_SECTOR, DONE));
}
END_TEST

/* Bank 1 of an F407. Its driver's mass erase, told that bank, erases the main flash. */
START_TEST(memory_that_can_be_programmed_once_is_never_erased)
{
	start(2, NULL);
	RUN_FAILS(STMFW_EUNSUPPORTED, stmfw_mass_erase(real.client, 1, DONE));
	ck_assert_msg(strstr(outcome.text, "never erased") != NULL, "%s", outcome.text);
	RUN_FAILS(STMFW_EUNSUPPORTED, stmfw_erase_sectors(real.client, 1, 0, 0, 0, DONE));
	RUN_FAILS(STMFW_EUNSUPPORTED,
		  stmfw_erase_range(real.client, 1, 0x1fff7800, 1, STMFW_ERASE_PAD, DONE));
	ck_assert_uint_eq(board_stat("mass_erases"), 0);
	check_flash();
}
END_TEST

START_TEST(blank_check_finds_the_first_that_is_not)
{
	start(_i, NULL);
	RUN_FAILS(STMFW_EVERIFY, stmfw_blank_check(real.client, 0, 0, STMFW_LAST_SECTOR, DONE));
	ck_assert_msg(strstr(outcome.text, "sector 0 ") != NULL, "%s", outcome.text);
	RUN_OK(stmfw_blank_check(real.client, 0, chip->sectors - 1, chip->sectors - 1, DONE));
	check_flash();
}
END_TEST

START_TEST(cell_that_does_not_get_blank)
{
	start(_i, "stuck=0x08000321:0x7f");
	RUN_FAILS(STMFW_EVERIFY, stmfw_erase_sectors(real.client, 0, 0, 1, 0, DONE));
	ck_assert_msg(strstr(outcome.text, "sector 0 ") != NULL, "%s", outcome.text);
}
END_TEST

START_TEST(write_protected_sectors_are_not_erased)
{
	start(_i, _i < 2 ? "wrp=4-7" : "wrp=4-4");
	RUN_FAILS(STMFW_EPROTECTED, stmfw_erase_sectors(real.client, 0, 0, 4, 0, DONE));
	ck_assert_msg(strstr(outcome.text, "sector 4 ") != NULL, "%s", outcome.text);
	RUN_FAILS(STMFW_EPROTECTED, stmfw_mass_erase(real.client, 0, DONE));
	check_flash();
	RUN_OK(stmfw_erase_sectors(real.client, 0, 0, 3, 0, DONE));
}
END_TEST

/* Mass erase is allowed on a chip with read protection; to look at its flash is not. */
START_TEST(what_cannot_be_looked_at_is_not_called_blank)
{
	start_board("f103c8", "target/stm32f1x.cfg", HLA,
		    (const char *const[]){ "--fault", "rdp", NULL });
	connect_client();
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	RUN_FAILS(STMFW_ETARGET, stmfw_mass_erase(real.client, 0, DONE));
	ck_assert_uint_eq(board_stat("mass_erases"), 1);
	ck_assert_msg(strstr(outcome.advice, "read protected") != NULL, "%s", outcome.advice);
}
END_TEST

START_TEST(running_target_is_refused)
{
	stmfw_fill_opts fill = STMFW_INIT(stmfw_fill_opts);

	start(_i, NULL);
	fill.width = 8;
	fill.count = 1;
	RUN_OK(stmfw_resume(real.client, NULL, DONE));
	RUN_FAILS(STMFW_ETARGET, stmfw_erase_sectors(real.client, 0, 0, 0, 0, DONE));
	RUN_FAILS(STMFW_ETARGET, stmfw_mass_erase(real.client, 0, DONE));
	RUN_FAILS(STMFW_ETARGET, stmfw_blank_check(real.client, 0, 0, 0, DONE));
	RUN_FAILS(STMFW_ETARGET, stmfw_fill(real.client, &fill, DONE));
	check_flash();
}
END_TEST

/* ---- files and values ---- */

START_TEST(file_is_written_and_compared)
{
	const char *path;
	uint32_t at = 2 * chips[_i / 2].sector;

	start(_i, NULL);
	path = make_file(3000);
	RUN_OK(stmfw_erase_range(real.client, 0, BASE, at + 3000, STMFW_ERASE_PAD, DONE));
	RUN_OK(stmfw_write_bank(real.client, 0, path, at, 0, DONE));
	ck_assert_uint_eq(outcome.res.bytes, 3000);
	expect_blank(0, (at + 3000 + chip->sector - 1) / chip->sector * chip->sector);
	expect_file(at, 3000);
	check_flash();
	RUN_OK(stmfw_verify_bank(real.client, 0, path, at, 3000, DONE));
	ck_assert_uint_eq(outcome.res.bytes, 3000);
	RUN_FAILS(STMFW_EVERIFY, stmfw_verify_bank(real.client, 0, path, at + 8, 0, DONE));
	RUN_FAILS(STMFW_ERANGE, stmfw_verify_bank(real.client, 0, path, at, 2999, DONE));
	check_flash();
}
END_TEST

/* OpenOCD would write, or compare, what fits, and call it success. */
START_TEST(file_that_is_too_long_or_empty)
{
	const char *path;

	start(_i, NULL);
	path = make_file(1025);
	RUN_FAILS(STMFW_ERANGE,
		  stmfw_write_bank(real.client, 0, path, chip->flash - 1024, 0, DONE));
	RUN_FAILS(STMFW_ERANGE,
		  stmfw_verify_bank(real.client, 0, path, chip->flash - 1024, 0, DONE));
	path = make_file(0);
	RUN_FAILS(STMFW_ERANGE, stmfw_write_bank(real.client, 0, path, 0, 0, DONE));
	RUN_FAILS(STMFW_ERANGE, stmfw_verify_bank(real.client, 0, path, 0, 0, DONE));
	RUN_FAILS(STMFW_ECOMMAND, stmfw_verify_bank(real.client, 0, real.dir, 0, 0, DONE));
	RUN_FAILS(STMFW_ECOMMAND, stmfw_write_bank(real.client, 0, "/no/such file", 0, 0, DONE));
	ck_assert_uint_eq(board_stat("bytes_programmed"), 0);
}
END_TEST

static void find_difference(const char *text, uint32_t offset)
{
	char words[64];

	snprintf(words, sizeof(words), "0x%08x", BASE + offset);
	ck_assert_msg(strstr(text, words) != NULL, "no %s in: %s", words, text);
}

START_TEST(image_is_compared)
{
	stmfw_check_opts check = STMFW_INIT(stmfw_check_opts);

	start(_i, NULL);
	RUN_OK(stmfw_erase_sectors(real.client, 0, 0, 2, 0, DONE));
	check.ocd_path = make_file(3000);
	check.offset = BASE;
	check.type = "bin";
	RUN_FAILS(STMFW_EVERIFY, stmfw_verify_image(real.client, &check, DONE));
	find_difference(outcome.text, 0);
	RUN_OK(stmfw_write_bank(real.client, 0, check.ocd_path, 0, 3000, DONE));
	check.length = 3000;
	check.target = chip == &chips[0] ? "stm32f1x.cpu" : "stm32f4x.cpu";
	RUN_OK(stmfw_verify_image(real.client, &check, DONE));
	ck_assert_uint_eq(outcome.res.bytes, 3000);
	check.length = 3001;
	RUN_FAILS(STMFW_EVERIFY, stmfw_verify_image(real.client, &check, DONE));
	check.length = 0;
	check.ocd_path = make_file(0);
	RUN_FAILS(STMFW_EVERIFY, stmfw_verify_image(real.client, &check, DONE));
	check.target = "nobody";
	RUN_FAILS(STMFW_ERANGE, stmfw_verify_image(real.client, &check, DONE));
}
END_TEST

START_TEST(difference_is_at_its_address)
{
	const char *path;

	start(_i, NULL);
	path = make_file(2000);
	RUN_OK(stmfw_erase_sectors(real.client, 0, 0, 3, 0, DONE));
	RUN_OK(stmfw_write_bank(real.client, 0, path, chip->sector, 0, DONE));
	FILE *f = fopen(path, "r+b");
	fseek(f, 1234, SEEK_SET);
	fputc(0, f);
	fclose(f);
	RUN_FAILS(STMFW_EVERIFY, stmfw_verify_bank(real.client, 0, path, chip->sector, 0, DONE));
	find_difference(outcome.text, chip->sector + 1234);
}
END_TEST

/* ---- content of ours ---- */

/* What does not fit into one request goes ahead in parts: two, for the longest. */
#define LONG_CONTENT (600 * KIB)
#define RAM 0x20000000u
static uint8_t content[LONG_CONTENT];

static const struct {
	int setup;
	enum stmfw_transfer transfer;
	uint32_t length;
} ways[] = {
	{ 0, STMFW_TRANSFER_INLINE, 40 * KIB },
	{ 3, STMFW_TRANSFER_INLINE, LONG_CONTENT },
	{ 2, STMFW_TRANSFER_SHARED, 40 * KIB },
};

#define WAYS 3

static void make_content(void)
{
	for (uint32_t i = 0; i < LONG_CONTENT; i++)
		content[i] = i < 2048 ? 0 : (uint8_t)(i * 167 + i / 256);
}

START_TEST(content_is_written_and_compared)
{
	uint32_t length = ways[_i].length, at;

	start_by(ways[_i].setup, NULL, ways[_i].transfer);
	make_content();
	at = chip->sector;
	RUN_OK(stmfw_mass_erase(real.client, 0, DONE));
	expect_blank(0, chip->flash);
	RUN_OK(stmfw_write_bank_data(real.client, 0, content, length, at, DONE));
	ck_assert_uint_eq(outcome.res.bytes, length);
	memcpy(before + at, content, length);
	check_flash();
	RUN_OK(stmfw_verify_bank_data(real.client, 0, content, length, at, DONE));
	ck_assert_uint_eq(outcome.res.bytes, length);
	content[length - 1] ^= 1;
	RUN_FAILS(STMFW_EVERIFY, stmfw_verify_bank_data(real.client, 0, content, length, at, DONE));
	find_difference(outcome.text, at + length - 1);
	RUN_FAILS(STMFW_ERANGE,
		  stmfw_write_bank_data(real.client, 0, content, 9, chip->flash - 8, DONE));
	check_flash();
}
END_TEST

/* An image file as it is, in OpenOCD's own types. */
START_TEST(content_is_an_image)
{
	static const char srec[] = "S30D080000000102030405060708C6\nS70508000000F2\n";
	stmfw_write_opts image = STMFW_INIT(stmfw_write_opts);
	stmfw_check_opts check = STMFW_INIT(stmfw_check_opts);

	start_by(ways[_i].setup, NULL, ways[_i].transfer);
	image.data = content;
	image.data_length = ways[_i].length / 2;
	make_content();
	image.offset = BASE;
	image.type = "bin";
	image.flags = STMFW_WRITE_ERASE;
	RUN_OK(stmfw_write_image(real.client, &image, DONE));
	ck_assert_uint_ge(outcome.res.bytes, image.data_length);
	check.data = content;
	check.data_length = check.length = image.data_length;
	check.offset = BASE;
	check.type = "bin";
	check.target = chip == &chips[0] ? "stm32f1x.cpu" : "stm32f4x.cpu";
	RUN_OK(stmfw_verify_image(real.client, &check, DONE));
	content[4711] ^= 1;
	RUN_FAILS(STMFW_EVERIFY, stmfw_verify_image(real.client, &check, DONE));
	find_difference(outcome.text, 4711);
	image.data = srec;
	image.data_length = sizeof(srec) - 1;
	image.offset = 0;
	image.type = NULL;
	RUN_OK(stmfw_write_image(real.client, &image, DONE));
	board_flash(after, chip->flash);
	ck_assert_mem_eq(after, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	image.type = "elf";
	RUN_FAILS(STMFW_ECOMMAND, stmfw_write_image(real.client, &image, DONE));
	image.type = "bin";
	image.offset = 0x60000000;
	RUN_FAILS(STMFW_ERANGE, stmfw_write_image(real.client, &image, DONE));
	ck_assert_int_eq(temporary_files(), 0);
}
END_TEST

START_TEST(content_is_loaded_into_ram)
{
	stmfw_check_opts load = STMFW_INIT(stmfw_check_opts);

	start_by(ways[_i].setup, NULL, ways[_i].transfer);
	make_content();
	load.data = content + 1024;
	load.data_length = load.length = 4000;
	load.offset = RAM + 0x1000;
	load.type = "bin";
	RUN_OK(stmfw_load_image(real.client, &load, DONE));
	ck_assert_uint_eq(outcome.res.bytes, 4000);
	RUN_OK(stmfw_verify_image(real.client, &load, DONE));
	load.length = 4001;
	RUN_FAILS(STMFW_ECOMMAND, stmfw_load_image(real.client, &load, DONE));
	load.length = 0;
	load.offset = 0x60000000;
	RUN(stmfw_load_image(real.client, &load, DONE));
	ck_assert_int_ne(outcome.res.status, STMFW_OK);
}
END_TEST

/* Who loses the connection between two parts cannot delete what is there: OpenOCD will. */
START_TEST(content_of_who_is_gone_is_deleted_in_time)
{
	stmfw_op op;

	start_by(2, NULL, STMFW_TRANSFER_INLINE);
	make_content();
	outcome.done = false;
	ck_assert_int_eq(stmfw_write_bank_data(real.client, 0, content, LONG_CONTENT, 0, on_outcome,
					       NULL, &op), STMFW_OK);
	while (temporary_files() == 0)
		uv_run(&real.loop, UV_RUN_ONCE);
	stmfw_client_close(real.client, NULL, NULL);
	wait_outcome();
	ck_assert_int_eq(outcome.res.status, STMFW_ECANCELED);
	connect_client();
	ck_assert_int_eq(temporary_files(), 1);
	tcl("set timers [after info];lindex [after info [lindex $timers 0]] 0");
	ck_assert_msg(strncmp(outcome.text, "file delete ", 12) == 0, "%s", outcome.text);
	tcl("foreach timer $timers {uplevel #0 [lindex [after info $timer] 0]}");
	ck_assert_uint_eq(board_stat("bytes_programmed"), 0);
}
END_TEST

static const struct {
	unsigned int width;
	uint32_t value;
	uint8_t bytes[4];
} fills[] = {
	{ 8, 0x5a, { 0x5a, 0x5a, 0x5a, 0x5a } },
	{ 16, 0x1234, { 0x34, 0x12, 0x34, 0x12 } },
	{ 32, 0x89abcdef, { 0xef, 0xcd, 0xab, 0x89 } },
};

START_TEST(value_is_filled_in)
{
	stmfw_fill_opts fill = STMFW_INIT(stmfw_fill_opts);

	start(_i, NULL);
	RUN_OK(stmfw_erase_sectors(real.client, 0, 0, 0, 0, DONE));
	expect_blank(0, chip->sector);
	for (uint32_t i = 0; i < 3; i++) {
		fill.offset = 256 * i;
		fill.width = fills[i].width;
		fill.value = fills[i].value;
		fill.count = 256 / (fill.width / 8);
		RUN_OK(stmfw_fill(real.client, &fill, DONE));
		ck_assert_uint_eq(outcome.res.bytes, 256);
		for (uint32_t k = 0; k < 256; k++)
			before[256 * i + k] = fills[i].bytes[k % 4];
	}
	check_flash();
	fill.value ^= 0xffffffff;
	RUN(stmfw_fill(real.client, &fill, DONE)); /* the F1 notices by itself, the F4 does not */
	ck_assert_msg(outcome.res.status == (chip == &chips[0] ? STMFW_ECOMMAND : STMFW_EVERIFY),
		      "%s: %s", stmfw_err_name(outcome.res.status), outcome.text);
	fill.offset = chip->flash;
	RUN_FAILS(STMFW_ERANGE, stmfw_fill(real.client, &fill, DONE));
}
END_TEST

int main(void)
{
	const struct real_test tests[] = {
		{ sectors_are_erased_and_no_others, SETUPS },
		{ range_is_erased, SETUPS },
		{ all_of_it_is_erased, SETUPS },
		{ memory_that_can_be_programmed_once_is_never_erased, 1 },
		{ blank_check_finds_the_first_that_is_not, SETUPS },
		{ cell_that_does_not_get_blank, SETUPS },
		{ write_protected_sectors_are_not_erased, SETUPS },
		{ what_cannot_be_looked_at_is_not_called_blank, 1 },
		{ running_target_is_refused, SETUPS },
		{ file_is_written_and_compared, SETUPS },
		{ file_that_is_too_long_or_empty, SETUPS },
		{ image_is_compared, SETUPS },
		{ difference_is_at_its_address, SETUPS },
		{ content_is_written_and_compared, WAYS },
		{ content_is_an_image, WAYS },
		{ content_is_loaded_into_ram, WAYS },
		{ content_of_who_is_gone_is_deleted_in_time, 1 },
		{ value_is_filled_in, SETUPS },
		{ NULL, 0 },
	};

	return run_on_board("plain", tests);
}
