/* SPDX-License-Identifier: MIT */
/*
 * stmfw-erase: erase flash, and prove that it is blank.
 *
 *     change.c -> look -> (without --yes) previewed: what would be lost
 *                      -> (with it) erased, and blank by the chip's own check -> read_back
 */
#include "erase.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/* More than that would take seconds, for what the chip has checked itself. */
#define READ_BACK_MAX (256u << 10)

/* ---- what is meant ----------------------------------------------------------------------- */

static uint32_t sector_at(const struct change *c, uint64_t offset)
{
	uint32_t i = 0;

	while (i + 1 < c->sector_count &&
	       offset - c->sectors[i].offset >= c->sectors[i].size)
		i++;
	return i;
}

static uint64_t end_of(const stmfw_sector *s)
{
	return s->offset + s->size;
}

static bool resolve_range(struct erase *e)
{
	struct change *c = &e->change;
	struct erase_opts *o = &e->opts;
	uint64_t begin = o->address - c->base, end = o->end - c->base + 1;

	if (o->address < c->base || o->end - c->base >= c->size) {
		cli_fail(&c->visit.cli, CLI_RANGE, "stmfw-info lists the banks; see --bank.",
			 "0x%08" PRIx64 " to 0x%08" PRIx64 " do not lie in flash bank %u, which is "
			 "0x%08" PRIx64 " to 0x%08" PRIx64 ". Nothing was erased. (%s.)",
			 o->address, o->end, c->number, c->base, c->base + c->size - 1,
			 change_who(c));
		return false;
	}
	o->first = sector_at(c, begin);
	o->last = sector_at(c, end - 1);
	uint64_t from = c->sectors[o->first].offset, to = end_of(&c->sectors[o->last]);
	if (from == begin && to == end)
		return true;
	cli_fail(&c->visit.cli, CLI_RANGE, "Say that range if you mean all of it.",
		 "Only whole sectors can be erased: that would take all of 0x%08" PRIx64
		 "-0x%08" PRIx64 ". Nothing was erased. (%s.)",
		 c->base + from, c->base + to - 1, change_who(c));
	return false;
}

static bool resolve(struct erase *e)
{
	struct change *c = &e->change;
	struct erase_opts *o = &e->opts;
	char names[64];

	if (o->what == ERASE_RANGE && !resolve_range(e))
		return false;
	if (o->what == ERASE_ALL && c->sector_count > 0)
		o->last = (uint32_t)(c->sector_count - 1);
	if (o->last >= c->sector_count) {
		cli_fail(&c->visit.cli, CLI_RANGE, "stmfw-info --sectors lists them.",
			 "There %s no %s, which has %zu, from 0 on. Nothing was erased. (%s.)",
			 o->first == o->last ? "is" : "are",
			 change_name_sectors(names, c, o->first, o->last), c->sector_count,
			 change_who(c));
		return false;
	}
	e->range.address = c->base + c->sectors[o->first].offset;
	e->range.length = end_of(&c->sectors[o->last]) - c->sectors[o->first].offset;
	return true;
}

/* ---- what forbids it --------------------------------------------------------------------- */

/* One-time-programmable memory. The library refuses it, too, but on a chip that was reset for it. */
static bool is_erasable(struct erase *e)
{
	struct change *c = &e->change;

	if (!strstr(c->name, "otp"))
		return true;
	cli_fail(&c->visit.cli, CLI_UNSUPPORTED, "",
		 "Flash bank %u (%s) can be programmed once and never erased. Nothing was erased. "
		 "(%s.)",
		 c->number, c->name, change_who(c));
	return false;
}

static bool is_readable(struct erase *e)
{
	struct change *c = &e->change;

	if (c->visit.board.rdp != STMFW_RDP_1 && c->visit.board.rdp != STMFW_RDP_2)
		return true;
	cli_fail(&c->visit.cli, CLI_PROTECTED,
		 c->visit.board.rdp == STMFW_RDP_1
			 ? "To remove it, and ERASE EVERYTHING on the chip: stmfw-protect unlock."
			 : "This protection is for ever.",
		 "Read protection is on (RDP level %d): sectors of this chip cannot be erased. "
		 "Nothing was erased. (%s.)",
		 (int)c->visit.board.rdp, change_who(c));
	return false;
}

static bool is_writable(struct erase *e)
{
	struct change *c = &e->change;

	for (uint32_t i = e->opts.first; i <= e->opts.last; i++) {
		e->unlocked += c->sectors[i].is_protected == 1;
		if (e->unlocked && !e->opts.unlock) {
			cli_fail(&c->visit.cli, CLI_PROTECTED,
				 "--unlock removes the protection of these sectors first.",
				 "Sector %" PRIu32 " is write protected. Nothing was erased. (%s.)",
				 i, change_who(c));
			return false;
		}
	}
	return true;
}

/* ---- reading: before, what would be lost; afterwards, the second proof ------------------- */

static int count_used(stmfw_client *client, uint64_t offset, const uint8_t *data, size_t length,
		      void *arg)
{
	struct erase *e = arg;

	(void)client;
	(void)offset;
	for (size_t i = 0; i < length; i++)
		e->used += data[i] != e->blank;
	return 0;
}

static void on_progress(stmfw_client *client, const stmfw_progress *p, void *arg)
{
	struct erase *e = arg;

	(void)client;
	progress_show(&e->change.visit.session.progress, p->step, p->done, p->total);
}

static void read_range(struct erase *e, stmfw_done_cb done)
{
	struct change *c = &e->change;
	stmfw_read_opts opts = STMFW_INIT(stmfw_read_opts);

	opts.bank = c->number;
	opts.offset = e->range.address - c->base;
	opts.length = e->range.length;
	opts.sink = count_used;
	opts.progress = on_progress;
	opts.arg = e;
	e->used = 0;
	visit_expect(&c->visit, stmfw_read_flash(c->visit.session.client, &opts, done, e,
						 &c->visit.session.op));
}

