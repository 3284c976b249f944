/* SPDX-License-Identifier: MIT */
/*
 * Why two contents differ: each reason where it is the true one, and where it nearly is.
 *
 * The image has 4 KiB of noise at the start of a flash of 8 sectors of 1 KiB.
 */
#include <stdio.h>

#include "unit.h"

#define BASE   0x08000000u
#define IMAGE  4096u
#define FLASH  8192u
#define SECTOR 1024u

static uint8_t image[IMAGE], flash[FLASH], again[FLASH];
static stmfw_range expected[4], found[4], second;
static stmfw_sector sectors[FLASH / SECTOR];
static stmfw_bank bank;
static stmfw_compare_opts opts;
static stmfw_comparison *got;

static uint8_t noise(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (uint8_t)(*seed >> 24);
}

static void fill(uint8_t *p, size_t length, uint32_t seed)
{
	for (size_t i = 0; i < length; i++)
		p[i] = noise(&seed);
}

/* The image is in the flash, the rest of which is blank. */
static void begin(void)
{
	fill(image, IMAGE, 1);
	memset(flash, 0xff, FLASH);
	memcpy(flash, image, IMAGE);
	expected[0] = (stmfw_range){ BASE, IMAGE, image };
	found[0] = (stmfw_range){ BASE, FLASH, flash };
	for (size_t i = 0; i < FLASH / SECTOR; i++)
		sectors[i] = (stmfw_sector){ i * SECTOR, SECTOR, -1, 0 };
	bank = (stmfw_bank){ .base = BASE,
			     .size = FLASH,
			     .sectors = sectors,
			     .sector_count = FLASH / SECTOR };
	opts = (stmfw_compare_opts)STMFW_INIT(stmfw_compare_opts);
	opts.expected = expected;
	opts.expected_count = 1;
	opts.found = found;
	opts.found_count = 1;
	opts.banks = &bank;
	opts.bank_count = 1;
	opts.expected_name = "fw.bin";
}

static const stmfw_comparison *compared(void)
{
	stmfw_comparison_free(got);
	got = NULL;
	ck_assert_int_eq(stmfw_compare(&got, &opts), STMFW_OK);
	ck_assert_ptr_nonnull(got->text);
	ck_assert_ptr_nonnull(got->advice);
	return got;
}

static void is(enum stmfw_verdict verdict, const char *words)
{
	const stmfw_comparison *c = compared();

	ck_assert_msg(c->verdict == verdict, "%s instead of %s: %s",
		      stmfw_verdict_name(c->verdict), stmfw_verdict_name(verdict), c->text);
	ck_assert_msg(strstr(c->text, words) != NULL, "no \"%s\" in: %s", words, c->text);
	ck_assert_int_eq(c->agrees, verdict <= STMFW_VERDICT_SAME_OTHER);
}

static void end(void)
{
	stmfw_comparison_free(got);
	got = NULL;
}

#define COMPARE_TEST(name)                                                                    \
	static void name##_body(void);                                                        \
	START_TEST(name)                                                                      \
	{                                                                                     \
		begin();                                                                      \
		name##_body();                                                                \
		end();                                                                        \
	}                                                                                     \
	END_TEST                                                                              \
	static void name##_body(void)

/* ---- it agrees ---- */

COMPARE_TEST(same)
{
	found[0].length = IMAGE;
	is(STMFW_VERDICT_SAME, "the same: 4096 bytes");
	ck_assert_uint_eq(got->compared, IMAGE);
	ck_assert_uint_eq(got->differing + got->missing + got->extra + got->span_total, 0);
	ck_assert_str_eq(got->advice, "");
}

COMPARE_TEST(longer_with_an_erased_tail)
{
	is(STMFW_VERDICT_SAME_BLANK, "What the flash has beyond that (4096 bytes) is erased (FF)");
	ck_assert_uint_eq(got->extra, FLASH - IMAGE);
	ck_assert_uint_eq(got->extra_blank, FLASH - IMAGE);
	ck_assert_uint_eq(got->expected_bytes, IMAGE);
	ck_assert_uint_eq(got->found_bytes, FLASH);
}

