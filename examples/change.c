/* SPDX-License-Identifier: MIT */
/* A visit to one bank of a chip, in order to change it: see change.h. */
#include "change.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

bool change_keep_bank(struct change *c, const stmfw_bank *bank)
{
	stmfw_sector *sectors = calloc(bank->sector_count + 1, sizeof(*sectors));

	if (!sectors) {
		cli_fail(&c->visit.cli, CLI_INTERNAL, "", "Out of memory.");
		return false;
	}
	if (bank->sector_count > 0)
		memcpy(sectors, bank->sectors, bank->sector_count * sizeof(*sectors));
	free(c->sectors);
	c->sectors = sectors;
	c->sector_count = bank->sector_count;
	c->base = bank->base;
	c->size = bank->size;
	return true;
}

static void described(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct change *c = arg;

	(void)client;
	if (!visit_went_well(&c->visit, "describe the flash bank", res))
		return;
	if (change_keep_bank(c, res->banks))
		c->work(c);
	else
		visit_leave(&c->visit);
}

static void describe(void *arg)
{
	struct change *c = arg;
	struct visit *v = &c->visit;

	visit_expect(
		v, stmfw_bank_info(v->session.client, c->number, 0, described, c, &v->session.op));
}

static bool choose_bank(void *arg, const stmfw_bank *banks, size_t count, const char **target)
{
	struct change *c = arg;

	for (size_t i = 0; i < count; i++)
		if (banks[i].number == c->number) {
			snprintf(c->name, sizeof(c->name), "%s", banks[i].name);
			snprintf(c->driver, sizeof(c->driver), "%s", banks[i].driver);
			*target = banks[i].target;
			return true;
		}
	visit_no_bank(&c->visit, (int)c->number, count);
	return false;
}

void change_run(struct change *c)
{
	static const struct visit_work work = { .choose = choose_bank, .begin = describe };

	visit_run(&c->visit, &work, c);
}

void change_free(struct change *c)
{
	free(c->sectors);
	c->sectors = NULL;
}

const char *change_who(const struct change *c)
{
	static char who[256];

	board_describe(&c->visit.board, &c->visit.cli, who, sizeof(who));
	return who;
}

const char *change_name_sectors(char out[64], const struct change *c, uint32_t first, uint32_t last)
{
	if (first == last)
		snprintf(out, 64, "sector %" PRIu32 " of flash bank %u", first, c->number);
	else
		snprintf(out, 64, "sectors %" PRIu32 " to %" PRIu32 " of flash bank %u", first, last,
			 c->number);
	return out;
}

/* ---- the command line -------------------------------------------------------------------- */

bool change_parse_sectors(uint32_t *first, uint32_t *last, const char *value)
{
	const char *dash = strchr(value, '-');
	uint64_t a, z;
	char head[16];

	snprintf(head, sizeof(head), "%.*s", dash ? (int)(dash - value) : 15, value);
	if (!text_parse_number(head, UINT32_MAX - 1, &a) ||
	    !text_parse_number(dash ? dash + 1 : value, UINT32_MAX - 1, &z) || a > z)
		return false;
	*first = (uint32_t)a;
	*last = (uint32_t)z;
	return true;
}

bool change_parse_bank(unsigned int *number, const char *value)
{
	uint64_t n;

	if (!text_parse_number(value, 999, &n))
		return false;
	*number = (unsigned int)n;
	return true;
}
