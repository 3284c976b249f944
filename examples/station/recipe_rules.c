/* SPDX-License-Identifier: MIT */
/* Rules and defaults of a recipe, but for steps and serial number: see recipe_rules.h. */
#include "recipe_rules.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../server.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

/* ---- for all rules ---- */

bool recipe_is_name(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length <= RECIPE_NAME &&
	       strspn(text, LETTERS DIGITS "-_.") == length && strspn(text, LETTERS DIGITS) > 0;
}

bool recipe_rule_name(struct judge *j, const char *key, const char *text)
{
	return recipe_is_name(text) ||
	       judge_wrong(j, key,
			   "\"%s\" is no name: letters, digits, - _ . and a letter or digit "
			   "in front",
			   text);
}

bool recipe_rule_range(struct judge *j, const char *key, uint64_t *number, uint64_t least,
		       uint64_t most, uint64_t usual)
{
	if (!judge_has(j, key)) {
		*number = usual;
		return true;
	}
	return (*number >= least && *number <= most) ||
	       judge_wrong(j, key, "\"%s\" has to be from %llu to %llu", key,
			   (unsigned long long)least, (unsigned long long)most);
}

bool recipe_rule_range32(struct judge *j, const char *key, uint32_t *number, uint32_t least,
			 uint32_t most, uint32_t usual)
{
	uint64_t wide = *number;
	bool ok = recipe_rule_range(j, key, &wide, least, most, usual);

	*number = (uint32_t)wide;
	return ok;
}

bool recipe_rule_default(struct judge *j, char **text, const char *usual)
{
	if (!*text)
		*text = strdup(usual);
	return *text || judge_no_memory(j);
}

/* ---- station ---- */

static bool station(struct judge *j, struct recipe *r)
{
	char host[HOST_NAME_MAX + 1] = "";

	judge_at(j, "%s", "");
	if (r->station)
		return recipe_rule_name(j, "station", r->station);
	gethostname(host, sizeof(host) - 1);
	if (!recipe_is_name(host))
		return judge_wrong(j, "",
				   "the name of this machine, \"%s\", cannot be the "
				   "station's; name it: \"station\"",
				   host);
	return recipe_rule_default(j, &r->station, host);
}

/* ---- sites ---- */

/* Serial numbers go into OpenOCD's command line; no probe that is known has others. */
static bool is_adapter_serial(const char *text)
{
	return text[strspn(text, LETTERS DIGITS "-_.:/#+")] == '\0';
}

/* BUS-PORT[.PORT]... */
static bool is_usb_path(const char *text)
{
	size_t n = strspn(text, DIGITS);

	if (n == 0 || text[n] != '-')
		return false;
	do {
		text += n + 1;
		n = strspn(text, DIGITS);
		if (n == 0)
			return false;
	} while (text[n] == '.');
	return text[n] == '\0';
}

static bool address(struct judge *j, const char *text)
{
	struct server server = { .argv = NULL };

	if (!server_parse(&server, text))
		return judge_wrong(j, "openocd", "\"%s\" is no address: use " SERVER_SYNTAX, text);
	server_free(&server);
	return true;
}

static bool probe(struct judge *j, const struct recipe_site *s)
{
	const char *key = s->adapter_serial ? "adapter_serial" : "usb_path";

	if (s->openocd && (s->adapter_serial || s->usb_path))
		return judge_wrong(j, key,
				   "\"%s\" goes with \"start\" only: whoever starts this "
				   "site's OpenOCD has to tell it its probe",
				   key);
	if (s->adapter_serial && !is_adapter_serial(s->adapter_serial))
		return judge_wrong(j, "adapter_serial", "\"%s\" is no serial number of a probe",
				   s->adapter_serial);
	if (s->usb_path && !is_usb_path(s->usb_path))
		return judge_wrong(j, "usb_path",
				   "\"%s\" is no USB path: BUS-PORT[.PORT], as 1-3.2", s->usb_path);
	return true;
}

static bool site(struct judge *j, const struct recipe *r, unsigned int i)
{
	const struct recipe_site *s = &r->sites[i];

	judge_at(j, "sites[%u]", i);
	if (!recipe_rule_name(j, "name", s->name))
		return false;
	for (unsigned int k = 0; k < i; k++)
		if (strcmp(r->sites[k].name, s->name) == 0)
			return judge_wrong(j, "name", "there are two sites \"%s\"", s->name);
	if (!s->openocd == !s->start)
		return judge_wrong(j, "",
				   "site \"%s\" has to have either \"openocd\", an address, or "
				   "\"start\", the words that start one",
				   s->name);
	if (s->openocd && !address(j, s->openocd))
		return false;
	if (s->start && !s->start[0][0])
		return judge_wrong(j, "start", "the first word of \"start\" is the program");
	return probe(j, s);
}

/* ---- images ---- */

static bool is_used(const struct recipe_loaded *l, const char *name)
{
	static const enum recipe_step_kind kinds[] = { STEP_FLASH, STEP_VERIFY };

	for (unsigned int i = 0; i < l->step_count; i++)
		for (unsigned int k = 0; k < 2; k++) {
			const struct recipe_step *s = l->steps[i].of[kinds[k]];

			for (unsigned int n = 0; s && n < s->image_count; n++)
				if (strcmp(s->images[n], name) == 0)
					return true;
		}
	return false;
}

