/* SPDX-License-Identifier: MIT */
/*
 * Holds a recipe's file against its schema, before libcyaml loads it.
 *
 * libcyaml takes "12x" for 12, "-1" for a large number and any word for true; it overlooks a second
 * document and what stands behind a NUL, and does not tell the line of a key that it does not know.
 * So all of that is found here, with the same schema and the same parser (libyaml), and with words
 * for the person who writes recipes.
 *
 * The reading recurses as deep as the schema does, and no deeper: where it wants a text, a list ends
 * the reading.
 */
#include "recipe_strict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "recipe_schema.h"

struct reader {
	struct judge *judge;
	yaml_parser_t parser;
};

/* Where in the schema, and what it is called. */
struct node {
	const cyaml_schema_value_t *schema;
	char place[JUDGE_PLACE];
	const char *key; /* of it, or of the list it is in */
};

static unsigned int line_of(const yaml_event_t *e)
{
	return (unsigned int)e->start_mark.line + 1;
}

/* ---- events ---- */

static bool damaged(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	/* An error of the reader has an offset in place of a mark. */
	size_t line = p->error == YAML_READER_ERROR ? p->mark.line : p->problem_mark.line;

	if (p->error == YAML_MEMORY_ERROR)
		return judge_no_memory(r->judge);
	return judge_line(r->judge, (unsigned int)line + 1, "this is no YAML: %s%s%s",
			  p->problem ? p->problem : "damaged", p->context ? " " : "",
			  p->context ? p->context : "");
}

static bool is_marked(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return e->data.scalar.anchor || e->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor || e->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor || e->data.mapping_start.tag;
	default:
		return e->type == YAML_ALIAS_EVENT;
	}
}

/* The next event, which is to be deleted only if this returns true. */
static bool next(struct reader *r, yaml_event_t *e)
{
	unsigned int line;

	if (!yaml_parser_parse(&r->parser, e))
		return damaged(r);
	line = line_of(e);
	if (!is_marked(e))
		return true;
	yaml_event_delete(e);
	return judge_line(r->judge, line,
			  "a recipe has no anchors (&), aliases (*) and tags (!); "
			  "text that begins so has to be in quotes");
}

/* ---- values ---- */

static bool is_empty(const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;

	return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (text[0] == '\0' || strcmp(text, "~") == 0 || strcasecmp(text, "null") == 0);
}

/* A number as the documentation has it: decimal without zeros in front, or hexadecimal. */
static bool is_number(const char *text, uint32_t bytes)
{
	bool hex = text[0] == '0' && text[1] == 'x';
	const char *digits = hex ? "0123456789abcdefABCDEF" : "0123456789";
	const char *start = hex ? text + 2 : text;
	unsigned long long value;

	if (start[0] == '\0' || start[strspn(start, digits)] != '\0')
		return false;
	if (!hex && start[0] == '0' && start[1] != '\0')
		return false;
	errno = 0;
	value = strtoull(start, NULL, hex ? 16 : 10);
	return errno == 0 && value <= UINT64_MAX >> (64 - 8 * bytes);
}

static bool number(struct reader *r, const struct node *n, unsigned int line, const char *text)
{
	uint64_t most = UINT64_MAX >> (64 - 8 * n->schema->data_size);

	if (is_number(text, n->schema->data_size))
		return true;
	return judge_line(r->judge, line,
			  "\"%s\" has to be a number from 0 to 0x%llx, such as 12 or 0x0c; "
			  "\"%s\" is not",
			  n->key, (unsigned long long)most, text);
}

static bool choice(struct reader *r, const struct node *n, unsigned int line, const char *text)
{
	char all[256] = "";
	size_t used = 0;

	for (uint32_t i = 0; i < n->schema->enumeration.count; i++) {
		const char *one = n->schema->enumeration.strings[i].str;

		if (strcmp(one, text) == 0)
			return true;
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "",
					 one);
	}
	return judge_line(r->judge, line, "\"%s\" can be: %s; not \"%s\"", n->key, all, text);
}

