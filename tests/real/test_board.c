/* SPDX-License-Identifier: MIT */
/*
 * The library through a real OpenOCD on a virtual board: chips, banks, memory, reading, proving.
 * What the board was given as its flash is the oracle.
 */
#include <stdio.h>

#include "real.h"

#define KIB 1024u

struct chip {
	const char *name;
	const char *target_cfg;
	const char *image;
	uint32_t flash;
	uint16_t device_id;
	size_t sectors;
	uint64_t last_sector;
};

static const struct chip chips[] = {
	{ "f103c8", "target/stm32f1x.cfg", "blinky-f103-old.bin", 64 * KIB, 0x410, 64, 1 * KIB },
	{ "f103cb", "target/stm32f1x.cfg", "blinky-f103-old.bin", 128 * KIB, 0x410, 128, 1 * KIB },
	{ "f407vg", "target/stm32f4x.cfg", "blinky-f407-old.bin", 1024 * KIB, 0x413, 12, 128 * KIB },
	{ "f072rb", "target/stm32f0x.cfg", "blinky-f072.bin", 128 * KIB, 0x448, 64, 2 * KIB },
};

#define F103 (&chips[0])
#define F407 (&chips[2])

static uint8_t expected[1024 * KIB];
static uint8_t got[1024 * KIB];

static const char *image_path(const struct chip *chip)
{
	static char path[256];
	const char *dir = getenv("FIRMWARE");

	ck_assert_msg(dir != NULL, "FIRMWARE must name the directory of the images");
	snprintf(path, sizeof(path), "%s/%s", dir, chip->image);
	return path;
}

/* Erased flash with the image at its start. */
static void expect_image(const struct chip *chip)
{
	FILE *f = fopen(image_path(chip), "rb");

	ck_assert_ptr_nonnull(f);
	memset(expected, 0xff, sizeof(expected));
	ck_assert_uint_gt(fread(expected, 1, chip->flash, f), 1000);
	fclose(f);
}

static void start(const struct chip *chip, enum driver driver, const char *fault)
{
	const char *options[] = { "--flash", image_path(chip), fault ? "--fault" : NULL, fault, NULL };

	expect_image(chip);
	start_board(chip->name, chip->target_cfg, driver, options);
	connect_client();
}

/* ---- what is there ---- */

static const struct chip *looked_for;

static void look_at_chip(const stmfw_result *res)
{
	static const uint8_t none[12];

	ck_assert_uint_eq(res->chip->device_id, looked_for->device_id);
	ck_assert_str_ne(res->chip->family, "");
	ck_assert_uint_eq(res->chip->flash_kib, looked_for->flash / KIB);
	ck_assert_int_eq(res->chip->rdp, STMFW_RDP_0);
	ck_assert_int_eq(res->chip->has_uid, 1);
	ck_assert_mem_ne(res->chip->uid, none, 12);
}

static void look_at_bank(const stmfw_result *res)
{
	const stmfw_bank *bank = &res->banks[0];
	uint64_t end = 0;

	ck_assert_uint_eq(bank->base, 0x08000000);
	ck_assert_uint_eq(bank->size, looked_for->flash);
	ck_assert_str_ne(bank->chip, "");
	ck_assert_uint_eq(bank->sector_count, looked_for->sectors);
	for (size_t i = 0; i < bank->sector_count; i++) {
		const stmfw_sector *s = &bank->sectors[i];

		ck_assert_uint_eq(s->offset, end);
		ck_assert_int_eq(s->is_protected, 0);
		end += s->size;
		bool blank = true;
		for (uint64_t k = s->offset; k < end; k++)
			blank = blank && expected[k] == 0xff;
		ck_assert_msg(s->erased == blank, "sector %zu: erased %d", i, s->erased);
	}
	ck_assert_uint_eq(end, looked_for->flash);
	ck_assert_uint_eq(bank->sectors[bank->sector_count - 1].size, looked_for->last_sector);
}

