/* SPDX-License-Identifier: MIT */
/*
 * Targets: their states; reset, halt, resume.
 *
 * `reset halt` may answer "success" on a dead chain, so after each of them the states are read
 * anew and decide. Targets are named explicitly; where a command knows only the connection's
 * current target, that is switched for this one command.
 */
#include <string.h>

#include "client.h"
#include "parse_target.h"
#include "target.h"
#include "tcl.h"

/* One line for each: name, type, state, examined. arp_poll, because a cached state may be old: if
   it fails, the state is not known. Once more after a reset: the first look finds only that. */
static const char list_targets[] =
	"apply {{} {set o {};foreach t [target names] {"
	"if {[catch {$t arp_poll;set s [$t curstate]}]} {set s unknown};"
	"if {$s eq {reset}} {catch {$t arp_poll;set s [$t curstate]}};"
	"if {[catch {$t was_examined} e]} {set e 0};"
	"if {[catch {$t cget -type} y]} {set y {}};"
	"lappend o [join [list $t $y $s $e] \\t]};"
	"join $o \\n}}";

/* The reply to list_targets becomes op->res.targets. */
static int keep_targets(struct op *op, const struct reply *last)
{
	char *text = stmfw__arena_copy(&op->arena, last->result, last->result_len);
	stmfw_target *targets;

	if (text && stmfw__parse_targets(&op->arena, text, &targets, &op->res.count)) {
		op->res.targets = targets;
		return STMFW_OK;
	}
	return op->arena.failed ? STMFW_ENOMEM : STMFW_EUNSUPPORTED;
}

static enum move take_targets(struct op *op, const struct reply *last)
{
	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_ECOMMAND, last);
	int err = keep_targets(op, last);
	return err ? stmfw__op_fail(op, err, "the list of targets: %s", stmfw_strerror(err))
		   : stmfw__op_ok(op);
}

static enum move targets_next(struct op *op, const struct reply *last)
{
	return last ? take_targets(op, last) : stmfw__op_send(op, "targets", list_targets);
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

/* ---- reset, halt, resume: a command, then a look at the states ---- */

enum control_step { CONTROL_COMMAND, CONTROL_SENT, CONTROL_LOOK };

struct control_job {
	const char *name; /* the command, and the step's name */
	enum control_step step;
	const char *target; /* NULL: all of them; "": the current one, until we know its name */
	enum stmfw_state expected; /* STMFW_TARGET_UNKNOWN: any that is known               */
};

static enum move send_control(struct op *op)
{
	struct control_job *job = op->job;
	struct buf *b = stmfw__op_script(op, job->name, 0);

	if (job->target) {
		job->step = CONTROL_SENT;
		stmfw__tcl_on_target(b, job->target, job->name);
	} else { /* the look in the same request: each costs OpenOCD one at the target */
		job->step = CONTROL_LOOK;
		stmfw__buf_printf(b, "%s;", job->name);
		stmfw__buf_puts(b, list_targets);
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

/* The reply to a command for one target is a list that begins with its name. */
static const char *keep_name(struct op *op, const struct reply *last)
{
	char *name = stmfw__arena_copy(&op->arena, last->result, last->result_len);

	if (name)
		name[strcspn(name, " \n")] = '\0';
	return name;
}

static enum move look_at_states(struct op *op, const struct reply *last)
{
	struct control_job *job = op->job;

	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_ETARGET, last);
	job->target = keep_name(op, last);
	if (op->arena.failed)
		return stmfw__op_ok(op); /* which says that memory ran out */
	job->step = CONTROL_LOOK;
	return stmfw__op_send(op, job->name, list_targets);
}

static enum move control_next(struct op *op, const struct reply *last)
{
	const struct control_job *job = op->job;
	enum move move;

	switch (job->step) {
	case CONTROL_COMMAND:
		return send_control(op);
	case CONTROL_SENT:
		return look_at_states(op, last);
	case CONTROL_LOOK:
		break;
	}
	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_ETARGET, last);
	move = take_targets(op, last);
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
	job->target = target ? stmfw__arena_strdup(&op->arena, target) : NULL;
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

void *stmfw__reset_job(struct op *op, enum stmfw_reset_mode mode)
{
	struct control_job *job = stmfw__arena_alloc(&op->arena, sizeof(*job));
	const struct reset *reset = find_reset(mode);

	if (job)
		*job = (struct control_job){ .name = reset->command, .expected = reset->expected };
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