COMPARE_TEST(image_longer_with_an_erased_tail)
{
	expected[0] = (stmfw_range){ BASE, FLASH, flash };
	found[0] = (stmfw_range){ BASE, IMAGE, image };
	opts.found_name = "old.bin";
	is(STMFW_VERDICT_SAME_BLANK, "What fw.bin has beyond that (4096 bytes) is erased (FF)");
	ck_assert_uint_eq(got->missing, FLASH - IMAGE);
}

COMPARE_TEST(image_longer_with_data)
{
	flash[IMAGE] = 0x12;
	expected[0] = (stmfw_range){ BASE, FLASH, flash };
	found[0] = (stmfw_range){ BASE, IMAGE, image };
	is(STMFW_VERDICT_DIFFERENT, "4096 bytes of fw.bin are not in the flash at all");
	ck_assert_uint_eq(got->missing, FLASH - IMAGE);
	ck_assert_uint_eq(got->span_total, 1);
}

COMPARE_TEST(padded_with_zeros)
{
	memset(flash + IMAGE, 0, 100);
	is(STMFW_VERDICT_SAME_FILLED, "filler (FF and 00)");
	flash[IMAGE + 50] = 1;
	is(STMFW_VERDICT_SAME_OTHER, "Behind it are 100 bytes of other data, first at 0x08001000");
}

COMPARE_TEST(tail_holds_older_data)
{
	flash[FLASH - 1] = 0x55;
	is(STMFW_VERDICT_SAME_OTHER, "Behind it are 1 bytes of other data, first at 0x08001fff");
	ck_assert_uint_eq(got->extra - got->extra_blank, 1);
}

COMPARE_TEST(other_data_before_it)
{
	expected[0] = (stmfw_range){ BASE + SECTOR, IMAGE - SECTOR, image + SECTOR };
	is(STMFW_VERDICT_SAME_OTHER, "Around it are");
}

COMPARE_TEST(gaps_of_the_image_do_not_count)
{
	expected[0].length = 100;
	expected[1] = (stmfw_range){ BASE + 200, IMAGE - 200, image + 200 };
	opts.expected_count = 2;
	memset(flash + 100, 0xff, 100);
	is(STMFW_VERDICT_SAME_BLANK, "erased");
	memset(flash + 100, 0x00, 100);
	is(STMFW_VERDICT_SAME_FILLED, "filler");
	ck_assert_int_eq(got->agrees, 1);
	flash[150] = 7;
	is(STMFW_VERDICT_SAME_OTHER, "Around it are");
}

/* ---- it differs ---- */

COMPARE_TEST(one_byte)
{
	flash[0x234] ^= 1;
	is(STMFW_VERDICT_DIFFERENT, "1 of 4096 bytes differ, in 1 place, first at 0x08000234 "
				    "(the flash ");
	ck_assert_uint_eq(got->differing, 1);
	ck_assert_uint_eq(got->span_count, 1);
	ck_assert_uint_eq(got->spans[0].address, BASE + 0x234);
	ck_assert_uint_eq(got->spans[0].length, 1);
}

COMPARE_TEST(first_and_last_byte)
{
	flash[0] ^= 0x80;
	flash[IMAGE - 1] ^= 0x80;
	is(STMFW_VERDICT_DIFFERENT, "2 of 4096 bytes differ, in 2 places, first at 0x08000000");
	ck_assert_uint_eq(got->spans[1].address, BASE + IMAGE - 1);
}

COMPARE_TEST(near_differences_are_one_place)
{
	flash[0x100] ^= 1;
	flash[0x108] ^= 1; /* 7 equal bytes between them */
	is(STMFW_VERDICT_DIFFERENT, "in 1 place");
	ck_assert_uint_eq(got->spans[0].length, 9);
	flash[0x111] ^= 1; /* 8 */
	is(STMFW_VERDICT_DIFFERENT, "in 2 places");
}

