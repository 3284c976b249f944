/* SPDX-License-Identifier: MIT */
/*
 * Asking something that only an OpenOCD answers; the answer is also where we learn who it is. What
 * cannot be found out stays empty.
 */
#include <string.h>

#include "dialect.h"
#include "engine.h"
#include "hello.h"
#include "parse.h"

#define CONSOLE_LINE_LIMIT 2559u /* since 0.11 */

/* "Open On-Chip Debugger 0.12.0+dev-..." */
static void parse_version(stmfw_server *s)
{
	uint64_t part[3] = { 0, 0, 0 };
	const char *p = s->version;

	while (*p && !(p > s->version && (p[-1] == ' ' || p[-1] == 'v') && *p >= '0' && *p <= '9'))
		p++;
	for (int i = 0; i < 3 && stmfw__take_uint(&p, &part[i]) && *p == '.'; i++)
		p++;
	s->major = (unsigned int)part[0];
	s->minor = (unsigned int)part[1];
	s->patch = (unsigned int)part[2];
}

static const char *next_field(char **rest)
{
	const char *field = stmfw__next_piece(rest, '\n');

	return field ? field : "";
}

static enum move keep_server(struct op *op, const struct reply *last)
{
	struct stmfw_client *c = op->client;
	stmfw_server *s = &c->server;
	char *rest;

	stmfw__arena_release(&c->server_arena);
	rest = stmfw__arena_copy(&c->server_arena, last->result, last->result_len);
	if (!rest)
		return stmfw__op_no_memory(op);
	s->version = next_field(&rest);
	s->jim = next_field(&rest);
	s->adapter = next_field(&rest);
	s->transport = next_field(&rest);
	parse_version(s);
	if (s->major > 0 || s->minor > 10)
		stmfw__conn_set_line_limit(op->client->conn, CONSOLE_LINE_LIMIT);
	stmfw__op_text(op, s->version, strlen(s->version));
	return stmfw__op_ok(op);
}

enum move stmfw__hello_send(struct op *op)
{
	if (stmfw__conn_is_child(op->client->conn))
		stmfw__buf_puts(stmfw__op_script(op, "connect", 0), stmfw__answer_whole);
	else
		stmfw__op_script(op, "connect", 0);
	stmfw__buf_puts(&op->script, stmfw__tell_server);
	return MOVE_SEND;
}

enum move stmfw__hello_take(struct op *op, const struct reply *last)
{
	/* Vendors' versions have more words around these. */
	if (!reply_ok(last) || !strstr(last->result, "Open On-Chip Debugger"))
		return stmfw__op_fail(op, STMFW_EPROTO, "%s speaks Tcl, but does not say who it is",
				      op->client->peer);
	return keep_server(op, last);
}
