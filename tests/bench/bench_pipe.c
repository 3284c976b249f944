/* SPDX-License-Identifier: MIT */
/*
 * bench-pipe PORT ADDRESS COUNT TURNS: COUNT reads of one memory word, many under way at once.
 *
 * The library's queue is kept filled; the bare client sends the same bytes as fast as the socket
 * takes them, and counts answers. They take turns. Prints reads per second: library, bare.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <stmfw.h>

#include "bench.h"
#include "memory.h"
#include "wire.h"

#define QUEUE 256u

static struct {
	uv_loop_t loop;
	stmfw_client *client;
	uint32_t address;
	unsigned long to_submit, to_come;
} lib;

static struct {
	int fd;
	struct buf request;
} bare;

/* ---- the library ---- */

static void on_word(stmfw_client *c, const stmfw_result *res, void *arg);

static void submit(void)
{
	while (lib.to_submit > 0) {
		int err = stmfw_read_words(lib.client, NULL, lib.address, 32, 1, on_word, NULL, NULL);

		if (err == STMFW_EFULL)
			return;
		if (err)
			bench_die("stmfw_read_words: %s", stmfw_err_name(err));
		lib.to_submit--;
	}
}

static void on_word(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)c, (void)arg;
	if (res->status != STMFW_OK || res->count != 1)
		bench_die("%s: %s", stmfw_err_name(res->status), res->text);
	submit();
	if (--lib.to_come == 0)
		uv_stop(&lib.loop);
}

static void on_connect(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)c, (void)arg;
	if (res->status != STMFW_OK)
		bench_die("%s", res->text);
	uv_stop(&lib.loop);
}

static void lib_open(uint16_t port)
{
	stmfw_client_opts opts = STMFW_INIT(stmfw_client_opts);

	opts.queue_limit = QUEUE;
	if (uv_loop_init(&lib.loop) != 0 ||
	    stmfw_client_new(&lib.client, &lib.loop, &opts) != STMFW_OK ||
	    stmfw_client_connect(lib.client, bench_at(port), on_connect, NULL, NULL) != STMFW_OK)
		bench_die("cannot begin");
	uv_run(&lib.loop, UV_RUN_DEFAULT);
}

static double lib_turn(unsigned long count)
{
	uint64_t began = bench_now();

	lib.to_submit = lib.to_come = count;
	submit();
	uv_run(&lib.loop, UV_RUN_DEFAULT);
	return bench_rate(count, began);
}

/* ---- the bare client ---- */

static void bare_open(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	const struct memory_range word = { lib.address, 32, 1 };
	static struct mem mem;
	struct buf script;
	int yes = 1;

	stmfw__mem_init(&mem, NULL);
	stmfw__buf_init(&script, &mem, WIRE_SCRIPT_LIMIT);
	stmfw__buf_init(&bare.request, &mem, WIRE_SCRIPT_LIMIT);
	stmfw__memory_read_script(&script, NULL, &word);
	stmfw__wire_request(&bare.request, BENCH_NONCE, script.data, script.length);
	stmfw__buf_release(&script);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bare.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bare.fd < 0 || setsockopt(bare.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0)
		bench_die("no socket");
	if (connect(bare.fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		struct pollfd p = { .fd = bare.fd, .events = POLLOUT };

		poll(&p, 1, 5000);
	}
}

/* Sends what the socket takes. Returns how many requests have left as a whole. */
static unsigned long bare_send(size_t *offset, unsigned long left)
{
	unsigned long sent = 0;

	while (sent < left) {
		ssize_t n = send(bare.fd, bare.request.data + *offset,
				 bare.request.length - *offset, MSG_NOSIGNAL);

		if (n < 0)
			break;
		*offset += (size_t)n;
		if (*offset < bare.request.length)
			break;
		*offset = 0;
		sent++;
	}
	return sent;
}

static unsigned long bare_receive(void)
{
	static char bytes[65536];
	unsigned long ends = 0;
	ssize_t n = recv(bare.fd, bytes, sizeof(bytes), 0);

	if (n == 0)
		bench_die("hung up");
	for (ssize_t i = 0; i < n; i++)
		ends += bytes[i] == WIRE_END;
	return ends;
}

static double bare_turn(unsigned long count)
{
	uint64_t began = bench_now();
	unsigned long to_send = count, to_come = count;
	size_t offset = 0;

	while (to_come > 0) {
		struct pollfd p = { .fd = bare.fd, .events = POLLIN };

		if (to_send > 0)
			p.events |= POLLOUT;
		if (poll(&p, 1, 10000) <= 0)
			bench_die("no answer");
		if (p.revents & POLLOUT)
			to_send -= bare_send(&offset, to_send);
		if (p.revents & (POLLIN | POLLHUP | POLLERR))
			to_come -= bare_receive();
	}
	return bench_rate(count, began);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		bench_die("usage: bench-pipe PORT ADDRESS COUNT TURNS");
	uint16_t port = (uint16_t)bench_number(argv[1], UINT16_MAX);
	lib.address = (uint32_t)bench_number(argv[2], UINT32_MAX);
	unsigned long count = bench_number(argv[3], 1000000);

	signal(SIGPIPE, SIG_IGN);
	lib_open(port);
	bare_open(port);
	lib_turn(count / 10 + 1);
	bare_turn(count / 10 + 1);
	for (unsigned long turns = bench_number(argv[4], 1000); turns > 0; turns--) {
		double rate = lib_turn(count);

		printf("%.0f %.0f\n", rate, bare_turn(count));
	}
	stmfw_client_close(lib.client, NULL, NULL);
	uv_run(&lib.loop, UV_RUN_DEFAULT);
	close(bare.fd);
	stmfw__buf_release(&bare.request);
	return 0;
}
