/* SPDX-License-Identifier: MIT */
/* Frames and replies, without a socket. */
#include "unit.h"
#include "wire.h"

#define NONCE "@0123456789abcdef"

static struct reader reader;

static void feed(const char *bytes, size_t n)
{
	ck_assert_int_eq(stmfw__reader_feed(&reader, bytes, n), STMFW_OK);
}

START_TEST(frames_come_whole_however_the_bytes_arrive)
{
	static const char stream[] = "one\x1a\x1athree three\x1a";
	size_t n;

	for (size_t step = 1; step < sizeof(stream); step++) {
		const char *want[] = { "one", "", "three three" };
		int got = 0;

		stmfw__reader_init(&reader, libc_mem(), 100);
		for (size_t at = 0; at < sizeof(stream) - 1; at += step) {
			size_t len = sizeof(stream) - 1 - at;

			feed(stream + at, len < step ? len : step);
			for (char *f; (f = stmfw__reader_next(&reader, &n));) {
				ck_assert_int_lt(got, 3);
				ck_assert_str_eq(f, want[got]);
				ck_assert_uint_eq(n, strlen(want[got]));
				got++;
			}
		}
		ck_assert_int_eq(got, 3);
		stmfw__reader_release(&reader);
	}
}
END_TEST

START_TEST(limit_is_for_one_frame_not_for_what_arrives_together)
{
	size_t n;

	stmfw__reader_init(&reader, libc_mem(), 4);
	feed("1234\x1a" "5678\x1a" "12345", 15);
	ck_assert_str_eq(stmfw__reader_next(&reader, &n), "1234");
	ck_assert_str_eq(stmfw__reader_next(&reader, &n), "5678");
	ck_assert_ptr_null(stmfw__reader_next(&reader, &n));
	ck_assert_int_eq(reader.error, STMFW_EPROTO);
	stmfw__reader_release(&reader);
}
END_TEST

static enum frame_kind classify(const char *text, size_t n, struct reply *r)
{
	static char frame[256];

	memcpy(frame, text, n);
	frame[n] = '\0';
	return stmfw__wire_classify(frame, n, NONCE, r);
}

#define CLASSIFY(text, r) classify(text, sizeof(text) - 1, r)

START_TEST(reply_is_decoded)
{
	struct reply r;

	ck_assert_int_eq(CLASSIFY(NONCE "\n-4\n-4\na%25b%0Ac%00d%1Ae\nlog%0A", &r), FRAME_REPLY);
	ck_assert_int_eq(r.code, -4);
	ck_assert_int_eq(r.ocd_code, -4);
	ck_assert_uint_eq(r.result_len, 9);
	ck_assert_mem_eq(r.result, "a%b\nc\0d\x1a" "e", 10);
	ck_assert_str_eq(r.log, "log\n");
	ck_assert_uint_eq(r.log_len, 4);
	ck_assert_int_eq(CLASSIFY(NONCE "\n0\n0\n\n", &r), FRAME_REPLY);
	ck_assert_uint_eq(r.result_len, 0);
	ck_assert_uint_eq(r.log_len, 0);
	ck_assert_int_eq(CLASSIFY(NONCE "\0\n0\n0\nres\nlog", &r), FRAME_REPLY);
	ck_assert_str_eq(r.result, "res");
}
END_TEST

START_TEST(damaged_replies_are_foreign)
{
	static const char *const damaged[] = {
		NONCE,
		NONCE "\n",
		NONCE "\n0\n0\nresult",
		NONCE "\n0\n0\nresult\nlog\nmore",
		NONCE "\n\n0\nresult\nlog",
		NONCE "\n0x\n0\nresult\nlog",
		NONCE "\n99999999999\n0\nresult\nlog",
		NONCE "\n0\n0\nresult%\nlog",
		NONCE "\n0\n0\nresult%2\nlog",
		NONCE "\n0\n0\nresult\nlog%zz",
		"@0123456789abcde\n0\n0\nr\nl",
		"@0123456789abcdef0\n0\n0\nr\nl",
		NONCE "x0\n0\nr\nl",
		"line too long\n" NONCE "\n0\n0\nr\nl",
		"type target_state state halted",
		"type target",
		"",
	};
	struct reply r;

	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++)
		ck_assert_msg(classify(damaged[i], strlen(damaged[i]), &r) == FRAME_FOREIGN,
			      "taken: %s", damaged[i]);
	ck_assert_int_eq(CLASSIFY(NONCE "\0", &r), FRAME_FOREIGN);
	ck_assert_int_eq(CLASSIFY(NONCE "\0\0\n0\n0\nr\nl", &r), FRAME_FOREIGN);
	ck_assert_int_eq(CLASSIFY(NONCE "\0" "0\n0\nr\nl", &r), FRAME_FOREIGN);
}
END_TEST

START_TEST(notification_is_never_a_reply_and_a_reply_never_a_notification)
{
	struct reply r;

	ck_assert_int_eq(CLASSIFY("type target_state state halted\r\n", &r), FRAME_NOTIFICATION);
	ck_assert_int_eq(CLASSIFY(NONCE "\n0\n0\ntype target_state state halted\r%0A\n", &r),
			 FRAME_REPLY);
	ck_assert_str_eq(r.result, "type target_state state halted\r\n");
}
END_TEST

START_TEST(no_answer_is_expected_without_a_question)
{
	char frame[] = "\n0\n0\nr\nl";
	struct reply r;

	ck_assert_int_eq(stmfw__wire_classify(frame, sizeof(frame) - 1, "", &r), FRAME_FOREIGN);
	ck_assert(!stmfw__wire_plausible("x", 1, ""));
	ck_assert(stmfw__wire_plausible("type tar", 8, ""));
	ck_assert(stmfw__wire_plausible("@01", 3, NONCE));
	ck_assert(!stmfw__wire_plausible("@02", 3, NONCE));
}
END_TEST

START_TEST(other_services_are_named)
{
	ck_assert_ptr_nonnull(strstr(stmfw__wire_guess_peer("\xff\xfb\x03", 3), "telnet"));
	ck_assert_ptr_nonnull(strstr(stmfw__wire_guess_peer("+", 1), "gdb"));
	ck_assert_ptr_nonnull(strstr(stmfw__wire_guess_peer("HTTP/1.1 400", 12), "web"));
	ck_assert_ptr_nonnull(strstr(stmfw__wire_guess_peer("SSH-2.0-", 8), "SSH"));
	ck_assert_ptr_null(stmfw__wire_guess_peer("220 mail", 8));
}
END_TEST

START_TEST(request_is_one_line_that_ends_once)
{
	struct buf b;

	stmfw__buf_init(&b, libc_mem(), 10000);
	stmfw__wire_request(&b, NONCE, "a\x1a" "b\n\"[exit]", 11);
	ck_assert_ptr_eq(memchr(b.data, '\x1a', b.length), b.data + b.length - 1);
	ck_assert_ptr_nonnull(strstr(b.data, "}} \"" NONCE "\\000\" \"a\\032b\\012\\\"\\[exit\\]\"\r\n"));
	stmfw__buf_release(&b);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		frames_come_whole_however_the_bytes_arrive,
		limit_is_for_one_frame_not_for_what_arrives_together,
		reply_is_decoded,
		damaged_replies_are_foreign,
		notification_is_never_a_reply_and_a_reply_never_a_notification,
		no_answer_is_expected_without_a_question,
		other_services_are_named,
		request_is_one_line_that_ends_once,
		NULL
	};

	return run_unit("wire", tests);
}
