/* SPDX-License-Identifier: MIT */
/*
 * The command line. Options about a board belong to the last --chip before them.
 */
#include "options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION "1"

enum option_id {
	OPT_PORT = 1000,
	OPT_READY,
	OPT_CONTROL,
	OPT_LATENCY_US,
	OPT_LATENCY_NS,
	OPT_API,
	OPT_LIST,
	OPT_HELP,
	OPT_VERSION,
	OPT_CHIP,
	OPT_SERIAL, /* from here on: options of a board */
	OPT_FLASH,
	OPT_DUMP,
	OPT_STATS,
	OPT_UID,
	OPT_FIRMWARE,
	OPT_FLASH_TIMES,
	OPT_FAULT,
};

static const struct option long_options[] = {
	{ "port", required_argument, NULL, OPT_PORT },
	{ "ready", required_argument, NULL, OPT_READY },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "latency-us", required_argument, NULL, OPT_LATENCY_US },
	{ "latency-ns-per-byte", required_argument, NULL, OPT_LATENCY_NS },
	{ "api", required_argument, NULL, OPT_API },
	{ "list", no_argument, NULL, OPT_LIST },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "chip", required_argument, NULL, OPT_CHIP },
	{ "serial", required_argument, NULL, OPT_SERIAL },
	{ "flash", required_argument, NULL, OPT_FLASH },
	{ "dump", required_argument, NULL, OPT_DUMP },
	{ "stats", required_argument, NULL, OPT_STATS },
	{ "uid", required_argument, NULL, OPT_UID },
	{ "firmware", required_argument, NULL, OPT_FIRMWARE },
	{ "flash-times", no_argument, NULL, OPT_FLASH_TIMES },
	{ "fault", required_argument, NULL, OPT_FAULT },
	{ NULL, 0, NULL, 0 },
};

static void print_help(void)
{
	printf("usage: stmfw-board [option...] --chip NAME [board option...] [--chip NAME ...]\n"
	       "A virtual ST-Link with an STM32 on it, for OpenOCD's st-link (tcp) backend.\n"
	       "  --port N                  TCP port on 127.0.0.1 (default 0: any free one)\n"
	       "  --ready FILE              write the port number there when ready\n"
	       "  --control PATH            Unix socket for control at run time\n"
	       "  --latency-us N            time a probe command takes\n"
	       "  --latency-ns-per-byte N   and each byte of its data\n"
	       "  --api N                   version of the server protocol, 1 or 2 (default 2)\n"
	       "  --list, --help, --version\n"
	       "Options of the last --chip:\n"
	       "  --serial S                serial number of the probe\n"
	       "  --uid HEX24               unique identity of the chip, bytes as in memory\n"
	       "  --flash FILE[@OFFSET]     initial content of the flash (else blank)\n"
	       "  --dump FILE               write the flash there at exit\n"
	       "  --stats FILE              write counters there at exit (JSON)\n"
	       "  --firmware V2JnSn         version of the probe (default V2J37S7)\n"
	       "  --flash-times             erasing and programming take as long as on silicon\n"
	       "  --fault NAME[=VALUE]      a fault, may be repeated:\n"
	       "%s"
	       "What can be said on the control socket: see stmfw-board(1).\n",
	       fault_names());
}

static void print_chips(void)
{
	const struct chip *chip = NULL;

	for (size_t i = 0; (chip = chip_row(i)); i++)
		printf("%s  %s\n", chip->name, chip->text);
}

