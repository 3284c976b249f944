/* SPDX-License-Identifier: MIT */
/*
 * convert IN OUT: a firmware file as another kind, which the ending of OUT names. It needs neither a
 * client nor a loop.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <stmfw.h>

static enum stmfw_image_type type_of(const char *path)
{
	const char *ending = strrchr(path, '.');

	if (ending && strcmp(ending, ".hex") == 0)
		return STMFW_IMAGE_IHEX;
	if (ending && strcmp(ending, ".s19") == 0)
		return STMFW_IMAGE_SREC;
	return STMFW_IMAGE_BIN;
}

static int write_piece(const void *bytes, size_t length, void *file)
{
	return fwrite(bytes, 1, length, file) != length;
}

static int save(const stmfw_image *image, const char *path)
{
	FILE *file = fopen(path, "wb");

	if (!file)
		return STMFW_EFILE;
	int err = stmfw_image_write(image, type_of(path), 0xff, write_piece, file);
	if (fclose(file) != 0 && err == STMFW_OK)
		err = STMFW_EFILE;
	return err;
}

int main(int argc, char **argv)
{
	stmfw_image *image;
	stmfw_image_error error;
	uint64_t first, end;

	if (argc != 3) {
		fprintf(stderr, "usage: convert IN OUT.hex|OUT.s19|OUT.bin\n");
		return 2;
	}
	if (stmfw_image_load(&image, argv[1], NULL, &error) != STMFW_OK) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	stmfw_image_bounds(image, &first, &end);
	printf("%" PRIu64 " bytes, from 0x%08" PRIx64 " to 0x%08" PRIx64 "\n",
	       stmfw_image_total(image), first, end - 1);
	int err = save(image, argv[2]);
	stmfw_image_free(image);
	if (err != STMFW_OK)
		fprintf(stderr, "%s: %s\n", argv[2], stmfw_strerror(err));
	return err != STMFW_OK;
}
