/* SPDX-License-Identifier: MIT */
/* Who we are for a broker, and what it is told when we come and go: made once, from recipe and record. */
#ifndef MQTT_SETTINGS_H
#define MQTT_SETTINGS_H

#include "mqtt.h"
#include "mqtt_tls.h"

struct mqtt_settings {
	const struct recipe_mqtt *recipe;
	struct mqtt_tls tls; /* context NULL: none */
	char id[24]; /* of the client: what every broker has to accept */
	char *user, *password; /* NULL: none */
	char *state_topic;
	char *online, *offline; /* payloads */
};

/* False: why. */
bool mqtt_settings_open(struct mqtt_settings *s, const struct recipe *recipe,
			const struct record *record, char why[MQTT_WHY]);
void mqtt_settings_close(struct mqtt_settings *s);

#endif
