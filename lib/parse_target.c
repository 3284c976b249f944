/* SPDX-License-Identifier: MIT */
/* The list of targets: see parse_target.h. */
#include "parse_target.h"

#include <string.h>

#include "parse.h"

static enum stmfw_state parse_state(const char *word)
{
	static const struct {
		const char *word;
		enum stmfw_state state;
	} states[] = {
		{ "running", STMFW_TARGET_RUNNING },
		{ "halted", STMFW_TARGET_HALTED },
		{ "reset", STMFW_TARGET_RESET },
		{ "debug-running", STMFW_TARGET_DEBUG_RUNNING },
		{ "unavailable", STMFW_TARGET_UNAVAILABLE },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(word, states[i].word) == 0)
			return states[i].state;
	return STMFW_TARGET_UNKNOWN;
}

static bool parse_target(char *line, stmfw_target *t)
{
	const char *name = stmfw__next_piece(&line, '\t');
	const char *type = stmfw__next_piece(&line, '\t');
	const char *state = stmfw__next_piece(&line, '\t');
	const char *examined = stmfw__next_piece(&line, '\t');

	if (!examined)
		return false;
	*t = (stmfw_target){ .name = name,
			     .type = type,
			     .state = parse_state(state),
			     .state_name = state,
			     .examined = strcmp(examined, "1") == 0 };
	return true;
}

bool stmfw__parse_targets(struct arena *a, char *text, stmfw_target **targets, size_t *count)
{
	stmfw_target *list = stmfw__arena_alloc(a, stmfw__count_lines(text) * sizeof(*list));
	size_t n = 0;

	if (!list)
		return false;
	for (char *rest = text, *line; (line = stmfw__next_piece(&rest, '\n'));)
		if (*line && !parse_target(line, &list[n++]))
			return false;
	*targets = list;
	*count = n;
	return true;
}
