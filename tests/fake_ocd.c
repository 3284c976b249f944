/* SPDX-License-Identifier: MIT */
/*
 * fake_ocd.c - see fake_ocd.h.
 *
 * Bytes from the client gather in conn->in until a 0x1a ends a request. perform() then walks
 * through the scene as far as it can: it stops where the client has to speak, and while output is
 * still on its way. All output goes through conn->out, which flush() empties, either at once or by
 * so many bytes per turn of the loop. An idle handle does the turns.
 *
 * All handles are unreferenced: the peer never keeps a loop alive.
 */
#include "fake_ocd.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_console.h"
#include "fake_text.h"

#define TERMINATOR 0x1a
#define NO_CUT SIZE_MAX
#define ENDLESS_PIECE 65536

/*
 * What the greeting script of the library asks for; see lib/hello.c.
 */
#define GREETING_RESULT "Open On-Chip Debugger 0.12.0\n0.81\nhla\nhla_swd\n"

struct fake_conn {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} way;
	uv_idle_t pump;
	struct fake_ocd *ocd;
	struct fake_conn *next;
	struct bytes in, out;
	char nonce[80], nonce_before[80];
	bool greeted, closing, endless;
	size_t split, first, cut;
	struct console console;
	int handles;
};

struct fake_ocd {
	uv_tcp_t listener;
	uv_pipe_t local; /* listens as well, if that is the way */
	uv_loop_t *loop;
	struct fake_conn *conns;
	struct scene *scene; /* our copy: the test's may be on its stack */
	const struct scene *step;
	bool manual, gate_open, stopping;
	const char *greeting;
	int connections, requests;
	size_t split, split_at;
	fake_answer answer;
	void *answer_arg;
	fake_meddler meddler;
	void *meddler_arg;
	int handles;
};

static const struct scene no_scene[] = { END };

static char local_directory[32]; /* of sockets; "": none */
static int local_count;           /* of peers that have one */

static void perform(struct fake_conn *conn);

/* ---- the ways ---------------------------------------------------------------------------- */

enum fake_way fake_ocd_way(void)
{
	static const char *const names[] = { "tcl", "unix", "exec", "telnet" };
	const char *wanted = getenv("STMFW_TEST_WAY");

	for (int i = 0; wanted && i < 4; i++)
		if (strcmp(wanted, names[i]) == 0)
			return (enum fake_way)i;
	return FAKE_TCL;
}

static bool is_console(const struct fake_conn *conn)
{
	return conn->console.line_limit > 0;
}

const char *fake_ocd_path(uint16_t port)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%u", local_directory[0] ? local_directory : "/nowhere",
		 (unsigned int)port);
	return path;
}

/* ---- the end of things ------------------------------------------------------------------- */

static void ocd_release(struct fake_ocd *ocd)
{
	if (--ocd->handles > 0)
		return;
	free(ocd->scene);
	free(ocd);
}

static void conn_unlink(struct fake_conn *conn)
{
	struct fake_conn **at = &conn->ocd->conns;

	while (*at != conn)
		at = &(*at)->next;
	*at = conn->next;
}

static void on_conn_handle_closed(uv_handle_t *handle)
{
	struct fake_conn *conn = handle->data;

	if (--conn->handles > 0)
		return;
	ocd_release(conn->ocd);
	bytes_free(&conn->in);
	bytes_free(&conn->out);
	console_free(&conn->console);
	free(conn);
}

/* A stalled scene goes on with the next connection. */
static void leave_stall(struct fake_ocd *ocd)
{
	enum fake_verb verb = ocd->step->verb;

	if (verb == FAKE_STALL || verb == FAKE_ENDLESS)
		ocd->step++;
}

static void conn_close(struct fake_conn *conn, bool with_reset)
{
	if (conn->closing)
		return;
	conn->closing = true;
	conn_unlink(conn);
	uv_close((uv_handle_t *)&conn->pump, on_conn_handle_closed);
	if (with_reset && conn->way.handle.type == UV_TCP &&
	    uv_tcp_close_reset(&conn->way.tcp, on_conn_handle_closed) == 0)
		return;
	uv_close(&conn->way.handle, on_conn_handle_closed);
}

static void on_listener_closed(uv_handle_t *handle)
{
	ocd_release(handle->data);
}

