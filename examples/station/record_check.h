/* SPDX-License-Identifier: MIT */
/* Could a run use the record, and are there numbers for its boards? */
#ifndef RECORD_CHECK_H
#define RECORD_CHECK_H

#include "recipe.h"

/* Calls tell(arg, text) for each thing that would keep a run from its begin, and that recipe_check() does
   not see; returns how many. The record is only read, and not made. */
unsigned int record_check(const struct recipe *r, recipe_tell tell, void *arg);

#endif
