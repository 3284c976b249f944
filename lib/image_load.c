/* SPDX-License-Identifier: MIT */
/*
 * Images from outside: options, the file, and which reader it is for.
 *
 * The file is read with plain blocking calls. Only regular files are: a pipe or a device may never
 * end, or never begin.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "opts.h"

#define DEFAULT_LIMIT ((uint64_t)64 << 20)

static const struct image_place nowhere = { 0 };

/* A text is two to three times as long as its bytes, and an ELF may carry a lot beside them. */
static uint64_t file_limit(uint64_t limit)
{
	return 4 * limit + ((uint64_t)1 << 20);
}

static int take_opts(stmfw_image_opts *o, const stmfw_image_opts *given)
{
	int err = given ? stmfw__copy_opts(o, sizeof(*o), given) : STMFW_OK;

	if (err || (unsigned int)o->type > STMFW_IMAGE_ELF)
		return STMFW_EINVAL;
	if (o->limit == 0)
		o->limit = DEFAULT_LIMIT;
	if (o->limit > IMAGE_SPACE)
		o->limit = IMAGE_SPACE;
	return STMFW_OK;
}

/* ---- one image from bytes ---- */

int stmfw__image_read_bin(struct image_builder *b, uint64_t base)
{
	return stmfw__image_add(b, base, b->source->bytes, b->source->length, nowhere);
}

static int read_as(struct image_builder *b, enum stmfw_image_type type, const stmfw_image_opts *o)
{
	if (b->source->length == 0)
		return stmfw__image_fail(b, STMFW_EFILE, nowhere, "the file is empty");
	if (type == STMFW_IMAGE_BIN)
		return stmfw__image_read_bin(b, o->has_base ? o->base : 0);
	if (o->has_base)
		return stmfw__image_fail(b, STMFW_EINVAL, nowhere,
					 "it has addresses of its own, a base cannot be given");
	switch (type) {
	case STMFW_IMAGE_IHEX:
		return stmfw__image_read_ihex(b);
	case STMFW_IMAGE_SREC:
		return stmfw__image_read_srec(b);
	default:
		return stmfw__image_read_elf(b);
	}
}

/* It was taken for something by its first bytes alone; the user may know better. */
static void advise_bin(stmfw_image_error *e)
{
	size_t n = strlen(e->text);

	snprintf(e->text + n, sizeof(e->text) - n,
		 " (a plain binary? then give its type, \"bin\")");
}

static int parse(stmfw_image **out, const struct mem *mem, const struct image_source *source,
		 const stmfw_image_opts *o, stmfw_image_error *error)
{
	enum stmfw_image_type type = o->type ? o->type : stmfw__image_detect(source);
	struct image_builder b;

	stmfw__image_begin(&b, mem, source, o->limit, error);
	int err = read_as(&b, type, o);
	if (!err)
		err = stmfw__image_finish(&b, out);
	stmfw__image_release(&b);
	if (err == STMFW_EFILE && !o->type && type != STMFW_IMAGE_BIN)
		advise_bin(error);
	if (err)
		return err;
	(*out)->type = type;
	(*out)->placed = type != STMFW_IMAGE_BIN || o->has_base;
	return STMFW_OK;
}

static int bad_call(stmfw_image_error *error)
{
	if (error)
		*error = (stmfw_image_error){ .status = STMFW_EINVAL,
					      .text = "bad argument: nothing was read" };
	return STMFW_EINVAL;
}

int stmfw_image_parse(stmfw_image **out, const char *name, const void *bytes, size_t length,
		      const stmfw_image_opts *opts, stmfw_image_error *error)
{
	const struct image_source source = { name, bytes, length };
	stmfw_image_opts o = { 0 };
	stmfw_image_error ignored;
	struct mem mem;

	if (!out || !name || (!bytes && length) || take_opts(&o, opts))
		return bad_call(error);
	stmfw__mem_init(&mem, o.alloc);
	return parse(out, &mem, &source, &o, error ? error : &ignored);
}

/* ---- the file ---- */

static int refuse_file(struct image_builder *b, const char *why)
{
	return stmfw__image_fail(b, STMFW_EFILE, nowhere, "%s", why);
}

/* How long is it, and is it one that can be read? */
static int look_at(struct image_builder *b, int fd, size_t *length)
{
	const uint64_t most = file_limit(b->limit);
	struct stat st;

	if (fstat(fd, &st) != 0)
		return refuse_file(b, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return refuse_file(b, "it is a directory");
	if (!S_ISREG(st.st_mode))
		return refuse_file(b, "it is no regular file, and may never end");
	if ((uint64_t)st.st_size > most)
		return stmfw__image_fail(b, STMFW_ERANGE, nowhere,
					 "it has %" PRIu64 " bytes, which is more than %" PRIu64,
					 (uint64_t)st.st_size, most);
	*length = (size_t)st.st_size;
	return STMFW_OK;
}

/* Bytes read, fewer only at the end of the file; -1: errno. */
static ssize_t read_all(int fd, uint8_t *to, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = read(fd, to + done, length - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* One byte more than there should be is asked for: someone may be writing this file just now. */
static int read_file(struct image_builder *b, int fd, uint8_t **bytes, size_t *length)
{
	int err = look_at(b, fd, length);

	if (err)
		return err;
	*bytes = stmfw__mem_alloc(b->mem, *length + 1);
	if (!*bytes)
		return stmfw__image_fail(b, STMFW_ENOMEM, nowhere, "out of memory");
	ssize_t n = read_all(fd, *bytes, *length + 1);
	if (n < 0)
		return refuse_file(b, strerror(errno));
	if ((size_t)n != *length)
		return refuse_file(b, "its size changed while it was read");
	return STMFW_OK;
}

static int load(stmfw_image **out, const char *path, const stmfw_image_opts *o,
		stmfw_image_error *error)
{
	struct image_source source = { .name = path };
	struct image_builder b;
	uint8_t *bytes = NULL;
	struct mem mem;
	int err;

	stmfw__mem_init(&mem, o->alloc);
	stmfw__image_begin(&b, &mem, &source, o->limit, error); /* for its errors only */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe would block */
	if (fd < 0)
		return refuse_file(&b, strerror(errno));
	err = read_file(&b, fd, &bytes, &source.length);
	close(fd);
	source.bytes = bytes;
	if (!err)
		err = parse(out, &mem, &source, o, error);
	stmfw__mem_free(&mem, bytes);
	return err;
}

int stmfw_image_load(stmfw_image **out, const char *path, const stmfw_image_opts *opts,
		     stmfw_image_error *error)
{
	stmfw_image_opts o = { 0 };
	stmfw_image_error ignored;

	if (!out || !path || !*path || take_opts(&o, opts))
		return bad_call(error);
	return load(out, path, &o, error ? error : &ignored);
}
