/* SPDX-License-Identifier: MIT */
/*
 * stmfw-info in two halves: info.c asks and collects everything in one JSON document, info_show.c
 * shows that document to people.
 */
#ifndef INFO_H
#define INFO_H

#include <jansson.h>
#include <stdbool.h>

/* every: all sectors, not just the runs of equal ones. */
void info_show(const json_t *doc, bool every);

#endif
