/* SPDX-License-Identifier: MIT */
/*
 * stmfw-protect: show, set and clear write protection; lock and unlock read protection.
 *
 *     change.c -> act -> the library's call, which looks at the chip again -> changed
 *                     -> (unlock) blank: is all of it erased?
 *
 * What it shows is one JSON document, printed as stmfw-info prints it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "info.h"
#include "jsonl.h"
#include "protect.h"
#include "text.h"

/* Known when it ends well: what is to be said then. */
enum result { RESULT_SHOWN, RESULT_CHANGED, RESULT_LOCKED, RESULT_UNLOCKED, RESULT_AS_BEFORE };

struct protect {
	struct change change; /* first: callbacks get it */
	struct protect_opts opts;
	enum result result;
	bool blank;  /* unlocked, and a blank check said so */
	bool sent;   /* the call that changes something     */
	char said[512]; /* by the library                   */
};

static void keep_words(struct protect *p, const stmfw_result *res)
{
	text_harmless(p->said, sizeof(p->said), res->text);
}

/* It was refused before anything was changed, and says so itself. */
static void note_refusal(struct protect *p, const stmfw_result *res)
{
	if (res->status == STMFW_ERANGE || res->status == STMFW_EPROTECTED ||
	    res->status == STMFW_EUNSUPPORTED)
		p->sent = false;
}

/* ---- write protection -------------------------------------------------------------------- */

static void changed(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct protect *p = arg;
	struct change *c = &p->change;

	(void)client;
	note_refusal(p, res);
	if (!change_went_well(c, p->opts.action == PROTECT_SET ? "set write protection" :
								 "clear write protection", res))
		return;
	keep_words(p, res);
	p->result = RESULT_CHANGED;
	change_keep_bank(c, res->banks);
	change_leave(c);
}

static void change_sectors(struct change *c)
{
	struct protect *p = (struct protect *)c;
	enum stmfw_protection wanted =
		p->opts.action == PROTECT_SET ? STMFW_PROTECTION_ON : STMFW_PROTECTION_OFF;

	p->sent = true;
	change_expect(c, stmfw_protect(c->session.client, c->number, p->opts.first, p->opts.last,
				       wanted, changed, p, &c->session.op));
}

/* ---- read protection --------------------------------------------------------------------- */

/* Afterwards the chip is not made to run: a locked one may not run its firmware while a debugger is
   connected, and an erased one has none. */
static void note_state(struct protect *p, const stmfw_result *res)
{
	struct change *c = &p->change;

	if (res->status == STMFW_OK) {
		c->after = CHANGE_HALT;
		c->board.state = BOARD_HALTED;
	} else if (p->sent) {
		c->board.state = BOARD_UNKNOWN;
	}
}

static void locked(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct protect *p = arg;
	struct change *c = &p->change;

	(void)client;
	note_refusal(p, res);
	note_state(p, res);
	if (!change_went_well(c, "lock the chip", res))
		return;
	board_learn(&c->board, res->chip);
	p->result = RESULT_LOCKED;
	change_leave(c);
}

static void blank(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct protect *p = arg;

	(void)client;
	p->blank = res->status == STMFW_OK;
	change_leave(&p->change);
}

static void unlocked(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct protect *p = arg;
	struct change *c = &p->change;

	note_refusal(p, res);
	note_state(p, res);
	if (!change_went_well(c, "remove read protection", res))
		return;
	board_learn(&c->board, res->chip);
	p->result = RESULT_UNLOCKED;
	change_expect(c, stmfw_blank_check(client, c->number, 0, STMFW_LAST_SECTOR, blank, p,
					   &c->session.op));
}

static void lock(struct protect *p)
{
	struct change *c = &p->change;

	p->sent = true;
	change_expect(c, stmfw_lock(c->session.client, c->number, locked, p, &c->session.op));
}

static void unlock(struct protect *p)
{
	struct change *c = &p->change;

	p->sent = true;
	change_expect(c, stmfw_unprotect(c->session.client, c->number, STMFW_UNPROTECT_ERASES_CHIP,
					 unlocked, p, &c->session.op));
}

static void ask(struct protect *p)
{
	struct change *c = &p->change;
	char size[TEXT_SHORT];

	text_size(size, c->board.flash_kib ? (uint64_t)c->board.flash_kib << 10 : c->size);
	cli_fail(&c->cli, CLI_USAGE, "If you want that, say: stmfw-protect unlock --yes --erase-chip.",
		 "Read protection is on (RDP level 1). Removing it ERASES THE WHOLE CHIP, all %s of its "
		 "flash: firmware, settings, keys; nobody can save them first. Nothing was touched. "
		 "(%s.)",
		 size, change_who(c));
	change_leave(c);
}

