/* SPDX-License-Identifier: MIT */
/*
 * A request becomes one line that can be typed: the request in brackets, its result made fit to be
 * printed. If that is too long for the console, it is typed in pieces into a variable, and the last
 * line runs that. Only printable ASCII is typed; the console drops everything else.
 *
 * What comes back is the echo of our lines, prompts, log lines of the whole server, and somewhere a
 * line that is our nonce: there the reply begins, and it ends with the fourth line end behind it,
 * as it has five fields without line ends in them. A prompt proves nothing: it is redrawn after
 * each log line, and an answer may contain one.
 *
 *   GREETING --> LINES <--> REPLY
 *       |
 *       v  it does not greet like a console
 *   FOREIGN: passed on as it is, so that it is seen what it is
 */
#include "telnet.h"

#include <string.h>
#include <uv.h>

#include "lines.h"
#include "tcl.h"
#include "wire.h"

#define SHORTEST_LIMIT 255u /* OpenOCD 0.10; newer ones take ten times as much */
#define AROUND_PIECE 48u    /* of a line that types a piece                    */
#define IAC '\xff'
#define PART 1024u

/* Of $r, with a line end behind it, and without the NUL that hides a reply from consoles. */
#define RESULT "[string map [list \\x00 {}] $r]\\n"

enum telnet_state { TELNET_GREETING, TELNET_LINES, TELNET_REPLY, TELNET_FOREIGN };

struct telnet {
	const struct telnet_events *events;
	void *owner;
	enum telnet_state state;
	size_t line_limit;
	size_t greeted;           /* so much of the greeting has come */
	unsigned int negotiation; /* bytes left of a telnet command   */
	char nonce[WIRE_NONCE_SIZE];
	struct lines lines;
	unsigned int fields; /* of the reply, that have ended */
	bool return_seen;    /* a CR, that belongs to a line end or to the reply */
	char part[PART];     /* of the frame, on its way to the owner */
	size_t part_length;
};

struct telnet *stmfw__telnet_new(const struct mem *mem, const struct telnet_events *events,
				 void *owner)
{
	struct telnet *t = stmfw__mem_alloc(mem, sizeof(*t));

	if (!t)
		return NULL;
	t->events = events;
	t->owner = owner;
	t->line_limit = SHORTEST_LIMIT;
	return t;
}

void stmfw__telnet_free(struct telnet *t, const struct mem *mem)
{
	stmfw__mem_free(mem, t);
}

void stmfw__telnet_set_line_limit(struct telnet *t, size_t limit)
{
	t->line_limit = limit;
}

/* ---- typing ---- */

/* In a request other bytes are only found inside of its quoted word. */
static size_t printable(char out[4], char c)
{
	unsigned char byte = (unsigned char)c;

	if (byte >= 0x80)
		return stmfw__tcl_octal(out, byte);
	out[0] = c;
	return 1;
}

/* The same once more, as a part of a quoted word. */
static size_t quoted(char out[8], char c)
{
	char piece[4];
	size_t n = printable(piece, c), length = 0;

	for (size_t i = 0; i < n; i++)
		length += stmfw__tcl_escape(out + length, (unsigned char)piece[i]);
	return length;
}

static void type_line(struct buf *out, const char *request, size_t length)
{
	stmfw__buf_puts(out, "apply {r {return " RESULT "}} [");
	for (size_t i = 0; i < length; i++) {
		char piece[4];

		stmfw__buf_append(out, piece, printable(piece, request[i]));
	}
	stmfw__buf_puts(out, "]\n");
}

static void type_pieces(struct buf *out, const char *request, size_t length, size_t limit,
			const char *nonce)
{
	for (size_t i = 0; i < length;) {
		size_t room = limit - AROUND_PIECE;
		char piece[8];

		stmfw__buf_printf(out, "append ::%s \"", nonce);
		for (size_t n; i < length && (n = quoted(piece, request[i])) <= room; room -= n, i++)
			stmfw__buf_append(out, piece, n);
		stmfw__buf_puts(out, "\";list\n");
	}
	stmfw__buf_printf(out,
			  "apply {{n s} {unset ::$n;set r [uplevel #0 $s];return " RESULT "}} "
			  "%s [set ::%s]\n",
			  nonce, nonce);
}

