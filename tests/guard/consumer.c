/* SPDX-License-Identifier: MIT */
/* A program of somebody else's, built from the installed package alone. */
#include <signal.h>
#include <stdio.h>
#include <stmfw.h>
#include <string.h>
#include <uv.h>

static int status = 1;

static void on_connect(stmfw_client *c, const stmfw_result *r, void *arg)
{
	(void)arg;
	status = r->status;
	stmfw_client_close(c, NULL, NULL);
}

/* Port 1: nobody listens there; what counts is that the loop runs and ends. */
int main(void)
{
	stmfw_client *c;

	signal(SIGPIPE, SIG_IGN);
	if (stmfw_version() != STMFW_VERSION_HEX)
		return 2;
	if (stmfw_client_new(&c, uv_default_loop(), NULL) != STMFW_OK)
		return 3;
	if (stmfw_client_connect(c, "127.0.0.1:1", on_connect, NULL, NULL) != STMFW_OK)
		return 4;
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	printf("%s %s\n", stmfw_version_string(), stmfw_err_name(status));
	if (uv_loop_close(uv_default_loop()) != 0)
		return 5;
	return strcmp(stmfw_err_name(status), "STMFW_ECONNECT") == 0 ? 0 : 6;
}
