/* SPDX-License-Identifier: MIT */
/*
 * What the parts of stmfw-compare share:
 *
 *     compare.c       the command line; two files
 *     compare_chip.c  a file and a chip: which banks, read them, read again what differs
 *     compare_view.c  for people: digests, map, bytes side by side
 *     compare_json.c  for programs
 */
#ifndef COMPARE_H
#define COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stmfw.h>

#include "digest.h"
#include "visit.h"

/* One side: a file, or what was read of a chip. */
struct side {
	const char *path; /* NULL: the chip                          */
	char quoted[300]; /* for messages                            */
	const char *label; /* for columns: "file", "file2", "flash"   */
	stmfw_image_opts opts;
	stmfw_image *image;
	stmfw_range *ranges; /* where they are compared                 */
	size_t count;
};

/* A flash bank and what was read of it. */
struct bank_copy {
	stmfw_bank bank; /* number, base, size, sectors */
	char name[64];
	uint8_t *data;
	uint8_t *again; /* parts of it, read a second time; NULL: none */
};

/* Such a part. */
struct reread {
	size_t copy; /* number of the bank_copy */
	uint64_t offset, length;
};

struct compare {
	struct visit visit;
	struct side file, other;
	unsigned int bank; /* whose base is the address of a binary */
	bool is_halted; /* else it is only looked at, whether it makes sense */
	/* The chip. */
	unsigned int *numbers; /* all banks */
	size_t number_count, current;
	struct bank_copy *copies;
	size_t copy_count;
	struct reread *rereads;
	size_t reread_count;
	uint64_t received; /* bytes of the running read */
	/* The result; NULL: there is none. */
	stmfw_comparison *result;
};

/* ---- compare.c ---- */

/* Puts a side's image where it is compared; base is for a binary without address. */
bool compare_place(struct compare *c, struct side *side, uint64_t base);
/* Makes the result. False: after cli_fail(). */
bool compare_sides(struct compare *c);

/* ---- compare_chip.c ---- */

/* Reads the chip, compares, and leaves it as asked. */
void compare_with_chip(struct compare *c);
void compare_release_chip(struct compare *c);

/* ---- compare_view.c ---- */

/* A digest of one side between two addresses, gaps as erased flash. */
struct compare_digest {
	const struct side *side;
	uint64_t address, length;
	char sha256[DIGEST_TEXT];
};

/* All that help to understand; at most this many. Returns how many there are. */
#define COMPARE_DIGESTS 3
size_t compare_digests(const struct compare *c, struct compare_digest digests[COMPARE_DIGESTS]);
/* The byte of a side at an address, or -1. */
int compare_byte(const struct side *side, uint64_t address);
void compare_show(const struct compare *c);

/* ---- compare_json.c ---- */

json_t *compare_json(const struct compare *c);

#endif