COMPARE_TEST(list_of_places_is_capped_and_counted)
{
	for (size_t i = 0; i < 100; i++)
		flash[i * 20] ^= 1;
	is(STMFW_VERDICT_DIFFERENT, "in 100 places");
	ck_assert_uint_eq(got->span_total, 100);
	ck_assert_uint_eq(got->span_count, 64);
	ck_assert_uint_eq(got->spans[63].address, BASE + 63 * 20);
	opts.span_limit = 3;
	compared();
	ck_assert_uint_eq(got->span_count, 3);
	ck_assert_uint_eq(got->spans[2].length, 1);
}

COMPARE_TEST(nothing_in_common)
{
	expected[0].address = 0;
	expected[0].length = 16; /* too short to be looked for elsewhere */
	is(STMFW_VERDICT_DIFFERENT, "No address in common: fw.bin begins at 0x00000000, the flash "
				    "at 0x08000000");
	memset(image, 0xff, 16);
	is(STMFW_VERDICT_DIFFERENT, "No address in common");
}

/* ---- blank ---- */

COMPARE_TEST(blank)
{
	memset(flash, 0xff, FLASH);
	is(STMFW_VERDICT_BLANK, "the flash has only FF (4096 bytes)");
	memset(flash, 0x00, FLASH);
	is(STMFW_VERDICT_BLANK, "only 00");
}

COMPARE_TEST(blank_but_for_one_byte)
{
	memset(flash, 0xff, FLASH);
	flash[77] = 0xfe;
	is(STMFW_VERDICT_DIFFERENT, "4");
}

COMPARE_TEST(blank_where_the_image_is_counts)
{
	memset(flash, 0xff, IMAGE);
	memset(flash + IMAGE, 0x11, FLASH - IMAGE);
	is(STMFW_VERDICT_BLANK, "only FF");
}

/* ---- shifted ---- */

COMPARE_TEST(shifted_up)
{
	memset(flash, 0xff, FLASH);
	memcpy(flash + 0x400, image, IMAGE);
	is(STMFW_VERDICT_SHIFTED, "Shifted by 1024 (0x400) bytes to higher addresses: what fw.bin "
				  "has for 0x08000000 is in the flash at 0x08000400");
	ck_assert_int_eq(got->shift, 0x400);
	flash[0x400 + IMAGE - 1] ^= 1;
	is(STMFW_VERDICT_DIFFERENT, "");
}

COMPARE_TEST(shifted_down)
{
	expected[0].address = BASE + 0x1000;
	is(STMFW_VERDICT_SHIFTED, "lower addresses: what fw.bin has for 0x08001000 is in the flash "
				  "at 0x08000000");
	ck_assert_int_eq(got->shift, -0x1000);
	flash[3] ^= 1;
	is(STMFW_VERDICT_BLANK, ""); /* true, too */
}

COMPARE_TEST(shifted_and_pushed_out)
{
	memmove(flash + 3, image, IMAGE - 3);
	found[0].length = IMAGE;
	is(STMFW_VERDICT_SHIFTED, "Shifted by 3 (0x3) bytes to higher");
	memcpy(flash, image + 16, IMAGE - 16); /* a header is gone, the end is something else */
	is(STMFW_VERDICT_SHIFTED, "what fw.bin has for 0x08000010 is in the flash at 0x08000000");
	ck_assert_int_eq(got->shift, -16);
	flash[0] ^= 1;
	is(STMFW_VERDICT_DIFFERENT, "");
}

COMPARE_TEST(shifted_at_other_base)
{
	expected[0].address = 0;
	is(STMFW_VERDICT_SHIFTED, "what fw.bin has for 0x00000000 is in the flash at 0x08000000");
}

COMPARE_TEST(pattern_is_not_shifted)
{
	for (size_t i = 0; i < IMAGE; i++)
		image[i] = (uint8_t)(i % 64 * 3);
	memcpy(flash, image, IMAGE);
	memset(flash, 0x77, 64); /* also: the pattern, 64 bytes later, but for its end */
	found[0].length = IMAGE;
	is(STMFW_VERDICT_DIFFERENT, "first at 0x08000000");
}

