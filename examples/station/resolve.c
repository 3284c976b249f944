/* SPDX-License-Identifier: MIT */
/* Names of hosts to addresses: see resolve.h. */
#include "resolve.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

struct resolve {
	uv_getaddrinfo_t request;
	resolve_done done; /* NULL: nobody waits */
	void *arg;
};

/* With the scope of a link-local one, which uv_ip_name() would leave out. */
static void add(struct resolved *found, const struct addrinfo *info)
{
	char *text = found->addresses[found->count];

	if (getnameinfo(info->ai_addr, info->ai_addrlen, text, RESOLVE_TEXT, NULL, 0,
			NI_NUMERICHOST) == 0)
		found->count++;
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
	struct resolve *r = request->data;
	struct resolved found = { .count = 0 };

	for (const struct addrinfo *i = list; i && found.count < RESOLVE_MOST; i = i->ai_next)
		add(&found, i);
	uv_freeaddrinfo(list);
	if (r->done)
		r->done(r->arg, &found,
			status < 0     ? uv_strerror(status)
			: !found.count ? "the name has no address"
				       : NULL);
	free(r);
}

struct resolve *resolve_start(uv_loop_t *loop, const char *host, resolve_done done, void *arg)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC };
	struct resolve *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->request.data = r;
	r->done = done;
	r->arg = arg;
	if (uv_getaddrinfo(loop, &r->request, on_found, host, NULL, &hints) == 0)
		return r;
	free(r);
	return NULL;
}

void resolve_forget(struct resolve *r)
{
	r->done = NULL;
	uv_cancel((uv_req_t *)&r->request); /* if it has not begun; it ends by itself in any case */
}
