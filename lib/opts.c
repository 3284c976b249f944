/* SPDX-License-Identifier: MIT */
/* Option structs across versions: see opts.h. */
#include "opts.h"

#include <string.h>

#include <stmfw.h>

#define SIZE_SANE 4096u

int stmfw__copy_opts(void *to, size_t known_size, const void *from)
{
	const unsigned char *bytes = from;
	size_t size;

	memcpy(&size, from, sizeof(size)); /* always the first member */
	if (size < sizeof(size) || size > SIZE_SANE) /* not set at all? */
		return STMFW_EINVAL;
	for (size_t i = known_size; i < size; i++)
		if (bytes[i] != 0)
			return STMFW_EINVAL;
	memcpy(to, from, size < known_size ? size : known_size);
	return STMFW_OK;
}
