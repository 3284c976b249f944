/* SPDX-License-Identifier: MIT */
/* watch OPENOCD: what its targets do, line by line, until OpenOCD ends. */
#include <signal.h>
#include <stdio.h>
#include <uv.h>

#include <stmfw.h>

static void on_event(stmfw_client *c, const stmfw_event *ev, void *arg)
{
	static const char *const kinds[] = { "state", "event", "reset", "other" };

	(void)c, (void)arg;
	printf("%s: %s\n", kinds[ev->kind], ev->name);
	fflush(stdout);
}

static void give_up(stmfw_client *c, const stmfw_result *r)
{
	fprintf(stderr, "%s: %s\n%s\n", r->step, r->text, r->advice);
	stmfw_client_close(c, NULL, NULL);
}

static void on_watching(stmfw_client *c, const stmfw_result *r, void *exit_code)
{
	*(int *)exit_code = r->status != STMFW_OK;
	if (r->status == STMFW_OK)
		on_event(c, &(stmfw_event){ STMFW_EVENT_OTHER, "watching" }, NULL);
	else if (r->status != STMFW_ELOST) /* else on_lost comes */
		give_up(c, r);
}

static void on_connect(stmfw_client *c, const stmfw_result *r, void *exit_code)
{
	if (r->status != STMFW_OK)
		give_up(c, r);
	else if (stmfw_notifications(c, on_event, NULL, on_watching, exit_code, NULL) != STMFW_OK)
		stmfw_client_close(c, NULL, NULL);
}

static void on_lost(stmfw_client *c, const stmfw_result *r, void *arg)
{
	(void)r, (void)arg;
	stmfw_client_close(c, NULL, NULL);
}

int main(int argc, char **argv)
{
	stmfw_client_opts opts = STMFW_INIT(stmfw_client_opts);
	stmfw_client *c;
	int exit_code = 1;

	signal(SIGPIPE, SIG_IGN);
	opts.lost = on_lost;
	if (stmfw_client_new(&c, uv_default_loop(), &opts) != STMFW_OK)
		return 1;
	if (stmfw_client_connect(c, argc > 1 ? argv[1] : NULL, on_connect, &exit_code, NULL) !=
	    STMFW_OK)
		stmfw_client_close(c, NULL, NULL);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	return exit_code;
}
