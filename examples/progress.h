/* SPDX-License-Identifier: MIT */
/* How far it is: a bar on a terminal, a few lines elsewhere, objects with --json. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdint.h>

#include "cli.h"

enum progress_style { PROGRESS_NONE, PROGRESS_BAR, PROGRESS_LINES, PROGRESS_JSON };

struct progress {
	enum progress_style style;
	char step[32];      /* the one that is running          */
	uint64_t began_ms;
	uint64_t shown_ms;  /* the bar: when it was last drawn  */
	uint64_t quarter;   /* the lines: the next one to print */
	int is_drawn;       /* there is a bar on the screen     */
	int is_complete;    /* the bar: this step has been to 100 % */
};

void progress_init(struct progress *p, const struct cli *cli);
void progress_show(struct progress *p, const char *step, uint64_t done, uint64_t total);
/* Before anything else is printed. */
void progress_clear(struct progress *p);

#endif
