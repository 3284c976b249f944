/* SPDX-License-Identifier: MIT */
/*
 * What Intel HEX and S-record have in common: one record in a line, bytes as two hex digits.
 */
#ifndef STMFW_IMAGE_TEXT_H
#define STMFW_IMAGE_TEXT_H

#include "image.h"

#define RECORD_MOST 260u /* bytes of the longest record of either */

struct text_reader {
	struct image_builder *builder;
	const char *next, *end;
	/* The record at hand: its line without blanks around it. */
	struct image_place at;
	const char *text;
	size_t length;
	bool is_cut; /* the file ends without an end of this line */
};

void stmfw__text_begin(struct text_reader *t, struct image_builder *b);
/* The next line that is not blank. */
bool stmfw__text_next(struct text_reader *t);
/*
 * The digits of the record from `skip` on, as bytes. The first of them, plus `extra`, says how many
 * there must be. sum: of all of them, modulo 256.
 */
int stmfw__text_bytes(struct text_reader *t, size_t skip, size_t extra, uint8_t bytes[RECORD_MOST],
		      uint8_t *sum);
/* Refuses the record at hand. */
#define TEXT_FAIL(t, ...) stmfw__image_fail((t)->builder, STMFW_EFILE, (t)->at, __VA_ARGS__)

#endif
