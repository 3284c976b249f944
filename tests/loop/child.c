/* SPDX-License-Identifier: MIT */
/*
 * child.c - what the library starts as its child in the tests, instead of OpenOCD.
 *
 *   relay HOST PORT   connects its stdin and stdout with a scripted peer there (fake_ocd.h). What
 *                     comes between SO and SI (0x0e, 0x0f) goes to its stderr; for DLE (0x10) it
 *                     says CHILD_FLOOD_LINES lines there, for DC1 (0x11) a MiB without a line end.
 *   exit N TEXT       says TEXT on stderr, as it is, and ends with that status.
 *   signal N TEXT     the same, and ends by that signal.
 *   say TEXT          says TEXT on stdout and waits for the end of its stdin.
 *   silent            only waits for that.
 *   hang-up           closes its stdin and stdout, says so, and waits for a signal.
 *   stubborn          waits for a signal, whatever its stdin does.
 *   immortal          the same, and only SIGKILL ends it.
 *   grandchild        ends with status 4, but leaves a child of its own that is silent.
 *
 * A relay blocks on nothing but its stderr: it ends as soon as either side has.
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

#include "child.h"

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

static void flood(void)
{
	char line[CHILD_FLOOD_LINE + 1];

	for (int i = 0; i < CHILD_FLOOD_LINES; i++) {
		snprintf(line, sizeof(line), "%0*d\n", CHILD_FLOOD_LINE - 1, i);
		write_all(STDERR_FILENO, line, CHILD_FLOOD_LINE);
	}
}

static void say_without_line_end(void)
{
	char piece[1024];

	memset(piece, 'x', sizeof(piece));
	for (int i = 0; i < 1024; i++)
		write_all(STDERR_FILENO, piece, sizeof(piece));
}

/* From the peer to whom it is for. */
static void pass_out(const char *bytes, size_t length)
{
	static int to = STDOUT_FILENO;

	while (length > 0) {
		size_t n = 0;

		while (n < length && (bytes[n] < 0x0e || bytes[n] > 0x11))
			n++;
		write_all(to, bytes, n);
		if (n < length && bytes[n] == 0x10)
			flood();
		else if (n < length && bytes[n] == 0x11)
			say_without_line_end();
		else if (n < length)
			to = bytes[n] == 0x0e ? STDERR_FILENO : STDOUT_FILENO;
		n += n < length;
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

/* ---- those that are no relay ---- */

static int wait_for_end(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

static void wait_for_signal(void)
{
	for (;;)
		pause();
}

static int hang_up(void)
{
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	write_all(STDERR_FILENO, "Error: hung up\n", 15);
	wait_for_signal();
	return 0;
}

static int leave_grandchild(void)
{
	return fork() == 0 ? wait_for_end() : 4;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 4 && strcmp(what, "relay") == 0)
		return relay(argv[2], argv[3]);
	if (argc == 4)
		write_all(STDERR_FILENO, argv[3], strlen(argv[3]));
	if (argc == 4 && strcmp(what, "exit") == 0)
		return atoi(argv[2]);
	if (argc == 4 && strcmp(what, "signal") == 0)
		return raise(atoi(argv[2]));
	if (argc == 3 && strcmp(what, "say") == 0) {
		write_all(STDOUT_FILENO, argv[2], strlen(argv[2]));
		return wait_for_end();
	}
	if (strcmp(what, "silent") == 0)
		return wait_for_end();
	if (strcmp(what, "hang-up") == 0)
		return hang_up();
	if (strcmp(what, "grandchild") == 0)
		return leave_grandchild();
	if (strcmp(what, "immortal") == 0)
		signal(SIGTERM, SIG_IGN);
	if (strcmp(what, "immortal") == 0 || strcmp(what, "stubborn") == 0)
		wait_for_signal();
	return 2;
}
