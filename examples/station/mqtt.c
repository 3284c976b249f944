/* SPDX-License-Identifier: MIT */
/*
 * From the record's outbox to a broker.
 *
 *     PAUSE --time--> RESOLVING --address--> CONNECTING --accepted--> UP
 *       ^----------- whatever goes wrong ---------------------------'
 *
 * Events go out in their order, a window of them at a time, each with QoS 1; what the broker has
 * confirmed is acknowledged in the record, and what it has not comes again on the next connection. So
 * an event can come twice, but is never lost; its ids tell.
 *
 * The operator is told once that the broker is away, and once that it is back; back is who takes
 * events again, not who opens his door.
 */
#include "mqtt.h"

#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "mqtt_link.h"
#include "mqtt_settings.h"
#include "resolve.h"

#define WINDOW           16 /* events in flight */
#define TICK_MS          1000u
#define FIRST_PAUSE_MS   1000u
#define LONGEST_PAUSE_MS 30000u
#define REACH_MS         10000u /* for name, connection and handshake */
#define ACK_MS           30000u /* a broker that confirms nothing for so long is as good as away */
#define FLUSH_MS         5000u /* at the end */
#define CALM_MS          60000u /* a connection that lasted so long was a good one */

enum mqtt_state { MQTT_IDLE, MQTT_PAUSE, MQTT_RESOLVING, MQTT_CONNECTING, MQTT_UP, MQTT_CLOSED };

struct flying {
	int mid;
	int64_t event;
};

struct mqtt {
	struct viewer viewer;
	uv_loop_t *loop;
	struct record *record;
	struct mqtt_settings settings;
	mqtt_note note; /* NULL: the station has closed us */
	void *arg;
	enum mqtt_state state;
	uv_timer_t tick;
	struct resolve *resolve;
	struct resolved addresses;
	unsigned int tries; /* addresses that we have been at */
	struct mqtt_link *link;
	struct flying flying[WINDOW];
	unsigned int flying_count;
	int64_t last_sent;
	uint64_t due_ms; /* end of the pause, of reaching it, of waiting for an ack */
	uint64_t up_ms;
	uint64_t pause_ms;
	uint64_t give_up_ms; /* once we are to end */
	bool told_away;
};

/* ---- the operator ---- */

static void tell(struct mqtt *m, const char *format, const char *what)
{
	char text[MQTT_WHY], plain[MQTT_LINK_WHY];

	text_harmless(plain, sizeof(plain), what);
	snprintf(text, sizeof(text), format, m->settings.recipe->host, plain);
	if (m->note)
		m->note(m->arg, text);
}

static void tell_away(struct mqtt *m, const char *why)
{
	if (!m->told_away)
		tell(m,
		     "The MQTT broker %.100s is away: %s. What it has to be told is kept in the record.",
		     why);
	m->told_away = true;
}

static void tell_back(struct mqtt *m)
{
	if (m->told_away)
		tell(m, "The MQTT broker %.100s is back.%s", "");
	m->told_away = false;
}

/* ---- the end ---- */

static void on_tick_closed(uv_handle_t *handle)
{
	struct mqtt *m = handle->data;

	mqtt_settings_close(&m->settings);
	mosquitto_lib_cleanup();
	free(m);
}

static void finish(struct mqtt *m)
{
	if (m->state == MQTT_CLOSED)
		return;
	if (m->resolve)
		resolve_forget(m->resolve);
	mqtt_link_free(m->link);
	m->link = NULL;
	m->resolve = NULL;
	m->state = MQTT_CLOSED;
	uv_close((uv_handle_t *)&m->tick, on_tick_closed);
}

static bool is_ending(const struct mqtt *m)
{
	return m->note == NULL;
}

/* ---- what goes wrong ---- */

static void connect_broker(struct mqtt *m);

/* Nobody was at the last address, and the name has others. */
static bool has_another_address(const struct mqtt *m)
{
	return m->state == MQTT_CONNECTING && m->tries < m->addresses.count &&
	       uv_now(m->loop) < m->due_ms && !(m->link && m->link->heard);
}

