/* SPDX-License-Identifier: MIT */
/* Where images and serial number lie in flash: what a later step would write over, and what is beyond. */
#ifndef RECIPE_PLACES_H
#define RECIPE_PLACES_H

#include "recipe.h"

/*
 * images: as many as the recipe has, in its order; NULL is left out. Calls tell(arg, text) for each
 * thing that is wrong, after which a board could pass without what was flashed; returns how many.
 */
unsigned int recipe_check_places(const struct recipe *r, stmfw_image *const *images, recipe_tell tell,
				 void *arg);

#endif
