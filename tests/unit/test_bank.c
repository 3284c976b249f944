/* SPDX-License-Identifier: MIT */
/* What OpenOCD prints about banks, in the wording of its versions. */
#include "parse_bank.h"
#include "unit.h"

static struct arena arena;
static char text[4096];

static char *copy(const char *s)
{
	stmfw__arena_init(&arena, libc_mem());
	return strcpy(text, s);
}

START_TEST(banks_are_listed)
{
	stmfw_bank *banks;
	size_t n;

	ck_assert(stmfw__parse_banks(&arena,
				     copy("0\tf1.flash\tstm32f1x\tf1.cpu\t134217728\t0\n"
					  "1\t\tstm32f2x\t\t0x8000000\t0x100000"),
				     &banks, &n));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(banks[0].name, "f1.flash");
	ck_assert_str_eq(banks[0].driver, "stm32f1x");
	ck_assert_uint_eq(banks[0].base, 0x08000000);
	ck_assert_uint_eq(banks[0].size, 0);
	ck_assert_uint_eq(banks[1].number, 1);
	ck_assert_uint_eq(banks[1].size, 0x100000);
	stmfw__arena_release(&arena);
	ck_assert(stmfw__parse_banks(&arena, copy(""), &banks, &n));
	ck_assert_uint_eq(n, 0);
	stmfw__arena_release(&arena);
}
END_TEST

START_TEST(damaged_lists_are_refused)
{
	static const char *const damaged[] = { "0\ta\tb\tc\t1", "x\ta\tb\tc\t1\t2", "0\ta\tb\tc\t\t2",
					       "0\ta\tb\tc\t1\t-2", "70000\ta\tb\tc\t1\t2",
					       "1\ta\tb\tc\t1\t2",
					       "0\ta\tb\tc\t1\t2\n0\ta\tb\tc\t1\t2" };
	stmfw_bank *banks;
	size_t n;

	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		ck_assert_msg(!stmfw__parse_banks(&arena, copy(damaged[i]), &banks, &n),
			      "taken: %s", damaged[i]);
		stmfw__arena_release(&arena);
	}
}
END_TEST

START_TEST(info_of_a_stm32f1_gives_blocks_and_chip)
{
	struct flash_info info;

	ck_assert(stmfw__parse_flash_info(
		&arena,
		copy("#0 : stm32f1x at 0x08000000, size 0x00010000, buswidth 0, chipwidth 0\n"
		     "\t#  0: 0x00000000 (0x1000 4kB) not protected\n"
		     "\t#  1: 0x00001000 (0x1000 4kB) protected\n"
		     "\t#  2: 0x00002000 (0x1000 4kB) protection state unknown\n"
		     "STM32F10x (Medium Density) - Rev: Y\n\n"),
		&info));
	ck_assert_uint_eq(info.count, 3);
	ck_assert_uint_eq(info.sectors[1].offset, 0x1000);
	ck_assert_uint_eq(info.sectors[1].size, 0x1000);
	ck_assert_int_eq(info.sectors[0].is_protected, 0);
	ck_assert_int_eq(info.sectors[1].is_protected, 1);
	ck_assert_int_eq(info.sectors[2].is_protected, -1);
	ck_assert_int_eq(info.sectors[0].erased, -1);
	ck_assert_str_eq(info.chip, "STM32F10x (Medium Density) - Rev: Y");
	stmfw__arena_release(&arena);
}
END_TEST

