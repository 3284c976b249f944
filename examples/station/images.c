/* SPDX-License-Identifier: MIT */
/* Images: read once, and their files looked at again before each board. */
#include "images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../digest.h"
#include "../imagefile.h"
#include "readfile.h"

/* The bytes that have the right digest: free() them. False: why. */
static bool read_right_one(const struct recipe_image *image, struct readfile *file,
			   char why[IMAGES_WHY])
{
	char sha256[DIGEST_TEXT], reason[READFILE_WHY];

	if (!readfile(file, image->path, READFILE_IMAGE, reason)) {
		snprintf(why, IMAGES_WHY, "%.300s: %s", image->path, reason);
		return false;
	}
	if (digest_is(image->sha256, sha256, file->bytes, file->length))
		return true;
	snprintf(why, IMAGES_WHY, "%s is not the image that the recipe names: its SHA-256 is %s, not %s",
		 image->path, sha256, image->sha256);
	free(file->bytes);
	return false;
}

static bool load(stmfw_image **out, const struct recipe_image *image, char why[IMAGES_WHY])
{
	stmfw_image_opts opts = STMFW_INIT(stmfw_image_opts);
	stmfw_image_error error;
	struct readfile file;

	if (!read_right_one(image, &file, why))
		return false;
	if (image->type)
		imagefile_parse_type(&opts.type, image->type);
	opts.has_base = image->address != NULL;
	opts.base = image->address ? *image->address : 0;
	int err = stmfw_image_parse(out, image->path, file.bytes, file.length, &opts, &error);
	if (err)
		snprintf(why, IMAGES_WHY, "%s", error.text);
	free(file.bytes);
	return err == STMFW_OK;
}

bool images_load(struct images *images, const struct recipe *r, char why[IMAGES_WHY])
{
	images->recipe = r;
	images->loaded = calloc(r->image_count + 1, sizeof(void *));
	if (!images->loaded) {
		snprintf(why, IMAGES_WHY, "not enough memory");
		return false;
	}
	for (unsigned int i = 0; i < r->image_count; i++)
		if (!load(&images->loaded[i], &r->images[i], why))
			return false;
	return true;
}

bool images_unchanged(const struct images *images, char why[IMAGES_WHY])
{
	for (unsigned int i = 0; i < images->recipe->image_count; i++) {
		struct readfile file;

		if (!read_right_one(&images->recipe->images[i], &file, why))
			return false;
		free(file.bytes);
	}
	return true;
}

const stmfw_image *images_get(const struct images *images, const char *name)
{
	for (unsigned int i = 0; i < images->recipe->image_count; i++)
		if (strcmp(images->recipe->images[i].name, name) == 0)
			return images->loaded[i];
	return NULL;
}

void images_free(struct images *images)
{
	for (unsigned int i = 0; images->loaded && i < images->recipe->image_count; i++)
		stmfw_image_free(images->loaded[i]);
	free(images->loaded);
	images->loaded = NULL;
}
