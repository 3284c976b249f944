/* SPDX-License-Identifier: MIT */
/* test_pipeline.c - reads of memory do not wait for each other's answers; all else does. */
#include "fixture.h"

#include <inttypes.h>
#include <string.h>

#define MANY 200

static struct watch w[MANY];

static void read_word(int i)
{
	ACCEPTED(stmfw_read_words(fx.client, NULL, 0x20000000u + (unsigned int)i * 4, 32, 1, on_done,
				  &w[i], NULL));
}

static void read_words(int count)
{
	memset(w, 0, sizeof(w));
	for (int i = 0; i < count; i++)
		read_word(i);
}

static void assert_in_order(int count)
{
	for (int i = 0; i < count; i++) {
		ck_assert_int_eq(w[i].calls, 1);
		ck_assert_msg(i == 0 || w[i].order > w[i - 1].order, "out of order");
	}
}

#define READ(n)   EXPECT_CONTAINS(" 0x2000000" #n " 32 1")

START_TEST(reads_are_sent_before_the_first_is_answered)
{
	static const struct scene scene[] = {
		READ(0), GATE, REPLY_OK("0xa"), READ(4), REPLY_OK("0xb"), READ(8), REPLY_OK("0xc"), END
	};

	play_connected(scene);
	read_words(3);
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd) && fake_ocd_unread(fx.ocd) > 700);
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(w[2].calls);
	assert_in_order(3);
	for (int i = 0; i < 3; i++)
		assert_status(&w[i], STMFW_OK, STMFW_FINISHED);
}
END_TEST

/* A command between two reads is sent after the first's answer, and the second after its. */
START_TEST(a_command_is_neither_overtaken_nor_sent_ahead)
{
	static const struct scene scene[] = {
		READ(0), GATE, REPLY_OK("1"), EXPECT("go"), GATE, REPLY_OK("gone"),
		READ(4), REPLY_OK("2"), END
	};
	struct watch go = { 0 };

	play_connected(scene);
	memset(w, 0, sizeof(w));
	read_word(0);
	ACCEPTED(stmfw_command(fx.client, "go", 0, on_done, &go, NULL));
	read_word(1);
	for (int i = 0; i < 2; i++) {
		RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
		pass_time(20);
		ck_assert_uint_eq(fake_ocd_unread(fx.ocd), 0);
		fake_ocd_open_gate(fx.ocd);
	}
	RUN_UNTIL(w[1].calls);
	ck_assert_int_lt(w[0].order, go.order);
	ck_assert_int_lt(go.order, w[1].order);
}
END_TEST

/* Writing changes something: a write whose answer never comes must not have followers. */
START_TEST(writes_are_not_sent_ahead)
{
	static const struct scene scene[] = { READ(0), GATE, REPLY_OK("1"),
					      EXPECT_CONTAINS("write_memory"), REPLY_OK(""), END };
	const uint32_t word = 7;

	play_connected(scene);
	memset(w, 0, sizeof(w));
	read_word(0);
	ACCEPTED(stmfw_write_words(fx.client, NULL, 0x20000000, 32, &word, 1, on_done, &w[1], NULL));
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	pass_time(20);
	ck_assert_uint_eq(fake_ocd_unread(fx.ocd), 0);
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(w[1].calls);
	assert_in_order(2);
}
END_TEST

START_TEST(one_that_fails_is_the_only_one)
{
	static const struct scene scene[] = { READ(0), REPLY_OK("1"), READ(4), REPLY(1, -4, "no", ""),
					      READ(8), REPLY_OK("3"), END };

	play_connected(scene);
	read_words(3);
	RUN_UNTIL(w[2].calls);
	assert_in_order(3);
	assert_status(&w[0], STMFW_OK, STMFW_FINISHED);
	assert_status(&w[1], STMFW_ETARGET, STMFW_FINISHED);
	assert_status(&w[2], STMFW_OK, STMFW_FINISHED);
}
END_TEST

static void echo_address(struct fake_conn *conn, const char *script, size_t length, void *arg)
{
	const char *at_address = strstr(script, "\" 0x");
	char word[20];

	(void)length;
	(*(int *)arg)++;
	ck_assert_ptr_nonnull(at_address);
	snprintf(word, sizeof(word), "%.10s", at_address + 2);
	fake_reply_ok(conn, word);
}

static void note_word(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct watch *watch = arg;

	callback_enter();
	(void)c;
	watch->calls++;
	watch->status = res->status;
	watch->bytes = res->count == 1 ? res->words[0] : 0;
	callback_leave();
}

/* More than fit into a load, answers cut anywhere: each gets its own. */
START_TEST(each_gets_its_own_answer)
{
	int answered = 0;

	fx.opts.queue_limit = MANY;
	play_connected(NULL);
	fake_ocd_answer(fx.ocd, echo_address, &answered);
	fake_ocd_split(fx.ocd, (size_t)_i);
	memset(w, 0, sizeof(w));
	for (int i = 0; i < MANY; i++)
		ACCEPTED(stmfw_read_words(fx.client, NULL, 0x20000000u + (unsigned int)i * 4, 32, 1,
					  note_word, &w[i], NULL));
	RUN_UNTIL(w[MANY - 1].calls);
	ck_assert_int_eq(answered, MANY);
	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(w[i].calls, 1);
		ck_assert_int_eq(w[i].status, STMFW_OK);
		ck_assert_uint_eq(w[i].bytes, 0x20000000u + (unsigned int)i * 4);
	}
}
END_TEST

