/* SPDX-License-Identifier: MIT */
/*
 * bench-lib PORT COUNT: how many commands per second the library runs, one after the other. Each
 * is given from the callback of the one before.
 */
#include <signal.h>
#include <string.h>
#include <uv.h>

#include <stmfw.h>

#include "bench.h"

struct run {
	unsigned long count, left;
	uint64_t began;
};

static void command(stmfw_client *c, struct run *run);

static void on_done(stmfw_client *c, const stmfw_result *res, void *arg)
{
	struct run *run = arg;

	if (res->status != STMFW_OK || strcmp(res->text, BENCH_ANSWER) != 0)
		bench_die("%s: %s", stmfw_err_name(res->status), res->text);
	if (--run->left > 0) {
		if (run->left == run->count)
			run->began = bench_now();
		command(c, run);
		return;
	}
	bench_print_rate(run->count, run->began);
	stmfw_client_close(c, NULL, NULL);
}

static void command(stmfw_client *c, struct run *run)
{
	int err = stmfw_command(c, BENCH_SCRIPT, 0, on_done, run, NULL);

	if (err)
		bench_die("stmfw_command: %s", stmfw_err_name(err));
}

static void on_connect(stmfw_client *c, const stmfw_result *res, void *arg)
{
	if (res->status != STMFW_OK)
		bench_die("%s", res->text);
	command(c, arg);
}

int main(int argc, char **argv)
{
	struct run run = { 0 };
	stmfw_client *c;

	if (argc != 3)
		bench_die("usage: bench-lib PORT COUNT");
	uint16_t port = (uint16_t)bench_number(argv[1], UINT16_MAX);

	run.count = bench_number(argv[2], 1000000);
	run.left = bench_warm_up(run.count) + run.count;
	signal(SIGPIPE, SIG_IGN);
	if (stmfw_client_new(&c, uv_default_loop(), NULL) != STMFW_OK ||
	    stmfw_client_connect(c, NULL, port, on_connect, &run, NULL) != STMFW_OK)
		bench_die("cannot begin");
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	return uv_loop_close(uv_default_loop()) != 0;
}
