/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 of ranges of the chip's memory, made by the chip's own CPU: many ranges in one request,
 * and an order of magnitude faster than moving the bytes through a probe.
 */
#ifndef STMFW_DIGEST_H
#define STMFW_DIGEST_H

#include "op.h"

struct digest_range {
	uint64_t address;
	uint64_t length; /* bytes, at least 1  */
	uint32_t crc;    /* what the chip says */
};

/* OpenOCD's work area: RAM of the chip that we may use. */
struct digest_area {
	uint64_t address;
	uint64_t size;
};

/* The job. Fill in target, area, ranges and count. */
struct digest {
	const char *target;
	struct digest_area area;
	struct digest_range *ranges;
	size_t count;
	size_t done;  /* ranges that have their CRC */
	size_t batch; /* ranges asked for now       */
};

/* Where the area is: a script, to be asked along with something else, and its answer. False: that
   is none. */
void stmfw__digest_area_script(struct buf *b, const char *target);
bool stmfw__digest_take_area(struct digest_area *area, const char *answer);

/*
 * Ends with STMFW_OK when all ranges have their CRC. With any other status there is none: the chip
 * cannot run code for us, and the bytes must be read instead. The target must be halted; its
 * registers and the work area are changed.
 */
extern const struct op_kind stmfw__digest_kind;

#endif
