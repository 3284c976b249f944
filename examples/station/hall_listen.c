/* SPDX-License-Identifier: MIT */
/* Where the page is served: an address in words, a socket that listens there, errors in words. */
#include "hall_inner.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../text.h"

#define BACKLOG 128 /* of those who wait for a place */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

/* ---- words into an address ---- */

/* The host that is written there: "" if there is none, NULL if it makes no sense. */
static const char *split(char *text, const char **port)
{
	char *colon = strrchr(text, ':');
	size_t length;

	*port = colon ? colon + 1 : text;
	if (!colon)
		return "";
	*colon = '\0';
	length = strlen(text);
	if (text[0] != '[')
		return strchr(text, ':') ? NULL : text; /* which colon begins the port? */
	if (length < 3 || text[length - 1] != ']')
		return NULL;
	text[length - 1] = '\0';
	return text + 1;
}

static bool parse(union address *a, const char *address)
{
	const char *host, *port;
	char text[128];
	uint64_t number;

	if (snprintf(text, sizeof(text), "%s", address) >= (int)sizeof(text))
		return false;
	host = split(text, &port);
	if (!host || !text_parse_number(port, 65535, &number))
		return false;
	if (!host[0] || strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	memset(a, 0, sizeof(*a));
	return uv_ip4_addr(host, (int)number, &a->v4) == 0 ||
	       uv_ip6_addr(host, (int)number, &a->v6) == 0;
}

static socklen_t size_of(const union address *a)
{
	return a->any.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

static bool is_local(const union address *a)
{
	if (a->any.sa_family == AF_INET)
		return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

static void write_url(struct hall_listener *l, const union address *a)
{
	char host[HALL_HOST - 2], port[8];
	bool v6 = a->any.sa_family == AF_INET6;

	getnameinfo(&a->any, size_of(a), host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(l->host, sizeof(l->host), v6 ? "[%s]" : "%s", host);
	snprintf(l->url, sizeof(l->url), "http://%s:%s/", l->host, port);
}

/* ---- the socket ---- */

static const char *words(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "the port is taken. Does another station run? Choose another port";
	case EADDRNOTAVAIL:
		return "this machine has no such address";
	case EACCES:
		return "not permitted. Ports below 1024 are for root: choose one above";
	default:
		return strerror(error);
	}
}

/*
 * What accepted connections inherit: little room in the kernel for what nobody reads, and an end
 * when the other side has vanished without a word.
 */
static void bound_connections(int fd)
{
	int room = 128 << 10;
	unsigned int patience_ms = 2 * HALL_PATIENCE_S * 1000;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof(patience_ms));
}

static int listen_at(union address *a)
{
	int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof(*a);
	int yes = 1;

	if (fd < 0)
		return -1;
	bound_connections(fd);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)); /* after a restart */
	if (bind(fd, &a->any, size_of(a)) == 0 && listen(fd, BACKLOG) == 0 &&
	    getsockname(fd, &a->any, &size) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

bool hall_listen(struct hall_listener *l, const char *address, char why[HALL_WHY])
{
	union address a;

	if (!parse(&a, address)) {
		snprintf(why, HALL_WHY, "\"%.100s\" is no address for the status page. %s", address,
			 "Addresses look like 127.0.0.1:8080, [::1]:8080 or 8080.");
		return false;
	}
	l->fd = listen_at(&a);
	if (l->fd < 0) {
		snprintf(why, HALL_WHY, "The status page cannot be served at %s: %s.", address,
			 words(errno));
		return false;
	}
	l->local = is_local(&a);
	write_url(l, &a);
	return true;
}
