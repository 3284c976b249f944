/* SPDX-License-Identifier: MIT */
/* Where images and serial number lie in flash: what a later step would write over, and what is beyond. */
#ifndef RECIPE_PLACES_H
#define RECIPE_PLACES_H

#include "recipe.h"

/* images: as many as the recipe has, in its order; NULL is left out. After each fault a board could pass
   without what was flashed. */
void recipe_check_places(const struct recipe *r, stmfw_image *const *images, struct faults *faults);

#endif
