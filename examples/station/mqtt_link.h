/* SPDX-License-Identifier: MIT */
/*
 * One connection to a broker: libmosquitto on our loop, without threads. A link that breaks stays
 * broken; for another try there is a new one, which knows nothing of what the old one had in flight.
 *
 * The peer is not trusted: what it may send is bounded by what it has to answer.
 */
#ifndef MQTT_LINK_H
#define MQTT_LINK_H

#include <stdbool.h>
#include <uv.h>

#include "fdwatch.h"
#include "mqtt_tls.h"
#include "recipe.h"

#define MQTT_LINK_WHY    320
#define MQTT_LINK_ACKS   32 /* confirmed at once, at most */
#define MQTT_KEEPALIVE_S 20

enum mqtt_link_state { MQTT_LINK_CONNECTING, MQTT_LINK_UP, MQTT_LINK_BROKEN /* why */ };

struct mqtt_link_opts {
	uv_loop_t *loop;
	const struct recipe_mqtt *recipe;
	struct mqtt_tls *tls; /* NULL: none */
	const char *address;
	const char *id; /* of this client */
	const char *user, *password; /* NULL: none */
	const char *will_topic; /* what the broker tells, and keeps, when we vanish */
	const char *will;
	void (*changed)(void *arg); /* look at state and acks; may free the link */
	void *arg;
};

struct mqtt_ack {
	int mid;
	int reason; /* below 0x80: the broker has it */
};

struct mqtt_link {
	struct mqtt_link_opts opts;
	struct mosquitto *mosq;
	struct fdwatch watch;
	enum mqtt_link_state state;
	struct mqtt_ack acks[MQTT_LINK_ACKS]; /* that nobody has looked at */
	unsigned int ack_count;
	uint64_t began_ms;
	uint64_t sent;
	bool heard; /* the peer has said something */
	char why[MQTT_LINK_WHY];
};

/* Never NULL but without memory; if it cannot even try, it is broken. */
struct mqtt_link *mqtt_link_new(const struct mqtt_link_opts *opts);
/* At once; says goodbye if it is up, so that the will is not told. */
void mqtt_link_free(struct mqtt_link *l);
/* With QoS 1. False: it is broken. */
bool mqtt_link_publish(struct mqtt_link *l, const char *topic, const char *payload, bool retain,
		       int *mid);
/* Each second: keeps it alive, and notices a peer that is gone. May call changed(). */
void mqtt_link_tick(struct mqtt_link *l);
const char *mqtt_reason_words(int reason);

#endif
