/* SPDX-License-Identifier: MIT */
/* The client's allocator, and arenas: see mem.h. */
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	max_align_t data[];
};

static void *libc_realloc(void *ctx, void *ptr, size_t size)
{
	(void)ctx;
	if (size != 0)
		return realloc(ptr, size);
	free(ptr);
	return NULL;
}

void stmfw__mem_init(struct mem *mem, const stmfw_allocator *alloc)
{
	mem->fn = alloc ? *alloc : (stmfw_allocator){ .realloc = libc_realloc };
}

void *stmfw__mem_alloc(const struct mem *mem, size_t size)
{
	void *p = mem->fn.realloc(mem->fn.ctx, NULL, size);

	return p ? memset(p, 0, size) : NULL;
}

void *stmfw__mem_resize(const struct mem *mem, void *ptr, size_t size)
{
	return mem->fn.realloc(mem->fn.ctx, ptr, size);
}

void stmfw__mem_free(const struct mem *mem, void *ptr)
{
	if (ptr)
		mem->fn.realloc(mem->fn.ctx, ptr, 0);
}

void stmfw__arena_init(struct arena *a, const struct mem *mem)
{
	*a = (struct arena){ .mem = mem };
}

void *stmfw__arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = size <= SIZE_MAX - sizeof(*b)
					? stmfw__mem_alloc(a->mem, sizeof(*b) + size)
					: NULL;

	if (!b) {
		a->failed = 1;
		return NULL;
	}
	b->next = a->blocks;
	a->blocks = b;
	return b->data;
}

char *stmfw__arena_copy(struct arena *a, const void *bytes, size_t length)
{
	char *p = stmfw__arena_alloc(a, length + 1);

	return p && length ? memcpy(p, bytes, length) : p;
}

char *stmfw__arena_strdup(struct arena *a, const char *s)
{
	return s ? stmfw__arena_copy(a, s, strlen(s)) : NULL;
}

char *stmfw__arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	char *p = n < 0 ? NULL : stmfw__arena_alloc(a, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return p;
}

void stmfw__arena_release(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		stmfw__mem_free(a->mem, b);
	}
}