static bool text_fits(struct reader *r, const struct node *n, unsigned int line, size_t length)
{
	if (length < n->schema->string.min)
		return judge_line(r->judge, line, "\"%s\" must not be empty", n->key);
	if (length > n->schema->string.max)
		return judge_line(r->judge, line, "\"%s\" is longer than %u bytes", n->key,
				  n->schema->string.max);
	return true;
}

static bool scalar(struct reader *r, const struct node *n, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	size_t length = e->data.scalar.length;
	unsigned int line = line_of(e);

	for (size_t i = 0; i < length; i++)
		if (((unsigned char)text[i] < 0x20 && !strchr("\n\t", text[i])) ||
		    text[i] == 0x7f || text[i] == '\0')
			return judge_line(r->judge, line, "\"%s\" has a control character", n->key);
	if (is_empty(e))
		return judge_line(r->judge, line, "\"%s\" has no value", n->key);
	switch (n->schema->type) {
	case CYAML_UINT:
		return number(r, n, line, text);
	case CYAML_BOOL:
		return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
		       judge_line(r->judge, line, "\"%s\" can be: true, false; not \"%s\"", n->key,
				  text);
	case CYAML_ENUM:
		return choice(r, n, line, text);
	case CYAML_STRING:
		return text_fits(r, n, line, length);
	default:
		return false; /* value() has seen to it */
	}
}

/* ---- mappings and sequences ---- */

static bool value(struct reader *r, const struct node *n, const yaml_event_t *e);

static bool next_value(struct reader *r, const struct node *n)
{
	yaml_event_t e;
	bool ok;

	if (!next(r, &e))
		return false;
	ok = value(r, n, &e);
	yaml_event_delete(&e);
	return ok;
}

static bool unknown(struct reader *r, const struct node *n, unsigned int line, const char *key)
{
	const cyaml_schema_field_t *f = n->schema->mapping.fields;
	char all[512] = "";
	size_t used = 0;

	for (; f->key; f++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", used ? ", " : "",
					 f->key);
	return judge_line(r->judge, line, "unknown key \"%.80s\" in %s%s%s; it can have: %s", key,
			  n->key[0] ? "\"" : "", n->key[0] ? n->key : "the recipe",
			  n->key[0] ? "\"" : "", all);
}

/* A key, and with it its value. */
static bool pair(struct reader *r, const struct node *n, const yaml_event_t *e, uint64_t *seen)
{
	const char *key = (const char *)e->data.scalar.value;
	const cyaml_schema_field_t *fields = n->schema->mapping.fields;
	struct node child = { .key = "" };
	unsigned int i = 0;

	if (e->type != YAML_SCALAR_EVENT)
		return judge_line(r->judge, line_of(e), "a key has to be a word");
	while (fields[i].key &&
	       (strcmp(fields[i].key, key) != 0 || strlen(key) != e->data.scalar.length))
		i++;
	if (!fields[i].key)
		return unknown(r, n, line_of(e), key);
	if (*seen & (uint64_t)1 << i)
		return judge_line(r->judge, line_of(e), "\"%s\" is here for the second time", key);
	*seen |= (uint64_t)1 << i;
	child.schema = &fields[i].value;
	child.key = fields[i].key;
	snprintf(child.place, sizeof(child.place), "%.100s%s%.40s", n->place,
		 n->place[0] ? "." : "", fields[i].key);
	return judge_note(r->judge, child.place, line_of(e)) && next_value(r, &child);
}

static bool complete(struct reader *r, const struct node *n, unsigned int line, uint64_t seen)
{
	const cyaml_schema_field_t *f = n->schema->mapping.fields;

	for (unsigned int i = 0; f[i].key; i++)
		if (!(f[i].value.flags & CYAML_FLAG_OPTIONAL) && !(seen & (uint64_t)1 << i))
			return judge_line(r->judge, line, "\"%s\" is missing in %s%s%s", f[i].key,
					  n->key[0] ? "\"" : "", n->key[0] ? n->key : "the recipe",
					  n->key[0] ? "\"" : "");
	return true;
}

