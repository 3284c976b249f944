/* SPDX-License-Identifier: MIT */
/*
 * The document for people. Sectors that are alike are shown as one line: a chip with 128 of them
 * still fits on the screen.
 */
#include "info.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* A string of the document, safe to print; a ring of buffers for several in one call. */
static const char *str(const json_t *object, const char *key)
{
	static char ring[8][256];
	static unsigned int next;
	const char *s = json_string_value(json_object_get(object, key));

	return text_harmless(ring[next++ % 8], sizeof(ring[0]), s && s[0] ? s : "unknown");
}

static uint64_t num(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

static void show_server(const json_t *server)
{
	printf("OpenOCD    %s, at %s\n", str(server, "version"), str(server, "address"));
	printf("adapter    %s, transport %s\n", str(server, "adapter"), str(server, "transport"));
}

static void show_targets(const json_t *targets)
{
	const json_t *t;
	size_t i;

	json_array_foreach(targets, i, t)
		printf("target     %s (%s): %s%s\n", str(t, "name"), str(t, "type"),
		       str(t, "state"),
		       json_is_true(json_object_get(t, "examined"))
			       ? ""
			       : ", OpenOCD could not examine it");
}

static void show_protection(const char *level)
{
	const char *meaning = "";

	if (strcmp(level, "level 1") == 0)
		meaning = ": the flash cannot be read; removing the protection erases it";
	else if (strcmp(level, "level 2") == 0)
		meaning = ": the flash cannot be read, and that is for ever";
	printf("read prot. %s%s\n", level, meaning);
}

static void show_chip(const json_t *chip)
{
	if (!json_is_object(chip))
		return;
	printf("chip       %s, device %s revision %s\n", str(chip, "family"),
	       str(chip, "device_id"), str(chip, "revision_id"));
	printf("UID        %s\n", str(chip, "uid"));
	if (num(chip, "flash_kib"))
		printf("flash      %" PRIu64 " KiB, says the chip\n", num(chip, "flash_kib"));
	show_protection(str(chip, "read_protection"));
	if (json_object_get(chip, "options_mask"))
		printf("options    %s, of which %s can be written\n", str(chip, "options"),
		       str(chip, "options_mask"));
}

/* ---- sectors ---- */

struct run {
	size_t first, count;
	uint64_t offset, size;
	const json_t *is_protected;
};

static struct run run_at(const json_t *sectors, size_t first, bool every)
{
	const json_t *s = json_array_get(sectors, first);
	struct run r = { .first = first,
			 .count = 1,
			 .offset = num(s, "offset"),
			 .size = num(s, "size"),
			 .is_protected = json_object_get(s, "protected") };

	for (; !every && (s = json_array_get(sectors, first + r.count)); r.count++)
		if (num(s, "size") != r.size ||
		    !json_equal(json_object_get(s, "protected"), r.is_protected))
			break;
	return r;
}

static void show_run(const struct run *r, uint64_t base)
{
	char size[TEXT_SHORT], names[48];
	const char *protection = "not known whether write protected";

	if (json_is_boolean(r->is_protected))
		protection = json_is_true(r->is_protected) ? "write protected"
							   : "not write protected";
	if (r->count == 1)
		snprintf(names, sizeof(names), "%zu", r->first);
	else
		snprintf(names, sizeof(names), "%zu-%zu", r->first, r->first + r->count - 1);
	printf("  %-9s 0x%08" PRIx64 "  %4zu x %-10s %s\n", names, base + r->offset, r->count,
	       text_size(size, r->size), protection);
}

static void show_bank(const json_t *bank, bool every)
{
	const json_t *sectors = json_object_get(bank, "sectors");
	uint64_t base = strtoull(str(bank, "base"), NULL, 16);
	char size[TEXT_SHORT];

	printf("\nbank %" PRIu64 "     %s (%s) at %s, %s\n", num(bank, "bank"), str(bank, "name"),
	       str(bank, "driver"), str(bank, "base"),
	       num(bank, "size") ? text_size(size, num(bank, "size")) : "size not known");
	for (size_t i = 0; i < json_array_size(sectors);) {
		struct run r = run_at(sectors, i, every);

		show_run(&r, base);
		i += r.count;
	}
}

void info_show(const json_t *doc, bool every)
{
	const json_t *item;
	size_t i;

	if (json_is_object(json_object_get(doc, "server")))
		show_server(json_object_get(doc, "server"));
	show_targets(json_object_get(doc, "targets"));
	show_chip(json_object_get(doc, "chip"));
	json_array_foreach(json_object_get(doc, "banks"), i, item)
		show_bank(item, every);
	json_array_foreach(json_object_get(doc, "notes"), i, item)
		printf("%snote       %s\n", i == 0 ? "\n" : "", json_string_value(item));
}
