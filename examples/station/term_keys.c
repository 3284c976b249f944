/* SPDX-License-Identifier: MIT */
/* Bytes to keys: arrows come as ESC [ A or ESC O A, with numbers in between if another key is held. */
#include "term_keys.h"

static int plain(unsigned char byte)
{
	if (byte == '\n')
		return KEY_ENTER;
	if (byte == KEY_INTERRUPT || byte == KEY_REDRAW || byte == KEY_ENTER)
		return byte;
	return byte >= ' ' && byte <= '~' ? byte : KEY_NONE;
}

static int end_of_sequence(unsigned char byte)
{
	return byte >= 'A' && byte <= 'D' ? KEY_UP + (byte - 'A') : KEY_NONE;
}

int keyboard_take(struct term_keyboard *k, unsigned char byte)
{
	switch (k->state) {
	case KEYS_PLAIN:
		if (byte == 27)
			k->state = KEYS_ESCAPE;
		return plain(byte);
	case KEYS_ESCAPE:
		if (byte == 27)
			return KEY_NONE;
		k->state = byte == '[' || byte == 'O' ? KEYS_SEQUENCE : KEYS_PLAIN;
		return k->state == KEYS_PLAIN ? plain(byte) : KEY_NONE;
	case KEYS_SEQUENCE:
		if (byte >= ' ' && byte < '@')
			return KEY_NONE;
		k->state = byte == 27 ? KEYS_ESCAPE : KEYS_PLAIN;
		return byte == KEY_INTERRUPT ? KEY_INTERRUPT : end_of_sequence(byte);
	}
	return KEY_NONE;
}
