/* SPDX-License-Identifier: MIT */
/*
 * bench-heap PORT: what a client takes from the heap while its OpenOCD's bank 0 is read.
 *
 * connect -> [idle] -> a long command, a long answer -> [idle again] -> halt -> [read] -> close
 *
 * Prints lines of a name and a number of bytes, counted as asked for, without what malloc adds.
 * Moving a block counts as both, old and new, as the C library may have to copy. libuv's own
 * memory is counted apart; it includes its loop, and only what goes through its allocator.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <stmfw.h>

#include "bench.h"

#define LONG_TEXT 65536

/* ---- counting ---------------------------------------------------------------------------- */

struct count {
	size_t now, peak;
};

/* In front of each block: how long it is. */
union head {
	size_t size;
	max_align_t alignment;
};

static struct count of_client, of_libuv;

static void *take(struct count *count, size_t size)
{
	union head *head = malloc(sizeof(*head) + size);

	if (!head)
		return NULL;
	head->size = size;
	count->now += size;
	if (count->peak < count->now)
		count->peak = count->now;
	return head + 1;
}

static void give_back(struct count *count, void *block)
{
	union head *head = block;

	if (!block)
		return;
	count->now -= head[-1].size;
	free(head - 1);
}

static void *resize(struct count *count, void *block, size_t size)
{
	const union head *head = block;
	void *moved = size ? take(count, size) : NULL;

	if (size && !moved)
		return NULL;
	if (moved && block)
		memcpy(moved, block, head[-1].size < size ? head[-1].size : size);
	give_back(count, block);
	return moved;
}

static void *client_realloc(void *ctx, void *block, size_t size)
{
	return resize(ctx, block, size);
}

static void *uv_malloc(size_t size)
{
	return take(&of_libuv, size);
}

static void *uv_realloc(void *block, size_t size)
{
	return resize(&of_libuv, block, size);
}

static void *uv_calloc(size_t n, size_t size)
{
	void *block = size && n > SIZE_MAX / size ? NULL : uv_malloc(n * size);

	return block ? memset(block, 0, n * size) : NULL;
}

static void uv_free(void *block)
{
	give_back(&of_libuv, block);
}

/* ---- the client's life ------------------------------------------------------------------- */

static void print(const char *name, uint64_t value)
{
	printf("%s %" PRIu64 "\n", name, value);
}

static void expect(int err)
{
	if (err)
		bench_die("not accepted: %s", stmfw_err_name(err));
}

static void check(const stmfw_result *res)
{
	if (res->status != STMFW_OK)
		bench_die("%s: %s", res->step, res->text);
}

static int sink(stmfw_client *c, uint64_t offset, const uint8_t *data, size_t length, void *arg)
{
	(void)c, (void)offset, (void)data, (void)length, (void)arg;
	return 0;
}

static void on_read(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)arg;
	check(res);
	print("bytes_read", res->bytes);
	print("read_peak", of_client.peak);
	stmfw_client_close(c, NULL, NULL);
}

static void on_halted(stmfw_client *c, const stmfw_result *res, void *arg)
{
	stmfw_read_opts opts = STMFW_INIT(stmfw_read_opts);

	check(res);
	of_client.peak = of_client.now;
	opts.sink = sink;
	expect(stmfw_read_flash(c, &opts, on_read, arg, NULL));
}

/* Runs when the client has nothing to do: outside of its callbacks, it waits for nothing. */
static void on_idle_again(uv_timer_t *timer)
{
	print("idle_after_long", of_client.now);
	expect(stmfw_reset(timer->data, STMFW_RESET_HALT, on_halted, NULL, NULL));
	uv_close((uv_handle_t *)timer, NULL);
}

static void on_long(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)c;
	check(res);
	uv_timer_start(arg, on_idle_again, 50, 0);
}

/* A long command with the same long text as its answer. */
static void on_idle(uv_timer_t *timer)
{
	static const char set[] = "return ";
	static char script[sizeof(set) + LONG_TEXT];

	print("idle", of_client.now);
	memcpy(script, set, sizeof(set) - 1);
	memset(script + sizeof(set) - 1, 'x', LONG_TEXT);
	expect(stmfw_command(timer->data, script, 0, on_long, timer, NULL));
}

static void on_connect(stmfw_client *c, const stmfw_result *res, void *arg)
{
	uv_timer_t *timer = arg;

	check(res);
	timer->data = c;
	uv_timer_start(timer, on_idle, 50, 0);
}

int main(int argc, char **argv)
{
	const stmfw_allocator counting = { client_realloc, &of_client };
	stmfw_client_opts opts = STMFW_INIT(stmfw_client_opts);
	uv_timer_t timer;
	uv_loop_t loop;
	stmfw_client *c;

	if (argc != 2)
		bench_die("usage: bench-heap PORT");
	uint16_t port = (uint16_t)bench_number(argv[1], UINT16_MAX);

	signal(SIGPIPE, SIG_IGN);
	opts.alloc = &counting;
	if (uv_replace_allocator(uv_malloc, uv_realloc, uv_calloc, uv_free) != 0 ||
	    uv_loop_init(&loop) != 0 || uv_timer_init(&loop, &timer) != 0)
		bench_die("no loop");
	expect(stmfw_client_new(&c, &loop, &opts));
	expect(stmfw_client_connect(c, bench_at(port), on_connect, &timer, NULL));
	uv_run(&loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&loop) != 0)
		bench_die("the client left something in the loop");
	print("libuv_peak", of_libuv.peak);
	print("left_at_end", of_client.now);
	return 0;
}
