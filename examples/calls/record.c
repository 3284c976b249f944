/* SPDX-License-Identifier: MIT */
/*
 * record OPENOCD TEXT: a record of 64 bytes into the last sector of flash bank 0, where a firmware
 * finds its serial number or settings: up to 32 bytes of text, and the rest 0. What was in that
 * sector is lost.
 */
#include <stdio.h>
#include <string.h>

#include "errand.h"

#define BANK 0

static char text[32];
static uint64_t base, offset, size; /* of the bank; of the sector in it */

static int stand_still(stmfw_client *c)
{
	return stmfw_reset(c, STMFW_RESET_HALT, errand_next, NULL, NULL);
}

static void on_bank(stmfw_client *c, const stmfw_result *r, void *arg)
{
	if (r->status == STMFW_OK && r->banks[0].sector_count > 0) {
		const stmfw_bank *bank = &r->banks[0];
		const stmfw_sector *last = &bank->sectors[bank->sector_count - 1];

		base = bank->base;
		offset = last->offset;
		size = last->size;
	}
	errand_next(c, r, arg);
}

static int find_sector(stmfw_client *c)
{
	return stmfw_bank_info(c, BANK, 0, on_bank, NULL, NULL);
}

static int erase(stmfw_client *c)
{
	return stmfw_erase_range(c, BANK, base + offset, size, 0, errand_next, NULL, NULL);
}

static int write_text(stmfw_client *c)
{
	return stmfw_write_bank_data(c, BANK, text, sizeof(text), offset, errand_next, NULL, NULL);
}

static int fill_rest(stmfw_client *c)
{
	stmfw_fill_opts opts = STMFW_INIT(stmfw_fill_opts);

	opts.bank = BANK;
	opts.offset = offset + sizeof(text);
	opts.width = 32;
	opts.value = 0;
	opts.count = 8;
	return stmfw_fill(c, &opts, errand_next, NULL, NULL);
}

static int verify_text(stmfw_client *c)
{
	return stmfw_verify_bank_data(c, BANK, text, sizeof(text), offset, errand_next, NULL, NULL);
}

static int run(stmfw_client *c)
{
	return stmfw_reset(c, STMFW_RESET_RUN, errand_next, NULL, NULL);
}

int main(int argc, char **argv)
{
	static const errand_step steps[] = { stand_still, find_sector, erase, write_text,
					     fill_rest,   verify_text, run,   NULL };

	if (argc != 3 || strlen(argv[2]) > sizeof(text)) {
		fprintf(stderr, "usage: record OPENOCD TEXT (at most 32 bytes)\n");
		return 2;
	}
	memcpy(text, argv[2], strlen(argv[2]));
	return errand_run(argv[1], steps);
}
