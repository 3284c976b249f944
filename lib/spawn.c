/* SPDX-License-Identifier: MIT */
/*
 * The command line of an OpenOCD that is our child: the user's words, and -c with a script that
 * puts the TCL server on stdin and stdout and opens no port at all.
 *
 * The script tries the spelling of newer versions and then that of older ones. It goes first,
 * because configuration files may well have `init` in them, and after that it is too late.
 */
#include "spawn.h"

#include <stdio.h>
#include <string.h>

static const char script[] =
	"foreach {s p} {tcl pipe telnet disabled gdb disabled} "
	"{if {[catch {$s port $p}]} {${s}_port $p}}";

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static size_t count_words(const char *const *argv)
{
	size_t n = 0;

	while (argv[n])
		n++;
	return n;
}

/* "openocd-0.11", too. */
static bool is_openocd(const char *word)
{
	return word && strncmp(base_name(word), "openocd", strlen("openocd")) == 0 &&
	       !strchr(word, ' ');
}

/* Behind "openocd", wherever that is: behind ssh, sudo, nice. Else at the end. The first of two in a
   row is the station: ssh openocd-2 openocd. */
static size_t place_for_script(const char *const *argv, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_openocd(argv[i]) && !is_openocd(argv[i + 1]))
			return i + 1;
	return count;
}

/* ssh gives all of its words, joined, to a shell on the other side. */
static char *script_word(struct arena *a, const char *program)
{
	bool is_ssh = strcmp(base_name(program), "ssh") == 0;

	return stmfw__arena_printf(a, is_ssh ? "'%s'" : "%s", script);
}

char **stmfw__spawn_argv(struct arena *a, const stmfw_spawn_opts *opts)
{
	size_t count = count_words(opts->argv);
	size_t place = opts->as_is ? count : place_for_script(opts->argv, count);
	char **words = stmfw__arena_alloc(a, (count + 3) * sizeof(*words));

	if (!words)
		return NULL;
	char **to = words;
	for (size_t i = 0; i <= count; i++) {
		if (i == place && !opts->as_is) {
			*to++ = stmfw__arena_strdup(a, "-c");
			*to++ = script_word(a, opts->argv[0]);
		}
		if (i < count)
			*to++ = stmfw__arena_strdup(a, opts->argv[i]);
	}
	return a->failed ? NULL : words;
}

void stmfw__spawn_name(char name[SPAWN_NAME_SIZE], const char *const *argv)
{
	int n = snprintf(name, SPAWN_NAME_SIZE, "exec:%s", argv[0]);

	for (size_t i = 1; argv[i] && n < SPAWN_NAME_SIZE; i++)
		n += snprintf(name + n, SPAWN_NAME_SIZE - (size_t)n, " %s", argv[i]);
	for (char *p = name; *p; p++) /* it is to fit into one line of text */
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
}
