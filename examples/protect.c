/* SPDX-License-Identifier: MIT */
/*
 * stmfw-protect: show, set and clear write protection; lock and unlock read protection.
 *
 *     change.c -> act -> the library's call, which looks at the chip again -> changed
 *                     -> (unlock) blank: is all of it erased?
 */
#include "protect.h"

#include "text.h"

static void keep_words(struct protect *p, const stmfw_result *res)
{
	text_harmless(p->said, sizeof(p->said), res->text);
}

/* Was it refused or canceled before anything was changed, or is it complete? */
static void note_outcome(struct protect *p, const stmfw_result *res)
{
	if (res->status == STMFW_ERANGE || res->status == STMFW_EPROTECTED ||
	    res->status == STMFW_EUNSUPPORTED ||
	    (res->status == STMFW_ECANCELED && res->outcome != STMFW_UNKNOWN))
		p->sent = false;
	if (res->status == STMFW_OK)
		session_completed(&p->change.visit.session);
	p->change.visit.session.stop_words = NULL;
}

/* The call that changes something is next. */
static void send_begins(struct protect *p)
{
	p->sent = true;
	p->change.visit.session.stop_words =
		"Stopping once it is known what the chip's protection is. Once more, and it ends at "
		"once.";
}

/* ---- write protection -------------------------------------------------------------------- */

static void changed(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct protect *p = arg;
	struct change *c = &p->change;

	(void)client;
	note_outcome(p, res);
	if (!visit_went_well(&c->visit,
			     p->opts.action == PROTECT_SET ? "set write protection"
							   : "clear write protection",
			     res))
		return;
	keep_words(p, res);
	p->result = RESULT_CHANGED;
	change_keep_bank(c, res->banks);
	visit_leave(&c->visit);
}

static void change_sectors(void *arg)
{
	struct protect *p = arg;
	struct change *c = &p->change;
	enum stmfw_protection wanted =
		p->opts.action == PROTECT_SET ? STMFW_PROTECTION_ON : STMFW_PROTECTION_OFF;

	send_begins(p);
	c->visit.fresh = false; /* option bytes are written by a program on the chip */
	visit_expect(&c->visit,
		     stmfw_protect(c->visit.session.client, c->number, p->opts.first, p->opts.last,
				   wanted, changed, p, &c->visit.session.op));
}

/* ---- read protection --------------------------------------------------------------------- */

/* Afterwards the chip is not made to run: a locked one may not run its firmware while a debugger is
   connected, and an erased one has none. */
static void note_state(struct protect *p, const stmfw_result *res)
{
	struct change *c = &p->change;

	if (res->status == STMFW_OK) {
		c->visit.after = AFTER_HALT;
		c->visit.board.state = BOARD_HALTED;
	} else if (p->sent) {
		c->visit.board.state = BOARD_UNKNOWN;
	}
}

static void locked(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct protect *p = arg;
	struct change *c = &p->change;

	(void)client;
	note_outcome(p, res);
	note_state(p, res);
	if (!visit_went_well(&c->visit, "lock the chip", res))
		return;
	board_learn(&c->visit.board, res->chip);
	p->result = RESULT_LOCKED;
	visit_leave(&c->visit);
}

static void blank(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct protect *p = arg;

	(void)client;
	p->blank = res->status == STMFW_OK;
	visit_leave(&p->change.visit);
}

static void unlocked(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct protect *p = arg;
	struct change *c = &p->change;

	note_outcome(p, res);
	note_state(p, res);
	if (!visit_went_well(&c->visit, "remove read protection", res))
		return;
	board_learn(&c->visit.board, res->chip);
	p->result = RESULT_UNLOCKED;
	visit_expect(&c->visit, stmfw_blank_check(client, c->number, 0, STMFW_LAST_SECTOR, blank, p,
						  &c->visit.session.op));
}

