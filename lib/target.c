/* SPDX-License-Identifier: MIT */
/*
 * Targets: their states; reset, halt, resume.
 *
 * `reset halt` may answer "success" on a dead chain, so after each of them the states are looked at
 * and decide. Targets are named explicitly; where a command knows only the connection's
 * current target, that is switched for this one command.
 */
#include <string.h>

#include "parse_target.h"
#include "target.h"
#include "tcl.h"

/* One line for each: name, type, state, examined. OpenOCD's own idea of the state is taken only if
   it is the one in `known`, which it has just waited for: else it may be old, and arp_poll comes
   first. Twice after a reset: the first look finds only that. Twice also if it fails: after 0.12 the
   look that finds a chip in lockup (it has no firmware) and halts it is a failure. If that fails
   too, the state is not known. */
static const char list_lambda[] =
	"apply {{known} {set o {};foreach t [target names] {"
	"if {[catch {set s [$t curstate];"
	"if {$s ne $known} {$t arp_poll;set s [$t curstate]}}] &&"
	" [catch {$t arp_poll;set s [$t curstate]}]} {set s unknown};"
	"if {$s eq {reset}} {catch {$t arp_poll;set s [$t curstate]}};"
	"if {[catch {$t was_examined} e]} {set e 0};"
	"if {[catch {$t cget -type} y]} {set y {}};"
	"lappend o [join [list $t $y $s $e] \\t]};"
	"join $o \\n}}";

static void list_script(struct buf *b, const char *known)
{
	stmfw__buf_printf(b, "%s {%s}", list_lambda, known);
}

/* Such a list becomes op->res.targets. */
static int keep_targets(struct op *op, const char *list)
{
	char *text = stmfw__arena_strdup(&op->arena, list);
	stmfw_target *targets;

	if (text && stmfw__parse_targets(&op->arena, text, &targets, &op->res.count)) {
		op->res.targets = targets;
		return STMFW_OK;
	}
	return op->arena.failed ? STMFW_ENOMEM : STMFW_EUNSUPPORTED;
}

static enum move take_targets(struct op *op, const char *list)
{
	int err = keep_targets(op, list);

	return err ? stmfw__op_fail(op, err, "the list of targets: %s", stmfw_strerror(err))
		   : stmfw__op_ok(op);
}

static enum move targets_next(struct op *op, const struct reply *last)
{
	if (!last) {
		list_script(stmfw__op_script(op, "targets", 0), "");
		return MOVE_SEND;
	}
	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_ECOMMAND, last);
	return take_targets(op, last->result);
}

static const struct op_kind targets_kind = { .name = "targets", .next = targets_next };

int stmfw_targets(stmfw_client *c, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct op *op;

	if (!c)
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &targets_kind, 0, cb, arg);
	return err ? err : stmfw__op_submit(op, out);
}

/* ---- reset, halt, resume: a command and a look at the states ---- */

/* In one request: each costs OpenOCD a look at the target. What is about one target answers with
   that target's name in the first line. */
static enum move send_control(struct op *op)
{
	const struct control_job *job = op->job;
	const char *known = job->expected == STMFW_TARGET_HALTED ? "halted" : "";
	struct buf *b = stmfw__op_script(op, job->name, 0);

	if (job->target) {
		stmfw__buf_puts(b, "apply {{} {set n [lindex [");
		stmfw__tcl_on_target(b, job->target, job->name);
		stmfw__buf_puts(b, "] 0];return \"$n\\n[");
		list_script(b, known);
		stmfw__buf_puts(b, "]\"}}");
	} else {
		stmfw__buf_printf(b, "%s;", job->name);
		list_script(b, known);
	}
	return MOVE_SEND;
}

/* Of all targets, one that OpenOCD could never talk to does not count, unless there is no other. */
static bool is_meant(const struct control_job *job, const stmfw_target *t)
{
	return job->target ? strcmp(t->name, job->target) == 0 : t->examined;
}

