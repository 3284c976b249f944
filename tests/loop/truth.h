/* SPDX-License-Identifier: MIT */
/*
 * truth.h - whether what a call of calls.h has said is true of the fake chip.
 *
 *     truth_begin(&w); submit the call with &w; when it has ended: truth_holds(name, &w)
 */
#ifndef TRUTH_H
#define TRUTH_H

#include "calls.h"

/* Looks at the chip, and makes the watch keep what a result carries. */
void truth_begin(struct watch *w);

/* A success did what it was to do. Whether or not it was one: what stmfw_flash() says of the flash
   is so. */
bool truth_holds(const char *name, const struct watch *w);

#endif
