/* SPDX-License-Identifier: MIT */
/* A visit to a chip in order to change it: see change.h. */
#include "change.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* ---- leaving: the only way out ----------------------------------------------------------- */

static void released(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct change *c = arg;

	(void)client;
	if (res->status == STMFW_OK)
		c->board.state = BOARD_RUNNING;
	else
		board_failed(&c->board, &c->cli, "let the chip run again", res);
	session_close(&c->session);
}

void change_leave(struct change *c)
{
	bool halted = c->board.state == BOARD_HALTED || c->board.state == BOARD_UNKNOWN;

	progress_clear(&c->session.progress);
	c->session.op = 0;
	c->session.stop_words = NULL;
	if (halted && c->after == CHANGE_RUN && stmfw_client_is_connected(c->session.client)) {
		c->board.state = BOARD_UNKNOWN;
		if (stmfw_reset(c->session.client, STMFW_RESET_RUN, released, c, NULL) == STMFW_OK)
			return;
	}
	session_close(&c->session);
}

void change_expect(struct change *c, int err)
{
	if (err == STMFW_OK)
		return;
	cli_fail(&c->cli, cli_exit_of(err), "", "Cannot go on: %s.", stmfw_strerror(err));
	change_leave(c);
}

bool change_went_well(struct change *c, const char *doing, const stmfw_result *res)
{
	if (res->outcome == STMFW_UNKNOWN && c->board.state == BOARD_HALTED)
		c->board.state = BOARD_UNKNOWN;
	if (c->session.signal == 0 && res->status == STMFW_OK)
		return true;
	if (c->session.signal != 0)
		session_stopped(&c->session, doing);
	else
		board_failed(&c->board, &c->cli, doing, res);
	change_leave(c);
	return false;
}

static void identify(struct change *c);

/* ---- the bank ---------------------------------------------------------------------------- */

bool change_keep_bank(struct change *c, const stmfw_bank *bank)
{
	stmfw_sector *sectors = calloc(bank->sector_count + 1, sizeof(*sectors));

	if (!sectors) {
		cli_fail(&c->cli, CLI_INTERNAL, "", "Out of memory.");
		return false;
	}
	if (bank->sector_count > 0)
		memcpy(sectors, bank->sectors, bank->sector_count * sizeof(*sectors));
	free(c->sectors);
	c->sectors = sectors;
	c->sector_count = bank->sector_count;
	c->base = bank->base;
	c->size = bank->size;
	snprintf(c->chip, sizeof(c->chip), "%s", bank->chip);
	return true;
}

static void described(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct change *c = arg;

	(void)client;
	if (!change_went_well(c, "describe the flash bank", res))
		return;
	if (change_keep_bank(c, res->banks))
		c->work(c);
	else
		change_leave(c);
}

/* One that sleeps may answer once it has been reset. */
static void identified(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct change *c = arg;

	if (res->status == STMFW_ETARGET && c->agreed && c->session.signal == 0 &&
	    c->board.state == BOARD_UNTOUCHED) {
		change_halt(c, identify);
		return;
	}
	if (!change_went_well(c, "identify the chip", res))
		return;
	board_learn(&c->board, res->chip);
	change_expect(c, stmfw_bank_info(client, c->number, 0, described, c, &c->session.op));
}

static void identify(struct change *c)
{
	change_expect(c, stmfw_identify(c->session.client, c->target[0] ? c->target : NULL,
					identified, c, &c->session.op));
}

/* ---- halting ----------------------------------------------------------------------------- */

static void halted(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct change *c = arg;

	(void)client;
	if (!change_went_well(c, "reset and halt the chip", res))
		return;
	c->board.state = BOARD_HALTED;
	c->then(c);
}

void change_halt(struct change *c, void (*then)(struct change *c))
{
	c->then = then;
	c->board.state = BOARD_UNKNOWN;
	change_expect(c, stmfw_reset(c->session.client, STMFW_RESET_HALT, halted, c,
				     &c->session.op));
}

/* ---- finding the bank -------------------------------------------------------------------- */

static bool choose_bank(struct change *c, const stmfw_bank *banks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (banks[i].number == c->number) {
			snprintf(c->name, sizeof(c->name), "%s", banks[i].name);
			snprintf(c->driver, sizeof(c->driver), "%s", banks[i].driver);
			snprintf(c->target, sizeof(c->target), "%s", banks[i].target);
			return true;
		}
	cli_fail(&c->cli, CLI_RANGE, "stmfw-info lists them.",
		 "OpenOCD at %s has no flash bank %u; it has %zu.", c->cli.server.text, c->number,
		 count);
	return false;
}

static void banks_listed(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct change *c = arg;

	(void)client;
	if (!change_went_well(c, "list the flash banks", res))
		return;
	if (choose_bank(c, res->banks, res->count))
		identify(c);
	else
		change_leave(c);
}

static void connected(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct change *c = arg;

	if (change_went_well(c, "connect", res))
		change_expect(c, stmfw_banks(client, banks_listed, c, &c->session.op));
}

void change_run(struct change *c)
{
	session_run(&c->session, connected, c);
}

void change_free(struct change *c)
{
	free(c->sectors);
	c->sectors = NULL;
}

const char *change_who(const struct change *c)
{
	static char ring[2][256];
	static unsigned int next;
	char *who = ring[next++ % 2];

	board_describe(&c->board, &c->cli, who, sizeof(ring[0]));
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

bool change_parse_after(enum change_after *after, const char *value)
{
	if (strcmp(value, "run") == 0 || strcmp(value, "reset") == 0)
		*after = CHANGE_RUN;
	else if (strcmp(value, "halt") == 0)
		*after = CHANGE_HALT;
	else
		return false;
	return true;
}
