/* SPDX-License-Identifier: MIT */
/* The last words of stmfw-erase: what is blank now, what is not, and how the board is left. */
#include "erase.h"

#include <inttypes.h>

#include "jsonl.h"
#include "text.h"

static void add_state(struct erase *e)
{
	struct change *c = &e->change;
	bool start_is_gone = e->range.address == BOARD_FLASH;

	if (c->visit.board.state == BOARD_RUNNING && e->outcome >= MAYBE_ERASED && start_is_gone)
		cli_add(&c->visit.cli, "The chip was reset; it has no firmware to start any more.");
	else
		board_add_state(&c->visit.board, &c->visit.cli);
}

static void conclude(struct erase *e)
{
	struct change *c = &e->change;
	char size[TEXT_SHORT], names[64];

	if (c->visit.cli.exit == CLI_OK)
		cli_add(&c->visit.cli,
			"Erased %s, 0x%08" PRIx64 " to 0x%08" PRIx64
			" (%s): blank by the chip's own check%s. (%s.)",
			text_size(size, e->range.length), e->range.address,
			e->range.address + e->range.length - 1,
			change_name_sectors(names, c, e->opts.first, e->opts.last),
			e->outcome == PROVEN_TWICE ? " and by reading it back" : "", change_who(c));
	else if (e->outcome == NOTHING_DONE && c->visit.board.identified &&
		 !cli_told(&c->visit.cli, "nothing was"))
		cli_add(&c->visit.cli, "Nothing was erased.");
	else if (e->outcome == MAYBE_ERASED)
		cli_add(&c->visit.cli, "Some of the sectors may be erased.");
	else if (e->outcome == PROVEN)
		cli_add(&c->visit.cli,
			"The sectors are erased, and blank by the chip's own check.");
	if (e->unlocked && e->outcome >= PROVEN)
		cli_add(&c->visit.cli,
			"Write protection there was removed, and stays removed; to set it again: "
			"stmfw-protect set.");
	else if (e->unlocked && e->outcome == MAYBE_ERASED)
		cli_add(&c->visit.cli, "Write protection there may have been removed.");
	add_state(e);
	if (c->visit.cli.exit == CLI_OK)
		cli_say(&c->visit.cli, "%s", c->visit.cli.message);
}

static json_t *end_object(const struct erase *e)
{
	static const char *const outcomes[] = { "nothing", "unknown", "blank", "blank" };
	const struct change *c = &e->change;
	json_t *end = cli_end_object(&c->visit.cli);

	json_object_set_new(end, "chip",
			    c->visit.board.identified ? board_json(&c->visit.board) : json_null());
	json_object_set_new(
		end, "erase",
		json_pack("{s:i, s:I, s:I, s:o, s:I, s:s, s:b, s:o, s:I}", "bank", (int)c->number,
			  "first_sector", (json_int_t)e->opts.first, "last_sector",
			  (json_int_t)e->opts.last, "address", jsonl_hex(e->range.address, 8), "length",
			  (json_int_t)e->range.length, "outcome", outcomes[e->outcome], "read_back",
			  e->outcome == PROVEN_TWICE, "not_blank",
			  e->counted ? json_integer((json_int_t)e->used) : json_null(), "unlocked",
			  e->outcome >= PROVEN ? (json_int_t)e->unlocked : 0));
	return end;
}

int erase_report(struct erase *e)
{
	conclude(e);
	return cli_end(&e->change.visit.cli, end_object(e));
}
