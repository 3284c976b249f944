/* SPDX-License-Identifier: MIT */
/* Does a dump look like firmware, or like something that went wrong unnoticed? */
#ifndef DUMPCHECK_H
#define DUMPCHECK_H

#include <stddef.h>
#include <stdint.h>

enum dump_kind {
	DUMP_PLAUSIBLE,
	DUMP_BLANK,    /* every byte is FF: erased        */
	DUMP_CONSTANT, /* every byte is the same          */
	DUMP_REPEATS   /* one block, again and again      */
};

struct dump_verdict {
	enum dump_kind kind;
	uint8_t byte;  /* BLANK, CONSTANT           */
	size_t period; /* REPEATS: size of the block */
};

struct dump_verdict dump_check(const uint8_t *data, size_t length);

#endif
