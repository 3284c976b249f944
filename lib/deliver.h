/* SPDX-License-Identifier: MIT */
/* What is to be told to the user, on its way there. */
#ifndef STMFW_DELIVER_H
#define STMFW_DELIVER_H

#include "op.h"

void stmfw__deliver_init(struct stmfw_client *c);
void stmfw__deliver_soon(struct stmfw_client *c, struct delivery *d,
			 void (*run)(struct stmfw_client *c, struct delivery *d));
/* A notification or a captured log, for the user's callbacks. Without memory it is lost: that is
   better than giving up a connection in the middle of flashing. */
void stmfw__deliver_event(struct stmfw_client *c, const char *record, size_t length);
void stmfw__deliver_log(struct stmfw_client *c, const char *log, size_t length);
void stmfw__deliver_result(struct op *op);
void stmfw__deliver_offer(struct op *op);
void stmfw__deliver_lost(struct stmfw_client *c, int status, int uv_status, const char *text);
/* Closing: nothing but results is delivered any more. */
void stmfw__deliver_only_results(struct stmfw_client *c);

#endif