/* `flash info N sectors` ends in this way, everything else is as it is. */
static void sectors_end_with(const char *tcl_words)
{
	char script[400];

	snprintf(script, sizeof(script),
		 "rename {flash info} real_info;"
		 "proc {flash info} {args} {if {[llength $args] == 2} {%s};real_info {*}$args}",
		 tcl_words);
	tcl(script);
}

START_TEST(sectors_that_cannot_be_listed_are_an_error)
{
	start(F103, HLA, NULL);
	sectors_end_with(_i ? "error {cannot read}" : "return -code -4 {cannot read}");
	RUN(stmfw_bank_info(real.client, 0, 0, DONE));
	ck_assert_int_ne(outcome.res.status, STMFW_OK);
	ck_assert_ptr_nonnull(strstr(outcome.text, "cannot read"));
}
END_TEST

static void look_at_blocks(const stmfw_result *res)
{
	ck_assert_uint_eq(res->banks[0].sector_count, 16);
}

/* Up to 0.10 there is one list only, and it has sectors; here it has blocks of four. */
START_TEST(a_version_without_a_list_of_sectors_is_known_by_its_syntax_error)
{
	start(F103, HLA, NULL);
	sectors_end_with("return -code -601 {}");
	outcome.look = look_at_blocks;
	RUN_OK(stmfw_bank_info(real.client, 0, 0, DONE));
}
END_TEST

static void look_at_halted(const stmfw_result *res)
{
	ck_assert_uint_eq(res->count, 1);
	ck_assert_int_eq(res->targets[0].state, STMFW_TARGET_HALTED);
	ck_assert_int_eq(res->targets[0].examined, 1);
}

static void look_at_running(const stmfw_result *res)
{
	ck_assert_int_eq(res->targets[0].state, STMFW_TARGET_RUNNING);
}

START_TEST(every_chip_is_known_by_both_drivers)
{
	looked_for = &chips[_i / 2];
	start(looked_for, _i % 2 ? DAPDIRECT : HLA, NULL);
	outcome.look = look_at_halted;
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	outcome.look = look_at_chip;
	RUN_OK(stmfw_identify(real.client, NULL, DONE));
	outcome.look = look_at_bank;
	RUN_OK(stmfw_bank_info(real.client, 0, STMFW_BANK_ERASE_STATE, DONE));
}
END_TEST

/* Up to 0.11 there is no read_memory. */
/* What the versions had before read_memory, up to 0.12. After that it is only made of it. */
static bool has_mem2array(void)
{
	return strcmp(tcl("info procs {* mem2array}"), "") == 0;
}

static void look_whole(const stmfw_result *res)
{
	if (res->chip)
		ck_assert_msg(res->chip->family[0] && res->chip->has_uid, "half a chip is a whole one");
}

/* Lost at each of the probe commands that a look takes. */
START_TEST(a_probe_lost_in_the_middle_is_no_unknown_chip)
{
	char fault[48];

	start(_i % 2 ? F407 : F103, _i % 4 < 2 ? HLA : DAPDIRECT, NULL);
	RUN_OK(stmfw_identify(real.client, NULL, DONE));
	snprintf(fault, sizeof(fault), "fault unplug-after=%d", _i / 4 + 1);
	board_do(fault);
	outcome.look = look_whole;
	RUN(stmfw_identify(real.client, NULL, DONE));
	if (outcome.res.status != STMFW_OK)
		ck_assert_int_eq(outcome.res.status, STMFW_ETARGET);
}
END_TEST

START_TEST(a_chip_is_known_without_read_memory)
{
	looked_for = F407;
	start(looked_for, _i ? DAPDIRECT : HLA, NULL);
	if (!has_mem2array())
		return;
	tcl("rename read_memory hidden_from_us");
	outcome.look = look_at_chip;
	RUN_OK(stmfw_identify(real.client, NULL, DONE));
}
END_TEST

START_TEST(control_and_states)
{
	start(F103, HLA, NULL);
	outcome.look = look_at_halted;
	RUN_OK(stmfw_halt(real.client, NULL, DONE));
	outcome.look = look_at_running;
	RUN_OK(stmfw_resume(real.client, "stm32f1x.cpu", DONE));
	outcome.look = look_at_halted;
	RUN_OK(stmfw_halt(real.client, "stm32f1x.cpu", DONE));
	outcome.look = look_at_running;
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_RUN, DONE));
	outcome.look = look_at_halted;
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_INIT, DONE));
}
END_TEST

