/* SPDX-License-Identifier: MIT */
/* The shortest complete program: all that flash bank 0 holds, to stdout. */
#include <signal.h>
#include <stdio.h>
#include <uv.h>

#include <stmfw.h>

static int on_piece(stmfw_client *c, uint64_t offset, const uint8_t *data, size_t size, void *arg)
{
	(void)c, (void)offset, (void)arg;
	return fwrite(data, 1, size, stdout) != size; /* not 0: stop */
}

static void on_read(stmfw_client *c, const stmfw_result *r, void *exit_code)
{
	if (r->status != STMFW_OK)
		fprintf(stderr, "%s: %s\n%s\n", r->step, r->text, r->advice);
	*(int *)exit_code = r->status != STMFW_OK || fflush(stdout) != 0;
	stmfw_client_close(c, NULL, NULL);
}

static void on_connect(stmfw_client *c, const stmfw_result *r, void *exit_code)
{
	stmfw_read_opts opts = { .size = sizeof(opts), .bank = 0, .sink = on_piece };

	if (r->status != STMFW_OK)
		on_read(c, r, exit_code);
	else if (stmfw_read_flash(c, &opts, on_read, exit_code, NULL) != STMFW_OK)
		stmfw_client_close(c, NULL, NULL);
}

int main(int argc, char **argv)
{
	int exit_code = 1;
	stmfw_client *c;

	signal(SIGPIPE, SIG_IGN);
	if (stmfw_client_new(&c, uv_default_loop(), NULL) != STMFW_OK)
		return 1;
	if (stmfw_client_connect(c, argc > 1 ? argv[1] : NULL, on_connect, &exit_code, NULL) != STMFW_OK)
		stmfw_client_close(c, NULL, NULL);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	return exit_code;
}
