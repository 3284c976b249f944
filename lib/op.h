/* SPDX-License-Identifier: MIT */
/*
 * One operation: what the caller asked for, and how far it is.
 *
 * What an operation does is a stepper: a function that looks at the last reply and names the next
 * move. It never touches the socket, never calls the user, and needs no loop to be tested.
 */
#ifndef STMFW_OP_H
#define STMFW_OP_H

#include "buf.h"
#include "list.h"
#include "wire.h"

struct op;

enum move {
	MOVE_SEND,  /* send op->script as step op->res.step, with op->deadline_ms       */
	MOVE_OFFER, /* let kind->offer() give the user a piece, then ask again          */
	MOVE_WAIT,  /* the reply was right; the end of the connection is what is awaited */
	MOVE_DONE   /* op->res says how it ended                                        */
};

struct op_kind {
	const char *name;
	bool ahead; /* one request that changes nothing: sent while those before are not answered */
	/* last: the reply to what was sent, or NULL at the beginning and after an offer. */
	enum move (*next)(struct op *op, const struct reply *last);
	void (*offer)(struct op *op);   /* NULL: it never offers               */
	/* The connection has ended. True: it makes another one. NULL: false. */
	bool (*dropped)(struct op *op, int status);
	void (*ended)(struct op *op);   /* it has: release what is not in the arena; may be NULL */
	/* Before and after the user is told how it ended; may be NULL. */
	void (*telling)(struct op *op);
	void (*told)(struct op *op);
};

enum op_state {
	OP_WAITING,  /* in the client's queue                          */
	OP_RUNNING,  /* the client's current one, or sent ahead: a reply is awaited */
	OP_OFFERING, /* the current one; the user is to get a piece    */
	OP_ENDING,   /* the current one; the connection is to end      */
	OP_FINISHED  /* the result is to be delivered                  */
};

/* Something to be told to the user, from deliver.c alone. */
struct delivery {
	struct list link;
	void (*run)(struct stmfw_client *c, struct delivery *d);
	bool needs_open_client; /* dropped once the client is closing */
};

#define OP_CALLS_MAX 5u
/* The status until a stepper says how it ended: one that forgets to has not succeeded. */
#define OP_UNDECIDED 1

/* A stepper that waits for the end of the one it called. */
struct op_caller {
	const struct op_kind *kind;
	void *job;
};

struct op {
	struct delivery delivery;
	struct list link; /* in the queue */
	struct stmfw_client *client;
	const struct op_kind *kind;
	enum op_state state;
	bool cancel_wanted;
	bool shielded; /* the stepper itself looks at cancel_wanted, where it can stop safely */
	bool unanswered; /* something was sent and its reply has not come */
	char nonce[WIRE_NONCE_SIZE]; /* of what was sent */
	uint64_t started_ns;
	stmfw_done_cb cb;
	void *arg;
	struct arena arena;
	struct buf script;
	struct buf log; /* of the last reply */
	uint32_t deadline_ms;
	void *job; /* the stepper's own state, in the arena */
	struct op_caller callers[OP_CALLS_MAX]; /* the last one called the stepper that runs; no
						   memory is needed for it, as what puts things in
						   order is called, too */
	unsigned int depth;                     /* so many of them are waiting */
	stmfw_result res;
};

/* A new operation with a zeroed job of job_size bytes. Submit notices if its arena failed. */
int stmfw__op_new(struct op **out, struct stmfw_client *c, const struct op_kind *kind,
		  size_t job_size, stmfw_done_cb cb, void *arg);
/* Accepts or frees it. */
int stmfw__op_submit(struct op *op, stmfw_op *out);
void stmfw__op_free(struct op *op);

/* ---- for steppers ---- */

/* Run another stepper as a part of this one. Its job is in the arena, prepared. Once it is done,
   the caller's next() is asked with last NULL, and op->res.status says how that ended. op->res begins
   anew, step and bytes among it: the caller keeps what it needs of it, and sets them again. */
enum move stmfw__op_call(struct op *op, const struct op_kind *kind, void *job);
/* The one that was called is done: back to its caller. */
enum move stmfw__op_return(struct op *op);
/* The job of who called the one that runs. */
static inline void *op_callers_job(const struct op *op)
{
	return op->callers[op->depth - 1].job;
}

/* From here on the result is the truth about what the next command does to the chip: a wish to
   cancel comes too late. False: there is one already, and op->res says so. */
bool stmfw__op_shield(struct op *op);
/* Begin the text of the next request. deadline_ms 0: the client's for quick commands. */
struct buf *stmfw__op_script(struct op *op, const char *step, uint32_t deadline_ms);
/* A deadline for something that takes longer the more bytes there are. */
uint32_t stmfw__op_deadline(const struct op *op, uint32_t base_ms, uint64_t bytes,
			    uint64_t bytes_per_second);
enum move stmfw__op_send(struct op *op, const char *step, const char *script);
/* The result's text, copied. */
void stmfw__op_text(struct op *op, const char *text, size_t length);
/* Success, unless something that was to be in the arena had no room there. */
enum move stmfw__op_ok(struct op *op);
enum move stmfw__op_no_memory(struct op *op);
/* The same, with a line that says what was done. */
enum move stmfw__op_done(struct op *op, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
enum move stmfw__op_fail(struct op *op, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The last command failed: tell OpenOCD's reason. What we know better overrides status. */
enum move stmfw__op_refused(struct op *op, int status, const struct reply *reply);
/* What a command printed: its result, or on 0.10 its log. A copy; NULL: no memory. */
char *stmfw__op_output(struct op *op, const struct reply *reply);

/* The number behind a word like "wrote ", in the result or in the log of 0.10. 0 if none. */
uint64_t stmfw__op_count(const struct reply *reply, const char *word);

/* Whether the stepper that was called has succeeded; if not, op->res says why. */
static inline bool call_ok(const struct op *op)
{
	return op->res.status == STMFW_OK;
}

static inline bool reply_ok(const struct reply *r)
{
	return r->code == 0;
}

#endif
