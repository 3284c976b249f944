/* SPDX-License-Identifier: MIT */
/*
 * What the record keeps for others goes to an MQTT broker: one more viewer of the station, only that
 * it reads the record and not the events. It never waits for the broker, and nobody waits for it.
 */
#ifndef MQTT_H
#define MQTT_H

#include <stdbool.h>
#include <uv.h>

#include "event.h"
#include "record.h"

#define MQTT_WHY 512

/* Something for the operator, whole sentences. */
typedef void (*mqtt_note)(void *arg, const char *text);

/*
 * For the recipe's `mqtt`. recipe and record have to last until the loop has nothing to do any more
 * after close(), which takes some seconds at most: it sends what is left. note is not called after
 * close(). NULL: why, a whole sentence; also if this program was built without MQTT.
 */
struct viewer *mqtt_new(uv_loop_t *loop, const struct recipe *recipe, struct record *record,
			mqtt_note note, void *arg, char why[MQTT_WHY]);
/* Whether this program can do it. False: why. */
bool mqtt_is_possible(char why[MQTT_WHY]);

#endif
