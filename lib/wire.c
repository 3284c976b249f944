/* SPDX-License-Identifier: MIT */
/*
 * The TCL port ends each request and each reply with 0x1a and says nothing else about them: a
 * failed command and an empty success look alike, notifications come in between, and anybody may
 * be listening on the port. So every script travels in an envelope:
 *
 *   - the script goes as one quoted word, so nothing in it can break out;
 *   - the inner catch keeps its code and result, `capture` around it keeps what was logged, and
 *     because the captured body ends in an empty command the two never mix, in any version;
 *   - the answer is five lines: nonce, code, OpenOCD's number, result, log, the last two with
 *     %, LF, 0x1a and NUL escaped;
 *   - behind the nonce comes a NUL, because OpenOCD also prints each answer into its log and to
 *     its telnet users, as a C string: all they see of it, however long it is, is the nonce. (0.10
 *     prints in slices of 256 bytes, and hides only the first.)
 *
 * Only a frame that begins with this request's nonce is its answer. All of it works in every
 * OpenOCD from 0.10 on and leaves nothing behind in the interpreter, which all clients share.
 */
#include "wire.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"
#include "tcl.h"

static const char envelope[] =
	"apply {{n s} {"
	"set l [capture {set c [catch -exit -- {uplevel #0 $s} r o];list}];"
	"set e 0;"
	"if {$c==2} {set c [dict get $o -code]};"
	"if {$c<0} {set e $c} elseif {$c==1} {"
	"catch {lassign [dict get $o -errorcode] k v;if {$k eq \"OpenOCD\"} {set e $v}}};"
	"set m [list % %25 \\n %0A \\x1a %1A \\x00 %00];"
	"join [list $n $c $e [string map $m $r] [string map $m $l]] \\n"
	"}} ";

static const char notification[] = "type target_";

void stmfw__wire_make_nonce(char nonce[WIRE_NONCE_SIZE], uint64_t number)
{
	snprintf(nonce, WIRE_NONCE_SIZE, "@%016" PRIx64, number);
}

bool stmfw__wire_is_nonce(const char *text)
{
	return text[0] == '@' && strspn(text + 1, "0123456789abcdef") == 16 && text[17] == '\0';
}

/* Its end makes a web server on that port answer at once, with an error that we recognise; Tcl does
   not mind line ends behind a command. */
void stmfw__wire_request(struct buf *out, const char *nonce, const char *script, size_t length)
{
	stmfw__buf_puts(out, envelope);
	stmfw__buf_printf(out, "\"%s\\000\" ", nonce);
	stmfw__tcl_word(out, script, length);
	stmfw__buf_puts(out, WIRE_TAIL);
}

/* ---- reader ---- */

void stmfw__reader_init(struct reader *r, const struct mem *mem, size_t limit)
{
	*r = (struct reader){ .limit = limit };
	stmfw__buf_init(&r->in, mem, SIZE_MAX / 2);
}

static void forget_taken(struct reader *r)
{
	if (r->taken == r->in.length)
		stmfw__buf_clear(&r->in, 4096);
	else
		stmfw__buf_consume(&r->in, r->taken);
	r->scanned -= r->taken;
	r->taken = 0;
}

int stmfw__reader_feed(struct reader *r, const char *bytes, size_t length)
{
	forget_taken(r);
	stmfw__buf_append(&r->in, bytes, length);
	return r->in.error;
}

char *stmfw__reader_next(struct reader *r, size_t *length)
{
	if (r->scanned == r->in.length) {
		if (r->taken == r->in.length)
			forget_taken(r); /* an idle client keeps no long answer */
		return NULL;
	}
	char *frame = r->in.data + r->taken;
	char *end = memchr(r->in.data + r->scanned, WIRE_END, r->in.length - r->scanned);
	*length = end ? (size_t)(end - frame) : r->in.length - r->taken;
	if (*length > r->limit)
		r->error = STMFW_EPROTO;
	if (!end || r->error) {
		r->scanned = r->in.length;
		return NULL;
	}
	*end = '\0';
	r->taken = r->scanned = (size_t)(end - r->in.data) + 1;
	return frame;
}

const char *stmfw__reader_rest(const struct reader *r, size_t *length)
{
	*length = r->in.length - r->taken;
	return *length ? r->in.data + r->taken : "";
}

