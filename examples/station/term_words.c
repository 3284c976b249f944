/* SPDX-License-Identifier: MIT */
/* A site's state in words: one that can be read from afar, and a sentence that tells what to do. */
#include "term_words.h"

#include <stdio.h>

#include "../text.h"

/* A site that has stopped goes on showing how its last board ended. */
static enum site_state shown_state(const struct site_view *s, enum term_result last)
{
	static const enum site_state ends[] = {
		[RESULT_NO_BOARD] = SITE_STOPPED,
		[RESULT_PASSED] = SITE_PASSED,
		[RESULT_FAILED] = SITE_FAILED,
		[RESULT_WAS_KNOWN] = SITE_KNOWN,
	};

	return s->state == SITE_STOPPED ? ends[last] : s->state;
}

const char *term_word(char out[TERM_WORD], const struct site_view *s, enum term_result last)
{
	static const char *const words[] = {
		[SITE_STARTING] = "START", [SITE_DOWN] = "DOWN",     [SITE_EMPTY] = "READY",
		[SITE_WORKING] = "BUSY",   [SITE_PASSED] = "PASS",   [SITE_FAILED] = "FAIL",
		[SITE_KNOWN] = "KNOWN",    [SITE_LOCKED] = "LOCKED", [SITE_PAUSED] = "PAUSED",
		[SITE_STOPPED] = "STOP",
	};

	if (s->state == SITE_WORKING && s->total > 0)
		snprintf(out, TERM_WORD, "%u%%", term_percent(s));
	else
		snprintf(out, TERM_WORD, "%s", words[shown_state(s, last)]);
	return out;
}

unsigned int term_percent(const struct site_view *s)
{
	if (s->total == 0)
		return 0;
	return s->done >= s->total ? 100 : (unsigned int)((double)s->done * 100 / (double)s->total);
}

enum term_tone term_tone_of(const struct site_view *s, enum term_result last)
{
	static const enum term_tone tones[] = {
		[SITE_STARTING] = TONE_CALM, [SITE_DOWN] = TONE_WARN,   [SITE_EMPTY] = TONE_CALM,
		[SITE_WORKING] = TONE_WORK,  [SITE_PASSED] = TONE_GOOD, [SITE_FAILED] = TONE_BAD,
		[SITE_KNOWN] = TONE_KNOWN,   [SITE_LOCKED] = TONE_WARN, [SITE_PAUSED] = TONE_CALM,
		[SITE_STOPPED] = TONE_CALM,
	};

	return tones[shown_state(s, last)];
}

static const char *what_to_do(const struct site_view *s)
{
	static const char *const sentences[] = {
		[SITE_STARTING] = "starting OpenOCD",
		[SITE_DOWN] = "no OpenOCD: trying again",
		[SITE_EMPTY] = "put in a board",
		[SITE_WORKING] = "in work: do not touch",
		[SITE_PASSED] = "PASS: take it out",
		[SITE_FAILED] = "FAIL: take it out",
		[SITE_KNOWN] = "already programmed: take it out",
		[SITE_PAUSED] = "paused",
		[SITE_STOPPED] = "no more boards here",
	};

	return sentences[s->state];
}

static void locked_sentence(char *out, size_t cap, const struct site_view *s, bool keys)
{
	if (!keys)
		snprintf(out, cap, "FAIL. Locked: call the supervisor");
	else if (s->index < 9)
		snprintf(out, cap, "FAIL. Locked: key %u releases it", s->index + 1);
	else
		snprintf(out, cap, "FAIL. Locked: select it, Enter");
}

void term_sentence(char *out, size_t cap, const struct site_view *s, enum term_result last,
		   bool keys)
{
	static const char *const ends[] = { "", "PASS; ", "FAIL; ", "already programmed; " };

	if (s->state == SITE_LOCKED)
		locked_sentence(out, cap, s, keys);
	else
		snprintf(out, cap, "%s%s", s->state == SITE_STOPPED ? ends[last] : "",
			 what_to_do(s));
}

const char *term_board_time(char out[TEXT_SHORT], const struct site_view *s, uint64_t now_ms)
{
	out[0] = '\0';
	if (s->state == SITE_WORKING && now_ms >= s->board_began_ms)
		return text_time(out, now_ms - s->board_began_ms);
	return s->board_elapsed_ms && s->uid[0] ? text_time(out, s->board_elapsed_ms) : out;
}
