/* SPDX-License-Identifier: MIT */
/* test_protect.c - write and read protection: what is refused, and that only the chip is believed. */
#include "plain.h"

#define BASE       FAKE_CHIP_BASE
#define F4_ID      0x10076413u
#define UNKNOWN_ID 0x10006abcu

static void begin(const char *driver, unsigned int rdp)
{
	fake_chip_connect();
	fake_chip.driver = driver;
	fake_chip_protect(rdp, 2);
}

static int protect(uint32_t first, uint32_t last, enum stmfw_protection p)
{
	return stmfw_protect(fx.client, 0, first, last, p, DONE);
}

static int unprotect(void)
{
	return stmfw_unprotect(fx.client, 0, STMFW_UNPROTECT_ERASES_CHIP, DONE);
}

/* _i: lock or unprotect */
static int change(int which)
{
	return which ? unprotect() : stmfw_lock(fx.client, 0, DONE);
}

static void says(const char *text, const char *words)
{
	ck_assert_msg(strstr(text, words) != NULL, "no \"%s\" in: %s", words, text);
}

START_TEST(bad_arguments)
{
	begin("stm32f1x", 1);
	memset(&done, 0, sizeof(done));
	ck_assert_int_eq(CALL(protect(2, 1, STMFW_PROTECTION_ON)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(protect(0, 1, (enum stmfw_protection)2)), STMFW_EINVAL);
	for (int consent = -1; consent < 2; consent++)
		ck_assert_int_eq(CALL(stmfw_unprotect(fx.client, 0,
						      (enum stmfw_unprotect_consent)consent, DONE)),
				 STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_lock(NULL, 0, DONE)), STMFW_EINVAL);
	close_and_drain();
	ck_assert_int_eq(done.calls + fake_chip.option_commands, 0);
}
END_TEST

/* ---- write protection ---- */

START_TEST(groups_are_not_divided)
{
	begin("stm32f1x", 0);
	FAILS(STMFW_ERANGE, "2 to 5 cannot be changed without all of 0 to 7", protect(2, 5, STMFW_PROTECTION_ON));
	FAILS(STMFW_ERANGE, "5 to 7 cannot be changed without all of 4 to 7", protect(5, 7, STMFW_PROTECTION_OFF));
	FAILS(STMFW_ERANGE, "which has 8", protect(8, STMFW_LAST_SECTOR, STMFW_PROTECTION_ON));
	ck_assert_int_eq(fake_chip.option_commands, 0);
}
END_TEST

START_TEST(write_protection_on_and_off)
{
	static const struct {
		const char *driver;
		int resets, loads;
		bool tried;
	} rows[] = {
		{ "stm32f1x", 1, 0, true },  { "stm32f2x", 1, 0, true },
		{ "stm32l4x", 1, 1, false }, { "stm32h7x", 0, 0, false },
		{ "other", 0, 0, false },
	};

	begin(rows[_i].driver, 0);
	SUCCEEDS(protect(0, STMFW_LAST_SECTOR, STMFW_PROTECTION_ON));
	ck_assert_uint_eq(fake_chip.protected_blocks, 3);
	ck_assert_int_eq(fake_chip.resets, rows[_i].resets);
	ck_assert_int_eq(fake_chip.option_loads, rows[_i].loads);
	ck_assert_int_eq(strstr(done.text, "never tried") == NULL, rows[_i].tried);
	ck_assert_str_eq(done.step, "protect");
	SUCCEEDS(protect(4, 7, STMFW_PROTECTION_OFF));
	ck_assert_uint_eq(fake_chip.protected_blocks, 1);
}
END_TEST

START_TEST(write_protection_that_does_not_take_effect)
{
	begin("stm32f1x", 0);
	fake_chip.options_stay = true;
	FAILS(STMFW_EVERIFY, "sector 0 of flash bank 0 is not write protected",
	      protect(0, 3, STMFW_PROTECTION_ON));
	says(done.advice, "power cycle");
	FAILS(STMFW_EVERIFY, "sector 4 of flash bank 0 is still write protected",
	      protect(4, 7, STMFW_PROTECTION_OFF));
}
END_TEST