static void for_ever(struct protect *p)
{
	struct change *c = &p->change;

	cli_fail(&c->cli, CLI_PROTECTED, "",
		 "Read protection is at level 2, and that is for ever: nobody can read, change or "
		 "unlock this chip. (%s.)",
		 change_who(c));
	change_leave(c);
}

/* ---- which of them ----------------------------------------------------------------------- */

static void as_before(struct protect *p)
{
	p->result = RESULT_AS_BEFORE;
	change_leave(&p->change);
}

static void act_on_reading(struct protect *p)
{
	enum stmfw_rdp rdp = p->change.board.rdp;
	bool locking = p->opts.action == PROTECT_LOCK;

	if (rdp == STMFW_RDP_2)
		for_ever(p);
	else if (rdp == (locking ? STMFW_RDP_1 : STMFW_RDP_0))
		as_before(p);
	else if (locking)
		lock(p);
	else if (p->opts.yes && p->opts.erase_chip)
		unlock(p);
	else
		ask(p);
}

static void act(struct change *c)
{
	struct protect *p = (struct protect *)c;

	c->session.patience_ms = 0; /* option bytes are not left half written */
	c->session.stop_words = "Stopping once it is known what the chip's protection is. Once more, "
				"and it ends at once.";
	switch (p->opts.action) {
	case PROTECT_SHOW:
		change_leave(c);
		break;
	case PROTECT_SET:
	case PROTECT_CLEAR:
		change_halt(c, change_sectors);
		break;
	case PROTECT_LOCK:
	case PROTECT_UNLOCK:
		act_on_reading(p);
		break;
	}
}

/* ---- the end ----------------------------------------------------------------------------- */

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
			 c->board.identified ? board_json(&c->board) : json_null(), "banks", "bank",
			 (int)c->number, "name", jsonl_text(c->name), "driver",
			 jsonl_text(c->driver), "base", jsonl_hex(c->base, 8), "size",
			 (json_int_t)c->size, "sectors", sectors);
}

static void say_success(struct protect *p)
{
	struct change *c = &p->change;

	switch (p->result) {
	case RESULT_SHOWN:
		break;
	case RESULT_CHANGED:
		cli_add(&c->cli, "The chip shows that %s.", p->said);
		break;
	case RESULT_LOCKED:
		cli_add(&c->cli,
			"Read protection is on (RDP level 1), as the chip shows after a reset: nobody can "
			"read its flash any more, and removing the protection erases it. Now switch the "
			"board off and on: as long as the debugger is connected, a protected chip may not "
			"run its firmware.");
		break;
	case RESULT_UNLOCKED:
		cli_add(&c->cli,
			"Read protection is off, as the chip shows after a reset, and the chip was erased%s. "
			"If it behaves oddly, switch the board off and on before flashing it.",
			p->blank ? ": its flash is blank, by its own check" : "");
		break;
	case RESULT_AS_BEFORE:
		cli_add(&c->cli, "Read protection is %s already: nothing was changed%s.",
			c->board.rdp == STMFW_RDP_1 ? "on (RDP level 1)" : "off",
			c->board.rdp == STMFW_RDP_1 ? "" : ", and nothing erased");
		break;
	}
}

static void report(struct protect *p)
{
	struct change *c = &p->change;
	json_t *doc = document(c);

	if (c->cli.exit == CLI_OK)
		say_success(p);
	else if (p->sent && c->cli.exit == CLI_LOST)
		cli_add(&c->cli, "Whether the protection was changed is not known.");
	if (p->result != RESULT_LOCKED && p->result != RESULT_UNLOCKED)
		board_add_state(&c->board, &c->cli);
	if (c->cli.exit == CLI_OK && p->result == RESULT_SHOWN && !c->cli.json)
		info_show(doc, false);
	else if (c->cli.exit == CLI_OK)
		cli_say(&c->cli, "%s", c->cli.message);
	json_decref(doc);
}

static json_t *end_object(const struct protect *p)
{
	json_t *end = cli_end_object(&p->change.cli);
	json_t *doc = document(&p->change);

	json_object_update(end, doc);
	json_decref(doc);
	return end;
}

int main(int argc, char **argv)
{
	struct protect p = { .change = { .work = act } };
	struct change *c = &p.change;

	cli_init(&c->cli, "stmfw-protect");
	if (!protect_parse(&p.opts, c, argc, argv) || !session_open(&c->session, &c->cli))
		return cli_end(&c->cli, cli_end_object(&c->cli));
	c->agreed = p.opts.action != PROTECT_SHOW &&
		    (p.opts.action != PROTECT_UNLOCK || (p.opts.yes && p.opts.erase_chip));
	cli_begin(&c->cli);
	change_run(c);
	report(&p);
	int code = cli_end(&c->cli, end_object(&p));
	change_free(c);
	return code;
}
