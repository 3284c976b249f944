/* SPDX-License-Identifier: MIT */
/* The program that the README shows: all that flash bank 0 holds, to stdout. */
#include <stdio.h>
#include <stmfw.h>
#include <uv.h>

static void on_read(stmfw_client *c, const stmfw_result *r, void *failed)
{
	if (r->status != STMFW_OK)
		fprintf(stderr, "%s: %s\n%s\n", r->step, r->text, r->advice);
	*(int *)failed = r->status || fwrite(r->data, r->count, 1, stdout) < 1 || fflush(stdout);
	stmfw_client_close(c, NULL, NULL);
}

int main(int argc, char **argv)
{
	stmfw_client *c = NULL;
	int failed = 1;

	signal(SIGPIPE, SIG_IGN);
	if (stmfw_client_new(&c, uv_default_loop(), NULL) != STMFW_OK ||
	    stmfw_client_connect(c, argc > 1 ? argv[1] : NULL, NULL, NULL, NULL) != STMFW_OK)
		fprintf(stderr, "this is no address, or there is no memory\n");
	if (stmfw_read_flash(c, NULL, on_read, &failed, NULL) != STMFW_OK)
		stmfw_client_close(c, NULL, NULL);
	return uv_run(uv_default_loop(), UV_RUN_DEFAULT) || failed;
}
