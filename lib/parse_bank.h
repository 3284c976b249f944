/* SPDX-License-Identifier: MIT */
/* What OpenOCD prints about flash banks, in every version's wording, into structs. */
#ifndef STMFW_PARSE_BANK_H
#define STMFW_PARSE_BANK_H

#include <stdbool.h>

#include "mem.h"

/* Lines of: number (0, 1, 2 ...), name, driver, target, base, size, separated by tabs. text is
   changed and referred to. False: damaged, or out of memory (a->failed). */
bool stmfw__parse_banks(struct arena *a, char *text, stmfw_bank **banks, size_t *count);

/* The output of `flash info`: a header line, then lines of sectors (or protection blocks), then
   the driver's words about the chip. text is changed and referred to. */
struct flash_info {
	stmfw_sector *sectors;
	size_t count;
	const char *chip;
};
bool stmfw__parse_flash_info(struct arena *a, char *text, struct flash_info *info);

/* Whether its sectors can be those of a bank of this size: at least one, not empty, ascending, none
   over another or beyond the end. There may be holes. */
bool stmfw__flash_info_fits(const struct flash_info *info, uint64_t size);
/* Whether two lists have the same sectors, whatever their state. */
bool stmfw__flash_info_same(const struct flash_info *a, const struct flash_info *b);

/* Sectors take their protection from the blocks that cover them. */
void stmfw__apply_protection(stmfw_sector *sectors, size_t count, const stmfw_sector *blocks,
			     size_t block_count);

/* The output of `flash erase_check`, which names only sectors that are not erased. */
void stmfw__parse_erase_check(char *text, stmfw_sector *sectors, size_t count);

#endif
