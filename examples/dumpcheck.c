/* SPDX-License-Identifier: MIT */
/*
 * Does a dump look like firmware?
 *
 * Data that repeats itself with a period p is data that equals itself moved by p: one comparison
 * per period that hardware could cause, the powers of two. Period 1 is a constant. A period of
 * half the dump is what a chip shows whose address lines wrap round.
 */
#include "dumpcheck.h"

#include <string.h>

struct dump_verdict dump_check(const uint8_t *data, size_t length)
{
	struct dump_verdict v = { .kind = DUMP_PLAUSIBLE };

	for (size_t p = 1; p <= length / 2; p *= 2)
		if (memcmp(data, data + p, length - p) == 0) {
			v.period = p;
			break;
		}
	if (v.period == 0)
		return v;
	v.byte = data[0];
	v.kind = v.period > 1 ? DUMP_REPEATS : data[0] == 0xff ? DUMP_BLANK : DUMP_CONSTANT;
	return v;
}
