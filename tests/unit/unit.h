/* SPDX-License-Identifier: MIT */
/* What the unit tests share: no loop, no network, one list of tests per program. */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

static inline int run_unit(const char *name, const TTest *const *tests)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);

	for (; *tests; tests++)
		tcase_add_test(tc, *tests);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

static inline struct mem *libc_mem(void)
{
	static struct mem mem;

	stmfw__mem_init(&mem, NULL);
	return &mem;
}

#endif
