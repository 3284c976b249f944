/* SPDX-License-Identifier: MIT */
/*
 * Write and read protection through a real OpenOCD on a virtual board. The board's own flash and
 * option bytes are the oracle.
 */
#include <stdio.h>

#include "real.h"

#define KIB 1024u

struct chip {
	const char *name;
	const char *target_cfg;
	uint32_t flash;
	uint32_t group; /* sectors that are protected together */
	uint32_t group_bytes; /* of the first one */
};

static const struct chip chips[] = {
	{ "f103c8", "target/stm32f1x.cfg", 64 * KIB, 4, 4 * KIB },
	{ "f407vg", "target/stm32f4x.cfg", 1024 * KIB, 1, 16 * KIB },
};

/* _i: both chips with both drivers */
#define SETUPS 4
static const struct chip *chip;
static uint8_t before[1024 * KIB], after[1024 * KIB];

static void start(int setup, const char *fault)
{
	static const uint8_t vectors[] = { 0, 0x10, 0, 0x20, 1, 1, 0, 8 };
	const char *options[] = { fault ? "--fault" : NULL, fault, NULL };
	char line[128];

	chip = &chips[setup / 2];
	start_board(chip->name, chip->target_cfg, setup % 2 ? DAPDIRECT : HLA, options);
	connect_client();
	for (uint32_t i = 0; i < chip->flash; i++)
		before[i] = (uint8_t)(i * 13 + i / 1024 + 5) & 0x7f;
	memcpy(before, vectors, sizeof(vectors));
	snprintf(line, sizeof(line), "load %s/flash", real.dir);
	FILE *f = fopen(line + 5, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(before, 1, chip->flash, f), chip->flash);
	fclose(f);
	board_do(line);
}

static void check_flash(void)
{
	board_flash(after, chip->flash);
	ck_assert_mem_eq(after, before, chip->flash);
}

static uint32_t protected_from, protected_to;

static void look_at_sectors(const stmfw_result *res)
{
	for (uint32_t i = 0; i < res->banks[0].sector_count; i++)
		ck_assert_int_eq(res->banks[0].sectors[i].is_protected,
				 i >= protected_from && i < protected_to);
}

static void expect_protection(uint32_t from, uint32_t to)
{
	protected_from = from;
	protected_to = to;
	outcome.look = look_at_sectors;
}

/* ---- write protection ---- */

START_TEST(write_protection_on_and_off)
{
	start(_i, NULL);
	uint32_t first = chip->group, end = 3 * chip->group;
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	expect_protection(first, end);
	RUN_OK(stmfw_protect(real.client, 0, first, end - 1, STMFW_PROTECTION_ON, DONE));
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	expect_protection(first, end);
	RUN_OK(stmfw_bank_info(real.client, 0, 0, DONE));
	RUN_FAILS(STMFW_EPROTECTED, stmfw_erase_sectors(real.client, 0, first, first, 0, DONE));
	expect_protection(first, 2 * first);
	RUN_OK(stmfw_protect(real.client, 0, 2 * first, end - 1, STMFW_PROTECTION_OFF, DONE));
	check_flash();
	RUN_OK(stmfw_erase_sectors(real.client, 0, 2 * first, end - 1, 0, DONE));
	RUN_FAILS(STMFW_EPROTECTED, stmfw_erase_sectors(real.client, 0, first, first, 0, DONE));
}
END_TEST

START_TEST(write_protection_of_everything)
{
	start(_i, NULL);
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	expect_protection(0, UINT32_MAX);
	RUN_OK(stmfw_protect(real.client, 0, 0, STMFW_LAST_SECTOR, STMFW_PROTECTION_ON, DONE));
	RUN_FAILS(STMFW_EPROTECTED, stmfw_mass_erase(real.client, 0, DONE));
	check_flash();
	expect_protection(0, 0);
	RUN_OK(stmfw_protect(real.client, 0, 0, STMFW_LAST_SECTOR, STMFW_PROTECTION_OFF, DONE));
	check_flash();
	RUN_OK(stmfw_mass_erase(real.client, 0, DONE));
}
END_TEST

