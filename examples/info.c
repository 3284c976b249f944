/* SPDX-License-Identifier: MIT */
/*
 * stmfw-info: what is connected?
 *
 *     connected -> targets_listed -> identified -> banks_listed -> bank_described ... -> leave
 *
 * It looks and changes nothing: the chip is neither reset nor halted. What one step cannot find
 * out becomes a note, and the next step is tried all the same.
 */
#include "info.h"

#include <stdio.h>
#include <string.h>

#include "board.h"
#include "cli.h"
#include "jsonl.h"
#include "session.h"
#include "text.h"

struct info {
	struct cli cli;
	bool every_sector;
	struct session session;
	struct board board;
	json_t *doc, *banks;
	size_t current; /* of banks */
};

static void describe_bank(struct info *info);

static void leave(struct info *info)
{
	session_close(&info->session);
}

static void expect(struct info *info, int err)
{
	if (err == STMFW_OK)
		return;
	cli_fail(&info->cli, cli_exit_of(err), "", "Cannot go on: %s.", stmfw_strerror(err));
	leave(info);
}

/* What a step could not find out. */
static void note(struct info *info, const char *doing, const stmfw_result *res)
{
	char line[1024], plain[1024];

	snprintf(line, sizeof(line), "cannot %s: %s", doing, res->text);
	text_harmless(plain, sizeof(plain), line);
	json_array_append_new(json_object_get(info->doc, "notes"), json_string(plain));
}

/* True: go on with the next step, whether or not this one found something out. */
static bool may_go_on(struct info *info, const char *doing, const stmfw_result *res)
{
	char where[256];

	board_describe(&info->board, &info->cli, where, sizeof(where));
	if (info->session.signal != 0) {
		session_stopped(&info->session, doing, where);
	} else if (res->status != STMFW_OK) {
		note(info, doing, res);
		cli_fail(&info->cli, cli_exit_of(res->status), res->advice,
			 "Cannot %s, see the notes. (%s.)", doing, where);
	}
	if (info->session.signal == 0 && stmfw_client_is_connected(info->session.client))
		return true;
	leave(info);
	return false;
}

/* ---- banks ---- */

/* 1 yes, 0 no, else not known. */
static json_t *yes_or_no(int answer)
{
	return answer == 1 ? json_true() : answer == 0 ? json_false() : json_null();
}

static json_t *list_sectors(const stmfw_bank *bank)
{
	json_t *list = json_array();

	for (size_t i = 0; i < bank->sector_count; i++) {
		const stmfw_sector *s = &bank->sectors[i];

		json_array_append_new(list, json_pack("{s:I, s:I, s:o}", "offset",
						      (json_int_t)s->offset, "size",
						      (json_int_t)s->size, "protected",
						      yes_or_no(s->is_protected)));
	}
	return list;
}

static void bank_described(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct info *info = arg;
	json_t *bank = json_array_get(info->banks, info->current);
	char doing[64];

	(void)c;
	snprintf(doing, sizeof(doing), "describe flash bank %zu", info->current);
	if (res->status == STMFW_OK) {
		json_object_set_new(bank, "base", jsonl_hex(res->banks[0].base, 8));
		json_object_set_new(bank, "size", json_integer((json_int_t)res->banks[0].size));
		json_object_set_new(bank, "chip", jsonl_text(res->banks[0].chip));
		json_object_set_new(bank, "sectors", list_sectors(&res->banks[0]));
	}
	if (!may_go_on(info, doing, res))
		return;
	info->current++;
	describe_bank(info);
}

static void describe_bank(struct info *info)
{
	const json_t *bank = json_array_get(info->banks, info->current);

	if (!bank) {
		leave(info);
		return;
	}
	unsigned int number = (unsigned int)json_integer_value(json_object_get(bank, "bank"));

	expect(info, stmfw_bank_info(info->session.client, number, 0, bank_described, info,
				     &info->session.op));
}

static void banks_listed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct info *info = arg;

	(void)c;
	for (size_t i = 0; i < res->count; i++)
		json_array_append_new(
			info->banks,
			json_pack("{s:i, s:o, s:o, s:o, s:o, s:I}", "bank",
				  (int)res->banks[i].number, "name",
				  jsonl_text(res->banks[i].name), "driver",
				  jsonl_text(res->banks[i].driver), "target",
				  jsonl_text(res->banks[i].target), "base",
				  jsonl_hex(res->banks[i].base, 8), "size",
				  (json_int_t)res->banks[i].size));
	if (may_go_on(info, "list the flash banks", res))
		describe_bank(info);
}