COMPARE_TEST(filler_is_not_shifted)
{
	memset(image, 0, IMAGE);
	memset(flash, 0, FLASH);
	image[100] = 1;
	flash[101] = 1;
	is(STMFW_VERDICT_DIFFERENT, "2 of 4096");
}

/* ---- swapped ---- */

static void swap(size_t mask)
{
	for (size_t i = 0; i < IMAGE; i++)
		flash[i ^ mask] = image[i];
}

COMPARE_TEST(swapped)
{
	swap(1);
	is(STMFW_VERDICT_SWAPPED_16, "two bytes of each 16-bit word swapped");
	swap(3);
	is(STMFW_VERDICT_SWAPPED_32, "four bytes of each 32-bit word in reverse");
	swap(2);
	is(STMFW_VERDICT_SWAPPED_HALVES, "two halves of each 32-bit word swapped");
}

COMPARE_TEST(swapped_but_for_one_byte)
{
	swap(1);
	flash[IMAGE - 1] ^= 0x10;
	is(STMFW_VERDICT_DIFFERENT, "");
}

COMPARE_TEST(swapped_odd_length)
{
	expected[0].length = IMAGE - 1;
	swap(3);
	flash[IMAGE - 4] = 0xff; /* where the missing byte would be */
	is(STMFW_VERDICT_SWAPPED_32, "");
}

/* ---- gaps ---- */

COMPARE_TEST(gaps_filled_with_zeros)
{
	memset(image + 0x200, 0, 64);
	memset(flash + 0x200, 0xff, 64);
	memset(image + 0x800, 0, 8);
	memset(flash + 0x800, 0xff, 8);
	is(STMFW_VERDICT_GAPS, "in 2 places (72 bytes) fw.bin has only 00, the flash only FF");
	flash[0x210] = 0xfe;
	is(STMFW_VERDICT_DIFFERENT, "");
}

COMPARE_TEST(gaps_filled_with_ff)
{
	memset(image + 0x200, 0xff, 64);
	memset(flash + 0x200, 0x00, 64);
	is(STMFW_VERDICT_GAPS, "in 1 place (64 bytes) fw.bin has only FF, the flash only 00");
	memset(image + 0x300, 0x00, 64);
	memset(flash + 0x300, 0xff, 64); /* both ways: that is no way to fill gaps */
	is(STMFW_VERDICT_DIFFERENT, "");
}

COMPARE_TEST(short_runs_are_no_gaps)
{
	memset(image + 0x200, 0, 4); /* 0 became -1 */
	memset(flash + 0x200, 0xff, 4);
	is(STMFW_VERDICT_DIFFERENT, "4 of 4096");
	memset(image + 0x800, 0, 64);
	memset(flash + 0x800, 0xff, 64);
	is(STMFW_VERDICT_DIFFERENT, "");
}

/* ---- sectors ---- */

COMPARE_TEST(whole_sectors_are_old)
{
	fill(flash + SECTOR, 2 * SECTOR, 99);
	is(STMFW_VERDICT_SECTORS, "2 sectors, first at 0x08000400, something else; the other 2");
	flash[0] ^= 1; /* and one byte in another sector */
	is(STMFW_VERDICT_DIFFERENT, "");
}

COMPARE_TEST(whole_sectors_are_blank)
{
	memset(flash + SECTOR, 0xff, SECTOR);
	is(STMFW_VERDICT_SECTORS, "1 sector, first at 0x08000400, blank; the other 3");
	ck_assert(strstr(got->advice, "not written") != NULL);
	opts.bank_count = 0; /* without the sectors that cannot be told */
	is(STMFW_VERDICT_DIFFERENT, "");
}

COMPARE_TEST(part_of_a_sector_is_not_the_whole)
{
	fill(flash + SECTOR, SECTOR / 3, 99);
	is(STMFW_VERDICT_DIFFERENT, "");
}

