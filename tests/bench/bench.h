/* SPDX-License-Identifier: MIT */
/* What the bench programs share. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

/* The command whose round trip is measured, and what it answers. */
#define BENCH_SCRIPT "expr 1"
#define BENCH_ANSWER "1"

/* Of the command line: a whole number from 1 to max, else the program ends. */
unsigned long bench_number(const char *text, unsigned long max);
__attribute__((noreturn, format(printf, 1, 2))) void bench_die(const char *format, ...);
/* Runs a few more, before the clock starts. */
unsigned long bench_warm_up(unsigned long count);
/* Since some moment in the past, in nanoseconds. */
uint64_t bench_now(void);
/* Prints how many commands per second that is, as a whole number. */
void bench_print_rate(unsigned long count, uint64_t began);

#endif