/* ---- without --yes ----------------------------------------------------------------------- */

static void ask(struct erase *e)
{
	struct change *c = &e->change;
	char size[TEXT_SHORT], lost[64], names[64];

	if (!e->counted)
		snprintf(lost, sizeof(lost), "what is there would be lost");
	else if (e->used == 0)
		snprintf(lost, sizeof(lost), "blank already");
	else
		snprintf(lost, sizeof(lost), "%" PRIu64 " byte%s not blank would be lost", e->used,
			 e->used == 1 ? " that is" : "s that are");
	cli_fail(&c->visit.cli, CLI_USAGE,
		 "To save it first: stmfw-backup FILE. To erase: the same again with --yes.",
		 "This would erase %s (0x%08" PRIx64 " to 0x%08" PRIx64
		 ", %s): %s.%s Nothing was touched. (%s.)",
		 change_name_sectors(names, c, e->opts.first, e->opts.last), e->range.address,
		 e->range.address + e->range.length - 1, text_size(size, e->range.length), lost,
		 e->unlocked ? " Write protection there would be removed, and stay removed." : "",
		 change_who(c));
	visit_leave(&c->visit);
}

/* What cannot be read will be lost all the same. */
static void previewed(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct erase *e = arg;

	(void)client;
	e->counted = res->status == STMFW_OK;
	if (e->change.visit.session.signal != 0 || !stmfw_client_is_connected(client)) {
		visit_went_well(&e->change.visit, "look at the flash", res);
		return;
	}
	progress_clear(&e->change.visit.session.progress);
	ask(e);
}

/* ---- with it ----------------------------------------------------------------------------- */

static void read_back(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct erase *e = arg;
	struct change *c = &e->change;

	(void)client;
	if (res->status == STMFW_EUNSUPPORTED && c->visit.session.signal == 0) {
		visit_leave(&c->visit); /* OpenOCD is elsewhere: the chip's own check has to do */
		return;
	}
	if (!visit_went_well(&c->visit, "read the erased flash back", res))
		return;
	if (e->used == 0)
		e->outcome = PROVEN_TWICE;
	else
		cli_fail(&c->visit.cli, CLI_VERIFY,
			 "The line to the chip is not reliable: shorten the wires or lower "
			 "`adapter speed`, and try again.",
			 "The chip says that it is blank, but reading it back finds %" PRIu64
			 " byte%s not. (%s.)",
			 e->used, e->used == 1 ? " that is" : "s that are", change_who(c));
	visit_leave(&c->visit);
}

static void erased(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct erase *e = arg;
	struct change *c = &e->change;

	(void)client;
	c->visit.session.stop_words = NULL;
	if (res->status == STMFW_OK)
		e->outcome = PROVEN;
	else if (res->status == STMFW_EPROTECTED || res->status == STMFW_ERANGE ||
		 res->status == STMFW_ECANCELED)
		e->outcome = NOTHING_DONE; /* it says so itself */
	if (!visit_went_well(&c->visit, "erase the flash", res))
		return;
	if (e->range.length <= READ_BACK_MAX)
		read_range(e, read_back);
	else
		visit_leave(&c->visit);
}

static void begin(void *arg)
{
	struct erase *e = arg;
	struct change *c = &e->change;
	const struct erase_opts *o = &e->opts;
	char size[TEXT_SHORT];
	int err;

	cli_say(&c->visit.cli, "%s", change_who(c));
	cli_say(&c->visit.cli, "erasing %s, 0x%08" PRIx64 " to 0x%08" PRIx64 " ...",
		text_size(size, e->range.length), e->range.address,
		e->range.address + e->range.length - 1);
	e->outcome = MAYBE_ERASED;
	c->visit.fresh = false; /* the check runs on the chip */
	c->visit.session.patience_ms = 0; /* an erase cannot be interrupted */
	c->visit.session.stop_words =
		"Stopping when the sectors are erased and have been looked at. "
		"Once more, and it ends at once.";
	if (o->what == ERASE_ALL && e->unlocked == 0)
		err = stmfw_mass_erase(c->visit.session.client, c->number, erased, e,
				       &c->visit.session.op);
	else
		err = stmfw_erase_sectors(c->visit.session.client, c->number, o->first, o->last,
					  o->unlock ? STMFW_ERASE_UNLOCK : 0, erased, e,
					  &c->visit.session.op);
	if (err != STMFW_OK)
		e->outcome = NOTHING_DONE;
	visit_expect(&c->visit, err);
}

static void look(struct change *c)
{
	struct erase *e = (struct erase *)c;

	e->blank = strcmp(c->driver, "stm32lx") == 0 ? 0x00 : 0xff;
	if (!is_erasable(e) || !resolve(e) || !is_readable(e) || !is_writable(e))
		visit_leave(&c->visit);
	else if (e->opts.yes)
		visit_halt(&c->visit, begin);
	else
		read_range(e, previewed);
}

/* ---- begin and end ----------------------------------------------------------------------- */

int main(int argc, char **argv)
{
	struct erase e = { .change = { .work = look } };
	struct cli *cli = &e.change.visit.cli;

	cli_init(cli, "stmfw-erase");
	if (!erase_parse(&e.opts, &e.change, argc, argv))
		return cli_end(cli, cli_end_object(cli));
	e.change.visit.purpose = e.opts.yes ? VISIT_CHANGES : VISIT_LOOKS;
	change_run(&e.change);
	int code = erase_report(&e);
	change_free(&e.change);
	return code;
}
