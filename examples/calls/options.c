/* SPDX-License-Identifier: MIT */
/*
 * options OPENOCD [VALUE MASK]: the register that shows the user option bytes of a chip, and with
 * MASK those of its bits become VALUE: the watchdog, the brown-out level. Resets the chip then.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "errand.h"

#define BANK 0

static uint32_t value, mask;

static void on_chip(stmfw_client *c, const stmfw_result *r, void *arg)
{
	if (r->status == STMFW_OK)
		printf("%s: %08" PRIx32 ", of which %08" PRIx32 " can be chosen\n", r->chip->family,
		       r->chip->options, r->chip->options_mask);
	errand_next(c, r, arg);
}

static int show(stmfw_client *c)
{
	return stmfw_identify(c, NULL, on_chip, NULL, NULL);
}

static int change(stmfw_client *c)
{
	return stmfw_options_write(c, BANK, value, mask, on_chip, NULL, NULL);
}

int main(int argc, char **argv)
{
	static const errand_step looking[] = { show, NULL }, changing[] = { show, change, NULL };

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "usage: options OPENOCD [VALUE MASK]\n");
		return 2;
	}
	if (argc == 4) {
		value = (uint32_t)strtoul(argv[2], NULL, 0);
		mask = (uint32_t)strtoul(argv[3], NULL, 0);
	}
	return errand_run(argv[1], argc == 4 ? changing : looking);
}
