/* SPDX-License-Identifier: MIT */
/*
 * Firmware images from hand-made bytes: what is read, and what is refused, with its line.
 *
 * In the records here a "~" stands for the right checksum.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- helpers ---- */

static unsigned int sum_of(const char *digits, const char *end)
{
	unsigned int sum = 0, byte;

	for (; digits + 1 < end && sscanf(digits, "%2x", &byte) == 1; digits += 2)
		sum += byte;
	return sum;
}

/* The text with its checksums. Static: valid until the next call. */
static const char *complete(const char *text)
{
	static char out[4096];
	const char *line = text + strspn(text, " \r\n");
	size_t n = 0;

	for (const char *p = text; *p; p++) {
		ck_assert_uint_lt(n, sizeof(out) - 4);
		if (*p == '\n')
			line = p + 1 + strspn(p + 1, " \r\n");
		if (*p == '~' && *line == ':')
			n += (size_t)sprintf(out + n, "%02X", -sum_of(line + 1, p) & 0xff);
		else if (*p == '~')
			n += (size_t)sprintf(out + n, "%02X", ~sum_of(line + 2, p) & 0xff);
		else
			out[n++] = *p;
	}
	out[n] = '\0';
	return out;
}

static stmfw_image_opts typed(enum stmfw_image_type type)
{
	stmfw_image_opts o = STMFW_INIT(stmfw_image_opts);

	o.type = type;
	return o;
}

static stmfw_image *parsed_bytes(const void *bytes, size_t length, const stmfw_image_opts *o)
{
	stmfw_image_error e = { .text = "" };
	stmfw_image *image = NULL;

	ck_assert_msg(stmfw_image_parse(&image, "t", bytes, length, o, &e) == STMFW_OK, "%s",
		      e.text);
	return image;
}

static stmfw_image *parsed(const char *text)
{
	const char *all = complete(text);

	return parsed_bytes(all, strlen(all), NULL);
}

static void refused_bytes(const void *bytes, size_t length, const stmfw_image_opts *o, int status,
			  unsigned long line, const char *words)
{
	stmfw_image_error e = { .text = "" };
	stmfw_image *image = (stmfw_image *)&e;
	int got = stmfw_image_parse(&image, "fw", bytes, length, o, &e);

	if (got == STMFW_OK)
		stmfw_image_free(image);
	ck_assert_msg(got == status, "%s instead of %s (%s): %s", stmfw_err_name(got),
		      stmfw_err_name(status), words, e.text);
	ck_assert_ptr_eq(image, &e); /* P12 */
	ck_assert_int_eq(e.status, status);
	ck_assert_msg(e.line == line, "line %lu instead of %lu: %s", e.line, line, e.text);
	ck_assert_msg(strstr(e.text, words) != NULL, "no \"%s\" in: %s", words, e.text);
	ck_assert_msg(strncmp(e.text, "fw:", 3) == 0, "%s", e.text);
}

static void refused(const char *text, unsigned long line, const char *words)
{
	const char *all = complete(text);

	refused_bytes(all, strlen(all), NULL, STMFW_EFILE, line, words);
}

static void is_range(const stmfw_image *image, size_t i, uint64_t address, const char *bytes)
{
	size_t count;
	const stmfw_range *r = stmfw_image_ranges(image, &count);

	ck_assert_uint_lt(i, count);
	ck_assert_uint_eq(r[i].address, address);
	ck_assert_uint_eq(r[i].length, strlen(bytes));
	ck_assert_mem_eq(r[i].data, bytes, strlen(bytes));
}

static size_t count_of(const stmfw_image *image)
{
	size_t count;

	stmfw_image_ranges(image, &count);
	return count;
}

/* ---- Intel HEX ---- */

#define AT_FLASH ":020000040800~\n"
#define END_HEX  ":00000001~\n"

START_TEST(hex_in_any_order_becomes_ascending_ranges)
{
	stmfw_image *image = parsed(":020000040801~\n:020010004748~\n" /* GH */
				    AT_FLASH ":020002004344~\n"         /* CD */
				    ":020000004142~\n"                  /* AB */
				    ":02FFFE004546~\n" END_HEX);        /* EF */
	uint64_t first, end;

	ck_assert_int_eq(stmfw_image_type_of(image), STMFW_IMAGE_IHEX);
	ck_assert_int_eq(stmfw_image_is_placed(image), 1);
	ck_assert_uint_eq(count_of(image), 3);
	is_range(image, 0, 0x08000000, "ABCD");
	is_range(image, 1, 0x0800fffe, "EF");
	is_range(image, 2, 0x08010010, "GH");
	ck_assert_uint_eq(stmfw_image_total(image), 8);
	stmfw_image_bounds(image, &first, &end);
	ck_assert_uint_eq(first, 0x08000000);
	ck_assert_uint_eq(end, 0x08010012);
	stmfw_image_free(image);
}
END_TEST

START_TEST(hex_addresses_are_completed_by_segment_or_upper_half)
{
	stmfw_image *image = parsed(":0100000041~\n"                   /* neither */
				    ":020000021000~\n:0100020042~\n"   /* 0x1000 * 16 */
				    ":02000004FFFF~\n:01FFFF0043~\n"   /* the last byte */
				    ":020000040800~\n:02FFFF004445~\n" /* goes on beyond 64 KiB */
				    ":0400000508000001~\n:0400000300000001~\n" END_HEX);

	ck_assert_uint_eq(count_of(image), 4);
	is_range(image, 0, 0, "A");
	is_range(image, 1, 0x10002, "B");
	is_range(image, 2, 0x0800ffff, "DE");
	is_range(image, 3, 0xffffffff, "C");
	stmfw_image_free(image);
}
END_TEST

