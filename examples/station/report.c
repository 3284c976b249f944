/* SPDX-License-Identifier: MIT */
/*
 * stmfw-station report: what a record says.
 *
 *     options -> which file -> one look at it, in one transaction -> table, CSV or JSON
 *
 * It only reads, also beside a station that is at work.
 */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "../cli.h"
#include "../jsonl.h"
#include "../text.h"
#include "recipe.h"
#include "record_schema.h"

enum form { FORM_TABLE, FORM_CSV };

struct report {
	struct cli cli;
	const char *record; /* --record */
	struct report_query query;
	enum form form;
	struct db db;
	json_t *doc;
};

static const char help[] =
	"Usage: stmfw-station report [OPTION...] [RECIPE]\n"
	"Shows what was recorded: counts, yield, slowest step, failures by reason; or all\n"
	"that happened to one board. It only reads, also while the station works.\n"
	"\n"
	"  RECIPE                 the record that this recipe names\n"
	"  --record FILE          this record\n"
	"  --uid UID              the history of the board with this unique id\n"
	"  --serial NUMBER        the history of the board with this serial number\n"
	"  --since WHEN           boards from then on: 2025-01-31, 2025-01-31T14:00\n"
	"                         (local time), or 30m, 12h, 7d: so long ago\n"
	"  --csv                  a line for each board, for a spreadsheet; times in UTC\n"
	"  --json                 one document, in one line; times in UTC\n"
	"  -h, --help, --version; -q, --quiet, -v, --verbose: without effect\n";

enum { OPT_RECORD = CLI_OWN, OPT_UID, OPT_SERIAL, OPT_SINCE, OPT_CSV };

static const struct option options[] = {
	{ "record", required_argument, NULL, OPT_RECORD },
	{ "uid", required_argument, NULL, OPT_UID },
	{ "serial", required_argument, NULL, OPT_SERIAL },
	{ "since", required_argument, NULL, OPT_SINCE },
	{ "csv", no_argument, NULL, OPT_CSV },
	{ "json", no_argument, NULL, CLI_OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, CLI_OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* ---- options ---- */

/* "7d" */
static bool parse_ago(const char *text, int64_t *ms)
{
	static const char units[] = "mhd";
	static const int64_t unit_s[] = { 60, 3600, 86400 };
	size_t n = strlen(text);
	char digits[16];
	uint64_t count;

	if (n < 2 || n > sizeof(digits))
		return false;
	const char *unit = strchr(units, text[n - 1]);
	snprintf(digits, sizeof(digits), "%.*s", (int)n - 1, text);
	if (!unit || !text_parse_number(digits, 1000000, &count))
		return false;
	*ms = ((int64_t)time(NULL) - (int64_t)count * unit_s[unit - units]) * 1000;
	return true;
}

/* strptime() takes the 31st of any month; mktime() would make another day of it. */
static bool is_in_calendar(const struct tm *tm)
{
	struct tm utc = *tm; /* where no clock is ever put forward */

	timegm(&utc);
	return utc.tm_mday == tm->tm_mday;
}

static bool parse_date(const char *text, int64_t *ms)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
					     "%Y-%m-%dT%H:%M:%S" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &tm);

		if (!end || *end)
			continue;
		if (!is_in_calendar(&tm))
			return false;
		*ms = (int64_t)mktime(&tm) * 1000;
		return true;
	}
	return false;
}

static bool set_since(struct report *report, const char *text)
{
	if (parse_ago(text, &report->query.since_ms) || parse_date(text, &report->query.since_ms))
		return true;
	cli_fail(&report->cli, CLI_USAGE, "Use 2025-01-31, 2025-01-31T14:00, 30m, 12h or 7d.",
		 "\"%s\" in --since is no time.", text);
	return false;
}

/* Whose variable is empty in a script does not mean all boards. */
static bool set_board(struct report *report, const char **which, const char *name,
		      const char *value)
{
	*which = value;
	if (!value[0])
		cli_fail(&report->cli, CLI_USAGE, "", "--%s is empty. Of which board?", name);
	return value[0] != '\0';
}

static bool take_option(void *arg, int option, const char *value)
{
	struct report *report = arg;

	switch (option) {
	case OPT_RECORD:
		report->record = value;
		return true;
	case OPT_UID:
		return set_board(report, &report->query.uid, "uid", value);
	case OPT_SERIAL:
		return set_board(report, &report->query.serial, "serial", value);
	case OPT_SINCE:
		return set_since(report, value);
	default:
		report->form = FORM_CSV;
		return true;
	}
}

