/* SPDX-License-Identifier: MIT */
/* One client on the default loop, and what it has to do. Callbacks find the errand by their client. */
#include "errand.h"

#include <signal.h>
#include <stdio.h>
#include <uv.h>

struct errand {
	const errand_step *steps; /* what is left */
	int exit_code;
};

static void finish(stmfw_client *c, int exit_code)
{
	struct errand *e = stmfw_client_data(c);

	e->exit_code = exit_code;
	stmfw_client_close(c, NULL, NULL);
}

static void take_step(stmfw_client *c)
{
	struct errand *e = stmfw_client_data(c);

	if (!*e->steps) {
		finish(c, 0);
		return;
	}
	int err = (*e->steps++)(c);
	if (err != STMFW_OK) {
		fprintf(stderr, "%s: %s\n", stmfw_err_name(err), stmfw_strerror(err));
		finish(c, 1);
	}
}

void errand_next(stmfw_client *c, const stmfw_result *r, void *arg)
{
	(void)arg;
	if (r->status == STMFW_OK) {
		take_step(c);
		return;
	}
	fprintf(stderr, "%s: %s: %s\n%s\n", stmfw_err_name(r->status), r->step, r->text, r->advice);
	finish(c, 1);
}

int errand_run(const char *address, const errand_step *steps)
{
	struct errand e = { .steps = steps, .exit_code = 1 };
	stmfw_client *c;

	if (stmfw_version() < STMFW_VERSION_HEX)
		fprintf(stderr, "This was built for a later libstmfw than %s.\n",
			stmfw_version_string());
	signal(SIGPIPE, SIG_IGN);
	if (stmfw_client_new(&c, uv_default_loop(), NULL) != STMFW_OK)
		return 1;
	stmfw_client_set_data(c, &e);
	if (stmfw_client_connect(c, address, errand_next, NULL, NULL) != STMFW_OK) {
		fprintf(stderr, "%s is no address\n", address);
		finish(c, 2);
	}
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	return e.exit_code;
}
