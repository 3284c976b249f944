/* SPDX-License-Identifier: MIT */
/* Built without libmosquitto: who needs MQTT is told so. */
#include <stdio.h>

#include "mqtt.h"

bool mqtt_is_possible(char why[MQTT_WHY])
{
	snprintf(why, MQTT_WHY,
		 "\"mqtt\": this stmfw-station was built without MQTT (it needs libmosquitto).");
	return false;
}

struct viewer *mqtt_new(uv_loop_t *loop, const struct recipe *recipe, struct record *record,
			mqtt_note note, void *arg, char why[MQTT_WHY])
{
	(void)loop;
	(void)recipe;
	(void)record;
	(void)note;
	(void)arg;
	mqtt_is_possible(why);
	return NULL;
}