/* ---- the end ---- */

/* What was sent may have run; what waits behind a command was not sent. */
START_TEST(the_end_of_the_connection_tells_what_was_sent)
{
	static const struct scene scene[] = { READ(0), REPLY_OK("1"), READ(4), GATE, HANG_UP, END };

	fx.opts.lost = on_done;
	fx.opts.lost_arg = &fx.lost;
	play_connected(scene);
	read_words(4);
	ACCEPTED(stmfw_command(fx.client, "go", 0, on_done, &w[4], NULL));
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(fx.lost.calls);
	assert_in_order(5);
	assert_status(&w[0], STMFW_OK, STMFW_FINISHED);
	for (int i = 1; i < 4; i++)
		assert_status(&w[i], STMFW_ELOST, STMFW_UNKNOWN);
	assert_status(&w[4], STMFW_ELOST, STMFW_NOT_STARTED);
	ck_assert_int_gt(fx.lost.order, w[4].order);
}
END_TEST

START_TEST(closing_ends_them_in_order)
{
	static const struct scene scene[] = { READ(0), STALL, END };

	play_connected(scene);
	read_words(4);
	RUN_UNTIL(fake_ocd_requests(fx.ocd) == 1);
	close_and_drain();
	assert_in_order(4);
	for (int i = 0; i < 4; i++)
		assert_status(&w[i], STMFW_ECANCELED, STMFW_UNKNOWN);
}
END_TEST

START_TEST(canceling_what_was_sent_gives_its_true_result)
{
	static const struct scene scene[] = { READ(0), GATE, REPLY_OK("1"), READ(4), REPLY_OK("2"), END };
	stmfw_op op = 0;

	play_connected(scene);
	memset(w, 0, sizeof(w));
	read_word(0);
	ACCEPTED(stmfw_read_words(fx.client, NULL, 0x20000004u, 32, 1, on_done, &w[1], &op));
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	ACCEPTED(stmfw_cancel(fx.client, op));
	fake_ocd_open_gate(fx.ocd);
	RUN_UNTIL(w[1].calls);
	assert_status(&w[1], STMFW_OK, STMFW_FINISHED);
}
END_TEST

/* The time of one that was sent ahead begins when its turn comes. */
START_TEST(each_has_its_own_deadline)
{
	static const struct scene scene[] = { READ(0), REPLY_OK("1"), READ(4), GATE, REPLY_OK("2"),
					      READ(8), GATE, REPLY_OK("3"), END };

	fx.opts.command_timeout_ms = 150;
	play_connected(scene);
	read_words(3);
	for (int i = 0; i < 2; i++) {
		RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
		pass_time(100);
		fake_ocd_open_gate(fx.ocd);
		RUN_UNTIL(w[i + 1].calls);
	}
	assert_status(&w[2], STMFW_OK, STMFW_FINISHED);
}
END_TEST

START_TEST(silence_ends_them_all)
{
	static const struct scene scene[] = { READ(0), REPLY_OK("1"), READ(4), STALL, END };

	fx.opts.command_timeout_ms = 50;
	play_connected(scene);
	read_words(3);
	RUN_UNTIL(w[2].calls);
	assert_in_order(3);
	assert_status(&w[0], STMFW_OK, STMFW_FINISHED);
	assert_status(&w[1], STMFW_ETIMEDOUT, STMFW_UNKNOWN);
	assert_status(&w[2], STMFW_ELOST, STMFW_UNKNOWN);
}
END_TEST

/* An answer to the second request in place of the first's: out of step. */
START_TEST(answers_in_the_wrong_order_are_noticed)
{
	static const struct scene scene[] = { READ(0), READ(4), REPLY_OK("2"), END };

	play_connected(scene);
	read_words(2);
	RUN_UNTIL(w[1].calls);
	assert_status(&w[0], STMFW_EPROTO, STMFW_UNKNOWN);
	assert_status(&w[1], STMFW_ELOST, STMFW_UNKNOWN);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ reads_are_sent_before_the_first_is_answered, 0 },
		{ a_command_is_neither_overtaken_nor_sent_ahead, 0 },
		{ writes_are_not_sent_ahead, 0 },
		{ one_that_fails_is_the_only_one, 0 },
		{ each_gets_its_own_answer, 3 },
		{ the_end_of_the_connection_tells_what_was_sent, 0 },
		{ closing_ends_them_in_order, 0 },
		{ canceling_what_was_sent_gives_its_true_result, 0 },
		{ each_has_its_own_deadline, 0 },
		{ silence_ends_them_all, 0 },
		{ answers_in_the_wrong_order_are_noticed, 0 },
		{ NULL, 0 },
	};

	return run_cases("pipeline", cases);
}
