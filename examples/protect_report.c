/* SPDX-License-Identifier: MIT */
/*
 * What stmfw-protect shows, and its last words. What it shows is one JSON document, printed for
 * people as stmfw-info prints it.
 */
#include "protect.h"

#include <string.h>

#include "info.h"
#include "jsonl.h"

static json_t *document(const struct change *c)
{
	json_t *sectors = json_array();

	for (size_t i = 0; i < c->sector_count; i++) {
		const stmfw_sector *s = &c->sectors[i];

		json_array_append_new(
			sectors, json_pack("{s:I, s:I, s:o}", "offset", (json_int_t)s->offset, "size",
					   (json_int_t)s->size, "protected",
					   s->is_protected < 0 ? json_null() :
								 json_boolean(s->is_protected)));
	}
	return json_pack("{s:o, s:[{s:i, s:o, s:o, s:o, s:I, s:o}]}", "chip",
			 c->visit.board.identified ? board_json(&c->visit.board) : json_null(),
			 "banks", "bank", (int)c->number, "name", jsonl_text(c->name), "driver",
			 jsonl_text(c->driver), "base", jsonl_hex(c->base, 8), "size",
			 (json_int_t)c->size, "sectors", sectors);
}

static void say_success(struct protect *p)
{
	struct change *c = &p->change;
	uint32_t last = p->opts.last < c->sector_count ? p->opts.last
						       : (uint32_t)c->sector_count - 1;
	const char *caveat = strstr(p->said, " ("); /* a driver that was not tried */
	char names[64];

	switch (p->result) {
	case RESULT_SHOWN:
		break;
	case RESULT_CHANGED:
		cli_add(&c->visit.cli, "The chip shows that %s %s %s%s. (%s.)",
			change_name_sectors(names, c, p->opts.first, last),
			p->opts.first == last ? "is" : "are",
			p->opts.action == PROTECT_SET ? "write protected" : "not write protected",
			caveat ? caveat : "", change_who(c));
		break;
	case RESULT_LOCKED:
		cli_add(&c->visit.cli,
			"Read protection is on (RDP level 1), as the chip shows after a reset: nobody can "
			"read its flash any more, and removing the protection erases it. Now switch the "
			"board off and on: as long as the debugger is connected, a protected chip may not "
			"run its firmware. (%s.)", change_who(c));
		break;
	case RESULT_UNLOCKED:
		cli_add(&c->visit.cli,
			"Read protection is off, as the chip shows after a reset, and the chip was erased%s. "
			"If it behaves oddly, switch the board off and on before flashing it. (%s.)",
			p->blank ? ": its flash is blank, by its own check" : "", change_who(c));
		break;
	case RESULT_AS_BEFORE:
		cli_add(&c->visit.cli, "Read protection is %s already: nothing was changed%s. (%s.)",
			c->visit.board.rdp == STMFW_RDP_1 ? "on (RDP level 1)" : "off",
			c->visit.board.rdp == STMFW_RDP_1 ? "" : ", and nothing erased",
			change_who(c));
		break;
	}
}

static void conclude(struct protect *p)
{
	struct change *c = &p->change;
	json_t *doc = document(c);
	bool touches = p->opts.action != PROTECT_SHOW && c->visit.board.identified;

	if (c->visit.cli.exit == CLI_OK)
		say_success(p);
	else if (!p->sent && touches && !cli_told(&c->visit.cli, "nothing was"))
		cli_add(&c->visit.cli, "Nothing was changed.");
	else if (p->sent && (c->visit.cli.exit == CLI_LOST || c->visit.session.signal != 0))
		cli_add(&c->visit.cli, "Whether the protection was changed is not known.");
	if (c->visit.session.too_late)
		cli_add(&c->visit.cli, "It was complete before it could be stopped.");
	board_add_state(&c->visit.board, &c->visit.cli);
	if (c->visit.cli.exit == CLI_OK && p->result == RESULT_SHOWN && !c->visit.cli.json)
		info_show(doc, false);
	else if (c->visit.cli.exit == CLI_OK)
		cli_say(&c->visit.cli, "%s", c->visit.cli.message);
	json_decref(doc);
}

static json_t *end_object(const struct protect *p)
{
	json_t *end = cli_end_object(&p->change.visit.cli);
	json_t *doc = document(&p->change);

	json_object_update(end, doc);
	json_decref(doc);
	return end;
}

int protect_report(struct protect *p)
{
	conclude(p);
	return cli_end(&p->change.visit.cli, end_object(p));
}
