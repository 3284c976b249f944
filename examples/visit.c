/* SPDX-License-Identifier: MIT */
/*
 * A visit to a chip: see visit.h.
 *
 * The firmware always starts as after a reset. As long as nothing has run on the chip since it was
 * reset and halted, a resume does that; a checksum has used some of its RAM, so then it is reset
 * once more.
 */
#include "visit.h"

#include <stdio.h>
#include <string.h>

/* ---- leaving: the only way out ----------------------------------------------------------- */

static void released(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct visit *v = arg;

	(void)c;
	if (res->status == STMFW_OK)
		v->board.state = BOARD_RUNNING;
	else
		board_failed(&v->board, &v->cli, "let the chip run again", res);
	session_close(&v->session);
}

static bool reset_and_run(struct visit *v)
{
	v->board.state = BOARD_UNKNOWN;
	return stmfw_reset(v->session.client, STMFW_RESET_RUN, released, v, NULL) == STMFW_OK;
}

static void resumed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	if (res->status == STMFW_OK || !reset_and_run(arg))
		released(c, res, arg);
}

/* False: that could not even begin. */
static bool let_run(struct visit *v)
{
	if (v->board.state != BOARD_HALTED || !v->fresh || v->after == AFTER_RESET)
		return reset_and_run(v);
	v->board.state = BOARD_UNKNOWN;
	return stmfw_resume(v->session.client, NULL, resumed, v, NULL) == STMFW_OK;
}

void visit_leave(struct visit *v)
{
	bool halted = v->board.state == BOARD_HALTED || v->board.state == BOARD_UNKNOWN;

	progress_clear(&v->session.progress);
	v->session.op = 0;
	if (halted && v->after != AFTER_HALT && stmfw_client_is_connected(v->session.client) &&
	    let_run(v))
		return;
	session_close(&v->session);
}

void visit_expect(struct visit *v, int err)
{
	if (err == STMFW_OK)
		return;
	cli_fail(&v->cli, cli_exit_of(err), "", "Cannot go on: %s.", stmfw_strerror(err));
	visit_leave(v);
}

bool visit_went_well(struct visit *v, const char *doing, const stmfw_result *res)
{
	char who[256];

	if (res->outcome == STMFW_UNKNOWN && v->board.state == BOARD_HALTED)
		v->board.state = BOARD_UNKNOWN;
	if (v->session.signal == 0 && res->status == STMFW_OK)
		return true;
	board_describe(&v->board, &v->cli, who, sizeof(who));
	if (v->session.signal != 0)
		session_stopped(&v->session, doing, who);
	else
		board_failed(&v->board, &v->cli, doing, res);
	visit_leave(v);
	return false;
}

/* ---- halting ----------------------------------------------------------------------------- */

static const char *target_of(const struct visit *v)
{
	return v->target[0] ? v->target : NULL;
}

/* Read protection ends a visit that reads. */
static bool may_begin(struct visit *v)
{
	char who[256];

	if (v->purpose != VISIT_READS)
		return !v->work->may_begin || v->work->may_begin(v->arg);
	board_describe(&v->board, &v->cli, who, sizeof(who));
	if (v->board.rdp == STMFW_RDP_1 || v->board.rdp == STMFW_RDP_2) {
		cli_fail(&v->cli, CLI_PROTECTED,
			 v->board.rdp == STMFW_RDP_1 ? "Removing the protection erases the chip."
						     : "This protection is for ever.",
			 "Read protection is on (RDP level %d): this chip's firmware cannot be "
			 "read by anyone. (%s.)",
			 (int)v->board.rdp, who);
		return false;
	}
	cli_say(&v->cli, "%s", who);
	return !v->work->may_begin || v->work->may_begin(v->arg);
}

static void identified_halted(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct visit *v = arg;

	(void)c;
	if (!visit_went_well(v, "identify the chip", res))
		return;
	board_learn(&v->board, res->chip);
	if (may_begin(v))
		v->work->begin(v->arg);
	else
		visit_leave(v);
}

static void halted(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct visit *v = arg;

	if (!visit_went_well(v, "reset and halt the chip", res))
		return;
	v->board.state = BOARD_HALTED;
	v->fresh = res->count == 1; /* a reset is about all targets, a resume about one */
	if (v->then)
		v->then(v->arg);
	else if (v->board.identified)
		v->work->begin(v->arg);
	else
		visit_expect(v,
			     stmfw_identify(c, target_of(v), identified_halted, v, &v->session.op));
}

void visit_halt(struct visit *v, void (*then)(void *arg))
{
	v->then = then;
	v->board.state = BOARD_UNKNOWN;
	visit_expect(v,
		     stmfw_reset(v->session.client, STMFW_RESET_HALT, halted, v, &v->session.op));
}

/* ---- what needs no halt ------------------------------------------------------------------ */

static void identified(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct visit *v = arg;

	(void)c;
	if (res->status == STMFW_ETARGET && v->session.signal == 0 && v->purpose != VISIT_LOOKS) {
		visit_halt(v, NULL); /* it may be asleep: a reset wakes it */
		return;
	}
	if (!visit_went_well(v, "identify the chip", res))
		return;
	board_learn(&v->board, res->chip);
	if (!may_begin(v))
		visit_leave(v);
	else if (v->purpose == VISIT_READS && v->work->look)
		v->work->look(v->arg);
	else if (v->purpose == VISIT_READS)
		visit_halt(v, NULL);
	else
		v->work->begin(v->arg);
}

void visit_no_bank(struct visit *v, int number, size_t count)
{
	if (count == 0)
		cli_fail(&v->cli, CLI_RANGE,
			 "Give it the target file of the chip, such as -f target/stm32f1x.cfg.",
			 "OpenOCD at %s knows of no flash bank.", v->cli.server.text);
	else
		cli_fail(&v->cli, CLI_RANGE, "stmfw-info lists them.",
			 "OpenOCD at %s has no flash bank %d; it has %zu.", v->cli.server.text,
			 number, count);
}

static void banks_listed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct visit *v = arg;
	const char *target = "";

	if (!visit_went_well(v, "list the flash banks", res))
		return;
	if (!v->work->choose(v->arg, res->banks, res->count, &target)) {
		visit_leave(v);
		return;
	}
	snprintf(v->target, sizeof(v->target), "%s", target);
	visit_expect(v, stmfw_identify(c, target_of(v), identified, v, &v->session.op));
}

static void connected(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct visit *v = arg;

	if (visit_went_well(v, "connect", res))
		visit_expect(v, stmfw_banks(c, banks_listed, v, &v->session.op));
}

/* ---- begin ------------------------------------------------------------------------------- */

bool visit_parse_after(enum visit_after *after, const char *value)
{
	static const char *const names[] = { "run", "reset", "halt" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(value, names[i]) == 0) {
			*after = (enum visit_after)i;
			return true;
		}
	return false;
}

void visit_run(struct visit *v, const struct visit_work *work, void *arg)
{
	v->work = work;
	v->arg = arg;
	if (!session_open(&v->session, &v->cli))
		return;
	cli_begin(&v->cli);
	session_run(&v->session, connected, v);
}
