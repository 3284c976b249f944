/* SPDX-License-Identifier: MIT */
/*
 * A growing byte buffer with a ceiling.
 *
 * Errors stick: after a failed append the buffer takes nothing more and buf->error says why, so
 * that a text made of many appends needs one check, at its end.
 */
#ifndef STMFW_BUF_H
#define STMFW_BUF_H

#include "mem.h"

struct buf {
	const struct mem *mem;
	char *data; /* length bytes and a NUL, or NULL while empty */
	size_t length;
	size_t capacity;
	size_t limit; /* most bytes it may ever hold */
	int error;    /* 0, STMFW_ENOMEM or STMFW_ERANGE (limit) */
};

void stmfw__buf_init(struct buf *b, const struct mem *mem, size_t limit);
void stmfw__buf_append(struct buf *b, const void *bytes, size_t length);
/* Room for length more bytes, which the caller fills. NULL: b->error. */
char *stmfw__buf_extend(struct buf *b, size_t length);
void stmfw__buf_puts(struct buf *b, const char *s);
void stmfw__buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* In decimal: much quicker than the above, for long lists. */
void stmfw__buf_number(struct buf *b, uint32_t number);
/* Drop the first n bytes. */
void stmfw__buf_consume(struct buf *b, size_t n);
/* Only the first n bytes are left, and no error. */
void stmfw__buf_cut(struct buf *b, size_t n);
/* Empty it and forget its error; memory beyond `keep` bytes is given back. */
void stmfw__buf_clear(struct buf *b, size_t keep);
void stmfw__buf_release(struct buf *b);

#endif
