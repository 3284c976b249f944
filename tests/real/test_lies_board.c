/* SPDX-License-Identifier: MIT */
/* Successes that are none, as far as a chip is needed for them: see test_lies.c. */
#include <stdio.h>

#include "real.h"

#define BASE      0x08000000u
#define F103_SIZE 0x10000u
#define F407_SIZE 0x100000u

static uint8_t flash[F407_SIZE];

static void start_f103(void)
{
	start_board("f103c8", "target/stm32f1x.cfg", HLA, NULL);
	connect_client();
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
}

static void start_f407(void)
{
	start_board("f407vg", "target/stm32f4x.cfg", DAPDIRECT, NULL);
	connect_client();
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
}

static const char *make_file(const uint8_t *bytes, size_t length)
{
	static char path[80];

	snprintf(path, sizeof(path), "%s/file", real.dir);
	FILE *f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, length, f), length);
	fclose(f);
	return path;
}

/* ---- 2, 6: the whole operation ---- */

static void flash_it(int status, size_t length, uint64_t address)
{
	static uint8_t bytes[4096];
	stmfw_flash_opts o = STMFW_INIT(stmfw_flash_opts);
	stmfw_image_opts io = STMFW_INIT(stmfw_image_opts);
	stmfw_image *image;

	memset(bytes, 0x5a, sizeof(bytes));
	io.type = STMFW_IMAGE_BIN;
	io.has_base = 1;
	io.base = address;
	ck_assert_int_eq(stmfw_image_parse(&image, "lie", bytes, length, &io, NULL), STMFW_OK);
	o.image = image;
	RUN(stmfw_flash(real.client, &o, DONE));
	ck_assert_msg(outcome.res.status == status, "%s", outcome.text);
	stmfw_image_free(image);
}

START_TEST(image_that_does_not_fit_is_not_begun)
{
	start_f103();
	flash_it(STMFW_ERANGE, 64, BASE + F103_SIZE - 16);
	ck_assert_uint_eq(board_stat("bytes_programmed"), 0);
	ck_assert_uint_eq(board_stat("erases"), 0);
}
END_TEST

START_TEST(count_of_the_flash_operation_is_its_own)
{
	start_f103();
	flash_it(STMFW_OK, 64, BASE + 1024);
	ck_assert_uint_eq(outcome.res.bytes, 64);
	board_flash(flash, F103_SIZE);
	for (size_t i = 0; i < F103_SIZE; i++)
		ck_assert_uint_eq(flash[i], i >= 1024 && i < 1024 + 64 ? 0x5a : 0xff);
}
END_TEST

/* ---- 5: a command of a probe fails while the option bytes are written ---- */

#define COMMANDS 40 /* more than locking takes */

static void fail_at(int command)
{
	char line[40];

	snprintf(line, sizeof(line), "fault fault-at=%d", command);
	board_do(line);
}

static enum stmfw_rdp told;

static void look_at_rdp(const stmfw_result *res)
{
	told = res->chip->rdp;
}

/* Without the help of what is tested: the chip, after a reset. */
static enum stmfw_rdp protection(void)
{
	fail_at(0); /* never */
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	outcome.look = look_at_rdp;
	RUN_OK(stmfw_identify(real.client, NULL, DONE));
	return told;
}

START_TEST(openocd_says_yes_and_has_not_locked)
{
	int lied = 0;

	start_f103();
	tcl("flash probe 0");
	for (int command = 1; command < COMMANDS && !lied; command++) {
		fail_at(command);
		RUN(stmfw_command(real.client, "stm32f1x lock 0", 0, DONE));
		lied = outcome.res.status == STMFW_OK && strstr(outcome.text, "failed to ") &&
		       protection() == STMFW_RDP_0;
		RUN(stmfw_unprotect(real.client, 0, STMFW_UNPROTECT_ERASES_CHIP, DONE));
	}
	ck_assert_msg(lied, "OpenOCD does not lie any more");
}
END_TEST

START_TEST(locked_only_if_the_chip_says_so)
{
	int failed = 0;

	start_f103();
	for (int command = 1; command < COMMANDS; command++) {
		fail_at(command);
		RUN(stmfw_lock(real.client, 0, DONE));
		int status = outcome.res.status;
		enum stmfw_rdp rdp = protection();
		ck_assert_msg(
			(status == STMFW_OK) == (rdp == STMFW_RDP_1) || status == STMFW_ETARGET,
			"command %d: %s, but level %d", command, stmfw_err_name(status), (int)rdp);
		failed += status != STMFW_OK;
		RUN(stmfw_unprotect(real.client, 0, STMFW_UNPROTECT_ERASES_CHIP, DONE));
	}
	ck_assert_int_gt(failed, 0);
}
END_TEST

/* ---- 7 ---- */

START_TEST(writing_over_what_is_not_blank)
{
	static const uint8_t old[] = { 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f };
	static const uint8_t new[] = { 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0 };

	start_f407();
	RUN_OK(stmfw_write_bank(real.client, 0, make_file(old, 8), 0, 8, DONE));
	RUN_OK(stmfw_verify_bank(real.client, 0, make_file(old, 8), 0, 8, DONE));
	const char *path = make_file(new, 8);
	RUN_OK(stmfw_write_bank(real.client, 0, path, 0, 8, DONE)); /* OpenOCD's count, no more */
	board_flash(flash, F407_SIZE);
	ck_assert_msg(flash[0] == 0, "OpenOCD, or the chip, does not lie any more");
	RUN_FAILS(STMFW_EVERIFY, stmfw_verify_bank(real.client, 0, path, 0, 8, DONE));
	stmfw_check_opts check = STMFW_INIT(stmfw_check_opts);
	check.ocd_path = path;
	check.offset = BASE;
	check.type = "bin";
	RUN_FAILS(STMFW_EVERIFY, stmfw_verify_image(real.client, &check, DONE));
}
END_TEST

int main(void)
{
	const struct real_test tests[] = { { image_that_does_not_fit_is_not_begun, 1 },
					   { count_of_the_flash_operation_is_its_own, 1 },
					   { openocd_says_yes_and_has_not_locked, 1 },
					   { locked_only_if_the_chip_says_so, 1 },
					   { writing_over_what_is_not_blank, 1 },
					   { NULL, 0 } };

	return run_on_board("lies", tests);
}