static bool check_options(struct report *report, int operands)
{
	struct cli *cli = &report->cli;

	if ((report->record != NULL) == (operands > 0))
		cli_fail(cli, CLI_USAGE, "--help shows how it is called.",
			 "Which record? Name either a recipe or a record with --record.");
	else if (report->query.uid && report->query.serial)
		cli_fail(cli, CLI_USAGE, "", "--uid and --serial do not go together.");
	else if (report->form == FORM_CSV && cli->json)
		cli_fail(cli, CLI_USAGE, "", "--csv and --json do not go together.");
	return cli->exit == CLI_OK;
}

/* ---- the record ---- */

/* To be freed. NULL: after cli_fail(). */
static char *record_of_recipe(struct report *report, const char *path)
{
	struct recipe *recipe = NULL;
	char why[RECIPE_WHY];
	char *record = NULL;

	if (recipe_load(&recipe, path, why))
		record = strdup(recipe->record);
	else
		cli_fail(&report->cli, CLI_FILE, "", "%s.", why);
	recipe_free(recipe);
	return record;
}

static bool failed(struct report *report, const char why[RECORD_WHY])
{
	char plain[RECORD_WHY];

	cli_fail(&report->cli, CLI_FILE, "", "%s.", text_harmless(plain, sizeof(plain), why));
	return false;
}

static bool open_record(struct report *report, const char *path)
{
	char why[RECORD_WHY];

	return (db_open(&report->db, path, DB_READ, why) && schema_check(&report->db, why) &&
		db_run(&report->db, why, "BEGIN", "")) || failed(report, why);
}

static bool wants_history(const struct report *report)
{
	return report->query.uid || report->query.serial;
}

static bool read_record(struct report *report)
{
	char why[RECORD_WHY];

	if (report->form == FORM_CSV)
		report->doc = report_boards(&report->db, &report->query, why);
	else if (wants_history(report))
		report->doc = report_history(&report->db, &report->query, why);
	else
		report->doc = report_summary(&report->db, &report->query, why);
	return report->doc || failed(report, why);
}

static void check_found(struct report *report)
{
	const json_t *boards = report->form == FORM_CSV ? report->doc :
							  json_object_get(report->doc, "boards");
	char name[128];

	if (!wants_history(report) || json_array_size(boards) > 0)
		return;
	text_harmless(name, sizeof(name),
		      report->query.uid ? report->query.uid : report->query.serial);
	cli_fail(&report->cli, CLI_BOARD, "", "The record has no board with %s \"%s\"%s.",
		 report->query.uid ? "unique id" : "serial number", name,
		 report->query.since_ms ? " since then" : "");
}

static void show(const struct report *report)
{
	if (report->form == FORM_CSV)
		report_write_csv(report->doc);
	else if (report->cli.json)
		return; /* it comes with the end */
	else if (wants_history(report))
		report_show_history(report->doc);
	else
		report_show_summary(report->doc);
}

static void look(struct report *report, const char *path)
{
	if (!open_record(report, path) || !read_record(report))
		return;
	if (report->form == FORM_TABLE)
		json_object_set_new(report->doc, "record", jsonl_text(path));
	check_found(report);
	if (report->cli.exit == CLI_OK)
		show(report);
}

/* ---- begin and end ---- */

/* The document and how it went are one object, as with stmfw-info. */
static json_t *finished(const struct report *report)
{
	json_t *end = cli_end_object(&report->cli);

	json_object_del(end, "event");
	if (report->form == FORM_TABLE && report->doc)
		json_object_update(end, report->doc);
	return end;
}

int report_main(int argc, char **argv)
{
	struct report report = { 0 };
	const struct cli_syntax syntax = {
		.options = options, .help = help, .operands = 1, .own = take_option, .arg = &report
	};

	cli_init(&report.cli, "stmfw-station report");
	optind = 0; /* whoever called us may have read options, too */
	if (cli_parse(&report.cli, argc, argv, &syntax) &&
	    check_options(&report, argc - optind)) {
		char *path = report.record ? strdup(report.record) :
					     record_of_recipe(&report, argv[optind]);

		if (path)
			look(&report, path);
		free(path);
	}
	db_close(&report.db);
	int code = cli_end(&report.cli, finished(&report));
	json_decref(report.doc);
	return code;
}
