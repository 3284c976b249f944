/* SPDX-License-Identifier: MIT */
/*
 * Faults on request. Each has a name, a kind of value and at most one instance per board; the
 * code that can fail asks here whether it shall. Counts begin when the fault is armed.
 */
#include "board.h"

#include <stdlib.h>
#include <string.h>

enum value_kind { VALUE_NONE, VALUE_OPTIONAL, VALUE_NUMBER, VALUE_SECTORS, VALUE_CELL };

static const struct {
	const char *name;
	enum value_kind kind;
	uint64_t max;
} known[FAULT_COUNT] = {
	[FAULT_NO_TARGET] = { "no-target", VALUE_NONE, 0 },
	[FAULT_LOW_VOLTAGE] = { "low-voltage", VALUE_OPTIONAL, 10000 },
	[FAULT_RDP] = { "rdp", VALUE_NONE, 0 },
	[FAULT_WRP] = { "wrp", VALUE_SECTORS, 0 },
	[FAULT_OPTIONS_LATE] = { "options-late", VALUE_NONE, 0 },
	[FAULT_WRONG_IDCODE] = { "wrong-idcode", VALUE_NUMBER, UINT32_MAX },
	[FAULT_READ_AFTER] = { "read-fault-after", VALUE_NUMBER, UINT64_MAX },
	[FAULT_WRITE_AFTER] = { "write-fault-after", VALUE_NUMBER, UINT64_MAX },
	[FAULT_AT] = { "fault-at", VALUE_NUMBER, UINT64_MAX },
	[FAULT_STUCK] = { "stuck", VALUE_CELL, 0 },
	[FAULT_CORRUPT_READ] = { "corrupt-read", VALUE_NUMBER, UINT32_MAX },
	[FAULT_UNPLUG_AFTER] = { "unplug-after", VALUE_NUMBER, UINT64_MAX },
	[FAULT_HANGUP_AFTER] = { "hangup-after", VALUE_NUMBER, UINT64_MAX },
	[FAULT_NO_HALT] = { "no-halt", VALUE_NONE, 0 },
	[FAULT_STALL_AFTER] = { "stall-after", VALUE_NUMBER, UINT64_MAX },
};

const char *fault_names(void)
{
	return "  no-target  low-voltage[=MV]  wrong-idcode=ID  no-halt  rdp  wrp=FIRST-LAST\n"
	       "  options-late (until power is switched off and on)\n"
	       "  read-fault-after=BYTES  write-fault-after=BYTES  fault-at=N (memory command)\n"
	       "  stuck=ADDRESS:BYTE  corrupt-read=OFFSET\n"
	       "  unplug-after=N  hangup-after=N  stall-after=N (probe commands)\n";
}

/* FIRST<separator>SECOND */
static bool parse_pair(const char *text, char separator, uint64_t *first, uint64_t *second)
{
	const char *middle = strchr(text, separator);

	if (!middle)
		return false;
	char *head = strndup(text, (size_t)(middle - text));
	bool good = head && parse_number(head, UINT32_MAX, first) &&
		    parse_number(middle + 1, UINT32_MAX, second);

	free(head);
	return good;
}

static const char *parse_value(const struct board *b, enum fault_kind kind, const char *text,
			       struct fault *fault)
{
	uint32_t flash_size = chip_flash_size(b->chip);

	switch (known[kind].kind) {
	case VALUE_NONE:
		return text ? "this fault takes no value" : NULL;
	case VALUE_OPTIONAL:
		if (!text)
			return NULL;
		break;
	case VALUE_NUMBER:
		break;
	case VALUE_SECTORS:
		if (!text || !parse_pair(text, '-', &fault->value, &fault->second) ||
		    fault->value > fault->second || fault->second >= chip_sector_count(b->chip))
			return "not a FIRST-LAST range of sectors of this chip";
		return NULL;
	case VALUE_CELL:
		if (!text || !parse_pair(text, ':', &fault->value, &fault->second) ||
		    fault->value < FLASH_BASE || fault->value - FLASH_BASE >= flash_size ||
		    fault->second > 0xFF)
			return "not an ADDRESS:BYTE of this chip's flash";
		return NULL;
	}
	if (!text || !parse_number(text, known[kind].max, &fault->value))
		return "not a number in the allowed range";
	if (kind == FAULT_CORRUPT_READ && fault->value >= flash_size)
		return "the offset is behind the end of the flash";
	return NULL;
}

static void protect_sectors(struct board *b, const struct fault *fault)
{
	uint32_t wrp = UINT32_MAX;

	for (uint64_t i = fault->value; i <= fault->second; i++) {
		uint64_t bit = i / b->chip->wrp_sectors;

		wrp &= ~(1u << (bit < 31 ? bit : 31));
	}
	b->chip->family->protect_writes(b, wrp);
}

/* Protections are option bytes: these come into force at once. */
static void apply(struct board *b, enum fault_kind kind)
{
	if (kind == FAULT_RDP)
		b->chip->family->protect_reads(b);
	else if (kind == FAULT_WRP)
		protect_sectors(b, &b->faults[kind]);
	else
		return;
	b->chip->family->load_options(b);
	b->chip->family->reset(b);
}

static enum fault_kind find(const char *spec, size_t length)
{
	unsigned kind = 0;

	while (kind < FAULT_COUNT && (strlen(known[kind].name) != length ||
				      memcmp(known[kind].name, spec, length) != 0))
		kind++;
	return (enum fault_kind)kind;
}

const char *fault_arm(struct board *b, const char *spec)
{
	size_t length = strcspn(spec, "=");
	const char *text = spec[length] ? spec + length + 1 : NULL;
	struct fault fault = { .on = true };
	enum fault_kind kind = find(spec, length);

	if (kind == FAULT_COUNT)
		return "no such fault";
	if (kind == FAULT_LOW_VOLTAGE)
		fault.value = 1200;
	const char *problem = parse_value(b, kind, text, &fault);

	if (problem)
		return problem;
	b->faults[kind] = fault;
	apply(b, kind);
	return NULL;
}

void fault_clear(struct board *b)
{
	bool protections = fault_is_on(b, FAULT_RDP) || fault_is_on(b, FAULT_WRP);

	memset(b->faults, 0, sizeof(b->faults));
	if (protections) {
		b->chip->family->factory(b);
		b->chip->family->load_options(b);
		b->chip->family->reset(b);
	}
}

bool fault_is_on(const struct board *b, enum fault_kind kind)
{
	return b->faults[kind].on;
}

bool fault_spend(struct board *b, enum fault_kind kind, unsigned amount)
{
	struct fault *fault = &b->faults[kind];

	if (!fault->on)
		return false;
	if (amount > fault->value - fault->seen) {
		fault->happened = true;
		return true;
	}
	fault->seen += amount;
	return false;
}

bool fault_hits(struct board *b, enum fault_kind kind)
{
	struct fault *fault = &b->faults[kind];

	return fault->on && ++fault->seen == fault->value;
}
