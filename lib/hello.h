/* SPDX-License-Identifier: MIT */
/* Who is on the other side? */
#ifndef STMFW_HELLO_H
#define STMFW_HELLO_H

#include "op.h"

enum move stmfw__hello_send(struct op *op);
enum move stmfw__hello_take(struct op *op, const struct reply *last);

#endif
