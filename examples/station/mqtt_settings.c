/* SPDX-License-Identifier: MIT */
/* Who we are for a broker: see mqtt_settings.h. */
#include "mqtt_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../jsonl.h"
#include "readfile.h"

#define MOST_CREDENTIALS 4096

static bool out_of_memory(char why[MQTT_WHY])
{
	snprintf(why, MQTT_WHY, "Not enough memory for MQTT.");
	return false;
}

/* The next line of *text, without its end; *text goes behind it. */
static char *take_line(char **text)
{
	char *line = *text;
	size_t length = strcspn(line, "\r\n");

	*text = line + length + strspn(line + length, "\r");
	if (**text == '\n')
		(*text)++;
	line[length] = '\0';
	return strdup(line);
}

static bool read_credentials(struct mqtt_settings *s, char why[MQTT_WHY])
{
	char reason[READFILE_WHY];
	struct readfile file;

	if (!s->recipe->credentials)
		return true;
	if (!readfile(&file, s->recipe->credentials, MOST_CREDENTIALS, reason)) {
		snprintf(why, MQTT_WHY, "The broker's credentials cannot be read from %.200s: %s.",
			 s->recipe->credentials, reason);
		return false;
	}
	char *text = (char *)file.bytes;
	s->user = take_line(&text);
	s->password = take_line(&text);
	explicit_bzero(file.bytes, file.length);
	free(file.bytes);
	if (!s->user || !s->password)
		return out_of_memory(why);
	if (s->user[0])
		return true;
	snprintf(why, MQTT_WHY, "%.200s has to have two lines: user name and password.",
		 s->recipe->credentials);
	return false;
}

static char *state(const struct recipe *r, const struct record *record, bool online)
{
	json_t *object = json_pack("{s:s, s:o, s:s, s:b}", "event", "state", "station",
				   jsonl_text(r->station), "record", record_identity(record),
				   "online", online);
	char *text = json_dumps(object, JSON_COMPACT);

	json_decref(object);
	return text;
}

static bool name_state(struct mqtt_settings *s, const struct recipe *r, const struct record *record)
{
	char station[RECIPE_NAME + 1];

	record_topic_word(station, sizeof(station), r->station);
	s->online = state(r, record, true);
	s->offline = state(r, record, false);
	return asprintf(&s->state_topic, "%s/state/%s", s->recipe->topic, station) > 0 &&
	       s->online && s->offline;
}

bool mqtt_settings_open(struct mqtt_settings *s, const struct recipe *recipe,
			const struct record *record, char why[MQTT_WHY])
{
	char reason[MQTT_TLS_WHY];

	*s = (struct mqtt_settings){ .recipe = recipe->mqtt };
	snprintf(s->id, sizeof(s->id), "stmfw%.18s", record_identity(record));
	if (!name_state(s, recipe, record)) {
		out_of_memory(why);
	} else if (read_credentials(s, why)) {
		if (!s->recipe->ca_file ||
		    mqtt_tls_open(&s->tls, s->recipe->host, s->recipe->ca_file, reason))
			return true;
		snprintf(why, MQTT_WHY, "MQTT: %s.", reason);
	}
	mqtt_settings_close(s);
	return false;
}

void mqtt_settings_close(struct mqtt_settings *s)
{
	if (s->password)
		explicit_bzero(s->password, strlen(s->password));
	free(s->user);
	free(s->password);
	free(s->state_topic);
	free(s->online);
	free(s->offline);
	mqtt_tls_close(&s->tls);
}