/* ---- chip, targets, server ---- */

static void identified(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct info *info = arg;

	if (res->status == STMFW_OK) {
		board_learn(&info->board, res->chip);
		json_t *chip = board_json(&info->board);
		json_object_set_new(chip, "cpuid", jsonl_hex(res->chip->cpuid, 8));
		if (res->chip->options_mask) {
			json_object_set_new(chip, "options", jsonl_hex(res->chip->options, 8));
			json_object_set_new(chip, "options_mask",
					    jsonl_hex(res->chip->options_mask, 8));
		}
		json_object_set_new(info->doc, "chip", chip);
	}
	if (may_go_on(info, "identify the chip", res))
		expect(info, stmfw_banks(c, banks_listed, info, &info->session.op));
}

static void targets_listed(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct info *info = arg;
	json_t *targets = json_object_get(info->doc, "targets");

	for (size_t i = 0; i < res->count; i++)
		json_array_append_new(targets,
				      json_pack("{s:o, s:o, s:o, s:b}", "name",
						jsonl_text(res->targets[i].name), "type",
						jsonl_text(res->targets[i].type), "state",
						jsonl_text(res->targets[i].state_name),
						"examined", res->targets[i].examined));
	if (may_go_on(info, "list the targets", res))
		expect(info, stmfw_identify(c, NULL, identified, info, &info->session.op));
}

static void keep_server(struct info *info, const stmfw_server *server)
{
	json_object_set_new(info->doc, "server",
			    json_pack("{s:o, s:o, s:o, s:o, s:o}", "address",
				      jsonl_text(info->cli.server.text), "version",
				      jsonl_text(server->version), "jim", jsonl_text(server->jim),
				      "adapter", jsonl_text(server->adapter), "transport",
				      jsonl_text(server->transport)));
}

static void connected(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct info *info = arg;
	char where[256];

	board_describe(&info->board, &info->cli, where, sizeof(where));
	if (info->session.signal != 0)
		session_stopped(&info->session, "connect", where);
	else if (res->status != STMFW_OK)
		board_failed(&info->board, &info->cli, "connect", res);
	if (info->cli.exit != CLI_OK) {
		leave(info);
		return;
	}
	keep_server(info, stmfw_client_server(c));
	expect(info, stmfw_targets(c, targets_listed, info, &info->session.op));
}

/* ---- begin and end ---- */

static const char help[] =
	"Usage: stmfw-info [OPTION...]\n"
	"Shows what OpenOCD is connected to: adapter, targets, chip, protection, flash.\n"
	"The chip is neither reset nor halted. What cannot be read is explained.\n"
	"\n"
	"  --sectors              every sector, not only the runs of equal ones\n"
	CLI_HELP
	"With --json it is one document, in one line.\n";

static const struct option options[] = { { "sectors", no_argument, NULL, CLI_OWN },
					 CLI_LONG_OPTIONS };

static bool take_option(void *arg, int option, const char *value)
{
	struct info *info = arg;

	(void)option;
	(void)value;
	info->every_sector = true;
	return true;
}

/* The document and how it went are one object; "event" would be out of place in it. */
static json_t *finished(const struct info *info)
{
	json_t *end = cli_end_object(&info->cli);

	json_object_del(end, "event");
	json_object_update(end, info->doc);
	return end;
}

int main(int argc, char **argv)
{
	struct info info = { 0 };
	const struct cli_syntax syntax = {
		.options = options, .help = help, .operands = 0, .own = take_option, .arg = &info
	};

	cli_init(&info.cli, "stmfw-info");
	info.banks = json_array();
	info.doc = json_pack("{s:n, s:[], s:n, s:O, s:[]}", "server", "targets", "chip", "banks",
			     info.banks, "notes");
	if (cli_parse(&info.cli, argc, argv, &syntax) && session_open(&info.session, &info.cli)) {
		session_run(&info.session, connected, &info);
		if (!info.cli.json)
			info_show(info.doc, info.every_sector);
	}
	int code = cli_end(&info.cli, finished(&info));
	json_decref(info.banks);
	json_decref(info.doc);
	return code;
}
