/* SPDX-License-Identifier: MIT */
/* The schema of a recipe's file, for libcyaml and for the strict reading before it. */
#ifndef RECIPE_SCHEMA_H
#define RECIPE_SCHEMA_H

#include <cyaml/cyaml.h>

#include "recipe.h"

#define RECIPE_MOST 64 /* sites, images, steps, words of a command */

/* A step as the file has it: a mapping of which exactly one key is there. */
struct recipe_raw_step {
	struct recipe_step *of[RECIPE_STEP_KINDS];
};

/* What libcyaml fills and releases. The steps of the recipe are copies of the raw ones, whose memory
   they use. */
struct recipe_loaded {
	struct recipe recipe; /* comes first: who has the one has the other */
	struct recipe_raw_step *steps;
	unsigned int step_count;
};

extern const cyaml_schema_value_t recipe_schema;
extern const char *const recipe_step_names[RECIPE_STEP_KINDS];

#endif
