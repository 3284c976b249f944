/* SPDX-License-Identifier: MIT */
/* One request, one answer. There is nothing here that could change anything. */
#include "hall_inner.h"

#include <string.h>
#include <strings.h>

#include "hall_page.h"

struct header {
	const char *name, *value;
};

/* The page may run its own script and ask its own server, and that is all. */
static const struct header always[] = {
	{ "Cache-Control", "no-store" },
	{ "Content-Security-Policy",
	  "default-src 'none'; connect-src 'self'; img-src data:; "
	  "script-src '" HALL_SCRIPT_HASH "'; style-src '" HALL_STYLE_HASH "'; "
	  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Referrer-Policy", "no-referrer" },
	{ "X-Content-Type-Options", "nosniff" },
};

static enum MHD_Result send_answer(struct MHD_Connection *connection, unsigned int code,
				   const char *type, struct MHD_Response *response)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO; /* no memory: the connection ends */
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		MHD_add_response_header(response, always[i].name, always[i].value);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	/* Places are few: who has an answer makes room for others. */
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	result = MHD_queue_response(connection, code, response);
	MHD_destroy_response(response); /* the connection has its own hold on it */
	return result;
}

static struct MHD_Response *fixed(const void *text, size_t length)
{
	/* It is never written to, but only since 1.0 there is a function that says so. */
	return MHD_create_response_from_buffer(length, (void *)text, MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int code,
			      const char *text)
{
	struct MHD_Response *response = fixed(text, strlen(text));

	if (response && code == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (response && code == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "5");
	return send_answer(connection, code, "text/plain; charset=utf-8", response);
}

/* ---- what there is ---- */

static enum MHD_Result page(struct hall *h, struct MHD_Connection *connection, bool head)
{
	(void)h;
	(void)head;
	return send_answer(connection, MHD_HTTP_OK, "text/html; charset=utf-8",
			   fixed(hall_page, sizeof(hall_page)));
}

static enum MHD_Result status(struct hall *h, struct MHD_Connection *connection, bool head)
{
	json_t *o = hall_json(h);
	char *text = json_dumps(o, JSON_INDENT(2));
	struct MHD_Response *response = NULL;

	(void)head;
	json_decref(o);
	if (text)
		response = MHD_create_response_from_buffer(strlen(text), text,
							   MHD_RESPMEM_MUST_FREE);
	return send_answer(connection, MHD_HTTP_OK, "application/json", response);
}

static enum MHD_Result events(struct hall *h, struct MHD_Connection *connection, bool head)
{
	struct MHD_Response *response = head ? fixed("", 0) : hall_reader_new(h, connection);

	if (!response)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "Too many are watching.\n");
	return send_answer(connection, MHD_HTTP_OK, "text/event-stream", response);
}

static const struct {
	const char *path;
	enum MHD_Result (*answer)(struct hall *h, struct MHD_Connection *connection, bool head);
} things[] = {
	{ "/", page },
	{ "/status.json", status },
	{ "/events", events },
};

/* ---- who may ask ---- */

/*
 * A page of somebody else can have its own name point to this machine, and would then be allowed to
 * read ours. But its requests bear that name.
 */
static bool is_our_name(const struct hall *h, const char *host)
{
	const char *const names[] = { "localhost", "127.0.0.1", "[::1]", h->host };

	for (size_t i = 0; host && i < sizeof(names) / sizeof(*names); i++) {
		size_t length = strlen(names[i]);

		if (strncasecmp(host, names[i], length) == 0 &&
		    (host[length] == '\0' || host[length] == ':'))
			return true;
	}
	return false;
}

enum MHD_Result hall_answer(void *cls, struct MHD_Connection *connection, const char *url,
			    const char *method, const char *version, const char *upload,
			    size_t *upload_size, void **request)
{
	struct hall *h = cls;
	const char *host =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	bool head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

	(void)version;
	(void)upload;
	(void)upload_size;
	(void)request;
	if (!head && strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "This can only be read.\n");
	if (h->local && !is_our_name(h, host))
		return refuse(
			connection, MHD_HTTP_FORBIDDEN,
			"This answers only to localhost, 127.0.0.1, [::1] and the address that "
			"it is served at.\n");
	if (!h->station)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "The station begins.\n");
	for (size_t i = 0; i < sizeof(things) / sizeof(*things); i++)
		if (strcmp(url, things[i].path) == 0)
			return things[i].answer(h, connection, head);
	return refuse(connection, MHD_HTTP_NOT_FOUND, "There is /, /status.json and /events.\n");
}
