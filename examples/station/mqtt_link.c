/* SPDX-License-Identifier: MIT */
/*
 * One connection to a broker: see mqtt_link.h.
 *
 * Every call into libmosquitto is between enter() and leave(), because it may close its socket in any
 * of them. Its callbacks only note what they are told.
 */
#include "mqtt_link.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "received.h"

/* What a broker has to say: a handshake, and some bytes for each message and each second. */
#define ALLOWED_FIRST       (64u << 10)
#define ALLOWED_PER_MESSAGE 256u
#define ALLOWED_PER_SECOND  64u

static void broken(struct mqtt_link *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The first reason is the one that counts. */
static void broken(struct mqtt_link *l, const char *format, ...)
{
	va_list args;

	if (l->state == MQTT_LINK_BROKEN)
		return;
	l->state = MQTT_LINK_BROKEN;
	va_start(args, format);
	vsnprintf(l->why, sizeof(l->why), format, args);
	va_end(args);
}

/* ---- what libmosquitto tells ---- */

const char *mqtt_reason_words(int reason)
{
	switch (reason) {
	case MQTT_RC_BAD_USERNAME_OR_PASSWORD:
	case CONNACK_REFUSED_BAD_USERNAME_PASSWORD:
		return "it refuses the user name or password";
	case MQTT_RC_NOT_AUTHORIZED:
	case CONNACK_REFUSED_NOT_AUTHORIZED:
		return "it says that we are not authorized";
	case MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION:
	case CONNACK_REFUSED_PROTOCOL_VERSION:
		return "it does not speak this version of MQTT";
	default:
		return reason < 0x80 ? mosquitto_connack_string(reason)
				     : mosquitto_reason_string(reason);
	}
}

static void on_connect(struct mosquitto *mosq, void *arg, int reason, int flags,
		       const mosquitto_property *props)
{
	struct mqtt_link *l = arg;

	(void)mosq;
	(void)flags;
	(void)props;
	if (reason != 0)
		broken(l, "%s", mqtt_reason_words(reason));
	else if (l->state == MQTT_LINK_CONNECTING)
		l->state = MQTT_LINK_UP;
}

static void on_publish(struct mosquitto *mosq, void *arg, int mid, int reason,
		       const mosquitto_property *props)
{
	struct mqtt_link *l = arg;

	(void)mosq;
	(void)props;
	if (l->ack_count < MQTT_LINK_ACKS)
		l->acks[l->ack_count++] = (struct mqtt_ack){ mid, reason };
}

static void on_disconnect(struct mosquitto *mosq, void *arg, int reason,
			  const mosquitto_property *props)
{
	(void)mosq;
	(void)props;
	if (reason >= 0x80) /* by the broker itself, version 5 */
		broken(arg, "it has closed the connection: %s", mosquitto_reason_string(reason));
}

/* ---- calls into it ---- */

static void enter(struct mqtt_link *l)
{
	fdwatch_stop(&l->watch);
}

static bool in_handshake(const struct mqtt_link *l)
{
	SSL *ssl = l->opts.tls ? mosquitto_ssl_get(l->mosq) : NULL;

	return ssl && !SSL_is_init_finished(ssl);
}

/* libmosquitto's own word is no use until the handshake is done: it would have us look without rest. */
static int wanted(const struct mqtt_link *l)
{
	if (in_handshake(l))
		return SSL_want_write((SSL *)mosquitto_ssl_get(l->mosq)) ? UV_WRITABLE
									 : UV_READABLE;
	return UV_READABLE | (mosquitto_want_write(l->mosq) ? UV_WRITABLE : 0);
}

static void explain(struct mqtt_link *l, int rc)
{
	const char *refused = l->opts.tls ? l->opts.tls->refused : "";

	if (refused[0])
		broken(l, "its certificate is refused: %s", refused);
	else if (rc == MOSQ_ERR_TLS)
		broken(l, "it speaks no TLS that we can use");
	else if (rc == MOSQ_ERR_KEEPALIVE || rc == MOSQ_ERR_NO_CONN)
		broken(l, "it does not answer any more");
	else if (rc == MOSQ_ERR_CONN_LOST)
		broken(l, "it has closed the connection");
	else
		broken(l, "%s", mosquitto_strerror(rc));
}

static void leave(struct mqtt_link *l, int rc)
{
	if (rc != MOSQ_ERR_SUCCESS)
		explain(l, rc);
	if (l->state != MQTT_LINK_BROKEN &&
	    !fdwatch_set(&l->watch, mosquitto_socket(l->mosq), wanted(l)))
		broken(l, "the connection is gone");
}

/* ---- the peer ---- */

/* libmosquitto would take a packet of 256 MiB. */
static bool says_too_much(const struct mqtt_link *l, int fd)
{
	uint64_t seconds = (uv_now(l->opts.loop) - l->began_ms) / 1000;

	return received_bytes(fd) >
	       ALLOWED_FIRST + l->sent * ALLOWED_PER_MESSAGE + seconds * ALLOWED_PER_SECOND;
}

/* Asked for before libmosquitto is, which keeps it for itself. */
static bool socket_is_good(struct mqtt_link *l, int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		error = errno;
	l->heard = received_bytes(fd) > 0;
	if (error && l->state == MQTT_LINK_CONNECTING) /* later there may be last words to read */
		broken(l, "%s", strerror(error));
	else if (says_too_much(l, fd))
		broken(l, "it sends what nobody has asked for");
	return l->state != MQTT_LINK_BROKEN;
}

/* In the handshake libmosquitto would go on trying with a peer that has gone. */
static bool is_gone(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static int serve(struct mqtt_link *l)
{
	int rc = mosquitto_loop_read(l->mosq, 1);

	if (rc != MOSQ_ERR_SUCCESS)
		return rc;
	if (in_handshake(l))
		return is_gone(mosquitto_socket(l->mosq)) ? MOSQ_ERR_CONN_LOST : MOSQ_ERR_SUCCESS;
	return mosquitto_want_write(l->mosq) ? mosquitto_loop_write(l->mosq, 1) : MOSQ_ERR_SUCCESS;
}

static void on_ready(void *arg)
{
	struct mqtt_link *l = arg;

	enter(l);
	if (socket_is_good(l, mosquitto_socket(l->mosq)))
		leave(l, serve(l));
	l->opts.changed(l->opts.arg);
}

void mqtt_link_tick(struct mqtt_link *l)
{
	if (l->state == MQTT_LINK_BROKEN)
		return;
	enter(l);
	leave(l, mosquitto_loop_misc(l->mosq));
	if (l->state == MQTT_LINK_BROKEN)
		l->opts.changed(l->opts.arg);
}

/* ---- publishing ---- */

/* Not yet broken: why it was closed may be still to be read. */
static bool is_closed(int rc)
{
	return rc == MOSQ_ERR_CONN_LOST || (rc == MOSQ_ERR_ERRNO && errno == EPIPE);
}

bool mqtt_link_publish(struct mqtt_link *l, const char *topic, const char *payload, bool retain,
		       int *mid)
{
	if (l->state != MQTT_LINK_UP)
		return false;
	enter(l);
	l->sent++;
	int rc = mosquitto_publish(l->mosq, mid, topic, (int)strlen(payload), payload, 1, retain);
	leave(l, is_closed(rc) ? MOSQ_ERR_SUCCESS : rc);
	return l->state == MQTT_LINK_UP;
}

/* ---- begin and end ---- */

static int prepare(struct mqtt_link *l)
{
	const struct mqtt_link_opts *o = &l->opts;

	mosquitto_int_option(l->mosq, MOSQ_OPT_PROTOCOL_VERSION,
			     o->recipe->version5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
	mosquitto_int_option(l->mosq, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_connect_v5_callback_set(l->mosq, on_connect);
	mosquitto_disconnect_v5_callback_set(l->mosq, on_disconnect);
	mosquitto_publish_v5_callback_set(l->mosq, on_publish);
	if (o->tls) {
		o->tls->refused[0] = '\0';
		mosquitto_int_option(l->mosq, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
		mosquitto_void_option(l->mosq, MOSQ_OPT_SSL_CTX, o->tls->context);
	}
	int rc = mosquitto_will_set(l->mosq, o->will_topic, (int)strlen(o->will), o->will, 1, true);
	if (rc == MOSQ_ERR_SUCCESS && o->user)
		rc = mosquitto_username_pw_set(l->mosq, o->user, o->password);
	return rc;
}

static void begin(struct mqtt_link *l)
{
	int rc = prepare(l);

	if (rc == MOSQ_ERR_SUCCESS)
		rc = mosquitto_connect_async(l->mosq, l->opts.address, l->opts.recipe->port,
					     MQTT_KEEPALIVE_S);
	leave(l, rc == MOSQ_ERR_CONN_PENDING ? MOSQ_ERR_SUCCESS : rc);
}

struct mqtt_link *mqtt_link_new(const struct mqtt_link_opts *opts)
{
	struct mqtt_link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->opts = *opts;
	l->began_ms = uv_now(opts->loop);
	l->mosq = mosquitto_new(opts->id, true, l);
	if (!l->mosq) {
		free(l);
		return NULL;
	}
	l->watch = (struct fdwatch){ .loop = opts->loop, .ready = on_ready, .arg = l };
	begin(l);
	return l;
}

void mqtt_link_free(struct mqtt_link *l)
{
	if (!l)
		return;
	fdwatch_stop(&l->watch);
	if (l->state == MQTT_LINK_UP)
		mosquitto_disconnect(l->mosq);
	mosquitto_destroy(l->mosq);
	free(l);
}