static void on_local_closed(uv_handle_t *handle)
{
	if (--local_count == 0) {
		rmdir(local_directory);
		local_directory[0] = '\0';
	}
	ocd_release(handle->data);
}

void fake_ocd_stop(struct fake_ocd *ocd)
{
	ocd->stopping = true;
	while (ocd->conns)
		conn_close(ocd->conns, false);
	uv_close((uv_handle_t *)&ocd->listener, on_listener_closed);
	if (ocd->local.data)
		uv_close((uv_handle_t *)&ocd->local, on_local_closed);
}

/* ---- output ------------------------------------------------------------------------------ */

static void refill_endless(struct fake_conn *conn)
{
	char piece[256];

	memset(piece, 'x', sizeof(piece));
	while (conn->endless && conn->out.length < ENDLESS_PIECE)
		bytes_add(&conn->out, piece, sizeof(piece));
}

static size_t portion(const struct fake_conn *conn)
{
	size_t n = conn->out.length;

	if (conn->split && n > conn->split)
		n = conn->split;
	if (conn->first && n > conn->first)
		n = conn->first;
	return n > conn->cut ? conn->cut : n;
}

/* Send one portion. false: not now, or the client has gone. */
static bool flush_some(struct fake_conn *conn)
{
	size_t n = portion(conn);
	uv_buf_t buf;
	int sent;

	buf = uv_buf_init(conn->out.at, (unsigned int)n);
	sent = n ? uv_try_write(&conn->way.stream, &buf, 1) : 0;
	if (sent == UV_EAGAIN)
		return false;
	if (sent < 0) {
		leave_stall(conn->ocd);
		conn_close(conn, false);
		return false;
	}
	bytes_drop(&conn->out, (size_t)sent);
	conn->first = 0;
	if (conn->cut != NO_CUT)
		conn->cut -= (size_t)sent;
	if (conn->cut == 0)
		conn_close(conn, false);
	return !conn->closing && sent > 0;
}

static void on_pump(uv_idle_t *pump)
{
	struct fake_conn *conn = pump->data;

	refill_endless(conn);
	flush_some(conn);
	if (conn->closing || conn->out.length || conn->endless)
		return;
	uv_idle_stop(pump);
	perform(conn);
}

static void flush(struct fake_conn *conn)
{
	bool at_once = !conn->split && !conn->first;

	while (at_once && conn->out.length && flush_some(conn))
		;
	if (!conn->closing && (conn->out.length || conn->endless))
		uv_idle_start(&conn->pump, on_pump);
}

void fake_raw(struct fake_conn *conn, const void *bytes, size_t length)
{
	bytes_add(&conn->out, bytes, length);
	flush(conn);
}

void fake_notify(struct fake_conn *conn, const char *record)
{
	bytes_add_text(&conn->out, record);
	fake_raw(conn, "\r\n\x1a", is_console(conn) ? 2 : 3);
}

void fake_hang_up(struct fake_conn *conn)
{
	if (conn->out.length && !conn->closing)
		conn->cut = conn->out.length; /* once all of it has been sent */
	else
		conn_close(conn, false);
}

void fake_reset(struct fake_conn *conn)
{
	conn_close(conn, true);
}

/* ---- answers ----------------------------------------------------------------------------- */

static void add_escaped(struct bytes *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char escaped[4];
		char c = text[i];

		if (c == '%' || c == '\n' || c == TERMINATOR || c == '\0') {
			snprintf(escaped, sizeof(escaped), "%%%02X", (unsigned int)c);
			bytes_add(out, escaped, 3);
		} else {
			bytes_add(out, &c, 1);
		}
	}
}

/* What OpenOCD logs is seen at once, where there is somebody to see it. */
static void log_live(struct fake_conn *conn, const char *log)
{
	if (is_console(conn)) {
		console_log(&conn->out, log, strlen(log));
	} else if (fake_ocd_way() == FAKE_EXEC && *log) {
		bytes_add_text(&conn->out, CHILD_TO_STDERR);
		bytes_add_text(&conn->out, log);
		bytes_add_text(&conn->out, log[strlen(log) - 1] == '\n' ? "" : "\n");
		bytes_add_text(&conn->out, CHILD_TO_STDOUT);
	}
}

