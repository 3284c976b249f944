/* SPDX-License-Identifier: MIT */
/* Where an OpenOCD is, as people write it: the scheme, then host and port or a path. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <stmfw.h>

#include "parse.h"

#define DEFAULT_HOST "127.0.0.1"
#define TCL_PORT 6666
#define TELNET_PORT 4444
#define PATH_LIMIT 107u /* of a socket's address, in every system that has them */

static const struct scheme {
	const char *prefix;
	enum stmfw_way way;
	uint16_t port;
} schemes[] = {
	{ "tcl://", STMFW_WAY_TCL, TCL_PORT },
	{ "telnet://", STMFW_WAY_TELNET, TELNET_PORT },
	{ "unix:", STMFW_WAY_UNIX, 0 },
	{ "", STMFW_WAY_TCL, TCL_PORT },
};

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

static bool is_loopback(const char *host)
{
	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0)
		return true;
	return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host);
}

static bool take_port(const char *text, uint16_t *port)
{
	uint64_t n;

	if (!stmfw__take_uint(&text, &n) || *text != '\0' || n == 0 || n > UINT16_MAX)
		return false;
	*port = (uint16_t)n;
	return true;
}

static const struct scheme *scheme_of(const char *text)
{
	const struct scheme *s = schemes;

	while (strncasecmp(text, s->prefix, strlen(s->prefix)) != 0)
		s++; /* the last one fits all */
	return s;
}

/* With the scheme where it is needed: also for a host that is called "unix". */
static void write_down(stmfw_address *a)
{
	const char *format = strchr(a->host, ':') ? "%s[%s]:%u" : "%s%s:%u";
	const char *scheme = a->way == STMFW_WAY_TELNET ? "telnet://" : "";

	snprintf(a->text, sizeof(a->text), format, scheme, a->host, (unsigned int)a->port);
	if (scheme_of(a->text)->way != a->way)
		snprintf(a->text, sizeof(a->text), format, "tcl://", a->host,
			 (unsigned int)a->port);
}

static int take_host(stmfw_address *a, const char *text)
{
	struct halves h;

	if (!split(text, &h) || h.host_length >= sizeof(a->host) ||
	    (h.port && !take_port(h.port, &a->port)))
		return STMFW_EINVAL;
	snprintf(a->host, sizeof(a->host), "%.*s", (int)h.host_length, h.host);
	if (strpbrk(a->host, "[]"))
		return STMFW_EINVAL;
	if (a->host[0] == '\0')
		snprintf(a->host, sizeof(a->host), "%s", DEFAULT_HOST);
	a->is_local = is_loopback(a->host);
	write_down(a);
	return STMFW_OK;
}

static int take_path(stmfw_address *a, const char *path)
{
	if (*path == '\0' || strlen(path) > PATH_LIMIT)
		return STMFW_EINVAL;
	snprintf(a->host, sizeof(a->host), "%s", path);
	snprintf(a->text, sizeof(a->text), "unix:%s", path);
	a->is_local = 1;
	return STMFW_OK;
}

/* It will be a part of messages, which are one line. */
static bool has_control_bytes(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

int stmfw_address_parse(stmfw_address *out, const char *text)
{
	stmfw_address a = { 0 };

	if (!out)
		return STMFW_EINVAL;
	text = text ? text : "";
	if (has_control_bytes(text))
		return STMFW_EINVAL;
	const struct scheme *s = scheme_of(text);
	text += strlen(s->prefix);
	a.way = s->way;
	a.port = s->port;
	int err = s->way == STMFW_WAY_UNIX ? take_path(&a, text) : take_host(&a, text);
	if (err == STMFW_OK)
		*out = a;
	return err;
}
