/* SPDX-License-Identifier: MIT */
/*
 * test_versions.c - every version answers in its own way, and the library tells the same of each.
 *
 * The peer is one version after another, from scenes/VERSION.scene. The same public calls have to
 * report the same, but for what a version does not know (up to 0.11: which target a bank is of).
 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "scene.h"

struct version {
	const char *name;
	unsigned int minor;
	const char *jim;
	const char *bank_target;
};

static const struct version versions[] = {
	{ "0.10", 10, "0.77", "" },
	{ "0.11", 11, "0.79", "" },
	{ "0.12", 12, "0.81", "stm32f1x.cpu" },
	{ "dev", 12, "0.83", "stm32f1x.cpu" },
};
#define VERSIONS ((int)(sizeof(versions) / sizeof(versions[0])))
#define TARGET   "stm32f1x.cpu"

static const struct version *version;
static struct watch done;
typedef void (*look)(const stmfw_result *res);
static look looks;

static void look_at(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)w;
	(void)c;
	looks(res);
}

static void start(int number)
{
	version = &versions[number];
	play(NULL);
	scene_play(fx.ocd, version->name);
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}

/* Runs a call to its end; look: at a success. */
#define RUN(call, look_)                                             \
	do {                                                         \
		look f = (look_);                                    \
		done = (struct watch){ .then = f ? look_at : NULL }; \
		looks = f;                                           \
		ACCEPTED(call);                                      \
		RUN_UNTIL(done.calls);                               \
	} while (0)
#define RUN_OK(call, look_)                                     \
	do {                                                    \
		RUN(call, look_);                               \
		assert_status(&done, STMFW_OK, STMFW_FINISHED); \
	} while (0)
#define DONE on_done, &done, NULL

/* ---- who, targets ---- */

START_TEST(server_is_known)
{
	start(_i);
	const stmfw_server *s = stmfw_client_server(fx.client);
	ck_assert_uint_eq(s->major, 0);
	ck_assert_uint_eq(s->minor, version->minor);
	ck_assert_uint_eq(s->patch, 0);
	ck_assert_str_eq(s->jim, version->jim);
	ck_assert_str_eq(s->adapter, "hla");
	ck_assert_str_eq(s->transport, "hla_swd");
}
END_TEST

static void look_running(const stmfw_result *res)
{
	ck_assert_uint_eq(res->count, 1);
	ck_assert_str_eq(res->targets[0].name, TARGET);
	ck_assert_str_eq(res->targets[0].type, "hla_target");
	ck_assert_int_eq((int)res->targets[0].state, STMFW_TARGET_RUNNING);
	ck_assert_int_eq(res->targets[0].examined, 1);
}

static void look_halted(const stmfw_result *res)
{
	ck_assert_uint_eq(res->count, 1);
	ck_assert_int_eq((int)res->targets[0].state, STMFW_TARGET_HALTED);
}

START_TEST(targets_and_control)
{
	start(_i);
	RUN_OK(stmfw_targets(fx.client, DONE), look_running);
	RUN_OK(stmfw_reset(fx.client, STMFW_RESET_HALT, DONE), look_halted);
	RUN_OK(stmfw_halt(fx.client, TARGET, DONE), look_halted);
	RUN_OK(stmfw_resume(fx.client, TARGET, DONE), look_running);
}
END_TEST

START_TEST(news_only_while_wanted)
{
	static struct watch events;

	memset(&events, 0, sizeof(events));
	start(_i);
	RUN_OK(stmfw_reset(fx.client, STMFW_RESET_HALT, DONE), NULL);
	RUN_OK(stmfw_notifications(fx.client, on_event, &events, DONE), NULL);
	ck_assert_int_eq(events.calls, 0);
	RUN_OK(stmfw_reset(fx.client, STMFW_RESET_HALT, DONE), NULL);
	ck_assert_str_eq(events.text, "reset halt\nevent gdb-halt\nevent halted\n");
	RUN_OK(stmfw_notifications(fx.client, NULL, NULL, DONE), NULL);
	RUN_OK(stmfw_reset(fx.client, STMFW_RESET_HALT, DONE), NULL);
	ck_assert_int_eq(events.calls, 3);
}
END_TEST

/* ---- flash ---- */

static void check_bank(const stmfw_bank *bank)
{
	ck_assert_uint_eq(bank->number, 0);
	ck_assert_str_eq(bank->name, "stm32f1x.flash");
	ck_assert_str_eq(bank->driver, "stm32f1x");
	ck_assert_str_eq(bank->target, version->bank_target);
	ck_assert_uint_eq(bank->base, 0x08000000);
	ck_assert_uint_eq(bank->size, 0x4000);
}

static void look_banks(const stmfw_result *res)
{
	ck_assert_uint_eq(res->count, 1);
	check_bank(&res->banks[0]);
}

/* 16 of 1 KiB; the first 8 are written, 4 to 7 protected. */
static void look_sectors(const stmfw_result *res)
{
	const stmfw_bank *bank = res->banks;

	look_banks(res);
	ck_assert_str_eq(bank->chip, "STM32F10x (Medium Density) - Rev: Y");
	ck_assert_uint_eq(bank->sector_count, 16);
	for (uint32_t i = 0; i < 16; i++) {
		ck_assert_uint_eq(bank->sectors[i].offset, i * 1024);
		ck_assert_uint_eq(bank->sectors[i].size, 1024);
		ck_assert_int_eq(bank->sectors[i].is_protected, i >= 4 && i < 8);
		ck_assert_int_eq(bank->sectors[i].erased, i >= 8);
	}
}