static void send_frame(struct fake_conn *conn, const struct bytes *frame)
{
	if (is_console(conn)) {
		console_reply(&conn->console, &conn->out, frame->at, frame->length);
		flush(conn);
	} else {
		bytes_add(&conn->out, frame->at, frame->length);
		fake_raw(conn, "\x1a", 1);
	}
}

static void answer_as(struct fake_conn *conn, const char *nonce, const struct scene *s)
{
	struct bytes frame = { 0 };
	char head[128];

	int n = snprintf(head, sizeof(head), "%s%c\n%d\n%d\n", nonce, '\0', s->code, s->ocd);
	bytes_add(&frame, head, (size_t)n);
	add_escaped(&frame, s->text, s->length);
	bytes_add(&frame, "\n", 1);
	add_escaped(&frame, s->log, strlen(s->log));
	log_live(conn, s->log);
	send_frame(conn, &frame);
	bytes_free(&frame);
}

/* On a console only what follows the nonce is looked at. */
void fake_garbage(struct fake_conn *conn)
{
	if (!is_console(conn)) {
		fake_raw(conn, "garbage\x1a", 8);
		return;
	}
	bytes_add_text(&conn->out, conn->nonce);
	bytes_add_text(&conn->out, "\r\ngarbage\r\n\r\n\r\n\r\n");
	flush(conn);
}

const char *fake_nonce(const struct fake_conn *conn)
{
	return conn->nonce;
}

const char *fake_nonce_before(const struct fake_conn *conn)
{
	return conn->nonce_before;
}

void fake_reply(struct fake_conn *conn, int code, int ocd, const char *result, size_t length,
		const char *log)
{
	struct scene s = {
		.text = result, .length = length, .code = code, .ocd = ocd, .log = log
	};
	const struct fake_ocd *peer = conn->ocd;

	if (!peer->meddler || peer->meddler(conn, &s, peer->meddler_arg))
		answer_as(conn, conn->nonce, &s);
}

void fake_answer_as(struct fake_conn *conn, const char *nonce, const struct scene *answer)
{
	answer_as(conn, nonce, answer);
}

void fake_reply_ok(struct fake_conn *conn, const char *result)
{
	fake_reply(conn, 0, 0, result, strlen(result), "");
}

void fake_echo(struct fake_conn *conn, const char *script, size_t length, void *arg)
{
	(void)arg;
	fake_reply(conn, 0, 0, script, length, "");
}

void fake_tell_nonce(struct fake_conn *conn, const char *script, size_t length, void *arg)
{
	(void)script;
	(void)length;
	(void)arg;
	fake_reply_ok(conn, conn->nonce);
}

/* ---- requests ---------------------------------------------------------------------------- */

/* Nothing but line ends may follow the word. */
static void decode_script(struct bytes *script, const char *p, const char *end)
{
	for (p = text_decode_word(script, p, end) + 1; p < end; p++)
		INSIST(*p == '\r' || *p == '\n', "text after the script");
	bytes_add(script, "", 1);
	script->length--;
}

static const char *take_nonce(struct fake_conn *conn, const char *p, const char *end)
{
	size_t n = 0;

	memcpy(conn->nonce_before, conn->nonce, sizeof(conn->nonce));
	while (p < end && *p != '\\' && n < sizeof(conn->nonce) - 1) {
		INSIST((n == 0) == (*p == '@'), "nonce begins with @, once");
		conn->nonce[n++] = *p++;
	}
	conn->nonce[n] = '\0';
	INSIST(n > 8, "nonce %s is easy to guess", conn->nonce);
	INSIST(strcmp(conn->nonce, conn->nonce_before) != 0, "nonce used twice");
	INSIST(end - p > 7 && memcmp(p, "\\000\" \"", 7) == 0, "no quoted script");
	return p + 7;
}

/* apply {{n s} {...}} "@NONCE\000" "SCRIPT" */
static void unwrap(struct fake_conn *conn, size_t length, struct bytes *script)
{
	static const char envelope[] = "apply {{n s} {";
	const char *in = conn->in.at;
	const char *end = in + length;
	const char *p = text_find(in, length, "}} \"@");

	INSIST(length > sizeof(envelope) && memcmp(in, envelope, sizeof(envelope) - 1) == 0,
	       "a request without its envelope: %.*s", (int)length, in);
	INSIST(p != NULL, "a request without a nonce: %.*s", (int)length, in);
	decode_script(script, take_nonce(conn, p + 4, end), end);
}

