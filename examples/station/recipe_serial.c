/* SPDX-License-Identifier: MIT */
/* Rules and defaults of the serial number. */
#include <string.h>

#include "recipe_rules.h"
#include "serial.h"

#define UID_BYTES 12
#define MOST      127 /* characters of a number, and bytes in flash */

static const char *const sources[] = { "counter", "list", "uid", "command" };

/* Which key belongs to which sources; a key that would be overlooked is an error. */
static bool keys_belong(struct judge *j, const struct recipe_serial *s)
{
	static const struct {
		const char *key;
		unsigned int sources; /* bits */
		bool needed;
	} keys[] = {
		{ "first", 1u << SERIAL_COUNTER, true },
		{ "last", 1u << SERIAL_COUNTER, true },
		{ "prefix", 1u << SERIAL_COUNTER, false },
		{ "digits", 1u << SERIAL_COUNTER, false },
		{ "lease", 1u << SERIAL_COUNTER, false },
		{ "lease_block", 1u << SERIAL_COUNTER, false },
		{ "file", 1u << SERIAL_LIST, true },
		{ "command", 1u << SERIAL_COMMAND, true },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		bool belongs = keys[i].sources & 1u << s->source;

		if (judge_has(j, keys[i].key) && !belongs)
			return judge_wrong(j, keys[i].key, "\"%s\" has no meaning with source %s",
					   keys[i].key, sources[s->source]);
		if (!judge_has(j, keys[i].key) && belongs && keys[i].needed)
			return judge_wrong(j, "", "\"%s\" is missing: source %s needs it",
					   keys[i].key, sources[s->source]);
	}
	return true;
}

static unsigned int digits_of(uint64_t number)
{
	unsigned int n = 1;

	for (; number > 9; number /= 10)
		n++;
	return n;
}

/* ---- how many bytes ---- */

/* What it takes, if that is known; else 0. */
static unsigned int usual_length(const struct recipe_serial *s)
{
	if (s->format == SERIAL_U32)
		return 4;
	if (s->source == SERIAL_UID)
		return s->format == SERIAL_HEX ? UID_BYTES : 2 * UID_BYTES;
	if (s->source == SERIAL_COUNTER && s->format == SERIAL_ASCII) {
		unsigned int digits = digits_of(s->last);

		return (unsigned int)strlen(s->prefix) + (digits > s->digits ? digits : s->digits);
	}
	return 0;
}

static bool length(struct judge *j, struct recipe_serial *s)
{
	unsigned int usual = usual_length(s);

	if (!judge_has(j, "length") && usual == 0)
		return judge_wrong(j, "",
				   "\"length\" is missing: how many bytes of flash the number "
				   "takes");
	if (!recipe_rule_range32(j, "length", &s->length, 1, MOST, usual))
		return false;
	if (s->length > MOST)
		return judge_wrong(j, "prefix", "the number has more than %d characters", MOST);
	if (s->format == SERIAL_U32 && s->length != 4)
		return judge_wrong(j, "length", "\"length\" of format u32 is 4");
	if (s->format == SERIAL_HEX && s->source == SERIAL_UID && s->length != UID_BYTES)
		return judge_wrong(j, "length", "\"length\" of a UID in format hex is %d",
				   UID_BYTES);
	if (s->format == SERIAL_HEX && s->length > MOST / 2)
		return judge_wrong(j, "length", "\"length\" of format hex can be up to %d",
				   MOST / 2);
	return true;
}

/* ---- counter ---- */

static bool prefix(struct judge *j, const struct recipe_serial *s)
{
	if (s->format != SERIAL_ASCII && (judge_has(j, "prefix") || judge_has(j, "digits")))
		return judge_wrong(j, judge_has(j, "prefix") ? "prefix" : "digits",
				   "\"prefix\" and \"digits\" go with format ascii only");
	for (const char *p = s->prefix; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			return judge_wrong(j, "prefix", "\"prefix\" has to be printable ASCII");
	return true;
}

static bool counter(struct judge *j, struct recipe_serial *s)
{
	if (!recipe_rule_default(j, &s->prefix, "") || !prefix(j, s) ||
	    !recipe_rule_range(j, "last", &s->last, 0, INT64_MAX, 0) ||
	    !recipe_rule_range32(j, "digits", &s->digits, 0, 19, 0))
		return false;
	if (s->first > s->last)
		return judge_wrong(j, "last", "\"last\" is smaller than \"first\"");
	if (s->format == SERIAL_U32 && s->last > UINT32_MAX)
		return judge_wrong(j, "last", "\"last\" of format u32 can be up to 4294967295");
	if (s->digits > 0 && digits_of(s->last) > s->digits)
		return judge_wrong(j, "last", "\"last\" has %u digits, but \"digits\" is %u",
				   digits_of(s->last), s->digits);
	if (!s->lease && judge_has(j, "lease_block"))
		return judge_wrong(j, "lease_block", "\"lease_block\" goes with \"lease\" only");
	return !s->lease || recipe_rule_range32(j, "lease_block", &s->lease_block, 1, 1000000, 100);
}

/* The longest number fits, so all do. */
static bool last_fits(struct judge *j, const struct recipe_serial *r)
{
	char why[SERIAL_WHY];
	struct serial s;

	return (serial_from_number(&s, r, (int64_t)r->last, why) && serial_encode(&s, r, why)) ||
	       judge_wrong(j, "last", "the last number does not fit: %s", why);
}

/* ---- all of it ---- */

static bool place(struct judge *j, const struct recipe_serial *s)
{
	if (s->address > UINT32_MAX || s->address + s->length > (uint64_t)UINT32_MAX + 1)
		return judge_wrong(j, "address", "\"address\" is beyond 32 bits");
	if (s->format == SERIAL_U32 && s->address % 4 != 0)
		return judge_wrong(j, "address",
				   "\"address\" of format u32 has to be a multiple of 4");
	return true;
}

bool recipe_rules_serial(struct judge *j, struct recipe_serial *s)
{
	judge_at(j, "serial");
	if (!keys_belong(j, s))
		return false;
	if (s->source == SERIAL_COUNTER && !counter(j, s))
		return false;
	/* Whatever made 32 bits of it would give two chips the same number. */
	if (s->source == SERIAL_UID && s->format == SERIAL_U32)
		return judge_wrong(j, "format", "a UID has 96 bits: format u32 cannot hold it");
	if (s->command && !s->command[0][0])
		return judge_wrong(j, "command", "the first word of \"command\" is the program");
	if (!length(j, s) || !recipe_rule_default(j, &s->prefix, ""))
		return false;
	if (s->source == SERIAL_UID && s->format == SERIAL_ASCII && s->length < 2 * UID_BYTES)
		return judge_wrong(j, "length", "a UID has %d characters", 2 * UID_BYTES);
	return place(j, s) && (s->source != SERIAL_COUNTER || last_fits(j, s));
}
