/* SPDX-License-Identifier: MIT */
/* A growing byte buffer with a ceiling: see buf.h. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAPACITY 512u

void stmfw__buf_init(struct buf *b, const struct mem *mem, size_t limit)
{
	*b = (struct buf){ .mem = mem, .limit = limit };
}

static int reserve(struct buf *b, size_t extra)
{
	if (b->error)
		return b->error;
	if (extra > b->limit - b->length)
		return b->error = STMFW_ERANGE;
	size_t need = b->length + extra + 1;
	if (need <= b->capacity)
		return STMFW_OK;
	size_t capacity = b->capacity ? b->capacity : FIRST_CAPACITY;
	while (capacity < need)
		capacity += capacity;
	char *data = stmfw__mem_resize(b->mem, b->data, capacity);
	if (!data)
		return b->error = STMFW_ENOMEM;
	b->data = data;
	b->capacity = capacity;
	return STMFW_OK;
}

char *stmfw__buf_extend(struct buf *b, size_t length)
{
	if (reserve(b, length))
		return NULL;
	char *room = b->data + b->length;
	b->length += length;
	b->data[b->length] = '\0';
	return room;
}

void stmfw__buf_append(struct buf *b, const void *bytes, size_t length)
{
	char *room = length ? stmfw__buf_extend(b, length) : NULL;

	if (room)
		memcpy(room, bytes, length);
}

void stmfw__buf_puts(struct buf *b, const char *s)
{
	stmfw__buf_append(b, s, strlen(s));
}

void stmfw__buf_printf(struct buf *b, const char *fmt, ...)
{
	char text[128]; /* what is longer is made twice */
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n > 0 && (size_t)n < sizeof(text)) {
		stmfw__buf_append(b, text, (size_t)n);
	} else if (n > 0 && !reserve(b, (size_t)n)) {
		vsnprintf(b->data + b->length, (size_t)n + 1, fmt, again);
		b->length += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

void stmfw__buf_number(struct buf *b, uint32_t number)
{
	char digits[10];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	stmfw__buf_append(b, digits + at, sizeof(digits) - at);
}

void stmfw__buf_consume(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	b->length -= n;
	memmove(b->data, b->data + n, b->length + 1);
}

void stmfw__buf_cut(struct buf *b, size_t n)
{
	b->length = n;
	b->error = STMFW_OK;
	if (b->data)
		b->data[n] = '\0';
}

void stmfw__buf_clear(struct buf *b, size_t keep)
{
	if (b->capacity > keep)
		stmfw__buf_release(b);
	b->length = 0;
	b->error = STMFW_OK;
}

void stmfw__buf_release(struct buf *b)
{
	stmfw__mem_free(b->mem, b->data);
	stmfw__buf_init(b, b->mem, b->limit);
}
