/* SPDX-License-Identifier: MIT */
/* A firmware image: made of pieces, then only looked at. See image.h. */
#include "image.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walk.h"

#define NAME_SHOWN 120 /* characters of a long path: its end tells more */

struct piece {
	uint64_t address;
	size_t length;
	size_t at; /* in builder->bytes; ascends in the order of the file */
	struct image_place place;
};

/* ---- making one ---- */

void stmfw__image_begin(struct image_builder *b, const struct mem *mem,
			const struct image_source *source, uint64_t limit, stmfw_image_error *error)
{
	const size_t most = SIZE_MAX / 4; /* a buffer doubles */

	*b = (struct image_builder){ .mem = mem, .source = source, .error = error, .limit = limit };
	stmfw__buf_init(&b->bytes, mem, limit < most ? (size_t)limit : most);
	stmfw__buf_init(&b->pieces, mem, most);
}

void stmfw__image_release(struct image_builder *b)
{
	stmfw__buf_release(&b->bytes);
	stmfw__buf_release(&b->pieces);
}

int stmfw__image_fail(struct image_builder *b, int status, struct image_place at, const char *fmt,
		      ...)
{
	stmfw_image_error *e = b->error;
	const char *name = b->source->name;
	size_t length = strlen(name);
	bool is_long = length > NAME_SHOWN;
	va_list ap;

	*e = (stmfw_image_error){ .status = status, .line = at.line, .offset = at.offset };
	int n = snprintf(e->text, sizeof(e->text), "%s%s:", is_long ? "..." : "",
			 is_long ? name + length - NAME_SHOWN : name);
	if (at.line)
		n += snprintf(e->text + n, sizeof(e->text) - (size_t)n, "%lu:", at.line);
	e->text[n++] = ' ';
	va_start(ap, fmt);
	vsnprintf(e->text + n, sizeof(e->text) - (size_t)n, fmt, ap);
	va_end(ap);
	return status;
}

int stmfw__image_add(struct image_builder *b, uint64_t address, const void *bytes, size_t length,
		     struct image_place at)
{
	const struct piece piece = { address, length, b->bytes.length, at };

	if (length == 0)
		return STMFW_OK;
	if (address >= IMAGE_SPACE || length > IMAGE_SPACE - address)
		return stmfw__image_fail(b, STMFW_ERANGE, at,
					 "%zu bytes at 0x%08" PRIx64 " go beyond 32-bit addresses",
					 length, address);
	stmfw__buf_append(&b->bytes, bytes, length);
	stmfw__buf_append(&b->pieces, &piece, sizeof(piece));
	if (b->bytes.error == STMFW_ERANGE)
		return stmfw__image_fail(b, STMFW_ERANGE, at,
					 "more than %" PRIu64 " bytes, which is the limit",
					 b->limit);
	if (b->bytes.error || b->pieces.error)
		return stmfw__image_fail(b, STMFW_ENOMEM, at, "out of memory");
	return STMFW_OK;
}

static int by_address(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->at < b->at ? -1 : 1;
}

static int overlap(struct image_builder *b, const struct piece *low, const struct piece *high)
{
	const struct piece *first = low->at < high->at ? low : high;
	const struct piece *second = first == low ? high : low;

	if (second->place.line)
		return stmfw__image_fail(b, STMFW_EFILE, second->place,
					 "the byte at 0x%08" PRIx64
					 " was given before, in line %lu",
					 high->address, first->place.line);
	return stmfw__image_fail(b, STMFW_EFILE, second->place,
				 "the byte at 0x%08" PRIx64 " is given twice, at offsets %" PRIu64
				 " and %" PRIu64 " of the file",
				 high->address, first->place.offset, second->place.offset);
}

/* Sorts the pieces; the number of ranges that they are, or of status. */
static int arrange(struct image_builder *b, struct piece *p, size_t n, size_t *ranges)
{
	qsort(p, n, sizeof(*p), by_address);
	*ranges = 1;
	for (size_t i = 1; i < n; i++) {
		uint64_t end = p[i - 1].address + p[i - 1].length;

		if (p[i].address < end)
			return overlap(b, &p[i - 1], &p[i]);
		*ranges += p[i].address > end;
	}
	return STMFW_OK;
}

static void fill(stmfw_image *image, const struct piece *p, size_t n, const char *bytes)
{
	uint8_t *to = (uint8_t *)(image->ranges + image->count);
	stmfw_range *range = image->ranges;

	*range = (stmfw_range){ .address = p->address, .data = to };
	for (const struct piece *end = p + n; p < end; p++) {
		if (p->address > range->address + range->length)
			*++range = (stmfw_range){ .address = p->address, .data = to };
		memcpy(to, bytes + p->at, p->length);
		range->length += p->length;
		to += p->length;
	}
}

int stmfw__image_finish(struct image_builder *b, stmfw_image **out)
{
	struct piece *pieces = (struct piece *)(void *)b->pieces.data;
	size_t n = b->pieces.length / sizeof(*pieces), ranges;
	const struct image_place nowhere = { 0 };
	stmfw_image *image;

	if (n == 0)
		return stmfw__image_fail(b, STMFW_EFILE, nowhere, "there is no data in it");
	int err = arrange(b, pieces, n, &ranges);
	if (err)
		return err;
	image = stmfw__mem_alloc(b->mem, sizeof(*image) + ranges * sizeof(*image->ranges) +
						 b->bytes.length);
	if (!image)
		return stmfw__image_fail(b, STMFW_ENOMEM, nowhere, "out of memory");
	image->mem = *b->mem;
	image->total = b->bytes.length;
	image->count = ranges;
	fill(image, pieces, n, b->bytes.data);
	*out = image;
	return STMFW_OK;
}

/* ---- looking at one ---- */

void stmfw_image_free(stmfw_image *image)
{
	if (!image)
		return;
	const struct mem mem = image->mem;
	stmfw__mem_free(&mem, image);
}

enum stmfw_image_type stmfw_image_type_of(const stmfw_image *image)
{
	return image->type;
}

int stmfw_image_is_placed(const stmfw_image *image)
{
	return image->placed;
}

const stmfw_range *stmfw_image_ranges(const stmfw_image *image, size_t *count)
{
	if (count)
		*count = image->count;
	return image->ranges;
}

uint64_t stmfw_image_total(const stmfw_image *image)
{
	return image->total;
}

void stmfw_image_bounds(const stmfw_image *image, uint64_t *first, uint64_t *end)
{
	const stmfw_range *last = &image->ranges[image->count - 1];

	if (first)
		*first = image->ranges[0].address;
	if (end)
		*end = last->address + last->length;
}

uint64_t stmfw_image_copy(const stmfw_image *image, uint64_t address, void *out, uint64_t length,
			  uint8_t fill_with)
{
	uint64_t end = length > UINT64_MAX - address ? UINT64_MAX : address + length, copied = 0;
	const struct ranges all = { image->ranges, image->count };

	if (length)
		memset(out, fill_with, (size_t)length);
	for (size_t i = stmfw__ranges_search(all, address); i < image->count; i++) {
		const stmfw_range *r = &image->ranges[i];
		uint64_t from = r->address > address ? r->address : address;
		uint64_t to = r->address + r->length < end ? r->address + r->length : end;

		if (from >= to)
			break;
		memcpy((uint8_t *)out + (from - address), r->data + (from - r->address),
		       (size_t)(to - from));
		copied += to - from;
	}
	return copied;
}
