/* SPDX-License-Identifier: MIT */
/*
 * What the command line tools share: options, exit codes, and how a run ends.
 *
 * A tool fills in a struct cli as it goes. The first failure decides: cli_fail() keeps it, later
 * ones change nothing. cli_end() says it, in one line on stderr or as the JSON object "end", and
 * returns the exit code.
 */
#ifndef CLI_H
#define CLI_H

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>

#include <stmfw.h>

#include "server.h"

/*
 * The exit codes of all tools: name (also "code" in JSON), number, meaning. They tell what to do
 * next, not where in the program it happened. 126 and up belong to the shell.
 */
#define CLI_EXITS(X)                                                                           \
	X(OK, 0, "done and proven; or equal")                                                  \
	X(DIFFERS, 1, "compared, and different; or too few boards passed (stmfw-station run)") \
	X(USAGE, 2, "wrong command line; or --yes is missing")                                 \
	X(CONNECT, 3, "OpenOCD not reached")                                                   \
	X(LOST, 4, "the connection broke, no answer in time, or not an OpenOCD TCL port")      \
	X(TARGET, 5, "the chip does not respond as it should")                                 \
	X(PROTECTED, 6, "the chip is protected")                                               \
	X(RANGE, 7, "no such bank, or the range does not fit")                                 \
	X(VERIFY, 8, "the proof failed, or two reads differ")                                  \
	X(FILE, 9, "a local file could not be made, written or read, exists, or is damaged")   \
	X(SUSPECT, 10, "saved, but the content looks wrong")                                   \
	X(UNSUPPORTED, 11, "this OpenOCD, chip or setup cannot do it")                         \
	X(COMMAND, 12, "OpenOCD reported failure")                                             \
	X(INTERNAL, 13, "out of memory, or a fault of the tool")                               \
	X(BOARD, 14, "another board or chip than the one that is meant")                       \
	X(INTERRUPTED, 130, "stopped by Ctrl-C")                                               \
	X(TERMINATED, 143, "stopped by SIGTERM, or SIGHUP: the terminal was closed")

enum cli_exit {
#define CLI_EXIT_ENUM(name, number, meaning) CLI_##name = (number),
	CLI_EXITS(CLI_EXIT_ENUM)
#undef CLI_EXIT_ENUM
};

enum cli_talk { CLI_NORMAL, CLI_QUIET, CLI_VERBOSE };

struct cli {
	const char *tool;
	struct server server;
	unsigned int wait_s; /* for an OpenOCD that is still starting */
	enum cli_talk talk;
	bool json;
	enum stmfw_transfer transfer;
	enum cli_exit exit;
	char message[1536]; /* what happened, whole sentences */
	char advice[512];   /* what to do next, or ""         */
};

/* Options that every tool has; a tool's own are long ones with values from CLI_OWN up. */
#define CLI_LONG_OPTIONS                                                                      \
	{ "openocd", required_argument, NULL, CLI_OPT_OPENOCD },                              \
	{ "wait", required_argument, NULL, CLI_OPT_WAIT },                                    \
	{ "json", no_argument, NULL, CLI_OPT_JSON }, { "quiet", no_argument, NULL, 'q' },     \
	{ "verbose", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' },            \
	{ "version", no_argument, NULL, CLI_OPT_VERSION }, { NULL, 0, NULL, 0 }

/* The one more of tools that move content of flash. */
#define CLI_TRANSFER_OPTION { "transfer", required_argument, NULL, CLI_OPT_TRANSFER }

enum {
	CLI_OPT_OPENOCD = 256,
	CLI_OPT_WAIT,
	CLI_OPT_JSON,
	CLI_OPT_VERSION,
	CLI_OPT_TRANSFER,
	CLI_OWN
};

/* The lines of --help that go with them. */
#define CLI_HELP                                                                              \
	"  --openocd WHERE        HOST[:PORT], telnet://HOST[:PORT], unix:PATH or\n"          \
	"                         exec:COMMAND; else $STMFW_OPENOCD, else 127.0.0.1:6666\n"   \
	"  --wait SECONDS         for an OpenOCD that is still starting\n"                    \
	"  --json                 one JSON object per line on stdout\n"                       \
	"  -q, --quiet            no progress; -v, --verbose: OpenOCD's own words, too\n"     \
	"  -h, --help, --version\n"
#define CLI_TRANSFER_HELP                                                                     \
	"  --transfer HOW         auto: in a file if OpenOCD sees it; shared; inline\n"

/* Takes one option of the tool's own. False: after cli_fail(). */
typedef bool (*cli_own_option)(void *arg, int option, const char *value);

struct cli_syntax {
	const struct option *options;
	const char *help;
	int operands; /* at most */
	cli_own_option own;
	void *arg;
};

/* Prepares the process, too, and comes first: opens what is missing of stdin, stdout and stderr, and
   from here on SIGPIPE is ignored. */
void cli_init(struct cli *cli, const char *tool);
/* Reads the command line; optind is then the first operand. False: nothing more is to be done. */
bool cli_parse(struct cli *cli, int argc, char **argv, const struct cli_syntax *syntax);

/* The JSON object "begin". */
void cli_begin(const struct cli *cli);

/* Keeps the first failure. The format makes whole sentences. */
void cli_fail(struct cli *cli, enum cli_exit code, const char *advice, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Adds another sentence to the message. */
void cli_add(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whether the message has these words already. */
bool cli_told(const struct cli *cli, const char *words);
/* One line for people on stderr, unless they asked for quiet or for JSON. */
void cli_say(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same, and not to be silenced. */
void cli_warn(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* One line that OpenOCD logged. */
void cli_openocd_said(const struct cli *cli, const char *line);

/* "SUSPECT" */
const char *cli_exit_name(enum cli_exit code);
/* A status of the library as an exit code. */
enum cli_exit cli_exit_of(int status);
/* The object "end", without what a tool adds to it. */
json_t *cli_end_object(const struct cli *cli);
/* Says how it ended; end may be NULL and is released. Returns the exit code. */
int cli_end(struct cli *cli, json_t *end);

#endif
