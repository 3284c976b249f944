/* SPDX-License-Identifier: MIT */
/* Firmware images on the command line: see imagefile.h. */
#include "imagefile.h"

#include <string.h>

#include "text.h"

static const struct {
	const char *name;
	enum stmfw_image_type type;
} types[] = { { "bin", STMFW_IMAGE_BIN },   { "hex", STMFW_IMAGE_IHEX },
	      { "srec", STMFW_IMAGE_SREC }, { "elf", STMFW_IMAGE_ELF },
	      { "ihex", STMFW_IMAGE_IHEX }, { "s19", STMFW_IMAGE_SREC } };

#define TYPES (sizeof(types) / sizeof(types[0]))

bool imagefile_parse_type(enum stmfw_image_type *type, const char *value)
{
	for (size_t i = 0; i < TYPES; i++)
		if (strcmp(value, types[i].name) == 0) {
			*type = types[i].type;
			return true;
		}
	return false;
}

const char *imagefile_type_name(enum stmfw_image_type type)
{
	for (size_t i = 0; i < TYPES; i++)
		if (types[i].type == type)
			return types[i].name;
	return "auto";
}

bool imagefile_load(stmfw_image **image, const char *path, const stmfw_image_opts *opts,
		    struct cli *cli)
{
	stmfw_image_error error;
	char plain[512];

	if (stmfw_image_load(image, path, opts, &error) == STMFW_OK)
		return true;
	cli_fail(cli, error.status == STMFW_EINVAL ? CLI_USAGE : CLI_FILE, "", "%s.",
		 text_harmless(plain, sizeof(plain), error.text));
	return false;
}