START_TEST(groups_are_not_divided)
{
	start(_i, NULL);
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	RUN_FAILS(STMFW_ERANGE, stmfw_protect(real.client, 0, 2, 5, STMFW_PROTECTION_ON, DONE));
	ck_assert_msg(strstr(outcome.text, "all of 0 to 7") != NULL, "%s", outcome.text);
}
END_TEST

START_TEST(erasing_removes_write_protection_if_it_is_told_to)
{
	start(_i, NULL);
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	RUN_OK(stmfw_protect(real.client, 0, 0, 2 * chip->group - 1, STMFW_PROTECTION_ON, DONE));
	RUN_OK(stmfw_erase_sectors(real.client, 0, 0, 0, STMFW_ERASE_UNLOCK, DONE));
	memset(before, 0xff, outcome.res.bytes);
	check_flash();
	expect_protection(chip->group, 2 * chip->group);
	RUN_OK(stmfw_bank_info(real.client, 0, 0, DONE));
}
END_TEST

/* OpenOCD alone would remove read protection on the way, and the chip would erase itself. */
START_TEST(write_protection_of_a_read_protected_f1_is_refused)
{
	start(_i, "rdp");
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	RUN_FAILS(STMFW_EPROTECTED, stmfw_protect(real.client, 0, 0, 3, STMFW_PROTECTION_ON, DONE));
	check_flash();
	RUN_OK(stmfw_command(real.client, "flash protect 0 0 0 on", 0, DONE));
	board_flash(after, chip->flash);
	ck_assert_msg(after[0] == 0xff, "this OpenOCD does no harm: then the refusal may go");
}
END_TEST

START_TEST(protection_that_would_be_for_ever_is_refused)
{
	start(2, NULL);
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	RUN_FAILS(STMFW_EUNSUPPORTED,
		  stmfw_protect(real.client, 1, 0, STMFW_LAST_SECTOR, STMFW_PROTECTION_ON, DONE));
}
END_TEST

/* ---- read protection ---- */

static enum stmfw_rdp level;

static void look_at_level(const stmfw_result *res)
{
	ck_assert_int_eq(res->chip->rdp, level);
}

static void expect_level(enum stmfw_rdp rdp)
{
	level = rdp;
	outcome.look = look_at_level;
}

START_TEST(locked_and_unlocked_again)
{
	start(_i, NULL);
	expect_level(STMFW_RDP_1);
	RUN_OK(stmfw_lock(real.client, 0, DONE));
	check_flash();
	RUN_FAILS(STMFW_ETARGET, stmfw_read_block(real.client, NULL, 0x08000000, 16, DONE));
	expect_level(STMFW_RDP_1);
	RUN_OK(stmfw_lock(real.client, 0, DONE));
	ck_assert_msg(strstr(outcome.text, "as it was before") != NULL, "%s", outcome.text);
	expect_level(STMFW_RDP_0);
	RUN_OK(stmfw_unprotect(real.client, 0, STMFW_UNPROTECT_ERASES_CHIP, DONE));
	memset(before, 0xff, chip->flash);
	check_flash();
	RUN_OK(stmfw_blank_check(real.client, 0, 0, STMFW_LAST_SECTOR, DONE));
	RUN_OK(stmfw_read_block(real.client, NULL, 0x08000000, 16, DONE));
}
END_TEST

START_TEST(nothing_is_erased_where_there_is_no_read_protection)
{
	start(_i, NULL);
	expect_level(STMFW_RDP_0);
	RUN_OK(stmfw_unprotect(real.client, 0, STMFW_UNPROTECT_ERASES_CHIP, DONE));
	check_flash();
	ck_assert_uint_eq(board_stat("mass_erases"), 0);
}
END_TEST

START_TEST(write_protection_survives_lock_and_unlock)
{
	start(_i, NULL);
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	RUN_OK(stmfw_protect(real.client, 0, 0, chip->group - 1, STMFW_PROTECTION_ON, DONE));
	RUN_OK(stmfw_lock(real.client, 0, DONE));
	expect_protection(0, chip->group);
	RUN_OK(stmfw_bank_info(real.client, 0, 0, DONE));
	RUN_OK(stmfw_unprotect(real.client, 0, STMFW_UNPROTECT_ERASES_CHIP, DONE));
	expect_protection(0, chip->group);
	RUN_OK(stmfw_bank_info(real.client, 0, 0, DONE));
}
END_TEST

