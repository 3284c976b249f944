/* SPDX-License-Identifier: MIT */
/* plan.c: which sectors, what they are to hold, what is done with them; and the checksum. */
#include "unit.h"

#include <stdio.h>

#include "crc32.h"
#include "plan.h"

#define BASE 0x08000000u

static struct arena arena;
static stmfw_image *image;
static stmfw_plan shown;

static const stmfw_sector sectors[] = {
	{ 0, 1024, -1, 0 }, { 1024, 1024, -1, 0 }, { 2048, 4096, -1, 1 }, { 6144, 1024, -1, 0 },
};
static const stmfw_bank bank = { .number = 3, .driver = "stm32f1x", .target = "cpu", .base = BASE,
				 .size = 7168, .chip = "", .sectors = sectors, .sector_count = 4 };

#define HEX_BEGIN ":020000040800F2\n" /* addresses from BASE on */
#define HEX_END ":00000001FF\n"
#define RECORD_MAX 24

/* An Intel HEX record of up to 4 bytes at an offset from BASE. Returns its length. */
static size_t record(char *out, unsigned int offset, const char *bytes, unsigned int length)
{
	unsigned int sum = length + (offset >> 8) + (offset & 0xff);
	int n = snprintf(out, RECORD_MAX, ":%02X%04X00", length & 0xff, offset & 0xffff);

	for (unsigned int i = 0; i < length; i++, n += 2) {
		sum += (unsigned char)bytes[i];
		snprintf(out + n, 3, "%02X", (unsigned char)bytes[i]);
	}
	return (size_t)(n + snprintf(out + n, 4, "%02X\n", -sum & 0xff));
}

static struct plan plan_of(const char *hex)
{
	stmfw_image_error error;

	stmfw__arena_init(&arena, libc_mem());
	ck_assert_msg(stmfw_image_parse(&image, "x", hex, strlen(hex), NULL, &error) == STMFW_OK,
		      "%s", error.text);
	struct plan p = { .image = image };
	ck_assert(stmfw__plan_add_bank(&p, &arena, &bank));
	return p;
}

/* "ab" at 1022 to 1025, over a border, and "cdef" at 5000. */
static struct plan usual(void)
{
	char hex[200];
	size_t n = strlen(strcpy(hex, HEX_BEGIN));

	n += record(hex + n, 1022, "abab", 4);
	n += record(hex + n, 5000, "cdef", 4);
	strcpy(hex + n, HEX_END);
	return plan_of(hex);
}

static void done(void)
{
	stmfw_image_free(image);
	stmfw__arena_release(&arena);
}

static uint8_t *holds(struct sector *s, int byte)
{
	s->old = stmfw__arena_alloc(&arena, (size_t)s->plan.length);
	return memset(s->old, byte, (size_t)s->plan.length);
}

START_TEST(only_touched_sectors)
{
	struct plan p = usual();
	stmfw_span outside;

	ck_assert_uint_eq(p.count, 3);
	ck_assert_uint_eq(p.sectors[0].plan.image_bytes, 2);
	ck_assert_uint_eq(p.sectors[1].plan.image_bytes, 2);
	ck_assert_uint_eq(p.sectors[2].plan.image_bytes, 4);
	ck_assert_uint_eq(p.sectors[2].plan.number, 2);
	ck_assert_uint_eq(p.sectors[2].plan.bank, 3);
	ck_assert_int_eq(p.sectors[2].is_protected, 1);
	ck_assert(!stmfw__plan_outside(&p, &outside));
	/* The same flash under another name is not planned twice. */
	ck_assert(stmfw__plan_add_bank(&p, &arena, &bank));
	ck_assert_uint_eq(p.count, 3);
	done();
}
END_TEST

START_TEST(what_lies_outside)
{
	char hex[200];
	size_t n = strlen(strcpy(hex, HEX_BEGIN));
	stmfw_span outside;

	n += record(hex + n, 7166, "abcd", 4);
	strcpy(hex + n, HEX_END);
	struct plan p = plan_of(hex);
	ck_assert(stmfw__plan_outside(&p, &outside));
	ck_assert_uint_eq(outside.address, BASE + 7168);
	ck_assert_uint_eq(outside.length, 2);
	done();
}
END_TEST

