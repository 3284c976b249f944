/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void bench_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

const char *bench_at(uint16_t port)
{
	static char text[8];

	snprintf(text, sizeof(text), ":%u", (unsigned int)port);
	return text;
}

unsigned long bench_number(const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value == 0 || value > max)
		bench_die("'%s' is not a number from 1 to %lu", text, max);
	return value;
}

uint64_t bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

double bench_rate(unsigned long count, uint64_t began)
{
	return (double)count * 1e9 / (double)(bench_now() - began);
}
