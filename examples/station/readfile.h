/* SPDX-License-Identifier: MIT */
/* All of a file in memory. */
#ifndef READFILE_H
#define READFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READFILE_WHY 128
#define READFILE_IMAGE ((size_t)257 << 20) /* the limit of an image: as the library's */

struct readfile {
	uint8_t *bytes; /* a NUL is behind the last; free() */
	size_t length;
};

/* Only a regular file that is not larger than limit. False: why, without its name. */
bool readfile(struct readfile *out, const char *path, size_t limit, char why[READFILE_WHY]);

#endif
