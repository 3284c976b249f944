/* SPDX-License-Identifier: MIT */
/*
 * test_lies.c - well-formed answers whose content is nonsense.
 *
 * The chip does what it is told, and then one answer of one call is spoiled. What must hold: one
 * callback, no success that is not true, what is said of the flash is true, memory bounded, nothing
 * left behind, and the same connection goes on.
 */
#include "truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_chip.h"

#define MEMORY ((size_t)1 << 20)
#define LONG ((size_t)200000)

static char spoiled[2 * LONG], before[2 * LONG];
static size_t before_length;

/* ---- chance, the same each time ------------------------------------------------------------ */

static uint64_t seed;

static size_t chance(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return n ? (size_t)((seed * 0x2545f4914f6cdd1du) >> 33) % n : 0;
}

/* ---- lies ---------------------------------------------------------------------------------- */

/* `s` is the answer, its text a copy that may be changed, with room. */
typedef void (*lie)(struct scene *s, char *text);

static void nothing(struct scene *s, char *text)
{
	(void)text;
	s->length = 0;
}

static void cut(struct scene *s, char *text)
{
	(void)text;
	s->length = chance(s->length);
}

static void beginning_cut(struct scene *s, char *text)
{
	size_t n = chance(s->length + 1);

	memmove(text, text + n, s->length - n);
	s->length -= n;
}

/* One that is all right but for its last line. */
static void line_missing(struct scene *s, char *text)
{
	while (s->length > 0 && text[s->length - 1] != '\n')
		s->length--;
	if (s->length > 0)
		s->length--;
}

static void random_bytes(struct scene *s, char *text)
{
	s->length = chance(300);
	for (size_t i = 0; i < s->length; i++)
		text[i] = (char)chance(256);
}

static void one_byte(struct scene *s, char *text)
{
	static const char odd[] = "\0\t\n #{}[]\"\\-0x9\xff";

	if (s->length > 0)
		text[chance(s->length)] = odd[chance(sizeof(odd) - 1)];
}

static void replace(struct scene *s, char *text, size_t at, size_t length, const char *by)
{
	size_t n = strlen(by);

	memmove(text + at + n, text + at + length, s->length - at - length);
	memcpy(text + at, by, n);
	s->length += n - length;
}

