/* SPDX-License-Identifier: MIT */
/*
 * A client with nothing to it: one blocking socket, one send per request, recv until the answer
 * has ended.
 *
 * It sends what the library sends, made once, before the clock starts; or the plain command. It
 * looks at an answer just to see that it is the right one.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "wire.h"

static const char *const answers[BENCH_BARE_KINDS] = {
	[BENCH_ENVELOPE] = BENCH_NONCE "\n0\n0\n" BENCH_ANSWER "\n\x1a",
	[BENCH_PLAIN] = BENCH_ANSWER "\x1a",
};

static struct bare {
	int fd;
	struct buf request;
} bares[BENCH_BARE_KINDS];

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

void bench_bare_open(enum bench_bare kind, uint16_t port)
{
	static struct mem mem;
	struct buf *request = &bares[kind].request;

	bares[kind].fd = dial(port);
	stmfw__mem_init(&mem, NULL);
	stmfw__buf_init(request, &mem, WIRE_SCRIPT_LIMIT);
	if (kind == BENCH_PLAIN)
		stmfw__buf_puts(request, BENCH_SCRIPT "\x1a");
	else
		stmfw__wire_request(request, BENCH_NONCE, BENCH_SCRIPT, strlen(BENCH_SCRIPT));
	if (request->error)
		bench_die("out of memory");
}

static void round_trip(const struct bare *bare, const char *answer)
{
	char reply[4096];
	size_t have = 0;

	if (send(bare->fd, bare->request.data, bare->request.length, MSG_NOSIGNAL) !=
	    (ssize_t)bare->request.length)
		bench_die("cannot send");
	do {
		ssize_t n = recv(bare->fd, reply + have, sizeof(reply) - have, 0);

		if (n <= 0)
			bench_die("no answer");
		have += (size_t)n;
	} while (reply[have - 1] != WIRE_END && have < sizeof(reply));
	if (have != strlen(answer) || memcmp(reply, answer, have) != 0)
		bench_die("not the right answer");
}

double bench_bare_turn(enum bench_bare kind, unsigned long count)
{
	round_trip(&bares[kind], answers[kind]);
	uint64_t began = bench_now();
	for (unsigned long left = count; left > 0; left--)
		round_trip(&bares[kind], answers[kind]);
	return bench_rate(count, began);
}

void bench_bare_close(enum bench_bare kind)
{
	close(bares[kind].fd);
	stmfw__buf_release(&bares[kind].request);
}
