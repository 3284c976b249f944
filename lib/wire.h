/* SPDX-License-Identifier: MIT */
/*
 * The language of the TCL port, without any I/O: requests in their envelope, and a reader that is
 * fed bytes in any pieces and gives back frames.
 */
#ifndef STMFW_WIRE_H
#define STMFW_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

#define WIRE_END '\x1a'
#define WIRE_TAIL "\r\n\r\n\x1a" /* ends a request; see wire.c */
#define WIRE_NONCE_SIZE 24
#define WIRE_SCRIPT_LIMIT ((size_t)1 << 20) /* quoted; OpenOCD takes 4 MiB - 1 in all */
#define WIRE_BULK_LIMIT (2 * WIRE_SCRIPT_LIMIT) /* of a script of ours that carries content */

struct reply {
	int code;     /* Tcl's return code: 0 ok                        */
	int ocd_code; /* OpenOCD's own error number, 0 = none           */
	const char *result;
	size_t result_len;
	const char *log; /* what was logged while it ran */
	size_t log_len;
};

/* "@" and 16 hex digits: begins a reply to one of our requests, or another client's of ours. */
void stmfw__wire_make_nonce(char nonce[WIRE_NONCE_SIZE], uint64_t number);
bool stmfw__wire_is_nonce(const char *text);
void stmfw__wire_request(struct buf *out, const char *nonce, const char *script, size_t length);

struct reader {
	struct buf in;
	size_t taken;   /* bytes of `in` already given out as frames  */
	size_t scanned; /* no terminator before this one              */
	size_t limit;   /* most bytes of one frame                    */
	int error;      /* STMFW_EPROTO once a frame exceeds it       */
};

void stmfw__reader_init(struct reader *r, const struct mem *mem, size_t limit);
/* STMFW_OK or STMFW_ENOMEM. */
int stmfw__reader_feed(struct reader *r, const char *bytes, size_t length);
/* The next whole frame, NUL-terminated, writable, valid until the next call. NULL: none yet, or
   r->error. To be called until it returns NULL after each feed. */
char *stmfw__reader_next(struct reader *r, size_t *length);
/* The bytes of a frame that has not ended yet. */
const char *stmfw__reader_rest(const struct reader *r, size_t *length);
void stmfw__reader_release(struct reader *r);

enum frame_kind {
	FRAME_REPLY,        /* the answer to the request with this nonce */
	FRAME_NOTIFICATION, /* `type target_...`                         */
	FRAME_FOREIGN       /* anything else: we are not in step         */
};

/* Decodes a reply in place: its strings point into the frame. */
enum frame_kind stmfw__wire_classify(char *frame, size_t length, const char *nonce,
				     struct reply *reply);
/* Can this become a reply to nonce or a notification? Else say what kind of peer it looks like. */
bool stmfw__wire_plausible(const char *bytes, size_t length, const char *nonce);
const char *stmfw__wire_guess_peer(const char *bytes, size_t length);

#endif
