/* SPDX-License-Identifier: MIT */
/*
 * What a message must say of the board: which one it is, what state it is in. A failure is
 * reported in the order people ask: what failed, why, where, and then what became of the chip.
 */
#include "board.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "jsonl.h"
#include "text.h"

void board_learn(struct board *board, const stmfw_chip *chip)
{
	board->identified = 1;
	if (chip->family[0])
		text_harmless(board->family, sizeof(board->family), chip->family);
	else
		snprintf(board->family, sizeof(board->family), "unknown chip 0x%03x",
			 chip->device_id);
	board->device_id = chip->device_id;
	board->revision_id = chip->revision_id;
	board->flash_kib = chip->flash_kib;
	board->rdp = chip->rdp;
	board->uid[0] = '\0';
	if (chip->has_uid)
		text_hex(board->uid, chip->uid, sizeof(chip->uid));
}

void board_describe(const struct board *board, const struct cli *cli, char *out, size_t size)
{
	if (!board->identified)
		snprintf(out, size, "OpenOCD at %s", cli->server.text);
	else
		snprintf(out, size, "%s, UID %s, OpenOCD at %s", board->family,
			 board->uid[0] ? board->uid : "unknown", cli->server.text);
}

void board_slug(const struct board *board, char *out, size_t size)
{
	size_t n = 0;

	for (const char *p = board->family; *p && n + 1 < size; p++) {
		unsigned char c = (unsigned char)*p;

		if (isalnum(c))
			out[n++] = (char)tolower(c);
		else if (n > 0 && out[n - 1] != '-')
			out[n++] = '-';
	}
	if (n > 0 && out[n - 1] == '-')
		n--;
	snprintf(out + n, size - n, "-%s", board->uid[0] ? board->uid : "nouid");
}

json_t *board_json(const struct board *board)
{
	static const char *const rdp[] = { "unknown", "off", "level 1", "level 2" };

	return json_pack("{s:o, s:o, s:o, s:o, s:I, s:s}", "family", jsonl_text(board->family),
			 "device_id", jsonl_hex(board->device_id, 3), "revision_id",
			 jsonl_hex(board->revision_id, 4), "uid",
			 jsonl_text(board->uid[0] ? board->uid : NULL), "flash_kib",
			 (json_int_t)board->flash_kib, "read_protection", rdp[board->rdp + 1]);
}

/* Whether the words end a sentence already. */
static const char *full_stop(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && strchr(".!?", text[n - 1]) ? "" : ".";
}

/* The board is named at the end of the line, not twice. */
static void own_words(char *out, size_t size, const char *text, const struct cli *cli)
{
	char head[256];
	int n = snprintf(head, sizeof(head), "OpenOCD at %s: ", cli->server.text);
	bool doubled = n > 0 && n < (int)sizeof(head) && strncmp(text, head, (size_t)n) == 0;
	char words[1024];

	snprintf(words, sizeof(words), "%s%s", doubled ? "OpenOCD " : "",
		 doubled ? text + n : text);
	text_harmless(out, size, words);
}

/* The library speaks of its own options. */
static void own_advice(char *out, size_t size, const char *advice)
{
	static const char theirs[] = "the option unlock";
	const char *at = strstr(advice, theirs);
	char words[512];

	if (at)
		snprintf(words, sizeof(words), "%.*s--unlock%s", (int)(at - advice), advice,
			 at + sizeof(theirs) - 1);
	text_harmless(out, size, at ? words : advice);
}

#define QUOTE 160 /* characters of OpenOCD's words; -v shows all of them */
#define MANY  80 /* so many bury what they mean */

/* Cut between two words. */
static void shorten(char *text)
{
	size_t n = strlen(text);

	if (n <= QUOTE)
		return;
	for (n = QUOTE; n > QUOTE / 2 && text[n] != ' ';)
		n--;
	snprintf(text + n, sizeof(" ..."), " ...");
}

void board_failed(const struct board *board, struct cli *cli, const char *doing,
		  const stmfw_result *res)
{
	char text[1024], advice[512], where[256];

	own_words(text, sizeof(text), res->text, cli);
	own_advice(advice, sizeof(advice), res->advice);
	if (res->status == STMFW_ECONNECT ||
	    (res->status == STMFW_EPROTO && !board->identified)) { /* the reason names the peer */
		cli_fail(cli, cli_exit_of(res->status), advice, "%s%s", text, full_stop(text));
		return;
	}
	board_describe(board, cli, where, sizeof(where));
	bool theirs = strncmp(text, "OpenOCD could not", 17) == 0;
	if (theirs)
		shorten(text);
	if (theirs && strlen(text) > MANY && advice[0])
		cli_fail(cli, cli_exit_of(res->status), advice, "Cannot %s: %s (%s.) %s%s", doing,
			 advice, where, text, full_stop(text));
	else
		cli_fail(cli, cli_exit_of(res->status), advice, "Cannot %s: %s%s (%s.)", doing,
			 text, full_stop(text), where);
}

static uint32_t word_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* The initial stack pointer and the address of the first instruction, which is odd in Thumb code;
   flash can be seen at 0, too. */
void board_see_start(struct board *board, const uint8_t first[BOARD_START_BYTES])
{
	uint32_t stack = word_at(first), entry = word_at(first + 4);
	bool in_ram = stack >= 0x10000000 && stack < 0x40000000;
	bool in_flash = (entry & ~0x08ffffffu) == 0;

	board->start = in_ram && in_flash && (entry & 1) ? START_PLAUSIBLE : START_NONE;
}

void board_add_state(const struct board *board, struct cli *cli)
{
	switch (board->state) {
	case BOARD_UNTOUCHED:
		if (cli->exit != CLI_OK && board->identified && !cli_told(cli, "touched"))
			cli_add(cli, "The chip was not touched.");
		break;
	case BOARD_HALTED:
		cli_add(cli, "The chip is halted.");
		break;
	case BOARD_RUNNING:
		cli_add(cli, board->start == START_PLAUSIBLE
				     ? "The chip was reset and runs its firmware again."
				     : "The chip was reset and is no longer halted.");
		break;
	case BOARD_UNKNOWN:
		cli_add(cli, "The chip may still be halted: reset it or switch it off and on.");
		break;
	}
}
