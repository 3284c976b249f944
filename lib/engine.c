/* SPDX-License-Identifier: MIT */
/*
 * Runs operations over the connection, one after the other.
 *
 * Happy path: pump takes the first waiting operation -> its stepper names the next move -> SEND:
 * the script goes out in its envelope and the deadline starts -> the frame with this request's
 * nonce comes back -> the stepper looks at it ... -> DONE: the result is filed for deliver.c and
 * the next operation starts.
 *
 * Requests that change nothing do not wait for the answers to those before them, as the way there
 * and back is most of their time: they are sent ahead, and run when their answers come, in order.
 *
 * What can go wrong, and ends here in the same way (drop): the connection breaks, the deadline
 * passes, the peer says something that is no answer, memory runs out. The running operation gets
 * that reason, those sent ahead and the waiting ones STMFW_ELOST, and the client is IDLE again.
 *
 * Nothing here calls the user, but for the close callback, when nothing else is left.
 */
#include <inttypes.h>

#include "deliver.h"
#include "ending.h"
#include "engine.h"

#define AHEAD_MAX 64u
#define AHEAD_BYTES (32u << 10)

/* ---- operations ---- */

static void close_conn(struct stmfw_client *c)
{
	uv_timer_stop(&c->deadline);
	if (c->conn)
		stmfw__conn_close(c->conn);
	c->conn = NULL;
	c->event = NULL;
	stmfw__reader_release(&c->reader);
}

/* The innermost first. */
static void end_steppers(struct op *op)
{
	for (;;) {
		if (op->kind->ended)
			op->kind->ended(op);
		if (op->depth == 0)
			break;
		op->depth--;
		op->kind = op->callers[op->depth].kind;
		op->job = op->callers[op->depth].job;
	}
}

void stmfw__engine_finish(struct op *op)
{
	struct stmfw_client *c = op->client;

	if (c->running == op)
		c->running = NULL;
	list_remove(&op->link);
	if (op->state == OP_WAITING) {
		c->waiting_count--;
		op->res.outcome = STMFW_NOT_STARTED;
	} else {
		end_steppers(op);
		op->res.elapsed_ms = (uv_hrtime() - op->started_ns) / 1000000;
		if (op->unanswered)
			op->res.outcome = STMFW_UNKNOWN;
	}
	if (op->res.status == OP_UNDECIDED)
		stmfw__op_fail(op, STMFW_EUNSUPPORTED, "OpenOCD's answer makes no sense");
	op->state = OP_FINISHED;
	op->res.log = op->log.length ? op->log.data : "";
	op->res.log_len = op->log.length;
	stmfw__deliver_result(op);
}

static void end_op(struct op *op, int status, int uv_status, const char *text)
{
	op->res.uv_status = uv_status;
	stmfw__op_fail(op, status, "%s", text);
	stmfw__engine_finish(op);
}

void stmfw__engine_cancel(struct op *op)
{
	if (op->state == OP_WAITING)
		end_op(op, STMFW_ECANCELED, 0, "canceled before it began");
	else
		op->cancel_wanted = true;
}

static struct op *first_waiting(const struct stmfw_client *c)
{
	return list_is_empty(&c->waiting) ? NULL : LIST_ITEM(c->waiting.next, struct op, link);
}

static void end_all(struct list *ops, int status, int uv_status, const char *text)
{
	while (!list_is_empty(ops))
		end_op(LIST_ITEM(ops->next, struct op, link), status, uv_status, text);
}

void stmfw__engine_end_waiting_as(struct stmfw_client *c, const stmfw_result *other)
{
	while (!list_is_empty(&c->waiting)) {
		struct op *op = first_waiting(c);

		op->res.step = other->step;
		op->res.advice = other->advice;
		end_op(op, other->status, other->uv_status, other->text);
	}
}

/* All operations end, in their order. If it was connecting that failed, it may try again, and those
   that wait for it end when the user has been told. */
