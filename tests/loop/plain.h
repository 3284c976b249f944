/* SPDX-License-Identifier: MIT */
/* plain.h - running a call to its end against the fake chip, and what has to come of it. */
#ifndef PLAIN_H
#define PLAIN_H

#include <string.h>

#include "fake_chip.h"
#include "fixture.h"

static struct watch done;

/* as callback, argument, operation */
#define DONE on_done, &done, NULL

#define RUN(call)                                                                              \
	do {                                                                                   \
		memset(&done, 0, sizeof(done));                                                \
		ACCEPTED(call);                                                                \
		RUN_UNTIL(done.calls);                                                         \
	} while (0)

#define FAILS(status_, words, call)                                                            \
	do {                                                                                   \
		RUN(call);                                                                     \
		assert_failed_once(&done, status_, STMFW_FINISHED);                            \
		ck_assert_msg(strstr(done.text, words) != NULL, "no \"%s\" in: %s", words,     \
			      done.text);                                                      \
	} while (0)

#define SUCCEEDS(call)                                                                         \
	do {                                                                                   \
		RUN(call);                                                                     \
		assert_status(&done, STMFW_OK, STMFW_FINISHED);                                \
	} while (0)

#endif
