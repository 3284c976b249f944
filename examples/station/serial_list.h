/* SPDX-License-Identifier: MIT */
/* A list of serial numbers, before any of them is given out. */
#ifndef SERIAL_LIST_H
#define SERIAL_LIST_H

#include <stddef.h>

#include "serial.h"

struct serial_list {
	char *bytes;
	char **lines; /* the first is number 1 */
	size_t count;
};

/* Reads s->file. Each line is a number that fits, and none is there twice. False: why, and there is
   nothing to free. */
bool serial_list_read(struct serial_list *list, const struct recipe_serial *s,
		      char why[SERIAL_WHY]);
void serial_list_free(struct serial_list *list);

#endif
