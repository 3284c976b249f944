/* SPDX-License-Identifier: MIT */
/* A serial number: from where it comes to the bytes in flash. */
#include "serial.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"

static int number_text(char *text, size_t cap, const struct recipe_serial *r, int64_t number)
{
	switch (r->format) {
	case SERIAL_ASCII:
		return snprintf(text, cap, "%s%0*" PRId64, r->prefix ? r->prefix : "",
				(int)r->digits, number);
	case SERIAL_U32:
		return snprintf(text, cap, "%" PRId64, number);
	case SERIAL_HEX:
		return snprintf(text, cap, "%0*" PRIx64, (int)(2 * r->length), (uint64_t)number);
	}
	return -1;
}

bool serial_from_number(struct serial *s, const struct recipe_serial *r, int64_t number,
			char why[SERIAL_WHY])
{
	*s = (struct serial){ .number = number };
	int n = number_text(s->text, sizeof(s->text), r, number);
	if (n > 0 && (size_t)n < sizeof(s->text))
		return true;
	snprintf(why, SERIAL_WHY, "serial number %" PRId64 " has more than %zu characters", number,
		 sizeof(s->text) - 1);
	return false;
}

static bool take_text(struct serial *s, const char *text, size_t length, char why[SERIAL_WHY])
{
	while (length > 0 && strchr(" \t\r\n", text[length - 1]))
		length--;
	if (length == 0 || length >= sizeof(s->text)) {
		snprintf(why, SERIAL_WHY, "a serial number has 1 to %zu characters", sizeof(s->text) - 1);
		return false;
	}
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] > 0x7e) {
			snprintf(why, SERIAL_WHY, "a serial number has printable ASCII characters only");
			return false;
		}
	memcpy(s->text, text, length);
	s->text[length] = '\0';
	return true;
}

void serial_from_uid(struct serial *s, const char *uid)
{
	*s = (struct serial){ .number = -1 };
	snprintf(s->text, sizeof(s->text), "%s", uid);
}

bool serial_from_output(struct serial *s, const char *output, char why[SERIAL_WHY])
{
	*s = (struct serial){ .number = -1 };
	return take_text(s, output, strcspn(output, "\n"), why);
}

/* ---- bytes ---- */

static bool encode_ascii(struct serial *s, const struct recipe_serial *r, char why[SERIAL_WHY])
{
	size_t length = strlen(s->text), room = r->length ? r->length : length;

	if (length > room || room > sizeof(s->bytes)) {
		snprintf(why, SERIAL_WHY, "\"%s\" does not fit into %zu bytes", s->text, room);
		return false;
	}
	memset(s->bytes, 0, room);
	memcpy(s->bytes, s->text, length);
	s->length = room;
	return true;
}

static bool encode_u32(struct serial *s, char why[SERIAL_WHY])
{
	uint64_t number;

	if (!text_parse_number(s->text, UINT32_MAX, &number)) {
		snprintf(why, SERIAL_WHY, "\"%s\" is no number of 32 bits", s->text);
		return false;
	}
	for (int i = 0; i < 4; i++)
		s->bytes[i] = (uint8_t)(number >> (8 * i));
	snprintf(s->text, sizeof(s->text), "%" PRIu64, number);
	s->length = 4;
	return true;
}

static bool encode_hex(struct serial *s, const struct recipe_serial *r, char why[SERIAL_WHY])
{
	const char *digits = s->text;
	size_t room = r->length ? r->length : strlen(s->text) / 2;

	if (room == 0 || strlen(digits) != 2 * room ||
	    strspn(digits, "0123456789abcdefABCDEF") != 2 * room) {
		snprintf(why, SERIAL_WHY, "\"%s\" is not %zu bytes in hex", s->text, room);
		return false;
	}
	for (size_t i = 0; i < room; i++) {
		char byte[3] = { digits[2 * i], digits[2 * i + 1], '\0' };

		s->bytes[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	text_hex(s->text, s->bytes, room);
	s->length = room;
	return true;
}

bool serial_encode(struct serial *s, const struct recipe_serial *r, char why[SERIAL_WHY])
{
	switch (r->format) {
	case SERIAL_ASCII:
		return encode_ascii(s, r, why);
	case SERIAL_U32:
		return encode_u32(s, why);
	case SERIAL_HEX:
		return encode_hex(s, r, why);
	}
	return false;
}
