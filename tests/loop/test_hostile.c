/* SPDX-License-Identifier: MIT */
/*
 * test_hostile.c - a peer that means us harm.
 *
 * Each malice strikes at each answer of each call, of connecting, and of reads that were sent
 * ahead. What must hold: one callback with a true status, memory bounded by reply_limit, nothing
 * left behind, and a client that can connect again and works.
 */
#include "truth.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fake_chip.h"

#define LIMIT ((size_t)64 << 10)
#define MANY_RECORDS 10000
/* One answer in the reader, twice while that grows, and a copy of its result; on top what a call
   needs itself. Records: as many as the loop reads in one turn. */
#define MEMORY (4 * LIMIT + ((size_t)64 << 10))
#define RECORDS_MEMORY ((size_t)4 << 20)

/* ---- malice -------------------------------------------------------------------------------- */

enum effect { HARMLESS, NO_ANSWER, LOSS };

struct malice {
	const char *name;
	enum effect effect;
	void (*act)(struct fake_conn *conn, const struct scene *answer);
	size_t memory; /* more than this is too much */
};

static void say(struct fake_conn *conn, const char *text)
{
	fake_raw(conn, text, strlen(text));
}

static void say_head(struct fake_conn *conn)
{
	say(conn, fake_nonce(conn));
	fake_raw(conn, "\0\n0\n0\n", 6);
}

static void say_many(struct fake_conn *conn, char byte, size_t count)
{
	static char bytes[4 * LIMIT];

	memset(bytes, byte, count);
	fake_raw(conn, bytes, count);
}

static void answer_of_length(struct fake_conn *conn, size_t length)
{
	say_head(conn);
	say_many(conn, 'x', length - strlen(fake_nonce(conn)) - 6 - 1);
	say(conn, "\n\x1a");
}

static void one_byte_too_long(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	answer_of_length(conn, LIMIT + 1);
}

static void much_too_long(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	say_head(conn);
	say_many(conn, '\n', 4 * LIMIT);
	say_many(conn, 'x', 4 * LIMIT);
}

static void old_nonce(struct fake_conn *conn, const struct scene *answer)
{
	const char *nonce = fake_nonce_before(conn);

	fake_answer_as(conn, *nonce ? nonce : "@0000000000000000", answer);
}

static void with_nonce(struct fake_conn *conn, const struct scene *answer, size_t length, char last)
{
	char nonce[80];

	snprintf(nonce, sizeof(nonce), "%.*s", (int)length, fake_nonce(conn));
	nonce[strlen(nonce) - 1] = last;
	fake_answer_as(conn, nonce, answer);
}

static void shorter_nonce(struct fake_conn *conn, const struct scene *answer)
{
	size_t n = strlen(fake_nonce(conn)) - 1;

	with_nonce(conn, answer, n, fake_nonce(conn)[n - 1]);
}

static void other_nonce(struct fake_conn *conn, const struct scene *answer)
{
	size_t n = strlen(fake_nonce(conn));

	with_nonce(conn, answer, n, fake_nonce(conn)[n - 1] == '0' ? '1' : '0');
}

static void longer_nonce(struct fake_conn *conn, const struct scene *answer)
{
	char nonce[80];

	snprintf(nonce, sizeof(nonce), "%s0", fake_nonce(conn));
	fake_answer_as(conn, nonce, answer);
}

static void no_nonce(struct fake_conn *conn, const struct scene *answer)
{
	fake_answer_as(conn, "", answer);
}

/* A whole answer within an answer: not escaped, the outer one ends too early. */
static void nested(struct fake_conn *conn, const struct scene *answer)
{
	say_head(conn);
	fake_answer_as(conn, fake_nonce(conn), answer);
	say(conn, "\n\x1a");
}

static void damaged_escape(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	say_head(conn);
	say(conn, "half%2\n\x1a");
}

static void damaged_escape_in_log(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	say_head(conn);
	say(conn, "fine\nnot so %G0\x1a");
}

static void huge_code(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	say(conn, fake_nonce(conn));
	say(conn, "\n2147483648\n0\n\n\x1a");
}

static void twice(struct fake_conn *conn, const struct scene *answer)
{
	fake_answer_as(conn, fake_nonce(conn), answer);
	fake_answer_as(conn, fake_nonce(conn), answer);
}