void stmfw__engine_drop(struct stmfw_client *c, int status, int uv_status, const char *text)
{
	bool is_cancel = status == STMFW_ECANCELED;
	int others = is_cancel ? STMFW_ECANCELED : STMFW_ELOST;
	bool was_connected = client_is_connected(c);

	close_conn(c);
	if (c->running && c->running->kind->dropped && c->running->kind->dropped(c->running, status))
		return;
	if (c->state != CLIENT_CLOSING)
		c->state = c->state == CLIENT_CONNECTING ? CLIENT_FAILED : CLIENT_IDLE;
	if (c->running)
		end_op(c->running, status, uv_status, text);
	if (c->state == CLIENT_FAILED)
		return;
	end_all(&c->ahead, others, uv_status, is_cancel ? text : "the connection ended meanwhile");
	c->ahead_count = 0;
	end_all(&c->waiting, others, uv_status,
		is_cancel ? text : "the connection ended before this began");
	if (was_connected && c->state == CLIENT_IDLE && !c->shutting_down)
		stmfw__deliver_lost(c, status, uv_status, text);
	c->shutting_down = false;
}

/* ---- sending ---- */

static void on_deadline(uv_timer_t *timer)
{
	struct stmfw_client *c = timer->data;
	char text[ENDING_TEXT];

	/* Timers run before the loop polls: after a long callback of anybody's, the answer may be
	   here already. So look at the socket once more before giving up. */
	if (!c->overdue) {
		c->overdue = true;
		uv_timer_start(&c->deadline, on_deadline, 1, 0);
		return;
	}
	stmfw__ending_overdue(text, c);
	stmfw__engine_drop(c, STMFW_ETIMEDOUT, UV_ETIMEDOUT, text);
}

void stmfw__engine_start_deadline(struct stmfw_client *c, uint32_t ms)
{
	c->overdue = false;
	uv_update_time(c->loop); /* a long callback may have left the loop's clock behind */
	uv_timer_start(&c->deadline, on_deadline, ms, 0);
}

static bool is_hang_up(int uv_status)
{
	return uv_status == UV_EOF || uv_status == UV_ECONNRESET;
}

/* The connection is gone. For a shutdown that was accepted, that is how it should end. */
static void lost(struct stmfw_client *c, const struct conn_end *end)
{
	char text[ENDING_TEXT];

	if (c->running && c->running->state == OP_ENDING && is_hang_up(end->uv_status)) {
		c->shutting_down = true;
		c->running->unanswered = false;
		stmfw__op_ok(c->running);
		stmfw__engine_finish(c->running);
	}
	stmfw__ending_lost(text, c, end);
	stmfw__engine_drop(c, end->uv_status == UV_ENOMEM ? STMFW_ENOMEM : STMFW_ELOST,
			   end->uv_status, text);
}

/* There never was a connection, or our child ended before its first answer. */
static void not_reached(struct stmfw_client *c, const struct conn_end *end)
{
	char text[ENDING_TEXT];

	stmfw__ending_not_reached(text, c, end);
	stmfw__engine_drop(c, end->uv_status == UV_ENOMEM ? STMFW_ENOMEM : STMFW_ECONNECT,
			   end->uv_status, text);
}

/* Adds the operation's request to the output. Returns STMFW_OK, or what is wrong with it. */
static int write_request(struct op *op, struct buf *out)
{
	struct stmfw_client *c = op->client;

	stmfw__wire_make_nonce(op->nonce, c->salt ^ ++c->requests);
	stmfw__wire_request(out, op->nonce, op->script.data, op->script.length);
	return op->script.error ? op->script.error : out->error;
}

/* False: it never left, and op->res says why. */
static bool send_script(struct op *op)
{
	struct stmfw_client *c = op->client;
	struct buf *out = stmfw__conn_output(c->conn);

	if (!out) {
		stmfw__engine_drop(c, STMFW_EPROTO, 0, "an answer came before its question");
		return true;
	}
	int err = write_request(op, out);
	if (err) {
		op->nonce[0] = '\0';
		if (err == STMFW_ENOMEM)
			stmfw__op_no_memory(op);
		else
			stmfw__op_fail(op, STMFW_EINVAL, "the command is too long");
		return false;
	}
	op->unanswered = true;
	if (c->state != CLIENT_CONNECTING) /* connecting has one deadline for all of it */
		stmfw__engine_start_deadline(c, op->deadline_ms);
	err = stmfw__conn_send(c->conn, op->nonce);
	if (err)
		lost(c, &(struct conn_end){ .uv_status = err, .words = "" });
	return true;
}

/* ---- sending ahead ---- */