/* The F1's driver would remove read protection on the way, and the flash with it. */
START_TEST(write_protection_of_a_read_protected_chip)
{
	begin("stm32f1x", 1);
	FAILS(STMFW_EPROTECTED, "erase the chip", protect(0, 3, STMFW_PROTECTION_ON));
	FAILS(STMFW_EPROTECTED, "nothing was changed",
	      stmfw_erase_sectors(fx.client, 0, 4, 4, STMFW_ERASE_UNLOCK, DONE));
	fake_chip.idcode = UNKNOWN_ID;
	FAILS(STMFW_EUNSUPPORTED, "is not known", protect(0, 3, STMFW_PROTECTION_ON));
	ck_assert_int_eq(fake_chip.option_commands + fake_chip.erase_commands, 0);
	fake_chip.driver = "stm32f2x"; /* which changes nothing else */
	SUCCEEDS(protect(0, 3, STMFW_PROTECTION_ON));
}
END_TEST

START_TEST(protection_that_would_be_for_ever)
{
	begin("stm32f2x", 0);
	fake_chip.base = 0x1fff7800;
	FAILS(STMFW_EUNSUPPORTED, "for ever", protect(0, 3, STMFW_PROTECTION_ON));
	ck_assert_int_eq(fake_chip.option_commands, 0);
}
END_TEST

START_TEST(write_protection_that_is_refused)
{
	static const char *const drivers[] = { "stm32f1x", "stm32f2x", "stm32h7x", "other" };

	begin(drivers[_i], 0);
	fake_chip.refuses_options = true;
	FAILS(STMFW_ECOMMAND, "it could not", protect(0, 3, STMFW_PROTECTION_ON));
	says(done.text, "Sector 0 of flash bank 0 is not write protected now");
	FAILS(STMFW_ECOMMAND, "it could not", protect(4, 7, STMFW_PROTECTION_OFF));
	says(done.text, "Sector 4 of flash bank 0 is write protected now");
	ck_assert_ptr_null(strstr(done.text, "option bytes"));
	FAILS(STMFW_ECOMMAND, "it could not", protect(4, 7, STMFW_PROTECTION_ON));
	says(done.text, "Sector 4 of flash bank 0 is write protected now");
	FAILS(STMFW_ECOMMAND, "it could not",
	      stmfw_erase_sectors(fx.client, 0, 4, 7, STMFW_ERASE_UNLOCK, DONE));
	ck_assert_int_eq(fake_chip.erase_commands, 0);
}
END_TEST

/* An F1 whose option bytes were erased, and not written again, is read protected. */
START_TEST(option_bytes_that_are_lost_are_told_of)
{
	begin("stm32f1x", 0);
	fake_chip.refuses_options = fake_chip.loses_options = true;
	FAILS(STMFW_ECOMMAND, "it could not", protect(4, 7, STMFW_PROTECTION_ON));
	says(done.text, "Sector 4 of flash bank 0 is not write protected now");
	says(done.text, "read protection is on: removing it erases the chip");
}
END_TEST

START_TEST(refused_write_protection_when_the_reset_fails)
{
	begin("stm32f1x", 0);
	fake_chip.refuses_options = true;
	fake_chip.state = "running";
	fake_chip.deaf_to_halt = true;
	FAILS(STMFW_ECOMMAND, "it could not", protect(0, 3, STMFW_PROTECTION_ON));
	says(done.text, "What is protected now is not known");
	says(done.advice, "power cycle");
}
END_TEST

START_TEST(write_protection_when_the_reset_fails)
{
	begin("stm32f1x", 0);
	fake_chip.state = "running";
	fake_chip.deaf_to_halt = true;
	FAILS(STMFW_ETARGET, "could not be reset to load it", protect(0, 3, STMFW_PROTECTION_ON));
}
END_TEST

START_TEST(erasing_with_unlock)
{
	begin(_i ? "stm32f2x" : "stm32f1x", 0);
	fake_chip.erased[5] = 0;
	SUCCEEDS(stmfw_erase_range(fx.client, 0, BASE + 5 * 1024, 1024, STMFW_ERASE_UNLOCK, DONE));
	ck_assert_int_eq(fake_chip.erased[5], 1);
	ck_assert_uint_eq(fake_chip.protected_blocks, 0);
	SUCCEEDS(stmfw_erase_sectors(fx.client, 0, 0, 7, STMFW_ERASE_UNLOCK, DONE));
	ck_assert_int_eq(fake_chip.option_commands, 1);
}
END_TEST

