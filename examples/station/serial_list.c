/* SPDX-License-Identifier: MIT */
/*
 * A list of serial numbers. The number of a line is what the record counts by, so nothing in the
 * file is passed over: an empty line is an error, and a line that is there twice is one, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "readfile.h"
#include "serial_list.h"

#define LIST_LIMIT ((size_t)16 << 20)

static bool wrong(char why[SERIAL_WHY], size_t line, const char *what)
{
	snprintf(why, SERIAL_WHY, "line %zu: %.200s", line, what);
	return false;
}

/* Blanks at the end of a line do not belong to the number; nor does CR. */
static bool split(struct serial_list *list, size_t length, char why[SERIAL_WHY])
{
	char *end = list->bytes + length, *next;
	size_t count = 0;

	if (length == 0)
		return wrong(why, 1, "there is no number in it");
	if (memchr(list->bytes, '\0', length))
		return wrong(why, 1, "this is no text: it has a byte 00");
	for (char *p = list->bytes; p < end; p++)
		count += *p == '\n';
	list->lines = calloc(count + 1, sizeof(*list->lines));
	if (!list->lines)
		return wrong(why, 1, "out of memory");
	for (char *p = list->bytes; p < end; p = next + 1) {
		next = memchr(p, '\n', (size_t)(end - p));
		if (!next)
			next = end;
		list->lines[list->count++] = p;
		*next = '\0';
		for (char *last = next; last > p && strchr(" \t\r", last[-1]);)
			*--last = '\0';
	}
	return true;
}

/* Each becomes what will be taken, written and recorded, which is never longer. */
static bool all_fit(const struct serial_list *list, const struct recipe_serial *r,
		    char why[SERIAL_WHY])
{
	char reason[SERIAL_WHY];
	struct serial s;

	for (size_t i = 0; i < list->count; i++) {
		if (!list->lines[i][0])
			return wrong(why, i + 1, "it is empty");
		if (!serial_from_output(&s, list->lines[i], reason) ||
		    !serial_encode(&s, r, reason))
			return wrong(why, i + 1, reason);
		memcpy(list->lines[i], s.text, strlen(s.text) + 1);
	}
	return true;
}

static int order(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;
	int by_text = strcmp(*x, *y);

	return by_text ? by_text : (*x > *y) - (*x < *y); /* where they stand in the file */
}

static size_t line_of(const struct serial_list *list, const char *text)
{
	size_t i = 0;

	while (list->lines[i] != text)
		i++;
	return i + 1;
}

static bool no_doubles(const struct serial_list *list, char why[SERIAL_WHY])
{
	char **sorted = malloc((list->count + 1) * sizeof(*sorted));
	size_t i = 1;

	if (!sorted)
		return wrong(why, 1, "out of memory");
	memcpy(sorted, list->lines, list->count * sizeof(*sorted));
	qsort(sorted, list->count, sizeof(*sorted), order);
	while (i < list->count && strcmp(sorted[i - 1], sorted[i]) != 0)
		i++;
	if (i < list->count) {
		char first[64];

		snprintf(first, sizeof(first), "the same as line %zu",
			 line_of(list, sorted[i - 1]));
		wrong(why, line_of(list, sorted[i]), first);
	}
	free(sorted);
	return i >= list->count;
}

bool serial_list_read(struct serial_list *list, const struct recipe_serial *s, char why[SERIAL_WHY])
{
	char reason[READFILE_WHY];
	struct readfile file;

	*list = (struct serial_list){ .count = 0 };
	if (!readfile(&file, s->file, LIST_LIMIT, reason)) {
		snprintf(why, SERIAL_WHY, "%s", reason);
		return false;
	}
	list->bytes = (char *)file.bytes; /* with a NUL behind it */
	if (split(list, file.length, why) && all_fit(list, s, why) && no_doubles(list, why))
		return true;
	serial_list_free(list);
	return false;
}

void serial_list_free(struct serial_list *list)
{
	free(list->bytes);
	free(list->lines);
	*list = (struct serial_list){ .count = 0 };
}
