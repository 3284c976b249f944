/* SPDX-License-Identifier: MIT */
/*
 * Where images and serial number lie in flash.
 *
 * Each step is proven when it is done. What a later one writes over would still be a PASS, so a recipe
 * that does so is refused. One that means it (test firmware, then another one at the same place) says so
 * with a step `erase` between the two.
 */
#include "recipe_places.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "serial.h"

#define FLASH     0x08000000u /* where an STM32 has it, and a binary without an address goes */
#define FLASH_END 0x10000000u

struct places {
	const struct recipe *recipe;
	stmfw_image *const *images;
	struct faults *faults;
};

/* ---- images ---- */

static const stmfw_image *image_of(const struct places *p, const char *name)
{
	const struct recipe_image *m = recipe_image(p->recipe, name);

	return m ? p->images[m - p->recipe->images] : NULL;
}

static uint64_t origin(const stmfw_image *image)
{
	return stmfw_image_is_placed(image) ? 0 : FLASH;
}

static bool meets(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
	return a < b + b_length && b < a + a_length;
}

static bool has_any(const stmfw_image *image, uint64_t address, uint64_t length)
{
	size_t count;
	const stmfw_range *r = stmfw_image_ranges(image, &count);

	for (size_t i = 0; i < count; i++)
		if (meets(origin(image) + r[i].address, r[i].length, address, length))
			return true;
	return false;
}

/* Bytes that a serial number there would change. FF is as if there were nothing. */
static bool has_bytes(const stmfw_image *image, const struct recipe_serial *s)
{
	uint8_t bytes[sizeof(((struct serial *)0)->bytes)];

	if (s->address < origin(image))
		return false;
	stmfw_image_copy(image, s->address - origin(image), bytes, s->length, 0xff);
	for (unsigned int i = 0; i < s->length; i++)
		if (bytes[i] != 0xff)
			return true;
	return false;
}

static bool both_have(const stmfw_image *a, const stmfw_image *b)
{
	size_t count;
	const stmfw_range *r = stmfw_image_ranges(b, &count);

	for (size_t i = 0; i < count; i++)
		if (has_any(a, origin(b) + r[i].address, r[i].length))
			return true;
	return false;
}

/* ---- what is written over ---- */

/* The image before and the one behind it, of one step or of two. */
static void check_pair(struct places *p, const struct recipe_step *first, const char *before,
		       const struct recipe_step *second, const char *behind)
{
	const stmfw_image *a = image_of(p, before), *b = image_of(p, behind);

	if (!a || !b || !both_have(a, b))
		return;
	if (first == second)
		faults_add(p->faults, "Step \"%s\": images \"%s\" and \"%s\" have bytes at the same addresses.",
		     first->name, before, behind);
	else
		faults_add(p->faults,
		     "Step \"%s\": image \"%s\" has bytes at the same addresses as \"%s\" of step "
		     "\"%s\". If it shall take its place, put a step erase between them.",
		     second->name, behind, before, first->name);
}

static void check_with_those_before(struct places *p, unsigned int from, unsigned int step,
				    unsigned int image)
{
	const struct recipe_step *s = &p->recipe->steps[step];

	for (unsigned int i = from; i <= step; i++) {
		const struct recipe_step *before = &p->recipe->steps[i];
		unsigned int end = i == step ? image : before->image_count;

		for (unsigned int k = 0; before->kind == STEP_FLASH && k < end; k++)
			check_pair(p, before, before->images[k], s, s->images[image]);
	}
}

static void check_images(struct places *p)
{
	unsigned int from = 0; /* the first step after the chip was erased */

	for (unsigned int i = 0; i < p->recipe->step_count; i++) {
		const struct recipe_step *s = &p->recipe->steps[i];

		if (s->kind == STEP_ERASE)
			from = i;
		for (unsigned int k = 0; s->kind == STEP_FLASH && k < s->image_count; k++)
			check_with_those_before(p, from, i, k);
	}
}

/* ---- serial number ---- */

static bool is_flashed(const struct places *p, const char *image)
{
	for (unsigned int i = 0; i < p->recipe->step_count; i++) {
		const struct recipe_step *s = &p->recipe->steps[i];

		for (unsigned int k = 0; s->kind == STEP_FLASH && k < s->image_count; k++)
			if (strcmp(s->images[k], image) == 0)
				return true;
	}
	return false;
}

static void check_serial_in(struct places *p, const struct recipe_step *s, const char *name, bool written)
{
	const struct recipe_serial *r = p->recipe->serial;
	const stmfw_image *image = image_of(p, name);

	if (!image)
		return;
	bool is_lost = has_bytes(image, r);

	if (s->kind == STEP_FLASH && is_lost)
		faults_add(p->faults,
		     "Serial number: image \"%s\" has bytes at 0x%08" PRIx64 ", where it is written. Give "
		     "it a place where the images have nothing.",
		     name, r->address);
	else if (written && has_any(image, r->address, r->length) &&
		 !(is_lost && is_flashed(p, name))) /* told already */
		faults_add(p->faults,
		     "Step \"%s\" can never pass: the serial number (0x%08" PRIx64 ") is written over a part "
		     "of image \"%s\". Verify before the serial number is written.",
		     s->name, r->address, name);
}

/* No step flashes or erases behind `serial`. */
static void check_serial(struct places *p)
{
	bool written = false;

	for (unsigned int i = 0; i < p->recipe->step_count; i++) {
		const struct recipe_step *s = &p->recipe->steps[i];

		written = written || s->kind == STEP_SERIAL;
		for (unsigned int k = 0; k < s->image_count; k++)
			check_serial_in(p, s, s->images[k], written);
	}
}

/* ---- what is beyond the flash, if the recipe says how much there is ---- */

static void check_size(struct places *p)
{
	const struct recipe *r = p->recipe;
	uint64_t end = FLASH + (uint64_t)*r->chip.flash_kib * 1024;

	for (unsigned int i = 0; i < r->image_count; i++)
		if (p->images[i] && has_any(p->images[i], end, FLASH_END - end))
			faults_add(p->faults, "Image \"%s\" reaches beyond the %u KiB of flash that \"chip\" says.",
			     r->images[i].name, *r->chip.flash_kib);
	if (r->serial && meets(r->serial->address, r->serial->length, end, FLASH_END - end))
		faults_add(p->faults,
		     "Serial number: 0x%08" PRIx64 " and the %u bytes from there lie beyond the %u KiB of "
		     "flash that \"chip\" says.",
		     r->serial->address, r->serial->length, *r->chip.flash_kib);
}

void recipe_check_places(const struct recipe *r, stmfw_image *const *images, struct faults *faults)
{
	struct places p = { r, images, faults };

	check_images(&p);
	if (r->serial)
		check_serial(&p);
	if (r->chip.flash_kib)
		check_size(&p);
}
