/* SPDX-License-Identifier: MIT */
/* The bytes that a terminal sends, as keys. */
#ifndef TERM_KEYS_H
#define TERM_KEYS_H

/* Printable ones are themselves. */
enum term_key {
	KEY_NONE, /* a byte within a longer sequence, or nothing that matters */
	KEY_INTERRUPT = 3,
	KEY_REDRAW = 12,
	KEY_ENTER = 13,
	KEY_UP = 256,
	KEY_DOWN,
	KEY_RIGHT,
	KEY_LEFT
};

enum keys_state { KEYS_PLAIN, KEYS_ESCAPE, KEYS_SEQUENCE };

struct term_keyboard {
	enum keys_state state;
};

/* A sequence may come in pieces. */
int keyboard_take(struct term_keyboard *k, unsigned char byte);

#endif
