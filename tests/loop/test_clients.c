/* SPDX-License-Identifier: MIT */
/* test_clients.c - the handle itself, several of them, and what they leave alone (P11). */
#include "fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- making one ---------------------------------------------------------------------------- */

START_TEST(p1_new_with_bad_arguments)
{
	stmfw_client *c = NULL;
	stmfw_client_opts tiny = fx.opts;

	tiny.size = 1;
	ck_assert_int_eq(CALL(stmfw_client_new(NULL, &fx.loop, &fx.opts)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_client_new(&c, NULL, &fx.opts)), STMFW_EINVAL);
	ck_assert_int_eq(CALL(stmfw_client_new(&c, &fx.loop, &tiny)), STMFW_EINVAL);
	ck_assert_ptr_null(c);
	ck_assert_int_eq(fx.heap.live, 0);
}
END_TEST

/* A program built with a later header: fields that we do not know must be zero. */
START_TEST(options_of_another_version)
{
	struct {
		stmfw_client_opts known;
		char unknown[32];
	} later;
	stmfw_client *c = NULL;

	memset(&later, 0, sizeof(later));
	later.known = fx.opts;
	later.known.size = sizeof(later);
	later.unknown[31] = 1;
	ck_assert_int_eq(CALL(stmfw_client_new(&c, &fx.loop, (void *)&later)), STMFW_EINVAL);
	ck_assert_ptr_null(c);
	later.unknown[31] = 0;
	ACCEPTED(stmfw_client_new(&c, &fx.loop, (void *)&later));
	fx.client = c;
}
END_TEST

/* A program built with an earlier header: what lies behind its struct is not ours to read. */
START_TEST(shorter_options)
{
	const size_t size = offsetof(stmfw_client_opts, queue_limit);
	stmfw_client *c = NULL;
	void *shorter = calloc(1, size); /* exact, so that a sanitizer sees its end */

	ck_assert_ptr_nonnull(shorter);
	memcpy(shorter, &size, sizeof(size));
	ACCEPTED(stmfw_client_new(&c, &fx.loop, shorter));
	free(shorter);
	fx.client = c;
}
END_TEST

START_TEST(options_may_be_missing)
{
	stmfw_client *c = NULL;

	ACCEPTED(stmfw_client_new(&c, &fx.loop, NULL));
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(fx.heap.live, 0);
	fx.client = c;
}
END_TEST

START_TEST(p9_options_and_allocator_are_copied)
{
	stmfw_client_opts opts = fx.opts;
	stmfw_allocator alloc = fx.heap.face;

	opts.alloc = &alloc;
	ACCEPTED(stmfw_client_new(&fx.client, &fx.loop, &opts));
	memset(&opts, 0x55, sizeof(opts));
	memset(&alloc, 0x55, sizeof(alloc));
	play(NULL);
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}
END_TEST

START_TEST(p12_new_without_memory)
{
	stmfw_client *c = (stmfw_client *)&fx;

	fx.heap.fail_at = 0;
	ck_assert_int_eq(CALL(stmfw_client_new(&c, &fx.loop, &fx.opts)), STMFW_ENOMEM);
	ck_assert_ptr_eq(c, &fx);
	ck_assert_int_eq(fx.heap.live, 0);
	run_dry();
}
END_TEST

START_TEST(data_is_kept_and_not_looked_at)
{
	int mine;

	play_connected(NULL);
	ck_assert_ptr_null(stmfw_client_data(fx.client));
	stmfw_client_set_data(fx.client, &mine);
	ck_assert_ptr_eq(stmfw_client_data(fx.client), &mine);
	stmfw_client_set_data(fx.client, NULL);
	ck_assert_ptr_null(stmfw_client_data(fx.client));
}
END_TEST

START_TEST(version_and_names)
{
	ck_assert_uint_eq(stmfw_version(), STMFW_VERSION_HEX);
	ck_assert_str_eq(stmfw_version_string(), "0.1.0");
	ck_assert_str_eq(stmfw_err_name(STMFW_ELOST), "STMFW_ELOST");
	ck_assert_str_eq(stmfw_err_name(STMFW_OK), "STMFW_OK");
	ck_assert_str_eq(stmfw_err_name(12345), "STMFW_E?");
	for (int status = STMFW_EABORTED - 3; status < 3; status++) {
		ck_assert_ptr_nonnull(stmfw_err_name(status));
		ck_assert_ptr_nonnull(stmfw_strerror(status));
		ck_assert_uint_gt(strlen(stmfw_strerror(status)), 3);
	}
	for (int a = STMFW_EABORTED; a <= 0; a++)
		for (int b = STMFW_EABORTED; b < a; b++)
			ck_assert_str_ne(stmfw_err_name(a), stmfw_err_name(b));
}
END_TEST

