/* SPDX-License-Identifier: MIT */
/*
 * Rules and defaults of each step by itself. From the mapping with one key, which the file has, it
 * becomes a step of its kind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recipe_rules.h"

/* What a step has where the file does not say so. */
static const struct {
	uint32_t timeout_s;
	unsigned int retries;
} usual[RECIPE_STEP_KINDS] = {
	[STEP_IDENTIFY] = { 0, 1 }, [STEP_BACKUP] = { 0, 1 },  [STEP_UNPROTECT] = { 0, 1 },
	[STEP_ERASE] = { 0, 1 },    [STEP_FLASH] = { 0, 1 },   [STEP_SERIAL] = { 30, 1 },
	[STEP_VERIFY] = { 0, 1 },   [STEP_PROTECT] = { 0, 1 }, [STEP_OPTIONS] = { 0, 1 },
	[STEP_RUN] = { 0, 1 },      [STEP_MEMORY] = { 5, 0 },  [STEP_EXEC] = { 60, 0 },
	[STEP_TCL] = { 10, 0 }
};

/* ---- the one key ---- */

static bool find_kind(struct judge *j, const struct recipe_raw_step *raw,
		      enum recipe_step_kind *kind)
{
	unsigned int found = 0;

	for (unsigned int k = 0; k < RECIPE_STEP_KINDS; k++)
		if (raw->of[k]) {
			*kind = (enum recipe_step_kind)k;
			found++;
		}
	return found == 1 ||
	       judge_wrong(j, "",
			   found ? "a step has one key; this has %u: a \"-\" is missing"
				 : "a step has one key, its kind; this has none%.0u",
			   found);
}

/* ---- what a kind has of its own ---- */

static bool images(struct judge *j, const struct recipe *r, const struct recipe_step *s)
{
	for (unsigned int i = 0; i < s->image_count; i++) {
		if (!recipe_image(r, s->images[i]))
			return judge_wrong(j, "images", "there is no image \"%s\"", s->images[i]);
		for (unsigned int k = 0; k < i; k++)
			if (strcmp(s->images[i], s->images[k]) == 0)
				return judge_wrong(j, "images", "image \"%s\" is here twice",
						   s->images[i]);
	}
	return true;
}

static bool memory(struct judge *j, struct recipe_step *s)
{
	uint32_t all;

	if (!judge_has(j, "width"))
		s->width = 32;
	if (s->width != 8 && s->width != 16 && s->width != 32)
		return judge_wrong(j, "width", "\"width\" can be: 8, 16, 32");
	all = UINT32_MAX >> (32 - s->width);
	if (!judge_has(j, "mask"))
		s->mask = all;
	if (s->mask == 0 || s->mask > all)
		return judge_wrong(j, "mask",
				   "\"mask\" has to be from 1 to 0x%x, as \"width\" is %u", all,
				   s->width);
	if (s->expect & ~s->mask)
		return judge_wrong(j, "expect",
				   "0x%x can never be found: \"mask\" (0x%x) and \"width\" "
				   "(%u) let only 0x%x through",
				   s->expect, s->mask, s->width, s->expect & s->mask);
	if (s->address % (s->width / 8) != 0 || s->address > UINT32_MAX)
		return judge_wrong(j, "address",
				   "\"address\" has to be a multiple of %u below 2^32",
				   s->width / 8);
	return true;
}

static bool options(struct judge *j, const struct recipe_step *s)
{
	if (s->mask == 0)
		return judge_wrong(j, "mask", "\"mask\" names no bit: nothing would be written");
	return !(s->value & ~s->mask) ||
	       judge_wrong(j, "value", "\"value\" has bits that \"mask\" does not name: 0x%x",
			   s->value & ~s->mask);
}

static bool own(struct judge *j, const struct recipe *r, struct recipe_step *s)
{
	switch (s->kind) {
	case STEP_FLASH:
	case STEP_VERIFY:
		return images(j, r, s);
	case STEP_MEMORY:
		return memory(j, s);
	case STEP_OPTIONS:
		return options(j, s);
	case STEP_EXEC:
		return s->command[0][0] ||
		       judge_wrong(j, "command", "the first word of \"command\" is the program");
	default:
		return true;
	}
}

/* ---- names ---- */

/* By one of the steps before, or by what the file names. */
static bool is_taken(const struct recipe_loaded *l, const char *name)
{
	for (unsigned int i = 0; i < l->step_count; i++)
		for (unsigned int k = 0; k < RECIPE_STEP_KINDS; k++) {
			const struct recipe_step *s = l->steps[i].of[k];

			if (s && s->name && strcmp(s->name, name) == 0)
				return true;
		}
	return false;
}

static bool given_name(struct judge *j, const struct recipe *r, const char *name)
{
	for (unsigned int i = 0; i < r->step_count; i++)
		if (strcmp(r->steps[i].name, name) == 0)
			return judge_wrong(j, "name", "there are two steps \"%s\"", name);
	return recipe_rule_name(j, "name", name);
}

/* A step without a name is called as its kind; if that is taken, flash-2 and so on. */
static bool name(struct judge *j, const struct recipe_loaded *l, struct recipe_step *s)
{
	const char *kind = recipe_step_names[s->kind];
	char made[RECIPE_NAME + 1];

	if (s->name)
		return given_name(j, &l->recipe, s->name);
	snprintf(made, sizeof(made), "%s", kind);
	for (unsigned int n = 2; is_taken(l, made); n++)
		snprintf(made, sizeof(made), "%s-%u", kind, n);
	return recipe_rule_default(j, &s->name, made);
}

/* ---- all of a step ---- */

static bool step(struct judge *j, struct recipe_loaded *l, unsigned int i)
{
	enum recipe_step_kind kind = STEP_IDENTIFY;
	struct recipe_step *s;

	judge_at(j, "steps[%u]", i);
	if (!find_kind(j, &l->steps[i], &kind))
		return false;
	judge_at(j, "steps[%u].%s", i, recipe_step_names[kind]);
	s = l->steps[i].of[kind];
	s->kind = kind;
	if (!name(j, l, s) || !own(j, &l->recipe, s) ||
	    !recipe_rule_range32(j, "timeout_s", &s->timeout_s, 1, 3600, usual[kind].timeout_s) ||
	    !recipe_rule_range32(j, "retries", &s->retries, 0, 10, usual[kind].retries))
		return false;
	l->recipe.steps[i] = *s;
	return true;
}

bool recipe_rules_steps(struct judge *j, struct recipe_loaded *l)
{
	struct recipe *r = &l->recipe;

	r->steps = calloc(l->step_count, sizeof(*r->steps));
	if (!r->steps)
		return judge_no_memory(j);
	for (r->step_count = 0; r->step_count < l->step_count; r->step_count++)
		if (!step(j, l, r->step_count))
			return false;
	return true;
}