static void lock(struct protect *p)
{
	struct change *c = &p->change;

	send_begins(p);
	visit_expect(&c->visit, stmfw_lock(c->visit.session.client, c->number, locked, p,
					   &c->visit.session.op));
}

static void unlock(struct protect *p)
{
	struct change *c = &p->change;

	send_begins(p);
	visit_expect(&c->visit, stmfw_unprotect(c->visit.session.client, c->number,
						STMFW_UNPROTECT_ERASES_CHIP, unlocked, p,
						&c->visit.session.op));
}

static void ask(struct protect *p)
{
	struct change *c = &p->change;
	char size[TEXT_SHORT];

	text_size(size,
		  c->visit.board.flash_kib ? (uint64_t)c->visit.board.flash_kib << 10 : c->size);
	cli_fail(
		&c->visit.cli, CLI_USAGE,
		"If you want that, say: stmfw-protect unlock --yes --erase-chip.",
		"Read protection is on (RDP level 1). Removing it ERASES THE WHOLE CHIP, all %s of its "
		"flash: firmware, settings, keys; nobody can save them first. Nothing was touched. "
		"(%s.)",
		size, change_who(c));
	visit_leave(&c->visit);
}

static void for_ever(struct protect *p)
{
	struct change *c = &p->change;

	cli_fail(&c->visit.cli, CLI_PROTECTED, "",
		 "Read protection is at level 2, and that is for ever: nobody can read, change or "
		 "unlock this chip. (%s.)",
		 change_who(c));
	visit_leave(&c->visit);
}

/* ---- which of them ----------------------------------------------------------------------- */

static void as_before(struct protect *p)
{
	p->result = RESULT_AS_BEFORE;
	visit_leave(&p->change.visit);
}

static void act_on_reading(struct protect *p)
{
	enum stmfw_rdp rdp = p->change.visit.board.rdp;
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

static bool sectors_exist(struct protect *p)
{
	struct change *c = &p->change;
	uint32_t last = p->opts.last == STMFW_LAST_SECTOR ? p->opts.first : p->opts.last;
	char names[64];

	if (last < c->sector_count)
		return true;
	cli_fail(&c->visit.cli, CLI_RANGE, "stmfw-info --sectors lists them.",
		 "There %s no %s, which has %zu, from 0 on. Nothing was changed. (%s.)",
		 p->opts.first == last ? "is" : "are",
		 change_name_sectors(names, c, p->opts.first, last), c->sector_count,
		 change_who(c));
	return false;
}

static void act(struct change *c)
{
	struct protect *p = (struct protect *)c;

	c->visit.session.patience_ms = 0; /* option bytes are not left half written */
	c->visit.session.stop_words = "Stopping; nothing has been changed yet.";
	switch (p->opts.action) {
	case PROTECT_SHOW:
		visit_leave(&c->visit);
		break;
	case PROTECT_SET:
	case PROTECT_CLEAR:
		if (sectors_exist(p))
			visit_halt(&c->visit, change_sectors);
		else
			visit_leave(&c->visit);
		break;
	case PROTECT_LOCK:
	case PROTECT_UNLOCK:
		act_on_reading(p);
		break;
	}
}

/* ---- begin and end ----------------------------------------------------------------------- */

static bool touches(const struct protect_opts *opts)
{
	return opts->action != PROTECT_SHOW &&
	       (opts->action != PROTECT_UNLOCK || (opts->yes && opts->erase_chip));
}

int main(int argc, char **argv)
{
	struct protect p = { .change = { .work = act } };
	struct cli *cli = &p.change.visit.cli;

	cli_init(cli, "stmfw-protect");
	if (!protect_parse(&p.opts, &p.change, argc, argv))
		return cli_end(cli, cli_end_object(cli));
	p.change.visit.purpose = touches(&p.opts) ? VISIT_CHANGES : VISIT_LOOKS;
	change_run(&p.change);
	int code = protect_report(&p);
	change_free(&p.change);
	return code;
}
