/* SPDX-License-Identifier: MIT */
/*
 * stmfw-board: virtual boards behind a TCP port, from the command line to the last counter.
 */
#include "options.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct program {
	uv_loop_t loop;
	struct server server;
	struct control control;
	uv_signal_t terminate, interrupt;
};

static int fail(const char *what, const char *which)
{
	fprintf(stderr, "stmfw-board: %s %s\n", what, which);
	return 1;
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct program *p = handle->data;

	(void)number;
	control_close(&p->control);
	server_close(&p->server);
	uv_close((uv_handle_t *)&p->terminate, NULL);
	uv_close((uv_handle_t *)&p->interrupt, NULL);
}

static void watch_signals(struct program *p)
{
	p->terminate.data = p;
	p->interrupt.data = p;
	uv_signal_init(&p->loop, &p->terminate);
	uv_signal_init(&p->loop, &p->interrupt);
	uv_signal_start_oneshot(&p->terminate, on_signal, SIGTERM);
	uv_signal_start_oneshot(&p->interrupt, on_signal, SIGINT);
	signal(SIGPIPE, SIG_IGN);
}

static int start(struct program *p, const struct options *o)
{
	char port[16];

	if (!server_start(&p->server, &p->loop, (unsigned)o->port))
		return fail("cannot listen on", "that port of 127.0.0.1");
	if (o->control_path && !control_start(&p->control, &p->server, o->control_path))
		return fail("cannot listen on", o->control_path);
	snprintf(port, sizeof(port), "%u\n", server_port(&p->server));
	if (o->ready_path && !file_replace(o->ready_path, port, strlen(port)))
		return fail("cannot write", o->ready_path);
	printf("stmfw-board: 127.0.0.1:%s", port);
	fflush(stdout);
	return 0;
}

static int save(const struct board *b)
{
	int failed = 0;

	if (b->dump_path && !file_replace(b->dump_path, b->flash, chip_flash_size(b->chip)))
		failed = fail("cannot write", b->dump_path);
	if (b->stats_path && !stats_save(b, b->stats_path))
		failed = fail("cannot write", b->stats_path);
	return failed;
}

static int finish(struct program *p)
{
	int failed = 0;

	for (unsigned i = 0; i < p->server.board_count; i++) {
		failed |= save(p->server.boards[i]);
		board_free(p->server.boards[i]);
	}
	return failed;
}

int main(int argc, char **argv)
{
	static struct program p;
	struct options options = { .server = &p.server };

	p.server.api = 2;
	options_read(&options, argc, argv);
	uv_loop_init(&p.loop);
	watch_signals(&p);
	int failed = start(&p, &options);

	if (failed)
		return failed;
	uv_run(&p.loop, UV_RUN_DEFAULT);
	uv_loop_close(&p.loop);
	return finish(&p);
}
