/* SPDX-License-Identifier: MIT */
/*
 * Has every site a probe of its own?
 *
 * OpenOCD takes the first probe of its kind unless it is told which one: by the keys of the site, in
 * its words (-c), or in a file (-f), which is not read here. So only what cannot be right is told: the
 * same probe, or two sites on this machine whose words differ in nothing that could choose a probe, and
 * that do not both name one.
 */
#include "recipe_probes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../server.h"
#include "../text.h"

#define NAME_OF_PROBE 130

struct probe {
	const struct recipe_site *site;
	char *words; /* all that could choose a probe, one below the other; NULL: OpenOCD runs already */
	bool is_remote;
	char serial[NAME_OF_PROBE], place[NAME_OF_PROBE]; /* "": not said */
	char channel[NAME_OF_PROBE]; /* of a chip that is several probes (FTDI) */
};

struct check {
	struct probe *probes;
	struct faults *faults;
};

/* ---- words of OpenOCD ---- */

/* One blank between two words, and no quotes. */
static void tidy(char *command)
{
	char *to = command;

	for (const char *from = command; *from; from++)
		if (!strchr(" \t\r{}\"", *from))
			*to++ = *from;
		else if (to > command && to[-1] != ' ')
			*to++ = ' ';
	if (to > command && to[-1] == ' ')
		to--;
	*to = '\0';
}

/* Ports, logs, speed: whatever they are, the probe is the same. */
static bool is_no_choice(const char *command)
{
	static const char *const known[] = {
		"gdb_port",    "tcl_port", "telnet_port", "gdb port",	   "tcl port",
		"telnet port", "bindto",   "log_output",  "debug_level",   "echo",
		"init",	       "transport", "adapter speed", "adapter_khz", "reset_config",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t n = strlen(known[i]);

		if (strncmp(command, known[i], n) == 0 && (command[n] == ' ' || !command[n]))
			return true;
	}
	return command[0] == '\0';
}

static bool ends_with(const char *text, size_t length, const char *end)
{
	size_t n = strlen(end);

	return length >= n && strncmp(text + length - n, end, n) == 0;
}

/* "adapter serial X", "hla_serial X", "adapter usb location X", "ftdi channel 1": the last one counts. */
static bool take_choice(struct probe *p, const char *command)
{
	const char *value = strrchr(command, ' ');
	size_t length = value ? (size_t)(value - command) : 0;

	if (ends_with(command, length, "serial"))
		snprintf(p->serial, sizeof(p->serial), "%s", value + 1);
	else if (ends_with(command, length, "location"))
		snprintf(p->place, sizeof(p->place), "%s", value + 1);
	else if (ends_with(command, length, "channel"))
		snprintf(p->channel, sizeof(p->channel), "%s", value + 1);
	else
		return false;
	return true;
}

static void take_commands(struct probe *p, FILE *out, const char *text)
{
	char *copy = strdup(text), *rest = copy, *command;

	while (rest && (command = strsep(&rest, ";\n")) != NULL) {
		tidy(command);
		if (!is_no_choice(command) && !take_choice(p, command))
			fprintf(out, "-c %s\n", command);
	}
	free(copy);
}

/* What an option says: in the same word or, then *i moves on, in the next one. NULL: another option. */
static const char *value_of(char *const *words, unsigned int *i, const char *brief, const char *full)
{
	const char *word = words[*i];
	size_t n = strlen(full);

	if (strncmp(word, full, n) == 0 && word[n] == '=')
		return word + n + 1;
	if (strcmp(word, brief) == 0 || strcmp(word, full) == 0)
		return words[*i + 1] ? words[++*i] : "";
	return strncmp(word, brief, 2) == 0 ? word + 2 : NULL;
}

/* Files of target/ are about chips, whichever it is. */
static void take_words(struct probe *p, FILE *out, char *const *words)
{
	const char *value;

	for (unsigned int i = 1; words[i]; i++) {
		if ((value = value_of(words, &i, "-c", "--command")) != NULL)
			take_commands(p, out, value);
		else if ((value = value_of(words, &i, "-f", "--file")) != NULL)
			fprintf(out, "-f %s\n", strncmp(value, "target/", 7) == 0 ? "" : value);
		else if (!value_of(words, &i, "-l", "--log_output") &&
			 strncmp(words[i], "-d", 2) != 0 && strncmp(words[i], "--debug", 7) != 0)
			fprintf(out, "%s\n", words[i]);
	}
}

/* ---- one site ---- */

