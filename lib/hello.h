/* SPDX-License-Identifier: MIT */
/* Connecting, as an operation: see hello.c. */
#ifndef STMFW_HELLO_H
#define STMFW_HELLO_H

#include "op.h"

extern const struct op_kind stmfw__connect_kind;

#endif