START_TEST(unlock_that_does_not_take_effect_erases_nothing)
{
	begin("stm32f1x", 0);
	fake_chip.options_stay = true;
	FAILS(STMFW_EVERIFY, "still write protected",
	      stmfw_erase_sectors(fx.client, 0, 3, 4, STMFW_ERASE_UNLOCK, DONE));
	ck_assert_int_eq(fake_chip.erase_commands, 0);
}
END_TEST

/* What the list does not show is not known, and there is nothing to erase by it. */
START_TEST(list_that_is_another_one_afterwards)
{
	static const char *const lists[] = {
		"\t#  0: 0x00000000 (0x400 1kB) \n",
		"\t#  0: 0x00000000 (0x400 1kB) \n\t#  1: 0x00001000 (0x1000 4kB) \n",
	};

	begin("stm32f1x", 0);
	fake_chip.odd_sectors = lists[_i];
	fake_chip.requests = 0;
	fake_chip.odd_from = 5; /* list, sectors, identity (2), protect */
	FAILS(STMFW_ETARGET, "other sectors than before", protect(0, 7, STMFW_PROTECTION_ON));
	fake_chip.requests = 0;
	FAILS(STMFW_ETARGET, "other sectors than before",
	      stmfw_erase_sectors(fx.client, 0, 0, 7, STMFW_ERASE_UNLOCK, DONE));
	ck_assert_int_eq(fake_chip.option_commands, 2);
	ck_assert_int_eq(fake_chip.erase_commands, 0);
}
END_TEST

static void look_at_unlocked(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)w;
	(void)c;
	for (size_t i = 0; i < res->banks[0].sector_count; i++)
		ck_assert_int_eq(res->banks[0].sectors[i].is_protected, 0);
}

START_TEST(erasing_with_unlock_tells_the_new_state)
{
	begin("stm32f1x", 0);
	memset(&done, 0, sizeof(done));
	done.then = look_at_unlocked;
	ACCEPTED(stmfw_erase_sectors(fx.client, 0, 4, 7, STMFW_ERASE_UNLOCK, DONE));
	RUN_UNTIL(done.calls);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
}
END_TEST

/* ---- read protection ---- */

static enum stmfw_rdp seen;

static void keep_level(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)w;
	(void)c;
	seen = res->chip ? res->chip->rdp : STMFW_RDP_UNKNOWN;
}

START_TEST(read_protection_is_changed_and_read_back)
{
	static const char *const drivers[] = { "stm32f1x", "stm32f2x", "stm32l4x", "stm32h7x",
					       "stm32lx" };
	int which = _i % 2;

	begin(drivers[_i / 2], (unsigned int)which);
	memset(&done, 0, sizeof(done));
	done.then = keep_level;
	ACCEPTED(change(which));
	RUN_UNTIL(done.calls);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(seen, which ? STMFW_RDP_0 : STMFW_RDP_1);
	ck_assert_uint_eq(fake_chip.rdp, which ? 0 : 1);
	ck_assert_int_eq(fake_chip.resets, 2);
	ck_assert_int_eq(fake_chip.option_loads, _i / 2 == 2);
	ck_assert_int_eq(strstr(done.text, "never tried") == NULL, _i / 2 < 2);
	ck_assert_str_eq(done.step, which ? "unprotect" : "lock");
}
END_TEST

START_TEST(what_is_so_already_is_left_alone)
{
	begin("stm32f1x", _i ? 0 : 1);
	SUCCEEDS(change(_i));
	says(done.text, "as it was before");
	ck_assert_int_eq(fake_chip.option_commands + fake_chip.resets, 0);
}
END_TEST

START_TEST(level_2_is_for_ever)
{
	begin("stm32f2x", 2);
	fake_chip.idcode = F4_ID;
	FAILS(STMFW_EPROTECTED, "for ever", change(_i));
	ck_assert_int_eq(fake_chip.option_commands + fake_chip.resets, 0);
}
END_TEST

