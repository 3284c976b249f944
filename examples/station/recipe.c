/* SPDX-License-Identifier: MIT */
/*
 * A recipe from its file: held against the schema (recipe_strict.c), loaded by libcyaml with the
 * same schema (recipe_schema.c), looked at for sense and completed (recipe_rules.c), and its paths
 * made to begin at its own folder.
 */
#include "recipe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "readfile.h"
#include "recipe_rules.h"
#include "recipe_schema.h"
#include "recipe_strict.h"

#define FILE_LIMIT ((size_t)1 << 20)

/* ---- libcyaml ---- */

static void *memory(void *ctx, void *ptr, size_t size)
{
	(void)ctx;
	if (size > 0)
		return realloc(ptr, size);
	free(ptr);
	return NULL;
}

/* Its first complaint, and the first place that it names after that. */
struct complaint {
	char text[256];
	char place[128];
};

static void __attribute__((format(printf, 3, 0)))
hear(cyaml_log_t level, void *ctx, const char *format, va_list args)
{
	struct complaint *c = ctx;
	char *to = c->text[0] ? c->place : c->text;
	size_t room = c->text[0] ? sizeof(c->place) : sizeof(c->text);

	(void)level;
	if (to[0] || strstr(format, "Backtrace"))
		return;
	vsnprintf(to, room, format, args);
	to[strcspn(to, "\n")] = '\0';
}

static cyaml_config_t config(struct complaint *c)
{
	return (cyaml_config_t){ .log_fn = hear,
				 .log_ctx = c,
				 .mem_fn = memory,
				 .log_level = CYAML_LOG_WARNING,
				 .flags = CYAML_CFG_NO_ALIAS };
}

static struct recipe_loaded *load(struct judge *j, const void *bytes, size_t length)
{
	struct complaint c = { .text = "" };
	cyaml_config_t cfg = config(&c);
	cyaml_data_t *data = NULL;
	cyaml_err_t err = cyaml_load_data(bytes, length, &cfg, &recipe_schema, &data, NULL);

	if (err == CYAML_OK && data)
		return data;
	/* It has been parsed before: what libyaml reports now is want of memory. */
	if (err == CYAML_ERR_OOM || err == CYAML_ERR_LIBYAML_PARSER_INIT ||
	    err == CYAML_ERR_LIBYAML_PARSER)
		judge_no_memory(j);
	else
		judge_line(j, 0, "%s %s%s(libcyaml)", c.text[0] ? c.text : cyaml_strerror(err),
			   c.place, c.place[0] ? " " : "");
	return NULL;
}

/* ---- paths ---- */

/* What is relative begins at the recipe's folder. */
static char *at_home(const struct recipe *r, const char *path)
{
	const char *slash = strrchr(r->path, '/');
	int home = path[0] == '/' || !slash ? 0 : (int)(slash + 1 - r->path);
	char *full;

	return asprintf(&full, "%.*s%s", home, r->path, path) < 0 ? NULL : full;
}

static bool move_home(const struct recipe *r, char **path)
{
	char *full = *path ? at_home(r, *path) : NULL;

	if (*path && !full)
		return false;
	free(*path);
	*path = full;
	return true;
}

/* A program without a "/" is looked for in PATH. */
static bool move_program(const struct recipe *r, char **words)
{
	return !words || !strchr(words[0], '/') || move_home(r, &words[0]);
}

static bool move_paths(struct recipe *r)
{
	bool ok = move_home(r, &r->record);

	for (unsigned int i = 0; ok && i < r->site_count; i++)
		ok = move_program(r, r->sites[i].start);
	for (unsigned int i = 0; ok && i < r->image_count; i++)
		ok = (r->images[i].path = at_home(r, r->images[i].file)) != NULL;
	if (ok && r->serial)
		ok = move_home(r, &r->serial->file);
	if (ok && r->mqtt)
		ok = move_home(r, &r->mqtt->credentials) && move_home(r, &r->mqtt->ca_file);
	return ok;
}

/* Before they are copied: who owns their texts is the raw step. */
static bool move_step_paths(struct recipe_loaded *l)
{
	bool ok = true;

	for (unsigned int i = 0; ok && i < l->step_count; i++)
		for (unsigned int k = 0; ok && k < RECIPE_STEP_KINDS; k++) {
			struct recipe_step *s = l->steps[i].of[k];

			ok = !s || move_home(&l->recipe, &s->directory);
		}
	return ok;
}

/* ---- all of it ---- */

static struct recipe_loaded *judge_bytes(struct judge *j, const char *path, const void *bytes,
					 size_t length)
{
	struct recipe_loaded *l;

	if (strlen(path) >= sizeof(l->recipe.path)) {
		judge_line(j, 0, "its path is too long");
		return NULL;
	}
	if (!recipe_strict(j, bytes, length))
		return NULL;
	l = load(j, bytes, length);
	if (!l)
		return NULL;
	snprintf(l->recipe.path, sizeof(l->recipe.path), "%s", path);
	if (!move_step_paths(l) || !digest_sha256(l->recipe.sha256, bytes, length))
		judge_no_memory(j);
	else if (recipe_rules(j, l) && (move_paths(&l->recipe) || judge_no_memory(j)))
		return l;
	recipe_free(&l->recipe);
	return NULL;
}

bool recipe_parse(struct recipe **out, const char *path, const void *bytes, size_t length,
		  char why[RECIPE_WHY])
{
	struct recipe_loaded *l;
	struct judge j;

	judge_init(&j, path, why);
	l = judge_bytes(&j, path, bytes, length);
	judge_release(&j);
	if (l)
		*out = &l->recipe;
	return l != NULL;
}

bool recipe_load(struct recipe **out, const char *path, char why[RECIPE_WHY])
{
	char reason[READFILE_WHY];
	struct readfile file;
	struct judge j;
	bool ok;

	if (!readfile(&file, path, FILE_LIMIT, reason)) {
		judge_init(&j, path, why);
		return judge_line(&j, 0, "%s", reason);
	}
	ok = recipe_parse(out, path, file.bytes, file.length, why);
	free(file.bytes);
	return ok;
}

void recipe_free(struct recipe *r)
{
	struct complaint c = { .text = "" };
	cyaml_config_t cfg = config(&c);

	if (!r)
		return;
	free(r->steps);
	for (unsigned int i = 0; i < r->image_count; i++)
		free(r->images[i].path);
	cyaml_free(&cfg, &recipe_schema, r, 0);
}

const struct recipe_image *recipe_image(const struct recipe *r, const char *name)
{
	for (unsigned int i = 0; i < r->image_count; i++)
		if (strcmp(r->images[i].name, name) == 0)
			return &r->images[i];
	return NULL;
}

const char *recipe_step_name(enum recipe_step_kind kind)
{
	return recipe_step_names[kind];
}
