/* SPDX-License-Identifier: MIT */
/*
 * OpenOCD prints each answer into its own log and to its telnet users: the library hides its
 * answers from that behind a NUL. In one that prints them in slices (0.10) it cannot be done.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "real.h"

START_TEST(a_long_answer_does_not_flood_openocds_log)
{
	struct stat before, after;
	char log[100];

	start_dummy();
	connect_client();
	snprintf(log, sizeof(log), "%s/openocd.log", real.dir);
	ck_assert_int_eq(stat(log, &before), 0);
	tcl("string repeat flood 100000");
	ck_assert_uint_eq(outcome.res.text_len, 500000);
	tcl("expr 1"); /* by now it has been printed */
	ck_assert_int_eq(stat(log, &after), 0);
	ck_assert_int_lt(after.st_size - before.st_size, 100);
	tcl("echo \"seen by all\"");
	ck_assert_ptr_nonnull(strstr(outcome.log, "seen by all"));
}
END_TEST

/* It is asked itself, in its own words: does it print what is behind a NUL? */
static bool prints_in_slices(void)
{
	static const char command[] =
		"printf '%s\\032' 'lindex [list \"\\000[string repeat secret 200]\"] 0' | "
		"timeout 15 \"${OPENOCD-openocd}\" -f \"$CONFIGS\"/dummy.cfg "
		"-c 'tcl_port pipe; telnet_port disabled; gdb_port disabled' 2>&1 >/dev/null | "
		"grep -q secretsecret";

	return system(command) == 0;
}

int main(void)
{
	const struct real_test tests[] = { { a_long_answer_does_not_flood_openocds_log, 1 },
					   { NULL, 0 } };

	if (prints_in_slices())
		return skip_all(tests, "this OpenOCD prints all of an answer, in slices");
	return run_real("log", tests);
}
