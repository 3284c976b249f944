/* SPDX-License-Identifier: MIT */
/* Could a run use the record, and are there numbers for its boards? */
#ifndef RECORD_CHECK_H
#define RECORD_CHECK_H

#include "recipe.h"

/* What would keep a run from its begin, and recipe_check() does not see. The record is only read, and
   not made. */
void record_check(const struct recipe *r, struct faults *faults);

#endif