/* The driver says "locked", but the chip loads its option bytes only when power comes. */
START_TEST(lock_that_waits_for_a_power_cycle)
{
	start(_i, "options-late");
	RUN_FAILS(STMFW_EVERIFY, stmfw_lock(real.client, 0, DONE));
	ck_assert_msg(strstr(outcome.text, "takes effect after a power cycle") != NULL, "%s",
		      outcome.text);
	ck_assert_msg(strstr(outcome.advice, "off and on") != NULL, "%s", outcome.advice);
	check_flash();
	board_do("unplug");
	board_do("plug");
	expect_level(STMFW_RDP_1);
	RUN_OK(stmfw_identify(real.client, NULL, DONE));
	RUN_FAILS(STMFW_EVERIFY,
		  stmfw_unprotect(real.client, 0, STMFW_UNPROTECT_ERASES_CHIP, DONE));
	board_do("unplug");
	board_do("plug");
	expect_level(STMFW_RDP_0);
	RUN_OK(stmfw_identify(real.client, NULL, DONE));
	memset(before, 0xff, chip->flash);
	check_flash();
}
END_TEST

START_TEST(write_protection_that_waits_for_a_power_cycle)
{
	start(_i, "options-late");
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	RUN_FAILS(STMFW_EVERIFY,
		  stmfw_protect(real.client, 0, 0, STMFW_LAST_SECTOR, STMFW_PROTECTION_ON, DONE));
	ck_assert_msg(strstr(outcome.advice, "power cycle") != NULL, "%s", outcome.advice);
	board_do("unplug");
	board_do("plug");
	expect_protection(0, UINT32_MAX);
	RUN_OK(stmfw_bank_info(real.client, 0, 0, DONE));
}
END_TEST

/* ---- user option bytes ---- */

/* Hardware watchdog and, on the F1, data bytes; on the F4, brown-out level 1. */
static uint32_t wish(uint32_t *mask)
{
	bool f1 = chip == &chips[0];

	*mask = f1 ? 0x03fffc04 : 0x2c;
	return f1 ? 0x12u << 10 | 0x34u << 18 : 0x08;
}

static uint32_t options_now(void)
{
	uint32_t at = chip == &chips[0] ? 0x4002201c : 0x40023c14;
	char script[64];

	snprintf(script, sizeof(script), "read_memory 0x%x 32 1", at);
	return (uint32_t)strtoul(tcl(script), NULL, 0) & ~3u;
}

START_TEST(options_are_written_once)
{
	start(_i, NULL);
	uint32_t mask, value = wish(&mask), old;

	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	RUN_OK(stmfw_protect(real.client, 0, 0, chip->group - 1, STMFW_PROTECTION_ON, DONE));
	old = options_now();
	expect_level(STMFW_RDP_0);
	RUN_OK(stmfw_options_write(real.client, 0, value, mask, DONE));
	ck_assert_uint_eq(options_now(), (old & ~mask) | value);
	expect_level(STMFW_RDP_0);
	RUN_OK(stmfw_options_write(real.client, 0, value, mask, DONE));
	ck_assert_msg(strstr(outcome.text, "as it was before") != NULL, "%s", outcome.text);
	expect_protection(0, chip->group);
	RUN_OK(stmfw_bank_info(real.client, 0, 0, DONE));
	check_flash();
}
END_TEST

START_TEST(options_that_wait_for_a_power_cycle)
{
	start(_i, "options-late");
	uint32_t mask, value = wish(&mask);

	RUN_FAILS(STMFW_EVERIFY, stmfw_options_write(real.client, 0, value, mask, DONE));
	ck_assert_msg(strstr(outcome.text, "wanted is") != NULL, "%s", outcome.text);
	board_do("unplug");
	board_do("plug");
	RUN_OK(stmfw_options_write(real.client, 0, value, mask, DONE));
	ck_assert_msg(strstr(outcome.text, "as it was before") != NULL, "%s", outcome.text);
}
END_TEST

