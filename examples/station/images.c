/* SPDX-License-Identifier: MIT */
/* Images: read once, and their files looked at again before each board. */
#include "images.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "../digest.h"
#include "../imagefile.h"

#define FILE_LIMIT (64u << 20)

static bool read_file(const char *path, void **bytes, size_t *length, char why[IMAGES_WHY])
{
	FILE *f = fopen(path, "rbe");
	struct stat st;

	*bytes = NULL;
	if (!f || fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
		snprintf(why, IMAGES_WHY, "%s: %s", path, f ? "is no file" : strerror(errno));
		if (f)
			fclose(f);
		return false;
	}
	*length = st.st_size > 0 && st.st_size <= FILE_LIMIT ? (size_t)st.st_size : 0;
	*bytes = *length ? malloc(*length) : NULL;
	bool good = *bytes && fread(*bytes, 1, *length, f) == *length && fgetc(f) == EOF;
	if (!good) {
		snprintf(why, IMAGES_WHY, "%s: is empty, larger than 64 MiB, or cannot be read", path);
		free(*bytes);
		*bytes = NULL;
	}
	fclose(f);
	return good;
}

/* The bytes that have the right digest, or NULL and why. */
static void *read_right_one(const struct recipe_image *image, size_t *length, char why[IMAGES_WHY])
{
	char sha256[DIGEST_TEXT];
	void *bytes;

	if (!read_file(image->path, &bytes, length, why))
		return NULL;
	if (digest_sha256(sha256, bytes, *length) && strcasecmp(sha256, image->sha256) == 0)
		return bytes;
	snprintf(why, IMAGES_WHY, "%s is not the image that the recipe names: its SHA-256 is %s, not %s",
		 image->path, sha256, image->sha256);
	free(bytes);
	return NULL;
}

static bool load(stmfw_image **out, const struct recipe_image *image, char why[IMAGES_WHY])
{
	stmfw_image_opts opts = STMFW_INIT(stmfw_image_opts);
	stmfw_image_error error;
	size_t length;
	void *bytes = read_right_one(image, &length, why);

	if (!bytes)
		return false;
	if (image->type)
		imagefile_parse_type(&opts.type, image->type);
	opts.has_base = image->address != NULL;
	opts.base = image->address ? *image->address : 0;
	int err = stmfw_image_parse(out, image->path, bytes, length, &opts, &error);
	if (err)
		snprintf(why, IMAGES_WHY, "%s", error.text);
	free(bytes);
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
		size_t length;
		void *bytes = read_right_one(&images->recipe->images[i], &length, why);

		if (!bytes)
			return false;
		free(bytes);
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
