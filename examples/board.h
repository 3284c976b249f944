/* SPDX-License-Identifier: MIT */
/* Which board it is and in what state a tool has left it, for the messages. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

#include <stmfw.h>

#include "cli.h"

enum board_state {
	BOARD_UNTOUCHED, /* only read from              */
	BOARD_HALTED,    /* reset, and stopped          */
	BOARD_RUNNING,   /* reset, and running again    */
	BOARD_UNKNOWN    /* asked for, but not answered */
};

/* What lies where the chip starts. */
enum board_start {
	START_UNKNOWN,
	START_PLAUSIBLE, /* stack in RAM, first instruction in flash */
	START_NONE       /* blank, for instance                      */
};

/* Where the main flash of these chips begins, and what starts the chip. */
#define BOARD_FLASH 0x08000000u
#define BOARD_START_BYTES 8

struct board {
	enum board_state state;
	enum board_start start;
	int identified; /* the rest is valid */
	char family[64];
	uint16_t device_id, revision_id;
	uint32_t flash_kib;
	enum stmfw_rdp rdp;
	char uid[25]; /* hex; "" if the chip has none */
};

/* Keeps what the chip said of itself. */
void board_learn(struct board *board, const stmfw_chip *chip);
/* "STM32F103 medium density, UID 33ff..., OpenOCD at 127.0.0.1:6666" */
void board_describe(const struct board *board, const struct cli *cli, char *out, size_t size);
/* "stm32f103-33ff...": letters, digits and hyphens only. */
void board_slug(const struct board *board, char *out, size_t size);
/* The same for programs: family, ids, read protection. */
json_t *board_json(const struct board *board);

/*
 * A failed operation as the run's failure: what failed and why, on which board; the advice is
 * the library's. `doing` completes the words "cannot ...".
 */
void board_failed(const struct board *board, struct cli *cli, const char *doing,
		  const stmfw_result *res);
/* Keeps what the first bytes of the main flash say. */
void board_see_start(struct board *board, const uint8_t first[BOARD_START_BYTES]);
/* Adds to the message what the chip is doing now, no more than is known of it. */
void board_add_state(const struct board *board, struct cli *cli);

#endif
