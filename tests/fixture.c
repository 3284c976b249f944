/* SPDX-License-Identifier: MIT */
/*
 * fixture.c - see fixture.h.
 *
 * The handles of the fixture and of the peer are unreferenced, so that uv_loop_alive() speaks of
 * the library alone. While a test waits, the deadline timer keeps the loop running.
 */
#include "fixture.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define DEADLINE_MS 15000

struct fixture fx;
void (*fixture_before_tear_down)(void);

/* ---- memory ---------------------------------------------------------------------------- */

struct block {
	size_t size;
	size_t magic;
};

#define BLOCK_LIVE ((size_t)0x51a11ce5)
#define BLOCK_DEAD ((size_t)0xdeadb10c)

static void *heap_free(struct heap *heap, struct block *b)
{
	if (!b)
		return NULL;
	memset(b + 1, 0xdd, b->size);
	b->magic = BLOCK_DEAD;
	heap->bytes -= b->size;
	free(b);
	heap->live--;
	return NULL;
}

static bool heap_refuses(struct heap *heap)
{
	long n = heap->calls++;

	if (heap->fail_at < 0 || n < heap->fail_at || (n > heap->fail_at && !heap->fail_on))
		return false;
	heap->failed++;
	return true;
}

/* Always moves, so that nobody gets away with an old pointer. */
static void *heap_realloc(void *ctx, void *ptr, size_t size)
{
	struct heap *heap = ctx;
	struct block *old = ptr ? (struct block *)ptr - 1 : NULL;
	struct block *b;

	INSIST(!old || old->magic == BLOCK_LIVE, "foreign or dead block given back");
	if (size == 0)
		return heap_free(heap, old);
	if (heap_refuses(heap))
		return NULL;
	b = malloc(sizeof(*b) + size);
	INSIST(b != NULL, "malloc");
	b->size = size;
	b->magic = BLOCK_LIVE;
	heap->live++;
	heap->bytes += size;
	heap->peak = heap->bytes > heap->peak ? heap->bytes : heap->peak;
	memset(b + 1, 0xa5, size);
	if (old) {
		memcpy(b + 1, old + 1, old->size < size ? old->size : size);
		heap_free(heap, old);
	}
	return b + 1;
}

void heap_init(struct heap *heap)
{
	memset(heap, 0, sizeof(*heap));
	heap->face.realloc = heap_realloc;
	heap->face.ctx = heap;
	heap->fail_at = -1;
}

/* ---- watching callbacks ------------------------------------------------------------------ */

void callback_enter(void)
{
	uv_thread_t self = uv_thread_self();

	INSIST(fx.in_call == 0, "P3: callback from inside an API function");
	INSIST(fx.in_callback == 0, "P4: callback nested in another one");
	INSIST(uv_thread_equal(&self, &fx.thread), "P4: callback on another thread");
	fx.in_callback++;
	fx.order++;
}

void callback_leave(void)
{
	fx.in_callback--;
}