static void leave_broker(struct mqtt *m, const char *why)
{
	uint64_t now = uv_now(m->loop);
	bool another = has_another_address(m);

	if (!another)
		tell_away(m, why);
	mqtt_link_free(m->link);
	m->link = NULL;
	if (another) {
		connect_broker(m);
		return;
	}
	m->flying_count = 0;
	m->last_sent = 0;
	if (m->state == MQTT_UP && now - m->up_ms >= CALM_MS)
		m->pause_ms = FIRST_PAUSE_MS;
	m->state = MQTT_PAUSE;
	m->due_ms = now + m->pause_ms;
	m->pause_ms = m->pause_ms * 2 < LONGEST_PAUSE_MS ? m->pause_ms * 2 : LONGEST_PAUSE_MS;
	if (is_ending(m))
		finish(m);
}

/* ---- sending ---- */

/* False: there is none, or we have left the broker. */
static bool send_next(struct mqtt *m)
{
	char why[RECORD_WHY], *topic;
	struct record_event event;
	struct flying *f = &m->flying[m->flying_count];

	if (!record_next_event(m->record, m->last_sent, &event, why)) {
		if (why[0])
			leave_broker(m, why);
		return false;
	}
	bool sent = asprintf(&topic, "%s/%s", m->settings.recipe->topic, event.topic) > 0;
	if (sent) {
		sent = mqtt_link_publish(m->link, topic, event.payload, false, &f->mid);
		free(topic);
	}
	f->event = m->last_sent = event.id;
	free(event.topic);
	free(event.payload);
	if (!sent) {
		leave_broker(m, m->link->why[0] ? m->link->why : "not enough memory");
		return false;
	}
	if (m->flying_count++ == 0)
		m->due_ms = uv_now(m->loop) + ACK_MS;
	return true;
}

static void send_events(struct mqtt *m)
{
	while (m->state == MQTT_UP && m->flying_count < WINDOW && send_next(m))
		;
	if (m->state != MQTT_UP || m->flying_count > 0)
		return;
	tell_back(m); /* it has all */
	if (!is_ending(m))
		return;
	mqtt_link_publish(m->link, m->settings.state_topic, m->settings.offline, true, NULL);
	finish(m);
}

/* ---- what the broker has confirmed ---- */

/* The event that mid was; 0: none, but our state. */
static int64_t land(struct mqtt *m, int mid)
{
	for (unsigned int i = 0; i < m->flying_count; i++)
		if (m->flying[i].mid == mid) {
			int64_t event = m->flying[i].event;

			memmove(&m->flying[i], &m->flying[i + 1],
				(--m->flying_count - i) * sizeof(m->flying[0]));
			return event;
		}
	return 0;
}

/* All that came together in one transaction: a flood of them must not be a flood of disk writes. */
static void take_acks(struct mqtt *m)
{
	int64_t events[MQTT_LINK_ACKS];
	char why[RECORD_WHY];
	const char *refused = NULL;
	size_t count = 0;

	for (unsigned int i = 0; i < m->link->ack_count; i++) {
		const struct mqtt_ack *ack = &m->link->acks[i];
		int64_t event = land(m, ack->mid);

		if (ack->reason >= 0x80 && event)
			refused = mqtt_reason_words(ack->reason);
		else if (event)
			events[count++] = event;
	}
	m->link->ack_count = 0;
	if (count > 0) {
		m->due_ms = uv_now(m->loop) + ACK_MS;
		m->pause_ms = FIRST_PAUSE_MS;
		if (!record_acknowledge_events(m->record, events, count, why)) {
			leave_broker(m, why);
			return;
		}
	}
	if (refused)
		leave_broker(m, refused);
	else if (count > 0)
		tell_back(m);
}

/* ---- the connection ---- */

static void reached(struct mqtt *m)
{
	m->state = MQTT_UP;
	m->up_ms = uv_now(m->loop);
	mqtt_link_publish(m->link, m->settings.state_topic, m->settings.online, true, NULL);
}

static void on_changed(void *arg)
{
	struct mqtt *m = arg;

	if (m->link->state == MQTT_LINK_UP && m->state == MQTT_CONNECTING)
		reached(m);
	if (m->link->ack_count > 0)
		take_acks(m);
	if (m->link && m->link->state == MQTT_LINK_BROKEN)
		leave_broker(m, m->link->why);
	else
		send_events(m);
}

