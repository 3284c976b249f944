/* SPDX-License-Identifier: MIT */
/* Reading memory as text, for the public calls and for identifying a chip. */
#ifndef STMFW_MEMORY_H
#define STMFW_MEMORY_H

#include "op.h"

struct memory_range {
	uint64_t address;
	unsigned int width; /* bits */
	size_t count;
};

/* A script whose result is the list of values. target NULL: the current one. */
void stmfw__memory_read_script(struct buf *b, const char *target, const struct memory_range *r);
/* A script that writes the values. */
void stmfw__memory_write_script(struct buf *b, const char *target, const struct memory_range *r,
				const uint32_t *values);
/* Exactly count values, each within width; false if the text is anything else. As numbers, and as
   the bytes that they are in memory. */
bool stmfw__memory_parse(const char *text, const struct memory_range *r, uint32_t *values);
bool stmfw__memory_parse_bytes(const char *text, const struct memory_range *r, uint8_t *bytes);
/* At most count values. How many there are; 0 if the text is anything else. */
size_t stmfw__memory_parse_some(const char *text, const struct memory_range *r, uint32_t *values);
/* So many bytes, in the widest accesses that fit. */
struct memory_range stmfw__memory_block(uint64_t address, size_t length);

#endif