START_TEST(parts_alternate)
{
	struct plan p = usual();
	struct sector_part part;
	const struct {
		uint64_t offset, length;
		bool is_image;
	} expected[] = { { 0, 2952, false }, { 2952, 4, true }, { 2956, 1140, false } };
	uint64_t at = 0;

	for (size_t i = 0; i < 3; i++, at += part.length) {
		ck_assert(stmfw__plan_part(&p, &p.sectors[2], at, &part));
		ck_assert_uint_eq(part.offset, expected[i].offset);
		ck_assert_uint_eq(part.length, expected[i].length);
		ck_assert_int_eq(part.is_image, expected[i].is_image);
	}
	ck_assert(!stmfw__plan_part(&p, &p.sectors[2], at, &part));
	done();
}
END_TEST

START_TEST(wanted_with_and_without_what_is_around)
{
	struct plan p = usual();
	uint8_t out[8];

	holds(&p.sectors[2], 0x11);
	stmfw__plan_wanted(&p, &p.sectors[2], 2950, out, 8);
	ck_assert_mem_eq(out, "\xff\xff" "cdef" "\xff\xff", 8);
	p.keep = true;
	stmfw__plan_wanted(&p, &p.sectors[2], 2950, out, 8);
	ck_assert_mem_eq(out, "\x11\x11" "cdef" "\x11\x11", 8);
	done();
}
END_TEST

START_TEST(decisions)
{
	struct plan p = usual();

	memcpy(holds(&p.sectors[0], 0x11) + 1022, "ab", 2); /* right already     */
	holds(&p.sectors[1], 0xff);                         /* blank             */
	holds(&p.sectors[2], 0x22);                         /* something else    */
	for (size_t i = 0; i < 3; i++)
		stmfw__plan_judge_old(&p, &p.sectors[i]);
	ck_assert(stmfw__plan_decide(&p, &arena, &shown));
	ck_assert_int_eq(shown.sectors[0].action, STMFW_SECTOR_SKIP);
	ck_assert_int_eq(shown.sectors[1].action, STMFW_SECTOR_WRITE);
	ck_assert_int_eq(shown.sectors[2].action, STMFW_SECTOR_REWRITE);
	ck_assert_uint_eq(shown.erase_count, 1);
	ck_assert_uint_eq(shown.write_count, 2);
	ck_assert_uint_eq(shown.skip_count, 1);
	ck_assert_uint_eq(shown.image_bytes, 8);
	ck_assert_uint_eq(shown.around_bytes, 4092);
	ck_assert_uint_eq(shown.write_bytes, 5120);
	ck_assert_int_eq(p.sectors[0].state, SECTOR_NEW);
	ck_assert_int_eq(p.sectors[2].state, SECTOR_OLD);
	p.full = true;
	ck_assert(stmfw__plan_decide(&p, &arena, &shown));
	ck_assert_uint_eq(shown.erase_count, 3);
	done();
}
END_TEST

START_TEST(one_wrong_byte_is_enough)
{
	struct plan p = usual();

	memcpy(holds(&p.sectors[2], 0xff) + 2952, "cdeg", 4);
	stmfw__plan_judge_old(&p, &p.sectors[2]);
	ck_assert_int_eq(p.sectors[2].look, LOOK_DIFFERS);
	p.sectors[2].old[2955] = 'f';
	stmfw__plan_judge_old(&p, &p.sectors[2]);
	ck_assert_int_eq(p.sectors[2].look, LOOK_SAME);
	done();
}
END_TEST

