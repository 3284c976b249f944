/* SPDX-License-Identifier: MIT */
/* A list of serial numbers, before any of them is given out. */
#ifndef SERIAL_LIST_H
#define SERIAL_LIST_H

#include "serial.h"

/* Whether each line of s->file is a number that fits, and none is there twice. False: why. */
bool serial_list_check(const struct recipe_serial *s, char why[SERIAL_WHY]);

#endif