void stmfw__reader_release(struct reader *r)
{
	stmfw__buf_release(&r->in);
	r->taken = r->scanned = 0;
	r->error = STMFW_OK;
}

/* ---- frames ---- */

/* Undo the percent escapes in place; returns the new length, or SIZE_MAX if they are damaged. */
static size_t unescape(char *s, size_t length)
{
	size_t out = 0;

	for (size_t in = 0; in < length; in++) {
		if (s[in] != '%') {
			s[out++] = s[in];
			continue;
		}
		if (length - in < 3)
			return SIZE_MAX;
		int high = stmfw__hex_digit(s[in + 1]);
		int low = stmfw__hex_digit(s[in + 2]);
		if (high < 0 || low < 0)
			return SIZE_MAX;
		s[out++] = (char)(high * 16 + low);
		in += 2;
	}
	s[out] = '\0';
	return out;
}

/* Cut the next LF-terminated field off *rest. NULL if there is none. */
static char *cut_field(char **rest, const char *end)
{
	char *field = *rest;
	char *lf = memchr(field, '\n', (size_t)(end - field));

	if (!lf)
		return NULL;
	*lf = '\0';
	*rest = lf + 1;
	return field;
}

static bool decode_reply(char *fields, const char *end, struct reply *reply)
{
	char *code = cut_field(&fields, end);
	char *ocd_code = code ? cut_field(&fields, end) : NULL;
	char *result = ocd_code ? cut_field(&fields, end) : NULL;
	int64_t c, e;

	if (!result || memchr(fields, '\n', (size_t)(end - fields)))
		return false;
	if (!stmfw__parse_int(code, &c) || !stmfw__parse_int(ocd_code, &e) || c < INT_MIN ||
	    c > INT_MAX || e < INT_MIN || e > INT_MAX)
		return false;
	*reply = (struct reply){ .code = (int)c,
				 .ocd_code = (int)e,
				 .result = result,
				 .result_len = unescape(result, (size_t)(fields - 1 - result)),
				 .log = fields,
				 .log_len = unescape(fields, (size_t)(end - fields)) };
	return reply->result_len != SIZE_MAX && reply->log_len != SIZE_MAX;
}

static bool has_prefix(const char *s, size_t length, const char *prefix)
{
	size_t n = strlen(prefix);

	return length >= n && memcmp(s, prefix, n) == 0;
}

enum frame_kind stmfw__wire_classify(char *frame, size_t length, const char *nonce,
				     struct reply *reply)
{
	size_t n = strlen(nonce);

	if (n && has_prefix(frame, length, nonce)) {
		n += length > n && frame[n] == '\0';
		if (length > n && frame[n] == '\n')
			return decode_reply(frame + n + 1, frame + length, reply) ? FRAME_REPLY
										  : FRAME_FOREIGN;
	}
	if (has_prefix(frame, length, notification) && memcmp(frame + length - 2, "\r\n", 2) == 0)
		return FRAME_NOTIFICATION;
	return FRAME_FOREIGN;
}

static bool agrees(const char *bytes, size_t length, const char *prefix)
{
	size_t n = strlen(prefix);

	return n && memcmp(bytes, prefix, length < n ? length : n) == 0;
}

bool stmfw__wire_plausible(const char *bytes, size_t length, const char *nonce)
{
	return agrees(bytes, length, nonce) || agrees(bytes, length, notification);
}

const char *stmfw__wire_guess_peer(const char *bytes, size_t length)
{
	static const struct {
		const char *begins;
		const char *name;
	} peers[] = {
		{ "\xff\xfb", "a telnet console, such as OpenOCD's port 4444" },
		{ "\xff\xfd", "a telnet console, such as OpenOCD's port 4444" },
		{ "Open On-Chip Debugger", "OpenOCD's telnet console" },
		{ "+", "a gdb server, such as OpenOCD's port 3333" },
		{ "-", "a gdb server, such as OpenOCD's port 3333" },
		{ "$", "a gdb server, such as OpenOCD's port 3333" },
		{ "HTTP/", "a web server" },
		{ "<", "a web server" },
		{ "SSH-", "an SSH server" },
		{ "@", "an answer to somebody else's command" },
		{ "line too long", "OpenOCD, refusing a command as too long" },
	};

	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		if (length && agrees(bytes, length, peers[i].begins))
			return peers[i].name;
	return NULL;
}
