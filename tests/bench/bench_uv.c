/* SPDX-License-Identifier: MIT */
/*
 * A client with nothing to it but libuv and a deadline: what any client on a loop costs at least.
 * It sends what the library sends, made once, and looks only for the end of the answer.
 */
#include <string.h>
#include <uv.h>

#include "bench.h"
#include "wire.h"

#define DEADLINE_MS 10000

static struct {
	uv_loop_t loop;
	uv_tcp_t tcp;
	uv_timer_t deadline;
	uv_connect_t connect;
	struct mem mem;
	struct buf request;
	char reply[4096];
	size_t have;
	unsigned long count, left;
	uint64_t began;
	double rate;
} uv;

static void on_deadline(uv_timer_t *timer)
{
	(void)timer;
	bench_die("no answer in time");
}

static void command(void)
{
	uv_buf_t all = uv_buf_init(uv.request.data, (unsigned int)uv.request.length);

	uv_timer_start(&uv.deadline, on_deadline, DEADLINE_MS, 0);
	if (uv_try_write((uv_stream_t *)&uv.tcp, &all, 1) != (int)all.len)
		bench_die("cannot send");
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
	(void)handle, (void)suggested;
	*room = uv_buf_init(uv.reply + uv.have, (unsigned int)(sizeof(uv.reply) - uv.have));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *room)
{
	(void)stream, (void)room;
	if (n < 0)
		bench_die("no answer");
	uv.have += (size_t)n;
	if (uv.have == 0 || uv.reply[uv.have - 1] != WIRE_END)
		return;
	uv.have = 0;
	uv_timer_stop(&uv.deadline);
	if (uv.left == uv.count)
		uv.began = bench_now();
	if (uv.left-- > 0) {
		command();
		return;
	}
	uv.rate = bench_rate(uv.count, uv.began);
	uv_stop(&uv.loop);
}

static void on_connect(uv_connect_t *req, int status)
{
	(void)req;
	if (status != 0 || uv_tcp_nodelay(&uv.tcp, 1) != 0 ||
	    uv_read_start((uv_stream_t *)&uv.tcp, on_room, on_read) != 0)
		bench_die("cannot connect");
	uv_stop(&uv.loop);
}

void bench_uv_open(uint16_t port)
{
	struct sockaddr_in address;

	stmfw__mem_init(&uv.mem, NULL);
	stmfw__buf_init(&uv.request, &uv.mem, 4096);
	stmfw__wire_request(&uv.request, BENCH_NONCE, BENCH_SCRIPT, strlen(BENCH_SCRIPT));
	if (uv.request.error || uv_ip4_addr("127.0.0.1", port, &address) != 0 ||
	    uv_loop_init(&uv.loop) != 0 || uv_timer_init(&uv.loop, &uv.deadline) != 0 ||
	    uv_tcp_init(&uv.loop, &uv.tcp) != 0 ||
	    uv_tcp_connect(&uv.connect, &uv.tcp, (const struct sockaddr *)&address, on_connect) !=
		    0)
		bench_die("cannot begin");
	uv_run(&uv.loop, UV_RUN_DEFAULT);
}

double bench_uv_turn(unsigned long count)
{
	uv.count = uv.left = count;
	command();
	uv_run(&uv.loop, UV_RUN_DEFAULT);
	return uv.rate;
}

void bench_uv_close(void)
{
	uv_close((uv_handle_t *)&uv.tcp, NULL);
	uv_close((uv_handle_t *)&uv.deadline, NULL);
	uv_run(&uv.loop, UV_RUN_DEFAULT);
	uv_loop_close(&uv.loop);
	stmfw__buf_release(&uv.request);
}