/* Several requests leave in one write: a new load of them when the last has shrunk to half. */
static bool wants_load(const struct stmfw_client *c)
{
	const struct op *op = c->running;

	return c->state == CLIENT_READY && op && op->kind->ahead && op->unanswered &&
	       c->ahead_count <= AHEAD_MAX / 2 && stmfw__conn_can_pipeline(c->conn);
}

/* False: not this one, not now; when its turn comes it is told what is wrong. */
static bool load(struct op *op, struct buf *out)
{
	struct stmfw_client *c = op->client;
	size_t length = out->length;

	if (op->kind->next(op, NULL) != MOVE_SEND || write_request(op, out) != STMFW_OK) {
		stmfw__buf_cut(out, length);
		op->nonce[0] = '\0';
		return false;
	}
	list_remove(&op->link);
	c->waiting_count--;
	list_append(&c->ahead, &op->link);
	c->ahead_count++;
	op->state = OP_RUNNING;
	op->started_ns = uv_hrtime();
	op->unanswered = true;
	return true;
}

static void send_ahead(struct stmfw_client *c)
{
	struct buf *out = wants_load(c) ? stmfw__conn_output(c->conn) : NULL;

	if (!out)
		return;
	for (struct op *op; (op = first_waiting(c)) && op->kind->ahead;)
		if (c->ahead_count == AHEAD_MAX || out->length > AHEAD_BYTES || !load(op, out))
			break;
	int err = out->length ? stmfw__conn_send(c->conn, "") : 0;
	if (err)
		lost(c, &(struct conn_end){ .uv_status = err, .words = "" });
}

/* ---- moving on ---- */

static bool is_canceled(struct op *op, enum move move)
{
	if ((move != MOVE_SEND && move != MOVE_OFFER) || !op->cancel_wanted || op->shielded)
		return false;
	stmfw__op_fail(op, STMFW_ECANCELED, "canceled after %" PRIu64 " bytes", op->res.bytes);
	return true;
}

/* False: there is no such move, and the stepper is done. */
static bool make_move(struct op *op, enum move move)
{
	switch (move) {
	case MOVE_SEND:
		op->state = OP_RUNNING;
		return send_script(op);
	case MOVE_OFFER:
		op->state = OP_OFFERING;
		stmfw__deliver_offer(op);
		return true;
	case MOVE_WAIT:
		op->state = OP_ENDING;
		op->unanswered = true; /* until the end has come */
		stmfw__engine_start_deadline(op->client, op->deadline_ms);
		return true;
	case MOVE_DONE:
		break;
	}
	return false;
}

static void advance(struct op *op, const struct reply *last)
{
	enum move move = op->kind->next(op, last);

	while (!is_canceled(op, move)) {
		if (make_move(op, move))
			return;
		if (op->depth == 0)
			break;
		move = stmfw__op_return(op);
	}
	stmfw__engine_finish(op);
}

void stmfw__engine_advance(struct op *op, const struct reply *last)
{
	struct stmfw_client *c = op->client;

	advance(op, last);
	stmfw__engine_pump(c);
}

static void start_next(struct stmfw_client *c)
{
	struct op *op = LIST_ITEM(list_pop(&c->waiting), struct op, link);

	c->waiting_count--;
	c->running = op;
	op->state = OP_RUNNING;
	op->started_ns = uv_hrtime();
	op->res.outcome = STMFW_FINISHED;
	advance(op, NULL);
}

/* The next one has been sent already. */
static void await_next(struct stmfw_client *c)
{
	c->running = LIST_ITEM(list_pop(&c->ahead), struct op, link);
	c->ahead_count--;
	stmfw__engine_start_deadline(c, c->running->deadline_ms);
}

void stmfw__engine_pump(struct stmfw_client *c)
{
	if (c->state == CLIENT_READY && !c->running && !list_is_empty(&c->ahead))
		await_next(c);
	/* Any number of them may end before they have anything to send. */
	while (c->state == CLIENT_READY && !c->running && !list_is_empty(&c->waiting))
		start_next(c);
	if (c->state == CLIENT_READY)
		send_ahead(c);
}

/* ---- what comes from the connection ---- */

static void keep_reply(struct op *op, const struct reply *r)
{
	op->unanswered = false;
	op->res.outcome = STMFW_FINISHED;
	op->res.tcl_code = r->code;
	op->res.ocd_code = r->ocd_code;
	stmfw__buf_clear(&op->log, 4096);
	stmfw__buf_append(&op->log, r->log, r->log_len); /* no memory: the log is lost, no more */
}

