/* SPDX-License-Identifier: MIT */
/*
 * Memory: the client's allocator, and arenas on top of it.
 *
 * What belongs to one operation (copies of its arguments, its typed result) lives in that
 * operation's arena and goes with it, so that no path has to free piece by piece.
 */
#ifndef STMFW_MEM_H
#define STMFW_MEM_H

#include <stmfw.h>

struct mem {
	stmfw_allocator fn;
};

/* NULL: the C library's allocator. */
void stmfw__mem_init(struct mem *mem, const stmfw_allocator *alloc);
/* Zeroed; NULL when there is none. */
void *stmfw__mem_alloc(const struct mem *mem, size_t size);
void *stmfw__mem_resize(const struct mem *mem, void *ptr, size_t size);
void stmfw__mem_free(const struct mem *mem, void *ptr);

struct arena {
	const struct mem *mem;
	struct arena_block *blocks;
	int failed; /* an allocation failed since the arena was made */
};

void stmfw__arena_init(struct arena *a, const struct mem *mem);
/* Zeroed, aligned for anything; NULL (and a->failed) when there is none. */
void *stmfw__arena_alloc(struct arena *a, size_t size);
/* The copy gets a NUL behind it. */
char *stmfw__arena_copy(struct arena *a, const void *bytes, size_t length);
/* NULL stays NULL. */
char *stmfw__arena_strdup(struct arena *a, const char *s);
char *stmfw__arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void stmfw__arena_release(struct arena *a);

#endif