static void look_at_protection(const stmfw_result *res)
{
	for (size_t i = 0; i < res->banks[0].sector_count; i++)
		ck_assert_int_eq(res->banks[0].sectors[i].is_protected, i >= 4 && i <= 7);
}

START_TEST(write_protection_is_told_by_sector)
{
	start(F103, HLA, "wrp=4-7");
	outcome.look = look_at_protection;
	RUN_OK(stmfw_bank_info(real.client, 0, 0, DONE));
}
END_TEST

static void look_at_rdp(const stmfw_result *res)
{
	ck_assert_int_eq(res->chip->rdp, STMFW_RDP_1);
}

START_TEST(read_protection_is_recognised)
{
	start(&chips[_i], HLA, "rdp");
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	outcome.look = look_at_rdp;
	RUN_OK(stmfw_identify(real.client, NULL, DONE));
}
END_TEST

/* ---- memory ---- */

static void look_at_words(const stmfw_result *res)
{
	ck_assert_uint_eq(res->count, 3);
	ck_assert_uint_eq(res->words[0], 0x11223344);
	ck_assert_uint_eq(res->words[2], 0xffffffff);
}

static void look_at_block(const stmfw_result *res)
{
	static const uint8_t want[] = { 0x33, 0x22, 0x11, 9, 8, 7, 0, 0xff };

	ck_assert_uint_eq(res->count, sizeof(want));
	ck_assert_mem_eq(res->data, want, sizeof(want));
}

START_TEST(memory_words_and_blocks)
{
	const uint32_t words[] = { 0x11223344, 0, 0xffffffff };
	const uint8_t bytes[] = { 9, 8, 7 };
	enum driver driver = _i ? DAPDIRECT : HLA;

	start(F103, driver, NULL);
	RUN_OK(stmfw_halt(real.client, NULL, DONE));
	RUN_OK(stmfw_write_words(real.client, NULL, 0x20000000, 32, words, 3, DONE));
	outcome.look = look_at_words;
	RUN_OK(stmfw_read_words(real.client, "stm32f1x.cpu", 0x20000000, 32, 3, DONE));
	RUN_OK(stmfw_write_block(real.client, NULL, 0x20000004, bytes, 3, DONE));
	outcome.look = look_at_block;
	RUN_OK(stmfw_read_block(real.client, NULL, 0x20000001, 8, DONE));
	RUN_FAILS(STMFW_ETARGET, stmfw_read_words(real.client, NULL, 0x60000000, 32, 1, DONE));
	ck_assert_int_eq(stmfw_read_words(real.client, NULL, 0, 24, 1, DONE), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_read_words(real.client, NULL, 0, 32, 16385, DONE), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_read_words(real.client, NULL, 0, 32, 0, DONE), STMFW_EINVAL);
}
END_TEST

/* Up to 0.11 there are mem2array and array2mem; 0.10 calls a target's command from a procedure, so
   that a variable of ours is not seen there. */
START_TEST(memory_without_read_memory_and_write_memory)
{
	const uint32_t words[] = { 0x11223344, 0, 0xffffffff };

	start(F103, _i ? DAPDIRECT : HLA, NULL);
	RUN_OK(stmfw_halt(real.client, NULL, DONE));
	if (!has_mem2array())
		return;
	tcl("rename read_memory hidden_read;rename write_memory hidden_write;"
	    "foreach n {mem2array array2mem} {rename \"stm32f1x.cpu $n\" hidden_$n;"
	    "proc \"stm32f1x.cpu $n\" args \"eval hidden_$n \\$args\"};unset n");
	RUN_OK(stmfw_write_words(real.client, NULL, 0x20000000, 32, words, 3, DONE));
	outcome.look = look_at_words;
	RUN_OK(stmfw_read_words(real.client, NULL, 0x20000000, 32, 3, DONE));
	ck_assert_str_eq(tcl("mdw 0x20000000 3"), "0x20000000: 11223344 00000000 ffffffff ");
	ck_assert_str_eq(tcl("info globals stmfw*"), "");
	RUN_FAILS(STMFW_ETARGET, stmfw_read_words(real.client, NULL, 0x60000000, 32, 1, DONE));
	ck_assert_str_eq(tcl("info globals stmfw*"), "");
}
END_TEST