START_TEST(banks_and_sectors)
{
	start(_i);
	RUN_OK(stmfw_banks(fx.client, DONE), look_banks);
	RUN_OK(stmfw_bank_info(fx.client, 0, STMFW_BANK_ERASE_STATE, DONE), look_sectors);
	RUN_OK(stmfw_blank_check(fx.client, 0, 8, 15, DONE), look_sectors);
	RUN(stmfw_blank_check(fx.client, 0, 7, 15, DONE), NULL);
	assert_status(&done, STMFW_EVERIFY, STMFW_FINISHED);
	ck_assert_ptr_nonnull(strstr(done.text, "sector 7 "));
}
END_TEST

START_TEST(file_is_written_and_compared)
{
	start(_i);
	RUN_OK(stmfw_write_bank(fx.client, 0, "/firmware", 0x2000, 64, DONE), NULL);
	ck_assert_uint_eq(done.bytes, 64);
	RUN_OK(stmfw_verify_bank(fx.client, 0, "/firmware", 0x2000, 64, DONE), NULL);
	ck_assert_uint_eq(done.bytes, 64);
}
END_TEST

/* ---- memory ---- */

static void look_chip(const stmfw_result *res)
{
	ck_assert_uint_eq(res->chip->cpuid, 0x411fc231);
	ck_assert_uint_eq(res->chip->device_id, 0x410);
	ck_assert_uint_eq(res->chip->revision_id, 0x2003);
	ck_assert_uint_eq(res->chip->flash_kib, 64);
	ck_assert_int_eq((int)res->chip->rdp, STMFW_RDP_0);
	ck_assert_mem_eq(res->chip->uid, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 12);
}

static void look_words(const stmfw_result *res)
{
	static const uint32_t words[] = { 0x20005000, 0x08000119, 0x08000115, 0x08000115 };

	ck_assert_uint_eq(res->count, 4);
	ck_assert_mem_eq(res->words, words, sizeof(words));
}

static void look_bytes(const stmfw_result *res)
{
	static const uint32_t bytes[] = { 0, 0x50, 0, 0x20 };

	ck_assert_uint_eq(res->count, 4);
	ck_assert_mem_eq(res->words, bytes, sizeof(bytes));
}

START_TEST(chip_and_memory)
{
	const uint32_t words[] = { 1, 2, 0xfffffffe };

	start(_i);
	RUN_OK(stmfw_identify(fx.client, NULL, DONE), look_chip);
	RUN_OK(stmfw_read_words(fx.client, NULL, 0x08000000, 32, 4, DONE), look_words);
	RUN_OK(stmfw_read_words(fx.client, NULL, 0x08000000, 8, 4, DONE), look_bytes);
	RUN_OK(stmfw_write_words(fx.client, NULL, 0x20000000, 32, words, 3, DONE), NULL);
	ck_assert_uint_eq(done.bytes, 12);
	RUN(stmfw_read_words(fx.client, NULL, 0x70000000, 32, 1, DONE), NULL);
	assert_status(&done, STMFW_ETARGET, STMFW_FINISHED);
	ck_assert_ptr_nonnull(strstr(done.text, "OpenOCD could not do \"read memory\": "));
}
END_TEST

/* ---- any Tcl, the end ---- */

START_TEST(failures_have_openocds_number_and_words)
{
	start(_i);
	RUN(stmfw_command(fx.client, "flash probe 9", 0, DONE), NULL);
	assert_status(&done, STMFW_ECOMMAND, STMFW_FINISHED);
	ck_assert_int_eq(done.ocd_code, -4);
	ck_assert_ptr_nonnull(strstr(done.text, "flash bank '#9' is out of bounds"));
	ck_assert_str_ne(done.advice, "");
	RUN(stmfw_command(fx.client, "error boo", 0, DONE), NULL);
	assert_status(&done, STMFW_ECOMMAND, STMFW_FINISHED);
	ck_assert_int_eq(done.ocd_code, 0);
	ck_assert_ptr_nonnull(strstr(done.text, "boo"));
}
END_TEST

/* What a command prints is its result, without a line end; with 0.10 it is in the log. */
START_TEST(what_a_command_prints)
{
	static const char banks[] =
		"#0 : stm32f1x.flash (stm32f1x) at 0x08000000, size 0x00004000, "
		"buswidth 0, chipwidth 0";
	bool logged;

	start(_i);
	RUN_OK(stmfw_command(fx.client, "flash banks", 0, DONE), NULL);
	logged = done.text[0] == '\0';
	ck_assert_int_eq(logged, version->minor == 10);
	if (logged)
		done.log[strcspn(done.log, "\n")] = '\0';
	ck_assert_str_eq(logged ? done.log : done.text, banks);
}
END_TEST

START_TEST(shutdown_is_no_loss)
{
	start(_i);
	RUN_OK(stmfw_shutdown(fx.client, DONE), NULL);
	ck_assert(!stmfw_client_is_connected(fx.client));
	ck_assert_int_eq(fx.lost.calls, 0);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ server_is_known, VERSIONS },
		{ targets_and_control, VERSIONS },
		{ news_only_while_wanted, VERSIONS },
		{ banks_and_sectors, VERSIONS },
		{ file_is_written_and_compared, VERSIONS },
		{ chip_and_memory, VERSIONS },
		{ failures_have_openocds_number_and_words, VERSIONS },
		{ what_a_command_prints, VERSIONS },
		{ shutdown_is_no_loss, VERSIONS },
		{ NULL, 0 },
	};

	return run_cases("versions", cases);
}
