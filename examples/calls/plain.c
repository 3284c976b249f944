/* SPDX-License-Identifier: MIT */
/*
 * plain OPENOCD FILE LENGTH COPY: OpenOCD's own commands for a bank, on files of the machine where
 * OpenOCD runs (paths from the root). Erases what FILE needs, writes it to the start of flash bank 0,
 * compares, and reads it into COPY. stmfw_flash() does more, and undoes what fails; this shows what
 * there is when OpenOCD's files are what one has.
 */
#include <stdio.h>
#include <stdlib.h>

#include "errand.h"

#define BANK 0
#define BASE 0x08000000u /* of the main flash of each STM32 */

static const char *file, *copy;
static uint64_t length;

static int stand_still(stmfw_client *c)
{
	return stmfw_reset(c, STMFW_RESET_HALT, errand_next, NULL, NULL);
}

static int erase(stmfw_client *c)
{
	return stmfw_erase_range(c, BANK, BASE, length, STMFW_ERASE_PAD, errand_next, NULL, NULL);
}

static int write_file(stmfw_client *c)
{
	return stmfw_write_bank(c, BANK, file, 0, length, errand_next, NULL, NULL);
}

static int verify_file(stmfw_client *c)
{
	return stmfw_verify_bank(c, BANK, file, 0, length, errand_next, NULL, NULL);
}

static int read_copy(stmfw_client *c)
{
	return stmfw_read_bank(c, BANK, copy, 0, length, errand_next, NULL, NULL);
}

static int run(stmfw_client *c)
{
	return stmfw_reset(c, STMFW_RESET_RUN, errand_next, NULL, NULL);
}

int main(int argc, char **argv)
{
	static const errand_step steps[] = { stand_still, erase, write_file, verify_file,
					     read_copy,   run,   NULL };

	if (argc != 5) {
		fprintf(stderr, "usage: plain OPENOCD FILE LENGTH COPY\n");
		return 2;
	}
	file = argv[2];
	length = strtoull(argv[3], NULL, 0);
	copy = argv[4];
	return errand_run(argv[1], steps);
}