COMPARE_TEST(all_sectors_are_another_firmware)
{
	fill(flash, IMAGE, 99);
	is(STMFW_VERDICT_DIFFERENT, "of 4096 bytes differ");
}

COMPARE_TEST(write_protected_sectors)
{
	sectors[1].is_protected = sectors[3].is_protected = 1;
	flash[SECTOR + 5] ^= 1; /* an old firmware that is nearly the same */
	is(STMFW_VERDICT_PROTECTED, "1 bytes differ, all of them in sectors that are write protected "
				    "(1 sector, first at 0x08000400)");
	flash[2 * SECTOR] ^= 1;
	is(STMFW_VERDICT_DIFFERENT, "");
}

COMPARE_TEST(unknown_protection_explains_nothing)
{
	sectors[1].is_protected = -1;
	flash[SECTOR + 5] ^= 1;
	is(STMFW_VERDICT_DIFFERENT, "");
}

/* ---- unstable ---- */

COMPARE_TEST(unstable)
{
	memcpy(again, flash, FLASH);
	again[10] ^= 4;
	again[20] ^= 4;
	second = (stmfw_range){ BASE, FLASH, again };
	opts.again = &second;
	opts.again_count = 1;
	is(STMFW_VERDICT_UNSTABLE, "differ in 2 bytes, first at 0x0800000a");
	ck_assert_uint_eq(got->unstable, 2);
	ck_assert_uint_eq(got->unstable_span.address, BASE + 10);
	ck_assert_uint_eq(got->unstable_span.length, 11);
	memcpy(again, flash, FLASH);
	is(STMFW_VERDICT_SAME_BLANK, "");
	again[10] ^= 4; /* not read again */
	second = (stmfw_range){ BASE + 100, 50, again + 100 };
	is(STMFW_VERDICT_SAME_BLANK, "");
}

/* ---- the map ---- */

COMPARE_TEST(cells_are_the_sectors)
{
	static const enum stmfw_cell_state states[] = {
		STMFW_CELL_SAME,    STMFW_CELL_DIFFERS, STMFW_CELL_FOUND_BLANK,
		STMFW_CELL_EXPECTED_BLANK, STMFW_CELL_OUTSIDE, STMFW_CELL_OUTSIDE,
		STMFW_CELL_OUTSIDE, STMFW_CELL_OUTSIDE,
	};

	flash[SECTOR] ^= 1;
	memset(flash + 2 * SECTOR, 0xff, SECTOR);
	memset(image + 3 * SECTOR, 0xff, SECTOR);
	flash[5 * SECTOR] = 1;
	compared();
	ck_assert_uint_eq(got->cell_count, 8);
	for (size_t i = 0; i < 8; i++) {
		ck_assert_uint_eq(got->cells[i].address, BASE + i * SECTOR);
		ck_assert_uint_eq(got->cells[i].length, SECTOR);
		ck_assert_int_eq(got->cells[i].state, states[i]);
		ck_assert_uint_eq(got->cells[i].expected, i < 4 ? SECTOR : 0);
		ck_assert_uint_eq(got->cells[i].other, i == 5);
	}
	ck_assert_uint_eq(got->cells[1].differing, 1);
}

COMPARE_TEST(cells_without_sectors_are_pages)
{
	opts.bank_count = 0;
	expected[0] = (stmfw_range){ BASE + 10, 100, image + 10 };
	found[0] = (stmfw_range){ BASE + 1020, 10, flash + 1020 };
	found[1] = (stmfw_range){ BASE + 100000, 1, flash };
	opts.found_count = 2;
	compared();
	ck_assert_uint_eq(got->cell_count, 3);
	ck_assert_uint_eq(got->cells[0].address, BASE);
	ck_assert_int_eq(got->cells[0].state, STMFW_CELL_MISSING);
	ck_assert_uint_eq(got->cells[1].address, BASE + 1024);
	ck_assert_int_eq(got->cells[1].state, STMFW_CELL_OUTSIDE);
	ck_assert_uint_eq(got->cells[2].address, BASE + 100000 / 1024 * 1024);
}