START_TEST(what_could_not_be_proven_is_not_tried)
{
	begin("stm32f1x", _i ? 1 : 0);
	fake_chip.idcode = UNKNOWN_ID;
	FAILS(STMFW_EUNSUPPORTED, "0xabc", change(_i));
	fake_chip.driver = "other";
	FAILS(STMFW_EUNSUPPORTED, "\"other\"", change(_i));
	ck_assert_int_eq(fake_chip.option_commands + fake_chip.resets, 0);
	FAILS(STMFW_ERANGE, "no flash bank 5", stmfw_lock(fx.client, 5, DONE));
}
END_TEST

/* It answers "locked" all the same. */
START_TEST(success_in_words_only)
{
	begin(_i / 2 ? "stm32lx" : "stm32f1x", _i % 2 ? 1 : 0);
	fake_chip.options_stay = true;
	FAILS(STMFW_EVERIFY, _i % 2 ? "still on" : "still off", change(_i % 2));
	says(done.text, "takes effect after a power cycle");
	says(done.advice, "Switch the board off and on, then identify the chip again");
}
END_TEST

START_TEST(failure_that_changed_nothing)
{
	begin("stm32f1x", _i ? 1 : 0);
	fake_chip.refuses_options = true;
	FAILS(STMFW_ECOMMAND, "it could not", change(_i));
	says(done.text, _i ? "still on" : "still off");
}
END_TEST

/* Up to 0.11. The current target may be another chip, whose protection tells nothing. */
START_TEST(chip_that_may_be_another_is_not_asked)
{
	begin("stm32f1x", _i ? 1 : 0);
	fake_chip.no_bank_target = true;
	fake_chip.second = "halted";
	FAILS(STMFW_EUNSUPPORTED, "does not say which target", change(_i));
	FAILS(STMFW_EUNSUPPORTED, "does not say which target",
	      protect(0, 3, STMFW_PROTECTION_ON));
	ck_assert_int_eq(fake_chip.option_commands + fake_chip.resets, 0);
	fake_chip.second = NULL;
	SUCCEEDS(change(_i));
}
END_TEST

static int deaf_from;

static void become_deaf(int request)
{
	fake_chip.deaf_to_halt = request >= deaf_from;
	if (fake_chip.deaf_to_halt)
		fake_chip.state = "running";
}

/* banks, identity, reset, command, reset */
START_TEST(reset_that_fails)
{
	begin("stm32f1x", _i ? 1 : 0);
	fake_chip.requests = 0;
	fake_chip.before = become_deaf;
	deaf_from = 2;
	FAILS(STMFW_ETARGET, "running", change(_i));
	ck_assert_int_eq(fake_chip.option_commands, 0);
	fake_chip.requests = 0;
	fake_chip.state = "halted";
	deaf_from = 4;
	FAILS(STMFW_ETARGET, "whether it took effect is not known", change(_i));
	ck_assert_int_eq(fake_chip.option_commands, 1);
	says(done.advice, "off and on");
}
END_TEST

/* A refusal is not to be told as if the command had been done. */
START_TEST(refused_and_then_the_reset_fails)
{
	begin("stm32f1x", _i ? 1 : 0);
	fake_chip.refuses_options = true;
	fake_chip.requests = 0;
	fake_chip.before = become_deaf;
	deaf_from = 4;
	FAILS(STMFW_ETARGET, "refused (OpenOCD could not do", change(_i));
	says(done.text, _i ? "removing read protection was asked for"
			   : "setting read protection was asked for");
	says(done.text, "it could not");
	says(done.text, "is not known");
	says(done.advice, "off and on");
}
END_TEST

/* ---- user option bytes ---- */

#define F1_NEW 0x03fffffcu
#define F4_NEW 0x0fffaaecu /* with read protection, off */

static int write_options(uint32_t value, uint32_t mask)
{
	return stmfw_options_write(fx.client, 0, value, mask, DONE);
}

static stmfw_chip shown;

static void keep_chip(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)w;
	(void)c;
	shown = *res->chip;
}

