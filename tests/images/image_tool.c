/* SPDX-License-Identifier: MIT */
/*
 * image_tool.c - the image functions as a command, for the tests.
 *
 *     image_tool [-t TYPE] [-b BASE] [-f FILL] IN             prints each range: address, bytes
 *     image_tool [-t TYPE] [-b BASE] [-f FILL] IN TYPE OUT    writes it as TYPE to OUT
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stmfw.h>

static const char *const types[] = { "auto", "bin", "ihex", "srec", "elf" };

static enum stmfw_image_type type_of(const char *word)
{
	for (int i = 0; i < 5; i++)
		if (strcmp(types[i], word) == 0)
			return (enum stmfw_image_type)i;
	exit(2);
}

static void show(const stmfw_image *image)
{
	size_t count;
	const stmfw_range *r = stmfw_image_ranges(image, &count);

	printf("%s %s %" PRIu64 "\n", types[stmfw_image_type_of(image)],
	       stmfw_image_is_placed(image) ? "placed" : "floating", stmfw_image_total(image));
	for (size_t i = 0; i < count; i++) {
		printf("%08" PRIx64 " ", r[i].address);
		for (uint64_t k = 0; k < r[i].length; k++)
			printf("%02x", r[i].data[k]);
		putchar('\n');
	}
}

static int put(const void *bytes, size_t length, void *arg)
{
	return fwrite(bytes, 1, length, arg) != length;
}

static int save(const stmfw_image *image, const char *type, uint8_t fill, const char *path)
{
	FILE *f = fopen(path, "wb");
	int err = f ? stmfw_image_write(image, type_of(type), fill, put, f) : STMFW_EFILE;

	if (f && fclose(f) != 0)
		err = STMFW_EFILE;
	if (err)
		fprintf(stderr, "%s: %s\n", path, stmfw_err_name(err));
	return err != STMFW_OK;
}

int main(int argc, char **argv)
{
	stmfw_image_opts o = STMFW_INIT(stmfw_image_opts);
	stmfw_image_error e;
	stmfw_image *image;
	uint8_t fill = 0xff;

	for (int c; (c = getopt(argc, argv, "t:b:f:")) != -1;) {
		if (c == 't') {
			o.type = type_of(optarg);
		} else if (c == 'b') {
			o.has_base = 1;
			o.base = strtoull(optarg, NULL, 0);
		} else if (c == 'f') {
			fill = (uint8_t)strtoul(optarg, NULL, 0);
		} else {
			return 2;
		}
	}
	if (argc - optind != 1 && argc - optind != 3)
		return 2;
	if (stmfw_image_load(&image, argv[optind], &o, &e) != STMFW_OK) {
		fprintf(stderr, "%s (%s)\n", e.text, stmfw_err_name(e.status));
		return 1;
	}
	int err = 0;
	if (argc - optind == 1)
		show(image);
	else
		err = save(image, argv[optind + 1], fill, argv[optind + 2]);
	stmfw_image_free(image);
	return err;
}
