/* SPDX-License-Identifier: MIT */
/*
 * test_calls.c - every call of the API: what it reports when all goes well, and that it comes to
 * one honest end when the answer to any of its commands goes wrong.
 */
#include "calls.h"

#include <string.h>

#include "fake_chip.h"

static struct watch done;

static void submit(const struct api_call *call)
{
	memset(&done, 0, sizeof(done));
	side_reset();
	ACCEPTED(call->submit(fx.client, &done, NULL));
}

static void reconnect(void)
{
	if (stmfw_client_is_connected(fx.client))
		return;
	RUN_UNTIL(fake_ocd_open_connections(fx.ocd) == 0);
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}

/* At once, byte by byte, and in pieces of 7. */
static const size_t splits[] = { 0, 1, 7 };

START_TEST(succeeds_in_pieces_of_any_size)
{
	const struct api_call *call = &api_calls[_i % api_call_count];

	fake_chip_start();
	fake_ocd_split(fx.ocd, splits[_i / api_call_count]);
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	submit(call);
	RUN_UNTIL(done.calls);
	ck_assert_msg(done.status == STMFW_OK, "%s: %s: %s", call->name,
		      stmfw_err_name(done.status), done.text);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(fake_chip_litter(), 0);
	ck_assert_int_eq(fx.lost.calls, 0);
}
END_TEST

/* What may come of a fault, beside success where the answer did not matter. */
static bool is_honest(enum fake_fault fault, const struct watch *w)
{
	switch (fault) {
	case FAULT_GARBAGE:
		return w->status == STMFW_EPROTO && w->outcome == STMFW_UNKNOWN;
	case FAULT_HANG_UP:
	case FAULT_RESET:
		return w->status == STMFW_ELOST && w->outcome == STMFW_UNKNOWN;
	case FAULT_STALL:
		return w->status == STMFW_ETIMEDOUT && w->outcome == STMFW_UNKNOWN;
	default:
		if (strcmp(w->step, "shutdown") == 0 && w->status == STMFW_ETIMEDOUT)
			return true; /* it said yes and stayed */
		return w->outcome == STMFW_FINISHED && w->status < 0 &&
		       w->status != STMFW_ELOST && w->status != STMFW_ENOMEM &&
		       w->status != STMFW_ECANCELED && w->status != STMFW_ETIMEDOUT;
	}
}

/* Answers that only add detail may be missing: then it still is a success. */
static bool may_do_without(const struct api_call *call, enum fake_fault fault)
{
	bool soft = fault == FAULT_ERROR || fault == FAULT_ODD_RESULT || fault == FAULT_NOTHING;

	if (fault == FAULT_NOTHING || fault == FAULT_ODD_RESULT) {
		static const char *const no_matter[] = {
			"command", "notifications", "reset", "halt", "resume", "write_words",
			"write_block", "targets", "shutdown", "banks"
		};

		for (size_t i = 0; i < sizeof(no_matter) / sizeof(no_matter[0]); i++)
			if (strcmp(call->name, no_matter[i]) == 0)
				return true;
	}
	return soft &&
	       ((strcmp(call->name, "bank_info") == 0 && fault != FAULT_ERROR) ||
		strcmp(call->name, "flash") == 0 || strncmp(call->name, "read_flash", 10) == 0 ||
		strcmp(call->name, "verify_flash") == 0);
}

static void check_fault(const struct api_call *call, enum fake_fault fault, int request)
{
	ck_assert_msg(done.calls == 1, "P2: %s, request %d: %d callbacks", call->name, request,
		      done.calls);
	ck_assert_int_eq(fake_chip_litter(), 0);
	if (done.status == STMFW_OK && may_do_without(call, fault))
		return;
	ck_assert_msg(is_honest(fault, &done), "%s, fault %d at request %d: %s, outcome %d: %s",
		      call->name, fault, request, stmfw_err_name(done.status), done.outcome,
		      done.text);
}

/* From this request on, deadlines are those of a chip's slow CPU or flash, 20 s and more. */
static bool is_slow(const struct api_call *call, int request)
{
	static const struct {
		const char *name;
		int from;
	} slow[] = {
		{ "verify_flash", 1 }, { "bank_info", 2 },   { "erase_sectors", 2 },
		{ "erase_range", 2 },  { "mass_erase", 2 },  { "blank_check", 2 },
		{ "write_bank", 2 },   { "verify_bank", 2 }, { "fill", 1 },
		{ "flash", 8 },        { "protect", 3 },     { "lock", 3 },
		{ "unprotect", 3 },    { "write_bank_data", 2 }, { "verify_bank_data", 2 },
		{ "options_write", 3 },
	};

	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
		if (strcmp(call->name, slow[i].name) == 0)
			return request >= slow[i].from;
	return false;
}

