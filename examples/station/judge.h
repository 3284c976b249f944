/* SPDX-License-Identifier: MIT */
/*
 * Where everything stands in a recipe's file, and what is wrong there.
 *
 * A place is "steps[3].exec.timeout_s". The strict reading notes the line of each; the rules ask for
 * places by name, so that what is wrong has its line.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#define JUDGE_PLACE 160 /* room for a place; what is longer is in no schema */

struct judge_place {
	char name[JUDGE_PLACE];
	unsigned int line;
};

struct judge {
	const char *file; /* as messages show it */
	char *why;        /* RECIPE_WHY bytes    */
	char at[JUDGE_PLACE];
	struct judge_place *places;
	size_t count, capacity;
};

void judge_init(struct judge *j, const char *file, char *why);
void judge_release(struct judge *j);

/* Notes a place. False: not enough memory, and it has been said. */
bool judge_note(struct judge *j, const char *place, unsigned int line);

/* What the next two are about: a mapping, or an entry of a sequence. */
void judge_at(struct judge *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whether the file has this key there. */
bool judge_has(const struct judge *j, const char *key);
/* Says what is wrong with a key there (""; or not there: with all of it). Returns false. */
bool judge_wrong(struct judge *j, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Says what is wrong in a line; 0: in no line. Returns false. */
bool judge_line(struct judge *j, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool judge_no_memory(struct judge *j);

#endif