START_TEST(options_bad_arguments)
{
	begin("stm32f1x", 0);
	memset(&done, 0, sizeof(done));
	ck_assert_int_eq(CALL(write_options(0, 0)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(write_options(12, 4)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_options_write(NULL, 0, 4, 4, DONE)), STMFW_EINVAL);
	ck_assert_int_eq(done.calls, 0);
	FAILS(STMFW_ERANGE, "no flash bank 5", stmfw_options_write(fx.client, 5, 0, 4, DONE));
	ck_assert_int_eq(fake_chip.option_commands, 0);
}
END_TEST

/* The bits that are not meant, and write protection, stay. */
START_TEST(options_one_bit_each)
{
	static const uint32_t f1[] = { 1u << 2, 1u << 3, 1u << 4, 1u << 10, 1u << 17, 1u << 25 };
	static const uint32_t f4[] = { 1u << 2, 1u << 3, 1u << 5, 1u << 6, 1u << 7, 0x2c };
	uint32_t bits = _i < 6 ? f1[_i] : f4[_i - 6];

	begin(_i < 6 ? "stm32f1x" : "stm32f2x", 0);
	if (_i >= 6)
		fake_chip.idcode = F4_ID;
	memset(&done, 0, sizeof(done));
	done.then = keep_chip;
	ACCEPTED(write_options(0, bits));
	RUN_UNTIL(done.calls);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_str_eq(done.step, "write option bytes");
	ck_assert_uint_eq(shown.options, (_i < 6 ? F1_NEW : F4_NEW) & ~bits);
	if (_i < 6)
		ck_assert_uint_eq(fake_chip.options.obr, F1_NEW & ~bits);
	else
		ck_assert_uint_eq(fake_chip.options.optcr | 0xaa00, F4_NEW & ~bits);
	ck_assert_int_eq(fake_chip.resets, 2);
	ck_assert_uint_eq(fake_chip.protected_blocks, 2);
}
END_TEST

START_TEST(options_that_are_so_already)
{
	begin("stm32f1x", _i ? 1 : 0);
	SUCCEEDS(write_options(4, 4));
	says(done.text, "the option bytes show 0x03fffffc, as it was before");
	ck_assert_int_eq(fake_chip.option_commands + fake_chip.resets, 0);
}
END_TEST

START_TEST(options_that_are_not_begun)
{
	begin("stm32f1x", 1);
	FAILS(STMFW_EPROTECTED, "nothing was changed", write_options(0, 4));
	says(done.advice, "erases the chip");
	FAILS(STMFW_ERANGE, "allows only 0x03fffc1c", write_options(0, 2));
	fake_chip.idcode = UNKNOWN_ID;
	FAILS(STMFW_EUNSUPPORTED, "0xabc", write_options(0, 4));
	fake_chip.idcode = 0x10006440; /* an F0: by the same driver, shown by other bits */
	FAILS(STMFW_EUNSUPPORTED, "0x440", write_options(0, 4));
	fake_chip.driver = "stm32l4x";
	FAILS(STMFW_EUNSUPPORTED, "\"stm32l4x\"", write_options(0, 4));
	fake_chip.driver = "stm32f2x";
	fake_chip.base = 0x1fff7800; /* written once and for ever */
	FAILS(STMFW_EUNSUPPORTED, "nothing was changed", write_options(0, 4));
	ck_assert_int_eq(fake_chip.option_commands + fake_chip.resets, 0);
}
END_TEST

START_TEST(options_in_words_only)
{
	begin("stm32f1x", 0);
	fake_chip.options_stay = true;
	FAILS(STMFW_EVERIFY, "show 0x03fffffc, wanted is 0x03fffff8; before it was 0x03fffffc",
	      write_options(0, 4));
	says(done.advice, "Switch the board off and on");
}
END_TEST

/* What it shows afterwards is told, and that it is read protected. */
START_TEST(options_that_are_refused)
{
	begin("stm32f1x", 0);
	fake_chip.refuses_options = true;
	fake_chip.loses_options = _i;
	FAILS(STMFW_ECOMMAND, "it could not", write_options(0, 4));
	says(done.text, "Now the option bytes show 0x03fffffc");
	ck_assert_int_eq(strstr(done.text, "Read protection is on now") != NULL, _i);
}
END_TEST

static void lose_others(int request)
{
	if (request == 4)
		fake_chip.stored_options.obr ^= 0x400;
}

/* Written as wanted, and another bit has changed on the way. */
START_TEST(options_beside_those_that_are_meant)
{
	begin("stm32f1x", 0);
	fake_chip.requests = 0;
	fake_chip.before = lose_others;
	FAILS(STMFW_EVERIFY, "show 0x03fffbf8, wanted is 0x03fffff8", write_options(0, 4));
}
END_TEST

START_TEST(options_when_the_reset_fails)
{
	begin("stm32f1x", 0);
	fake_chip.requests = 0;
	fake_chip.before = become_deaf;
	fake_chip.refuses_options = _i;
	deaf_from = 4;
	FAILS(STMFW_ETARGET, "what they are now is not known", write_options(0, 4));
	ck_assert_int_eq(strstr(done.text, "which was refused: ") != NULL, _i);
	says(done.advice, "off and on");
	ck_assert_int_eq(fake_chip.option_commands, 1);
}
END_TEST

static stmfw_op changing;
static int cancel_at;

static void cancel(int request)
{
	if (request == cancel_at)
		ACCEPTED(stmfw_cancel(fx.client, changing));
}

START_TEST(canceled_before_or_too_late)
{
	begin("stm32f1x", 0);
	fake_chip.before = cancel;
	fake_chip.requests = 0;
	cancel_at = 2;
	RUN(stmfw_lock(fx.client, 0, on_done, &done, &changing));
	assert_failed_once(&done, STMFW_ECANCELED, STMFW_FINISHED);
	ck_assert_int_eq(fake_chip.option_commands, 0);
	fake_chip.requests = 0;
	cancel_at = 3;
	RUN(stmfw_lock(fx.client, 0, on_done, &done, &changing));
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_eq(fake_chip.rdp, 1);
}
END_TEST

START_TEST(options_canceled_before_or_too_late)
{
	begin("stm32f1x", 0);
	fake_chip.before = cancel;
	fake_chip.requests = 0;
	cancel_at = 2;
	RUN(stmfw_options_write(fx.client, 0, 0, 4, on_done, &done, &changing));
	assert_failed_once(&done, STMFW_ECANCELED, STMFW_FINISHED);
	ck_assert_int_eq(fake_chip.option_commands, 0);
	fake_chip.requests = 0;
	cancel_at = 3;
	RUN(stmfw_options_write(fx.client, 0, 0, 4, on_done, &done, &changing));
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_eq(fake_chip.options.obr, F1_NEW & ~4u);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ bad_arguments, 0 },
		{ groups_are_not_divided, 0 },
		{ write_protection_on_and_off, 5 },
		{ write_protection_that_does_not_take_effect, 0 },
		{ write_protection_of_a_read_protected_chip, 0 },
		{ protection_that_would_be_for_ever, 0 },
		{ write_protection_that_is_refused, 4 },
		{ option_bytes_that_are_lost_are_told_of, 0 },
		{ refused_write_protection_when_the_reset_fails, 0 },
		{ write_protection_when_the_reset_fails, 0 },
		{ erasing_with_unlock, 2 },
		{ unlock_that_does_not_take_effect_erases_nothing, 0 },
		{ list_that_is_another_one_afterwards, 2 },
		{ erasing_with_unlock_tells_the_new_state, 0 },
		{ read_protection_is_changed_and_read_back, 10 },
		{ what_is_so_already_is_left_alone, 2 },
		{ level_2_is_for_ever, 2 },
		{ what_could_not_be_proven_is_not_tried, 2 },
		{ success_in_words_only, 4 },
		{ failure_that_changed_nothing, 2 },
		{ chip_that_may_be_another_is_not_asked, 2 },
		{ reset_that_fails, 2 },
		{ refused_and_then_the_reset_fails, 2 },
		{ canceled_before_or_too_late, 0 },
		{ options_bad_arguments, 0 },
		{ options_one_bit_each, 12 },
		{ options_that_are_so_already, 2 },
		{ options_that_are_not_begun, 0 },
		{ options_in_words_only, 0 },
		{ options_that_are_refused, 2 },
		{ options_beside_those_that_are_meant, 0 },
		{ options_when_the_reset_fails, 2 },
		{ options_canceled_before_or_too_late, 0 },
		{ NULL, 0 },
	};

	fixture_before_tear_down = fake_chip_stop;
	return run_cases("protect", cases);
}