/* One run of characters of a kind becomes another word. */
static void one_run(struct scene *s, char *text, const char *kind, const char *const *by, size_t count)
{
	size_t at = chance(s->length), end;

	text[s->length] = '\0';
	while (at < s->length && (!text[at] || !strchr(kind, text[at])))
		at++;
	while (at > 0 && text[at - 1] && strchr(kind, text[at - 1]))
		at--;
	for (end = at; end < s->length && text[end] && strchr(kind, text[end]);)
		end++;
	replace(s, text, at, end - at, by[chance(count)]);
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void one_number(struct scene *s, char *text)
{
	static const char *const odd[] = {
		"0", "-1", "1", "2147483648", "4294967295", "0xfffffc00", "0x100000000",
		"0xffffffffffffffff", "18446744073709551616", "0x", "1e9", "99999999999999999999999"
	};

	one_run(s, text, "0123456789abcdefx", odd, COUNT(odd));
}

static void one_word(struct scene *s, char *text)
{
	static const char *const odd[] = {
		"", "confused", "halted", "running", "0", "%n%s", "not", "0x08000000", "{",
		"stm32f1x", "type target_state state halted\r\n"
	};

	one_run(s, text, "abcdefghijklmnopqrstuvwxyz0123456789._-", odd, COUNT(odd));
}

static void twice(struct scene *s, char *text)
{
	memcpy(text + s->length, text, s->length);
	s->length *= 2;
}

static void lines_twice(struct scene *s, char *text)
{
	text[s->length++] = '\n';
	twice(s, text);
}

/* The last answer once more. */
static void old_answer(struct scene *s, char *text)
{
	memcpy(text, before, before_length);
	s->length = before_length;
}

static void without_end(struct scene *s, char *text)
{
	size_t n = s->length;

	for (s->length = LONG; n < LONG; n++)
		text[n] = "#0: x"[n % 5];
}

static void logged_instead(struct scene *s, char *text)
{
	text[s->length] = '\0';
	s->log = text;
	s->text = "";
	s->length = 0;
}

static void failure(struct scene *s, char *text)
{
	(void)text;
	s->code = chance(2) ? 1 : -4;
}

static const struct {
	const char *name;
	lie tell;
	int rounds;
	bool in_details; /* a value that is one digit off is still a value */
} lies[] = {
	{ "nothing", nothing, 1, false },
	{ "cut", cut, 12, true },
	{ "the beginning cut", beginning_cut, 8, true },
	{ "a line missing", line_missing, 1, false },
	{ "random bytes", random_bytes, 8, false },
	{ "one byte", one_byte, 20, true },
	{ "one number", one_number, 20, true },
	{ "one word", one_word, 20, true },
	{ "twice", twice, 1, true },
	{ "its lines twice", lines_twice, 1, false },
	{ "the answer before", old_answer, 1, false },
	{ "without end", without_end, 1, false },
	{ "in the log", logged_instead, 1, false },
	{ "a failure", failure, 2, false },
};

/* ---- one answer ---------------------------------------------------------------------------- */

static struct {
	lie tell; /* NULL: none */
	int at, answers, told;
} plot;

static bool spoil(struct fake_conn *conn, struct scene *s, void *arg)
{
	(void)conn;
	(void)arg;
	if (plot.tell && plot.answers++ == plot.at) {
		memcpy(spoiled, s->text, s->length);
		s->text = spoiled;
		plot.told++;
		plot.tell(s, spoiled);
	}
	before_length = s->length < LONG ? s->length : LONG;
	memmove(before, s->text, before_length);
	return true;
}

/* What they report is a value, or a word, of one answer. */
static bool rests_on_a_value(const char *name)
{
	static const char *const names[] = { "identify", "read_words", "read_block", "lock",
					     "unprotect", "options_write", "reset", "halt",
					     "resume" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Where bytes of flash travel in answers, others of that number are as good. */
static bool is_nothing_but_answers(const char *name)
{
	return !fake_chip_shares() && strncmp(name, "read_flash", 10) == 0;
}

/* No status for what has been answered. */
static bool is_honest(const struct watch *w)
{
	switch (w->status) {
	case STMFW_OK:
	case STMFW_ECOMMAND:
	case STMFW_ETARGET:
	case STMFW_EPROTECTED:
	case STMFW_ERANGE:
	case STMFW_EVERIFY:
	case STMFW_EFILE:
	case STMFW_EUNSUPPORTED:
		return w->outcome == STMFW_FINISHED;
	default:
		return false;
	}
}

static struct watch done;
static long told;
static bool disobeys;

/* It says yes to all, and does not. */
static void disobey(void)
{
	fake_chip.bad_sector = 1;
	fake_chip.erased[1] = 0;
	fake_chip.state = "running";
	fake_chip.deaf_to_halt = true;
	fake_chip.options_stay = true;
	fake_chip.rdp = fake_chip.stored_rdp = 1;
}

/* Which trial it was, and what came of it. */
static const char *trial(const struct api_call *call, int which, int round)
{
	static char text[2000];

	snprintf(text, sizeof(text), "%s, %s at answer %d, round %d: %s: %.500s: \"%.500s\"", call->name,
		 lies[which].name, plot.at, round, stmfw_err_name(done.status), done.text, spoiled);
	return text;
}

static void check(const struct api_call *call, int which, int round)
{
	bool may_differ = (lies[which].in_details && rests_on_a_value(call->name)) ||
			  is_nothing_but_answers(call->name);
	struct watch next = { 0 };

	INSIST(done.calls == 1, "P2: %s", trial(call, which, round));
	INSIST(is_honest(&done), "%s", trial(call, which, round));
	INSIST(may_differ || truth_holds(call->name, &done), "not true: %s",
	       trial(call, which, round));
	INSIST(fx.heap.peak < MEMORY + 4 * before_length, "%zu bytes: %s", fx.heap.peak,
	       trial(call, which, round));
	INSIST(fake_chip_litter() == 0, "files: %s", trial(call, which, round));
	plot.tell = NULL;
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &next, NULL));
	RUN_UNTIL(next.calls);
	INSIST(next.status == STMFW_OK && fx.lost.calls == 0, "the connection: %s",
	       trial(call, which, round));
}

/* False: the call had no such answer any more. */
static bool lie_at(const struct api_call *call, int which, int at, int round)
{
	fake_chip_reset();
	if (disobeys)
		disobey();
	truth_begin(&done);
	seed = 0x9e3779b97f4a7c15u + (uint64_t)(at * 1000 + round);
	plot.tell = lies[which].tell;
	plot.at = at;
	plot.answers = plot.told = 0;
	fx.heap.peak = fx.heap.bytes;
	ACCEPTED(call->submit(fx.client, &done, NULL));
	RUN_UNTIL(done.calls);
	told += plot.told;
	if (plot.told)
		check(call, which, round);
	return plot.told > 0;
}

START_TEST(no_answer_is_believed_that_makes_no_sense)
{
	const struct api_call *call = &api_calls[_i / 2];

	disobeys = _i % 2;
	if (strcmp(call->name, "shutdown") == 0)
		return; /* the end is what it waits for */
	fake_chip_connect();
	fake_ocd_meddle(fx.ocd, spoil, NULL);
	for (int which = 0; which < (int)COUNT(lies); which++) {
		int rounds = short_run() ? 1 : lies[which].rounds;

		for (int round = 0; round < rounds; round++)
			for (int at = 0; lie_at(call, which, at, round); at++)
				;
	}
	ck_assert_int_gt(told, 0);
}
END_TEST

/* ---- lies that agree with each other ------------------------------------------------------- */

/* One bank from its base to the end of the address space, and one sector that is all of it. */
START_TEST(a_sector_of_gigabytes)
{
	static const char sector[] = "\t#  0: 0x00000000 (0xf8000000 4063232kB) not protected\n";
	const struct api_call *call = api_calls;

	while (strcmp(call->name, _i ? "bank_info" : "flash") != 0)
		call++;
	fake_chip_connect();
	fake_chip.size = 0xf8000000;
	fake_chip.odd_sectors = fake_chip.odd_blocks = sector;
	truth_begin(&done);
	fx.heap.peak = fx.heap.bytes;
	ACCEPTED(call->submit(fx.client, &done, NULL));
	RUN_UNTIL(done.calls);
	ck_assert_int_eq(done.status, STMFW_EUNSUPPORTED);
	ck_assert(truth_holds(call->name, &done));
	ck_assert_uint_lt(done.elapsed_ms, 2000);
	INSIST(fx.heap.peak < MEMORY, "%zu bytes", fx.heap.peak);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ no_answer_is_believed_that_makes_no_sense, 2 * api_call_count },
		{ a_sector_of_gigabytes, 2 },
		{ NULL, 0 },
	};

	fixture_before_tear_down = fake_chip_stop;
	return run_cases("lies", cases);
}