/* Its addresses begin with 0: it goes to where the bank begins, and not into one below. */
START_TEST(a_binary_that_was_not_placed)
{
	stmfw_bank below = bank;
	stmfw_image_error error;
	stmfw_span outside;
	uint8_t out[4];

	below.base = BASE - bank.size;
	stmfw__arena_init(&arena, libc_mem());
	ck_assert_int_eq(stmfw_image_parse(&image, "x", "\1bcdef", 6, NULL, &error), STMFW_OK);
	ck_assert(!stmfw_image_is_placed(image));
	struct plan p = { .image = image, .shift = BASE, .keep = true };
	ck_assert(stmfw__plan_add_bank(&p, &arena, &below));
	ck_assert_uint_eq(p.count, 0);
	ck_assert(stmfw__plan_add_bank(&p, &arena, &bank));
	ck_assert_uint_eq(p.count, 1);
	ck_assert_uint_eq(p.sectors[0].plan.image_bytes, 6);
	ck_assert(!stmfw__plan_outside(&p, &outside));
	holds(&p.sectors[0], 0x11);
	stmfw__plan_wanted(&p, &p.sectors[0], 4, out, 4);
	ck_assert_mem_eq(out, "ef" "\x11\x11", 4);
	done();
}
END_TEST

/* Every other byte: what is done for each of them must not look at all of them. */
START_TEST(an_image_full_of_holes)
{
	static const stmfw_sector large[] = { { 0, 65536, -1, 0 } };
	stmfw_bank one = bank;
	size_t holes = 32768, n;
	char *hex = malloc(holes * 16 + 100);
	stmfw_image_error error;
	struct sector_part part;
	uint64_t parts = 0;

	ck_assert_ptr_nonnull(hex);
	n = strlen(strcpy(hex, HEX_BEGIN));
	for (size_t i = 0; i < holes; i++)
		n += record(hex + n, (unsigned int)(2 * i), "x", 1);
	strcpy(hex + n, HEX_END);
	stmfw__arena_init(&arena, libc_mem());
	ck_assert_int_eq(stmfw_image_parse(&image, "x", hex, strlen(hex), NULL, &error), STMFW_OK);
	free(hex);
	struct plan p = { .image = image };
	one.sectors = large;
	one.sector_count = 1;
	ck_assert(stmfw__plan_add_bank(&p, &arena, &one));
	ck_assert_uint_eq(p.sectors[0].plan.image_bytes, holes);
	for (uint64_t o = 0; stmfw__plan_part(&p, &p.sectors[0], o, &part); o += part.length)
		parts++;
	ck_assert_uint_eq(parts, 2 * holes);
	memset(holds(&p.sectors[0], 0x11), 'x', 65536);
	stmfw__plan_judge_old(&p, &p.sectors[0]);
	ck_assert_int_eq(p.sectors[0].look, LOOK_SAME);
	ck_assert(stmfw__plan_decide(&p, &arena, &shown));
	done();
}
END_TEST

START_TEST(flash_that_is_blank_at_zero)
{
	stmfw_bank zeros = bank;
	uint8_t out[4];

	zeros.driver = "stm32lx";
	struct plan p = usual();
	p.count = 0;
	ck_assert(stmfw__plan_add_bank(&p, &arena, &zeros));
	ck_assert_uint_eq(p.sectors[0].blank, 0);
	stmfw__plan_wanted(&p, &p.sectors[0], 1020, out, 4);
	ck_assert_mem_eq(out, "\0\0ab", 4);
	done();
}
END_TEST

/* The check value of this CRC, and that of nothing. */
START_TEST(crc32)
{
	ck_assert_uint_eq(stmfw__crc32(0, "123456789", 9), 0xcbf43926);
	ck_assert_uint_eq(stmfw__crc32(0, "", 0), 0);
	ck_assert_uint_eq(stmfw__crc32(stmfw__crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
	for (uint32_t i = 0; i < CRC32_TABLE; i++) {
		uint32_t entry = i;

		for (int bit = 0; bit < 8; bit++)
			entry = entry >> 1 ^ (entry & 1 ? 0xedb88320u : 0);
		ck_assert_uint_eq(stmfw__crc32_table[i], entry);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { only_touched_sectors,
				       what_lies_outside,
				       parts_alternate,
				       wanted_with_and_without_what_is_around,
				       decisions,
				       one_wrong_byte_is_enough,
				       a_binary_that_was_not_placed,
				       an_image_full_of_holes,
				       flash_that_is_blank_at_zero,
				       crc32,
				       NULL };

	return run_unit("plan", tests);
}
