/* SPDX-License-Identifier: MIT */
/*
 * Bytes in request and reply: scripts in which OpenOCD makes a temporary file on its own machine,
 * uses it in one command and deletes it, all in one request. So nothing can stay behind, even if we
 * die meanwhile, and a failure keeps its reason and OpenOCD's number.
 *
 * A command is given in two parts, `before` and `after` the name of the file, without blanks around
 * it. Words from outside must be quoted in it.
 */
#ifndef STMFW_INLINE_H
#define STMFW_INLINE_H

#include "buf.h"

/* True in OpenOCD's interpreter: an expression for a script. False: the reduced Tcl of 0.10. */
extern const char stmfw__inline_possible[];

/* A command that fills the file with `length` bytes. The script's result: these bytes. */
void stmfw__inline_get(struct buf *b, const char *before, const char *after, size_t length);

/* A command that takes a file: begin, its bytes in any pieces, their number. The script's result is
   that of the command. */
void stmfw__inline_begin(struct buf *b, const char *before, const char *after);
void stmfw__inline_bytes(struct buf *b, const void *bytes, size_t length);
void stmfw__inline_end(struct buf *b, size_t length);

#endif