static void records(struct fake_conn *conn, int count)
{
	static const char two[] = "type target_\r\n\x1atype target_state state halted\r\n\x1a";
	static char bytes[MANY_RECORDS / 2 * sizeof(two)];
	size_t n = 0;

	for (int i = 0; i < count; i += 2, n += sizeof(two) - 1)
		memcpy(bytes + n, two, sizeof(two) - 1);
	fake_raw(conn, bytes, n);
}

static void after_many_records(struct fake_conn *conn, const struct scene *answer)
{
	records(conn, MANY_RECORDS);
	fake_answer_as(conn, fake_nonce(conn), answer);
}

static void before_many_records(struct fake_conn *conn, const struct scene *answer)
{
	fake_answer_as(conn, fake_nonce(conn), answer);
	records(conn, MANY_RECORDS);
}

static void records_and_the_end(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	records(conn, MANY_RECORDS);
	fake_hang_up(conn);
}

static void half_a_record(struct fake_conn *conn, const struct scene *answer)
{
	say(conn, "type target_state state ha");
	fake_answer_as(conn, fake_nonce(conn), answer);
}

static void long_record(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	say(conn, "type target_state state ");
	say_many(conn, 'x', LIMIT);
	say(conn, "\r\n\x1a");
}

static void empty_frames(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	say_many(conn, '\x1a', 5000);
}

static void nothing_but_nul(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	say_many(conn, '\0', 5000);
}

static void another_service(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	say(conn, "HTTP/1.1 400 Bad Request\r\n\r\n");
}

static void end_amid(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	say_head(conn);
	say(conn, "half of an ans");
	fake_hang_up(conn);
}

static void reset_amid(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	say_head(conn);
	say(conn, "half of an ans");
	fake_reset(conn);
}

static const struct malice malices[] = {
	{ "one byte too long", NO_ANSWER, one_byte_too_long, MEMORY },
	{ "much too long", NO_ANSWER, much_too_long, MEMORY },
	{ "an old nonce", NO_ANSWER, old_nonce, MEMORY },
	{ "a shorter nonce", NO_ANSWER, shorter_nonce, MEMORY },
	{ "another nonce", NO_ANSWER, other_nonce, MEMORY },
	{ "a longer nonce", NO_ANSWER, longer_nonce, MEMORY },
	{ "no nonce", NO_ANSWER, no_nonce, MEMORY },
	{ "an answer within an answer", NO_ANSWER, nested, MEMORY },
	{ "a damaged escape", NO_ANSWER, damaged_escape, MEMORY },
	{ "a damaged escape in the log", NO_ANSWER, damaged_escape_in_log, MEMORY },
	{ "a code beyond an int", NO_ANSWER, huge_code, MEMORY },
	{ "half a record before the answer", NO_ANSWER, half_a_record, MEMORY },
	{ "a record that is too long", NO_ANSWER, long_record, MEMORY },
	{ "empty frames", NO_ANSWER, empty_frames, MEMORY },
	{ "nothing but NUL", NO_ANSWER, nothing_but_nul, MEMORY },
	{ "another service", NO_ANSWER, another_service, MEMORY },
	{ "the end amid an answer", LOSS, end_amid, MEMORY },
	{ "a reset amid an answer", LOSS, reset_amid, MEMORY },
	{ "10 000 records and the end", LOSS, records_and_the_end, RECORDS_MEMORY },
	{ "10 000 records before", HARMLESS, after_many_records, RECORDS_MEMORY },
	{ "10 000 records behind", HARMLESS, before_many_records, RECORDS_MEMORY },
};

#define MALICES ((int)(sizeof(malices) / sizeof(malices[0])))

/* ---- striking at one answer ---------------------------------------------------------------- */

static struct {
	const struct malice *malice; /* NULL: none any more */
	int at;                      /* the answer, from 0  */
	int answers, strikes;
} plot;

static bool strike(struct fake_conn *conn, struct scene *answer, void *arg)
{
	(void)arg;
	if (!plot.malice || plot.answers++ != plot.at)
		return true;
	plot.strikes++;
	plot.malice->act(conn, answer);
	return false;
}

