/* SPDX-License-Identifier: MIT */
/*
 * The ways of the bytes: see carrier.h.
 *
 *   a file of ours with a token in it -> does OpenOCD see it? -> shared
 *                                        not, or there is none -> inline, or memory
 *
 * A piece that travels in request and reply is small: all of it is in memory at once, here and in
 * OpenOCD, several times.
 */
#include "carrier.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "explain.h"
#include "inline.h"
#include "memory.h"
#include "tcl.h"

#define MOST_SHARED ((size_t)1 << 20)
#define MOST_INLINE ((size_t)128 << 10)
#define MOST_MEMORY ((size_t)32 << 10)
/* Each command that writes flash costs OpenOCD a hundred probe commands, so let it write much. Of
   these a byte of 0 takes 11 on a telnet console, with all the quoting; OpenOCD takes 4 MiB. */
#define MOST_TO ((size_t)256 << 10)
/* A byte of a reply takes at most so many on the wire: as %00, or as " 0x00". */
#define WORST_BYTE 6u

/* ---- finding out ---- */

bool stmfw__carrier_begin(struct carrier *c, struct op *op, const char *dir)
{
	enum stmfw_transfer wanted = op->client->opts.transfer;
	const stmfw_result before = op->res;

	*c = (struct carrier){ .no_scratch = "", .kept = "" };
	if (wanted == STMFW_TRANSFER_INLINE || stmfw__scratch_begin(&c->scratch, op, dir))
		return true;
	if (wanted == STMFW_TRANSFER_SHARED || op->arena.failed)
		return false;
	c->no_scratch = op->res.text;
	op->res = before;
	return true;
}

bool stmfw__carrier_begin_reading(struct carrier *c, struct op *op, const char *dir)
{
	if (op->client->opts.transfer == STMFW_TRANSFER_SHARED)
		return stmfw__carrier_begin(c, op, dir);
	*c = (struct carrier){ .no_scratch = "", .kept = "" };
	return true;
}

void stmfw__carrier_ask(struct buf *b, const struct carrier *c)
{
	stmfw__buf_puts(b, "apply {{} {set a {};");
	if (c->scratch.dir) {
		stmfw__buf_puts(b, "catch {");
		stmfw__scratch_script(b, &c->scratch);
		stmfw__buf_puts(b, "} a;");
	}
	stmfw__buf_printf(b, "return \"[expr {%s}] [string map [list \\n { }] $a]\"}}",
			  stmfw__inline_possible);
}

static void in_reply(struct carrier *c, struct op *op, enum carrier_way way, size_t most)
{
	size_t fits = op->client->opts.reply_limit / WORST_BYTE;

	stmfw__scratch_close(&c->scratch);
	c->way = way;
	c->most_from = fits == 0 ? 1 : fits < most ? fits : most;
	c->most_to = MOST_TO;
}

bool stmfw__carrier_settle(struct carrier *c, struct op *op, const char *answer)
{
	bool has_files = strncmp(answer, "1 ", 2) == 0;

	if (!has_files && strncmp(answer, "0 ", 2) != 0) {
		stmfw__op_fail(op, STMFW_EUNSUPPORTED, "OpenOCD's answer about files makes no sense");
		return false;
	}
	answer += 2;
	if (c->scratch.dir && stmfw__scratch_is_shared(&c->scratch, answer)) {
		c->way = CARRIER_SHARED;
		c->most_from = MOST_SHARED;
		c->most_to = SIZE_MAX;
		return true;
	}
	if (op->client->opts.transfer == STMFW_TRANSFER_SHARED) {
		stmfw__scratch_not_shared(op, answer);
		return false;
	}
	in_reply(c, op, has_files ? CARRIER_INLINE : CARRIER_MEMORY,
		 has_files ? MOST_INLINE : MOST_MEMORY);
	return true;
}

bool stmfw__carrier_writes(const struct carrier *c, struct op *op)
{
	if (c->way != CARRIER_MEMORY)
		return true;
	op->res.step = "share file";
	op->res.advice = "Run it where OpenOCD runs and let both use one temporary directory, or use "
			 "OpenOCD 0.11 or later.";
	stmfw__op_fail(op, STMFW_EUNSUPPORTED,
		       "this OpenOCD does not see our files, and its Tcl has no commands to make "
		       "its own, so it can only be read from%s%s",
		       c->no_scratch[0] ? ": " : "", c->no_scratch);
	return false;
}

void stmfw__carrier_end(struct carrier *c)
{
	stmfw__scratch_close(&c->scratch);
}

enum move stmfw__carrier_failed(const struct carrier *c, struct op *op)
{
	return stmfw__op_fail(op, STMFW_EFILE, "scratch file %s: %s", c->scratch.path,
			      strerror(errno));
}

/* ---- from a bank ---- */

static void ask_memory(struct buf *b, const stmfw_bank *bank, uint64_t offset, size_t length)
{
	const struct memory_range r = stmfw__memory_block(bank->base + offset, length);

	stmfw__only_target(b, bank->target);
	stmfw__memory_read_script(b, bank->target, &r);
}

