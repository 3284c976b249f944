/* SPDX-License-Identifier: MIT */
/*
 * What the schema cannot say of a recipe: which values make sense, alone and together. The rules
 * fill in defaults, too.
 */
#ifndef RECIPE_RULES_H
#define RECIPE_RULES_H

#include "judge.h"
#include "recipe_schema.h"

/* All of them. False: the judge has said what is wrong. */
bool recipe_rules(struct judge *j, struct recipe_loaded *l);

/* Its parts. */
bool recipe_rules_steps(struct judge *j, struct recipe_loaded *l);   /* recipe_steps.c  */
bool recipe_rules_order(struct judge *j, const struct recipe *r);    /* recipe_order.c  */
bool recipe_rules_serial(struct judge *j, struct recipe_serial *s);  /* recipe_serial.c */

/* ---- for all rules ---- */

/* A name goes into files, topics, tables and terminals: letters, digits, - _ . and nothing else. */
bool recipe_is_name(const char *text);
/* Whether key has a name as its value; else the judge says so. */
bool recipe_rule_name(struct judge *j, const char *key, const char *text);
/* A number that is 0 where the file has none: then it becomes `usual`. Else it has to be in range. */
bool recipe_rule_range(struct judge *j, const char *key, uint64_t *number, uint64_t least,
		       uint64_t most, uint64_t usual);
bool recipe_rule_range32(struct judge *j, const char *key, uint32_t *number, uint32_t least,
			 uint32_t most, uint32_t usual);
/* A text that is NULL where the file has none. False: not enough memory, and it has been said. */
bool recipe_rule_default(struct judge *j, char **text, const char *usual);

#endif