START_TEST(options_never_touch_read_protection)
{
	start(_i, "rdp");
	uint32_t mask, value = wish(&mask);

	RUN_FAILS(STMFW_EPROTECTED, stmfw_options_write(real.client, 0, value, mask, DONE));
	RUN_FAILS(STMFW_ERANGE, stmfw_options_write(real.client, 0, 0xcc00, 0xff00 | 2, DONE));
	ck_assert_int_eq(stmfw_options_write(real.client, 0, 1, 0, DONE), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_options_write(real.client, 0, 8, 4, DONE), STMFW_EINVAL);
	check_flash();
}
END_TEST

START_TEST(options_that_openocd_refuses)
{
	start(_i, NULL);
	uint32_t mask, value = wish(&mask);

	RUN_OK(stmfw_command(real.client,
			     "proc stm32f1x args {error {no such luck}};"
			     "proc stm32f2x args {error {no such luck}}", 0, DONE));
	RUN_FAILS(STMFW_ECOMMAND, stmfw_options_write(real.client, 0, value, mask, DONE));
	ck_assert_msg(strstr(outcome.text, "no such luck. Now the option bytes show") != NULL, "%s",
		      outcome.text);
	check_flash();
}
END_TEST

#define LOST_AT 10 /* places in its way   */
#define APART   11 /* probe commands, each */

/* Only once the command may have begun it says that what they are is not known; else they are as
   they were. */
START_TEST(options_and_a_lost_probe)
{
	start(_i % SETUPS, NULL);
	uint32_t mask, value = wish(&mask), old = options_now();
	char fault[48];

	snprintf(fault, sizeof(fault), "fault unplug-after=%d",
		 1 + _i / SETUPS * APART);
	board_do(fault);
	RUN(stmfw_options_write(real.client, 0, value, mask, DONE));
	if (outcome.res.status == STMFW_OK) {
		ck_assert_uint_eq(options_now(), (old & ~mask) | value);
		return;
	}
	ck_assert_int_eq(outcome.res.status, STMFW_ETARGET);
	ck_assert_msg(outcome.advice[0] != '\0', "%s", outcome.text);
	bool known = strstr(outcome.text, "what they are now is not known") == NULL;
	board_do("plug");
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	if (known)
		ck_assert_uint_eq(options_now(), old);
	check_flash();
}
END_TEST

START_TEST(bank_without_a_command_of_its_own)
{
	start_dummy();
	connect_client();
	RUN_FAILS(STMFW_EUNSUPPORTED, stmfw_lock(real.client, 0, DONE));
	ck_assert_msg(strstr(outcome.text, "faux") != NULL, "%s", outcome.text);
	RUN_FAILS(STMFW_EUNSUPPORTED,
		  stmfw_unprotect(real.client, 0, STMFW_UNPROTECT_ERASES_CHIP, DONE));
	RUN_FAILS(STMFW_EUNSUPPORTED, stmfw_options_write(real.client, 0, 4, 4, DONE));
}
END_TEST

int main(void)
{
	const struct real_test tests[] = {
		{ write_protection_on_and_off, SETUPS },
		{ write_protection_of_everything, SETUPS },
		{ groups_are_not_divided, 1 },
		{ erasing_removes_write_protection_if_it_is_told_to, SETUPS },
		{ write_protection_of_a_read_protected_f1_is_refused, 2 },
		{ protection_that_would_be_for_ever_is_refused, 1 },
		{ locked_and_unlocked_again, SETUPS },
		{ nothing_is_erased_where_there_is_no_read_protection, SETUPS },
		{ write_protection_survives_lock_and_unlock, SETUPS },
		{ lock_that_waits_for_a_power_cycle, SETUPS },
		{ write_protection_that_waits_for_a_power_cycle, 2 },
		{ options_are_written_once, SETUPS },
		{ options_that_wait_for_a_power_cycle, SETUPS },
		{ options_never_touch_read_protection, SETUPS },
		{ options_that_openocd_refuses, SETUPS },
		{ options_and_a_lost_probe, SETUPS * LOST_AT },
		{ bank_without_a_command_of_its_own, 1 },
		{ NULL, 0 },
	};

	return run_on_board("protect", tests);
}
