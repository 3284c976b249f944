/* SPDX-License-Identifier: MIT */
/* scene.c - see scene.h. */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES 40
#define NEWS  4
#define TEXT  4096

struct rule {
	char ask[100];
	int code, number;
	char news[NEWS][60];
	size_t news_count;
	char result[TEXT], log[TEXT];
	bool hangs_up;
};

static struct rule hello, rules[RULES];
static size_t rule_count;
static bool wants_news;

/* ---- the file ---------------------------------------------------------------------------- */

static void copy(char *to, size_t cap, const char *text)
{
	ck_assert_msg((size_t)snprintf(to, cap, "%s", text) < cap, "too long: %s", text);
}

/* NULL: the line does not begin so. */
static const char *behind(const char *line, const char *word)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) == 0 ? line + n : NULL;
}

static struct rule *new_rule(const char *ask)
{
	ck_assert_uint_lt(rule_count, RULES);
	copy(rules[rule_count].ask, sizeof(rules[0].ask), ask);
	return &rules[rule_count++];
}

static void add_news(struct rule *rule, const char *record)
{
	ck_assert_uint_lt(rule->news_count, NEWS);
	copy(rule->news[rule->news_count++], sizeof(rule->news[0]), record);
}

/* Where in the file we are. */
struct place {
	struct rule *rule;
	char *text; /* that lines belong to */
	int lines; /* it has so far        */
};

static void begin_text(struct place *at, char *text)
{
	at->text = text;
	at->lines = 0;
}

static void add_line(struct place *at, const char *line)
{
	size_t n = strlen(at->text);

	if (at->lines++ > 0)
		at->text[n++] = '\n';
	copy(at->text + n, TEXT - n, line);
}

static void parse_line(const char *line, struct place *at)
{
	const char *rest;

	if (strcmp(line, "hello") == 0)
		begin_text(at, hello.result);
	else if ((rest = behind(line, "ask ")))
		at->rule = new_rule(rest);
	else if ((rest = behind(line, "code ")))
		ck_assert_int_eq(sscanf(rest, "%d %d", &at->rule->code, &at->rule->number), 2);
	else if ((rest = behind(line, "news ")))
		add_news(at->rule, rest);
	else if (strcmp(line, "result") == 0)
		begin_text(at, at->rule->result);
	else if (strcmp(line, "log") == 0)
		begin_text(at, at->rule->log);
	else if (line[0] == '|')
		add_line(at, line + (line[1] == ' ' ? 2 : 1));
	else if (strcmp(line, "hang up") == 0)
		at->rule->hangs_up = true;
	else
		ck_assert_msg(line[0] == '#' || line[0] == '\0', "what is: %s", line);
}

static void load(const char *name)
{
	const char *folder = getenv("SCENES");
	struct place at = { .rule = &hello, .text = hello.result };
	char path[400], line[400];

	ck_assert_msg(folder != NULL, "SCENES must name the folder of the scenes");
	snprintf(path, sizeof(path), "%s/%s.scene", folder, name);
	FILE *f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s cannot be read", path);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		parse_line(line, &at);
	}
	fclose(f);
}

/* ---- the answers ------------------------------------------------------------------------- */

static const struct rule *find_rule(const char *script)
{
	for (size_t i = 0; i < rule_count; i++)
		if (strstr(script, rules[i].ask))
			return &rules[i];
	ck_abort_msg("no rule of the scene is about: %s", script);
}

static void answer(struct fake_conn *conn, const char *script, size_t length, void *arg)
{
	const struct rule *rule = find_rule(script);

	(void)length;
	(void)arg;
	if (strstr(script, "notifications o"))
		wants_news = strstr(script, "notifications on") != NULL;
	for (size_t i = 0; wants_news && i < rule->news_count; i++)
		fake_notify(conn, rule->news[i]);
	fake_reply(conn, rule->code, rule->number, rule->result, strlen(rule->result), rule->log);
	if (rule->hangs_up)
		fake_hang_up(conn);
}

void scene_play(struct fake_ocd *ocd, const char *name)
{
	memset(&hello, 0, sizeof(hello));
	memset(rules, 0, sizeof(rules));
	rule_count = 0;
	wants_news = false;
	load(name);
	fake_ocd_greet_with(ocd, hello.result);
	fake_ocd_answer(ocd, answer, NULL);
}
