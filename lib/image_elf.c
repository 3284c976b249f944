/* SPDX-License-Identifier: MIT */
/*
 * ELF: what is to be in flash is in the segments to load, by their physical address (the address
 * of initialised variables is that of their copy in flash). libelf reads the structures; where
 * segments lie in the file is checked here.
 *
 * Of a segment only that counts which belongs to a section, as for objcopy: linkers round the start
 * of a segment down to a page, so that it may begin with the file's own header. A program for
 * 0x08004000 would so overwrite the boot loader before it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <gelf.h>

#include "image.h"

/* Each segment is looked for in all sections. Firmware has less than a hundred of either; without a
   limit a file of a few megabytes could keep us busy for minutes. */
#define TABLE_LIMIT 4096u

static const struct image_place nowhere = { 0 };

static int damaged(struct image_builder *b)
{
	return stmfw__image_fail(b, STMFW_EFILE, nowhere, "damaged ELF file: %s", elf_errmsg(-1));
}

static int unsupported(struct image_builder *b, const char *why)
{
	return stmfw__image_fail(b, STMFW_EUNSUPPORTED, nowhere, "%s", why);
}

static int check_ident(struct image_builder *b)
{
	const uint8_t *ident = b->source->bytes;

	if (b->source->length < sizeof(Elf32_Ehdr) || memcmp(ident, ELFMAG, SELFMAG) != 0)
		return stmfw__image_fail(b, STMFW_EFILE, nowhere,
					 "it is no ELF file, or only the beginning of one");
	if (ident[EI_CLASS] != ELFCLASS32)
		return unsupported(b, "an ELF file, but not a 32-bit one");
	if (ident[EI_DATA] != ELFDATA2LSB)
		return unsupported(b, "an ELF file, but not a little endian one");
	return STMFW_OK;
}

static int check_header(struct image_builder *b, Elf *elf)
{
	GElf_Ehdr header;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return damaged(b);
	if (header.e_machine != EM_ARM)
		return unsupported(b, "an ELF file, but not for an Arm processor");
	if (header.e_type == ET_REL)
		return unsupported(b, "an object file that is not linked yet");
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		return unsupported(b, "an ELF file, but not a program");
	return STMFW_OK;
}

/* What of the file is in a section that is loaded; everything, if there are no such sections. */
struct section {
	uint64_t offset, end;
};

static struct section next_section(Elf *elf, Elf_Scn **at)
{
	while ((*at = elf_nextscn(elf, *at))) {
		GElf_Shdr h;

		if (gelf_getshdr(*at, &h) && (h.sh_flags & SHF_ALLOC) && h.sh_type != SHT_NOBITS &&
		    h.sh_size)
			return (struct section){ h.sh_offset, h.sh_offset + h.sh_size };
	}
	return (struct section){ 0 };
}

static int add_part(struct image_builder *b, const GElf_Phdr *p, struct section part)
{
	uint64_t first = p->p_offset, end = first + p->p_filesz;
	const struct image_place at = { .offset = part.offset > first ? part.offset : first };

	if (part.end < end)
		end = part.end;
	if (at.offset >= end)
		return STMFW_OK;
	return stmfw__image_add(b, p->p_paddr + (at.offset - first), b->source->bytes + at.offset,
				(size_t)(end - at.offset), at);
}

static int add_segment(struct image_builder *b, Elf *elf, const GElf_Phdr *p)
{
	const struct section whole = { 0, b->source->length };
	Elf_Scn *at = NULL;
	struct section part = next_section(elf, &at);
	int err = STMFW_OK;

	if (!at)
		return add_part(b, p, whole);
	for (; at && !err; part = next_section(elf, &at))
		err = add_part(b, p, part);
	return err;
}

static int check_segment(struct image_builder *b, size_t number, const GElf_Phdr *p)
{
	const struct image_place at = { .offset = p->p_offset };
	const size_t length = b->source->length;

	if (p->p_offset > length || p->p_filesz > length - p->p_offset)
		return stmfw__image_fail(b, STMFW_EFILE, at,
					 "segment %zu (offset %" PRIu64 ", %" PRIu64
					 " bytes) goes beyond the end of the file",
					 number, p->p_offset, p->p_filesz);
	if (p->p_filesz > p->p_memsz)
		return stmfw__image_fail(b, STMFW_EFILE, at,
					 "segment %zu has more bytes in the file than in memory",
					 number);
	return STMFW_OK;
}

static int add_segments(struct image_builder *b, Elf *elf, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr p;

		if (!gelf_getphdr(elf, (int)i, &p))
			return damaged(b);
		if (p.p_type != PT_LOAD || p.p_filesz == 0)
			continue;
		int err = check_segment(b, i, &p);
		if (!err)
			err = add_segment(b, elf, &p);
		if (err)
			return err;
	}
	return b->bytes.length ? STMFW_OK : unsupported(b, "an ELF file without segments to load");
}

/* libelf takes a table that is cut off for a short one, or for none. */
static int check_table(struct image_builder *b, const char *of_what, uint64_t offset,
		       uint64_t length)
{
	if (offset + length <= b->source->length)
		return STMFW_OK;
	return stmfw__image_fail(b, STMFW_EFILE, (struct image_place){ .offset = offset },
				 "its table of %s goes beyond the end of the file", of_what);
}

static int read_segments(struct image_builder *b, Elf *elf)
{
	size_t count = 0, sections = 0;
	GElf_Ehdr h;

	if (!gelf_getehdr(elf, &h) || elf_getphdrnum(elf, &count) != 0 ||
	    elf_getshdrnum(elf, &sections) != 0)
		return damaged(b);
	if (count > TABLE_LIMIT || sections > TABLE_LIMIT)
		return stmfw__image_fail(b, STMFW_EUNSUPPORTED, nowhere,
					 "an ELF file with %zu segments and %zu sections: more "
					 "than %u of either are in no firmware",
					 count, sections, TABLE_LIMIT);
	int err = check_table(b, "segments", h.e_phoff, (uint64_t)h.e_phnum * h.e_phentsize);
	if (!err)
		err = check_table(b, "sections", h.e_shoff, (uint64_t)h.e_shnum * h.e_shentsize);
	return err ? err : add_segments(b, elf, count);
}

static int read_copy(struct image_builder *b, char *copy)
{
	Elf *elf = elf_memory(copy, b->source->length);

	if (!elf)
		return damaged(b);
	int err = check_header(b, elf);
	if (!err)
		err = read_segments(b, elf);
	elf_end(elf);
	return err;
}

int stmfw__image_read_elf(struct image_builder *b)
{
	int err = check_ident(b);

	if (err)
		return err;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return unsupported(b, "this libelf is too old");
	/* libelf may write to what it is given. */
	char *copy = stmfw__mem_alloc(b->mem, b->source->length);
	if (!copy)
		return stmfw__image_fail(b, STMFW_ENOMEM, nowhere, "out of memory");
	memcpy(copy, b->source->bytes, b->source->length);
	err = read_copy(b, copy);
	stmfw__mem_free(b->mem, copy);
	return err;
}