/* ---- against a model that looks at one address after the other ---- */

#define SMALL 96

struct small {
	uint8_t bytes[SMALL];
	bool has[SMALL];
	stmfw_range ranges[SMALL];
	size_t count;
};

/* Few values and some gaps, so that everything happens. */
static void fill_small(struct small *s, uint32_t *seed)
{
	static const uint8_t values[] = { 0xff, 0x00, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc,
					  0xde, 0xf1, 0xa5, 0x5a, 0x81, 0x18, 0x42, 0x24 };
	const unsigned int gaps = noise(seed) % 4 / 2, range = 1u << noise(seed) % 5;
	bool has = noise(seed) % 4 != 0;

	for (unsigned int i = 0; i < SMALL; i++) {
		if (noise(seed) % 16 < gaps)
			has = !has;
		s->has[i] = has;
		s->bytes[i] = values[noise(seed) % range];
	}
}

/* Something like the other one: shifted, swapped, with and without its gaps, with faults. */
static void resemble(struct small *b, const struct small *a, uint32_t *seed)
{
	const int shift = noise(seed) % 4 == 0 ? noise(seed) % 7 - 3 : 0;
	const int mask = noise(seed) % 4 == 0 ? noise(seed) % 4 : 0;
	const bool same_gaps = noise(seed) % 2, faults = noise(seed) % 2;

	for (int i = 0; i < SMALL; i++) {
		const int from = (i ^ mask) - shift;

		if (from < 0 || from >= SMALL || (faults && noise(seed) % 32 == 0))
			continue;
		if (a->has[from])
			b->bytes[i] = a->bytes[from];
		if (same_gaps)
			b->has[i] = a->has[from];
	}
}

/* They may touch. */
static void make_ranges(struct small *s, uint32_t *seed)
{
	s->count = 0;
	s->has[SMALL / 2] = true;
	for (unsigned int i = 0; i < SMALL; i++) {
		if (!s->has[i])
			continue;
		if (i == 0 || !s->has[i - 1] || noise(seed) % 64 == 0)
			s->ranges[s->count++] = (stmfw_range){ i, 0, s->bytes + i };
		s->ranges[s->count - 1].length++;
	}
}

static void check_counts(const struct small *a, const struct small *b)
{
	uint64_t differing = 0, missing = 0, extra = 0, extra_blank = 0, both = 0;
	bool filler = true;

	for (size_t i = 0; i < SMALL; i++) {
		both += a->has[i] && b->has[i];
		differing += a->has[i] && b->has[i] && a->bytes[i] != b->bytes[i];
		missing += a->has[i] && !b->has[i];
		filler &= !a->has[i] || b->has[i] || a->bytes[i] == 0x00 || a->bytes[i] == 0xff;
		extra += !a->has[i] && b->has[i];
		extra_blank += !a->has[i] && b->has[i] && b->bytes[i] == 0xff;
	}
	ck_assert_uint_eq(got->compared, both);
	ck_assert_uint_eq(got->differing, differing);
	ck_assert_uint_eq(got->missing, missing);
	ck_assert_uint_eq(got->extra, extra);
	ck_assert_uint_eq(got->extra_blank, extra_blank);
	ck_assert_int_eq(got->agrees, differing == 0 && both > 0 && filler);
	ck_assert_int_eq(got->span_total > 0, differing + missing > 0);
}

/* Nothing that is the same in a span's first and last byte; nothing that differs outside of them. */
static void check_spans(const struct small *a, const struct small *b)
{
	bool in_span[SMALL] = { false };

	for (size_t i = 0; i < got->span_count; i++) {
		const stmfw_span *s = &got->spans[i];

		ck_assert(i == 0 || s->address >= s[-1].address + s[-1].length + 8);
		for (uint64_t k = 0; k < s->length; k++)
			in_span[s->address + k] = true;
	}
	for (size_t i = 0; i < SMALL; i++)
		if (a->has[i] && (!b->has[i] || a->bytes[i] != b->bytes[i]))
			ck_assert(in_span[i]);
}

