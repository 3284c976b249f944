/* SPDX-License-Identifier: MIT */
/*
 * fuzz_image.c - the readers of firmware images, from any bytes. A program is made of it for each
 * TYPE; with STMFW_IMAGE_AUTO it is found out by the content.
 *
 * An image must be what the header promises, and the same again after it was written and read.
 * Texts are tried a second time with their checksums repaired, which random changes never hit.
 */
#include <string.h>

#include <stmfw.h>

#include "fuzz.h"
#include "parse.h"

#define LIMIT 100000u

struct text {
	char *bytes;
	size_t length, capacity;
};

static int append(const void *bytes, size_t length, void *arg)
{
	struct text *t = arg;

	if (t->length + length > t->capacity) {
		t->capacity = 2 * (t->length + length);
		t->bytes = realloc(t->bytes, t->capacity);
		MUST(t->bytes);
	}
	memcpy(t->bytes + t->length, bytes, length);
	t->length += length;
	return 0;
}

static stmfw_image_opts opts_of(enum stmfw_image_type type)
{
	stmfw_image_opts o = STMFW_INIT(stmfw_image_opts);

	o.type = type;
	o.limit = LIMIT;
	return o;
}

static void check_ranges(const stmfw_image *image)
{
	size_t count;
	const stmfw_range *r = stmfw_image_ranges(image, &count);
	uint64_t total = 0, first, end;

	MUST(count > 0);
	stmfw_image_bounds(image, &first, &end);
	MUST(first == r[0].address && end == r[count - 1].address + r[count - 1].length);
	MUST(end <= (uint64_t)1 << 32);
	for (size_t i = 0; i < count; i++) {
		MUST(r[i].length > 0);
		MUST(i == 0 || r[i].address > r[i - 1].address + r[i - 1].length);
		total += r[i].length;
	}
	MUST(total == stmfw_image_total(image) && total <= LIMIT);
}

static void same_images(const stmfw_image *a, const stmfw_image *b)
{
	size_t count, other;
	const stmfw_range *x = stmfw_image_ranges(a, &count);
	const stmfw_range *y = stmfw_image_ranges(b, &other);

	MUST(count == other);
	for (size_t i = 0; i < count; i++) {
		MUST(x[i].address == y[i].address && x[i].length == y[i].length);
		MUST(memcmp(x[i].data, y[i].data, (size_t)x[i].length) == 0);
	}
}

static void write_and_read(const stmfw_image *image, enum stmfw_image_type type)
{
	/* Told by its content, which is a promise of its own. */
	const stmfw_image_opts o = opts_of(STMFW_IMAGE_AUTO);
	struct text t = { 0 };
	stmfw_image *again;

	MUST(stmfw_image_write(image, type, 0xff, append, &t) == STMFW_OK);
	MUST(stmfw_image_parse(&again, "again", t.bytes, t.length, &o, NULL) == STMFW_OK);
	MUST(stmfw_image_type_of(again) == type);
	same_images(image, again);
	stmfw_image_free(again);
	free(t.bytes);
}

static void write_and_copy(const stmfw_image *image)
{
	uint64_t first, end;
	struct text t = { 0 };

	stmfw_image_bounds(image, &first, &end);
	if (end - first > 2 * LIMIT)
		return;
	char *copy = malloc((size_t)(end - first));
	MUST(copy);
	MUST(stmfw_image_copy(image, first, copy, end - first, 0xa5) == stmfw_image_total(image));
	MUST(stmfw_image_write(image, STMFW_IMAGE_BIN, 0xa5, append, &t) == STMFW_OK);
	MUST(t.length == end - first && memcmp(t.bytes, copy, t.length) == 0);
	free(t.bytes);
	free(copy);
}

static void check_error(const stmfw_image_error *e, int status)
{
	MUST(e->status == status);
	MUST(status == STMFW_EFILE || status == STMFW_ERANGE || status == STMFW_EUNSUPPORTED);
	MUST(memchr(e->text, '\0', sizeof(e->text)) && strncmp(e->text, "fuzz:", 5) == 0);
	for (const char *p = e->text; *p; p++)
		MUST((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f);
}

static void try_image(const uint8_t *data, size_t size)
{
	const stmfw_image_opts o = opts_of(TYPE);
	stmfw_image_error e;
	stmfw_image *image;
	int err = stmfw_image_parse(&image, "fuzz", data, size, &o, &e);

	if (err) {
		check_error(&e, err);
		return;
	}
	check_ranges(image);
	write_and_read(image, STMFW_IMAGE_IHEX);
	write_and_read(image, STMFW_IMAGE_SREC);
	write_and_copy(image);
	stmfw_image_free(image);
}

/* ---- checksums ---- */

static size_t digits_at(const uint8_t *p, const uint8_t *end)
{
	size_t n = 0;

	while (p + n < end && stmfw__hex_digit((char)p[n]) >= 0)
		n++;
	return n;
}

/* The last two of an even number of digits make their sum 0 (":") or 255 ("S"). */
static void repair_record(uint8_t *p, const uint8_t *end)
{
	static const char hex[] = "0123456789abcdef";
	size_t skip = *p == 'S' ? 2 : 1;
	unsigned int sum = *p == 'S' ? 0xff : 0;

	if ((size_t)(end - p) < skip)
		return;
	uint8_t *digits = p + skip;
	size_t n = digits_at(digits, end) & ~(size_t)1;
	if (n < 2)
		return;
	for (size_t i = 0; i < n - 2; i++)
		sum -= (unsigned int)stmfw__hex_digit((char)digits[i]) << (i % 2 ? 0 : 4);
	digits[n - 2] = (uint8_t)hex[sum >> 4 & 15];
	digits[n - 1] = (uint8_t)hex[sum & 15];
}

static void repair(uint8_t *bytes, size_t size)
{
	for (uint8_t *p = bytes; p < bytes + size; p++)
		if (*p == ':' || *p == 'S')
			repair_record(p, bytes + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 65536)
		return 0;
	try_image(data, size);
	uint8_t *copy = malloc(size + 1);
	MUST(copy);
	if (size)
		memcpy(copy, data, size);
	repair(copy, size);
	try_image(copy, size);
	free(copy);
	return 0;
}
