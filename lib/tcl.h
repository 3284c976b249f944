/* SPDX-License-Identifier: MIT */
/*
 * Tcl text: the one place where words from outside become part of a script.
 */
#ifndef STMFW_TCL_H
#define STMFW_TCL_H

#include "buf.h"

/* Append bytes as exactly one double-quoted word. */
void stmfw__tcl_word(struct buf *b, const void *bytes, size_t length);
/* The same for a C string, with a blank in front. */
void stmfw__tcl_arg(struct buf *b, const char *s);
/* One byte of such a word; and in the way that is always possible. Return how many bytes that is. */
size_t stmfw__tcl_escape(char *out, unsigned char byte);
size_t stmfw__tcl_octal(char *out, unsigned char byte);
/* Append many bytes as a part of a double-quoted word that the caller opens and closes. Only what
   has to be escaped is, for the sake of length. */
void stmfw__tcl_bulk(struct buf *b, const void *bytes, size_t length);
/* A script that runs `script` with `target` as the current one ("" or NULL: the one that is), for
   commands that know no other. Its result: a list of the target's name and the script's result. The
   current target belongs to our connection; it is as before afterwards. */
void stmfw__tcl_on_target(struct buf *b, const char *target, const char *script);
/* The same without the name. */
void stmfw__tcl_result_on_target(struct buf *b, const char *target, const char *script);
/* How long the word will be. */
size_t stmfw__tcl_word_length(const void *bytes, size_t length);

#endif
