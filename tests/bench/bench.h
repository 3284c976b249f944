/* SPDX-License-Identifier: MIT */
/* What the bench programs share. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

__attribute__((noreturn, format(printf, 1, 2))) void bench_die(const char *format, ...);
/* The address of a port of this machine. */
const char *bench_at(uint16_t port);
/* Of the command line: a whole number from 1 to max, else the program ends. */
unsigned long bench_number(const char *text, unsigned long max);

/* The command whose round trip is measured, and what it answers. */
#define BENCH_SCRIPT "expr 1"
#define BENCH_ANSWER "1"
/* As long as the library's. */
#define BENCH_NONCE "@0123456789abcdef"

/*
 * The clients. Each has its connection, and runs count commands, one after the other, when it
 * is its turn. A turn begins with one more, before the clock starts. Returns commands per second.
 */
void bench_lib_open(uint16_t port);
double bench_lib_turn(unsigned long count);
void bench_lib_close(void);

void bench_uv_open(uint16_t port);
double bench_uv_turn(unsigned long count);
void bench_uv_close(void);

enum bench_bare { BENCH_ENVELOPE, BENCH_PLAIN, BENCH_BARE_KINDS };

void bench_bare_open(enum bench_bare kind, uint16_t port);
double bench_bare_turn(enum bench_bare kind, unsigned long count);
void bench_bare_close(enum bench_bare kind);

/* Since some moment in the past, in nanoseconds. */
uint64_t bench_now(void);
double bench_rate(unsigned long count, uint64_t began);

#endif