/* ---- reading and proving ---- */

static uint64_t next_offset;

static int sink(stmfw_client *c, uint64_t offset, const uint8_t *data, size_t n, void *arg)
{
	(void)c;
	(void)arg;
	ck_assert_uint_eq(offset, next_offset);
	memcpy(got + offset, data, n);
	next_offset = offset + n;
	return 0;
}

static stmfw_read_opts read_opts(uint64_t offset, uint64_t length)
{
	stmfw_read_opts o = STMFW_INIT(stmfw_read_opts);

	o.offset = next_offset = offset;
	o.length = length;
	o.sink = sink;
	return o;
}

static void read_all(uint64_t offset, uint64_t length)
{
	const stmfw_read_opts o = read_opts(offset, length);

	RUN_OK(stmfw_read_flash(real.client, &o, DONE));
}

static stmfw_verify_opts verify_opts(const struct chip *chip)
{
	stmfw_verify_opts o = STMFW_INIT(stmfw_verify_opts);

	o.data = expected;
	o.length = chip->flash;
	return o;
}

START_TEST(whole_flash_is_read_and_proven)
{
	const struct chip *chip = &chips[_i / 2];

	start(chip, _i % 2 ? DAPDIRECT : HLA, NULL);
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	read_all(0, 0);
	ck_assert_uint_eq(outcome.res.bytes, chip->flash);
	ck_assert_mem_eq(got, expected, chip->flash);
	const stmfw_verify_opts o = verify_opts(chip);
	RUN_OK(stmfw_verify_flash(real.client, &o, DONE));
	ck_assert_uint_eq(outcome.res.bytes, chip->flash);
}
END_TEST

static void keep_data(const stmfw_result *res)
{
	ck_assert_uint_le(res->count, sizeof(got));
	memcpy(got, res->data, res->count);
}

/* All of bank 0, and the end of it, in the result. */
START_TEST(flash_is_read_into_memory)
{
	const struct chip *chip = &chips[_i];
	stmfw_read_opts end = { .size = sizeof(end), .offset = chip->flash - 1000 };

	start(chip, HLA, NULL);
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	outcome.look = keep_data;
	RUN_OK(stmfw_read_flash(real.client, NULL, DONE));
	ck_assert_uint_eq(outcome.res.count, chip->flash);
	ck_assert_uint_eq(outcome.res.bytes, chip->flash);
	ck_assert_mem_eq(got, expected, chip->flash);
	outcome.look = keep_data;
	RUN_OK(stmfw_read_flash(real.client, &end, DONE));
	ck_assert_uint_eq(outcome.res.count, 1000);
	ck_assert_mem_eq(got, expected + chip->flash - 1000, 1000);
}
END_TEST

START_TEST(any_range_is_read)
{
	start(F103, HLA, NULL);
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	read_all(1, 20000);
	ck_assert_mem_eq(got + 1, expected + 1, 20000);
	read_all(65535, 1);
	ck_assert_uint_eq(outcome.res.bytes, 1);
	stmfw_read_opts o = read_opts(65535, 2);
	RUN_FAILS(STMFW_ERANGE, stmfw_read_flash(real.client, &o, DONE));
	o = read_opts(65536, 0);
	RUN_FAILS(STMFW_ERANGE, stmfw_read_flash(real.client, &o, DONE));
	o = read_opts(UINT64_MAX, UINT64_MAX);
	RUN_FAILS(STMFW_ERANGE, stmfw_read_flash(real.client, &o, DONE));
	o = read_opts(0, 0);
	o.bank = 7;
	RUN_FAILS(STMFW_ERANGE, stmfw_read_flash(real.client, &o, DONE));
}
END_TEST

