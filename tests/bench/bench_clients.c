/* SPDX-License-Identifier: MIT */
/*
 * bench-clients COUNT: so many clients on one loop, all connected to one server of our own in
 * another process, all idle.
 *
 * Prints one number in each line: heap of one client and libuv's part of it in bytes, processor
 * time in milliseconds while nothing happened for a second, commands per second of all together.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <stmfw.h>

#include "bench.h"
#include "wire.h"

#define COMMANDS_EACH 20u

/* ---- the server: answers each request with its own nonce and the same result ---- */

static int listen_anywhere(uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, 4096) != 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		bench_die("cannot listen");
	*port = ntohs(address.sin_port);
	return fd;
}

/* Requests come whole: clients send one at a time, and it fits into a segment. */
static void answer(int fd)
{
	char request[16384], reply[256];
	ssize_t n = recv(fd, request, sizeof(request) - 1, 0);

	if (n <= 0) {
		close(fd);
		return;
	}
	request[n] = '\0';
	const char *nonce = strstr(request, "}} \"@");
	if (!nonce)
		_exit(1);
	int length = snprintf(reply, sizeof(reply),
			      "%.17s\n0\n0\nOpen On-Chip Debugger 0.12.0%%0A%%0A%%0A%%0A\n\x1a",
			      nonce + 4);
	if (send(fd, reply, (size_t)length, MSG_NOSIGNAL) != length)
		_exit(1);
}

__attribute__((noreturn)) static void serve(int listener)
{
	int poll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };
	struct epoll_event events[256];

	epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int n = epoll_wait(poll, events, 256, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd != listener) {
				answer(events[i].data.fd);
				continue;
			}
			event.data.fd = accept(listener, NULL, NULL);
			epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event);
		}
	}
}

/* ---- the clients ---- */

static struct {
	unsigned long count, waiting;
	size_t heap;
} all;

static size_t of_libuv;

static void *client_realloc(void *ctx, void *ptr, size_t size)
{
	(void)ctx;
	all.heap -= ptr ? malloc_usable_size(ptr) : 0;
	if (size == 0) {
		free(ptr);
		return NULL;
	}
	void *bytes = realloc(ptr, size);
	all.heap += bytes ? malloc_usable_size(bytes) : 0;
	return bytes;
}

static void *uv_count(void *bytes)
{
	of_libuv += bytes ? malloc_usable_size(bytes) : 0;
	return bytes;
}

static void uv_forget(void *bytes)
{
	of_libuv -= bytes ? malloc_usable_size(bytes) : 0;
}

static void *uv_own_malloc(size_t size)
{
	return uv_count(malloc(size));
}

static void *uv_own_calloc(size_t count, size_t size)
{
	return uv_count(calloc(count, size));
}

static void *uv_own_realloc(void *ptr, size_t size)
{
	uv_forget(ptr);
	return uv_count(realloc(ptr, size));
}

static void uv_own_free(void *ptr)
{
	uv_forget(ptr);
	free(ptr);
}

static void on_connect(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)c, (void)arg;
	if (res->status != STMFW_OK)
		bench_die("%s", res->text);
	all.waiting--;
}

static void on_command(stmfw_client *c, const stmfw_result *res, void *arg)
{
	unsigned int *left = arg;

	if (res->status != STMFW_OK)
		bench_die("%s", res->text);
	if (--*left == 0)
		all.waiting--;
	else if (stmfw_command(c, "version", 0, on_command, arg, NULL) != STMFW_OK)
		bench_die("a command was refused");
}

static void run_until_all_are_done(uv_loop_t *loop)
{
	while (all.waiting > 0)
		uv_run(loop, UV_RUN_ONCE);
}

static void connect_all(uv_loop_t *loop, stmfw_client **clients, uint16_t port)
{
	const stmfw_allocator counting = { client_realloc, NULL };
	stmfw_client_opts opts = STMFW_INIT(stmfw_client_opts);

	opts.alloc = &counting;
	opts.connect_timeout_ms = 30000;
	all.waiting = all.count;
	for (unsigned long i = 0; i < all.count; i++)
		if (stmfw_client_new(&clients[i], loop, &opts) != STMFW_OK ||
		    stmfw_client_connect(clients[i], bench_at(port), on_connect, NULL, NULL) !=
			    STMFW_OK)
			bench_die("a client was refused");
	run_until_all_are_done(loop);
}

static double processor_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static void on_second_over(uv_timer_t *timer)
{
	uv_close((uv_handle_t *)timer, NULL);
	uv_stop(timer->loop);
}

static double idle_for_a_second(uv_loop_t *loop)
{
	uv_timer_t timer;
	double before = processor_ms();

	uv_timer_init(loop, &timer);
	uv_timer_start(&timer, on_second_over, 1000, 0);
	uv_run(loop, UV_RUN_DEFAULT);
	double used = processor_ms() - before;
	uv_run(loop, UV_RUN_NOWAIT); /* for the timer's close callback */
	return used;
}

static double all_at_once(uv_loop_t *loop, stmfw_client **clients)
{
	unsigned int *left = calloc(all.count, sizeof(*left));
	uint64_t began = bench_now();

	all.waiting = all.count;
	for (unsigned long i = 0; i < all.count; i++) {
		left[i] = COMMANDS_EACH;
		if (stmfw_command(clients[i], "version", 0, on_command, &left[i], NULL) != STMFW_OK)
			bench_die("a command was refused");
	}
	run_until_all_are_done(loop);
	free(left);
	return bench_rate(all.count * COMMANDS_EACH, began);
}

int main(int argc, char **argv)
{
	const struct rlimit files = { 65536, 65536 };
	uv_loop_t loop;
	uint16_t port;

	if (argc != 2)
		bench_die("usage: bench-clients COUNT");
	all.count = bench_number(argv[1], 20000);
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	int listener = listen_anywhere(&port);
	pid_t server = fork();
	if (server == 0)
		serve(listener);
	close(listener);
	if (uv_replace_allocator(uv_own_malloc, uv_own_realloc, uv_own_calloc, uv_own_free) != 0 ||
	    uv_loop_init(&loop) != 0)
		bench_die("no loop");
	size_t uv_before = of_libuv;
	stmfw_client **clients = calloc(all.count, sizeof(*clients));
	connect_all(&loop, clients, port);
	idle_for_a_second(&loop); /* a first time, so that all is settled */
	printf("%zu\n%zu\n", all.heap / all.count, (of_libuv - uv_before) / all.count);
	printf("%.1f\n", idle_for_a_second(&loop));
	printf("%.0f\n", all_at_once(&loop, clients));
	for (unsigned long i = 0; i < all.count; i++)
		stmfw_client_close(clients[i], NULL, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	free(clients);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return all.heap != 0 || uv_loop_close(&loop) != 0;
}