/* Length of the first whole request, its terminator not counted; false: none yet. */
static bool whole_request(const struct fake_conn *conn, size_t *length)
{
	const char *end = conn->in.length ? memchr(conn->in.at, TERMINATOR, conn->in.length) : NULL;

	if (!end)
		return false;
	*length = (size_t)(end - conn->in.at);
	return true;
}

/* Take the first request off the input; script gets it unwrapped. */
static bool take_request(struct fake_conn *conn, struct bytes *script)
{
	size_t length;

	if (!whole_request(conn, &length))
		return false;
	unwrap(conn, length, script);
	bytes_drop(&conn->in, length + 1);
	return true;
}

/* ---- scenes ------------------------------------------------------------------------------ */

static bool greet(struct fake_conn *conn)
{
	struct bytes script = { 0 };

	if (!take_request(conn, &script))
		return false;
	bytes_free(&script);
	conn->greeted = true;
	if (conn->console.silent)
		console_greet(&conn->console, &conn->out);
	fake_reply_ok(conn, conn->ocd->greeting);
	return true;
}

static bool matches(const struct scene *s, const struct bytes *script)
{
	size_t n = strlen(s->text);

	switch (s->verb) {
	case FAKE_EXPECT:
		return script->length == n && memcmp(script->at, s->text, n) == 0;
	case FAKE_EXPECT_PREFIX:
		return script->length >= n && memcmp(script->at, s->text, n) == 0;
	default:
		return text_find(script->at, script->length, s->text) != NULL;
	}
}

static bool expect(struct fake_conn *conn, const struct scene *s)
{
	struct bytes script = { 0 };

	if (!take_request(conn, &script))
		return false;
	conn->ocd->requests++;
	INSIST(matches(s, &script), "peer expected '%s' and got '%s'", s->text, script.at);
	bytes_free(&script);
	return true;
}

static bool expect_any(struct fake_conn *conn)
{
	size_t length;

	if (!whole_request(conn, &length))
		return false;
	bytes_drop(&conn->in, length + 1);
	conn->ocd->requests++;
	return true;
}

/* After the scene. */
static bool improvise(struct fake_conn *conn)
{
	struct fake_ocd *ocd = conn->ocd;
	struct bytes script = { 0 };

	if (!take_request(conn, &script))
		return false;
	ocd->requests++;
	INSIST(ocd->answer != NULL, "peer did not expect '%s'", script.at);
	ocd->answer(conn, script.at, script.length, ocd->answer_arg);
	bytes_free(&script);
	return true;
}

static void end_connection(struct fake_conn *conn, bool with_reset)
{
	conn->ocd->step++;
	conn_close(conn, with_reset);
}

static void say(struct fake_conn *conn, const struct scene *s)
{
	switch (s->verb) {
	case FAKE_REPLY:
		answer_as(conn, conn->nonce, s);
		break;
	case FAKE_LATE:
		answer_as(conn, conn->nonce_before, s);
		break;
	case FAKE_FOREIGN:
		answer_as(conn, "@0123456789abcdef", s);
		break;
	case FAKE_NOTIFY:
		fake_notify(conn, s->text);
		break;
	default:
		fake_raw(conn, s->text, s->length);
	}
}

static bool conduct(struct fake_conn *conn, const struct scene *s)
{
	switch (s->verb) {
	case FAKE_GREET:
		return greet(conn);
	case FAKE_EXPECT:
	case FAKE_EXPECT_PREFIX:
	case FAKE_EXPECT_CONTAINS:
		return expect(conn, s);
	case FAKE_EXPECT_ANY:
		return expect_any(conn);
	case FAKE_SPLIT:
		conn->split = s->length;
		return true;
	case FAKE_CUT:
		conn->cut = s->length;
		return true;
	case FAKE_DEAF:
		uv_read_stop(&conn->way.stream);
		return true;
	case FAKE_GATE:
		return conn->ocd->gate_open;
	case FAKE_MANUAL:
		return true;
	default:
		say(conn, s);
		return true;
	}
}

