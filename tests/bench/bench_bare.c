/* SPDX-License-Identifier: MIT */
/*
 * bench-bare PORT COUNT [plain]: how many commands per second a client with nothing to it runs,
 * one after the other: one blocking socket, one send per request, recv until the answer has ended.
 *
 * It sends what the library sends, made once, before the clock starts; with "plain", only the
 * command itself. It looks at no more of the answer than it needs to know that it is one.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "wire.h"

#define NONCE "@0123456789abcdef"

static int dial(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int yes = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0)
		bench_die("cannot connect to port %u", (unsigned int)port);
	return fd;
}

static void make_request(struct buf *request, int plain)
{
	static const char end[] = { WIRE_END };

	if (plain) {
		stmfw__buf_puts(request, BENCH_SCRIPT);
		stmfw__buf_append(request, end, sizeof(end));
	} else {
		stmfw__wire_request(request, NONCE, BENCH_SCRIPT, strlen(BENCH_SCRIPT));
	}
	if (request->error)
		bench_die("out of memory");
}

static void round_trip(int fd, const struct buf *request, const char *answer)
{
	char reply[4096];
	size_t have = 0;

	if (send(fd, request->data, request->length, 0) != (ssize_t)request->length)
		bench_die("cannot send");
	do {
		ssize_t n = recv(fd, reply + have, sizeof(reply) - have, 0);

		if (n <= 0)
			bench_die("no answer");
		have += (size_t)n;
	} while (reply[have - 1] != WIRE_END);
	if (have != strlen(answer) + 1 || memcmp(reply, answer, have - 1) != 0)
		bench_die("not the right answer");
}

int main(int argc, char **argv)
{
	int plain = argc == 4 && strcmp(argv[3], "plain") == 0;
	struct mem mem;
	struct buf request;

	if (argc != 3 && !plain)
		bench_die("usage: bench-bare PORT COUNT [plain]");
	unsigned long count = bench_number(argv[2], 1000000);
	const char *answer = plain ? BENCH_ANSWER : NONCE "\n0\n0\n" BENCH_ANSWER "\n";
	int fd = dial((uint16_t)bench_number(argv[1], UINT16_MAX));

	signal(SIGPIPE, SIG_IGN);
	stmfw__mem_init(&mem, NULL);
	stmfw__buf_init(&request, &mem, WIRE_REQUEST_LIMIT);
	make_request(&request, plain);
	for (unsigned long i = bench_warm_up(count); i > 0; i--)
		round_trip(fd, &request, answer);
	uint64_t began = bench_now();
	for (unsigned long i = count; i > 0; i--)
		round_trip(fd, &request, answer);
	bench_print_rate(count, began);
	stmfw__buf_release(&request);
	close(fd);
	return 0;
}
