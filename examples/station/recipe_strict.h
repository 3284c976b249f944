/* SPDX-License-Identifier: MIT */
/* The strict reading of a recipe's file. */
#ifndef RECIPE_STRICT_H
#define RECIPE_STRICT_H

#include "judge.h"

/*
 * Holds the file against the schema and notes where everything stands. False: the judge has said
 * what is wrong. Whatever this accepts, libcyaml loads.
 */
bool recipe_strict(struct judge *j, const void *bytes, size_t length);

#endif