START_TEST(one_different_byte_is_not_proven)
{
	start(&chips[_i], HLA, NULL);
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	expected[chips[_i].flash - 5] ^= 1;
	const stmfw_verify_opts o = verify_opts(&chips[_i]);
	RUN_FAILS(STMFW_EVERIFY, stmfw_verify_flash(real.client, &o, DONE));
	ck_assert_uint_lt(outcome.res.bytes, chips[_i].flash);
	ck_assert_int_eq(outcome.res.outcome, STMFW_FINISHED);
}
END_TEST

START_TEST(unreadable_flash_is_an_error_that_names_the_target)
{
	start(F103, HLA, "read-fault-after=40000");
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	const stmfw_read_opts o = read_opts(0, 0);
	RUN_FAILS(STMFW_ETARGET, stmfw_read_flash(real.client, &o, DONE));
	ck_assert_uint_le(outcome.res.bytes, 40000);
	ck_assert_str_ne(outcome.advice, "");
}
END_TEST

START_TEST(plain_write_image_and_read_bank)
{
	stmfw_write_opts w = STMFW_INIT(stmfw_write_opts);
	char copy[128];

	start(F103, HLA, NULL);
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	snprintf(copy, sizeof(copy), "%s/a b {c} $d.bin", real.dir);
	RUN_OK(stmfw_read_bank(real.client, 0, copy, 0, 2048, DONE));
	ck_assert_uint_eq(outcome.res.bytes, 2048);
	w.ocd_path = copy;
	w.offset = 0x08008000;
	w.type = "bin";
	w.flags = STMFW_WRITE_ERASE;
	RUN_OK(stmfw_write_image(real.client, &w, DONE));
	ck_assert_uint_ge(outcome.res.bytes, 2048);
	read_all(0x8000, 2048);
	ck_assert_mem_eq(got + 0x8000, expected, 2048);
	w.offset = 0x60000000;
	RUN_FAILS(STMFW_ERANGE, stmfw_write_image(real.client, &w, DONE));
	w.ocd_path = "unlock";
	ck_assert_int_eq(stmfw_write_image(real.client, &w, DONE), STMFW_EINVAL);
}
END_TEST

/* ---- memory of a client ---- */

static size_t heap_now, heap_peak;

static void *count_heap(void *ctx, void *ptr, size_t size)
{
	size_t *old = ptr ? (size_t *)ptr - 2 : NULL;
	size_t *block = NULL;

	(void)ctx;
	heap_now -= old ? *old : 0;
	if (size == 0) {
		free(old);
		return NULL;
	}
	block = realloc(old, size + 2 * sizeof(size_t));
	*block = size;
	heap_now += size;
	heap_peak = heap_now > heap_peak ? heap_now : heap_peak;
	return block + 2;
}

