/* SPDX-License-Identifier: MIT */
/*
 * Numbers read strictly, files written so that nobody ever sees half of one.
 */
#include "board.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	char *end = NULL;

	if (hex ? !isxdigit((unsigned char)*digits) : !isdigit((unsigned char)*digits))
		return false;
	errno = 0;
	*value = strtoull(digits, &end, hex ? 16 : 10);
	return errno == 0 && *end == '\0' && *value <= max;
}

bool parse_uid(const char *text, uint8_t uid[UID_SIZE])
{
	if (strlen(text) != 2 * UID_SIZE || strspn(text, "0123456789abcdefABCDEF") != 2 * UID_SIZE)
		return false;
	for (int i = 0; i < UID_SIZE; i++) {
		char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };

		uid[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return true;
}

static bool write_all(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "wb");

	if (!file)
		return false;
	bool written = fwrite(data, 1, size, file) == size;

	return fclose(file) == 0 && written;
}

bool file_replace(const char *path, const void *data, size_t size)
{
	size_t room = strlen(path) + sizeof(".tmp");
	char *tmp = malloc(room);

	if (!tmp)
		return false;
	snprintf(tmp, room, "%s.tmp", path);
	bool done = write_all(tmp, data, size) && rename(tmp, path) == 0;

	if (!done)
		unlink(tmp);
	free(tmp);
	return done;
}

static const char *load_at(struct board *b, const char *path, uint64_t offset)
{
	size_t room = chip_flash_size(b->chip) - (size_t)offset;
	uint8_t *data = malloc(room + 1);
	FILE *file = fopen(path, "rb");
	const char *problem = NULL;

	if (!data || !file) {
		problem = file ? "out of memory" : strerror(errno);
	} else {
		size_t size = fread(data, 1, room + 1, file);

		if (ferror(file))
			problem = "cannot be read";
		else if (size > room)
			problem = "does not fit into the flash";
		else
			memcpy(b->flash + offset, data, size);
	}
	if (file)
		fclose(file);
	free(data);
	return problem;
}

const char *file_load_flash(struct board *b, const char *spec)
{
	const char *at = strrchr(spec, '@');
	uint64_t offset = 0;

	if (!at || !parse_number(at + 1, UINT32_MAX, &offset))
		return load_at(b, spec, 0);
	if (offset > chip_flash_size(b->chip))
		return "the offset is behind the end of the flash";
	char *path = strndup(spec, (size_t)(at - spec));

	if (!path)
		return "out of memory";
	const char *problem = load_at(b, path, offset);

	free(path);
	return problem;
}