static void check_claim(const struct small *a, const struct small *b)
{
	for (int i = 0; i < SMALL; i++) {
		const int to = i + (int)got->shift;

		if (!a->has[i])
			continue;
		if (got->verdict == STMFW_VERDICT_BLANK && b->has[i])
			ck_assert(b->bytes[i] == 0x00 || b->bytes[i] == 0xff);
		if (got->verdict == STMFW_VERDICT_SHIFTED && to >= 0 && to < SMALL && b->has[to])
			ck_assert_int_eq(a->bytes[i], b->bytes[to]);
		if (got->verdict == STMFW_VERDICT_SWAPPED_16)
			ck_assert(b->has[i ^ 1] && b->bytes[i ^ 1] == a->bytes[i]);
		if (got->verdict == STMFW_VERDICT_SWAPPED_32)
			ck_assert(b->has[i ^ 3] && b->bytes[i ^ 3] == a->bytes[i]);
		if (got->verdict == STMFW_VERDICT_SWAPPED_HALVES)
			ck_assert(b->has[i ^ 2] && b->bytes[i ^ 2] == a->bytes[i]);
	}
}

COMPARE_TEST(counts_and_claims_agree_with_a_simple_model)
{
	static struct small a, b;
	unsigned int seen[STMFW_VERDICT_DIFFERENT + 1] = { 0 };
	const int rounds = getenv("STMFW_TEST_SHORT") ? 1000 : 4000;
	uint32_t seed = 7;

	opts.bank_count = 0;
	for (int round = 0; round < rounds; round++) {
		fill_small(&a, &seed);
		fill_small(&b, &seed);
		resemble(&b, &a, &seed);
		make_ranges(&a, &seed);
		make_ranges(&b, &seed);
		opts.expected = a.ranges;
		opts.expected_count = a.count;
		opts.found = b.ranges;
		opts.found_count = b.count;
		compared();
		check_counts(&a, &b);
		check_spans(&a, &b);
		check_claim(&a, &b);
		seen[got->verdict]++;
	}
	for (int v = 0; v <= STMFW_VERDICT_DIFFERENT; v++)
		if (v != STMFW_VERDICT_UNSTABLE && v != STMFW_VERDICT_PROTECTED &&
		    v != STMFW_VERDICT_SECTORS && v != STMFW_VERDICT_GAPS)
			ck_assert_msg(seen[v] > 0, "never seen: %s",
				      stmfw_verdict_name((enum stmfw_verdict)v));
}

/* ---- calls ---- */

COMPARE_TEST(found_in_pieces_is_the_same)
{
	found[0] = (stmfw_range){ BASE, 1000, flash };
	found[1] = (stmfw_range){ BASE + 1000, 1, flash + 1000 };
	found[2] = (stmfw_range){ BASE + 1001, FLASH - 1001, flash + 1001 };
	opts.found_count = 3;
	is(STMFW_VERDICT_SAME_BLANK, "");
	memmove(flash + 1024, image, IMAGE);
	is(STMFW_VERDICT_SHIFTED, "1024");
}

COMPARE_TEST(wrong_ranges_are_refused)
{
	const stmfw_range good = found[0];
	const stmfw_range bad[] = { { BASE, 0, flash },
				    { BASE, 1, NULL },
				    { 0xffffffff, 2, flash },
				    { (uint64_t)1 << 32, 1, flash },
				    { UINT64_MAX, 1, flash },
				    { BASE, UINT64_MAX, flash } };
	stmfw_comparison *untouched = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		found[0] = bad[i];
		ck_assert_int_eq(stmfw_compare(&untouched, &opts), STMFW_EINVAL);
	}
	found[0] = good;
	found[1] = (stmfw_range){ BASE + FLASH - 1, 1, flash };
	opts.found_count = 2;
	ck_assert_int_eq(stmfw_compare(&untouched, &opts), STMFW_EINVAL);
	opts.found_count = 0;
	ck_assert_int_eq(stmfw_compare(&untouched, &opts), STMFW_EINVAL);
	opts.found_count = 1;
	opts.expected_count = 0;
	ck_assert_int_eq(stmfw_compare(&untouched, &opts), STMFW_EINVAL);
	opts.expected_count = 1;
	sectors[7].size = UINT64_MAX;
	ck_assert_int_eq(stmfw_compare(&untouched, &opts), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_compare(&untouched, NULL), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_compare(NULL, &opts), STMFW_EINVAL);
	ck_assert_ptr_null(untouched);
	stmfw_comparison_free(NULL);
}