/* ---- several ------------------------------------------------------------------------------- */

/* 5.28: each keeps its own texts, however they take turns. */
START_TEST(two_clients_keep_their_own_texts)
{
	static const struct scene good[] = {
		EXPECT("a"), REPLY(1, -4, "first: no such thing", "log one"), EXPECT("c"),
		REPLY_OK("third"), END
	};
	static const struct scene other[] = {
		EXPECT("b"), REPLY(1, -601, "second: bad syntax", "log two"), EXPECT("d"), HANG_UP,
		END
	};
	struct watch w[4], connecting = { 0 }, closing = { 0 }, lost = { 0 };
	struct fake_ocd *peer;
	stmfw_client *second;

	memset(w, 0, sizeof(w));
	play_connected(good);
	peer = fake_ocd_start(&fx.loop, other);
	fx.opts.lost_arg = &lost;
	ACCEPTED(stmfw_client_new(&second, &fx.loop, &fx.opts));
	ACCEPTED(stmfw_client_connect(second, at(NULL, fake_ocd_port(peer)), on_done, &connecting,
				      NULL));
	RUN_UNTIL(connecting.calls);
	ACCEPTED(stmfw_command(fx.client, "a", 0, on_done, &w[0], NULL));
	ACCEPTED(stmfw_command(second, "b", 0, on_done, &w[1], NULL));
	ACCEPTED(stmfw_command(fx.client, "c", 0, on_done, &w[2], NULL));
	ACCEPTED(stmfw_command(second, "d", 0, on_done, &w[3], NULL));
	RUN_UNTIL(w[2].calls && lost.calls);
	ck_assert_ptr_nonnull(strstr(w[0].text, "first: no such thing"));
	ck_assert_str_eq(w[0].log, "log one");
	ck_assert_int_eq(w[0].ocd_code, -4);
	ck_assert_ptr_nonnull(strstr(w[1].text, "second: bad syntax"));
	ck_assert_str_eq(w[1].log, "log two");
	ck_assert_int_eq(w[1].ocd_code, -601);
	assert_ok_once(&w[2], "third");
	assert_failed_once(&w[3], STMFW_ELOST, STMFW_UNKNOWN);
	ck_assert_int_eq(fx.lost.calls, 0);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 1);
	ACCEPTED(stmfw_client_close(second, on_close, &closing));
	RUN_UNTIL(closing.calls);
	fake_ocd_stop(peer);
}
END_TEST

START_TEST(nonces_of_two_clients_differ)
{
	/* The peer itself insists that one connection's nonces differ; here two connections. */
	char first[80];
	struct watch a = { 0 }, connecting = { 0 };
	stmfw_client *second;

	play_connected(NULL);
	fake_ocd_answer(fx.ocd, fake_tell_nonce, NULL);
	ACCEPTED(stmfw_command(fx.client, "x", 0, on_done, &a, NULL));
	RUN_UNTIL(a.calls);
	memcpy(first, a.text, sizeof(first));
	memset(&a, 0, sizeof(a));
	ACCEPTED(stmfw_client_new(&second, &fx.loop, &fx.opts));
	ACCEPTED(stmfw_client_connect(second, at(NULL, fake_ocd_port(fx.ocd)), on_done, &connecting,
				      NULL));
	RUN_UNTIL(connecting.calls);
	ACCEPTED(stmfw_command(second, "x", 0, on_done, &a, NULL));
	RUN_UNTIL(a.calls);
	ck_assert_str_ne(first, a.text);
	ACCEPTED(stmfw_client_close(second, NULL, NULL));
}
END_TEST

struct thread_work {
	uv_loop_t loop;
	stmfw_client *client;
	int status, closed;
};

static void thread_done(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct thread_work *work = arg;

	work->status = res->status;
	stmfw_client_close(c, NULL, NULL);
}

static void thread_main(void *arg)
{
	struct thread_work *work = arg;

	uv_run(&work->loop, UV_RUN_DEFAULT);
}

