/* SPDX-License-Identifier: MIT */
/*
 * OpenOCD calls a success (code 0) what it did not do, or not all of it; the library tells the
 * truth. All seven ways that we know of, in every version from 0.10 on unless said:
 *
 *     what it calls a success                         tested as
 *  1  write_image to an address outside every bank    nothing_is_written_outside_of_every_bank
 *  2  write_image over the end of a bank: only what   part_of_an_image_is_no_success; and of the
 *     fits is written                                 whole operation: image_that_does_not_fit_...
 *  3  write_bank over the end: only what fits, and    file_that_is_too_long_for_its_bank; also
 *     0.10 writes on behind the bank                  file_that_is_too_long_or_empty (test_plain.c)
 *  4  a file that is empty, or a directory            empty_file_and_directory; image_is_compared
 *                                                     (test_plain.c)
 *  5  an F1's lock, unlock, protect that failed       locked_only_if_the_chip_says_so; with the
 *                                                     scripted peer tests/loop/test_protect.c
 *  6  it counts whole sectors: of 64 bytes it wrote   count_of_the_flash_operation_is_its_own
 *     65536 (0.10 and 0.11 for every driver)
 *  7  writing over what is not blank, if the driver   writing_over_what_is_not_blank; also
 *     does not notice (F4)                            value_is_filled_in (test_plain.c)
 *
 * Here is what needs no board; the others are in test_lies_board.c. That OpenOCD does lie is part of
 * each test: where one does not any more, the test says so.
 */
#include <stdio.h>

#include "real.h"

#define BASE 0x01000000u
#define SIZE 0x10000u

static char file[80];

static const char *make_file(size_t length)
{
	snprintf(file, sizeof(file), "%s/file", real.dir);
	FILE *f = fopen(file, "wb");
	ck_assert_ptr_nonnull(f);
	for (size_t i = 0; i < length; i++)
		fputc((int)i + 1, f);
	fclose(f);
	return file;
}

static void start(void)
{
	start_dummy();
	connect_client();
}

/* OpenOCD itself, asked for this, says yes and these words (0.10: in its log). */
static void lies(const char *words, const char *command, unsigned long address, const char *type)
{
	char script[200];

	snprintf(script, sizeof(script), "%s %s 0x%lx %s", command, file, address, type);
	RUN_OK(stmfw_command(real.client, script, 0, DONE));
	ck_assert_msg(strstr(outcome.text, words) || strstr(outcome.log, words),
		      "OpenOCD does not lie any more: %s: %s%s", script, outcome.text, outcome.log);
}

static void write_image(int status, const char *path, uint64_t address)
{
	stmfw_write_opts w = STMFW_INIT(stmfw_write_opts);

	w.ocd_path = path;
	w.offset = address;
	w.type = "bin";
	RUN_FAILS(status, stmfw_write_image(real.client, &w, DONE));
}

START_TEST(nothing_is_written_outside_of_every_bank)
{
	start();
	make_file(64);
	lies("wrote 0 bytes", "flash write_image", BASE + 2 * SIZE, "bin");
	write_image(STMFW_ERANGE, file, BASE + 2 * SIZE);
	ck_assert_uint_eq(outcome.res.bytes, 0);
}
END_TEST

START_TEST(part_of_an_image_is_no_success)
{
	start();
	make_file(64);
	lies("wrote 16 bytes", "flash write_image", BASE + SIZE - 16, "bin");
	write_image(STMFW_ERANGE, file, BASE + SIZE - 16);
	ck_assert_uint_eq(outcome.res.bytes, 16);
	ck_assert_msg(strstr(outcome.text, "16 bytes") != NULL, "%s", outcome.text);
}
END_TEST

/* Told with and without the length that it has: 0.10 cannot find that out. */
START_TEST(file_that_is_too_long_for_its_bank)
{
	start();
	make_file(64);
	lies("wrote ", "flash write_bank 0", SIZE - 16, "");
	RUN_FAILS(STMFW_ERANGE, stmfw_write_bank(real.client, 0, file, SIZE - 16, 64, DONE));
	ck_assert_uint_eq(outcome.res.bytes, 0);
	RUN(stmfw_write_bank(real.client, 0, file, SIZE - 16, 0, DONE));
	ck_assert_msg(outcome.res.status == STMFW_ERANGE ||
			      outcome.res.status == STMFW_EUNSUPPORTED,
		      "%s", outcome.text);
	RUN_OK(stmfw_write_bank(real.client, 0, file, SIZE - 64, 64, DONE));
	ck_assert_uint_eq(outcome.res.bytes, 64);
}
END_TEST

START_TEST(empty_file_and_directory)
{
	start();
	make_file(0);
	lies("wrote 0 bytes", "flash write_image", BASE, "bin");
	write_image(STMFW_ERANGE, file, BASE);
	RUN_FAILS(STMFW_ERANGE, stmfw_write_bank(real.client, 0, file, 0, 64, DONE));
	strcpy(file, real.dir);
	lies("wrote 0 bytes", "flash write_image", BASE, "bin");
	write_image(STMFW_ERANGE, real.dir, BASE);
	RUN_FAILS(STMFW_ECOMMAND, stmfw_write_bank(real.client, 0, real.dir, 0, 64, DONE));
}
END_TEST

int main(void)
{
	const struct real_test tests[] = { { nothing_is_written_outside_of_every_bank, 1 },
					   { part_of_an_image_is_no_success, 1 },
					   { file_that_is_too_long_for_its_bank, 1 },
					   { empty_file_and_directory, 1 },
					   { NULL, 0 } };

	return run_real("lies", tests);
}
