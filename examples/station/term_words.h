/* SPDX-License-Identifier: MIT */
/* A site's state in words and as a tone. */
#ifndef TERM_WORDS_H
#define TERM_WORDS_H

#include "event.h"
#include "term_cells.h"

#include "../text.h"

/* How the last board at a site ended: a site that has stopped goes on showing it. */
enum term_result { RESULT_NO_BOARD, RESULT_PASSED, RESULT_FAILED, RESULT_WAS_KNOWN };

#define TERM_WORD 8

/* "PASS", "READY": for block letters. "62%" while that is known. */
const char *term_word(char out[TERM_WORD], const struct site_view *s, enum term_result last);
enum term_tone term_tone_of(const struct site_view *s, enum term_result last);
/* "FAIL: take it out". keys: somebody can press them. */
void term_sentence(char *out, size_t cap, const struct site_view *s, enum term_result last,
		   bool keys);
unsigned int term_percent(const struct site_view *s);
/* "0:07"; "" without a board */
const char *term_board_time(char out[TEXT_SHORT], const struct site_view *s, uint64_t now_ms);

#endif
