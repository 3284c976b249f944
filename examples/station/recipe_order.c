/* SPDX-License-Identifier: MIT */
/*
 * Does the order of the steps make sense? An order that could only end in a FAIL, or in a PASS of a
 * board that does not hold what it should, is refused.
 */
#include <string.h>

#include "recipe_rules.h"

/* What the board is like when a step begins. */
struct board {
	bool changed; /* by a step before                     */
	bool is_secured; /* read protection is on                */
	bool has_serial;
	bool is_erased; /* and nothing was flashed since        */
	unsigned int erased_by;
};

static bool uses(const struct recipe_step *s, const char *image)
{
	for (unsigned int i = 0; i < s->image_count; i++)
		if (strcmp(s->images[i], image) == 0)
			return true;
	return false;
}

static bool flashed_in(const struct recipe *r, unsigned int from, unsigned int to,
		       const char *image)
{
	for (unsigned int i = from; i < to; i++)
		if (r->steps[i].kind == STEP_FLASH && uses(&r->steps[i], image))
			return true;
	return false;
}

static bool changes(enum recipe_step_kind kind)
{
	return kind == STEP_UNPROTECT || kind == STEP_ERASE || kind == STEP_FLASH ||
	       kind == STEP_SERIAL || kind == STEP_PROTECT || kind == STEP_OPTIONS;
}

/* A chip whose flash nobody can read can only be looked at from outside. */
static bool works_secured(enum recipe_step_kind kind)
{
	return kind == STEP_RUN || kind == STEP_EXEC || kind == STEP_TCL;
}

static bool verify(struct judge *j, const struct recipe *r, unsigned int at, const struct board *b)
{
	const struct recipe_step *s = &r->steps[at];

	for (unsigned int i = 0; i < s->image_count; i++) {
		const char *image = s->images[i];

		if (b->is_erased || (b->erased_by < at && !flashed_in(r, b->erased_by, at, image)))
			return judge_wrong(j, "",
					   "\"%s\" cannot find image \"%s\": the chip was erased "
					   "and the image not flashed since",
					   s->name, image);
		if (!flashed_in(r, 0, at, image) && flashed_in(r, at, r->step_count, image))
			return judge_wrong(j, "", "\"%s\" comes before image \"%s\" is flashed",
					   s->name, image);
	}
	return true;
}

/* Whether a step can follow what was before it. */
static bool follows(struct judge *j, const struct recipe *r, unsigned int at, const struct board *b)
{
	const struct recipe_step *s = &r->steps[at];

	if (b->is_secured && !works_secured(s->kind))
		return judge_wrong(j, "",
				   "\"%s\" cannot come after \"protect\": nobody can read or "
				   "change a protected chip; only run, exec and tcl can",
				   s->name);
	if (s->kind == STEP_IDENTIFY && b->changed)
		return judge_wrong(j, "", "\"%s\" has to come before the board is changed",
				   s->name);
	if (b->has_serial &&
	    (s->kind == STEP_FLASH || s->kind == STEP_ERASE || s->kind == STEP_UNPROTECT))
		return judge_wrong(j, "",
				   "\"%s\" cannot come after the serial number is written: it "
				   "could erase it",
				   s->name);
	if (b->has_serial && s->kind == STEP_SERIAL)
		return judge_wrong(j, "", "there can be one step \"serial\"");
	return s->kind != STEP_VERIFY || verify(j, r, at, b);
}

static void apply(struct board *b, enum recipe_step_kind kind, unsigned int at)
{
	b->changed = b->changed || changes(kind);
	b->is_secured = b->is_secured || kind == STEP_PROTECT;
	b->has_serial = b->has_serial || kind == STEP_SERIAL;
	if (kind == STEP_ERASE || kind == STEP_UNPROTECT) {
		b->is_erased = true;
		b->erased_by = at;
	} else if (kind == STEP_FLASH) {
		b->is_erased = false;
	}
}

static bool has(const struct recipe *r, enum recipe_step_kind kind)
{
	for (unsigned int i = 0; i < r->step_count; i++)
		if (r->steps[i].kind == kind)
			return true;
	return false;
}

/* The last step that erases: was anything flashed before it, and nothing after? */
static bool leaves_something(struct judge *j, const struct recipe *r, const struct board *end)
{
	if (!end->is_erased || !has(r, STEP_FLASH))
		return true;
	judge_at(j, "steps[%u].%s", end->erased_by,
		 recipe_step_names[r->steps[end->erased_by].kind]);
	return judge_wrong(j, "",
			   "\"%s\" erases what was flashed before, and nothing is flashed after "
			   "it",
			   r->steps[end->erased_by].name);
}

bool recipe_rules_order(struct judge *j, const struct recipe *r)
{
	struct board b = { .erased_by = r->step_count };

	for (unsigned int i = 0; i < r->step_count; i++) {
		judge_at(j, "steps[%u].%s", i, recipe_step_names[r->steps[i].kind]);
		if (!follows(j, r, i, &b))
			return false;
		apply(&b, r->steps[i].kind, i);
	}
	judge_at(j, "%s", "");
	if (judge_has(j, "chip") && !has(r, STEP_IDENTIFY))
		return judge_wrong(j, "chip",
				   "\"chip\" says what a board has to be, but no step "
				   "\"identify\" looks");
	if (r->serial && !has(r, STEP_SERIAL))
		return judge_wrong(j, "serial",
				   "there is a serial number, but no step \"serial\" "
				   "writes it");
	if (r->serial && r->serial->source == SERIAL_UID && !r->chip.uid)
		return judge_wrong(j, "serial",
				   "the serial number is made of the unique id, but \"chip\" says "
				   "that there may be none (uid: false)");
	if (!r->serial && has(r, STEP_SERIAL))
		return judge_wrong(j, "steps",
				   "there is a step \"serial\", but no section \"serial\" "
				   "says which number it writes");
	return leaves_something(j, r, &b);
}
