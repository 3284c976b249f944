/* SPDX-License-Identifier: MIT */
/* Quoting: the rule, and that public and internal function agree. (Against a real interpreter: see
   tests/openocd.) */
#include <stdio.h>
#include <string.h>

#include "tcl.h"
#include "unit.h"

static void assert_word(const char *in, size_t n, const char *want)
{
	struct buf b;
	char out[64];

	stmfw__buf_init(&b, libc_mem(), 1000);
	stmfw__tcl_word(&b, in, n);
	ck_assert_str_eq(b.data, want);
	ck_assert_uint_eq(stmfw__tcl_word_length(in, n), strlen(want));
	ck_assert_uint_eq(stmfw_quote(out, sizeof(out), in, n), strlen(want));
	ck_assert_str_eq(out, want);
	stmfw__buf_release(&b);
}

START_TEST(plain_words_are_only_put_in_quotes)
{
	assert_word("", 0, "\"\"");
	assert_word("a b;c #-", 8, "\"a b;c #-\"");
	assert_word("\xc3\xa9\xff", 3, "\"\xc3\xa9\xff\"");
}
END_TEST

START_TEST(what_tcl_would_act_on_is_escaped)
{
	assert_word("\\\"$[]{}", 7, "\"\\\\\\\"\\$\\[\\]\\{\\}\"");
}
END_TEST

START_TEST(control_bytes_become_octal)
{
	assert_word("\0\n\x1a\x7f", 4, "\"\\000\\012\\032\\177\"");
}
END_TEST

/* For the sake of length: random bytes grow by a twentieth, not by half. */
START_TEST(bulk_escapes_only_what_it_must)
{
	char all[256], more[300];
	struct buf b;

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	stmfw__buf_init(&b, libc_mem(), 1000);
	stmfw__tcl_bulk(&b, all, sizeof(all));
	stmfw__tcl_bulk(&b, NULL, 0);
	size_t n = 0;
	for (int i = 0; i < 256; i++) {
		if (strchr("\\\"$[", i) && i)
			more[n++] = '\\';
		if (i == 0 || i == 0x1a)
			n += (size_t)sprintf(more + n, "\\%03o", (unsigned int)i);
		else
			more[n++] = (char)i;
	}
	ck_assert_uint_eq(b.length, n);
	ck_assert_mem_eq(b.data, more, n);
	stmfw__buf_release(&b);
}
END_TEST

START_TEST(quote_never_gives_half_a_word)
{
	char out[8] = "xxxxxxx";

	ck_assert_uint_eq(stmfw_quote(NULL, 0, "abc", 3), 5);
	ck_assert_uint_eq(stmfw_quote(out, 5, "abc", 3), 5);
	ck_assert_str_eq(out, "");
	ck_assert_uint_eq(stmfw_quote(out, 6, "abc", 3), 5);
	ck_assert_str_eq(out, "\"abc\"");
}
END_TEST

/* A target that nobody names is the current one, however that is said. */
START_TEST(no_target_is_the_current_one)
{
	struct buf null, empty;

	stmfw__buf_init(&null, libc_mem(), 4096);
	stmfw__buf_init(&empty, libc_mem(), 4096);
	stmfw__tcl_on_target(&null, NULL, "halt");
	stmfw__tcl_on_target(&empty, "", "halt");
	ck_assert_str_eq(null.data, empty.data);
	ck_assert_ptr_nonnull(strstr(null.data, " \"\" \"halt\""));
	stmfw__buf_release(&null);
	stmfw__buf_release(&empty);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { plain_words_are_only_put_in_quotes,
				       what_tcl_would_act_on_is_escaped,
				       control_bytes_become_octal, bulk_escapes_only_what_it_must,
				       quote_never_gives_half_a_word, no_target_is_the_current_one,
				       NULL };

	return run_unit("tcl", tests);
}
