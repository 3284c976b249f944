/* SPDX-License-Identifier: MIT */
/* shutdown OPENOCD: ends it, and knows that it has ended. */
#include <stdio.h>

#include "errand.h"

static int end_it(stmfw_client *c)
{
	return stmfw_shutdown(c, errand_next, NULL, NULL);
}

int main(int argc, char **argv)
{
	static const errand_step steps[] = { end_it, NULL };

	if (argc != 2) {
		fprintf(stderr, "usage: shutdown OPENOCD\n");
		return 2;
	}
	return errand_run(argv[1], steps);
}
