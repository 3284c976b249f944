/* SPDX-License-Identifier: MIT */
/* Memory words and blocks, as lists of numbers. */
#include "memory.h"

#include <string.h>

#include "dialect.h"
#include "parse.h"
#include "tcl.h"

#define WORDS_MAX 16384u
#define BLOCK_MAX 65536u
#define SLOWEST_BYTES_PER_SECOND 1024u

/* Applies one of the two. */
static void put_range(struct buf *b, const char *lambda, const char *target,
		      const struct memory_range *r)
{
	stmfw__buf_puts(b, "apply ");
	stmfw__buf_puts(b, lambda);
	stmfw__tcl_arg(b, target ? target : "");
	stmfw__buf_printf(b, " 0x%llx %u %zu", (unsigned long long)r->address, r->width, r->count);
}

void stmfw__memory_read_script(struct buf *b, const char *target, const struct memory_range *r)
{
	put_range(b, stmfw__memory_reader, target, r);
}

void stmfw__memory_write_script(struct buf *b, const char *target, const struct memory_range *r,
				const uint32_t *values)
{
	put_range(b, stmfw__memory_writer, target, r);
	stmfw__buf_puts(b, " {");
	for (size_t i = 0; i < r->count; i++) {
		stmfw__buf_number(b, values[i]);
		stmfw__buf_append(b, " ", 1);
	}
	stmfw__buf_puts(b, "}");
}

/* Moves behind it, if it is one. */
static bool take_value(const char **text, unsigned int width, uint32_t *value)
{
	const char *p = *text + strspn(*text, " \t\r\n");
	uint64_t number;

	if (!stmfw__take_uint(&p, &number) || number >> width || (*p && !strchr(" \t\r\n", *p)))
		return false;
	*value = (uint32_t)number;
	*text = p;
	return true;
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

size_t stmfw__memory_parse_some(const char *text, const struct memory_range *r, uint32_t *values)
{
	size_t n = 0;

	while (n < r->count && take_value(&text, r->width, &values[n]))
		n++;
	return is_blank(text) ? n : 0;
}

bool stmfw__memory_parse(const char *text, const struct memory_range *r, uint32_t *values)
{
	return stmfw__memory_parse_some(text, r, values) == r->count;
}

/* Targets are little endian. */
static void put_value(uint8_t *bytes, uint32_t value, size_t step)
{
	for (size_t k = 0; k < step; k++)
		bytes[k] = (uint8_t)(value >> (8 * k));
}

bool stmfw__memory_parse_bytes(const char *text, const struct memory_range *r, uint8_t *bytes)
{
	size_t step = r->width / 8;

	for (size_t i = 0; i < r->count; i++) {
		uint32_t value;

		if (!take_value(&text, r->width, &value))
			return false;
		put_value(bytes + i * step, value, step);
	}
	return is_blank(text);
}

/* Words where they fit: 8-bit accesses are several times slower. */
struct memory_range stmfw__memory_block(uint64_t address, size_t length)
{
	uint64_t both = address | length;
	unsigned int width = both % 4 == 0 ? 32 : both % 2 == 0 ? 16 : 8;

	return (struct memory_range){ address, width, length / (width / 8) };
}

/* ---- the operation ---- */

enum shape { SHAPE_WORDS, SHAPE_BYTES };

struct memory_job {
	const char *target;
	struct memory_range range;
	enum shape shape;
	const uint32_t *values; /* to write; NULL: read */
};

static uint32_t deadline(const struct op *op)
{
	const struct memory_job *job = op->job;

	return stmfw__op_deadline(op, 0, job->range.count * (job->range.width / 8),
				  SLOWEST_BYTES_PER_SECOND);
}

static enum move send_write(struct op *op)
{
	const struct memory_job *job = op->job;

	stmfw__memory_write_script(stmfw__op_script(op, "write memory", deadline(op)), job->target,
				   &job->range, job->values);
	return MOVE_SEND;
}

static enum move send_read(struct op *op)
{
	const struct memory_job *job = op->job;

	stmfw__memory_read_script(stmfw__op_script(op, "read memory", deadline(op)), job->target,
				  &job->range);
	return MOVE_SEND;
}

static bool keep_words(struct op *op, const char *list, const struct memory_range *r)
{
	uint32_t *words = stmfw__arena_alloc(&op->arena, r->count * sizeof(*words));

	if (!words || !stmfw__memory_parse(list, r, words))
		return false;
	op->res.words = words;
	op->res.count = r->count;
	return true;
}

static bool keep_bytes(struct op *op, const char *list, const struct memory_range *r)
{
	size_t length = r->count * (r->width / 8);
	uint8_t *bytes = stmfw__arena_alloc(&op->arena, length);

	if (!bytes || !stmfw__memory_parse_bytes(list, r, bytes))
		return false;
	op->res.data = bytes;
	op->res.count = length;
	return true;
}

static enum move keep_values(struct op *op, const struct reply *last)
{
	const struct memory_job *job = op->job;
	const struct memory_range *r = &job->range;
	bool ok = job->shape == SHAPE_WORDS ? keep_words(op, last->result, r)
					    : keep_bytes(op, last->result, r);

	if (op->arena.failed)
		return stmfw__op_no_memory(op);
	if (!ok)
		return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
				      "OpenOCD's list of memory values makes no sense");
	op->res.bytes = r->count * (r->width / 8);
	return stmfw__op_ok(op);
}