static void take_reply(struct stmfw_client *c, const struct reply *r)
{
	struct op *op = c->running;

	op->nonce[0] = '\0';
	if (c->state == CLIENT_READY)
		uv_timer_stop(&c->deadline);
	keep_reply(op, r);
	if (!stmfw__conn_tells(c->conn)) /* else it has been told already */
		stmfw__deliver_log(c, r->log, r->log_len);
	stmfw__engine_advance(op, r);
}

/* The peer is not what it should be. */
static void complain(struct stmfw_client *c, const char *bytes, size_t length)
{
	char text[ENDING_TEXT];

	stmfw__ending_stranger(text, c, bytes, length);
	stmfw__engine_drop(c, STMFW_EPROTO, 0, text);
}

/* With which the answer will begin; "": none is awaited. */
static const char *expected(const struct stmfw_client *c)
{
	return c->running ? c->running->nonce : "";
}

static void take_frame(struct stmfw_client *c, char *frame, size_t length)
{
	struct reply reply;

	switch (stmfw__wire_classify(frame, length, expected(c), &reply)) {
	case FRAME_REPLY:
		take_reply(c, &reply);
		break;
	case FRAME_NOTIFICATION:
		stmfw__deliver_event(c, frame, length);
		break;
	case FRAME_FOREIGN:
		complain(c, frame, length);
		break;
	}
}

static void on_bytes(void *owner, const char *bytes, size_t length)
{
	struct stmfw_client *c = owner;
	const struct conn *conn = c->conn;
	int err = stmfw__reader_feed(&c->reader, bytes, length);
	size_t n;

	if (err) {
		stmfw__engine_drop(c, err, UV_ENOMEM, stmfw_strerror(err));
		return;
	}
	for (char *frame; c->conn == conn && (frame = stmfw__reader_next(&c->reader, &n));)
		take_frame(c, frame, n);
	if (c->conn != conn)
		return;
	if (c->reader.error) {
		stmfw__engine_drop(c, c->reader.error, 0, "the answer is longer than reply_limit");
		return;
	}
	const char *rest = stmfw__reader_rest(&c->reader, &n);
	if (n && !stmfw__wire_plausible(rest, n, expected(c)))
		complain(c, rest, n);
}

static void on_opened(void *owner)
{
	struct stmfw_client *c = owner;

	stmfw__engine_advance(c->running, NULL);
}

static void on_said(void *owner, const char *line, size_t length)
{
	stmfw__deliver_log(owner, line, length);
}

void stmfw__engine_conn_failed(void *owner, const struct conn_end *end)
{
	struct stmfw_client *c = owner;

	c->conn = NULL;
	if (c->state == CLIENT_CONNECTING && (!c->running->unanswered || end->how))
		not_reached(c, end);
	else
		lost(c, end);
}

/* ---- letting go ---- */

static void on_handle_closed(uv_handle_t *handle)
{
	struct stmfw_client *c = handle->data;

	if (--c->handles > 0)
		return;
	stmfw_close_cb cb = c->close_cb;
	void *arg = c->close_arg;
	struct mem mem = c->mem;

	stmfw__reader_release(&c->reader);
	stmfw__arena_release(&c->server_arena);
	stmfw__mem_free(&mem, c->peer);
	stmfw__mem_free(&mem, c);
	if (cb)
		cb(arg);
}

void stmfw__engine_close_if_quiet(struct stmfw_client *c)
{
	if (c->state != CLIENT_CLOSING || c->conns > 0 || !list_is_empty(&c->deliveries) ||
	    uv_is_closing((uv_handle_t *)&c->deadline))
		return;
	uv_close((uv_handle_t *)&c->deadline, on_handle_closed);
	uv_close((uv_handle_t *)&c->awake, on_handle_closed);
	uv_close((uv_handle_t *)&c->deliver, on_handle_closed);
}

static void on_gone(void *owner)
{
	struct stmfw_client *c = owner;

	c->conns--;
	stmfw__engine_close_if_quiet(c);
}

const struct conn_events stmfw__engine_conn_events = {
	.opened = on_opened, .bytes = on_bytes, .said = on_said,
	.failed = stmfw__engine_conn_failed, .gone = on_gone
};