START_TEST(line_ends_case_and_blank_lines_do_not_matter)
{
	static const char *const texts[] = {
		":0300000041abCD~\n:00000001~\n",    ":0300000041ABcd~\r\n:00000001~\r\n",
		":0300000041ABCD~\n:00000001~",      "\n\r\n  :0300000041ABCD~ \t\n\n:00000001ff\n\n \r\n",
		"\r\nS106000041abCD~\r\n\r\nS9030000fc\r\n\r\n",
		"S106000041ABCD~\nS9030000~",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		stmfw_image *image = parsed(texts[i]);

		is_range(image, 0, 0, "A\xab\xcd");
		stmfw_image_free(image);
	}
}
END_TEST

START_TEST(hex_with_a_fault_is_refused_with_its_line)
{
	static const struct {
		const char *text;
		unsigned long line;
		const char *words;
	} bad[] = {
		{ AT_FLASH ":020000004142~\n:010002004300\n" END_HEX, 3,
		  "the checksum is ba, the line says 00" },
		{ AT_FLASH ":0200000041~\n" END_HEX, 2, "2 digits less than its length byte" },
		{ AT_FLASH ":02000000414~\n" END_HEX, 2, "1 digits less" },
		{ AT_FLASH ":0200000041424300~\n" END_HEX, 2, "4 digits more" },
		{ AT_FLASH ":0200000041\n", 2, "less" },
		{ AT_FLASH ":02000000414", 2, "ends in the middle of this line" },
		{ AT_FLASH ":0", 2, "ends in the middle of this line" },
		{ AT_FLASH ":", 2, "ends in the middle of this line" },
		{ AT_FLASH ":\n" END_HEX, 2, "less" },
		{ AT_FLASH ":010000004g~\n" END_HEX, 2, "'g' is no hex digit" },
		{ AT_FLASH ":01 0000041~\n" END_HEX, 2, "code 0x20 is no hex digit" },
		{ AT_FLASH ":0100000041~ ; comment\n" END_HEX, 2, "no hex digit" },
		{ AT_FLASH "0100000041~\n" END_HEX, 2, "does not begin with ':'" },
		{ "# made by a tool\n" AT_FLASH ":0100000041~\n" END_HEX, 1,
		  "does not begin with ':'" },
		{ "\xef\xbb\xbf" AT_FLASH ":0100000041~\n" END_HEX, 1, "does not begin with ':'" },
		{ AT_FLASH ":0100000641~\n" END_HEX, 2, "record type 06 is not known" },
		{ AT_FLASH ":010000FF41~\n" END_HEX, 2, "record type ff is not known" },
		{ AT_FLASH ":0100000041~\n:0100000100~\n", 3, "type 01 has 0 bytes, not 1" },
		{ ":0100000408~\n" END_HEX, 1, "type 04 has 2 bytes, not 1" },
		{ ":03000002080000~\n" END_HEX, 1, "type 02 has 2 bytes, not 3" },
		{ ":020000030800~\n" END_HEX, 1, "type 03 has 4 bytes, not 2" },
		{ ":00000005~\n" END_HEX, 1, "type 05 has 4 bytes, not 0" },
		{ AT_FLASH ":0100000041~\n", 2, "without an end record" },
		{ AT_FLASH ":0100000041~\n\n\n", 4, "without an end record" },
		{ AT_FLASH ":0100000041~\n" END_HEX ":0100010041~\n", 4, "behind the end record" },
		{ AT_FLASH ":0100000041~\n" END_HEX "\n\x1a", 5, "behind the end record" },
		{ ":02FFFF004142~\n" END_HEX, 1, "wrap around" },
		{ ":020000021000~\n:02FFFF004142~\n" END_HEX, 2, "wrap around" },
		{ AT_FLASH ":040000004142~\n" END_HEX, 2, "4 digits less" },
		{ AT_FLASH ":0400000041424344~\n\n:020002005858~\n" END_HEX, 4,
		  "the byte at 0x08000002 was given before, in line 2" },
		{ AT_FLASH ":020002005858~\n:0400000041424344~\n" END_HEX, 3,
		  "the byte at 0x08000002 was given before, in line 2" },
		{ AT_FLASH ":0100000041~\n:0100000041~\n" END_HEX, 3, "given before, in line 2" },
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		refused(bad[i].text, bad[i].line, bad[i].words);
	refused(END_HEX, 0, "there is no data in it");
	refused(AT_FLASH END_HEX, 0, "there is no data in it");
}
END_TEST

START_TEST(nul_bytes_in_a_text_are_refused)
{
	static const char within[] = ":0100000041BE\n:01\0000100041BD\n:00000001FF\n";
	static const char behind[] = ":0100000041BE\n:00000001FF\n\0\0\0";

	refused_bytes(within, sizeof(within) - 1, NULL, STMFW_EFILE, 2, "code 0x00");
	refused_bytes(behind, sizeof(behind) - 1, NULL, STMFW_EFILE, 3, "behind the end");
}
END_TEST

START_TEST(addresses_beyond_32_bits_are_refused)
{
	const char *hex = complete(":02000004FFFF~\n:02FFFF004142~\n" END_HEX);
	stmfw_image_opts o = typed(STMFW_IMAGE_BIN);

	refused_bytes(hex, strlen(hex), NULL, STMFW_ERANGE, 2, "beyond 32-bit");
	const char *srec = complete("S307FFFFFFFF4142~\nS70500000000~\n");
	refused_bytes(srec, strlen(srec), NULL, STMFW_ERANGE, 1, "beyond 32-bit");
	o.has_base = 1;
	o.base = 0xffffffff;
	refused_bytes("AB", 2, &o, STMFW_ERANGE, 0, "beyond 32-bit");
	o.base = UINT64_MAX;
	refused_bytes("AB", 2, &o, STMFW_ERANGE, 0, "beyond 32-bit");
	o.base = 0xfffffffe;
	stmfw_image_free(parsed_bytes("AB", 2, &o));
}
END_TEST

/* ---- S-record ---- */

START_TEST(srec_of_all_address_lengths_is_read)
{
	static const char *const ends[] = { "S9030000~", "S804000000~", "S70508000000~" };

	for (size_t i = 0; i < COUNT(ends); i++) {
		char text[200];

		snprintf(text, sizeof(text), "S0060000484452~\nS10500004142~\nS206FFFFFE4344~\n"
			 "S307080000004546~\nS5030003~\nS604000003~\n%s\n", ends[i]);
		stmfw_image *image = parsed(text);

		ck_assert_int_eq(stmfw_image_type_of(image), STMFW_IMAGE_SREC);
		ck_assert_uint_eq(count_of(image), 3);
		is_range(image, 0, 0, "AB");
		is_range(image, 1, 0xfffffe, "CD");
		is_range(image, 2, 0x08000000, "EF");
		stmfw_image_free(image);
	}
}
END_TEST

START_TEST(srec_may_end_with_its_count_instead_of_an_end_record)
{
	stmfw_image_free(parsed("S10500004142~\nS5030001~\n"));
	stmfw_image_free(parsed("S10500004142~\nS604000001~\n"));
	refused("S10500004142~\nS5030001~\nS10500044142~\n", 3, "without an end record");
}
END_TEST

#define END_SREC "S9030000~\n"

START_TEST(srec_goes_on_beyond_short_addresses)
{
	stmfw_image *image = parsed("S105FFFF4142~\nS206FFFFFF4344~\n" END_SREC);

	is_range(image, 0, 0xffff, "AB");
	is_range(image, 1, 0xffffff, "CD");
	stmfw_image_free(image);
}
END_TEST

START_TEST(srec_with_a_fault_is_refused_with_its_line)
{
	static const struct {
		const char *text;
		unsigned long line;
		const char *words;
	} bad[] = {
		{ "S10500004142~\nS104000243B5\n" END_SREC, 2,
		  "the checksum is b6, the line says b5" },
		{ "S105000041~\n" END_SREC, 1, "2 digits less than its length byte" },
		{ "S1050000414243~\n" END_SREC, 1, "2 digits more" },
		{ "S10500004142~\nS105", 2, "ends in the middle of this line" },
		{ "S10500004142~\nS", 2, "no type behind the 'S'" },
		{ "S10500004142~\nSX050002~\n", 2, "no type behind the 'S'" },
		{ "S10500004142~\nS4030000~\n" END_SREC, 2, "type S4 is not known" },
		{ "S10200~\n" END_SREC, 1, "too short for its type" },
		{ "S304000000~\n" END_SREC, 1, "too short for its type" },
		{ "S100FF\n" END_SREC, 1, "digits more" },
		{ "S100\n" END_SREC, 1, "too short" },
		{ "S1040000 1~\n" END_SREC, 1, "no hex digit" },
		{ "S10500004142~\nX9030000~\n", 2, "does not begin with 'S'" },
		{ "S10500004142~\n", 1, "without an end record" },
		{ "S10500004142~\n" END_SREC "S10500044142~\n", 3, "behind the end record" },
		{ "S10500004142~\nS5030002~\n" END_SREC, 2, "1 data records came before" },
		{ "S10500004142~\nS604000000~\n" END_SREC, 2, "this line says 0" },
		{ "S10500004142~\nS504000100~\n" END_SREC, 2, "has no data, here are 1" },
		{ "S10500004142~\nS904000041~\n", 2, "has no data, here are 1" },
		{ "S10500004142~\nS104000143~\n" END_SREC, 2,
		  "the byte at 0x00000001 was given before, in line 1" },
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		refused(bad[i].text, bad[i].line, bad[i].words);
	refused("S0030000~\n" END_SREC, 0, "there is no data in it");
}
END_TEST

/*
 * One character is another one: found, or of no consequence (ab for AB). But not the type of an
 * S-record, which its checksum does not cover.
 */
static void change_each(const char *text)
{
	const size_t n = strlen(text);
	stmfw_image *right = parsed_bytes(text, n, NULL);
	char *changed = malloc(n);

	for (size_t i = 0; i < n; i++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			stmfw_image *image;

			if (i && text[i - 1] == 'S')
				continue;
			memcpy(changed, text, n);
			changed[i] = (char)(changed[i] ^ 1 << bit);
			if (stmfw_image_parse(&image, "fw", changed, n, NULL, NULL) != STMFW_OK)
				continue;
			ck_assert_msg(stmfw_image_type_of(image) == stmfw_image_type_of(right),
				      "bit %u of character %zu makes it a binary", bit, i);
			ck_assert_uint_eq(count_of(image), 1);
			is_range(image, 0, 0x10, "ABCDEFGH");
			stmfw_image_free(image);
		}
	}
	free(changed);
	stmfw_image_free(right);
}

START_TEST(every_changed_character_of_a_text_is_found)
{
	change_each(complete(":0400100041424344~\r\n:0400140045464748~\r\n:00000001~\r\n"));
	change_each(complete("S107001041424344~\nS107001445464748~\nS5030002~\nS9030000~\n"));
}
END_TEST

/* ---- ELF ---- */

struct segment {
	uint32_t type, offset, vaddr, paddr, filesz, memsz;
};

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

#define ELF_HEADER  52u
#define ELF_SEGMENT 32u
#define ELF_SECTION 40u
#define ELF_SIZE    256u

/* A program with these segments; behind the tables its bytes are their own offsets. */
static uint8_t *elf_of(const struct segment *s, unsigned int count)
{
	static uint8_t elf[ELF_SIZE];

	for (unsigned int i = 0; i < ELF_SIZE; i++)
		elf[i] = (uint8_t)i;
	memset(elf, 0, ELF_HEADER);
	memcpy(elf, "\177ELF\1\1\1", 7);
	elf[16] = 2;  /* program */
	elf[18] = 40; /* Arm */
	elf[20] = 1;
	put32(elf + 28, ELF_HEADER);
	elf[40] = ELF_HEADER;
	elf[42] = ELF_SEGMENT;
	elf[44] = (uint8_t)count;
	for (unsigned int i = 0; i < count; i++) {
		uint8_t *p = elf + ELF_HEADER + ELF_SEGMENT * i;
		const uint32_t words[8] = { s[i].type,	 s[i].offset, s[i].vaddr, s[i].paddr,
					    s[i].filesz, s[i].memsz,  5,	  4 };

		for (unsigned int k = 0; k < 8; k++)
			put32(p + 4 * k, words[k]);
	}
	return elf;
}

static void refused_elf(const struct segment *s, unsigned int count, int status, const char *words)
{
	refused_bytes(elf_of(s, count), ELF_SIZE, NULL, status, 0, words);
}

#ifndef WITHOUT_LIBELF

START_TEST(elf_segments_are_taken_by_their_physical_address)
{
	static const struct segment s[] = {
		{ 1, 240, 0x20000000, 0x08000104, 4, 64 }, /* variables: in flash their values */
		{ 1, 200, 0x08000000, 0x08000100, 4, 4 },
		{ 1, 0, 0x20000100, 0x20000100, 0, 64 }, /* nothing in the file */
		{ 4, 210, 0x08000000, 0x08000100, 4, 4 }, /* a note */
	};
	stmfw_image *image = parsed_bytes(elf_of(s, 4), ELF_SIZE, NULL);

	ck_assert_int_eq(stmfw_image_type_of(image), STMFW_IMAGE_ELF);
	ck_assert_int_eq(stmfw_image_is_placed(image), 1);
	ck_assert_uint_eq(count_of(image), 1);
	is_range(image, 0, 0x08000100, "\xc8\xc9\xca\xcb\xf0\xf1\xf2\xf3");
	stmfw_image_free(image);
}
END_TEST

START_TEST(elf_with_wrong_segments_is_refused)
{
	refused_elf(&(struct segment){ 1, 254, 0, 0, 4, 4 }, 1, STMFW_EFILE,
		    "segment 0 (offset 254, 4 bytes) goes beyond the end of the file");
	refused_elf(&(struct segment){ 1, 0xfffffffe, 0, 0, 4, 4 }, 1, STMFW_EFILE, "beyond the end");
	refused_elf(&(struct segment){ 1, 8, 0, 0, 0xfffffffe, 0xffffffff }, 1, STMFW_EFILE,
		    "beyond the end");
	refused_elf(&(struct segment){ 1, 100, 0, 0, 4, 3 }, 1, STMFW_EFILE,
		    "more bytes in the file than in memory");
	refused_elf(&(struct segment){ 1, 100, 0, 0xfffffffe, 4, 4 }, 1, STMFW_ERANGE,
		    "beyond 32-bit");
	refused_elf(&(struct segment){ 1, 100, 0, 0, 0, 4 }, 1, STMFW_EUNSUPPORTED,
		    "without segments to load");
	refused_elf(NULL, 0, STMFW_EUNSUPPORTED, "without segments to load");
	refused_elf((const struct segment[]){ { 1, 100, 0, 0x10, 4, 4 }, { 1, 90, 0, 0x13, 4, 4 } },
		    2, STMFW_EFILE,
		    "the byte at 0x00000013 is given twice, at offsets 100 and 90 of the file");
}
END_TEST

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

/* Each segment is looked for in each section: so many would take for ever. */
START_TEST(elf_with_absurdly_many_parts_is_refused)
{
	static uint8_t elf[ELF_HEADER + 5000 * ELF_SECTION];
	const size_t per_entry[] = { ELF_SEGMENT, ELF_SECTION };

	for (int sections = 0; sections < 2; sections++) {
		memset(elf, 0, sizeof(elf));
		memcpy(elf, elf_of(NULL, 0), ELF_HEADER);
		put32(elf + (sections ? 32 : 28), ELF_HEADER);
		put16(elf + (sections ? 46 : 42), (uint16_t)per_entry[sections]);
		put16(elf + (sections ? 48 : 44), 4096);
		refused_bytes(elf, sizeof(elf), NULL, STMFW_EUNSUPPORTED, 0,
			      "without segments to load");
		put16(elf + (sections ? 48 : 44), 4097);
		refused_bytes(elf, sizeof(elf), NULL, STMFW_EUNSUPPORTED, 0,
			      sections ? "4097 sections: more than 4096" : "with 4097 segments");
	}
}
END_TEST

struct section {
	uint32_t type, flags, offset, size;
};

#define PROGBITS 1
#define NOBITS   8
#define ALLOC    2

/* A program with these segments and sections; the tables follow each other. */
static uint8_t *elf_with_sections(const struct segment *segments, unsigned int segment_count,
				  const struct section *sections, unsigned int count)
{
	uint8_t *elf = elf_of(segments, segment_count);
	const uint32_t table = ELF_HEADER + ELF_SEGMENT * segment_count;

	put32(elf + 32, table);
	put16(elf + 46, ELF_SECTION);
	put16(elf + 48, (uint16_t)count);
	for (unsigned int i = 0; i < count; i++) {
		uint8_t *p = elf + table + ELF_SECTION * i;

		memset(p, 0, ELF_SECTION);
		put32(p + 4, sections[i].type);
		put32(p + 8, sections[i].flags);
		put32(p + 16, sections[i].offset);
		put32(p + 20, sections[i].size);
	}
	return elf;
}

static void has_only(const uint8_t *elf, uint64_t address, const char *bytes)
{
	stmfw_image *image = parsed_bytes(elf, ELF_SIZE, NULL);

	ck_assert_uint_eq(count_of(image), 1);
	is_range(image, 0, address, bytes);
	stmfw_image_free(image);
}

/* Linkers begin a segment at a page, so that the file's header is in it: that is no firmware. */
START_TEST(elf_segments_are_cut_to_their_sections)
{
	static const struct segment page = { 1, 0, 0, 0x08000000, 240, 240 };
	static const struct segment two[] = { { 1, 244, 0, 0x08000010, 4, 4 },
					      { 1, 248, 0, 0x08000020, 4, 4 } };
	static const struct section notes[] = { { 0 },
						{ PROGBITS, ALLOC, 208, 4 },
						{ PROGBITS, 0, 216, 4 } };
	static const struct section variables[] = { { 0 },
						    { NOBITS, ALLOC, 216, 4 },
						    { PROGBITS, ALLOC, 212, 4 } };
	static const struct section longer[] = { { 0 }, { PROGBITS, ALLOC, 236, 8 } };
	static const struct section second[] = { { 0 }, { PROGBITS, ALLOC, 248, 4 } };
	static const struct section neither[] = { { 0 }, { PROGBITS, ALLOC, 252, 4 } };

	has_only(elf_with_sections(&page, 1, notes, 3), 0x080000d0, "\xd0\xd1\xd2\xd3");
	has_only(elf_with_sections(&page, 1, variables, 3), 0x080000d4, "\xd4\xd5\xd6\xd7");
	has_only(elf_with_sections(&page, 1, longer, 2), 0x080000ec, "\xec\xed\xee\xef");
	has_only(elf_with_sections(two, 2, second, 2), 0x08000020, "\xf8\xf9\xfa\xfb");
	refused_bytes(elf_with_sections(two, 2, neither, 2), ELF_SIZE, NULL, STMFW_EUNSUPPORTED, 0,
		      "without segments to load");
}
END_TEST

/* Half a table would be half a firmware. */
START_TEST(elf_with_damaged_tables_is_refused)
{
	static const struct segment s = { 1, 240, 0, 0x08000000, 4, 4 };
	static const struct {
		int at;
		uint32_t offset;
		const char *words;
	} damage[] = {
		{ 28, ELF_SIZE - ELF_SEGMENT + 1, "table of segments goes beyond" },
		{ 28, 0xfffffff0, "damaged ELF file" },
		{ 32, ELF_SIZE - ELF_SECTION + 1, "table of sections goes beyond" },
		{ 32, 0xfffffff0, "table of sections goes beyond" },
	};

	for (size_t i = 0; i < COUNT(damage); i++) {
		uint8_t *elf = elf_with_sections(&s, 1, &(struct section){ 0 }, 1);

		put32(elf + damage[i].at, damage[i].offset);
		refused_bytes(elf, ELF_SIZE, NULL, STMFW_EFILE, 0, damage[i].words);
	}
}
END_TEST

START_TEST(elf_that_is_no_firmware_is_refused)
{
	static const struct segment s = { 1, 100, 0, 0x08000000, 4, 4 };
	static const struct {
		int at, value;
		const char *words;
	} other[] = {
		{ 4, 2, "not a 32-bit one" },	{ 5, 2, "not a little endian one" },
		{ 18, 3, "not for an Arm" },	{ 16, 1, "not linked" },
		{ 16, 4, "not a program" },
	};

	for (size_t i = 0; i < COUNT(other); i++) {
		uint8_t *elf = elf_of(&s, 1);

		elf[other[i].at] = (uint8_t)other[i].value;
		refused_bytes(elf, ELF_SIZE, NULL, STMFW_EUNSUPPORTED, 0, other[i].words);
	}
}
END_TEST

START_TEST(elf_cut_anywhere_is_refused_and_bytes_are_left_alone)
{
	static const struct segment s = { 1, 240, 0, 0x08000000, 16, 16 };
	uint8_t before[ELF_SIZE];

	memcpy(before, elf_of(&s, 1), ELF_SIZE);
	for (size_t n = 4; n < ELF_SIZE; n++) {
		uint8_t *cut = malloc(n);
		stmfw_image_error e;
		stmfw_image *image;

		memcpy(cut, before, n);
		ck_assert_int_eq(stmfw_image_parse(&image, "fw", cut, n, NULL, &e), STMFW_EFILE);
		ck_assert_mem_eq(cut, before, n);
		free(cut);
	}
	stmfw_image_free(parsed_bytes(before, ELF_SIZE, NULL));
	ck_assert_mem_eq(before, elf_of(&s, 1), ELF_SIZE);
}
END_TEST

#else

START_TEST(elf_is_refused_without_libelf)
{
	static const struct segment s = { 1, 100, 0, 0x08000000, 4, 4 };

	refused_elf(&s, 1, STMFW_EUNSUPPORTED, "built without libelf");
}
END_TEST

#endif

/* ---- binary, and what is told by the content ---- */

START_TEST(binary_is_placed_only_with_a_base)
{
	stmfw_image_opts o = STMFW_INIT(stmfw_image_opts);
	stmfw_image *image = parsed_bytes("\0\1", 2, NULL);

	ck_assert_int_eq(stmfw_image_type_of(image), STMFW_IMAGE_BIN);
	ck_assert_int_eq(stmfw_image_is_placed(image), 0);
	ck_assert_uint_eq(stmfw_image_ranges(image, NULL)->address, 0);
	stmfw_image_free(image);
	o.has_base = 1;
	o.base = 0x08004000;
	image = parsed_bytes("\0\1", 2, &o);
	ck_assert_int_eq(stmfw_image_is_placed(image), 1);
	ck_assert_uint_eq(stmfw_image_ranges(image, NULL)->address, 0x08004000);
	stmfw_image_free(image);
	o.base = 0;
	image = parsed_bytes("\0\1", 2, &o);
	ck_assert_int_eq(stmfw_image_is_placed(image), 1);
	stmfw_image_free(image);
}
END_TEST

START_TEST(base_for_a_file_with_addresses_is_refused)
{
	const char *hex = complete(":0100000041~\n" END_HEX);
	stmfw_image_opts o = STMFW_INIT(stmfw_image_opts);

	o.has_base = 1;
	refused_bytes(hex, strlen(hex), &o, STMFW_EINVAL, 0, "addresses of its own");
	o.type = STMFW_IMAGE_IHEX;
	refused_bytes(hex, strlen(hex), &o, STMFW_EINVAL, 0, "addresses of its own");
}
END_TEST

START_TEST(damaged_text_never_becomes_a_binary)
{
	static const char *const texts[] = {
		":",	 ":1",	      ":10000000",		 "S",	"S1", "S113",
		"  \n:0", "garbage\n:10", "000040800F2\n:0100000041BE\n", "\xef\xbb\xbf:10",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		stmfw_image_opts o = typed(STMFW_IMAGE_BIN);
		size_t n = strlen(texts[i]);
		stmfw_image_error e;
		stmfw_image *image;

		ck_assert_int_eq(stmfw_image_parse(&image, "fw", texts[i], n, NULL, &e),
				 STMFW_EFILE);
		ck_assert_msg(strstr(e.text, "\"bin\"") != NULL, "%s", e.text);
		stmfw_image_free(parsed_bytes(texts[i], n, &o)); /* unless the user says so */
	}
}
END_TEST

START_TEST(what_only_resembles_a_text_is_a_binary)
{
	static const char *const binaries[] = {
		"Some text", ":x", "S ", "\x01:10000000", "\x80 text\n:1000", "\177EL",
		"x :10", "\n\n", " ", "STMFW",
	};

	for (size_t i = 0; i < COUNT(binaries); i++) {
		stmfw_image *image = parsed_bytes(binaries[i], strlen(binaries[i]), NULL);

		ck_assert_int_eq(stmfw_image_type_of(image), STMFW_IMAGE_BIN);
		ck_assert_uint_eq(stmfw_image_total(image), strlen(binaries[i]));
		stmfw_image_free(image);
	}
}
END_TEST

START_TEST(type_given_overrides_the_content)
{
	const char *hex = complete(":0100000041~\n" END_HEX);
	stmfw_image_opts o = typed(STMFW_IMAGE_SREC);

	refused_bytes(hex, strlen(hex), &o, STMFW_EFILE, 1, "does not begin with 'S'");
#ifndef WITHOUT_LIBELF
	o.type = STMFW_IMAGE_ELF;
	refused_bytes(hex, strlen(hex), &o, STMFW_EFILE, 0, "no ELF file");
#endif
	o.type = STMFW_IMAGE_BIN;
	stmfw_image *image = parsed_bytes(hex, strlen(hex), &o);
	ck_assert_uint_eq(stmfw_image_total(image), strlen(hex));
	stmfw_image_free(image);
}
END_TEST

START_TEST(nothing_is_no_image)
{
	stmfw_image_opts o = STMFW_INIT(stmfw_image_opts);

	for (int type = STMFW_IMAGE_AUTO; type <= STMFW_IMAGE_ELF; type++) {
		o.type = (enum stmfw_image_type)type;
		refused_bytes(NULL, 0, &o, STMFW_EFILE, 0, "the file is empty");
	}
}
END_TEST

START_TEST(more_than_the_limit_is_refused)
{
	const char *hex = complete(":020000004142~\n:020002004344~\n" END_HEX);
	stmfw_image_opts o = STMFW_INIT(stmfw_image_opts);

	o.limit = 3;
	refused_bytes(hex, strlen(hex), &o, STMFW_ERANGE, 2, "more than 3 bytes");
	refused_bytes("\0\1\2\3", 4, &o, STMFW_ERANGE, 0, "more than 3 bytes");
	o.limit = 4;
	stmfw_image_free(parsed_bytes(hex, strlen(hex), &o));
	o.limit = UINT64_MAX;
	stmfw_image_free(parsed_bytes(hex, strlen(hex), &o));
}
END_TEST

START_TEST(wrong_calls_are_refused)
{
	stmfw_image_opts o = STMFW_INIT(stmfw_image_opts);
	stmfw_image_error e;
	stmfw_image *image;

	ck_assert_int_eq(stmfw_image_parse(NULL, "x", "a", 1, NULL, &e), STMFW_EINVAL);
	ck_assert_int_eq(e.status, STMFW_EINVAL);
	ck_assert_int_eq(stmfw_image_parse(&image, NULL, "a", 1, NULL, NULL), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_image_parse(&image, "x", NULL, 1, NULL, NULL), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_image_load(&image, NULL, NULL, NULL), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_image_load(&image, "", NULL, NULL), STMFW_EINVAL);
	o.type = (enum stmfw_image_type)5;
	ck_assert_int_eq(stmfw_image_parse(&image, "x", "a", 1, &o, NULL), STMFW_EINVAL);
	o.type = STMFW_IMAGE_AUTO;
	o.size = 0;
	ck_assert_int_eq(stmfw_image_parse(&image, "x", "a", 1, &o, NULL), STMFW_EINVAL);
	stmfw_image_free(NULL);
}
END_TEST

START_TEST(long_names_leave_room_for_the_reason)
{
	char name[2000];
	stmfw_image_error e;
	stmfw_image *image;

	memset(name, 'x', sizeof(name));
	memcpy(name + sizeof(name) - 9, "last.hex", 9);
	ck_assert_int_eq(stmfw_image_parse(&image, name, ":", 1, NULL, &e), STMFW_EFILE);
	ck_assert(strstr(e.text, "last.hex:1: the file ends in the middle") != NULL);
	ck_assert(strstr(e.text, "\"bin\"") != NULL);
}
END_TEST

/* ---- copying and writing ---- */

START_TEST(copies_have_their_gaps_filled)
{
	stmfw_image *image = parsed(":02000E004142~\n:0100110043~\n" END_HEX); /* 0e 0f, 11 */
	char out[8];

	ck_assert_uint_eq(stmfw_image_copy(image, 0x0c, out, 8, '.'), 3);
	ck_assert_mem_eq(out, "..AB.C..", 8);
	ck_assert_uint_eq(stmfw_image_copy(image, 0x0f, out, 2, '.'), 1);
	ck_assert_mem_eq(out, "B.", 2);
	ck_assert_uint_eq(stmfw_image_copy(image, 0x10, out, 1, '.'), 0);
	ck_assert_uint_eq(stmfw_image_copy(image, 0x12, out, 8, '-'), 0);
	ck_assert_mem_eq(out, "--------", 8);
	ck_assert_uint_eq(stmfw_image_copy(image, 0, out, 8, '-'), 0);
	ck_assert_uint_eq(stmfw_image_copy(image, 0x0e, NULL, 0, '-'), 0);
	ck_assert_uint_eq(stmfw_image_copy(image, UINT64_MAX - 3, out, 8, '-'), 0);
	stmfw_image_free(image);
}
END_TEST

struct text {
	char bytes[1024];
	size_t length, calls, stop_at;
};

static int take(const void *bytes, size_t length, void *arg)
{
	struct text *t = arg;

	if (++t->calls == t->stop_at)
		return 1;
	ck_assert_uint_lt(t->length + length, sizeof(t->bytes));
	memcpy(t->bytes + t->length, bytes, length);
	t->length += length;
	t->bytes[t->length] = '\0';
	return 0;
}

START_TEST(written_files_are_as_the_formats_want_them)
{
	stmfw_image *image = parsed(AT_FLASH ":03000E00414243~\n:02FFFF004445~\n" END_HEX);
	struct text hex = { 0 }, srec = { 0 }, bin = { 0 };

	ck_assert_int_eq(stmfw_image_write(image, STMFW_IMAGE_IHEX, 0, take, &hex), STMFW_OK);
	ck_assert_str_eq(hex.bytes, complete(":020000040800~\n:02000E004142~\n:0100100043~\n"
					     ":01FFFF0044~\n:020000040801~\n:0100000045~\n"
					     ":00000001~\n"));
	ck_assert_int_eq(stmfw_image_write(image, STMFW_IMAGE_SREC, 0, take, &srec), STMFW_OK);
	ck_assert_str_eq(srec.bytes, complete("S0030000~\nS3070800000E4142~\nS3060800001043~\n"
					      "S3060800FFFF44~\nS3060801000045~\n"
					      "S5030004~\nS70500000000~\n"));
	stmfw_image_free(image);
	image = parsed(":02000E004142~\n:0100110043~\n" END_HEX);
	ck_assert_int_eq(stmfw_image_write(image, STMFW_IMAGE_BIN, '.', take, &bin), STMFW_OK);
	ck_assert_str_eq(bin.bytes, "AB.C");
	stmfw_image_free(image);
}
END_TEST

START_TEST(writing_can_be_stopped_and_has_limits)
{
	stmfw_image *image = parsed(":0100000041~\n:020000040500~\n:0100000042~\n" END_HEX);
	struct text t = { .stop_at = 1 };

	ck_assert_int_eq(stmfw_image_write(image, STMFW_IMAGE_IHEX, 0, take, &t), STMFW_EABORTED);
	ck_assert_uint_eq(t.calls, 1);
	t.calls = 0;
	ck_assert_int_eq(stmfw_image_write(image, STMFW_IMAGE_BIN, 0, take, &t), STMFW_ERANGE);
	ck_assert_int_eq(stmfw_image_write(image, STMFW_IMAGE_ELF, 0, take, &t), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_image_write(image, STMFW_IMAGE_AUTO, 0, take, &t), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_image_write(image, STMFW_IMAGE_SREC, 0, NULL, &t), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_image_write(NULL, STMFW_IMAGE_SREC, 0, take, &t), STMFW_EINVAL);
	ck_assert_uint_eq(t.calls, 0);
	stmfw_image_free(image);
}
END_TEST

/* ---- files ---- */

static void load_refused(const char *path, int status, const char *words)
{
	stmfw_image_error e = { .text = "" };
	stmfw_image *image;

	ck_assert_int_eq(stmfw_image_load(&image, path, NULL, &e), status);
	ck_assert_int_eq(e.status, status);
	ck_assert_msg(strstr(e.text, words) != NULL, "%s", e.text);
	ck_assert_msg(strstr(e.text, path) == e.text, "%s", e.text);
}

START_TEST(files_are_loaded_and_other_things_refused)
{
	char folder[] = "/tmp/stmfw-image-XXXXXX", path[64], fifo[64];
	stmfw_image *image;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fw", folder);
	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	load_refused(path, STMFW_EFILE, "the file is empty");
	fputs(complete(":0100000041~\n" END_HEX), f);
	fclose(f);
	ck_assert_int_eq(stmfw_image_load(&image, path, NULL, NULL), STMFW_OK);
	is_range(image, 0, 0, "A");
	stmfw_image_free(image);
	ck_assert_int_eq(truncate(path, 300 << 20), 0); /* sparse */
	load_refused(path, STMFW_ERANGE, "314572800 bytes");
	load_refused(folder, STMFW_EFILE, "directory");
	load_refused(fifo, STMFW_EFILE, "no regular file");
	load_refused("/dev/zero", STMFW_EFILE, "no regular file");
	unlink(path);
	load_refused(path, STMFW_EFILE, "No such file");
	unlink(fifo);
	rmdir(folder);
}
END_TEST

/* ---- memory ---- */

struct meter {
	int left;      /* allocations that succeed */
	long balance;  /* blocks that are out */
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
static void starve(const void *bytes, size_t length, const char *path)
{
	int err = STMFW_ENOMEM;

	for (int n = 0; err; n++) {
		struct meter meter = { .left = n };
		const stmfw_allocator alloc = { metered, &meter };
		stmfw_image_opts o = STMFW_INIT(stmfw_image_opts);
		stmfw_image_error e = { 0 };
		stmfw_image *image = NULL;

		ck_assert_int_lt(n, 30);
		o.alloc = &alloc;
		err = path ? stmfw_image_load(&image, path, &o, &e)
			   : stmfw_image_parse(&image, "fw", bytes, length, &o, &e);
		ck_assert_int_eq(e.status, err);
		ck_assert(err == STMFW_ENOMEM || (err == STMFW_OK && n > 1));
		stmfw_image_free(image);
		ck_assert_int_eq(meter.balance, 0);
	}
}

START_TEST(missing_memory_is_reported_and_none_is_lost)
{
	const char *hex = complete(":0100000041~\n" END_HEX);
	char path[] = "/tmp/stmfw-image-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, hex, strlen(hex)), (ssize_t)strlen(hex));
	close(fd);
	starve(hex, strlen(hex), NULL);
	starve(NULL, 0, path);
	unlink(path);
#ifndef WITHOUT_LIBELF
	starve(elf_of(&(struct segment){ 1, 100, 0, 0, 4, 4 }, 1), ELF_SIZE, NULL);
#endif
	starve("\0\1\2", 3, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		hex_in_any_order_becomes_ascending_ranges,
		hex_addresses_are_completed_by_segment_or_upper_half,
		line_ends_case_and_blank_lines_do_not_matter,
		hex_with_a_fault_is_refused_with_its_line,
		nul_bytes_in_a_text_are_refused,
		addresses_beyond_32_bits_are_refused,
		srec_of_all_address_lengths_is_read,
		srec_may_end_with_its_count_instead_of_an_end_record,
		srec_goes_on_beyond_short_addresses,
		srec_with_a_fault_is_refused_with_its_line,
		every_changed_character_of_a_text_is_found,
		binary_is_placed_only_with_a_base,
		base_for_a_file_with_addresses_is_refused,
		damaged_text_never_becomes_a_binary,
		what_only_resembles_a_text_is_a_binary,
		type_given_overrides_the_content,
		nothing_is_no_image,
		more_than_the_limit_is_refused,
		wrong_calls_are_refused,
		long_names_leave_room_for_the_reason,
		copies_have_their_gaps_filled,
		written_files_are_as_the_formats_want_them,
		writing_can_be_stopped_and_has_limits,
		files_are_loaded_and_other_things_refused,
#ifdef WITHOUT_LIBELF
		elf_is_refused_without_libelf,
#else
		elf_segments_are_taken_by_their_physical_address,
		elf_with_wrong_segments_is_refused,
		elf_with_absurdly_many_parts_is_refused,
		elf_segments_are_cut_to_their_sections,
		elf_with_damaged_tables_is_refused,
		elf_that_is_no_firmware_is_refused,
		elf_cut_anywhere_is_refused_and_bytes_are_left_alone,
#endif
		missing_memory_is_reported_and_none_is_lost,
		NULL
	};

	return run_unit("image", tests);
}
