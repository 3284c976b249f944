/* SPDX-License-Identifier: MIT */
/* The address of an OpenOCD, as people write it: cut it in two, then check the halves. */
#include "address.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_PORT 6666

struct halves {
	const char *host;
	size_t host_length;
	const char *port; /* NULL: none was given */
};

/* False: a bracket without its partner, or rubbish behind it. */
static bool split(const char *text, struct halves *h)
{
	const char *colon = strchr(text, ':');

	h->port = NULL;
	if (text[0] == '[') {
		const char *end = strchr(text, ']');

		if (!end || end == text + 1 || (end[1] != '\0' && end[1] != ':'))
			return false;
		h->host = text + 1;
		h->host_length = (size_t)(end - text) - 1;
		h->port = end[1] == ':' ? end + 2 : NULL;
		return true;
	}
	h->host = text;
	h->host_length = strlen(text);
	if (colon && !strchr(colon + 1, ':')) { /* two or more: a bare IPv6 address */
		h->host_length = (size_t)(colon - text);
		h->port = colon + 1;
	}
	return true;
}

bool address_parse(struct address *a, const char *text)
{
	uint64_t port = DEFAULT_PORT;
	struct halves h;

	if (!split(text, &h) || h.host_length >= sizeof(a->host))
		return false;
	if (h.port && (!text_parse_number(h.port, UINT16_MAX, &port) || port == 0))
		return false;
	snprintf(a->host, sizeof(a->host), "%.*s", (int)h.host_length, h.host);
	if (a->host[0] == '\0')
		snprintf(a->host, sizeof(a->host), "%s", DEFAULT_HOST);
	a->port = (uint16_t)port;
	snprintf(a->text, sizeof(a->text), strchr(a->host, ':') ? "[%s]:%u" : "%s:%u", a->host,
		 (unsigned int)a->port);
	return true;
}

bool address_is_loopback(const struct address *a)
{
	const char *host = a->host;

	if (strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0)
		return true;
	return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host);
}
