/* SPDX-License-Identifier: MIT */
/*
 * What a test can ask for while the server runs: one line is one command. Commands about a board
 * take its serial number as last word; without one they mean the first board.
 */
#include "server.h"

#include <string.h>

#define WORDS_MAX 3

/* A command's outcome: a problem, or a reply (NULL = plain success). */
struct outcome {
	const char *problem;
	json_t *reply;
};

struct call {
	struct server *server;
	struct board *board;
	const char *argument;
};

static struct outcome run_stats(const struct call *call)
{
	json_t *stats = stats_json(call->board);

	return (struct outcome){ NULL, json_pack("{sb so}", "ok", 1, "stats", stats) };
}

static struct outcome run_dump(const struct call *call)
{
	const struct board *b = call->board;
	bool saved = file_replace(call->argument, b->flash, chip_flash_size(b->chip));

	return (struct outcome){ saved ? NULL : "cannot write that file", NULL };
}

static struct outcome run_load(const struct call *call)
{
	return (struct outcome){ file_load_flash(call->board, call->argument), NULL };
}

static struct outcome run_fault(const struct call *call)
{
	return (struct outcome){ fault_arm(call->board, call->argument), NULL };
}

static struct outcome run_clear(const struct call *call)
{
	fault_clear(call->board);
	server_retry(call->server);
	return (struct outcome){ NULL, NULL };
}

static struct outcome run_unplug(const struct call *call)
{
	call->board->plugged = false;
	return (struct outcome){ NULL, NULL };
}

static struct outcome run_plug(const struct call *call)
{
	call->board->faults[FAULT_UNPLUG_AFTER].on = false;
	if (!call->board->plugged)
		board_power_on(call->board);
	call->board->plugged = true;
	return (struct outcome){ NULL, NULL };
}

static struct outcome run_swap(const struct call *call)
{
	uint8_t uid[UID_SIZE];

	if (!parse_uid(call->argument, uid))
		return (struct outcome){ "a UID is 24 hexadecimal digits", NULL };
	board_swap(call->board, uid);
	return (struct outcome){ NULL, NULL };
}

static struct outcome run_pause(const struct call *call)
{
	call->server->paused = true;
	return (struct outcome){ NULL, NULL };
}

static struct outcome run_resume(const struct call *call)
{
	struct server *s = call->server;

	s->paused = false;
	for (unsigned i = 0; i < s->board_count; i++)
		if (s->boards[i]->faults[FAULT_STALL_AFTER].seen ==
		    s->boards[i]->faults[FAULT_STALL_AFTER].value)
			s->boards[i]->faults[FAULT_STALL_AFTER].on = false;
	server_retry(s);
	return (struct outcome){ NULL, NULL };
}

static struct outcome run_latency(const struct call *call)
{
	if (!parse_number(call->argument, 10000000, &call->server->latency_us))
		return (struct outcome){ "not a number of microseconds", NULL };
	return (struct outcome){ NULL, NULL };
}

enum argument { NO_ARGUMENT, ONE_ARGUMENT };
enum subject { THE_SERVER, A_BOARD };

static const struct {
	const char *name;
	enum argument argument;
	enum subject subject;
	struct outcome (*run)(const struct call *call);
} commands[] = {
	{ "stats", NO_ARGUMENT, A_BOARD, run_stats },
	{ "dump", ONE_ARGUMENT, A_BOARD, run_dump },
	{ "load", ONE_ARGUMENT, A_BOARD, run_load },
	{ "fault", ONE_ARGUMENT, A_BOARD, run_fault },
	{ "clear", NO_ARGUMENT, A_BOARD, run_clear },
	{ "unplug", NO_ARGUMENT, A_BOARD, run_unplug },
	{ "plug", NO_ARGUMENT, A_BOARD, run_plug },
	{ "swap", ONE_ARGUMENT, A_BOARD, run_swap },
	{ "pause", NO_ARGUMENT, THE_SERVER, run_pause },
	{ "resume", NO_ARGUMENT, THE_SERVER, run_resume },
	{ "latency", ONE_ARGUMENT, THE_SERVER, run_latency },
};

static struct board *by_serial(const struct server *s, const char *serial)
{
	if (!serial)
		return s->boards[0];
	for (unsigned i = 0; i < s->board_count; i++)
		if (strcmp(s->boards[i]->serial, serial) == 0)
			return s->boards[i];
	return NULL;
}

static struct outcome run_words(struct server *s, char *words[], unsigned count)
{
	struct call call = { .server = s };
	unsigned i = 0;

	while (i < sizeof(commands) / sizeof(commands[0]) &&
	       strcmp(commands[i].name, words[0]) != 0)
		i++;
	if (i == sizeof(commands) / sizeof(commands[0]))
		return (struct outcome){ "no such command", NULL };
	unsigned needed = commands[i].argument == ONE_ARGUMENT ? 2 : 1;
	unsigned allowed = needed + (commands[i].subject == A_BOARD ? 1 : 0);

	if (count < needed || count > allowed)
		return (struct outcome){ "wrong number of words", NULL };
	call.argument = needed == 2 ? words[1] : NULL;
	call.board = by_serial(s, count > needed ? words[needed] : NULL);
	if (!call.board)
		return (struct outcome){ "no board has this serial number", NULL };
	return commands[i].run(&call);
}

static struct outcome run_line(struct server *s, char *line)
{
	char *words[WORDS_MAX + 1];
	char *rest = NULL;
	unsigned count = 0;

	while (count <= WORDS_MAX && (words[count] = strtok_r(count ? NULL : line, " \t\r", &rest)))
		count++;
	if (count == 0)
		return (struct outcome){ "empty line", NULL };
	return run_words(s, words, count);
}

json_t *command_run(struct server *s, char *line)
{
	struct outcome outcome = run_line(s, line);

	if (outcome.problem)
		return json_pack("{sb ss}", "ok", 0, "error", outcome.problem);
	return outcome.reply ? outcome.reply : json_pack("{sb}", "ok", 1);
}