static enum move memory_next(struct op *op, const struct reply *last)
{
	const struct memory_job *job = op->job;

	if (!last)
		return job->values ? send_write(op) : send_read(op);
	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_ETARGET, last);
	if (!job->values)
		return keep_values(op, last);
	op->res.bytes = job->range.count * (job->range.width / 8);
	return stmfw__op_ok(op);
}

static const struct op_kind read_kind = { .name = "memory", .ahead = true, .next = memory_next };
static const struct op_kind write_kind = { .name = "memory", .next = memory_next };

static int memory_op(struct op **op, stmfw_client *c, const struct op_kind *kind,
		     const char *target, const struct memory_range *r, enum shape shape,
		     stmfw_done_cb cb, void *arg)
{
	if (!c || (target && !*target) || r->count == 0)
		return STMFW_EINVAL;
	int err = stmfw__op_new(op, c, kind, sizeof(struct memory_job), cb, arg);
	if (err)
		return err;
	struct memory_job *job = (*op)->job;
	job->target = stmfw__arena_strdup(&(*op)->arena, target);
	job->range = *r;
	job->shape = shape;
	return STMFW_OK;
}

static bool width_is_good(unsigned int width)
{
	return width == 8 || width == 16 || width == 32;
}

int stmfw_read_words(stmfw_client *c, const char *target, uint64_t address, unsigned int width,
		     size_t count, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	const struct memory_range r = { address, width, count };
	struct op *op;

	if (!width_is_good(width) || count > WORDS_MAX)
		return STMFW_EINVAL;
	int err = memory_op(&op, c, &read_kind, target, &r, SHAPE_WORDS, cb, arg);
	return err ? err : stmfw__op_submit(op, out);
}

static bool values_fit(const uint32_t *words, size_t count, unsigned int width)
{
	for (size_t i = 0; i < count; i++)
		if ((uint64_t)words[i] >> width)
			return false;
	return true;
}

int stmfw_write_words(stmfw_client *c, const char *target, uint64_t address, unsigned int width,
		      const uint32_t *words, size_t count, stmfw_done_cb cb, void *arg,
		      stmfw_op *out)
{
	const struct memory_range r = { address, width, count };
	struct op *op;

	if (!width_is_good(width) || count > WORDS_MAX || !words ||
	    !values_fit(words, count, width))
		return STMFW_EINVAL;
	int err = memory_op(&op, c, &write_kind, target, &r, SHAPE_WORDS, cb, arg);
	if (err)
		return err;
	((struct memory_job *)op->job)->values =
		(uint32_t *)(void *)stmfw__arena_copy(&op->arena, words, count * sizeof(*words));
	return stmfw__op_submit(op, out);
}

int stmfw_read_block(stmfw_client *c, const char *target, uint64_t address, size_t length,
		     stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	const struct memory_range r = stmfw__memory_block(address, length);
	struct op *op;

	if (length > BLOCK_MAX)
		return STMFW_EINVAL;
	int err = memory_op(&op, c, &read_kind, target, &r, SHAPE_BYTES, cb, arg);
	return err ? err : stmfw__op_submit(op, out);
}

static const uint32_t *as_values(struct arena *a, const uint8_t *data,
				 const struct memory_range *r)
{
	size_t step = r->width / 8;
	uint32_t *values = stmfw__arena_alloc(a, r->count * sizeof(*values));

	for (size_t i = 0; values && i < r->count; i++)
		for (size_t k = 0; k < step; k++)
			values[i] |= (uint32_t)data[i * step + k] << (8 * k);
	return values;
}

int stmfw_write_block(stmfw_client *c, const char *target, uint64_t address, const uint8_t *data,
		      size_t length, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	const struct memory_range r = stmfw__memory_block(address, length);
	struct op *op;

	if (length > BLOCK_MAX || !data)
		return STMFW_EINVAL;
	int err = memory_op(&op, c, &write_kind, target, &r, SHAPE_BYTES, cb, arg);
	if (err)
		return err;
	((struct memory_job *)op->job)->values = as_values(&op->arena, data, &r);
	return stmfw__op_submit(op, out);
}
