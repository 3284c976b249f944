/* SPDX-License-Identifier: MIT */
/*
 * Intel HEX. A record is ":", length, 16-bit address, type, data, checksum: the sum of all bytes
 * is 0.
 *
 * Addresses are completed by the last "extended" record: a segment, inside of which they would
 * wrap around after 64 KiB (we refuse that), or the upper half of a 32-bit address. The address
 * field of records that have no address is not looked at: old tools put things there.
 */
#include <inttypes.h>
#include <stdio.h>

#include "image_text.h"

enum record_type {
	DATA = 0,
	END = 1,
	SEGMENT = 2,
	START_SEGMENT = 3,
	LINEAR = 4,
	START_LINEAR = 5
};

#define FRAME 5u /* bytes of a record around its data */

struct ihex {
	struct text_reader text;
	uint64_t base;
	bool is_linear; /* the base came from a linear record */
	bool ended;
};

static unsigned int be16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static int add_data(struct ihex *h, unsigned int offset, const uint8_t *data, size_t length)
{
	if (!h->is_linear && offset + length > 0x10000)
		return TEXT_FAIL(&h->text,
				 "its addresses wrap around at the end of a 64 KiB segment");
	return stmfw__image_add(h->text.builder, h->base + offset, data, length, h->text.at);
}

/* Data that a record of this type must have; -1: any number of bytes. */
static int needed_length(enum record_type type)
{
	static const int needed[] = { -1, 0, 2, 4, 2, 4 };

	return needed[type];
}

static int take_record(struct ihex *h, const uint8_t *record)
{
	const uint8_t *data = record + 4;
	const unsigned int length = record[0], type = record[3];

	if (type > START_LINEAR)
		return TEXT_FAIL(&h->text, "record type %02x is not known", type);
	int needed = needed_length((enum record_type)type);
	if (needed >= 0 && (unsigned int)needed != length)
		return TEXT_FAIL(&h->text, "a record of type %02x has %d bytes, not %u", type,
				 needed, length);
	switch ((enum record_type)type) {
	case DATA:
		return add_data(h, be16(record + 1), data, length);
	case END:
		h->ended = true;
		break;
	case SEGMENT:
	case LINEAR:
		h->is_linear = type == LINEAR;
		h->base = (uint64_t)be16(data) << (h->is_linear ? 16 : 4);
		break;
	case START_SEGMENT:
	case START_LINEAR:
		break; /* where to start: the chip has its own way to know */
	}
	return STMFW_OK;
}

static int read_record(struct ihex *h)
{
	struct text_reader *t = &h->text;
	uint8_t record[RECORD_MOST], sum;

	if (h->ended)
		return TEXT_FAIL(t, "there is something behind the end record");
	if (t->text[0] != ':')
		return TEXT_FAIL(t, "the line does not begin with ':'");
	int err = stmfw__text_bytes(t, 1, FRAME, record, &sum);
	if (err)
		return err;
	if (sum != 0) {
		unsigned int said = record[record[0] + 4u];

		return TEXT_FAIL(t, "the checksum is %02x, the line says %02x", (said - sum) & 0xff,
				 said);
	}
	return take_record(h, record);
}

int stmfw__image_read_ihex(struct image_builder *b)
{
	struct ihex h = { 0 };

	stmfw__text_begin(&h.text, b);
	while (stmfw__text_next(&h.text)) {
		int err = read_record(&h);

		if (err)
			return err;
	}
	if (!h.ended)
		return TEXT_FAIL(&h.text,
				 "the file ends without an end record: it is not complete");
	return STMFW_OK;
}
