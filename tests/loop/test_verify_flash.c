/* SPDX-License-Identifier: MIT */
/* test_verify_flash.c - proven, or not, and how far. */
#include "calls.h"

#include <string.h>

#include "fake_chip.h"

static struct watch done;
static stmfw_op verifying;
static uint8_t wanted[FAKE_CHIP_FLASH_SIZE];

static stmfw_verify_opts verify_opts(uint64_t offset, uint64_t length, uint32_t chunk)
{
	stmfw_verify_opts o = STMFW_INIT(stmfw_verify_opts);

	o.data = wanted + offset % sizeof(wanted);
	o.offset = offset;
	o.length = length;
	o.chunk = chunk;
	o.progress = on_progress;
	o.arg = &side;
	return o;
}

static void begin(void)
{
	side_reset();
	fake_chip_connect();
	memcpy(wanted, fake_chip.flash, sizeof(wanted));
}

static void verify(uint64_t offset, uint64_t length, uint32_t chunk)
{
	stmfw_verify_opts o = verify_opts(offset, length, chunk);

	memset(&done, 0, sizeof(done));
	ACCEPTED(stmfw_verify_flash(fx.client, &o, on_done, &done, &verifying));
	RUN_UNTIL(done.calls);
	ck_assert_int_eq(done.calls, 1);
	ck_assert_msg(fake_chip_litter() == 0, "the scratch file is left behind");
}

static const struct {
	uint64_t offset, length;
	uint32_t chunk;
	int pieces;
} ranges[] = {
	{ 0, 8192, 0, 1 }, { 0, 8192, 1024, 8 }, { 0, 8192, 1000, 9 }, { 5, 7, 2, 4 },
	{ 8191, 1, 0, 1 },
};

START_TEST(p6_proven_with_progress)
{
	begin();
	verify(ranges[_i].offset, ranges[_i].length, ranges[_i].chunk);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_eq(done.bytes, ranges[_i].length);
	ck_assert_int_eq(side.progresses, ranges[_i].pieces);
	ck_assert_str_eq(side.step, "verify");
	ck_assert_uint_eq(side.done, ranges[_i].length);
	ck_assert_uint_eq(side.total, ranges[_i].length);
	ck_assert_msg(!side.went_back, "P6: done decreased");
	ck_assert_int_lt(side.order, done.order);
}
END_TEST

/* One bit, in the first, a middle and the last byte. */
START_TEST(one_wrong_bit)
{
	static const size_t places[] = { 0, 500, 1023 };
	static const uint64_t proven[] = { 0, 384, 896 };

	begin();
	wanted[places[_i]] ^= 0x10;
	verify(0, 1024, 128);
	assert_failed_once(&done, STMFW_EVERIFY, STMFW_FINISHED);
	ck_assert_uint_eq(done.bytes, proven[_i]);
	ck_assert_msg(done.advice[0] != '\0', "no advice");
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 1);
}
END_TEST

/* OpenOCD says yes, but to less than was asked. */
START_TEST(fewer_bytes_than_asked_for)
{
	begin();
	fake_chip.verified_less = _i ? 128 : 1;
	fake_chip.short_by = _i ? 128 : 1;
	verify(0, 1024, 128);
	assert_failed_once(&done,
			   fake_chip_shares()   ? STMFW_EVERIFY
			   : fake_chip.no_files ? STMFW_EUNSUPPORTED
						: STMFW_EFILE,
			   STMFW_FINISHED);
	ck_assert_uint_eq(done.bytes, 0);
}
END_TEST

START_TEST(range_outside_the_bank)
{
	static const uint64_t offsets[] = { 8192, 8191, 0, UINT64_MAX, 1 };
	static const uint64_t lengths[] = { 1, 2, 8193, 2, UINT64_MAX };

	begin();
	verify(offsets[_i], lengths[_i], 0);
	assert_failed_once(&done, STMFW_ERANGE, STMFW_FINISHED);
	ck_assert_int_eq(side.progresses, 0);
}
END_TEST

START_TEST(files_are_not_shared)
{
	fx.opts.transfer = STMFW_TRANSFER_SHARED;
	begin();
	if (_i)
		fake_chip.wrong_token = true;
	else
		fake_chip.not_shared = true;
	verify(0, 256, 128);
	assert_failed_once(&done, STMFW_EUNSUPPORTED, STMFW_FINISHED);
}
END_TEST