int stmfw__telnet_request(struct telnet *t, struct buf *request, const char *nonce)
{
	size_t length = request->length - strlen(WIRE_TAIL);
	struct buf typed;

	memcpy(t->nonce, nonce, strlen(nonce) + 1);
	stmfw__buf_init(&typed, request->mem, SIZE_MAX / 2);
	type_line(&typed, request->data, length);
	if (!typed.error && typed.length - 1 > t->line_limit) {
		stmfw__buf_clear(&typed, typed.capacity);
		type_pieces(&typed, request->data, length, t->line_limit, nonce);
	}
	typed.limit = request->limit;
	stmfw__buf_release(request);
	*request = typed;
	return typed.error ? UV_ENOMEM : 0;
}

/* ---- reading ---- */

static void flush(struct telnet *t)
{
	size_t n = t->part_length;

	t->part_length = 0;
	if (n)
		t->events->bytes(t->owner, t->part, n);
}

static void pass_on(struct telnet *t, char byte)
{
	t->part[t->part_length++] = byte;
	if (t->part_length == sizeof(t->part))
		flush(t);
}

static void begin_reply(struct telnet *t)
{
	t->state = TELNET_REPLY;
	t->fields = 0;
	t->return_seen = false;
	for (const char *p = t->nonce; *p; p++)
		pass_on(t, *p);
	pass_on(t, '\n');
	t->nonce[0] = '\0';
}

/* Each line end of the reply has got a CR by the console; other CRs are its own. */
static void take_reply(struct telnet *t, char byte)
{
	bool was_return = t->return_seen;

	t->return_seen = byte == '\r';
	if (was_return && byte != '\n')
		pass_on(t, '\r');
	if (byte == '\r')
		return;
	if (byte == '\n' && ++t->fields == 4) {
		pass_on(t, WIRE_END);
		t->state = TELNET_LINES;
		t->lines = (struct lines){ 0 };
		return;
	}
	pass_on(t, byte);
}

/* Behind what came before it. */
static void say(struct telnet *t)
{
	flush(t);
	t->events->said(t->owner, t->lines.text, t->lines.length);
}

static void take_line(struct telnet *t, char byte)
{
	struct lines *l = &t->lines;

	if (!stmfw__lines_take(l, byte))
		return;
	if (t->nonce[0] && strcmp(l->text, t->nonce) == 0)
		begin_reply(t);
	else if (t->nonce[0] && strstr(l->text, t->nonce))
		; /* the echo of what we typed */
	else if (!stmfw__lines_is_reply(l) && l->length > 0)
		say(t);
}

static void take_greeting(struct telnet *t, char byte)
{
	static const char hello[] = "Open On-Chip Debugger\r\n";

	if (t->negotiation > 0) {
		t->negotiation--;
		return;
	}
	if (byte == IAC) {
		t->negotiation = 2; /* what, and which option */
		return;
	}
	if (byte == hello[t->greeted]) {
		if (hello[++t->greeted] == '\0')
			t->state = TELNET_LINES;
		return;
	}
	t->state = TELNET_FOREIGN;
	for (size_t i = 0; i < t->greeted; i++)
		pass_on(t, hello[i]);
	pass_on(t, byte);
}

void stmfw__telnet_feed(struct telnet *t, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		switch (t->state) {
		case TELNET_GREETING:
			take_greeting(t, bytes[i]);
			break;
		case TELNET_LINES:
			take_line(t, bytes[i]);
			break;
		case TELNET_REPLY:
			take_reply(t, bytes[i]);
			break;
		case TELNET_FOREIGN:
			pass_on(t, bytes[i]);
			break;
		}
	flush(t);
}
