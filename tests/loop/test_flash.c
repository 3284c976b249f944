/* SPDX-License-Identifier: MIT */
/*
 * test_flash.c - the flash operation against a fake chip: whatever goes wrong at whichever request,
 * what it says of the flash is true.
 */
#include "calls.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "fake_chip.h"

#define SECTOR 1024u
#define FIRST_SECTOR (SMALL_IMAGE_OFFSET / SECTOR)
#define LAST_SECTOR ((SMALL_IMAGE_OFFSET + 1500 - 1) / SECTOR)

static struct watch done;
static stmfw_op flashing;
static stmfw_flash_opts opts;
static uint8_t old[FAKE_CHIP_FLASH_SIZE], wanted[FAKE_CHIP_FLASH_SIZE];

/* What the callbacks saw. */
static struct {
	stmfw_flash_report report;
	bool reported;
	size_t plan_sectors, erase_count, skip_count;
	uint64_t around_bytes;
	uint64_t planned;
	stmfw_span open[8];
	size_t open_count;
	int plans, chips, backups;
	int refuse_plan, refuse_chip, refuse_backup;
	bool backup_is_right;
} seen;

static int on_chip(stmfw_client *c, const stmfw_chip *chip, void *arg)
{
	(void)c;
	(void)arg;
	callback_enter();
	seen.chips++;
	ck_assert_int_eq(chip->device_id, 0x410);
	ck_assert_mem_eq(fake_chip.flash, old, sizeof(old));
	callback_leave();
	return seen.refuse_chip;
}

static int on_plan(stmfw_client *c, const stmfw_plan *plan, void *arg)
{
	(void)c;
	(void)arg;
	callback_enter();
	seen.plans++;
	seen.plan_sectors = plan->sector_count;
	seen.erase_count = plan->erase_count;
	seen.skip_count = plan->skip_count;
	seen.around_bytes = plan->around_bytes;
	seen.planned = plan->image_bytes;
	ck_assert_msg(memcmp(fake_chip.flash, old, sizeof(old)) == 0, "planned after the act");
	callback_leave();
	return seen.refuse_plan;
}

static int on_backup(stmfw_client *c, const stmfw_bank *bank, const uint8_t *data, size_t length,
		     void *arg)
{
	(void)c;
	(void)arg;
	callback_enter();
	seen.backups++;
	ck_assert_uint_eq(bank->base, FAKE_CHIP_BASE);
	seen.backup_is_right = length == sizeof(old) && memcmp(data, old, length) == 0;
	callback_leave();
	return seen.refuse_backup;
}

static void on_flashed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	seen.reported = res->flash != NULL;
	if (res->flash) {
		seen.report = *res->flash;
		seen.open_count = res->flash->open ? res->flash->open_count : 0;
		ck_assert_uint_le(seen.open_count, 8);
		if (seen.open_count)
			memcpy(seen.open, res->flash->open,
			       seen.open_count * sizeof(seen.open[0]));
	}
	on_done(c, res, arg);
}

/* What the flash must hold after success: sectors that differ lose what is around the image. */
static void expect_new(bool keep)
{
	size_t count;
	const stmfw_range *r = stmfw_image_ranges(small_image(), &count);

	memcpy(wanted, old, sizeof(wanted));
	if (!keep)
		memset(wanted + FIRST_SECTOR * SECTOR, 0xff,
		       (LAST_SECTOR - FIRST_SECTOR + 1) * SECTOR);
	memcpy(wanted + SMALL_IMAGE_OFFSET, r->data, (size_t)r->length);
}

static void prepare(void)
{
	side_reset();
	memset(&seen, 0, sizeof(seen));
	memset(&done, 0, sizeof(done));
	memcpy(old, fake_chip.flash, sizeof(old));
	opts = (stmfw_flash_opts)STMFW_INIT(stmfw_flash_opts);
	opts.image = small_image();
	opts.chip = on_chip;
	opts.plan = on_plan;
	opts.progress = on_progress;
	opts.arg = &side;
	expect_new(false);
}

static void begin(void)
{
	fake_chip_connect();
	fake_chip_protect(0, 2);
	fake_chip.runs_code = true;
	prepare();
}

