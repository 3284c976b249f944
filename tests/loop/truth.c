/* SPDX-License-Identifier: MIT */
/* truth.c - see truth.h. */
#include "truth.h"

#include <string.h>

#include "fake_chip.h"

#define SECTOR 1024u
#define SPANS 16

static uint8_t old[FAKE_CHIP_FLASH_SIZE], wanted[FAKE_CHIP_FLASH_SIZE];

/* What the last result carried. */
static struct {
	bool flashed;
	enum stmfw_content content;
	stmfw_span open[SPANS];
	size_t open_count;
	uint8_t bytes[600];
	size_t length;
	stmfw_chip chip;
} said;

static void note_flash(const stmfw_flash_report *r)
{
	said.flashed = true;
	said.content = r->content;
	said.open_count = r->open ? r->open_count : 0;
	INSIST(said.open_count <= SPANS, "%zu spans", said.open_count);
	for (size_t i = 0; i < said.open_count; i++)
		said.open[i] = r->open[i];
}

static void note(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)w;
	(void)c;
	if (res->flash)
		note_flash(res->flash);
	if (res->chip)
		said.chip = *res->chip;
	if (res->data && res->count <= sizeof(said.bytes)) {
		said.length = res->count;
		memcpy(said.bytes, res->data, res->count);
	}
	for (size_t i = 0; res->words && i < res->count && i < sizeof(said.bytes) / 4; i++)
		for (size_t k = 0; k < 4; k++)
			said.bytes[said.length++] = (uint8_t)(res->words[i] >> (8 * k));
}

/* What the flash must hold after stmfw_flash(): what lies around the image in its sectors is lost. */
static void expect_new(void)
{
	size_t count;
	const stmfw_range *r = stmfw_image_ranges(small_image(), &count);
	size_t first = SMALL_IMAGE_OFFSET / SECTOR * SECTOR;
	size_t end = (SMALL_IMAGE_OFFSET + (size_t)r->length + SECTOR - 1) / SECTOR * SECTOR;

	memcpy(wanted, old, sizeof(wanted));
	memset(wanted + first, 0xff, end - first);
	memcpy(wanted + SMALL_IMAGE_OFFSET, r->data, (size_t)r->length);
}

void truth_begin(struct watch *w)
{
	memset(&said, 0, sizeof(said));
	memset(w, 0, sizeof(*w));
	w->then = note;
	side_reset();
	memcpy(old, fake_chip.flash, sizeof(old));
	expect_new();
}

/* ---- what a success promises --------------------------------------------------------------- */

static bool all_blank(size_t first, size_t end)
{
	while (first < end && fake_chip.flash[first] == 0xff)
		first++;
	return first == end;
}

static bool sectors_known_blank(int first, int last)
{
	while (first <= last && fake_chip.erased[first] == 1)
		first++;
	return first > last;
}

static bool said_bytes(size_t offset, size_t length)
{
	return said.length == length && memcmp(said.bytes, fake_chip.flash + offset, length) == 0;
}

static bool success_is_true(const char *name)
{
#define IS(s) (strcmp(name, s) == 0)
	if (IS("read_flash"))
		return side.length == 600 && memcmp(side.bytes, fake_chip.flash, 600) == 0;
	if (IS("read_flash_kept"))
		return said_bytes(100, 600);
	if (IS("flash"))
		return said.content == STMFW_CONTENT_NEW;
	if (IS("erase_sectors"))
		return all_blank(0, 4 * SECTOR);
	if (IS("erase_range"))
		return all_blank(0, SECTOR);
	if (IS("mass_erase"))
		return all_blank(0, FAKE_CHIP_FLASH_SIZE);
	if (IS("blank_check"))
		return sectors_known_blank(3, 7);
	if (IS("halt") || IS("reset"))
		return strcmp(fake_chip.state, "halted") == 0;
	if (IS("resume"))
		return strcmp(fake_chip.state, "running") == 0;
	if (IS("protect"))
		return fake_chip.protected_blocks & 2;
	if (IS("lock"))
		return fake_chip.rdp == 1;
	if (IS("unprotect"))
		return fake_chip.rdp == 0;
	if (IS("options_write"))
		return (fake_chip.options.obr & OPTIONS_MASK) == OPTIONS_VALUE && fake_chip.rdp == 0;
	if (IS("read_words"))
		return said_bytes(0, 16);
	if (IS("read_block"))
		return said_bytes(1, 9);
	if (IS("identify"))
		return said.chip.idcode == fake_chip.idcode && said.chip.rdp == STMFW_RDP_1;
	if (IS("write_words"))
		return memcmp(fake_chip.ram, "\1\0\0\0\2\0\0\0\3\0\0\0", 12) == 0;
	if (IS("write_block"))
		return memcmp(fake_chip.ram + 1, "\1\2\3\4\5\6\7", 7) == 0;
	return true;
#undef IS
}

/* ---- what a report says -------------------------------------------------------------------- */

static bool is_open(size_t offset)
{
	for (size_t i = 0; i < said.open_count; i++)
		if (offset + FAKE_CHIP_BASE - said.open[i].address < said.open[i].length)
			return true;
	return false;
}

static bool report_is_true(void)
{
	size_t i = 0;

	switch (said.content) {
	case STMFW_CONTENT_NEW:
		return memcmp(fake_chip.flash, wanted, sizeof(wanted)) == 0;
	case STMFW_CONTENT_OLD:
	case STMFW_CONTENT_UNCHANGED:
		return memcmp(fake_chip.flash, old, sizeof(old)) == 0;
	case STMFW_CONTENT_MIXED:
	case STMFW_CONTENT_UNKNOWN:
		break;
	}
	while (i < sizeof(old) &&
	       (fake_chip.flash[i] == old[i] || fake_chip.flash[i] == wanted[i] || is_open(i)))
		i++;
	return i == sizeof(old);
}

bool truth_holds(const char *name, const struct watch *w)
{
	if (said.flashed && !report_is_true())
		return false;
	return w->status != STMFW_OK || success_is_true(name);
}
