/* SPDX-License-Identifier: MIT */
/*
 * The command line: read it, and at the end say in one line what became of it.
 *
 * With --json the object "end" must come whatever happens, a bad option included; so --json is
 * looked for before anything else is read.
 */
#include "cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stmfw.h>

#include "jsonl.h"
#include "text.h"

#define WAIT_MAX_S 86400u
#define SCREEN_COLUMNS 80

/* Else the next file or socket would get that number, and what is printed would go there. */
static void open_missing(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void cli_init(struct cli *cli, const char *tool)
{
	memset(cli, 0, sizeof(*cli));
	cli->tool = tool;
	open_missing();
	signal(SIGPIPE, SIG_IGN);
}

/* ---- exit codes ---- */

const char *cli_exit_name(enum cli_exit code)
{
	switch (code) {
#define CLI_EXIT_NAME(name, number, meaning)                                                  \
	case CLI_##name:                                                                      \
		return #name;
		CLI_EXITS(CLI_EXIT_NAME)
#undef CLI_EXIT_NAME
	}
	return "INTERNAL";
}

enum cli_exit cli_exit_of(int status)
{
	switch (status) {
	case STMFW_OK:
		return CLI_OK;
	case STMFW_ECONNECT:
		return CLI_CONNECT;
	case STMFW_ELOST:
	case STMFW_ETIMEDOUT:
	case STMFW_EPROTO:
		return CLI_LOST;
	case STMFW_ETARGET:
		return CLI_TARGET;
	case STMFW_EPROTECTED:
		return CLI_PROTECTED;
	case STMFW_ERANGE:
		return CLI_RANGE;
	case STMFW_EVERIFY:
		return CLI_VERIFY;
	case STMFW_EFILE:
		return CLI_FILE;
	case STMFW_EUNSUPPORTED:
		return CLI_UNSUPPORTED;
	case STMFW_ECOMMAND:
		return CLI_COMMAND;
	default:
		return CLI_INTERNAL;
	}
}

/* With the exit codes by name; stmfw(7) says what they mean. The whole fits a screen. */
static void print_help(const char *help)
{
	static const struct {
		int number;
		const char *name;
	} exits[] = {
#define CLI_EXIT_ROW(name, number, meaning) { number, #name },
		CLI_EXITS(CLI_EXIT_ROW)
#undef CLI_EXIT_ROW
	};
	int column = printf("%sExit codes:", help) - (int)strlen(help);

	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		char word[32];
		int n = snprintf(word, sizeof(word), "  %d %s", exits[i].number, exits[i].name);

		if (column + n > SCREEN_COLUMNS)
			column = printf("\n") - 1;
		column += printf("%s", word);
	}
	printf("\n");
}

/* ---- reading the command line ---- */

static bool set_server(struct cli *cli, const char *text, const char *from)
{
	if (server_parse(&cli->server, text))
		return true;
	cli_fail(cli, CLI_USAGE, "Use " SERVER_SYNTAX ".", "\"%s\" in %s is no address.", text, from);
	return false;
}

/* The environment's is not even looked at where the command line says another. */
static bool choose_server(struct cli *cli)
{
	const char *environment = getenv("STMFW_OPENOCD");

	return cli->server.text[0] != '\0' ||
	       set_server(cli, environment ? environment : "", "STMFW_OPENOCD");
}

static bool set_wait(struct cli *cli, const char *text)
{
	uint64_t seconds;

	if (!text_parse_number(text, WAIT_MAX_S, &seconds)) {
		cli_fail(cli, CLI_USAGE, "Use a number of seconds up to 86400.",
			 "\"%s\" in --wait is no such number.", text);
		return false;
	}
	cli->wait_s = (unsigned int)seconds;
	return true;
}

static bool set_transfer(struct cli *cli, const char *text)
{
	static const char *const names[] = { "auto", "shared", "inline" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0) {
			cli->transfer = (enum stmfw_transfer)i;
			return true;
		}
	cli_fail(cli, CLI_USAGE, "--help lists what can be said.",
		 "--transfer does not take \"%s\".", text);
	return false;
}

static bool bad_option(struct cli *cli, int kind, char **argv)
{
	const char *word = argv[optind - 1];
	char letter[3] = { '-', (char)optopt, '\0' };

	if (optopt > 0 && optopt < 128 && strncmp(word, "--", 2) != 0)
		word = letter;
	cli_fail(cli, CLI_USAGE, "--help lists the options.",
		 kind == ':' ? "Option \"%s\" needs a value." : "Option \"%s\" is not understood.",
		 word);
	return false;
}