/* A new client of a new chip, in the same test. */
static void begin_again(void)
{
	close_and_drain();
	memset(&fx.closing, 0, sizeof(fx.closing));
	memset(&fx.connecting, 0, sizeof(fx.connecting));
	memset(&fx.lost, 0, sizeof(fx.lost));
	fake_chip_reset();
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	fake_chip_protect(0, 2);
	fake_chip.runs_code = true;
	prepare();
}

static void flash(void)
{
	ACCEPTED(stmfw_flash(fx.client, &opts, on_flashed, &done, &flashing));
	RUN_UNTIL(done.calls);
	ck_assert_int_eq(done.calls, 1);
	ck_assert_msg(seen.reported, "no report");
	ck_assert_msg(fake_chip_litter() == 0, "the scratch file is left behind");
}

static bool is_open(uint64_t offset)
{
	for (size_t i = 0; i < seen.open_count; i++)
		if (offset + FAKE_CHIP_BASE - seen.open[i].address < seen.open[i].length)
			return true;
	return false;
}

/* The report against the flash itself. */
static void verdict_is_true(void)
{
	bool is_old = memcmp(fake_chip.flash, old, sizeof(old)) == 0;
	bool is_new = memcmp(fake_chip.flash, wanted, sizeof(wanted)) == 0;

	if (done.status == STMFW_OK && !(opts.flags & STMFW_FLASH_DRY_RUN)) {
		ck_assert_int_eq(seen.report.content, STMFW_CONTENT_NEW);
		ck_assert_uint_eq(seen.report.proven, 1500);
		ck_assert_uint_eq(done.bytes, 1500);
	}
	switch (seen.report.content) {
	case STMFW_CONTENT_NEW:
		ck_assert_msg(is_new, "said to be new: %s", done.text);
		break;
	case STMFW_CONTENT_OLD:
	case STMFW_CONTENT_UNCHANGED:
		ck_assert_msg(is_old, "said to be old: %s", done.text);
		break;
	case STMFW_CONTENT_MIXED:
	case STMFW_CONTENT_UNKNOWN:
		for (size_t i = 0; i < sizeof(old); i++)
			ck_assert_msg(fake_chip.flash[i] == old[i] ||
					      fake_chip.flash[i] == wanted[i] || is_open(i),
				      "byte %zu is neither, and not told of", i);
		break;
	}
}

/* The last progress of erasing, writing, proving. */
static struct {
	uint64_t done, total;
} ends[3];

static void on_each_step(stmfw_client *c, const stmfw_progress *p, void *arg)
{
	static const char *const steps[] = { "erase", "write", "prove" };

	on_progress(c, p, arg);
	for (int i = 0; i < 3; i++)
		if (strcmp(p->step, steps[i]) == 0) {
			ends[i].done = p->done;
			ends[i].total = p->total;
		}
}

/* ---- success ----------------------------------------------------------------------------- */

START_TEST(new_content_proven)
{
	begin();
	fake_chip.runs_code = _i & 1;
	if (_i & 2)
		opts.backup = on_backup;
	if (_i & 4) {
		opts.flags |= STMFW_FLASH_KEEP;
		expect_new(true);
	}
	if (_i & 8)
		opts.flags |= STMFW_FLASH_FULL;
	flash();
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	verdict_is_true();
	ck_assert_int_eq(seen.plans, 1);
	ck_assert_int_eq(seen.chips, 1);
	ck_assert_uint_eq(seen.planned, 1500);
	ck_assert_uint_eq(seen.plan_sectors, 3);
	ck_assert_int_eq(seen.backups, _i & 2 ? 1 : 0);
	ck_assert_msg(!(_i & 2) || seen.backup_is_right, "the backup is wrong");
	ck_assert_str_eq(fake_chip.state, "running");
	ck_assert_msg(!side.went_back, "P6: done decreased");
}
END_TEST

START_TEST(what_is_there_is_left_alone)
{
	begin();
	memcpy(fake_chip.flash, wanted, sizeof(wanted));
	memcpy(old, wanted, sizeof(wanted));
	fake_chip.runs_code = _i;
	flash();
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	verdict_is_true();
	ck_assert_uint_eq(seen.skip_count, 3);
	ck_assert_int_eq(fake_chip.erase_commands, 0);
	ck_assert_uint_eq(seen.report.erased + seen.report.written, 0);
}
END_TEST

