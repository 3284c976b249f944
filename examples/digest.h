/* SPDX-License-Identifier: MIT */
/* SHA-256. */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_TEXT 65 /* 64 hex digits and the NUL */

/* In lower case. False: it cannot be calculated. */
bool digest_sha256(char out[DIGEST_TEXT], const void *data, size_t length);
/* Whether the data has that one, in upper or lower case. found: what it has; "" if that cannot be
   calculated. */
bool digest_is(const char *sha256, char found[DIGEST_TEXT], const void *data, size_t length);

#endif
