/* SPDX-License-Identifier: MIT */
/* The library as a client: each command is given from the callback of the one before. */
#include <string.h>
#include <uv.h>

#include <stmfw.h>

#include "bench.h"

static struct {
	uv_loop_t loop;
	stmfw_client *client;
	unsigned long count, left;
	uint64_t began;
	double rate;
} lib;

static void on_done(stmfw_client *c, const stmfw_result *res, void *arg);

static void command(void)
{
	int err = stmfw_command(lib.client, BENCH_SCRIPT, 0, on_done, NULL, NULL);

	if (err)
		bench_die("stmfw_command: %s", stmfw_err_name(err));
}

static void on_done(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)c, (void)arg;
	if (res->status != STMFW_OK || strcmp(res->text, BENCH_ANSWER) != 0)
		bench_die("%s: %s", stmfw_err_name(res->status), res->text);
	if (lib.left == lib.count)
		lib.began = bench_now();
	if (lib.left-- > 0) {
		command();
		return;
	}
	lib.rate = bench_rate(lib.count, lib.began);
	uv_stop(&lib.loop);
}

static void on_connect(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)c, (void)arg;
	if (res->status != STMFW_OK)
		bench_die("%s", res->text);
	uv_stop(&lib.loop);
}

void bench_lib_open(uint16_t port)
{
	if (uv_loop_init(&lib.loop) != 0 ||
	    stmfw_client_new(&lib.client, &lib.loop, NULL) != STMFW_OK ||
	    stmfw_client_connect(lib.client, bench_at(port), on_connect, NULL, NULL) != STMFW_OK)
		bench_die("cannot begin");
	uv_run(&lib.loop, UV_RUN_DEFAULT);
}

double bench_lib_turn(unsigned long count)
{
	lib.count = lib.left = count;
	command();
	uv_run(&lib.loop, UV_RUN_DEFAULT);
	return lib.rate;
}

void bench_lib_close(void)
{
	stmfw_client_close(lib.client, NULL, NULL);
	uv_run(&lib.loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&lib.loop) != 0)
		bench_die("the client left something in the loop");
}
