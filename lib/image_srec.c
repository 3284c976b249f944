/* SPDX-License-Identifier: MIT */
/*
 * Motorola S-record. A record is "S", a digit for its type, length, address, data, checksum: the
 * sum of all bytes is 0xff. The length counts address, data and checksum. The bytes of a record may
 * go on beyond what its kind of address can name: srec_cat writes that.
 *
 * A file must end with an end record, or with a count of its data records, which is as good a sign
 * that nothing is missing: srec_cat writes no end record unless it is given a start address.
 */
#include <inttypes.h>
#include <stdio.h>

#include "image_text.h"

enum role { HEADER, DATA, RESERVED, COUNT, END };

static const struct record_type {
	enum role role;
	unsigned int address_length; /* bytes */
} types[10] = {
	{ HEADER, 2 }, { DATA, 2 },  { DATA, 3 }, { DATA, 4 }, { RESERVED, 0 },
	{ COUNT, 2 },  { COUNT, 3 }, { END, 4 },  { END, 3 },  { END, 2 },
};

enum progress { OPEN, COUNTED, ENDED };

struct srec {
	struct text_reader text;
	uint64_t data_records;
	enum progress progress;
};

static uint64_t big_endian(const uint8_t *p, unsigned int length)
{
	uint64_t value = 0;

	while (length--)
		value = value << 8 | *p++;
	return value;
}

static int take_record(struct srec *s, const struct record_type *type, const uint8_t *record)
{
	const uint64_t address = big_endian(record + 1, type->address_length);
	const unsigned int length = record[0] - type->address_length - 1;

	switch (type->role) {
	case DATA:
		s->data_records++;
		s->progress = OPEN;
		return stmfw__image_add(s->text.builder, address, record + 1 + type->address_length,
					length, s->text.at);
	case COUNT:
		s->progress = COUNTED;
		if (length == 0 && address == s->data_records)
			return STMFW_OK;
		if (length == 0)
			return TEXT_FAIL(&s->text,
					 "%" PRIu64
					 " data records came before, this line says %" PRIu64
					 ": lines are missing or doubled",
					 s->data_records, address);
		break;
	case END:
		s->progress = ENDED;
		if (length == 0)
			return STMFW_OK;
		break;
	default:
		return STMFW_OK; /* a header may say anything */
	}
	return TEXT_FAIL(&s->text, "a record of this type has no data, here are %u bytes", length);
}

static int read_record(struct srec *s)
{
	struct text_reader *t = &s->text;
	uint8_t record[RECORD_MOST], sum;

	if (s->progress == ENDED)
		return TEXT_FAIL(t, "there is something behind the end record");
	if (t->text[0] != 'S')
		return TEXT_FAIL(t, "the line does not begin with 'S'");
	if (t->length < 2 || t->text[1] < '0' || t->text[1] > '9')
		return TEXT_FAIL(t, "there is no type behind the 'S'");
	const struct record_type *type = &types[t->text[1] - '0'];
	if (type->role == RESERVED)
		return TEXT_FAIL(t, "record type S4 is not known");
	int err = stmfw__text_bytes(t, 2, 1, record, &sum);
	if (err)
		return err;
	if (record[0] < type->address_length + 1)
		return TEXT_FAIL(t, "the record is too short for its type");
	if (sum != 0xff) {
		unsigned int said = record[record[0]];

		return TEXT_FAIL(t, "the checksum is %02x, the line says %02x",
				 (0xff - (sum - said)) & 0xff, said);
	}
	return take_record(s, type, record);
}

int stmfw__image_read_srec(struct image_builder *b)
{
	struct srec s = { 0 };

	stmfw__text_begin(&s.text, b);
	while (stmfw__text_next(&s.text)) {
		int err = read_record(&s);

		if (err)
			return err;
	}
	if (s.progress == OPEN)
		return TEXT_FAIL(
			&s.text,
			"the file ends without an end record (S7, S8, S9): it is not complete");
	return STMFW_OK;
}