/* P4: clients on different loops in different threads share nothing. */
START_TEST(p4_loops_in_two_threads)
{
	struct thread_work work[2];
	uv_thread_t threads[2];
	uint16_t port = fake_ocd_dead_port(&fx.loop);

	memset(work, 0, sizeof(work));
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(uv_loop_init(&work[i].loop), 0);
		ck_assert_int_eq(stmfw_client_new(&work[i].client, &work[i].loop, NULL), 0);
		ck_assert_int_eq(stmfw_client_connect(work[i].client, at("localhost", port),
						      thread_done, &work[i], NULL), 0);
	}
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(uv_thread_create(&threads[i], thread_main, &work[i]), 0);
	for (int i = 0; i < 2; i++) {
		uv_thread_join(&threads[i]);
		ck_assert_int_eq(work[i].status, STMFW_ECONNECT);
		ck_assert_int_eq(uv_loop_close(&work[i].loop), 0);
	}
}
END_TEST

/* ---- P11 ----------------------------------------------------------------------------------- */

static void silence(int saved[2], int *file)
{
	char name[] = "/tmp/stmfw-output-XXXXXX";

	*file = mkstemp(name);
	ck_assert_int_ge(*file, 0);
	unlink(name);
	for (int i = 0; i < 2; i++) {
		saved[i] = dup(i + 1);
		ck_assert_int_ge(dup2(*file, i + 1), 0);
	}
}

static off_t speak_again(const int saved[2], int file)
{
	off_t size = lseek(file, 0, SEEK_END);

	for (int i = 0; i < 2; i++) {
		dup2(saved[i], i + 1);
		close(saved[i]);
	}
	close(file);
	return size;
}

START_TEST(p11_process_and_loop_are_left_alone)
{
	static const struct scene scene[] = {
		EXPECT("x"), REPLY(1, -4, "an error", "a log"), EXPECT("y"), RAW("garbage"), STALL,
		END
	};
	struct sigaction before[32], after;
	struct watch x = { 0 }, y = { 0 };
	int saved[2], file, mark;
	off_t printed;

	for (int i = 1; i < 32; i++)
		sigaction(i, NULL, &before[i]);
	fx.loop.data = &mark;
	silence(saved, &file);
	play_connected(scene);
	ACCEPTED(stmfw_command(fx.client, "x", 0, on_done, &x, NULL));
	ACCEPTED(stmfw_command(fx.client, "y", 0, on_done, &y, NULL));
	RUN_UNTIL(fx.lost.calls);
	close_and_drain();
	printed = speak_again(saved, file);
	ck_assert_int_eq((int)printed, 0);
	ck_assert_ptr_eq(fx.loop.data, &mark);
	for (int i = 1; i < 32; i++) {
		sigaction(i, NULL, &after);
		ck_assert_msg(after.sa_handler == before[i].sa_handler, "signal %d", i);
	}
}
END_TEST

/* P11, and the condition for SIGPIPE to be harmless: the peer resets while we write. */
START_TEST(p11_writing_to_a_dead_peer)
{
	static const struct scene scene[] = { GATE, RESET, END };
	struct watch w[2];

	memset(w, 0, sizeof(w));
	play_connected(scene);
	RUN_UNTIL(fake_ocd_at_gate(fx.ocd));
	fake_ocd_open_gate(fx.ocd);
	uv_run(&fx.loop, UV_RUN_NOWAIT);
	for (int i = 0; i < 2; i++)
		if (CALL(stmfw_command(fx.client, "x", 0, on_done, &w[i], NULL)) != STMFW_OK)
			ck_assert_int_eq(fx.result, STMFW_ESTATE);
	RUN_UNTIL(fx.lost.calls);
	for (int i = 0; i < 2; i++)
		ck_assert_msg(w[i].calls == 0 || w[i].status == STMFW_ELOST, "%s", w[i].text);
}
END_TEST

START_TEST(no_more_descriptors)
{
	struct rlimit old, low;

	play(NULL);
	make_client();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &low);
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_status(&fx.connecting, STMFW_ECONNECT, STMFW_NOT_STARTED);
	ck_assert_int_eq(fx.connecting.uv_status, UV_EMFILE);
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ p1_new_with_bad_arguments, 0 },
		{ options_of_another_version, 0 },
		{ shorter_options, 0 },
		{ options_may_be_missing, 0 },
		{ p9_options_and_allocator_are_copied, 0 },
		{ p12_new_without_memory, 0 },
		{ data_is_kept_and_not_looked_at, 0 },
		{ version_and_names, 0 },
		{ two_clients_keep_their_own_texts, 0 },
		{ nonces_of_two_clients_differ, 0 },
		{ p4_loops_in_two_threads, 0 },
		{ p11_process_and_loop_are_left_alone, 0 },
		{ p11_writing_to_a_dead_peer, 0 },
		{ no_more_descriptors, 0 },
		{ NULL, 0 },
	};

	return run_cases("clients", cases);
}