/* P2, P7: the answer to request 0, 1, 2 ... goes wrong, until the call has no more of them. */
START_TEST(p2_one_honest_end_whichever_answer_goes_wrong)
{
	const struct api_call *call = &api_calls[_i % api_call_count];
	enum fake_fault fault = (enum fake_fault)(_i / api_call_count + 1);

	if (fault == FAULT_STALL || strcmp(call->name, "shutdown") == 0)
		fx.opts.command_timeout_ms = fx.opts.flash_timeout_ms = 40;
	fake_chip_connect();
	for (int request = 0; request < 40; request++) {
		int lost_before = fx.lost.calls;

		fake_chip_reset();
		fake_chip.fault = fault;
		fake_chip.fault_at = request;
		if (fault == FAULT_STALL && is_slow(call, request))
			return;
		submit(call);
		RUN_UNTIL(done.calls);
		if (!fake_chip.faults) {
			ck_assert_int_eq(done.status, STMFW_OK);
			ck_assert_int_gt(request, 0);
			return;
		}
		if (fault >= FAULT_GARBAGE && done.status != STMFW_OK)
			RUN_UNTIL(fx.lost.calls > lost_before);
		check_fault(call, fault, request);
		reconnect();
	}
	ck_abort_msg("%s never ends", call->name);
}
END_TEST

/* ---- what they report ---------------------------------------------------------------------- */

static void run_call(const char *name)
{
	for (int i = 0; i < api_call_count; i++)
		if (strcmp(api_calls[i].name, name) == 0)
			submit(&api_calls[i]);
	RUN_UNTIL(done.calls);
}

typedef void (*look)(const stmfw_result *res);

static void look_at(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	look f;

	(void)c;
	memcpy(&f, &w->user, sizeof(f));
	f(res);
}

static void run_and_look(const char *name, look f)
{
	for (int i = 0; i < api_call_count; i++)
		if (strcmp(api_calls[i].name, name) == 0) {
			memset(&done, 0, sizeof(done));
			side_reset();
			done.then = look_at;
			memcpy(&done.user, &f, sizeof(f));
			ACCEPTED(api_calls[i].submit(fx.client, &done, NULL));
		}
	RUN_UNTIL(done.calls);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
}

static void look_targets(const stmfw_result *res)
{
	ck_assert_uint_eq(res->count, 2);
	ck_assert_str_eq(res->targets[0].name, FAKE_CHIP_TARGET);
	ck_assert_str_eq(res->targets[0].type, "hla_target");
	ck_assert_str_eq(res->targets[0].state_name, "halted");
	ck_assert_int_eq((int)res->targets[0].state, STMFW_TARGET_HALTED);
	ck_assert_int_eq(res->targets[0].examined, 1);
	ck_assert_str_eq(res->targets[1].name, "second.cpu");
	ck_assert_int_eq((int)res->targets[1].state, STMFW_TARGET_DEBUG_RUNNING);
	ck_assert_ptr_null(res->banks);
	ck_assert_ptr_null(res->chip);
	ck_assert_ptr_null(res->words);
	ck_assert_ptr_null(res->data);
}

START_TEST(targets_and_their_states)
{
	fake_chip_connect();
	fake_chip.second = "debug-running";
	run_and_look("targets", look_targets);
}
END_TEST

static void look_chip(const stmfw_result *res)
{
	ck_assert_ptr_nonnull(res->chip);
	ck_assert_uint_eq(res->chip->cpuid, 0x411fc231);
	ck_assert_uint_eq(res->chip->idcode, 0x20036410);
	ck_assert_uint_eq(res->chip->device_id, 0x410);
	ck_assert_uint_eq(res->chip->revision_id, 0x2003);
	ck_assert_uint_eq(res->chip->flash_kib, 8);
	ck_assert_int_eq(res->chip->has_uid, 1);
	ck_assert_mem_eq(res->chip->uid, FAKE_CHIP_UID, 12);
	ck_assert_int_eq((int)res->chip->rdp, STMFW_RDP_1);
	ck_assert_ptr_nonnull(strstr(res->chip->family, "STM32F10x"));
}

START_TEST(chip_is_identified)
{
	fake_chip_connect();
	run_and_look("identify", look_chip);
}
END_TEST

static void look_chip_without_signature(const stmfw_result *res)
{
	ck_assert_uint_eq(res->chip->device_id, 0x410);
	ck_assert_uint_eq(res->chip->flash_kib, 0);
	ck_assert_int_eq(res->chip->has_uid, 0);
	ck_assert_int_eq((int)res->chip->rdp, STMFW_RDP_1);
}

