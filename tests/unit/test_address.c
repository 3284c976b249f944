/* SPDX-License-Identifier: MIT */
/* Where an OpenOCD is: what people write, what is meant, what is refused; and how one is started. */
#include "spawn.h"
#include "unit.h"

static const struct {
	const char *text;
	enum stmfw_way way;
	const char *host;
	unsigned int port;
	int is_local;
	const char *shown;
} good[] = {
	{ NULL, STMFW_WAY_TCL, "127.0.0.1", 6666, 1, "127.0.0.1:6666" },
	{ "", STMFW_WAY_TCL, "127.0.0.1", 6666, 1, "127.0.0.1:6666" },
	{ ":7000", STMFW_WAY_TCL, "127.0.0.1", 7000, 1, "127.0.0.1:7000" },
	{ "127.1.2.3", STMFW_WAY_TCL, "127.1.2.3", 6666, 1, "127.1.2.3:6666" },
	{ "127.0.0.1.example", STMFW_WAY_TCL, "127.0.0.1.example", 6666, 0, "127.0.0.1.example:6666" },
	{ "LocalHost:1", STMFW_WAY_TCL, "LocalHost", 1, 1, "LocalHost:1" },
	{ "station3:65535", STMFW_WAY_TCL, "station3", 65535, 0, "station3:65535" },
	{ "tcl://10.0.0.5", STMFW_WAY_TCL, "10.0.0.5", 6666, 0, "10.0.0.5:6666" },
	{ "::1", STMFW_WAY_TCL, "::1", 6666, 1, "[::1]:6666" },
	{ "[::1]", STMFW_WAY_TCL, "::1", 6666, 1, "[::1]:6666" },
	{ "[fe80::2%eth0]:99", STMFW_WAY_TCL, "fe80::2%eth0", 99, 0, "[fe80::2%eth0]:99" },
	{ "telnet://", STMFW_WAY_TELNET, "127.0.0.1", 4444, 1, "telnet://127.0.0.1:4444" },
	{ "TELNET://h:5", STMFW_WAY_TELNET, "h", 5, 0, "telnet://h:5" },
	{ "telnet://[::1]:5", STMFW_WAY_TELNET, "::1", 5, 1, "telnet://[::1]:5" },
	{ "unix:/run/o cd", STMFW_WAY_UNIX, "/run/o cd", 0, 1, "unix:/run/o cd" },
	{ "tcl://unix", STMFW_WAY_TCL, "unix", 6666, 0, "tcl://unix:6666" },
	{ "telnet://unix", STMFW_WAY_TELNET, "unix", 4444, 0, "telnet://unix:4444" },
	{ "unix:ocd.sock", STMFW_WAY_UNIX, "ocd.sock", 0, 1, "unix:ocd.sock" },
};

START_TEST(addresses_are_understood)
{
	stmfw_address a, again;

	ck_assert_int_eq(stmfw_address_parse(&a, good[_i].text), STMFW_OK);
	ck_assert_int_eq(a.way, good[_i].way);
	ck_assert_str_eq(a.host, good[_i].host);
	ck_assert_uint_eq(a.port, good[_i].port);
	ck_assert_int_eq(a.is_local, good[_i].is_local);
	ck_assert_str_eq(a.text, good[_i].shown);
	ck_assert_int_eq(stmfw_address_parse(&again, a.text), STMFW_OK);
	ck_assert_mem_eq(&again, &a, sizeof(a));
}
END_TEST

static const char *const bad[] = {
	"h:", "h:0", "h:65536", "h:12x", "h:-1", ":", "[::1", "[]", "[]:5", "[::1]x", "[::1]:",
	"telnet://h:", "unix:", "a:b[c:d]e", "[[::1]", "h]",
};

START_TEST(other_things_are_no_addresses)
{
	stmfw_address a = { .port = 7 };

	ck_assert_int_eq(stmfw_address_parse(&a, bad[_i]), STMFW_EINVAL);
	ck_assert_uint_eq(a.port, 7);
}
END_TEST

START_TEST(what_is_too_long_is_no_address)
{
	char host[300], path[200] = "unix:/";
	stmfw_address a;

	memset(host, 'a', sizeof(host));
	host[255] = '\0';
	ck_assert_int_eq(stmfw_address_parse(&a, host), STMFW_OK);
	ck_assert_uint_eq(strlen(a.text), 255 + strlen(":6666"));
	host[255] = 'a';
	host[256] = '\0';
	ck_assert_int_eq(stmfw_address_parse(&a, host), STMFW_EINVAL);
	memset(path + 6, 'a', 106);
	ck_assert_int_eq(stmfw_address_parse(&a, path), STMFW_OK);
	path[6 + 106] = 'a';
	ck_assert_int_eq(stmfw_address_parse(&a, path), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_address_parse(NULL, "h"), STMFW_EINVAL);
}
END_TEST