START_TEST(dry_run)
{
	begin();
	opts.flags = STMFW_FLASH_DRY_RUN;
	flash();
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(seen.report.content, STMFW_CONTENT_UNCHANGED);
	ck_assert_uint_eq(seen.erase_count, 3);
	ck_assert_uint_gt(seen.around_bytes, 1000);
	ck_assert_mem_eq(fake_chip.flash, old, sizeof(old));
	ck_assert_str_eq(fake_chip.state, "running");
}
END_TEST

/* Checksums that are wrong make it look closer, not believe. */
START_TEST(wrong_checksums_do_not_decide)
{
	begin();
	fake_chip.wrong_sums = true;
	flash();
	ck_assert_int_eq(done.status, STMFW_EVERIFY); /* the old content was not read for sure */
	ck_assert_int_eq(seen.report.content, STMFW_CONTENT_UNCHANGED);
	verdict_is_true();
}
END_TEST

START_TEST(a_checksum_that_was_not_finished_is_none)
{
	begin();
	fake_chip.unfinished_sums = true;
	flash();
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	verdict_is_true();
}
END_TEST

/* With and without the chip's help: what cannot be read twice alike is not kept for later. */
START_TEST(reads_that_differ)
{
	begin();
	fake_chip.runs_code = _i;
	fake_chip.unstable = true;
	flash();
	ck_assert_int_eq(done.status, STMFW_EVERIFY);
	ck_assert_int_eq(seen.report.content, STMFW_CONTENT_UNCHANGED);
	ck_assert_int_eq(fake_chip.erase_commands, 0);
}
END_TEST

START_TEST(fewer_bytes_written_than_planned)
{
	begin();
	fake_chip.counts_less = true;
	flash();
	ck_assert_int_eq(done.status, STMFW_ECOMMAND);
	ck_assert_int_ne(seen.report.content, STMFW_CONTENT_NEW);
	verdict_is_true();
}
END_TEST

START_TEST(the_target_is_left_as_asked)
{
	static const enum stmfw_after after[] = { STMFW_AFTER_RUN, STMFW_AFTER_HALT,
						  STMFW_AFTER_LEAVE };
	static const char *const states[] = { "running", "halted", "halted" };

	begin();
	opts.after = after[_i];
	flash();
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_str_eq(fake_chip.state, states[_i]);
}
END_TEST

/* ---- refused ----------------------------------------------------------------------------- */

START_TEST(the_user_says_no)
{
	begin();
	opts.backup = on_backup;
	seen.refuse_chip = _i == 0;
	seen.refuse_backup = _i == 1;
	seen.refuse_plan = _i == 2;
	flash();
	assert_failed_once(&done, STMFW_EABORTED, STMFW_FINISHED);
	ck_assert_int_eq(seen.report.content, STMFW_CONTENT_UNCHANGED);
	verdict_is_true();
	ck_assert_str_eq(fake_chip.state, _i == 0 ? "halted" : "running");
}
END_TEST

START_TEST(write_protection)
{
	begin();
	fake_chip_protect(0, 1);
	flash();
	assert_failed_once(&done, STMFW_EPROTECTED, STMFW_FINISHED);
	ck_assert_int_eq(seen.report.content, STMFW_CONTENT_UNCHANGED);
	verdict_is_true();
}
END_TEST

START_TEST(write_protection_is_removed_if_asked_for)
{
	begin();
	fake_chip_protect(0, 1);
	opts.flags |= STMFW_FLASH_UNLOCK;
	flash();
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	verdict_is_true();
	ck_assert_uint_eq(fake_chip.protected_blocks, 0);
}
END_TEST

static void run_the_firmware(int request)
{
	static int commands;

	(void)request;
	if (fake_chip.option_commands == commands)
		return;
	commands = fake_chip.option_commands;
	fake_chip.flash[5] = old[5] = wanted[5] = 0xa5;
}