static void pass_gate(struct fake_conn *conn)
{
	conn->ocd->gate_open = false;
	conn->first = conn->ocd->split_at;
}

/* One step. false: it has to wait, or the connection has come to its end. */
static bool act(struct fake_conn *conn)
{
	struct fake_ocd *ocd = conn->ocd;
	const struct scene *s = ocd->step;

	if (!conn->greeted && !ocd->manual)
		return greet(conn);
	switch (s->verb) {
	case FAKE_END:
		return improvise(conn);
	case FAKE_HANG_UP:
	case FAKE_RESET:
		end_connection(conn, s->verb == FAKE_RESET);
		return false;
	case FAKE_STALL:
		return false;
	case FAKE_ENDLESS:
		conn->endless = true;
		flush(conn);
		return false;
	default:
		if (!conduct(conn, s))
			return false;
		ocd->step++;
		if (s->verb == FAKE_GATE)
			pass_gate(conn);
		return true;
	}
}

static void perform(struct fake_conn *conn)
{
	while (!conn->closing && !conn->out.length && !conn->endless && act(conn))
		;
}

/* ---- the network ------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	static char room[65536];

	(void)handle;
	(void)size;
	*buf = uv_buf_init(room, sizeof(room));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct fake_conn *conn = stream->data;

	if (n < 0) {
		leave_stall(conn->ocd);
		conn_close(conn, false);
		return;
	}
	if (is_console(conn)) {
		console_type(&conn->console, &conn->in, &conn->out, buf->base, (size_t)n);
		flush(conn);
	} else {
		bytes_add(&conn->in, buf->base, (size_t)n);
	}
	perform(conn);
}

static void conn_init(struct fake_conn *conn, struct fake_ocd *ocd, bool is_local)
{
	memset(conn, 0, sizeof(*conn));
	conn->ocd = ocd;
	conn->cut = NO_CUT;
	conn->split = ocd->split;
	conn->next = ocd->conns;
	ocd->conns = conn;
	ocd->handles++;
	ocd->connections++;
	conn->handles = 2;
	if (is_local)
		uv_pipe_init(ocd->loop, &conn->way.pipe, 0);
	else
		uv_tcp_init(ocd->loop, &conn->way.tcp);
	uv_idle_init(ocd->loop, &conn->pump);
	conn->way.handle.data = conn;
	conn->pump.data = conn;
	uv_unref(&conn->way.handle);
	uv_unref((uv_handle_t *)&conn->pump);
}

static void begin_console(struct fake_conn *conn)
{
	bool is_old = text_find(conn->ocd->greeting, strlen(conn->ocd->greeting), " 0.10.") != NULL;

	conn->console.line_limit = is_old ? 255 : 2559;
	conn->console.silent = true;
	if (conn->ocd->manual)
		return;
	console_greet(&conn->console, &conn->out);
	flush(conn);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct fake_conn *conn = grow(NULL, sizeof(*conn));

	ck_assert_int_eq(status, 0);
	conn_init(conn, listener->data, listener->type == UV_NAMED_PIPE);
	ck_assert_int_eq(uv_accept(listener, &conn->way.stream), 0);
	if (conn->way.handle.type == UV_TCP)
		uv_tcp_nodelay(&conn->way.tcp, 1);
	if (fake_ocd_way() == FAKE_TELNET)
		begin_console(conn);
	uv_read_start(&conn->way.stream, on_alloc, on_read);
	perform(conn);
}

static void bind_loopback(uv_loop_t *loop, uv_tcp_t *tcp, uint16_t port)
{
	struct sockaddr_in address;

	ck_assert_int_eq(uv_ip4_addr("127.0.0.1", port, &address), 0);
	ck_assert_int_eq(uv_tcp_init(loop, tcp), 0);
	ck_assert_int_eq(uv_tcp_bind(tcp, (const struct sockaddr *)&address, 0), 0);
}

static uint16_t port_of(const uv_tcp_t *tcp)
{
	struct sockaddr_in address;
	int length = sizeof(address);

	ck_assert_int_eq(uv_tcp_getsockname(tcp, (struct sockaddr *)&address, &length), 0);
	return ntohs(address.sin_port);
}

static void listen_locally(struct fake_ocd *ocd)
{
	if (!local_directory[0]) {
		strcpy(local_directory, "/tmp/stmfw-fake-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(local_directory));
	}
	ck_assert_int_eq(uv_pipe_init(ocd->loop, &ocd->local, 0), 0);
	ck_assert_int_eq(uv_pipe_bind(&ocd->local, fake_ocd_path(fake_ocd_port(ocd))), 0);
	ocd->local.data = ocd;
	local_count++;
	ocd->handles++;
	ck_assert_int_eq(uv_listen((uv_stream_t *)&ocd->local, 8, on_connection), 0);
	uv_unref((uv_handle_t *)&ocd->local);
}

static struct scene *copy_scene(const struct scene *scene)
{
	size_t n = 1;

	while (scene[n - 1].verb != FAKE_END)
		n++;
	return memcpy(grow(NULL, n * sizeof(*scene)), scene, n * sizeof(*scene));
}

struct fake_ocd *fake_ocd_start_at(uv_loop_t *loop, const struct scene *scene, uint16_t port)
{
	struct fake_ocd *ocd = grow(NULL, sizeof(*ocd));

	memset(ocd, 0, sizeof(*ocd));
	ocd->loop = loop;
	ocd->scene = copy_scene(scene ? scene : no_scene);
	ocd->step = ocd->scene;
	ocd->manual = ocd->step->verb == FAKE_MANUAL;
	ocd->greeting = GREETING_RESULT;
	ocd->handles = 1;
	bind_loopback(loop, &ocd->listener, port);
	ocd->listener.data = ocd;
	ck_assert_int_eq(uv_listen((uv_stream_t *)&ocd->listener, 8, on_connection), 0);
	uv_unref((uv_handle_t *)&ocd->listener);
	if (fake_ocd_way() == FAKE_UNIX)
		listen_locally(ocd);
	return ocd;
}

struct fake_ocd *fake_ocd_start(uv_loop_t *loop, const struct scene *scene)
{
	return fake_ocd_start_at(loop, scene, 0);
}

uint16_t fake_ocd_port(const struct fake_ocd *ocd)
{
	return port_of(&ocd->listener);
}

uint16_t fake_ocd_dead_port(uv_loop_t *loop)
{
	uv_tcp_t tcp;
	uint16_t port;

	bind_loopback(loop, &tcp, 0);
	port = port_of(&tcp);
	uv_close((uv_handle_t *)&tcp, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
	return port;
}

/* ---- questions and knobs ----------------------------------------------------------------- */

