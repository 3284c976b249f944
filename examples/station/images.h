/* SPDX-License-Identifier: MIT */
/* The recipe's images in memory, as they were when the line was started. */
#ifndef IMAGES_H
#define IMAGES_H

#include "recipe.h"

#define IMAGES_WHY 512

struct images {
	const struct recipe *recipe;
	stmfw_image **loaded; /* as many as the recipe has, in its order */
};

/* Reads all of them; each file must have the digest that the recipe says. False: why. */
bool images_load(struct images *images, const struct recipe *r, char why[IMAGES_WHY]);
/* Are the files still what they were? Somebody may have put another one there. False: why. */
bool images_unchanged(const struct images *images, char why[IMAGES_WHY]);
/* NULL: there is none of that name. */
const stmfw_image *images_get(const struct images *images, const char *name);
void images_free(struct images *images);

#endif
