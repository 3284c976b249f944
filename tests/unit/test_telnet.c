/* SPDX-License-Identifier: MIT */
/* OpenOCD's console as a TCL port: what is typed, and what is made of what it prints. */
#include "telnet.h"
#include "unit.h"
#include "wire.h"

#define NONCE "@0123456789abcdef"
#define GREETING "\xff\xfb\x03\xff\xfb\x01\xff\xfd\x03\xff\xfe\x01Open On-Chip Debugger\r\n\r> "

static struct {
	char bytes[1 << 14];
	size_t length;
	char said[4096]; /* lines, each with a "|" behind it */
} heard;

static void on_bytes(void *owner, const char *bytes, size_t length)
{
	(void)owner;
	ck_assert_uint_lt(heard.length + length, sizeof(heard.bytes));
	memcpy(heard.bytes + heard.length, bytes, length);
	heard.length += length;
	heard.bytes[heard.length] = '\0';
}

static void on_said(void *owner, const char *line, size_t length)
{
	(void)owner;
	ck_assert_uint_eq(strlen(line), length);
	strcat(heard.said, line);
	strcat(heard.said, "|");
}

static const struct telnet_events events = { on_bytes, on_said };

static struct telnet *begin(void)
{
	memset(&heard, 0, sizeof(heard));
	return stmfw__telnet_new(libc_mem(), &events, NULL);
}

/* In pieces of `cut` bytes. */
static void feed(struct telnet *t, const char *bytes, size_t length, size_t cut)
{
	for (size_t n; length > 0; bytes += n, length -= n) {
		n = cut && cut < length ? cut : length;
		stmfw__telnet_feed(t, bytes, n);
	}
}

#define FEED(t, s, cut) feed(t, s, sizeof(s) - 1, cut)

static void type(struct telnet *t, struct buf *b, const char *script, size_t length)
{
	stmfw__buf_init(b, libc_mem(), 1 << 22);
	stmfw__wire_request(b, NONCE, script, length);
	ck_assert_int_eq(stmfw__telnet_request(t, b, NONCE), 0);
	ck_assert_int_eq(b->error, 0);
}

/* ---- typing ---- */

START_TEST(a_short_request_is_one_line)
{
	struct telnet *t = begin();
	struct buf b;

	stmfw__telnet_set_line_limit(t, 2559);
	type(t, &b, "expr 1; puts \"\xff\"", 16);
	ck_assert(strncmp(b.data, "apply {r {return [string map [list \\x00 {}] $r]\\n}} [apply {{n s} {", 67) == 0);
	ck_assert_ptr_nonnull(strstr(b.data, NONCE "\\000\" \"expr 1; puts \\\"\\377\\\"\"]\n"));
	ck_assert_uint_eq(strcspn(b.data, "\n") + 1, b.length);
	ck_assert_uint_eq(b.limit, 1 << 22); /* for the next request */
	stmfw__buf_release(&b);
	stmfw__telnet_free(t, libc_mem());
}
END_TEST

static const size_t limits[] = { 255, 2559 };

/* Whatever the script: every line is short enough, and nothing is typed that a console drops. */
START_TEST(long_requests_are_typed_in_pieces)
{
	struct telnet *t = begin();
	char script[6000];
	struct buf b;
	size_t lines = 0, longest = 0;

	for (size_t i = 0; i < sizeof(script); i++)
		script[i] = (char)(i * 7 % 256);
	stmfw__telnet_set_line_limit(t, limits[_i]);
	type(t, &b, script, sizeof(script));
	for (char *line = b.data; *line; lines++) {
		size_t n = strcspn(line, "\n");

		longest = n > longest ? n : longest;
		for (size_t i = 0; i < n; i++)
			ck_assert_msg(line[i] >= 0x20 && line[i] < 0x7f, "0x%02x", (unsigned char)line[i]);
		ck_assert(strncmp(line, line[n + 1] ? "append ::" NONCE " \"" : "apply {{n s} {", 14) == 0);
		line += n + 1;
	}
	ck_assert_uint_gt(lines, sizeof(script) / limits[_i]);
	ck_assert_uint_le(longest, limits[_i]);
	ck_assert_uint_gt(longest, limits[_i] - 60);
	stmfw__buf_release(&b);
	stmfw__telnet_free(t, libc_mem());
}
END_TEST

/* ---- reading ---- */

#define ECHO "apply {r {return [...]\\n}} [apply {...} " NONCE " \"expr 1\"]"
#define REPLY NONCE "\r\n0\r\n0\r\nresult > \xff\b \rx\r\r\nlog > \r\n"
#define FRAME NONCE "\n0\n0\nresult > \xff\b \rx\r\nlog > \x1a"

