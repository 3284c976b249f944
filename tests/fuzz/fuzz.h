/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - one function that takes any bytes. With libFuzzer it is given everything, without it
 * (fuzz_main.c) the files of a corpus. It must not crash, and asserts what must hold for any input.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): a release build must check, too. */
#define MUST(cond)                                                                            \
	do {                                                                                  \
		if (!(cond)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);            \
			abort();                                                              \
		}                                                                             \
	} while (0)

#endif