START_TEST(a_client_is_small)
{
	const stmfw_allocator alloc = { count_heap, NULL };
	stmfw_client_opts opts = STMFW_INIT(stmfw_client_opts);
	const char *options[] = { "--flash", image_path(F407), NULL };

	opts.alloc = &alloc;
	start_board(F407->name, F407->target_cfg, HLA, options);
	ck_assert_int_eq(stmfw_client_new(&real.client, &real.loop, &opts), STMFW_OK);
	RUN_OK(reach(real.client, DONE));
	RUN_OK(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
	ck_assert_uint_le(heap_now, 16 * KIB);
	read_all(0, 0);
	ck_assert_uint_eq(outcome.res.bytes, 1024 * KIB);
	ck_assert_uint_le(heap_peak, 256 * KIB);
	ck_assert_uint_le(heap_now, 16 * KIB);
}
END_TEST

/* ---- the probe goes, the gdb port ---- */

START_TEST(a_lost_probe_is_told_as_such)
{
	start(F103, HLA, _i ? "hangup-after=400" : "unplug-after=400");
	for (int i = 0; i < 400; i++) {
		RUN(stmfw_reset(real.client, STMFW_RESET_HALT, DONE));
		if (outcome.res.status != STMFW_OK)
			break;
	}
	ck_assert_msg(outcome.res.status == STMFW_ETARGET || outcome.res.status == STMFW_ELOST, "%s",
		      stmfw_err_name(outcome.res.status));
	ck_assert_str_ne(outcome.advice, "");
}
END_TEST

START_TEST(real_gdb_port_is_not_taken_for_a_tcl_port)
{
	stmfw_client_opts opts = STMFW_INIT(stmfw_client_opts);

	opts.connect_timeout_ms = 1500;
	start_board(F103->name, F103->target_cfg, HLA, NULL);
	ck_assert_uint_ne(real.gdb, 0);
	ck_assert_int_eq(stmfw_client_new(&real.client, &real.loop, &opts), STMFW_OK);
	RUN(stmfw_client_connect(real.client, at(NULL, real.gdb), DONE));
	ck_assert_int_ne(outcome.res.status, STMFW_OK);
	ck_assert_msg(strstr(outcome.text, "gdb") != NULL, "%s", outcome.text);
}
END_TEST

/* ---- what the flash operation leaves ---- */

static void run_flash(const struct chip *chip)
{
	stmfw_flash_opts o = STMFW_INIT(stmfw_flash_opts);
	stmfw_image *image;

	ck_assert_int_eq(stmfw_image_load(&image, image_path(chip), NULL, NULL), STMFW_OK);
	o.image = image;
	o.after = STMFW_AFTER_LEAVE;
	RUN_OK(stmfw_flash(real.client, &o, DONE));
	stmfw_image_free(image);
}

/* The chip's own checksum runs behind OpenOCD's back. */
START_TEST(openocd_believes_nothing_wrong_of_the_registers)
{
	static const char registers[] =
		"set o {};foreach r {r0 r1 r2 r3 r4 r5 r6 pc} {lappend o [reg $r]};"
		/* written xpsr after 0.12; asking for the wrong one is an error, or not */
		"if {[catch {reg xPSR} x] || [string match {*not found*} $x]} {set x [reg xpsr]};"
		"list $o $x[unset o r x]";
	const struct chip *chip = &chips[_i / 2];
	char said[1024];

	start(chip, _i % 2 ? DAPDIRECT : HLA, NULL);
	run_flash(chip);
	ck_assert_uint_lt(board_stat("flash_bytes_read"), 1000); /* so there was a checksum */
	ck_assert_str_eq(tcl("expr {[read_memory 0xe000edf0 32 1] & 8}"), "0"); /* interrupts on */
	snprintf(said, sizeof(said), "%s", tcl(registers));
	tcl("resume;wait_halt 1000"); /* it stands at a breakpoint */
	ck_assert_str_eq(tcl(registers), said);
}
END_TEST

int main(void)
{
	const struct real_test tests[] = {
		{ every_chip_is_known_by_both_drivers, 8 },
		{ a_probe_lost_in_the_middle_is_no_unknown_chip, 4 * 16 },
		{ a_chip_is_known_without_read_memory, 2 },
		{ sectors_that_cannot_be_listed_are_an_error, 2 },
		{ a_version_without_a_list_of_sectors_is_known_by_its_syntax_error, 1 },
		{ control_and_states, 1 },
		{ write_protection_is_told_by_sector, 1 },
		{ read_protection_is_recognised, 4 },
		{ memory_words_and_blocks, 2 },
		{ memory_without_read_memory_and_write_memory, 2 },
		{ whole_flash_is_read_and_proven, 8 },
		{ flash_is_read_into_memory, 4 },
		{ any_range_is_read, 1 },
		{ one_different_byte_is_not_proven, 4 },
		{ unreadable_flash_is_an_error_that_names_the_target, 1 },
		{ plain_write_image_and_read_bank, 1 },
		{ a_client_is_small, 1 },
		{ a_lost_probe_is_told_as_such, 2 },
		{ real_gdb_port_is_not_taken_for_a_tcl_port, is_way("tcl") },
		{ openocd_believes_nothing_wrong_of_the_registers, 8 },
		{ NULL, 0 }
	};

	return run_on_board("board", tests);
}
