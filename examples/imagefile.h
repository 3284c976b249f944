/* SPDX-License-Identifier: MIT */
/* Firmware images on the command line: --type, and loading one. */
#ifndef IMAGEFILE_H
#define IMAGEFILE_H

#include <stdbool.h>

#include <stmfw.h>

#include "cli.h"

/* "bin", "hex" or "ihex", "srec" or "s19", "elf". */
bool imagefile_parse_type(enum stmfw_image_type *type, const char *value);
/* "bin", "hex", "srec", "elf" */
const char *imagefile_type_name(enum stmfw_image_type type);
/* False: after cli_fail(). */
bool imagefile_load(stmfw_image **image, const char *path, const stmfw_image_opts *opts,
		    struct cli *cli);

#endif