/* --help and --version answer in plain text, whatever else was asked for. */
static bool answer(struct cli *cli, int option, const char *help)
{
	if (option == 'h')
		print_help(help);
	else
		printf("%s %s\n", cli->tool, stmfw_version_string());
	cli->json = false;
	return false;
}

static bool take_option(struct cli *cli, int option, char **argv, const struct cli_syntax *syntax)
{
	switch (option) {
	case CLI_OPT_OPENOCD:
		return set_server(cli, optarg, "--openocd");
	case CLI_OPT_WAIT:
		return set_wait(cli, optarg);
	case CLI_OPT_TRANSFER:
		return set_transfer(cli, optarg);
	case CLI_OPT_JSON:
		cli->json = true;
		return true;
	case 'q':
		cli->talk = CLI_QUIET;
		return true;
	case 'v':
		cli->talk = CLI_VERBOSE;
		return true;
	case 'h':
	case CLI_OPT_VERSION:
		return answer(cli, option, syntax->help);
	case '?':
	case ':':
		return bad_option(cli, option, argv);
	default:
		return syntax->own(syntax->arg, option, optarg);
	}
}

static bool wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

bool cli_parse(struct cli *cli, int argc, char **argv, const struct cli_syntax *syntax)
{
	int option;

	cli->json = wants_json(argc, argv);
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":hqv", syntax->options, NULL)) != -1)
		if (!take_option(cli, option, argv, syntax))
			return false;
	if (argc - optind > syntax->operands) {
		cli_fail(cli, CLI_USAGE, "--help shows how it is called.",
			 "\"%s\" is too much.", argv[optind + syntax->operands]);
		return false;
	}
	if (!choose_server(cli))
		return false;
	if (!cli->server.address.is_local)
		cli_warn(cli, "%s is another machine: the connection has no password and no "
			      "encryption, and whoever reaches that port owns the board.",
			 cli->server.address.host);
	return true;
}

void cli_begin(const struct cli *cli)
{
	if (cli->json)
		jsonl_write(json_pack("{s:s, s:s, s:s, s:o}", "event", "begin", "tool", cli->tool,
				      "version", stmfw_version_string(), "server",
				      jsonl_text(cli->server.text)));
}

/* ---- talking ---- */

void cli_fail(struct cli *cli, enum cli_exit code, const char *advice, const char *format, ...)
{
	va_list args;

	if (cli->exit != CLI_OK)
		return;
	cli->exit = code;
	snprintf(cli->advice, sizeof(cli->advice), "%s", advice);
	va_start(args, format);
	vsnprintf(cli->message, sizeof(cli->message), format, args);
	va_end(args);
}

void cli_add(struct cli *cli, const char *format, ...)
{
	size_t n = strlen(cli->message);
	va_list args;

	if (n > 0 && n + 1 < sizeof(cli->message))
		cli->message[n++] = ' ';
	va_start(args, format);
	vsnprintf(cli->message + n, sizeof(cli->message) - n, format, args);
	va_end(args);
}

bool cli_told(const struct cli *cli, const char *words)
{
	return strcasestr(cli->message, words) != NULL;
}

void cli_say(const struct cli *cli, const char *format, ...)
{
	va_list args;

	if (cli->talk == CLI_QUIET || cli->json)
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void cli_warn(const struct cli *cli, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: warning: ", cli->tool);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void cli_openocd_said(const struct cli *cli, const char *line)
{
	char plain[1024];

	if (cli->talk == CLI_VERBOSE)
		fprintf(stderr, "openocd: %s\n", text_harmless(plain, sizeof(plain), line));
}

/* ---- the end ---- */

json_t *cli_end_object(const struct cli *cli)
{
	return json_pack("{s:s, s:b, s:s, s:i, s:o, s:o}", "event", "end", "ok",
			 cli->exit == CLI_OK, "code", cli_exit_name(cli->exit), "exit",
			 (int)cli->exit, "message", jsonl_text(cli->message), "advice",
			 jsonl_text(cli->advice));
}

int cli_end(struct cli *cli, json_t *end)
{
	if (cli->json)
		jsonl_write(end);
	else
		json_decref(end);
	if ((fflush(stdout) != 0 || ferror(stdout)) && cli->exit == CLI_OK) {
		char result[sizeof(cli->message)];

		memcpy(result, cli->message, sizeof(result));
		cli_fail(cli, CLI_FILE, "", "The result could not be written to stdout.");
		cli_add(cli, "%s", result);
	}
	bool advise = cli->advice[0] && !cli_told(cli, cli->advice);

	if (cli->exit != CLI_OK)
		fprintf(stderr, "%s: %s%s%s\n", cli->tool, cli->message, advise ? " " : "",
			advise ? cli->advice : "");
	server_free(&cli->server);
	return (int)cli->exit;
}
