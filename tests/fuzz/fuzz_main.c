/* SPDX-License-Identifier: MIT */
/*
 * fuzz_main.c - runs a fuzz target over a corpus, as an ordinary test: each file as it is, each
 * cut short at some places and with some of its bits turned over.
 *
 * usage: target FOLDER
 */
#include <dirent.h>
#include <string.h>

#include "fuzz.h"

#define MOST ((size_t)1 << 20)

static uint8_t *copy_of(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1); /* exact, so that a sanitizer sees its end */

	MUST(copy);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

static void try_bytes(const uint8_t *data, size_t size)
{
	uint8_t *copy = copy_of(data, size);

	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void try_variants(uint8_t *data, size_t size)
{
	size_t step = size / 200 + 1;

	try_bytes(data, size);
	for (size_t n = 0; n < size; n += step)
		try_bytes(data, n);
	for (size_t n = 0; n < size; n += step) {
		uint8_t bit = (uint8_t)(1u << (n % 8));

		data[n] ^= bit;
		try_bytes(data, size);
		data[n] ^= bit;
	}
}

static void try_file(const char *folder, const char *name)
{
	char path[4096];
	uint8_t *data = malloc(MOST);
	FILE *file;

	MUST(data && snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path));
	file = fopen(path, "rb");
	MUST(file);
	try_variants(data, fread(data, 1, MOST, file));
	fclose(file);
	free(data);
}

int main(int argc, char **argv)
{
	const struct dirent *entry;
	int files = 0;
	DIR *dir;

	MUST(argc == 2);
	dir = opendir(argv[1]);
	MUST(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		try_file(argv[1], entry->d_name);
		files++;
	}
	closedir(dir);
	printf("%d files\n", files);
	return files ? EXIT_SUCCESS : EXIT_FAILURE;
}
