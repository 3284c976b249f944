/* SPDX-License-Identifier: MIT */
/* The words of a connection string, with hosts as addresses: see lease_hosts.h. */
#include "lease_hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_WORDS 64

static const PQconninfoOption *find(const struct lease_hosts *h, const char *keyword)
{
	for (const PQconninfoOption *o = h->options; o && o->keyword; o++)
		if (strcmp(o->keyword, keyword) == 0)
			return o;
	return NULL;
}

/* Of the string, or of the environment, as libpq itself would look. NULL: none. */
static const char *value(const struct lease_hosts *h, const char *keyword)
{
	const PQconninfoOption *o = find(h, keyword);
	const char *text = o ? o->val : NULL;

	if ((!text || !*text) && o && o->envvar)
		text = getenv(o->envvar);
	return text && *text ? text : NULL;
}

bool lease_hosts_open(struct lease_hosts *h, const char *info, char why[LEASE_HOSTS_WHY])
{
	char *error = NULL;

	memset(h, 0, sizeof(*h));
	h->options = PQconninfoParse(info, &error);
	snprintf(why, LEASE_HOSTS_WHY, "%s", error ? error : "not enough memory");
	PQfreemem(error);
	if (!h->options)
		return false;
	h->port = value(h, "port") ? value(h, "port") : "5432";
	if (!value(h, "hostaddr")) /* then there is nothing to resolve */
		h->host = value(h, "host");
	return true;
}

void lease_hosts_close(struct lease_hosts *h)
{
	PQconninfoFree(h->options);
	h->options = NULL;
}

/* ---- lists ---- */

/* The n-th of them; the only one stands for all. */
static void take(char *out, size_t cap, const char *list, unsigned int n)
{
	if (!strchr(list, ','))
		n = 0;
	for (; n > 0 && list; n--) {
		list = strchr(list, ',');
		list = list ? list + 1 : NULL;
	}
	snprintf(out, cap, "%.*s", list ? (int)strcspn(list, ",") : 0, list ? list : "");
}

static unsigned int length_of(const char *list)
{
	unsigned int n = 1;

	for (; *list; list++)
		n += *list == ',';
	return n;
}

bool lease_hosts_next(struct lease_hosts *h)
{
	if (!h->host || h->index >= length_of(h->host))
		return false;
	take(h->name, sizeof(h->name), h->host, h->index++);
	return true;
}

bool lease_hosts_is_path(const struct lease_hosts *h)
{
	return h->name[0] == '/' || h->name[0] == '@' || h->name[0] == '\0';
}

static bool append(char list[LEASE_HOSTS_TEXT], const char *text, bool first)
{
	size_t length = strlen(list);
	int n = snprintf(list + length, LEASE_HOSTS_TEXT - length, "%s%s", first ? "" : ",", text);

	return n >= 0 && (size_t)n < LEASE_HOSTS_TEXT - length;
}

static bool add_one(struct lease_hosts *h, const char *address)
{
	bool first = h->ports[0] == '\0';
	char port[16];

	take(port, sizeof(port), h->port, h->index - 1);
	return append(h->hosts, h->name, first) && append(h->addresses, address, first) &&
	       append(h->ports, port[0] ? port : "5432", first);
}

bool lease_hosts_add(struct lease_hosts *h, const struct resolved *found)
{
	bool ok = found || add_one(h, "");

	for (unsigned int i = 0; ok && found && i < found->count; i++)
		ok = add_one(h, found->addresses[i]);
	return ok;
}

/* ---- connecting ---- */

static const char *replaced(const struct lease_hosts *h, const PQconninfoOption *o)
{
	if (h->host && strcmp(o->keyword, "host") == 0)
		return h->hosts;
	if (h->host && strcmp(o->keyword, "hostaddr") == 0)
		return h->addresses;
	if (h->host && strcmp(o->keyword, "port") == 0)
		return h->ports;
	return o->val;
}

PGconn *lease_hosts_connect(struct lease_hosts *h)
{
	const char *words[MOST_WORDS + 1] = { NULL }, *values[MOST_WORDS + 1] = { NULL };
	size_t n = 0;

	for (const PQconninfoOption *o = h->options; o->keyword && n < MOST_WORDS; o++) {
		const char *text = replaced(h, o);

		if (!text || !*text)
			continue;
		words[n] = o->keyword;
		values[n++] = text;
	}
	return PQconnectStartParams(words, values, 0);
}
