/* SPDX-License-Identifier: MIT */
/* A serial number, as people write it and as bytes in flash. */
#ifndef SERIAL_H
#define SERIAL_H

#include "recipe.h"

#define SERIAL_WHY 256
#define SERIAL_BYTES 256

struct serial {
	int64_t number; /* of a counter, or of a line in a list; -1: neither */
	char text[128];
	uint8_t bytes[SERIAL_BYTES];
	size_t length;  /* of bytes; 0: not made yet */
};

/* Of a counter: as the recipe's format writes its number. False: why. */
bool serial_from_number(struct serial *s, const struct recipe_serial *r, int64_t number,
			char why[SERIAL_WHY]);
/* Of the chip's unique id, in hex. */
void serial_from_uid(struct serial *s, const char *uid);
/* Of a program's output: its first line. False: why. */
bool serial_from_output(struct serial *s, const char *output, char why[SERIAL_WHY]);
/*
 * Makes the bytes of the text, and the text the one that all with these bytes have: hex digits in lower
 * case, a number of 32 bits without zeros in front. False: why.
 */
bool serial_encode(struct serial *s, const struct recipe_serial *r, char why[SERIAL_WHY]);

#endif
