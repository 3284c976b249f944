/* SPDX-License-Identifier: MIT */
/*
 * A private file through which this process and OpenOCD exchange bytes.
 *
 * Both must see the same file. Whether they do is found out by trying: a token that we write is
 * read back through OpenOCD. What is done where they do not: carrier.h.
 */
#ifndef STMFW_SCRATCH_H
#define STMFW_SCRATCH_H

#include "op.h"

struct scratch {
	int fd;     /* of the file; -1: not open */
	int dir_fd; /* of its directory          */
	char *dir;
	char *path;
	char token[WIRE_NONCE_SIZE];
};

/* Makes a directory of mode 0700 and in it a file of mode 0600, which has the token in it. dir NULL:
   TMPDIR or /tmp. False: op->res says what is wrong. */
bool stmfw__scratch_begin(struct scratch *s, struct op *op, const char *dir);
/* Removes both. Harmless if not open. */
void stmfw__scratch_close(struct scratch *s);

/* Does OpenOCD see the file? Have a script give its answer, and judge that. */
void stmfw__scratch_script(struct buf *b, const struct scratch *s);
bool stmfw__scratch_is_shared(const struct scratch *s, const char *answer);
enum move stmfw__scratch_not_shared(struct op *op, const char *answer);

/* These return false with errno. */
bool stmfw__scratch_empty(struct scratch *s);
/* A part of its content. */
bool stmfw__scratch_put(struct scratch *s, const void *bytes, size_t length, size_t offset);
/* Returns the number of bytes read, more than `length` never; -1 with errno. */
long long stmfw__scratch_read(struct scratch *s, void *bytes, size_t length, size_t offset);
/* Size now, or -1. */
long long stmfw__scratch_size(const struct scratch *s);

#endif