/* Option bytes are loaded by a reset: what the old firmware writes then is not lost. */
START_TEST(what_changes_while_protection_is_removed_is_kept)
{
	begin();
	fake_chip_protect(0, 1);
	opts.flags |= STMFW_FLASH_UNLOCK | STMFW_FLASH_KEEP;
	expect_new(true);
	fake_chip.before = run_the_firmware;
	flash();
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_eq(wanted[5], 0xa5);
	verdict_is_true();
}
END_TEST

START_TEST(write_protection_that_stays)
{
	begin();
	fake_chip_protect(0, 1);
	opts.flags |= STMFW_FLASH_UNLOCK;
	fake_chip.refuses_options = _i == 0;
	fake_chip.options_stay = _i == 1;
	flash();
	assert_failed_once(&done, _i == 0 ? STMFW_ECOMMAND : STMFW_EVERIFY, STMFW_FINISHED);
	ck_assert_int_eq(seen.report.content, STMFW_CONTENT_UNCHANGED);
	ck_assert_int_eq(fake_chip.erase_commands, 0);
	ck_assert_str_eq(fake_chip.state, "running");
	verdict_is_true();
}
END_TEST

START_TEST(arguments)
{
	stmfw_flash_opts o;

	begin();
	o = opts;
	ck_assert_int_eq(CALL(stmfw_flash(NULL, &o, on_done, &done, NULL)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_flash(fx.client, NULL, on_done, &done, NULL)), STMFW_EINVAL);
	o.image = NULL;
	ck_assert_int_eq(CALL(stmfw_flash(fx.client, &o, on_done, &done, NULL)), STMFW_EINVAL);
	o = opts;
	o.flags = 1u << 20;
	ck_assert_int_eq(CALL(stmfw_flash(fx.client, &o, on_done, &done, NULL)), STMFW_EINVAL);
	o = opts;
	o.scratch_dir = "";
	ck_assert_int_eq(CALL(stmfw_flash(fx.client, &o, on_done, &done, NULL)), STMFW_EINVAL);
	ck_assert_int_eq(done.calls, 0);
}
END_TEST

/* ---- something goes wrong at each request ------------------------------------------------- */

static int requests_of_a_success(void)
{
	int before;

	begin();
	opts.backup = on_backup;
	before = fake_chip.requests;
	flash();
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	return fake_chip.requests - before;
}

/* _i: a fault at every request, once. */
START_TEST(verdict_is_true_whatever_goes_wrong)
{
	int n = requests_of_a_success();

	ck_assert_int_gt(n, 10);
	for (int k = 0; k < n; k++) {
		begin_again();
		opts.backup = k % 2 ? on_backup : NULL;
		fake_chip.fault = (enum fake_fault)(_i + 1);
		fake_chip.fault_at = fake_chip.requests + k;
		flash();
		verdict_is_true();
		if (done.status == STMFW_ELOST || done.status == STMFW_EPROTO)
			ck_assert_int_eq(done.outcome, STMFW_UNKNOWN);
	}
}
END_TEST

/* A sector that cannot be erased holds the old bits: neither content can be had there. */
START_TEST(a_sector_that_does_not_erase)
{
	begin();
	fake_chip.runs_code = _i;
	fake_chip.bad_sector = 1;
	flash();
	ck_assert_int_eq(done.status, STMFW_EVERIFY);
	ck_assert_uint_eq(seen.report.retries, 4); /* two for the new, two for the old */
	ck_assert_str_eq(fake_chip.state, "halted"); /* a mixture is not started */
	ck_assert_msg(seen.report.content == STMFW_CONTENT_MIXED, "%d", seen.report.content);
	ck_assert_uint_eq(seen.open_count, 1);
	ck_assert_uint_eq(seen.open[0].address, FAKE_CHIP_BASE + SECTOR);
	ck_assert_uint_eq(seen.open[0].length, SECTOR);
	verdict_is_true();
	ck_assert_msg(strstr(done.text, "0x08000") && done.advice[0], "%s", done.text);
}
END_TEST

