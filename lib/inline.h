/* SPDX-License-Identifier: MIT */
/*
 * Bytes in request and reply: scripts in which OpenOCD makes a temporary file on its own machine,
 * uses it in one command and deletes it, all in one request. So nothing can stay behind, even if we
 * die meanwhile, and a failure keeps its reason and OpenOCD's number.
 *
 * Only content that is too long for one request is in a file that stays, from one request to the
 * next; OpenOCD deletes it by itself if no other comes within a minute.
 *
 * A command is given in two parts, `before` and `after` the name of the file, without blanks around
 * it. Words from outside must be quoted in it.
 */
#ifndef STMFW_INLINE_H
#define STMFW_INLINE_H

#include "buf.h"

/* An expression of OpenOCD's interpreter: can it do this? Not the reduced Tcl of 0.10. */
extern const char stmfw__inline_possible[];

/* A command that fills the file with `length` bytes. The script's result: these bytes. */
void stmfw__inline_get(struct buf *b, const char *before, const char *after, size_t length);

/* A command that takes a file: begin, its bytes in any pieces, end. The script's result is that of
   the command. before NULL: no command; the file stays, and the result is what it is known by. */
void stmfw__inline_begin(struct buf *b, const char *before, const char *after);
void stmfw__inline_bytes(struct buf *b, const void *bytes, size_t length);
/* So many bytes are in the file then, those of earlier requests included; it is known by `file`,
   "": there were none. */
void stmfw__inline_end(struct buf *b, size_t length, const char *file);
/* There will be no command for it after all. */
void stmfw__inline_forget(struct buf *b, const char *file);

#endif