bool stmfw__carrier_ask_bank(struct carrier *c, struct buf *b, const stmfw_bank *bank,
			     uint64_t offset, size_t length)
{
	char before[40], after[48];

	snprintf(before, sizeof(before), "flash read_bank %u", bank->number);
	snprintf(after, sizeof(after), "0x%" PRIx64 " 0x%zx", offset, length);
	switch (c->way) {
	case CARRIER_SHARED:
		stmfw__buf_puts(b, before);
		stmfw__tcl_arg(b, c->scratch.path);
		stmfw__buf_printf(b, " %s", after);
		return stmfw__scratch_empty(&c->scratch);
	case CARRIER_INLINE:
		stmfw__inline_get(b, before, after, length);
		break;
	case CARRIER_MEMORY:
		ask_memory(b, bank, offset, length);
		break;
	case CARRIER_UNDECIDED:
		break;
	}
	return true;
}

static bool left_too_little(struct op *op, unsigned long long bytes, size_t length)
{
	stmfw__op_fail(op, STMFW_EFILE, "OpenOCD reported success but left %llu of %zu bytes",
		       bytes, length);
	return false;
}

static bool take_shared(const struct carrier *c, struct op *op, size_t length)
{
	long long size = stmfw__scratch_size(&c->scratch);

	if (size < 0) {
		stmfw__carrier_failed(c, op);
		return false;
	}
	return (unsigned long long)size == length ||
	       left_too_little(op, (unsigned long long)size, length);
}

static bool take_memory(struct carrier *c, struct op *op, const struct reply *reply,
			uint64_t address, size_t length)
{
	const struct memory_range r = stmfw__memory_block(address, length);

	if (stmfw__memory_parse_bytes(reply->result, &r, c->bytes))
		return true;
	stmfw__op_fail(op, STMFW_EUNSUPPORTED, "OpenOCD's list of memory values makes no sense");
	return false;
}

/* Many an operation ends without having read anything, so not before that. */
static bool has_room(struct carrier *c, struct op *op)
{
	if (!c->bytes)
		c->bytes = stmfw__arena_alloc(&op->arena, c->most_from);
	if (!c->bytes)
		stmfw__op_no_memory(op);
	return c->bytes != NULL;
}

bool stmfw__carrier_take(struct carrier *c, struct op *op, const struct reply *reply,
			 const stmfw_bank *bank, uint64_t offset, size_t length)
{
	if (c->way != CARRIER_SHARED && !has_room(c, op))
		return false;
	switch (c->way) {
	case CARRIER_SHARED:
		return take_shared(c, op, length);
	case CARRIER_MEMORY:
		return take_memory(c, op, reply, bank->base + offset, length);
	case CARRIER_INLINE:
	case CARRIER_UNDECIDED:
		break;
	}
	if (reply->result_len != length)
		return left_too_little(op, reply->result_len, length);
	memcpy(c->bytes, reply->result, length);
	return true;
}

bool stmfw__carrier_fetch(struct carrier *c, void *bytes, size_t length, size_t at)
{
	if (c->way != CARRIER_SHARED) {
		memcpy(bytes, c->bytes + at, length);
		return true;
	}
	long long n = stmfw__scratch_read(&c->scratch, bytes, length, at);
	if (n >= 0 && (size_t)n != length)
		errno = EIO; /* cut meanwhile */
	return n >= 0 && (size_t)n == length;
}

/* ---- into a command ---- */

bool stmfw__carrier_command(struct carrier *c, struct buf *b, const char *before,
			    const char *after)
{
	c->put = c->kept_length;
	if (c->way != CARRIER_SHARED) {
		stmfw__inline_begin(b, before, after);
		return true;
	}
	stmfw__buf_puts(b, before);
	stmfw__tcl_arg(b, c->scratch.path);
	stmfw__buf_printf(b, " %s", after);
	return stmfw__scratch_empty(&c->scratch);
}

bool stmfw__carrier_put(struct carrier *c, struct buf *b, const void *bytes, size_t length)
{
	size_t at = c->put;

	c->put += length;
	if (c->way == CARRIER_SHARED)
		return stmfw__scratch_put(&c->scratch, bytes, length, at);
	stmfw__inline_bytes(b, bytes, length);
	return true;
}

void stmfw__carrier_command_end(struct carrier *c, struct buf *b)
{
	if (c->way != CARRIER_SHARED)
		stmfw__inline_end(b, c->put, c->kept);
	c->kept = "";
	c->kept_length = 0;
}

/* ---- in parts ---- */

void stmfw__carrier_part(struct carrier *c, struct buf *b, const void *bytes, size_t length)
{
	stmfw__inline_begin(b, NULL, NULL);
	stmfw__inline_bytes(b, bytes, length);
	c->kept_length += length;
	stmfw__inline_end(b, c->kept_length, c->kept);
}

bool stmfw__carrier_part_taken(struct carrier *c, struct op *op, const struct reply *reply)
{
	const char *kept = reply_ok(reply) ? stmfw__arena_strdup(&op->arena, reply->result) : "";

	c->kept = kept ? kept : "";
	if (c->kept[0] != '\0')
		return true;
	if (!reply_ok(reply))
		stmfw__op_refused(op, STMFW_ECOMMAND, reply);
	else if (!kept)
		stmfw__op_no_memory(op);
	else
		stmfw__op_fail(op, STMFW_EUNSUPPORTED,
			       "OpenOCD's answer about its temporary file makes no sense");
	return false;
}

bool stmfw__carrier_forget(struct carrier *c, struct buf *b)
{
	bool any = c->kept[0] != '\0';

	if (any)
		stmfw__inline_forget(b, c->kept);
	c->kept = "";
	return any;
}