/* ---- the command line of a child ---- */

static void assert_words(const char *const *argv, int as_is, const char *const *want)
{
	stmfw_spawn_opts opts = STMFW_INIT(stmfw_spawn_opts);
	struct arena a;

	opts.argv = argv;
	opts.as_is = as_is;
	stmfw__arena_init(&a, libc_mem());
	char **words = stmfw__spawn_argv(&a, &opts);
	for (; *want; want++, words++) {
		ck_assert_ptr_nonnull(*words);
		if (strcmp(*want, "SCRIPT") == 0)
			ck_assert_msg(strncmp(*words, "foreach {s p} {tcl pipe", 23) == 0, "%s",
				      *words);
		else if (strcmp(*want, "'SCRIPT'") == 0)
			ck_assert_msg(strncmp(*words, "'foreach {s p} {tcl pipe", 24) == 0 &&
					      strchr(*words + 1, '\'')[1] == '\0',
				      "%s", *words);
		else
			ck_assert_str_eq(*words, *want);
	}
	ck_assert_ptr_null(*words);
	stmfw__arena_release(&a);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(the_script_goes_behind_openocd)
{
	assert_words(WORDS("openocd"), 0, WORDS("openocd", "-c", "SCRIPT"));
	assert_words(WORDS("/opt/bin/openocd-0.11", "-f", "x"), 0,
		     WORDS("/opt/bin/openocd-0.11", "-c", "SCRIPT", "-f", "x"));
	assert_words(WORDS("sudo", "openocd", "-f", "x"), 0,
		     WORDS("sudo", "openocd", "-c", "SCRIPT", "-f", "x"));
	assert_words(WORDS("./wrapper", "board"), 0, WORDS("./wrapper", "board", "-c", "SCRIPT"));
	assert_words(WORDS("openocd", "-f", "x"), 1, WORDS("openocd", "-f", "x"));
}
END_TEST

START_TEST(for_ssh_it_is_quoted_for_a_shell)
{
	assert_words(WORDS("/usr/bin/ssh", "station3", "openocd", "-f", "x"), 0,
		     WORDS("/usr/bin/ssh", "station3", "openocd", "-c", "'SCRIPT'", "-f", "x"));
	assert_words(WORDS("ssh", "openocd-2", "openocd", "-s", "/x/openocd", "-f", "x"), 0,
		     WORDS("ssh", "openocd-2", "openocd", "-c", "'SCRIPT'", "-s", "/x/openocd",
			   "-f", "x"));
	assert_words(WORDS("ssh", "station3", "openocd -f x"), 0,
		     WORDS("ssh", "station3", "openocd -f x", "-c", "'SCRIPT'"));
}
END_TEST

/* It is a part of messages, which are one line. */
START_TEST(control_bytes_are_kept_out)
{
	const char *const words[] = { "openocd", "-c", "a\n\x1b[31mb\x7f", NULL };
	char name[SPAWN_NAME_SIZE];
	stmfw_address a;

	stmfw__spawn_name(name, words);
	ck_assert_str_eq(name, "exec:openocd -c a  [31mb ");
	ck_assert_int_eq(stmfw_address_parse(&a, "unix:/tmp/a\nb"), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_address_parse(&a, "h\x1b:1"), STMFW_EINVAL);
	ck_assert_int_eq(stmfw_address_parse(&a, "unix:/tmp/\xc3\xa4"), STMFW_OK);
}
END_TEST

START_TEST(long_names_are_cut)
{
	const char *words[60];
	char name[SPAWN_NAME_SIZE];

	for (size_t i = 0; i < 59; i++)
		words[i] = "word";
	words[59] = NULL;
	stmfw__spawn_name(name, words);
	ck_assert_uint_eq(strlen(name), SPAWN_NAME_SIZE - 1);
	ck_assert(strncmp(name, "exec:word word ", 15) == 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *tc = tcase_create("address");

	tcase_add_loop_test(tc, addresses_are_understood, 0, sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(tc, other_things_are_no_addresses, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tc, what_is_too_long_is_no_address);
	tcase_add_test(tc, the_script_goes_behind_openocd);
	tcase_add_test(tc, for_ssh_it_is_quoted_for_a_shell);
	tcase_add_test(tc, control_bytes_are_kept_out);
	tcase_add_test(tc, long_names_are_cut);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
