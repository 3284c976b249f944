/* SPDX-License-Identifier: MIT */
/*
 * A firmware image, and how one is made.
 *
 * A reader (image_ihex.c and so on) hands over pieces in whatever order its file has them.
 * Finishing sorts them, refuses overlaps, merges what adjoins and puts everything into one block
 * of memory. Pieces are not merged before that, so that an error can name the very line or offset
 * at which a piece was given.
 */
#ifndef STMFW_IMAGE_H
#define STMFW_IMAGE_H

#include <stdbool.h>

#include "buf.h"

#define IMAGE_SPACE ((uint64_t)1 << 32) /* addresses are below this */

struct stmfw_image {
	struct mem mem;
	enum stmfw_image_type type;
	bool placed;
	uint64_t total;
	size_t count;
	stmfw_range ranges[]; /* and behind them the bytes */
};

/* The file that is being read. */
struct image_source {
	const char *name;
	const uint8_t *bytes;
	size_t length;
};

/* Where something stands in it; one of the two, as the format is a text or not. */
struct image_place {
	unsigned long line;
	uint64_t offset;
};

struct image_builder {
	const struct mem *mem;
	const struct image_source *source;
	stmfw_image_error *error; /* never NULL */
	uint64_t limit;
	struct buf bytes;  /* of all pieces, in the order of the file */
	struct buf pieces; /* struct piece, in the order of the file  */
};

/* One of them, by its magic number or by records of a text; binary if nothing speaks against it. */
enum stmfw_image_type stmfw__image_detect(const struct image_source *source);

/* The readers: STMFW_OK, or what stmfw__image_fail() returned. */
int stmfw__image_read_bin(struct image_builder *b, uint64_t base);
int stmfw__image_read_ihex(struct image_builder *b);
int stmfw__image_read_srec(struct image_builder *b);
int stmfw__image_read_elf(struct image_builder *b);

/* What a reader needs. Adding nothing is fine. */
int stmfw__image_add(struct image_builder *b, uint64_t address, const void *bytes, size_t length,
		     struct image_place at);
/* Fills the error; returns status. */
int stmfw__image_fail(struct image_builder *b, int status, struct image_place at, const char *fmt,
		      ...) __attribute__((format(printf, 4, 5)));

void stmfw__image_begin(struct image_builder *b, const struct mem *mem,
			const struct image_source *source, uint64_t limit,
			stmfw_image_error *error);
/* Makes the image of what was added. */
int stmfw__image_finish(struct image_builder *b, stmfw_image **out);
void stmfw__image_release(struct image_builder *b);

#endif