static void connect_broker(struct mqtt *m)
{
	struct mqtt_settings *s = &m->settings;
	const struct mqtt_link_opts opts = {
		.loop = m->loop,
		.recipe = s->recipe,
		.tls = s->tls.context ? &s->tls : NULL,
		.address = m->addresses.addresses[m->tries++],
		.id = s->id,
		.user = s->user,
		.password = s->password,
		.will_topic = s->state_topic,
		.will = s->offline,
		.changed = on_changed,
		.arg = m,
	};

	m->state = MQTT_CONNECTING;
	m->link = mqtt_link_new(&opts);
	if (!m->link)
		leave_broker(m, "not enough memory");
	else if (m->link->state == MQTT_LINK_BROKEN)
		leave_broker(m, m->link->why);
}

static void on_resolved(void *arg, const struct resolved *found, const char *why)
{
	struct mqtt *m = arg;

	m->resolve = NULL;
	m->addresses = *found;
	m->tries = 0;
	if (why)
		leave_broker(m, why);
	else
		connect_broker(m);
}

static void reach(struct mqtt *m)
{
	m->state = MQTT_RESOLVING;
	m->due_ms = uv_now(m->loop) + REACH_MS;
	m->resolve = resolve_start(m->loop, m->settings.recipe->host, on_resolved, m);
	if (!m->resolve)
		leave_broker(m, "not enough memory");
}

static void forget_resolve(struct mqtt *m)
{
	if (m->resolve)
		resolve_forget(m->resolve);
	m->resolve = NULL;
}

static void look_at_clock(struct mqtt *m)
{
	bool late = uv_now(m->loop) >= m->due_ms;

	switch (m->state) {
	case MQTT_PAUSE:
		if (late)
			reach(m);
		break;
	case MQTT_RESOLVING:
	case MQTT_CONNECTING:
		if (late) {
			forget_resolve(m);
			leave_broker(m, "it does not answer");
		}
		break;
	case MQTT_UP:
		if (late && m->flying_count > 0)
			leave_broker(m, "it confirms nothing");
		else
			send_events(m);
		break;
	default:
		break;
	}
}

static void on_tick(uv_timer_t *timer)
{
	struct mqtt *m = timer->data;

	if (is_ending(m) && uv_now(m->loop) >= m->give_up_ms) {
		finish(m);
		return;
	}
	if (m->link)
		mqtt_link_tick(m->link);
	look_at_clock(m);
}

/* ---- the station ---- */

static void show(struct viewer *v, const struct station_view *station, const struct event *e)
{
	struct mqtt *m = (struct mqtt *)v;

	(void)station;
	switch (e->kind) {
	case EVENT_BEGIN:
		uv_timer_start(&m->tick, on_tick, TICK_MS, TICK_MS);
		reach(m);
		break;
	case EVENT_SITE:
	case EVENT_BOARD_END: /* what they tell of is in the record */
		send_events(m);
		break;
	default:
		break;
	}
}

static void close_it(struct viewer *v)
{
	struct mqtt *m = (struct mqtt *)v;

	m->note = NULL;
	m->give_up_ms = uv_now(m->loop) + FLUSH_MS;
	if (m->state == MQTT_IDLE || m->state == MQTT_PAUSE)
		finish(m);
	else
		send_events(m);
}

bool mqtt_is_possible(char why[MQTT_WHY])
{
	(void)why;
	return true;
}

struct viewer *mqtt_new(uv_loop_t *loop, const struct recipe *recipe, struct record *record,
			mqtt_note note, void *arg, char why[MQTT_WHY])
{
	struct mqtt *m = calloc(1, sizeof(*m));

	if (!m) {
		snprintf(why, MQTT_WHY, "Not enough memory for MQTT.");
		return NULL;
	}
	if (!mqtt_settings_open(&m->settings, recipe, record, why)) {
		free(m);
		return NULL;
	}
	mosquitto_lib_init();
	m->viewer = (struct viewer){ show, close_it };
	m->loop = loop;
	m->record = record;
	m->note = note;
	m->arg = arg;
	m->pause_ms = FIRST_PAUSE_MS;
	uv_timer_init(loop, &m->tick);
	m->tick.data = m;
	return &m->viewer;
}