static void look_unknown_chip(const stmfw_result *res)
{
	ck_assert_uint_eq(res->chip->cpuid, 0x411fc231);
	ck_assert_uint_eq(res->chip->idcode, 0);
	ck_assert_str_eq(res->chip->family, "");
	ck_assert_int_eq((int)res->chip->rdp, STMFW_RDP_UNKNOWN);
}

START_TEST(what_cannot_be_read_of_a_chip_stays_unknown)
{
	fake_chip_connect();
	fake_chip.no_signature = true;
	run_and_look("identify", look_chip_without_signature);
	fake_chip.no_idcode = true;
	run_and_look("identify", look_unknown_chip);
}
END_TEST

START_TEST(protection_must_be_known)
{
	fake_chip_connect();
	fake_chip.no_protection = true;
	run_call("identify");
	assert_status(&done, STMFW_ETARGET, STMFW_FINISHED);
	ck_assert_ptr_nonnull(strstr(done.text, "Failed to read memory"));
}
END_TEST

/* Each request costs OpenOCD a look at the target, and each look a command to the probe. */
START_TEST(a_chip_is_identified_in_one_request)
{
	fake_chip_connect();
	int before = fake_chip.requests;
	run_call("identify");
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(fake_chip.requests - before, 1);
}
END_TEST

static void look_bank(const stmfw_result *res)
{
	const stmfw_bank *bank = res->banks;

	ck_assert_uint_eq(res->count, 1);
	ck_assert_uint_eq(bank->number, 0);
	ck_assert_str_eq(bank->name, "stm32f1x.flash");
	ck_assert_str_eq(bank->driver, "stm32f1x");
	ck_assert_uint_eq(bank->base, FAKE_CHIP_BASE);
	ck_assert_uint_eq(bank->size, FAKE_CHIP_FLASH_SIZE);
	ck_assert_str_eq(bank->chip, "STM32F10x (Medium Density) - Rev: X");
	ck_assert_uint_eq(bank->sector_count, 8);
	for (int i = 0; i < 8; i++) {
		static const int erased[] = { 0, 1, -1, 1, 1, 1, 1, 1 };

		ck_assert_uint_eq(bank->sectors[i].offset, (uint64_t)i * 1024);
		ck_assert_uint_eq(bank->sectors[i].size, 1024);
		ck_assert_int_eq(bank->sectors[i].is_protected, i >= 4);
		ck_assert_int_eq(bank->sectors[i].erased, erased[i]);
	}
}

START_TEST(bank_with_its_sectors)
{
	fake_chip_connect();
	run_and_look("bank_info", look_bank);
}
END_TEST

static void look_unprobed_banks(const stmfw_result *res)
{
	ck_assert_uint_eq(res->count, 1);
	ck_assert_str_eq(res->banks[0].target, FAKE_CHIP_TARGET);
	ck_assert_uint_eq(res->banks[0].size, 0);
	ck_assert_uint_eq(res->banks[0].sector_count, 0);
}

START_TEST(banks_do_not_touch_the_chip)
{
	fake_chip_connect();
	run_and_look("banks", look_unprobed_banks);
	ck_assert_msg(!fake_chip.probed, "it was probed");
}
END_TEST

static void look_words(const stmfw_result *res)
{
	ck_assert_uint_eq(res->count, 4);
	ck_assert_uint_eq(res->bytes, 16);
	ck_assert_mem_eq(res->words, fake_chip.flash, 16);
}

static void look_block(const stmfw_result *res)
{
	ck_assert_uint_eq(res->count, 9);
	ck_assert_mem_eq(res->data, fake_chip.flash + 1, 9);
}

START_TEST(memory_is_read_and_written)
{
	static const uint8_t block[] = { 1, 2, 3, 4, 5, 6, 7 };
	static const uint32_t words[] = { 1, 2, 3 };

	fake_chip_connect();
	run_and_look("read_words", look_words);
	run_and_look("read_block", look_block);
	run_call("write_block");
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_mem_eq(fake_chip.ram + 1, block, sizeof(block));
	ck_assert_uint_eq(fake_chip.ram[0], 0x5a);
	ck_assert_uint_eq(fake_chip.ram[8], 8 ^ 0x5a);
	run_call("write_words");
	ck_assert_mem_eq(fake_chip.ram, words, sizeof(words));
}
END_TEST