static bool digest(struct judge *j, char *text)
{
	if (strlen(text) != 64 || text[strspn(text, DIGITS "abcdefABCDEF")])
		return judge_wrong(j, "sha256",
				   "\"sha256\" has to be the 64 hex digits that "
				   "sha256sum prints");
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'F')
			*text = (char)(*text - 'A' + 'a');
	return true;
}

static bool type(struct judge *j, const struct recipe_image *m)
{
	static const char *const types[] = { "bin", "hex", "srec", "elf" };
	bool known = !m->type;

	for (unsigned int i = 0; i < 4 && !known; i++)
		known = strcmp(types[i], m->type) == 0;
	if (!known)
		return judge_wrong(j, "type", "\"type\" can be: bin, hex, srec, elf; not \"%s\"",
				   m->type);
	if (m->address && m->type && strcmp(m->type, "bin") != 0)
		return judge_wrong(j, "address",
				   "\"address\" is for binaries: a file of type %s has "
				   "its own",
				   m->type);
	if (m->address && *m->address > UINT32_MAX)
		return judge_wrong(j, "address", "\"address\" is beyond 32 bits");
	return true;
}

static bool image(struct judge *j, const struct recipe_loaded *l, unsigned int i)
{
	const struct recipe_image *m = &l->recipe.images[i];

	judge_at(j, "images[%u]", i);
	if (!recipe_rule_name(j, "name", m->name))
		return false;
	for (unsigned int k = 0; k < i; k++)
		if (strcmp(l->recipe.images[k].name, m->name) == 0)
			return judge_wrong(j, "name", "there are two images \"%s\"", m->name);
	if (!digest(j, m->sha256) || !type(j, m))
		return false;
	return is_used(l, m->name) ||
	       judge_wrong(j, "", "no step uses image \"%s\": name it in one, or take it out",
			   m->name);
}

/* ---- chip, limits, mqtt ---- */

static bool chip(struct judge *j, struct recipe_chip *c)
{
	judge_at(j, "chip");
	if (!judge_has(j, "uid"))
		c->uid = true;
	if (c->device_id && (*c->device_id == 0 || *c->device_id > 0xfff))
		return judge_wrong(j, "device_id", "\"device_id\" has to be from 1 to 0xfff");
	if (c->revision_id && *c->revision_id > 0xffff)
		return judge_wrong(j, "revision_id", "\"revision_id\" has to be from 0 to 0xffff");
	if (c->flash_kib && (*c->flash_kib == 0 || *c->flash_kib > 65536))
		return judge_wrong(j, "flash_kib", "\"flash_kib\" has to be from 1 to 65536");
	return true;
}

static bool limits(struct judge *j, struct recipe_limits *m)
{
	judge_at(j, "limits");
	return recipe_rule_range32(j, "fails_in_row", &m->fails_in_row, 0, 1000, 3) &&
	       recipe_rule_range32(j, "board_timeout_s", &m->board_timeout_s, 1, 86400, 300);
}

/* Steps have deadlines of their own, which the board's must not cut off unnoticed. */
static bool time_for_steps(struct judge *j, const struct recipe *r)
{
	for (unsigned int i = 0; i < r->step_count; i++) {
		const struct recipe_step *s = &r->steps[i];

		judge_at(j, "steps[%u].%s", i, recipe_step_names[s->kind]);
		if (s->timeout_s > r->limits.board_timeout_s)
			return judge_wrong(j, "timeout_s",
					   "step \"%s\" may take %u s, all of a board "
					   "only %u s (limits, board_timeout_s)",
					   s->name, s->timeout_s, r->limits.board_timeout_s);
	}
	return true;
}

static bool is_topic(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && text[0] != '/' && text[0] != '$' && text[length - 1] != '/' &&
	       !strpbrk(text, "#+ \n\t") && !strstr(text, "//");
}

static bool mqtt(struct judge *j, struct recipe_mqtt *m)
{
	uint32_t port = m->port;

	judge_at(j, "mqtt");
	if (!recipe_rule_range32(j, "port", &port, 1, 65535, m->ca_file ? 8883 : 1883))
		return false;
	m->port = (uint16_t)port;
	if (strpbrk(m->host, " \n\t/"))
		return judge_wrong(j, "host", "\"%s\" is no host name", m->host);
	if (m->topic && !is_topic(m->topic))
		return judge_wrong(j, "topic",
				   "\"%s\" cannot begin topics: no # + $ or blanks, no / at "
				   "its ends",
				   m->topic);
	return recipe_rule_default(j, &m->topic, "stmfw");
}

/* ---- all of it ---- */

bool recipe_rules(struct judge *j, struct recipe_loaded *l)
{
	struct recipe *r = &l->recipe;

	if (!station(j, r))
		return false;
	for (unsigned int i = 0; i < r->site_count; i++)
		if (!site(j, r, i))
			return false;
	for (unsigned int i = 0; i < r->image_count; i++)
		if (!image(j, l, i))
			return false;
	return chip(j, &r->chip) && recipe_rules_steps(j, l) && recipe_rules_order(j, r) &&
	       (!r->serial || recipe_rules_serial(j, r->serial)) && limits(j, &r->limits) &&
	       time_for_steps(j, r) && (!r->mqtt || mqtt(j, r->mqtt));
}