struct meter {
	int left;
	long balance;
};

static void *metered(void *ctx, void *ptr, size_t size)
{
	struct meter *m = ctx;

	if (size == 0) {
		m->balance--;
		free(ptr);
		return NULL;
	}
	if (m->left-- <= 0)
		return NULL;
	m->balance += !ptr;
	return realloc(ptr, size);
}

/* With ever more memory, until it is enough. */
static void starve(void)
{
	int err = STMFW_ENOMEM;

	for (int n = 0; err; n++) {
		struct meter meter = { .left = n };
		const stmfw_allocator alloc = { metered, &meter };
		stmfw_comparison *c = NULL;

		ck_assert_int_lt(n, 20);
		opts.alloc = &alloc;
		err = stmfw_compare(&c, &opts);
		ck_assert(err == STMFW_ENOMEM || err == STMFW_OK);
		stmfw_comparison_free(c);
		ck_assert_int_eq(meter.balance, 0);
	}
	opts.alloc = NULL;
}

COMPARE_TEST(missing_memory_is_reported_and_none_is_lost)
{
	starve();
	flash[0] ^= 1;
	starve();
	fill(flash + SECTOR, SECTOR, 99);
	flash[0] ^= 1;
	starve();
	expected[0].address += FLASH;
	image[0] ^= 1;
	starve();
}

START_TEST(verdicts_have_names)
{
	for (int a = 0; a <= STMFW_VERDICT_DIFFERENT; a++)
		for (int b = 0; b < a; b++)
			ck_assert_str_ne(stmfw_verdict_name((enum stmfw_verdict)a),
					 stmfw_verdict_name((enum stmfw_verdict)b));
	ck_assert_str_eq(stmfw_verdict_name((enum stmfw_verdict)99), "?");
	ck_assert_str_eq(stmfw_verdict_name((enum stmfw_verdict)-1), "?");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		same,
		longer_with_an_erased_tail,
		image_longer_with_an_erased_tail,
		image_longer_with_data,
		padded_with_zeros,
		tail_holds_older_data,
		other_data_before_it,
		gaps_of_the_image_do_not_count,
		one_byte,
		first_and_last_byte,
		near_differences_are_one_place,
		list_of_places_is_capped_and_counted,
		nothing_in_common,
		blank,
		blank_but_for_one_byte,
		blank_where_the_image_is_counts,
		shifted_up,
		shifted_down,
		shifted_and_pushed_out,
		shifted_at_other_base,
		pattern_is_not_shifted,
		filler_is_not_shifted,
		swapped,
		swapped_but_for_one_byte,
		swapped_odd_length,
		gaps_filled_with_zeros,
		gaps_filled_with_ff,
		short_runs_are_no_gaps,
		whole_sectors_are_old,
		whole_sectors_are_blank,
		part_of_a_sector_is_not_the_whole,
		all_sectors_are_another_firmware,
		write_protected_sectors,
		unknown_protection_explains_nothing,
		unstable,
		cells_are_the_sectors,
		cells_without_sectors_are_pages,
		counts_and_claims_agree_with_a_simple_model,
		found_in_pieces_is_the_same,
		wrong_ranges_are_refused,
		missing_memory_is_reported_and_none_is_lost,
		verdicts_have_names,
		NULL
	};

	return run_unit("compare", tests);
}
