/* SPDX-License-Identifier: MIT */
/* Places and what is wrong there: see judge.h. */
#include "judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "recipe.h"

void judge_init(struct judge *j, const char *file, char *why)
{
	*j = (struct judge){ .file = file, .why = why };
	why[0] = '\0';
}

void judge_release(struct judge *j)
{
	free(j->places);
	j->places = NULL;
}

bool judge_note(struct judge *j, const char *place, unsigned int line)
{
	struct judge_place *p;

	if (j->count == j->capacity) {
		size_t more = j->capacity ? 2 * j->capacity : 64;

		p = realloc(j->places, more * sizeof(*p));
		if (!p)
			return judge_no_memory(j);
		j->places = p;
		j->capacity = more;
	}
	p = &j->places[j->count++];
	snprintf(p->name, sizeof(p->name), "%s", place);
	p->line = line;
	return true;
}

static const struct judge_place *find(const struct judge *j, const char *key)
{
	size_t at = strlen(j->at);

	for (size_t i = 0; i < j->count; i++) {
		const char *name = j->places[i].name;

		if (strncmp(name, j->at, at) != 0)
			continue;
		name += at;
		if (at > 0 && key[0] && *name++ != '.')
			continue;
		if (strcmp(name, key) == 0)
			return &j->places[i];
	}
	return NULL;
}

void judge_at(struct judge *j, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(j->at, sizeof(j->at), format, args);
	va_end(args);
}

bool judge_has(const struct judge *j, const char *key)
{
	return find(j, key) != NULL;
}

/* The file in front, its end if it is long; and nothing that a terminal would obey. */
static void say(struct judge *j, unsigned int line, const char *format, va_list args)
{
	size_t length = strlen(j->file);
	const char *file = j->file + (length > 300 ? length - 300 : 0);
	char text[RECIPE_WHY], where[16] = "";
	int n;

	if (line > 0)
		snprintf(where, sizeof(where), "%u:", line);
	n = snprintf(text, sizeof(text), "%s:%s ", file, where);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
	text_harmless(j->why, RECIPE_WHY, text);
}

bool judge_wrong(struct judge *j, const char *key, const char *format, ...)
{
	const struct judge_place *p = find(j, key);
	va_list args;

	if (!p)
		p = find(j, "");
	va_start(args, format);
	say(j, p ? p->line : 1, format, args);
	va_end(args);
	return false;
}

bool judge_line(struct judge *j, unsigned int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(j, line, format, args);
	va_end(args);
	return false;
}

bool judge_no_memory(struct judge *j)
{
	return judge_line(j, 0, "out of memory");
}