/* "openocd-0.11", too. */
static bool is_openocd(const char *program)
{
	const char *slash = strrchr(program, '/');

	return strncmp(slash ? slash + 1 : program, "openocd", strlen("openocd")) == 0;
}

/* Another program, ssh or a script of the line, has words that only it understands. */
static void take_start(struct probe *p, char *const *words)
{
	size_t length;
	FILE *out = open_memstream(&p->words, &length);

	if (!out)
		return;
	p->is_remote = server_is_ssh(words[0]);
	if (is_openocd(words[0]))
		take_words(p, out, words);
	else
		for (unsigned int i = 0; words[i]; i++)
			fprintf(out, "%s\n", words[i]);
	fclose(out);
}

static void take_site(struct probe *p, const struct recipe_site *s)
{
	struct server server = { .argv = NULL };
	char **words = NULL;

	p->site = s;
	if (s->start) {
		words = calloc(s->start_count + 1, sizeof(*words)); /* with a NULL behind them */
		if (words)
			memcpy(words, s->start, s->start_count * sizeof(*words));
	} else if (!server_parse(&server, s->openocd)) {
		return;
	}
	if (words || server.argv)
		take_start(p, words ? words : server.argv);
	/* The station puts them behind all others. */
	if (s->adapter_serial)
		snprintf(p->serial, sizeof(p->serial), "%s", s->adapter_serial);
	if (s->usb_path)
		snprintf(p->place, sizeof(p->place), "%s", s->usb_path);
	free(words);
	server_free(&server);
}

/* ---- two sites ---- */

static bool same_words(const struct probe *a, const struct probe *b)
{
	return a->words && b->words && strcmp(a->words, b->words) == 0;
}

/* USB paths repeat from machine to machine. By ssh, only the same words surely lead to the same. */
static bool same_machine(const struct probe *a, const struct probe *b)
{
	return a->is_remote || b->is_remote ? same_words(a, b) : a->words && b->words;
}

static bool has_choice(const struct probe *p)
{
	return p->serial[0] || p->place[0];
}

static const char *plain_host(const char *host)
{
	return strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ? "127.0.0.1" : host;
}

/* Of those that run already. */
static bool same_server(const struct recipe_site *a, const struct recipe_site *b)
{
	stmfw_address x, y;

	if (!a->openocd || !b->openocd || stmfw_address_parse(&x, a->openocd) != STMFW_OK ||
	    stmfw_address_parse(&y, b->openocd) != STMFW_OK || x.way != y.way || x.port != y.port)
		return false;
	return x.port ? strcasecmp(plain_host(x.host), plain_host(y.host)) == 0
		      : strcmp(x.host, y.host) == 0;
}

/* OpenOCD compares serial numbers byte by byte; but no two probes have one that differ in capitals only,
   so one of the sites could never find its probe. */
static void check_pair(struct check *c, const struct probe *a, const struct probe *b)
{
	const char *x = a->site->name, *y = b->site->name;
	bool both_placed = a->place[0] && b->place[0];

	if (same_server(a->site, b->site))
		faults_add(c->faults, "Sites \"%s\" and \"%s\" have the same OpenOCD, %s.", x, y, b->site->openocd);
	else if (!same_machine(a, b) || strcmp(a->channel, b->channel) != 0)
		return;
	else if (both_placed && strcmp(a->place, b->place) == 0)
		faults_add(c->faults, "Sites \"%s\" and \"%s\" have the same probe: usb_path %s.", x, y, b->place);
	else if (!both_placed && a->serial[0] && strcasecmp(a->serial, b->serial) == 0)
		faults_add(c->faults, "Sites \"%s\" and \"%s\" have the same probe: adapter_serial %s.", x, y,
		     b->serial);
	else if (same_words(a, b) && !(has_choice(a) && has_choice(b)))
		faults_add(c->faults,
		     "Sites \"%s\" and \"%s\" start OpenOCD alike: which probe is whose? Give each an "
		     "adapter_serial or a usb_path.",
		     x, y);
}

void recipe_check_probes(const struct recipe *r, struct faults *faults)
{
	struct check c = { .faults = faults };

	c.probes = calloc(r->site_count, sizeof(*c.probes));
	if (!c.probes) {
		faults_add(faults, "Out of memory.");
		return;
	}
	for (unsigned int i = 0; i < r->site_count; i++) {
		take_site(&c.probes[i], &r->sites[i]);
		for (unsigned int k = 0; k < i; k++)
			check_pair(&c, &c.probes[k], &c.probes[i]);
	}
	for (unsigned int i = 0; i < r->site_count; i++)
		free(c.probes[i].words);
	free(c.probes);
}
