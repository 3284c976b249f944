/* SPDX-License-Identifier: MIT */
/* SHA-256. */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_TEXT 65 /* 64 hex digits and the NUL */

bool digest_sha256(char out[DIGEST_TEXT], const void *data, size_t length);

#endif
