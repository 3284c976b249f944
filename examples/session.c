/* SPDX-License-Identifier: MIT */
/*
 * One run of a tool.
 *
 * Signals and their timer do not keep the loop going: it ends when the client is gone. OpenOCD
 * cannot be interrupted, so the first signal only asks, and a timer sees to it that asking does
 * not take for ever.
 */
#include "session.h"

#include <signal.h>

#define PATIENCE_MS 5000

/* ---- closing ---- */

static void on_closed(void *arg)
{
	struct session *s = arg;

	s->client = NULL;
}

void session_close(struct session *s)
{
	s->op = 0;
	if (s->client)
		stmfw_client_close(s->client, on_closed, s);
}

/* ---- signals ---- */

static void on_patience_over(uv_timer_t *timer)
{
	session_close(timer->data);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct session *s = handle->data;

	if (s->signal != 0 || !s->client) {
		session_close(s);
		return;
	}
	s->signal = number;
	stmfw_cancel(s->client, s->op);
	if (s->stop_words) {
		progress_clear(&s->progress);
		cli_warn(s->cli, "%s", s->stop_words);
	}
	if (s->patience_ms)
		uv_timer_start(&s->patience, on_patience_over, s->patience_ms, 0);
}

void session_stopped(const struct session *s, const char *doing, const char *who)
{
	cli_fail(s->cli, s->signal == SIGINT ? CLI_INTERRUPTED : CLI_TERMINATED, "",
		 "Stopped as asked, while trying to %s. (%s.)", doing, who);
}

void session_completed(struct session *s)
{
	s->too_late = s->signal != 0;
	s->signal = 0;
}

static void in_background(struct session *s, uv_handle_t *handle)
{
	handle->data = s;
	uv_unref(handle);
}

/* As nohup asks for it. */
static bool is_ignored(int number)
{
	struct sigaction now;

	return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void watch_signals(struct session *s)
{
	uv_timer_init(&s->loop, &s->patience);
	uv_signal_init(&s->loop, &s->interrupt);
	uv_signal_init(&s->loop, &s->terminate);
	uv_signal_init(&s->loop, &s->hangup);
	in_background(s, (uv_handle_t *)&s->patience);
	in_background(s, (uv_handle_t *)&s->interrupt);
	in_background(s, (uv_handle_t *)&s->terminate);
	in_background(s, (uv_handle_t *)&s->hangup);
	uv_signal_start(&s->interrupt, on_signal, SIGINT);
	uv_signal_start(&s->terminate, on_signal, SIGTERM);
	if (!is_ignored(SIGHUP))
		uv_signal_start(&s->hangup, on_signal, SIGHUP);
}

static void forget_signals(struct session *s)
{
	uv_close((uv_handle_t *)&s->patience, NULL);
	uv_close((uv_handle_t *)&s->interrupt, NULL);
	uv_close((uv_handle_t *)&s->terminate, NULL);
	uv_close((uv_handle_t *)&s->hangup, NULL);
	uv_run(&s->loop, UV_RUN_DEFAULT);
}

/* ---- running ---- */

static void on_log(stmfw_client *c, const char *line, void *arg)
{
	struct session *s = arg;

	(void)c;
	if (s->cli->talk == CLI_VERBOSE)
		progress_clear(&s->progress);
	cli_openocd_said(s->cli, line);
}

static int reach(struct session *s, stmfw_done_cb connected, void *arg)
{
	const struct server *server = &s->cli->server;
	stmfw_spawn_opts opts = STMFW_INIT(stmfw_spawn_opts);

	if (!server->argv)
		return stmfw_client_connect(s->client, server->address.text, connected, arg,
					    &s->op);
	opts.argv = (const char *const *)server->argv;
	return stmfw_client_spawn(s->client, &opts, connected, arg, &s->op);
}

static int begin(struct session *s, stmfw_done_cb connected, void *arg)
{
	stmfw_client_opts opts = STMFW_INIT(stmfw_client_opts);

	opts.log = on_log;
	opts.log_arg = s;
	opts.connect_wait_ms = s->cli->wait_s * 1000;
	opts.transfer = s->cli->transfer;
	int err = stmfw_client_new(&s->client, &s->loop, &opts);
	if (err != STMFW_OK)
		return err;
	err = reach(s, connected, arg);
	if (err != STMFW_OK)
		session_close(s);
	return err;
}

bool session_open(struct session *s, struct cli *cli)
{
	s->cli = cli;
	s->patience_ms = PATIENCE_MS;
	progress_init(&s->progress, cli);
	if (uv_loop_init(&s->loop) == 0) {
		watch_signals(s);
		return true;
	}
	cli_fail(cli, CLI_INTERNAL, "", "No event loop could be made.");
	return false;
}

void session_run(struct session *s, stmfw_done_cb connected, void *arg)
{
	int err = begin(s, connected, arg);

	if (err != STMFW_OK)
		cli_fail(s->cli, cli_exit_of(err), "", "Cannot begin: %s.", stmfw_strerror(err));
	uv_run(&s->loop, UV_RUN_DEFAULT);
	forget_signals(s);
	uv_loop_close(&s->loop);
}