/* The connection breaks while things are put in order: both are told. */
START_TEST(a_second_failure_does_not_hide_the_first)
{
	int requests, both = 0;

	begin();
	fake_chip.bad_sector = 1;
	requests = fake_chip.requests;
	flash();
	requests = fake_chip.requests - requests;
	for (int k = 0; k < requests; k++) {
		begin_again();
		fake_chip.bad_sector = 1;
		fake_chip.fault = FAULT_HANG_UP;
		fake_chip.fault_at = fake_chip.requests + k;
		flash();
		/* How many requests there are, depends on the time they take. */
		ck_assert_int_eq(done.status, fake_chip.faults ? STMFW_ELOST : STMFW_EVERIFY);
		verdict_is_true();
		const char *first = strstr(done.text, "; before that: ");
		ck_assert_msg(!first || strstr(first, "0x08000400"), "%s", done.text);
		both += first != NULL;
	}
	ck_assert_int_gt(both, 0);
}
END_TEST

static struct rlimit usual;

static void room_again(int request)
{
	(void)request;
	setrlimit(RLIMIT_FSIZE, &usual);
}

static int full_at;

/* Files cannot grow, as on a full disk, until the next request: Check's own must. */
static void fill_disk(stmfw_client *c)
{
	(void)c;
	if (side.progresses == full_at)
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 0, usual.rlim_max });
}

/* A disk that is full for a moment costs a repetition, if content goes through a file at all. */
START_TEST(no_room_for_what_is_written)
{
	unsigned int repeated = 0;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &usual);
	begin();
	for (full_at = 1; full_at < 8; full_at++) {
		begin_again();
		fake_chip.before = room_again;
		side.in_progress = fill_disk;
		ACCEPTED(stmfw_flash(fx.client, &opts, on_flashed, &done, &flashing));
		RUN_UNTIL(done.calls);
		room_again(0);
		assert_status(&done, STMFW_OK, STMFW_FINISHED);
		verdict_is_true();
		ck_assert_int_eq(fake_chip_litter(), 0);
		repeated += seen.report.retries;
	}
	ck_assert_int_eq(repeated > 0, fake_chip_shares());
}
END_TEST

/* One refused erase: repeated once, and progress still comes to its end. */
START_TEST(p6_progress_is_whole_after_a_repetition)
{
	int requests;

	begin();
	requests = fake_chip.requests;
	flash();
	requests = fake_chip.requests - requests;
	for (int k = 9; k < requests - 1; k++) {
		begin_again();
		fake_chip.fault = FAULT_ERROR;
		fake_chip.fault_at = fake_chip.requests + k;
		memset(ends, 0, sizeof(ends));
		opts.progress = on_each_step;
		flash();
		if (done.status != STMFW_OK)
			continue;
		ck_assert_uint_le(seen.report.retries, 1);
		for (int i = 0; i < 3; i++)
			ck_assert_msg(ends[i].total > 0 && ends[i].done == ends[i].total,
				      "fault at %d, step %d: %d of %d", k, i, (int)ends[i].done,
				      (int)ends[i].total);
	}
}
END_TEST

/* ---- canceled ---------------------------------------------------------------------------- */

static int cancel_at;

static void cancel_flashing(stmfw_client *c)
{
	if (side.progresses == cancel_at)
		(void)CALL(stmfw_cancel(c, flashing));
}

START_TEST(cancel_at_each_progress)
{
	begin();
	side.in_progress = cancel_flashing;
	cancel_at = _i + 1;
	flash();
	verdict_is_true();
	if (done.status != STMFW_OK) {
		ck_assert_int_eq(done.status, STMFW_ECANCELED);
		ck_assert_int_ne(seen.report.content, STMFW_CONTENT_NEW);
	}
	ck_assert_msg(_i > 1 || done.status == STMFW_ECANCELED, "canceled in vain");
	ck_assert_str_eq(fake_chip.state, "running");
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 1);
}
END_TEST

static int cancel_at_chip(stmfw_client *c, const stmfw_chip *chip, void *arg)
{
	(void)chip;
	(void)arg;
	callback_enter();
	ck_assert_int_eq(CALL(stmfw_cancel(c, flashing)), STMFW_OK);
	callback_leave();
	return 0;
}