int fake_ocd_connections(const struct fake_ocd *ocd)
{
	return ocd->connections;
}

int fake_ocd_open_connections(const struct fake_ocd *ocd)
{
	int n = 0;

	for (const struct fake_conn *conn = ocd->conns; conn; conn = conn->next)
		n++;
	return n;
}

int fake_ocd_requests(const struct fake_ocd *ocd)
{
	return ocd->requests;
}

bool fake_ocd_at_gate(const struct fake_ocd *ocd)
{
	return ocd->step->verb == FAKE_GATE;
}

bool fake_ocd_at_end(const struct fake_ocd *ocd)
{
	return ocd->step->verb == FAKE_END;
}

size_t fake_ocd_unread(const struct fake_ocd *ocd)
{
	size_t n = 0;

	for (const struct fake_conn *conn = ocd->conns; conn; conn = conn->next)
		n += conn->in.length + conn->console.line.length;
	return n;
}

void fake_ocd_open_gate(struct fake_ocd *ocd)
{
	ocd->gate_open = true;
	for (struct fake_conn *next, *conn = ocd->conns; conn; conn = next) {
		next = conn->next;
		perform(conn);
	}
}

void fake_ocd_split(struct fake_ocd *ocd, size_t n)
{
	ocd->split = n;
}

void fake_ocd_greet_with(struct fake_ocd *ocd, const char *result)
{
	ocd->greeting = result;
}

void fake_ocd_split_at(struct fake_ocd *ocd, size_t n)
{
	ocd->split_at = n;
}

void fake_ocd_meddle(struct fake_ocd *ocd, fake_meddler meddler, void *arg)
{
	ocd->meddler = meddler;
	ocd->meddler_arg = arg;
}

void fake_ocd_answer(struct fake_ocd *ocd, fake_answer answer, void *arg)
{
	ocd->answer = answer;
	ocd->answer_arg = arg;
}