static void copy_text(char *to, size_t cap, const char *from, size_t len)
{
	if (len >= cap)
		len = cap - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

/* What the header says of every result. */
static void check_result(const stmfw_result *r)
{
	INSIST(r->step && r->text && r->log && r->advice, "a text is NULL");
	INSIST(r->text[r->text_len] == '\0', "text has no NUL where text_len says");
	INSIST(r->log[r->log_len] == '\0', "log has no NUL where log_len says");
	INSIST(r->step[0] != '\0', "step is empty");
	INSIST(r->outcome >= STMFW_NOT_STARTED && r->outcome <= STMFW_UNKNOWN, "outcome %d",
	       r->outcome);
	if (r->status == STMFW_OK) {
		INSIST(r->advice[0] == '\0', "advice on success: %s", r->advice);
		return;
	}
	INSIST(r->status >= STMFW_EABORTED && r->status < 0, "status %d", r->status);
	INSIST(r->text[0] != '\0', "%s without a text", stmfw_err_name(r->status));
	INSIST(!strpbrk(r->text, "\r\n"), "failure text of several lines: %s", r->text);
	INSIST(!strpbrk(r->advice, "\r\n"), "advice of several lines: %s", r->advice);
}

void on_done(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct watch *w = arg;

	callback_enter();
	check_result(res);
	w->calls++;
	w->order = fx.order;
	w->connected = stmfw_client_is_connected(c);
	w->heap_live = fx.heap.live;
	w->op = res->op;
	w->status = res->status;
	w->outcome = res->outcome;
	w->uv_status = res->uv_status;
	w->tcl_code = res->tcl_code;
	w->ocd_code = res->ocd_code;
	copy_text(w->step, sizeof(w->step), res->step, strlen(res->step));
	copy_text(w->text, sizeof(w->text), res->text, res->text_len);
	copy_text(w->log, sizeof(w->log), res->log, res->log_len);
	copy_text(w->advice, sizeof(w->advice), res->advice, strlen(res->advice));
	w->text_len = res->text_len;
	w->log_len = res->log_len;
	w->count = res->count;
	w->bytes = res->bytes;
	w->elapsed_ms = res->elapsed_ms;
	if (w->then)
		w->then(w, c, res);
	callback_leave();
}

void on_close(void *arg)
{
	struct watch *w = arg;

	callback_enter();
	w->calls++;
	w->order = fx.order;
	w->heap_live = fx.heap.live;
	if (w->then)
		w->then(w, NULL, NULL);
	callback_leave();
}

static void append_line(char *to, size_t cap, const char *line)
{
	size_t len = strlen(to);
	size_t n = strlen(line);

	if (len + 2 > cap)
		return;
	if (n > cap - len - 2)
		n = cap - len - 2;
	memcpy(to + len, line, n);
	to[len + n] = '\n';
	to[len + n + 1] = '\0';
}

void on_log(stmfw_client *c, const char *line, void *arg)
{
	struct watch *w = arg;

	callback_enter();
	w->calls++;
	w->order = fx.order;
	append_line(w->log, sizeof(w->log), line);
	if (w->then)
		w->then(w, c, NULL);
	callback_leave();
}

void on_event(stmfw_client *c, const stmfw_event *ev, void *arg)
{
	static const char *const kinds[] = { "state ", "event ", "reset ", "other " };
	struct watch *w = arg;
	char line[512];

	callback_enter();
	w->calls++;
	w->order = fx.order;
	INSIST((int)ev->kind >= 0 && ev->kind <= STMFW_EVENT_OTHER, "kind %d", (int)ev->kind);
	copy_text(line, sizeof(line), kinds[ev->kind], strlen(kinds[ev->kind]));
	copy_text(line + 6, sizeof(line) - 6, ev->name, strlen(ev->name));
	append_line(w->text, sizeof(w->text), line);
	if (w->then)
		w->then(w, c, NULL);
	callback_leave();
}

/* ---- loop -------------------------------------------------------------------------------- */

static void on_deadline(uv_timer_t *timer)
{
	(void)timer;
	fx.expired = true;
}

void deadline_start(void)
{
	fx.expired = false;
	uv_update_time(&fx.loop);
	uv_timer_start(&fx.deadline, on_deadline, DEADLINE_MS, 0);
	uv_ref((uv_handle_t *)&fx.deadline);
}

void deadline_stop(void)
{
	uv_timer_stop(&fx.deadline);
	uv_unref((uv_handle_t *)&fx.deadline);
}

bool turn(void)
{
	uv_run(&fx.loop, UV_RUN_ONCE);
	return !fx.expired;
}

void run_dry(void)
{
	deadline_start();
	uv_unref((uv_handle_t *)&fx.deadline);
	while (uv_run(&fx.loop, UV_RUN_ONCE) != 0)
		INSIST(!fx.expired, "the loop never becomes empty");
	deadline_stop();
}

static void on_clock(uv_timer_t *timer)
{
	fx.rang = true;
	uv_stop(timer->loop); /* it may have been due before this turn polls, and nothing else is */
}

void pass_time(unsigned int ms)
{
	fx.rang = false;
	uv_update_time(&fx.loop);
	uv_timer_start(&fx.clock, on_clock, ms, 0);
	RUN_UNTIL(fx.rang);
}

bool short_run(void)
{
	const char *s = getenv("STMFW_TEST_SHORT");

	return s && *s && strcmp(s, "0") != 0;
}

int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* ---- set-up and tear-down ---------------------------------------------------------------- */

/* libuv opens a pipe of its own with the first loop of a process and keeps it. */
static void warm_up(void)
{
	uv_loop_t loop;

	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}

void set_up(void)
{
	signal(SIGPIPE, SIG_IGN);
	warm_up();
	memset(&fx, 0, sizeof(fx));
	fx.descriptors = count_descriptors();
	fx.thread = uv_thread_self();
	ck_assert_int_eq(uv_loop_init(&fx.loop), 0);
	uv_timer_init(&fx.loop, &fx.deadline);
	uv_unref((uv_handle_t *)&fx.deadline);
	uv_timer_init(&fx.loop, &fx.clock);
	uv_unref((uv_handle_t *)&fx.clock);
	heap_init(&fx.heap);
	fx.opts.size = sizeof(fx.opts);
	fx.opts.alloc = &fx.heap.face;
	fx.opts.lost = on_done;
	fx.opts.lost_arg = &fx.lost;
}

void tear_down(void)
{
	if (fixture_before_tear_down)
		fixture_before_tear_down();
	if (fx.client)
		close_and_drain();
	if (fx.ocd)
		fake_ocd_stop(fx.ocd);
	fx.ocd = NULL;
	uv_close((uv_handle_t *)&fx.deadline, NULL);
	uv_close((uv_handle_t *)&fx.clock, NULL);
	uv_run(&fx.loop, UV_RUN_DEFAULT);
	INSIST(uv_loop_close(&fx.loop) == 0, "a handle or request is left in the loop");
	INSIST(fx.heap.live == 0, "%ld allocations leaked", fx.heap.live);
	INSIST(waitpid(-1, NULL, WNOHANG) == -1, "a child process is left behind");
	INSIST(count_descriptors() == fx.descriptors, "descriptors: %d before, %d after",
	       fx.descriptors, count_descriptors());
}

void play(const struct scene *scene)
{
	ck_assert_ptr_null(fx.ocd);
	fx.ocd = fake_ocd_start(&fx.loop, scene);
}

stmfw_client *make_client(void)
{
	stmfw_client *c = NULL;

	ck_assert_ptr_null(fx.client);
	ACCEPTED(stmfw_client_new(&c, &fx.loop, &fx.opts));
	ck_assert_ptr_nonnull(c);
	fx.client = c;
	return c;
}

static const char *with_scheme(const char *scheme, const char *host, uint16_t port)
{
	static char texts[8][2200];
	static unsigned int next;
	char *text = texts[next++ % 8];

	snprintf(text, sizeof(texts[0]), host && strchr(host, ':') ? "%s[%s]:%u" : "%s%s:%u",
		 scheme, host ? host : "", (unsigned int)port);
	return text;
}

const char *at(const char *host, uint16_t port)
{
	return with_scheme("", host, port);
}

/* The child connects and relays. */
static int reach_by_child(stmfw_client *c, const char *host, uint16_t port, stmfw_done_cb cb,
			  void *arg, stmfw_op *op)
{
	stmfw_spawn_opts o = STMFW_INIT(stmfw_spawn_opts);
	char number[8];
	const char *argv[] = { getenv("STMFW_TEST_CHILD"), "relay", host ? host : "127.0.0.1",
			       number, NULL };

	INSIST(argv[0] != NULL, "STMFW_TEST_CHILD is not set");
	snprintf(number, sizeof(number), "%u", (unsigned int)port);
	o.argv = argv;
	o.as_is = 1;
	o.timeout_ms = fx.opts.connect_timeout_ms;
	return stmfw_client_spawn(c, &o, cb, arg, op);
}

int reach(stmfw_client *c, const char *host, uint16_t port, stmfw_done_cb cb, void *arg,
	  stmfw_op *op)
{
	char path[80];

	switch (fake_ocd_way()) {
	case FAKE_EXEC:
		return reach_by_child(c, host, port, cb, arg, op);
	case FAKE_UNIX:
		snprintf(path, sizeof(path), "unix:%s", fake_ocd_path(port));
		return stmfw_client_connect(c, path, cb, arg, op);
	case FAKE_TELNET:
		return stmfw_client_connect(c, with_scheme("telnet://", host, port), cb, arg, op);
	case FAKE_TCL:
		break;
	}
	return stmfw_client_connect(c, at(host, port), cb, arg, op);
}

void start_connecting(const char *host, uint16_t port)
{
	memset(&fx.connecting, 0, sizeof(fx.connecting));
	ACCEPTED(reach(fx.client, host, port, on_done, &fx.connecting, NULL));
}

stmfw_client *play_connected(const struct scene *scene)
{
	play(scene);
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	INSIST(fx.connecting.status == STMFW_OK, "connect: %s: %s",
	       stmfw_err_name(fx.connecting.status), fx.connecting.text);
	return fx.client;
}

void close_client(void)
{
	stmfw_client *c = fx.client;

	fx.client = NULL;
	ACCEPTED(stmfw_client_close(c, on_close, &fx.closing));
}

void close_and_drain(void)
{
	close_client();
	RUN_UNTIL(fx.closing.calls);
	run_dry();
	ck_assert_int_eq(fx.closing.calls, 1);
	INSIST(fx.closing.order == fx.order, "P8: a callback came after the last one");
}

/* ---- assertions -------------------------------------------------------------------------- */

void assert_status(const struct watch *w, int status, int outcome)
{
	INSIST(w->calls > 0, "its callback never came");
	INSIST(w->status == status, "%s instead of %s at %s: %s", stmfw_err_name(w->status),
	       stmfw_err_name(status), w->step, w->text);
	INSIST(w->outcome == outcome, "outcome %d instead of %d: %s", w->outcome, outcome, w->text);
}

void assert_failed_once(const struct watch *w, int status, int outcome)
{
	assert_status(w, status, outcome);
	ck_assert_int_eq(w->calls, 1);
}

void assert_ok_once(const struct watch *w, const char *text)
{
	assert_status(w, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(w->calls, 1);
	ck_assert_str_eq(w->text, text);
}

/* ---- running ----------------------------------------------------------------------------- */

int run_cases(const char *name, const struct test_case *cases)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	for (; cases->test; cases++) {
		if (cases->loops)
			tcase_add_loop_test(tcase, cases->test, 0, cases->loops);
		else
			tcase_add_test(tcase, cases->test);
	}
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