START_TEST(memory_that_is_not_there)
{
	struct watch w = { 0 };
	const uint8_t byte = 1;

	fake_chip_connect();
	ACCEPTED(stmfw_read_block(fx.client, NULL, 0x60000000, 4, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_failed_once(&w, STMFW_ETARGET, STMFW_FINISHED);
	memset(&w, 0, sizeof(w));
	ACCEPTED(stmfw_write_block(fx.client, NULL, 0x60000000, &byte, 1, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_failed_once(&w, STMFW_ETARGET, STMFW_FINISHED);
}
END_TEST

/* ---- reset, halt, resume: the states decide, not the answers ------------------------------- */

START_TEST(reset_halt_that_does_not_halt)
{
	fake_chip_connect();
	fake_chip.state = "running";
	fake_chip.deaf_to_halt = true;
	run_call(_i ? "halt" : "reset");
	assert_failed_once(&done, STMFW_ETARGET, STMFW_FINISHED);
	ck_assert_ptr_nonnull(strstr(done.text, FAKE_CHIP_TARGET));
}
END_TEST

START_TEST(reset_is_about_all_targets)
{
	fake_chip_connect();
	fake_chip.second = "running";
	run_call("reset");
	assert_failed_once(&done, STMFW_ETARGET, STMFW_FINISHED);
	ck_assert_ptr_nonnull(strstr(done.text, "second.cpu"));
}
END_TEST

/* NULL names OpenOCD's current target, not all of them. */
START_TEST(halt_is_about_one_target)
{
	fake_chip_connect();
	fake_chip.second = "running";
	run_call("halt");
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
}
END_TEST

START_TEST(resume_changes_the_state)
{
	fake_chip_connect();
	run_call("resume");
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_str_eq(fake_chip.state, "running");
	ck_assert_uint_eq(done.count, 1);
}
END_TEST

START_TEST(reset_run_does_not_ask_for_a_state)
{
	struct watch w = { 0 };

	fake_chip_connect();
	ACCEPTED(stmfw_reset(fx.client, STMFW_RESET_RUN, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_status(&w, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_eq(w.count, 1);
	ck_assert_str_eq(fake_chip.state, "running");
}
END_TEST

/* Each request costs OpenOCD a look at the target. */
START_TEST(control_and_its_look_are_one_request)
{
	static const char *const calls[] = { "reset", "halt", "resume" };

	fake_chip_connect();
	run_call(calls[_i]);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(fake_chip.requests, 1);
}
END_TEST

/* ---- shutdown ------------------------------------------------------------------------------ */

START_TEST(shutdown_ends_the_connection_without_a_loss)
{
	struct watch late = { 0 };

	fake_chip_connect();
	run_call("shutdown");
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(done.connected, 0);
	ck_assert_int_eq(CALL(stmfw_command(fx.client, "x", 0, on_done, &late, NULL)),
			 STMFW_ESTATE);
	close_and_drain();
	ck_assert_int_eq(fx.lost.calls, 0);
	ck_assert_int_eq(late.calls, 0);
}
END_TEST

START_TEST(shutdown_with_others_waiting)
{
	struct watch before = { 0 }, after = { 0 };

	fake_chip_connect();
	memset(&done, 0, sizeof(done));
	ACCEPTED(stmfw_targets(fx.client, on_done, &before, NULL));
	ACCEPTED(stmfw_shutdown(fx.client, on_done, &done, NULL));
	if (CALL(stmfw_targets(fx.client, on_done, &after, NULL)) != STMFW_OK)
		ck_assert_int_eq(fx.result, STMFW_ESTATE);
	RUN_UNTIL(done.calls);
	assert_status(&before, STMFW_OK, STMFW_FINISHED);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	close_and_drain();
	ck_assert_int_eq(fx.lost.calls, 0);
	if (after.calls)
		assert_failed_once(&after, STMFW_ELOST, STMFW_NOT_STARTED);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ succeeds_in_pieces_of_any_size, 3 * api_call_count },
		{ p2_one_honest_end_whichever_answer_goes_wrong, (FAULTS - 1) * api_call_count },
		{ targets_and_their_states, 0 },
		{ chip_is_identified, 0 },
		{ what_cannot_be_read_of_a_chip_stays_unknown, 0 },
		{ protection_must_be_known, 0 },
		{ a_chip_is_identified_in_one_request, 0 },
		{ bank_with_its_sectors, 0 },
		{ banks_do_not_touch_the_chip, 0 },
		{ memory_is_read_and_written, 0 },
		{ memory_that_is_not_there, 0 },
		{ reset_halt_that_does_not_halt, 2 },
		{ reset_is_about_all_targets, 0 },
		{ halt_is_about_one_target, 0 },
		{ resume_changes_the_state, 0 },
		{ reset_run_does_not_ask_for_a_state, 0 },
		{ control_and_its_look_are_one_request, 3 },
		{ shutdown_ends_the_connection_without_a_loss, 0 },
		{ shutdown_with_others_waiting, 0 },
		{ NULL, 0 },
	};

	fixture_before_tear_down = fake_chip_stop;
	return run_cases("calls", cases);
}
