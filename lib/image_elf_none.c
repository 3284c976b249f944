/* SPDX-License-Identifier: MIT */
/* Instead of image_elf.c, in a library that is built without libelf. */
#include "image.h"

int stmfw__image_read_elf(struct image_builder *b)
{
	const struct image_place nowhere = { 0 };

	return stmfw__image_fail(b, STMFW_EUNSUPPORTED, nowhere,
				 "an ELF file; this library was built without libelf. Convert it: "
				 "arm-none-eabi-objcopy -O ihex");
}