static bool mapping(struct reader *r, const struct node *n, unsigned int line)
{
	uint64_t seen = 0;
	yaml_event_t e;

	for (;;) {
		bool ok, end;

		if (!next(r, &e))
			return false;
		end = e.type == YAML_MAPPING_END_EVENT;
		ok = end ? complete(r, n, line, seen) : pair(r, n, &e, &seen);
		yaml_event_delete(&e);
		if (!ok || end)
			return ok;
	}
}

static bool entry(struct reader *r, const struct node *n, const yaml_event_t *e, uint32_t number)
{
	struct node child = { .schema = n->schema->sequence.entry, .key = n->key };

	if (number >= n->schema->sequence.max)
		return judge_line(r->judge, line_of(e), "\"%s\" has more than %u entries", n->key,
				  n->schema->sequence.max);
	snprintf(child.place, sizeof(child.place), "%.120s[%u]", n->place, number);
	return judge_note(r->judge, child.place, line_of(e)) && value(r, &child, e);
}

static bool sequence(struct reader *r, const struct node *n, unsigned int line)
{
	uint32_t count = 0;
	yaml_event_t e;

	for (;;) {
		bool ok, end;

		if (!next(r, &e))
			return false;
		end = e.type == YAML_SEQUENCE_END_EVENT;
		ok = end || entry(r, n, &e, count++);
		yaml_event_delete(&e);
		if (!ok)
			return false;
		if (end && count < n->schema->sequence.min)
			return judge_line(r->judge, line, "\"%s\" must not be empty", n->key);
		if (end)
			return true;
	}
}

static const char *wanted(const struct node *n)
{
	switch (n->schema->type) {
	case CYAML_MAPPING:
		return "keys with values, or {}";
	case CYAML_SEQUENCE:
		return "a list";
	default:
		return "a single value";
	}
}

static bool value(struct reader *r, const struct node *n, const yaml_event_t *e)
{
	enum cyaml_type type = n->schema->type;
	unsigned int line = line_of(e);

	if (e->type == YAML_MAPPING_START_EVENT && type == CYAML_MAPPING)
		return mapping(r, n, line);
	if (e->type == YAML_SEQUENCE_START_EVENT && type == CYAML_SEQUENCE)
		return sequence(r, n, line);
	if (e->type == YAML_SCALAR_EVENT && type != CYAML_MAPPING && type != CYAML_SEQUENCE)
		return scalar(r, n, e);
	return judge_line(r->judge, line, "%s%s%s has to have %s", n->key[0] ? "\"" : "",
			  n->key[0] ? n->key : "a recipe", n->key[0] ? "\"" : "", wanted(n));
}

/* ---- the stream ---- */

/* One document, which is the recipe, and nothing behind it. */
static bool stream(struct reader *r)
{
	struct node top = { .schema = &recipe_schema, .key = "" };
	bool seen = false;
	yaml_event_t e;

	for (;;) {
		yaml_event_type_t type;
		unsigned int line;

		if (!next(r, &e))
			return false;
		type = e.type;
		line = line_of(&e);
		yaml_event_delete(&e);
		if (type == YAML_STREAM_END_EVENT)
			return seen || judge_line(r->judge, line, "there is nothing in this file");
		if (type != YAML_DOCUMENT_START_EVENT)
			continue;
		if (seen)
			return judge_line(r->judge, line, "a second document begins here (---)");
		seen = true;
		if (!next_value(r, &top))
			return false;
	}
}

bool recipe_strict(struct judge *j, const void *bytes, size_t length)
{
	struct reader r = { .judge = j };
	bool ok;

	if (!yaml_parser_initialize(&r.parser))
		return judge_no_memory(j);
	yaml_parser_set_input_string(&r.parser, bytes, length);
	ok = stream(&r);
	yaml_parser_delete(&r.parser);
	return ok;
}