static bool is_as_expected(const struct control_job *job, const stmfw_target *t)
{
	if (job->expected == STMFW_TARGET_UNKNOWN)
		return t->state != STMFW_TARGET_UNKNOWN;
	return t->state == job->expected;
}

static enum move judge_states(struct op *op)
{
	const struct control_job *job = op->job;
	size_t good = 0;

	for (size_t i = 0; i < op->res.count; i++) {
		const stmfw_target *t = &op->res.targets[i];

		if (!is_meant(job, t))
			continue;
		if (!is_as_expected(job, t)) {
			op->res.advice = "The chip's firmware may sleep or switch SWD off, or the "
					 "board has no power. Hold reset and try again.";
			return stmfw__op_fail(op, STMFW_ETARGET, "after \"%s\" %s is %s",
					      job->name, t->name, t->state_name);
		}
		good++;
	}
	if (good == 0)
		return stmfw__op_fail(op, STMFW_ETARGET, "OpenOCD cannot talk to any target");
	return stmfw__op_ok(op);
}

/* Takes the first line. */
static const char *take_name(struct op *op, const char **text)
{
	size_t n = strcspn(*text, "\n");
	const char *name = stmfw__arena_copy(&op->arena, *text, n);

	*text += n + ((*text)[n] == '\n');
	return name;
}

static enum move control_next(struct op *op, const struct reply *last)
{
	struct control_job *job = op->job;

	if (!last)
		return send_control(op);
	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_ETARGET, last);
	const char *list = last->result;
	if (job->target)
		job->target = take_name(op, &list);
	enum move move = take_targets(op, list);
	return op->res.status == STMFW_OK ? judge_states(op) : move;
}

const struct op_kind stmfw__control_kind = { .name = "target control", .next = control_next };

static int control(stmfw_client *c, const char *name, const char *target,
		   enum stmfw_state expected, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct op *op;

	if (!c)
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &stmfw__control_kind, sizeof(struct control_job), cb, arg);
	if (err)
		return err;
	struct control_job *job = op->job;
	job->name = name;
	job->target = stmfw__arena_strdup(&op->arena, target);
	job->expected = expected;
	return stmfw__op_submit(op, out);
}

struct reset {
	const char *command;
	enum stmfw_state expected;
};

static const struct reset *find_reset(enum stmfw_reset_mode mode)
{
	static const struct reset resets[] = {
		[STMFW_RESET_RUN] = { "reset run", STMFW_TARGET_UNKNOWN },
		[STMFW_RESET_HALT] = { "reset halt", STMFW_TARGET_HALTED },
		[STMFW_RESET_INIT] = { "reset init", STMFW_TARGET_HALTED },
	};

	return mode >= STMFW_RESET_RUN && mode <= STMFW_RESET_INIT ? &resets[mode] : NULL;
}

void stmfw__reset_init(struct control_job *job, enum stmfw_reset_mode mode)
{
	const struct reset *reset = find_reset(mode);

	*job = (struct control_job){ .name = reset->command, .expected = reset->expected };
}

void *stmfw__reset_job(struct op *op, enum stmfw_reset_mode mode)
{
	struct control_job *job = stmfw__arena_alloc(&op->arena, sizeof(*job));

	if (job)
		stmfw__reset_init(job, mode);
	return job;
}

int stmfw_reset(stmfw_client *c, enum stmfw_reset_mode mode, stmfw_done_cb cb, void *arg,
		stmfw_op *out)
{
	const struct reset *reset = find_reset(mode);

	return reset ? control(c, reset->command, NULL, reset->expected, cb, arg, out)
		     : STMFW_EINVAL;
}

int stmfw_halt(stmfw_client *c, const char *target, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	if (target && !*target)
		return STMFW_EINVAL;
	return control(c, "halt", target ? target : "", STMFW_TARGET_HALTED, cb, arg, out);
}

int stmfw_resume(stmfw_client *c, const char *target, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	if (target && !*target)
		return STMFW_EINVAL;
	return control(c, "resume", target ? target : "", STMFW_TARGET_RUNNING, cb, arg, out);
}