static const size_t cuts[] = { 0, 1, 2, 3, 7, 64 };

static char order[4];

static void note_bytes(void *owner, const char *bytes, size_t length)
{
	(void)owner;
	if (memchr(bytes, '\x1a', length))
		strcat(order, "r");
}

static void note_said(void *owner, const char *line, size_t length)
{
	(void)owner;
	(void)length;
	ck_assert_str_eq(line, "later");
	strcat(order, "l");
}

/* Also if both come at once. */
START_TEST(a_line_behind_a_reply_is_told_behind_it)
{
	static const struct telnet_events notes = { note_bytes, note_said };
	struct telnet *t = stmfw__telnet_new(libc_mem(), &notes, NULL);
	struct buf b;

	order[0] = '\0';
	type(t, &b, "x", 1);
	FEED(t, GREETING "\r\n" REPLY "\r\n\r> \b\b  \b\blater\r\n\r> ", 0);
	ck_assert_str_eq(order, "rl");
	stmfw__buf_release(&b);
	stmfw__telnet_free(t, libc_mem());
}
END_TEST

START_TEST(the_reply_is_found)
{
	struct telnet *t = begin();
	struct buf b;

	FEED(t, GREETING, cuts[_i]);
	type(t, &b, "expr 1", 6);
	FEED(t, ECHO "\r\n" "\0" "Info: at work\r\n\r> " "\b\b  \b\b> " "\r\n\0" REPLY "\r\n\r> ", cuts[_i]);
	ck_assert_uint_eq(heard.length, sizeof(FRAME) - 1);
	ck_assert_mem_eq(heard.bytes, FRAME, sizeof(FRAME) - 1);
	ck_assert_str_eq(heard.said, "Info: at work|");
	stmfw__buf_release(&b);
	stmfw__telnet_free(t, libc_mem());
}
END_TEST

/* A log line while our line arrives: the console rubs out the prompt and what has been typed. */
START_TEST(lines_in_the_middle_of_the_echo_are_told)
{
	struct telnet *t = begin();
	struct buf b;

	FEED(t, GREETING, cuts[_i]);
	type(t, &b, "expr 1", 6);
	FEED(t, "appl\b\b\b\b\b\b      \b\b\b\b\b\bhalted\r\n> appl", cuts[_i]);
	FEED(t, "y {r {return [...]\\n}} [" NONCE " x]\r\n\0" REPLY "\r\n\r> ", cuts[_i]);
	ck_assert_str_eq(heard.said, "halted|");
	ck_assert_mem_eq(heard.bytes, FRAME, sizeof(FRAME) - 1);
	stmfw__buf_release(&b);
	stmfw__telnet_free(t, libc_mem());
}
END_TEST

/* OpenOCD shows the replies to other clients of this library to all consoles. */
START_TEST(replies_to_others_are_not_told)
{
	struct telnet *t = begin();

	FEED(t, GREETING "\b\b  \b\b@fedcba9876543210\r\n> ", cuts[_i]);
	FEED(t, "\b\b  \b\btarget halted\r\n> ", cuts[_i]);
	ck_assert_str_eq(heard.said, "target halted|");
	ck_assert_uint_eq(heard.length, 0);
	stmfw__telnet_free(t, libc_mem());
}
END_TEST

START_TEST(who_does_not_greet_is_passed_on)
{
	struct telnet *t = begin();

	FEED(t, "SSH-2.0-x\r\nmore", cuts[_i]);
	ck_assert_str_eq(heard.bytes, "SSH-2.0-x\r\nmore");
	ck_assert_str_eq(heard.said, "");
	stmfw__telnet_free(t, libc_mem());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("telnet");
	TCase *tc = tcase_create("telnet");
	const int all = sizeof(cuts) / sizeof(cuts[0]);

	tcase_add_test(tc, a_short_request_is_one_line);
	tcase_add_loop_test(tc, long_requests_are_typed_in_pieces, 0, 2);
	tcase_add_test(tc, a_line_behind_a_reply_is_told_behind_it);
	tcase_add_loop_test(tc, the_reply_is_found, 0, all);
	tcase_add_loop_test(tc, lines_in_the_middle_of_the_echo_are_told, 0, all);
	tcase_add_loop_test(tc, replies_to_others_are_not_told, 0, all);
	tcase_add_loop_test(tc, who_does_not_greet_is_passed_on, 0, all);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