/* Not able to look is not the same as different. */
START_TEST(chip_that_cannot_be_read)
{
	begin();
	fake_chip.fault = FAULT_ERROR;
	fake_chip.fault_at = 2;
	verify(0, 256, 128);
	assert_failed_once(&done, STMFW_ETARGET, STMFW_FINISHED);
	ck_assert_int_eq(fake_chip.faults, 1);
}
END_TEST

static void cancel_verifying(stmfw_client *c)
{
	ACCEPTED(stmfw_cancel(c, verifying));
}

START_TEST(cancel_between_two_pieces)
{
	begin();
	side.in_progress = cancel_verifying;
	verify(0, 1024, 128);
	assert_failed_once(&done, STMFW_ECANCELED, STMFW_FINISHED);
	ck_assert_uint_eq(done.bytes, 128);
	ck_assert_int_eq(side.progresses, 1);
}
END_TEST

/* Where files are not shared, the chip is first asked for its work area. */
START_TEST(lost_at_each_command)
{
	int before = fake_chip_shares() ? 1 : 2, at = _i / 2;

	begin();
	fake_chip.fault = _i % 2 ? FAULT_RESET : FAULT_HANG_UP;
	fake_chip.fault_at = _i / 2;
	verify(0, 300, 100);
	assert_failed_once(&done, STMFW_ELOST, STMFW_UNKNOWN);
	ck_assert_uint_eq(done.bytes, at <= before ? 0 : (uint64_t)(at - before) * 100);
}
END_TEST

START_TEST(progress_may_be_missing)
{
	stmfw_verify_opts o = verify_opts(0, 300, 100);

	begin();
	memset(&done, 0, sizeof(done));
	o.progress = NULL;
	ACCEPTED(stmfw_verify_flash(fx.client, &o, on_done, &done, NULL));
	memset(&o, 0x55, sizeof(o));
	RUN_UNTIL(done.calls);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
}
END_TEST

/* ---- without a file ---------------------------------------------------------------------- */

/* The chip's own sums prove it: nothing is moved. */
START_TEST(sums_of_the_chip_prove_it)
{
	fx.opts.transfer = STMFW_TRANSFER_INLINE;
	begin();
	fake_chip.runs_code = true;
	verify(0, 8192, 1000);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_eq(done.bytes, 8192);
	ck_assert_int_eq(side.progresses, 9);
	ck_assert_int_eq(fake_chip.reads, 0);
}
END_TEST

/* A sum that is wrong is a reason to look closer, not a verdict. */
START_TEST(sums_that_are_wrong_are_looked_into)
{
	fx.opts.transfer = STMFW_TRANSFER_INLINE;
	begin();
	fake_chip.runs_code = true;
	fake_chip.wrong_sums = true;
	wanted[1700] ^= _i ? 0x01 : 0;
	verify(1000, 2000, 1000);
	if (_i) {
		assert_failed_once(&done, STMFW_EVERIFY, STMFW_FINISHED);
		ck_assert_ptr_nonnull(strstr(done.text, "0x080006a4"));
		ck_assert_uint_eq(done.bytes, 0);
		return;
	}
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_eq(done.bytes, 2000);
	ck_assert_int_eq(side.progresses, 2);
}
END_TEST

/* It could be a sum of another chip. */
START_TEST(sums_of_nobody_knows_which_chip_are_not_asked_for)
{
	fx.opts.transfer = STMFW_TRANSFER_INLINE;
	begin();
	fake_chip.runs_code = fake_chip.no_bank_target = true;
	verify(0, 1000, 0);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(fake_chip.no_files || fake_chip.reads > 0, 1);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ p6_proven_with_progress, sizeof(ranges) / sizeof(ranges[0]) },
		{ one_wrong_bit, 3 },
		{ fewer_bytes_than_asked_for, 2 },
		{ range_outside_the_bank, 5 },
		{ files_are_not_shared, 2 },
		{ chip_that_cannot_be_read, 0 },
		{ cancel_between_two_pieces, 0 },
		{ lost_at_each_command, 8 },
		{ progress_may_be_missing, 0 },
		{ sums_of_the_chip_prove_it, 0 },
		{ sums_that_are_wrong_are_looked_into, 2 },
		{ sums_of_nobody_knows_which_chip_are_not_asked_for, 0 },
		{ NULL, 0 },
	};

	fixture_before_tear_down = fake_chip_stop;
	return run_cases("verify_flash", cases);
}