static void plan_strike(const struct malice *malice, int at)
{
	plot.malice = malice;
	plot.at = at;
	plot.answers = plot.strikes = 0;
	fx.heap.peak = fx.heap.bytes;
	fake_ocd_meddle(fx.ocd, strike, NULL);
}

static struct watch done;

static void reconnect(void)
{
	plot.malice = NULL;
	if (stmfw_client_is_connected(fx.client))
		return;
	RUN_UNTIL(fake_ocd_open_connections(fx.ocd) == 0);
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}

static void still_works(void)
{
	struct watch w = { 0 };

	reconnect();
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_ok_once(&w, "");
}

/* The end that the malice leads to. */
static bool is_honest(const struct malice *m, const struct watch *w)
{
	switch (m->effect) {
	case HARMLESS:
		return w->status == STMFW_OK && w->outcome == STMFW_FINISHED;
	case NO_ANSWER:
		return w->status == STMFW_EPROTO && w->outcome == STMFW_UNKNOWN;
	case LOSS:
		break;
	}
	return w->status == STMFW_ELOST && w->outcome == STMFW_UNKNOWN;
}

static void check_end(const char *what, const struct malice *m, const struct watch *w)
{
	INSIST(w->calls == 1, "P2: %s, %s at answer %d: %d callbacks", what, m->name, plot.at,
	       w->calls);
	INSIST(is_honest(m, w), "%s, %s at answer %d: %s, outcome %d: %s", what, m->name, plot.at,
	       stmfw_err_name(w->status), w->outcome, w->text);
	INSIST(fx.heap.peak < m->memory, "%s, %s at answer %d: %zu bytes", what,
	       m->name, plot.at, fx.heap.peak);
}

/* ---- every call ---------------------------------------------------------------------------- */

