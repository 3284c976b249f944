/* SPDX-License-Identifier: MIT */
/*
 * child.c - what the library starts as its child in the tests, instead of OpenOCD.
 *
 *   relay HOST PORT   connects its stdin and stdout with a scripted peer there (fake_ocd.h). What
 *                     comes between SO and SI (0x0e, 0x0f) goes to its stderr.
 *
 * A relay never blocks but in poll(): it ends as soon as either side has.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- relay ---- */

struct flow {
	char bytes[65536];
	size_t length;
};

static int connect_to(const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *a;
	int fd = -1;

	if (getaddrinfo(host, port, &hints, &list) != 0)
		return -1;
	for (a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	return fd;
}

static void write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
		else if (n < 0)
			exit(3);
		else
			bytes += n, length -= (size_t)n;
	}
}

/* From the peer to whom it is for. */
static void pass_out(const char *bytes, size_t length)
{
	static int to = STDOUT_FILENO;

	while (length > 0) {
		size_t n = 0;

		while (n < length && bytes[n] != 0x0e && bytes[n] != 0x0f)
			n++;
		write_all(to, bytes, n);
		if (n < length)
			to = bytes[n++] == 0x0e ? STDERR_FILENO : STDOUT_FILENO;
		bytes += n;
		length -= n;
	}
}

static bool fill(struct flow *f, int fd)
{
	ssize_t n = read(fd, f->bytes, sizeof(f->bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	f->length = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static bool drain(struct flow *f, int fd)
{
	ssize_t n = send(fd, f->bytes, f->length, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	f->length -= (size_t)n;
	memmove(f->bytes, f->bytes + n, f->length);
	return true;
}

static int relay(const char *host, const char *port)
{
	static struct flow in, out;
	int peer = connect_to(host, port);

	if (peer < 0) {
		fprintf(stderr, "Error: nobody listens at %s, port %s\n", host, port);
		return 1;
	}
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = STDIN_FILENO, .events = in.length ? 0 : POLLIN },
			{ .fd = peer, .events = (short)(POLLIN | (in.length ? POLLOUT : 0)) },
		};

		poll(fds, 2, -1);
		if (fds[0].revents && !in.length && !fill(&in, STDIN_FILENO))
			return 0;
		if (fds[0].revents & POLLHUP && in.length) /* nobody waits for an answer */
			return 0;
		if (in.length && !drain(&in, peer))
			return 1;
		if (fds[1].revents & ~POLLOUT) {
			if (!fill(&out, peer))
				return 0;
			pass_out(out.bytes, out.length);
		}
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "relay") == 0)
		return relay(argv[2], argv[3]);
	return 2;
}
