/* SPDX-License-Identifier: MIT */
/*
 * The file of a plain command: one on OpenOCD's machine, by its path, or content of ours, which a
 * carrier brings there.
 */
#ifndef STMFW_CONTENT_H
#define STMFW_CONTENT_H

#include "carrier.h"

enum content_step { CONTENT_BEGIN, CONTENT_WAYS, CONTENT_PART, CONTENT_FORGOTTEN };

struct content {
	const char *path; /* on OpenOCD's machine; NULL: */
	const uint8_t *data;
	size_t length;
	enum content_step step;
	struct carrier carrier;
	size_t sent; /* in requests before that of the command */
};

/* Exactly one of the two, and not empty. */
bool stmfw__content_is_good(const char *path, const void *data, size_t length);
/*
 * A part of a stepper: true when only the command is left to be sent; false: make *move, and call
 * again with the reply.
 */
bool stmfw__content_ready(struct op *op, struct content *c, const struct reply *last,
			  enum move *move);
/* The command: `before` FILE `after`, see inline.h. False: op->res says why. */
bool stmfw__content_command(struct op *op, struct content *c, struct buf *b, const char *before,
			    const char *after);
/* Leaves nothing behind. */
void stmfw__content_ended(struct content *c);

#endif
