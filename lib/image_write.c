/* SPDX-License-Identifier: MIT */
/*
 * An image as a file again: binary, Intel HEX, S-record.
 *
 * The texts have 16 bytes in a line, at addresses that are multiples of 16, so that they are easy
 * to compare and no line crosses the end of a 64 KiB segment.
 */
#include <stdio.h>
#include <string.h>

#include "image.h"

#define BINARY_LIMIT ((uint64_t)64 << 20)
#define LINE_BYTES   16u

struct output {
	stmfw_write_cb write;
	void *arg;
	int aborted;
	unsigned int upper; /* Intel HEX: upper half of the addresses, as the file says so far */
	size_t length;
	char bytes[4096];
};

static void flush(struct output *o)
{
	if (o->length && !o->aborted)
		o->aborted = o->write(o->bytes, o->length, o->arg) != 0;
	o->length = 0;
}

/* ---- binary ---- */

static int write_bin(const stmfw_image *image, uint8_t fill, struct output *o)
{
	uint64_t at, end;

	stmfw_image_bounds(image, &at, &end);
	if (end - at > BINARY_LIMIT)
		return STMFW_ERANGE;
	while (at < end && !o->aborted) {
		uint64_t n = end - at < sizeof(o->bytes) ? end - at : sizeof(o->bytes);

		stmfw_image_copy(image, at, o->bytes, n, fill);
		o->length = (size_t)n;
		flush(o);
		at += n;
	}
	return STMFW_OK;
}

/* ---- texts ---- */

#define LINE_MOST 64u /* characters: mark, length, address, type, bytes, checksum, line end */

static void put_byte(struct output *o, unsigned int byte)
{
	static const char digits[] = "0123456789ABCDEF";

	o->bytes[o->length++] = digits[byte >> 4 & 15];
	o->bytes[o->length++] = digits[byte & 15];
}

/* One record: the mark, then bytes whose sum, with a checksum behind them, is `total`. */
static void put_record(struct output *o, const char *mark, const uint8_t *head, size_t head_length,
		       const uint8_t *data, size_t length, unsigned int total)
{
	size_t mark_length = strlen(mark);

	if (sizeof(o->bytes) - o->length < LINE_MOST)
		flush(o);
	memcpy(o->bytes + o->length, mark, mark_length);
	o->length += mark_length;
	for (size_t i = 0; i < head_length; total -= head[i++])
		put_byte(o, head[i]);
	for (size_t i = 0; i < length; total -= data[i++])
		put_byte(o, data[i]);
	put_byte(o, total & 0xff);
	o->bytes[o->length++] = '\n';
}

/* ---- Intel HEX ---- */

static void put_ihex(struct output *o, unsigned int type, unsigned int address, const uint8_t *data,
		     size_t length)
{
	const uint8_t head[4] = { (uint8_t)length, (uint8_t)(address >> 8), (uint8_t)address,
				  (uint8_t)type };

	put_record(o, ":", head, sizeof(head), data, length, 0);
}

static void put_ihex_line(struct output *o, uint64_t address, const uint8_t *data, size_t length)
{
	const unsigned int upper = (unsigned int)(address >> 16);

	if (upper != o->upper) {
		const uint8_t linear[2] = { (uint8_t)(upper >> 8), (uint8_t)upper };

		put_ihex(o, 4, 0, linear, sizeof(linear));
		o->upper = upper;
	}
	put_ihex(o, 0, address & 0xffff, data, length);
}

/* ---- S-record ---- */

static void put_srec(struct output *o, const char *mark, unsigned int address_length,
		     uint64_t address, const uint8_t *data, size_t length)
{
	uint8_t head[5] = { (uint8_t)(address_length + length + 1) };

	for (unsigned int i = 1; i <= address_length; i++)
		head[i] = (uint8_t)(address >> 8 * (address_length - i));
	put_record(o, mark, head, 1 + address_length, data, length, 0xff);
}

static void put_srec_line(struct output *o, uint64_t address, const uint8_t *data, size_t length)
{
	put_srec(o, "S3", 4, address, data, length);
}

/* How many lines of data there were: a reader can tell if some are missing. */
static void put_srec_count(struct output *o, uint64_t lines)
{
	if (lines <= 0xffff)
		put_srec(o, "S5", 2, lines, NULL, 0);
	else if (lines <= 0xffffff)
		put_srec(o, "S6", 3, lines, NULL, 0);
}

/* ---- both ---- */

typedef void (*line_writer)(struct output *o, uint64_t address, const uint8_t *data, size_t length);

static uint64_t write_lines(const stmfw_image *image, struct output *o, line_writer put)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < image->count; i++) {
		const stmfw_range *r = &image->ranges[i];

		for (uint64_t done = 0; done < r->length && !o->aborted; lines++) {
			uint64_t address = r->address + done;
			uint64_t n = LINE_BYTES - address % LINE_BYTES;

			if (n > r->length - done)
				n = r->length - done;
			put(o, address, r->data + done, (size_t)n);
			done += n;
		}
	}
	return lines;
}

static void write_text(const stmfw_image *image, enum stmfw_image_type type, struct output *o)
{
	if (type == STMFW_IMAGE_IHEX) {
		write_lines(image, o, put_ihex_line);
		put_ihex(o, 1, 0, NULL, 0);
		return;
	}
	put_srec(o, "S0", 2, 0, NULL, 0);
	put_srec_count(o, write_lines(image, o, put_srec_line));
	put_srec(o, "S7", 4, 0, NULL, 0);
}

int stmfw_image_write(const stmfw_image *image, enum stmfw_image_type type, uint8_t fill,
		      stmfw_write_cb write, void *arg)
{
	struct output o = { .write = write, .arg = arg };
	int err = STMFW_OK;

	if (!image || !write)
		return STMFW_EINVAL;
	if (type == STMFW_IMAGE_BIN)
		err = write_bin(image, fill, &o);
	else if (type == STMFW_IMAGE_IHEX || type == STMFW_IMAGE_SREC)
		write_text(image, type, &o);
	else
		return STMFW_EINVAL;
	if (err)
		return err;
	flush(&o);
	return o.aborted ? STMFW_EABORTED : STMFW_OK;
}