static void listen_to_records(void)
{
	static struct watch events;
	struct watch w = { 0 };

	memset(&events, 0, sizeof(events));
	ACCEPTED(stmfw_notifications(fx.client, on_event, &events, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_status(&w, STMFW_OK, STMFW_FINISHED);
}

/* False: the call had no such answer any more. */
static bool strike_at(const struct api_call *call, const struct malice *m, int at)
{
	int lost_before = fx.lost.calls;

	if (at % 2)
		listen_to_records();
	fake_chip_reset();
	truth_begin(&done);
	plan_strike(m, at);
	ACCEPTED(call->submit(fx.client, &done, NULL));
	RUN_UNTIL(done.calls);
	if (!plot.strikes) {
		assert_status(&done, STMFW_OK, STMFW_FINISHED);
		return false;
	}
	if (m->effect != HARMLESS)
		RUN_UNTIL(fx.lost.calls > lost_before);
	check_end(call->name, m, &done);
	INSIST(truth_holds(call->name, &done), "%s, %s at answer %d: not true: %s", call->name,
	       m->name, at, done.text);
	INSIST(fake_chip_litter() == 0, "%s, %s at answer %d: files", call->name, m->name, at);
	still_works();
	return true;
}

START_TEST(every_answer_of_every_call)
{
	const struct malice *m = &malices[_i];

	fx.opts.reply_limit = LIMIT;
	fake_chip_connect();
	for (int i = 0; i < api_call_count; i++) {
		int at = 0;

		if (strcmp(api_calls[i].name, "shutdown") == 0)
			continue; /* the end is what it waits for */
		if (short_run() && (i + _i) % 4 != 0)
			continue;
		while (strike_at(&api_calls[i], m, at))
			at += short_run() ? 3 : 1;
	}
}
END_TEST

/* The second answer may come before the client knows that it is none. */
START_TEST(an_answer_that_comes_twice)
{
	static const struct malice m = { "twice", NO_ANSWER, twice, MEMORY };

	fx.opts.reply_limit = LIMIT;
	fake_chip_connect();
	for (int i = 0; i < api_call_count; i++)
		for (int at = 0; strcmp(api_calls[i].name, "shutdown") != 0; at++) {
			int lost_before = fx.lost.calls;

			fake_chip_reset();
			truth_begin(&done);
			plan_strike(&m, at);
			ACCEPTED(api_calls[i].submit(fx.client, &done, NULL));
			RUN_UNTIL(done.calls);
			if (!plot.strikes)
				break;
			RUN_UNTIL(fx.lost.calls > lost_before);
			INSIST(done.calls == 1 && (done.status == STMFW_OK ||
						   done.status == STMFW_EPROTO),
			       "%s: %s", api_calls[i].name, done.text);
			INSIST(truth_holds(api_calls[i].name, &done), "%s", api_calls[i].name);
			still_works();
		}
}
END_TEST

/* ---- connecting ---------------------------------------------------------------------------- */

START_TEST(the_answer_to_the_greeting)
{
	const struct malice *m = &malices[_i];

	fx.opts.reply_limit = LIMIT;
	fake_chip_start();
	make_client();
	plan_strike(m, 0);
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	check_end("connect", m, &fx.connecting);
	still_works();
	ck_assert_int_eq(fx.lost.calls, 0);
}
END_TEST

/* ---- reads that were sent ahead ------------------------------------------------------------ */

#define READS 12

/* Those before have their answers, this one is told why, those behind may have run. */
static void check_reads(const struct malice *m, const struct watch *w)
{
	for (int i = 0; i < READS; i++) {
		ck_assert_int_eq(w[i].calls, 1);
		if (i == plot.at)
			check_end("read ahead", m, &w[i]);
		else if (i < plot.at || m->effect == HARMLESS)
			assert_status(&w[i], STMFW_OK, STMFW_FINISHED);
		else
			assert_failed_once(&w[i], STMFW_ELOST, w[i].outcome);
		ck_assert_msg(i == 0 || w[i].order > w[i - 1].order, "out of order");
	}
}

START_TEST(every_answer_of_reads_that_were_sent_ahead)
{
	const struct malice *m = &malices[_i];
	struct watch w[READS];

	fx.opts.reply_limit = LIMIT;
	fake_chip_connect();
	for (int at = 0; at < READS; at++) {
		memset(w, 0, sizeof(w));
		plan_strike(m, at);
		for (int i = 0; i < READS; i++)
			ACCEPTED(stmfw_read_words(fx.client, NULL, FAKE_CHIP_BASE, 32, 1, on_done,
						  &w[i], NULL));
		RUN_UNTIL(w[READS - 1].calls);
		ck_assert_int_eq(plot.strikes, 1);
		check_reads(m, w);
		if (m->effect != HARMLESS)
			RUN_UNTIL(fx.lost.calls == at + 1);
		still_works();
	}
}
END_TEST

/* An answer to a read stands for that one only. */
START_TEST(an_answer_that_comes_twice_among_reads)
{
	static const struct malice m = { "twice", HARMLESS, twice, MEMORY };
	struct watch w[3];

	fx.opts.reply_limit = LIMIT;
	fake_chip_connect();
	memset(w, 0, sizeof(w));
	plan_strike(&m, 0);
	for (int i = 0; i < 3; i++)
		ACCEPTED(stmfw_read_words(fx.client, NULL, FAKE_CHIP_BASE, 32, 1, on_done, &w[i],
					  NULL));
	RUN_UNTIL(w[2].calls);
	assert_ok_once(&w[0], "");
	assert_failed_once(&w[1], STMFW_EPROTO, STMFW_UNKNOWN);
	assert_failed_once(&w[2], STMFW_ELOST, STMFW_UNKNOWN);
	still_works();
}
END_TEST

/* ---- limits -------------------------------------------------------------------------------- */

static void as_long_as_allowed(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	answer_of_length(conn, LIMIT);
}

START_TEST(an_answer_as_long_as_the_limit)
{
	static const struct malice m = { "as long as allowed", HARMLESS, as_long_as_allowed, MEMORY };
	struct watch w = { 0 };

	fx.opts.reply_limit = LIMIT;
	fake_chip_connect();
	plan_strike(&m, 0);
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	check_end("command", &m, &w);
	ck_assert_uint_gt(w.text_len, LIMIT - 64);
	still_works();
	ck_assert_uint_lt(fx.heap.bytes, LIMIT); /* an idle client keeps no long answer */
}
END_TEST

#define LOG_LENGTH ((size_t)1 << 20)

static void long_log(struct fake_conn *conn, const struct scene *answer)
{
	struct scene s = *answer;
	static char log[LOG_LENGTH + 1];

	for (size_t i = 0; i < LOG_LENGTH; i++)
		log[i] = i % 128 == 127 ? '\n' : 'l';
	s.log = log;
	fake_answer_as(conn, fake_nonce(conn), &s);
}

START_TEST(a_log_of_a_mebibyte)
{
	static const struct malice m = { "a long log", HARMLESS, long_log, MEMORY };
	static struct watch lines;
	struct watch w = { 0 };
	size_t before;

	memset(&lines, 0, sizeof(lines));

	fx.opts.log = on_log;
	fx.opts.log_arg = &lines;
	fake_chip_connect();
	plan_strike(&m, 0);
	before = fx.heap.bytes;
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_ok_once(&w, "");
	ck_assert_uint_eq(w.log_len, LOG_LENGTH);
	ck_assert_int_eq(lines.calls, LOG_LENGTH / 128);
	ck_assert_uint_lt(fx.heap.peak - before, 8 * LOG_LENGTH);
	still_works();
}
END_TEST

static void nul_within(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	say_head(conn);
	fake_raw(conn, "a\0b\n\0log\0\x1a", 11);
}

START_TEST(nul_bytes_in_an_answer)
{
	static const struct malice m = { "NUL", HARMLESS, nul_within, MEMORY };
	struct watch w = { 0 };

	fake_chip_connect();
	plan_strike(&m, 0);
	ACCEPTED(stmfw_command(fx.client, "expr 1", 0, on_done, &w, NULL));
	RUN_UNTIL(w.calls);
	assert_status(&w, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_eq(w.text_len, 3);
	ck_assert_mem_eq(w.text, "a\0b", 3);
	ck_assert_uint_eq(w.log_len, 5);
	still_works();
}
END_TEST

/* ---- no end -------------------------------------------------------------------------------- */

static struct fake_conn *flooded;

static void flood(uv_check_t *check)
{
	(void)check;
	if (fake_ocd_open_connections(fx.ocd) > 0)
		records(flooded, 200);
}

static void begin_flood(struct fake_conn *conn, const struct scene *answer)
{
	(void)answer;
	flooded = conn;
	records(conn, 200);
}

/* Records instead of an answer, for as long as anybody reads: the deadline is stronger. */
START_TEST(records_without_end)
{
	static const struct malice m = { "a flood", NO_ANSWER, begin_flood, MEMORY };
	struct watch w = { 0 };
	uv_check_t check;

	fx.opts.reply_limit = LIMIT;
	fake_chip_connect();
	listen_to_records();
	plan_strike(&m, 0);
	uv_check_init(&fx.loop, &check);
	ACCEPTED(stmfw_command(fx.client, "expr 1", 200, on_done, &w, NULL));
	RUN_UNTIL(plot.strikes);
	uv_check_start(&check, flood);
	RUN_UNTIL(w.calls);
	uv_close((uv_handle_t *)&check, NULL);
	assert_failed_once(&w, STMFW_ETIMEDOUT, STMFW_UNKNOWN);
	ck_assert_uint_lt(w.elapsed_ms, 3000);
	INSIST(fx.heap.peak < RECORDS_MEMORY, "%zu bytes", fx.heap.peak);
	still_works();
}
END_TEST

/* ---- the scratch file ---------------------------------------------------------------------- */

static struct {
	uv_thread_t thread;
	char path[512];
	volatile int stop;
	long made;
} writer;

/* As OpenOCD that is in the middle of `flash read_bank` when its client goes. */
static void keep_making_the_file(void *arg)
{
	(void)arg;
	while (!writer.stop) {
		int fd = open(writer.path, O_WRONLY | O_CREAT, 0600);

		if (fd >= 0) {
			writer.made++;
			close(fd);
		}
	}
}

static void let_openocd_write(int request)
{
	if (request != 1)
		return;
	memcpy(writer.path, fake_chip.path, sizeof(writer.path));
	writer.stop = 0;
	ck_assert_int_eq(uv_thread_create(&writer.thread, keep_making_the_file, NULL), 0);
	while (!writer.made)
		usleep(100);
}

START_TEST(a_file_that_is_made_again_while_it_is_removed)
{
	const struct api_call *call = api_calls;
	int rounds = short_run() ? 20 : 100;

	if (!fake_chip_shares())
		return; /* it is about the file that both see */
	while (strcmp(call->name, "read_flash") != 0)
		call++;
	fake_chip_connect();
	for (int i = 0; i < rounds; i++) {
		fake_chip_reset();
		truth_begin(&done);
		writer.made = 0;
		fake_chip.before = let_openocd_write;
		fake_chip.fault = FAULT_HANG_UP;
		fake_chip.fault_at = 1;
		ACCEPTED(call->submit(fx.client, &done, NULL));
		RUN_UNTIL(done.calls);
		writer.stop = 1;
		uv_thread_join(&writer.thread);
		ck_assert_msg(fake_chip_litter() == 0, "round %d leaves files", i);
		assert_failed_once(&done, STMFW_ELOST, STMFW_UNKNOWN);
		fake_chip_reset();
		reconnect();
	}
}
END_TEST

/* ---- a console that means us harm ---------------------------------------------------------- */

#define BANNER "\xff\xfb\x03\xff\xfe\x22\xff\xfb\x01Open On-Chip Debugger\r\n> "

static const struct {
	struct scene scene[5];
	int status;
} consoles[] = {
	{ { MANUAL, STALL, END }, STMFW_ETIMEDOUT },
	{ { MANUAL, RAW(BANNER), STALL, END }, STMFW_ETIMEDOUT },
	{ { MANUAL, RAW(BANNER), ENDLESS, END }, STMFW_ETIMEDOUT },
	{ { MANUAL, RAW(BANNER "\r\n@0000000000000000\r\n0\r\n0\r\nx\r\nx\r\n"), STALL, END },
	  STMFW_ETIMEDOUT },
	{ { MANUAL, RAW("\xff\xff\xff\xff\xff\xff\xff\xff"), STALL, END }, STMFW_ETIMEDOUT },
	{ { MANUAL, RAW("\xff\xfb\x03\xff"), HANG_UP, END }, STMFW_ELOST },
	{ { MANUAL, RAW("Open On-Chip Deb"), HANG_UP, END }, STMFW_ELOST },
	{ { MANUAL, RAW(BANNER), HANG_UP, END }, STMFW_ELOST },
	{ { MANUAL, RAW("Open On-Chip Delight\r\n"), STALL, END }, STMFW_EPROTO },
	{ { MANUAL, RAW("SSH-2.0-OpenSSH_9.2\r\n"), STALL, END }, STMFW_EPROTO },
	{ { MANUAL, ENDLESS, END }, STMFW_EPROTO },
};

#define CONSOLES ((int)(sizeof(consoles) / sizeof(consoles[0])))

START_TEST(a_console_that_is_none)
{
	char address[64];

	fx.opts.reply_limit = LIMIT;
	fx.opts.connect_timeout_ms = 100;
	play(consoles[_i].scene);
	make_client();
	snprintf(address, sizeof(address), "telnet://127.0.0.1:%u",
		 (unsigned int)fake_ocd_port(fx.ocd));
	ACCEPTED(stmfw_client_connect(fx.client, address, on_done, &fx.connecting, NULL));
	RUN_UNTIL(fx.connecting.calls);
	ck_assert_int_eq(fx.connecting.calls, 1);
	INSIST(fx.connecting.status == consoles[_i].status, "%s: %s",
	       stmfw_err_name(fx.connecting.status), fx.connecting.text);
	INSIST(fx.heap.peak < MEMORY, "%zu bytes", fx.heap.peak);
	ck_assert_int_eq(fx.lost.calls, 0);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ every_answer_of_every_call, MALICES },
		{ an_answer_that_comes_twice, 0 },
		{ the_answer_to_the_greeting, MALICES },
		{ every_answer_of_reads_that_were_sent_ahead, MALICES },
		{ an_answer_that_comes_twice_among_reads, 0 },
		{ an_answer_as_long_as_the_limit, 0 },
		{ a_log_of_a_mebibyte, 0 },
		{ nul_bytes_in_an_answer, 0 },
		{ records_without_end, 0 },
		{ a_file_that_is_made_again_while_it_is_removed, 0 },
		{ a_console_that_is_none, CONSOLES },
		{ NULL, 0 },
	};

	fixture_before_tear_down = fake_chip_stop;
	return run_cases("hostile", cases);
}
