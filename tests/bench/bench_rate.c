/* SPDX-License-Identifier: MIT */
/*
 * bench-rate PORT TURNS COUNT: commands per second, one after the other, of clients that take
 * turns of COUNT commands. Turns are short, so that whatever else the machine does slows all
 * of them alike. Prints a line for each round of turns: library, bare libuv, bare,
 * bare without the envelope.
 */
#include <signal.h>
#include <stdio.h>

#include "bench.h"

static void take_turns(unsigned long count, int print)
{
	double lib = bench_lib_turn(count);
	double uv = bench_uv_turn(count);
	double bare = bench_bare_turn(BENCH_ENVELOPE, count);
	double plain = bench_bare_turn(BENCH_PLAIN, count);

	if (print)
		printf("%.0f %.0f %.0f %.0f\n", lib, uv, bare, plain);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		bench_die("usage: bench-rate PORT TURNS COUNT");
	uint16_t port = (uint16_t)bench_number(argv[1], UINT16_MAX);
	unsigned long turns = bench_number(argv[2], 100000);
	unsigned long count = bench_number(argv[3], 100000);

	signal(SIGPIPE, SIG_IGN);
	bench_lib_open(port);
	bench_uv_open(port);
	bench_bare_open(BENCH_ENVELOPE, port);
	bench_bare_open(BENCH_PLAIN, port);
	for (int i = 0; i < 10; i++) /* to warm up */
		take_turns(count, 0);
	while (turns-- > 0)
		take_turns(count, 1);
	bench_bare_close(BENCH_PLAIN);
	bench_bare_close(BENCH_ENVELOPE);
	bench_uv_close();
	bench_lib_close();
	return 0;
}
