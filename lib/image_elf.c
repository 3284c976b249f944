/* SPDX-License-Identifier: MIT */
/*
 * ELF: what is to be in flash is in the segments to load, by their physical address (the address
 * of initialised variables is that of their copy in flash). libelf reads the structures; where
 * segments lie in the file is checked here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <libelf.h>

#include "image.h"

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
	const Elf32_Ehdr *header = elf_kind(elf) == ELF_K_ELF ? elf32_getehdr(elf) : NULL;

	if (!header)
		return damaged(b);
	if (header->e_machine != EM_ARM)
		return unsupported(b, "an ELF file, but not for an Arm processor");
	if (header->e_type == ET_REL)
		return unsupported(b, "an object file that is not linked yet");
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		return unsupported(b, "an ELF file, but not a program");
	return STMFW_OK;
}

static int add_segment(struct image_builder *b, size_t number, const Elf32_Phdr *p)
{
	const struct image_place at = { .offset = p->p_offset };
	const size_t length = b->source->length;

	if (p->p_offset > length || p->p_filesz > length - p->p_offset)
		return stmfw__image_fail(b, STMFW_EFILE, at,
					 "segment %zu (offset %" PRIu32 ", %" PRIu32
					 " bytes) goes beyond the end of the file",
					 number, p->p_offset, p->p_filesz);
	if (p->p_filesz > p->p_memsz)
		return stmfw__image_fail(b, STMFW_EFILE, at,
					 "segment %zu has more bytes in the file than in memory",
					 number);
	return stmfw__image_add(b, p->p_paddr, b->source->bytes + p->p_offset, p->p_filesz, at);
}

static int add_segments(struct image_builder *b, Elf *elf)
{
	bool found = false;
	size_t count = 0;

	if (elf_getphdrnum(elf, &count) != 0)
		return damaged(b);
	/* libelf takes a table that is cut off for a short one. */
	if (count != elf32_getehdr(elf)->e_phnum)
		return stmfw__image_fail(b, STMFW_EFILE, nowhere,
					 "the table of segments goes beyond the end of the file");
	const Elf32_Phdr *segments = count ? elf32_getphdr(elf) : NULL;
	if (count && !segments)
		return damaged(b);
	for (size_t i = 0; i < count; i++) {
		if (segments[i].p_type != PT_LOAD || segments[i].p_filesz == 0)
			continue;
		int err = add_segment(b, i, &segments[i]);
		if (err)
			return err;
		found = true;
	}
	return found ? STMFW_OK : unsupported(b, "an ELF file without segments to load");
}

static int read_copy(struct image_builder *b, char *copy)
{
	Elf *elf = elf_memory(copy, b->source->length);

	if (!elf)
		return damaged(b);
	int err = check_header(b, elf);
	if (!err)
		err = add_segments(b, elf);
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