START_TEST(cancel_before_the_chip_is_touched)
{
	begin();
	opts.chip = cancel_at_chip;
	fake_chip.state = "running";
	fake_chip.requests = 0;
	flash();
	ck_assert_int_eq(fake_chip.requests, 2); /* banks, and one to identify it: no reset */
	ck_assert_int_eq(done.status, STMFW_ECANCELED);
	ck_assert_int_eq(seen.report.content, STMFW_CONTENT_UNCHANGED);
	ck_assert_str_eq(fake_chip.state, "running");
	verdict_is_true();
}
END_TEST

START_TEST(cancel_before_it_begins)
{
	struct watch first;

	begin();
	memset(&first, 0, sizeof(first));
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &first, NULL));
	ACCEPTED(stmfw_flash(fx.client, &opts, on_flashed, &done, &flashing));
	ACCEPTED(stmfw_cancel(fx.client, flashing));
	RUN_UNTIL(done.calls && first.calls);
	assert_status(&done, STMFW_ECANCELED, STMFW_NOT_STARTED);
	ck_assert_msg(seen.reported, "no report");
	ck_assert_int_eq(seen.report.content, STMFW_CONTENT_UNCHANGED);
}
END_TEST

static int close_at;

static void close_flashing(stmfw_client *c)
{
	(void)c;
	if (side.progresses == close_at)
		close_client();
}

START_TEST(close_at_each_progress)
{
	begin();
	side.in_progress = close_flashing;
	close_at = _i + 1;
	flash();
	verdict_is_true();
	if (!fx.client) /* the last one comes when all is proven */
		ck_assert_int_eq(done.status, STMFW_ECANCELED);
}
END_TEST

/* ---- no memory --------------------------------------------------------------------------- */

START_TEST(verdict_is_true_without_memory)
{
	bool succeeded = false;

	begin();
	for (long k = 0; !succeeded; k += short_run() ? 7 : 1) {
		ck_assert_int_lt(k, 2000);
		begin_again();
		fx.heap.fail_at = fx.heap.calls + k;
		fx.heap.failed = 0;
		fx.heap.fail_on = _i;
		if (CALL(stmfw_flash(fx.client, &opts, on_flashed, &done, &flashing)) != STMFW_OK) {
			fx.heap.fail_at = -1;
			continue;
		}
		RUN_UNTIL(done.calls);
		succeeded = fx.heap.failed == 0;
		fx.heap.fail_at = -1;
		fx.heap.fail_on = false;
		if (seen.reported)
			verdict_is_true();
		/* Once it is about to erase, it has what it needs to leave a whole firmware. */
		ck_assert_msg(seen.report.content != STMFW_CONTENT_MIXED || _i,
			      "request %ld for memory leaves a mixture", k);
		ck_assert_msg(!succeeded || done.status == STMFW_OK, "%s", done.text);
	}
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ new_content_proven, 16 },
		{ what_is_there_is_left_alone, 2 },
		{ dry_run, 0 },
		{ wrong_checksums_do_not_decide, 0 },
		{ a_checksum_that_was_not_finished_is_none, 0 },
		{ reads_that_differ, 2 },
		{ fewer_bytes_written_than_planned, 0 },
		{ the_target_is_left_as_asked, 3 },
		{ the_user_says_no, 3 },
		{ write_protection, 0 },
		{ write_protection_is_removed_if_asked_for, 0 },
		{ what_changes_while_protection_is_removed_is_kept, 0 },
		{ write_protection_that_stays, 2 },
		{ a_second_failure_does_not_hide_the_first, 0 },
		{ no_room_for_what_is_written, 0 },
		{ arguments, 0 },
		{ verdict_is_true_whatever_goes_wrong, FAULT_STALL - 1 },
		{ a_sector_that_does_not_erase, 2 },
		{ cancel_at_each_progress, 8 },
		{ cancel_before_the_chip_is_touched, 0 },
		{ cancel_before_it_begins, 0 },
		{ close_at_each_progress, 8 },
		{ p6_progress_is_whole_after_a_repetition, 0 },
		{ verdict_is_true_without_memory, 2 },
		{ NULL, 0 },
	};

	fixture_before_tear_down = fake_chip_stop;
	return run_cases("flash", cases);
}
