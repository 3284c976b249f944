/* SPDX-License-Identifier: MIT */
/*
 * A list of serial numbers, as the record counts by it: one in each line, read when the record is
 * opened. Whose text has passed with a board is used up.
 */
#include "record_own.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool refuse_line(const struct record *rec, size_t number, char why[RECORD_WHY],
			const char *what)
{
	snprintf(why, RECORD_WHY, "line %zu of the serial number list \"%.200s\" %s", number,
		 rec->recipe->serial->file, what);
	return false;
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
			return false;
	return true;
}

static bool add_line(struct record *rec, char *text, size_t length, char why[RECORD_WHY])
{
	struct serials *s = &rec->serials;
	size_t number = s->line_count + 1;
	struct serial_line *lines = realloc(s->lines, number * sizeof(*lines));

	if (!lines)
		return serials_out_of_memory(why);
	s->lines = lines;
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		length--;
	if (memchr(text, '\0', length))
		return refuse_line(rec, number, why, "has a NUL in it");
	text[length] = '\0';
	if (length >= RECORD_SERIAL || !is_printable(text))
		return refuse_line(rec, number, why, "is too long or has odd characters");
	lines[number - 1] = (struct serial_line){ length ? strdup(text) : NULL, false };
	if (length && !lines[number - 1].text)
		return serials_out_of_memory(why);
	s->line_count++;
	return true;
}

static bool read_lines(struct record *rec, FILE *f, char why[RECORD_WHY])
{
	char *text = NULL;
	size_t cap = 0;
	ssize_t length;
	bool ok = true;

	while (ok && (length = getline(&text, &cap, f)) >= 0)
		ok = add_line(rec, text, (size_t)length, why);
	free(text);
	if (ok && ferror(f)) {
		snprintf(why, RECORD_WHY, "cannot read the serial number list \"%.200s\": %s",
			 rec->recipe->serial->file, strerror(errno));
		return false;
	}
	return ok;
}

struct named_line {
	const char *text;
	size_t number;
};

static int by_text(const void *a, const void *b)
{
	const struct named_line *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	return order ? order : (x->number > y->number) - (x->number < y->number);
}

static bool refuse_twin(const struct record *rec, const struct named_line *twins,
			char why[RECORD_WHY])
{
	char what[64];

	snprintf(what, sizeof(what), "is the same as line %zu", twins[0].number);
	return refuse_line(rec, twins[1].number, why, what);
}

/* Two equal lines would be one number for two boards. */
static bool refuse_twins(const struct record *rec, char why[RECORD_WHY])
{
	const struct serials *s = &rec->serials;
	struct named_line *sorted = calloc(s->line_count + 1, sizeof(*sorted));
	size_t n = 0;
	bool ok = true;

	if (!sorted)
		return serials_out_of_memory(why);
	for (size_t i = 0; i < s->line_count; i++)
		if (s->lines[i].text)
			sorted[n++] = (struct named_line){ s->lines[i].text, i + 1 };
	qsort(sorted, n, sizeof(*sorted), by_text);
	for (size_t i = 1; ok && i < n; i++)
		if (strcmp(sorted[i - 1].text, sorted[i].text) == 0)
			ok = refuse_twin(rec, &sorted[i - 1], why);
	free(sorted);
	return ok;
}

static bool mark_used(struct record *rec, char why[RECORD_WHY])
{
	struct serials *s = &rec->serials;
	int64_t used = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < s->line_count; i++) {
		struct serial_line *line = &s->lines[i];

		if (line->text)
			ok = db_number(&rec->db, why, &used, 0,
				       "SELECT 1 FROM serials WHERE value = ?1", "t", line->text);
		line->used = !line->text || used == 1;
		s->left -= line->used;
	}
	return ok;
}

bool serials_open_list(struct record *rec, char why[RECORD_WHY])
{
	FILE *f = fopen(rec->recipe->serial->file, "re");

	if (!f) {
		snprintf(why, RECORD_WHY, "cannot open the serial number list \"%.200s\": %s",
			 rec->recipe->serial->file, strerror(errno));
		return false;
	}
	bool ok = read_lines(rec, f, why);
	fclose(f);
	if (!ok || !refuse_twins(rec, why))
		return false;
	return rec->serials.line_count == 0 ||
	       (serials_add_range(rec, 1, (int64_t)rec->serials.line_count, why) && mark_used(rec, why));
}