__attribute__((noreturn, format(printf, 1, 2))) static void refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("stmfw-board: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

static uint64_t number(const char *name, const char *text, uint64_t max)
{
	uint64_t value = 0;

	if (!parse_number(text, max, &value))
		refuse("--%s: '%s' is not a number up to %ju", name, text, (uintmax_t)max);
	return value;
}

static struct board *add_board(struct server *s, const char *name)
{
	const struct chip *chip = chip_find(name);

	if (!chip)
		refuse("--chip: '%s' is unknown; see --list", name);
	if (s->board_count == BOARDS_MAX)
		refuse("--chip: at most %d boards", BOARDS_MAX);
	struct board *b = board_new(chip, s->board_count + 1);

	if (!b)
		refuse("out of memory");
	s->boards[s->board_count++] = b;
	return b;
}

static void set_serial(struct board *b, const char *serial)
{
	size_t length = strlen(serial);

	if (length == 0 || length > SERIAL_MAX || strpbrk(serial, " \t\r\n"))
		refuse("--serial: 1 to %d characters without spaces", SERIAL_MAX);
	memcpy(b->serial, serial, length + 1);
}

static void set_firmware(struct board *b, const char *text)
{
	unsigned jtag = 0, swim = 0;
	int length = 0;

	if (sscanf(text, "V2J%2uS%2u%n", &jtag, &swim, &length) != 2 || text[length] ||
	    jtag > 63 || swim > 63)
		refuse("--firmware: '%s' is not of the form V2J37S7", text);
	b->link.jtag = jtag;
	b->link.swim = swim;
}

static void read_board_option(struct board *b, int id, const char *value)
{
	const char *problem = NULL;

	switch (id) {
	case OPT_SERIAL:
		set_serial(b, value);
		break;
	case OPT_FLASH:
		problem = file_load_flash(b, value);
		if (problem)
			refuse("--flash: %s: %s", value, problem);
		break;
	case OPT_DUMP:
		b->dump_path = value;
		break;
	case OPT_STATS:
		b->stats_path = value;
		break;
	case OPT_UID:
		if (!parse_uid(value, b->uid))
			refuse("--uid: '%s' is not 24 hexadecimal digits", value);
		break;
	case OPT_FIRMWARE:
		set_firmware(b, value);
		break;
	case OPT_FLASH_TIMES:
		b->ctl.takes_time = true;
		break;
	default:
		problem = fault_arm(b, value);
		if (problem)
			refuse("--fault: %s: %s", value, problem);
	}
}

static void read_global_option(struct options *o, int id, const char *name, const char *value)
{
	switch (id) {
	case OPT_PORT:
		o->port = number(name, value, 65535);
		break;
	case OPT_READY:
		o->ready_path = value;
		break;
	case OPT_CONTROL:
		o->control_path = value;
		break;
	case OPT_LATENCY_US:
		o->server->latency_us = number(name, value, 10000000);
		break;
	case OPT_LATENCY_NS:
		o->server->ns_per_byte = number(name, value, 1000000);
		break;
	case OPT_API:
		o->server->api = (unsigned)number(name, value, 2);
		if (o->server->api == 0)
			refuse("--api: 1 or 2");
		break;
	case OPT_LIST:
		print_chips();
		exit(0);
	case OPT_VERSION:
		puts("stmfw-board " VERSION);
		exit(0);
	default:
		print_help();
		exit(0);
	}
}

static void check_serials(const struct server *s)
{
	for (unsigned i = 0; i < s->board_count; i++)
		for (unsigned k = 0; k < i; k++)
			if (strcmp(s->boards[i]->serial, s->boards[k]->serial) == 0)
				refuse("--serial: %s is given twice", s->boards[i]->serial);
}

void options_read(struct options *o, int argc, char **argv)
{
	struct board *last = NULL;
	int id, index = 0;

	opterr = 0;
	while ((id = getopt_long(argc, argv, "", long_options, &index)) != -1) {
		if (id == '?')
			refuse("'%s' is no option, or lacks or has too much of a value",
			       argv[optind - 1]);
		const char *name = long_options[index].name;

		if (id == OPT_CHIP)
			last = add_board(o->server, optarg);
		else if (id < OPT_CHIP)
			read_global_option(o, id, name, optarg);
		else if (last)
			read_board_option(last, id, optarg);
		else
			refuse("--%s has to follow a --chip", name);
	}
	if (optind < argc)
		refuse("unexpected argument '%s'", argv[optind]);
	if (o->server->board_count == 0)
		refuse("no --chip given; see --help");
	check_serials(o->server);
	for (unsigned i = 0; i < o->server->board_count; i++)
		board_power_on(o->server->boards[i]); /* now that its flash has something to start */
}
