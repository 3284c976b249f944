/* SPDX-License-Identifier: MIT */
/*
 * fuzz_recipe.c - recipes, from any bytes.
 *
 * An error is one line of printable ASCII, and our own words: what the strict reading accepts,
 * libcyaml has to load. A recipe that is accepted is what recipe.h promises.
 */
#include <string.h>

#include "../fuzz/fuzz.h"
#include "recipe.h"
#include "recipe_rules.h"
#include "serial.h"

static void check_error(const char *why)
{
	MUST(strncmp(why, "f.yaml:", 7) == 0 && strlen(why) < RECIPE_WHY);
	for (; *why; why++)
		MUST(*why >= 0x20 && *why < 0x7f);
}

static void check_steps(const struct recipe *r)
{
	MUST(r->step_count >= 1 && r->step_count <= RECIPE_MOST);
	for (unsigned int i = 0; i < r->step_count; i++) {
		const struct recipe_step *s = &r->steps[i];

		MUST(recipe_is_name(s->name) && s->retries <= 10);
		MUST(s->timeout_s <= r->limits.board_timeout_s);
		for (unsigned int k = 0; k < i; k++)
			MUST(strcmp(s->name, r->steps[k].name) != 0);
		for (unsigned int k = 0; k < s->image_count; k++)
			MUST(recipe_image(r, s->images[k]));
		if (s->kind == STEP_MEMORY)
			MUST((s->expect & ~s->mask) == 0 && s->mask != 0);
		MUST(s->kind != STEP_EXEC || (s->command_count > 0 && s->command[0][0]));
		MUST(s->kind != STEP_SERIAL || r->serial);
	}
}

static void check_number(const struct recipe_serial *r, uint64_t number)
{
	char why[SERIAL_WHY];
	struct serial s;

	MUST(serial_from_number(&s, r, (int64_t)number, why));
	MUST(serial_encode(&s, r, why) && s.length == r->length);
}

static void check_serial(const struct recipe_serial *s)
{
	MUST(s->length >= 1 && s->length <= SERIAL_BYTES && s->prefix);
	if (s->source != SERIAL_COUNTER)
		return;
	MUST(s->first <= s->last && s->last <= INT64_MAX);
	check_number(s, s->first);
	check_number(s, s->last);
}

static void check(const struct recipe *r)
{
	MUST(recipe_is_name(r->station) && r->record[0]);
	MUST(r->site_count >= 1 && r->site_count <= RECIPE_MOST);
	for (unsigned int i = 0; i < r->site_count; i++)
		MUST(recipe_is_name(r->sites[i].name) &&
		     !r->sites[i].openocd != !r->sites[i].start);
	for (unsigned int i = 0; i < r->image_count; i++)
		MUST(recipe_is_name(r->images[i].name) && strlen(r->images[i].sha256) == 64 &&
		     r->images[i].path);
	check_steps(r);
	if (r->serial)
		check_serial(r->serial);
	if (r->mqtt)
		MUST(r->mqtt->port && r->mqtt->topic && r->mqtt->host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recipe *r = NULL;
	char why[RECIPE_WHY];

	if (recipe_parse(&r, "f.yaml", data, size, why))
		check(r);
	else
		check_error(why);
	recipe_free(r);
	return 0;
}
