/* SPDX-License-Identifier: MIT */
/* Which probe each site uses, as far as a recipe shows it. */
#ifndef RECIPE_PROBES_H
#define RECIPE_PROBES_H

#include "recipe.h"

/* Two sites with one OpenOCD, with one probe, or with none that is surely their own: each such pair is a
   fault. */
void recipe_check_probes(const struct recipe *r, struct faults *faults);

#endif
