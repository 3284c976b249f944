/* SPDX-License-Identifier: MIT */
/* The shortest complete program: which targets does OpenOCD have, and what are they doing? */
#include <signal.h>
#include <stdio.h>
#include <uv.h>

#include <stmfw.h>

static void finish(stmfw_client *c, const stmfw_result *r, void *arg)
{
	if (r->status != STMFW_OK)
		fprintf(stderr, "%s: %s\n%s\n", r->step, r->text, r->advice);
	*(int *)arg = r->status != STMFW_OK;
	stmfw_client_close(c, NULL, NULL);
}

static void on_targets(stmfw_client *c, const stmfw_result *r, void *arg)
{
	for (size_t i = 0; i < r->count; i++)
		printf("%s is %s\n", r->targets[i].name, r->targets[i].state_name);
	finish(c, r, arg);
}

static void on_connect(stmfw_client *c, const stmfw_result *r, void *arg)
{
	if (r->status != STMFW_OK)
		finish(c, r, arg);
	else if (stmfw_targets(c, on_targets, arg, NULL) != STMFW_OK)
		stmfw_client_close(c, NULL, NULL);
}

int main(void)
{
	int exit_code = 1;
	stmfw_client *c;

	signal(SIGPIPE, SIG_IGN);
	if (stmfw_client_new(&c, uv_default_loop(), NULL) != STMFW_OK)
		return 1;
	if (stmfw_client_connect(c, NULL, on_connect, &exit_code, NULL) != STMFW_OK)
		stmfw_client_close(c, NULL, NULL);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	return exit_code;
}