START_TEST(info_without_states_or_sectors_is_understood)
{
	struct flash_info info;

	ck_assert(stmfw__parse_flash_info(&arena, copy("#1 : stm32f2x at 0x08000000\n"
						       "\t#  0: 0x00000000 (0x4000 16kB) \n"
						       "\t# 11: 0x000e0000 (0x20000 128kB)\n"),
					  &info));
	ck_assert_uint_eq(info.count, 2);
	ck_assert_uint_eq(info.sectors[1].offset, 0xe0000);
	ck_assert_str_eq(info.chip, "");
	stmfw__arena_release(&arena);
	ck_assert(stmfw__parse_flash_info(&arena, copy("#0 : faux at 0x01000000"), &info));
	ck_assert_uint_eq(info.count, 0);
	stmfw__arena_release(&arena);
	ck_assert(!stmfw__parse_flash_info(&arena, copy("what?"), &info));
	ck_assert(!stmfw__parse_flash_info(&arena, copy(""), &info));
	stmfw__arena_release(&arena);
}
END_TEST

START_TEST(sectors_take_protection_from_their_block)
{
	stmfw_sector sectors[] = { { 0, 0x400, -1, -1 }, { 0xc00, 0x400, -1, -1 },
				   { 0x1000, 0x400, -1, -1 }, { 0x9000, 0x400, -1, -1 } };
	const stmfw_sector blocks[] = { { 0, 0x1000, -1, 0 }, { 0x1000, 0x1000, -1, 1 } };

	stmfw__apply_protection(sectors, 4, blocks, 2);
	ck_assert_int_eq(sectors[0].is_protected, 0);
	ck_assert_int_eq(sectors[1].is_protected, 0);
	ck_assert_int_eq(sectors[2].is_protected, 1);
	ck_assert_int_eq(sectors[3].is_protected, -1);
}
END_TEST

START_TEST(erase_check_names_what_is_not_erased)
{
	stmfw_sector sectors[] = { { 0, 0x400, -1, 0 }, { 0x400, 0x400, -1, 0 },
				   { 0x800, 0x400, -1, 0 } };

	stmfw__parse_erase_check(copy("successfully checked erase state\n"
				      "\t#  1: 0x00000400 (0x400 1kB) not erased\n"
				      "\t#  2: 0x00000800 (0x400 1kB) erase state unknown\n"
				      "\t#  9: 0x00002400 (0x400 1kB) not erased\n"),
				 sectors, 3);
	ck_assert_int_eq(sectors[0].erased, 1);
	ck_assert_int_eq(sectors[1].erased, 0);
	ck_assert_int_eq(sectors[2].erased, -1);
	stmfw__parse_erase_check(copy("successfully checked erase state\n\tBank is erased\n"),
				 sectors, 3);
	ck_assert_int_eq(sectors[1].erased, 1);
	stmfw__parse_erase_check(copy("unknown error when checking erase state of flash bank #0"),
				 sectors, 3);
	ck_assert_int_eq(sectors[1].erased, -1);
	stmfw__parse_erase_check(copy(""), sectors, 3);
	ck_assert_int_eq(sectors[0].erased, -1);
}
END_TEST

/* Half a list must not make a sector blank. */
START_TEST(erase_check_that_is_cut_tells_nothing)
{
	static const char list[] = "successfully checked erase state\n"
				   "\t#  1: 0x00000400 (0x400 1kB) not erased\n";
	static const char blank[] = "successfully checked erase state\n\tBank is erased\n";
	stmfw_sector sectors[2];

	for (size_t n = 0; n < sizeof(list); n++) {
		memset(sectors, 0, sizeof(sectors));
		copy(list)[n] = '\0';
		stmfw__parse_erase_check(text, sectors, 2);
		ck_assert_int_ne(sectors[1].erased, 1);
	}
	for (size_t n = 0; n < sizeof(blank) - 2; n++) {
		copy(blank)[n] = '\0';
		stmfw__parse_erase_check(text, sectors, 2);
		ck_assert_int_eq(sectors[0].erased, -1);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { banks_are_listed,
				       damaged_lists_are_refused,
				       info_of_a_stm32f1_gives_blocks_and_chip,
				       info_without_states_or_sectors_is_understood,
				       sectors_take_protection_from_their_block,
				       erase_check_names_what_is_not_erased,
				       erase_check_that_is_cut_tells_nothing,
				       NULL };

	return run_unit("bank", tests);
}
