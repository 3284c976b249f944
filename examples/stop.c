/* SPDX-License-Identifier: MIT */
/*
 * Ctrl-C.
 *
 * OpenOCD cannot be interrupted, so the first signal only asks: the running operation ends at its
 * next border and its callback decides how to leave the board. Who is asked twice, or takes too
 * long, loses the connection; the callbacks then come with STMFW_ECANCELED.
 */
#include "stop.h"

#include <signal.h>

#define PATIENCE_MS 5000

static void give_up(struct stop *stop)
{
	stmfw_client_close(stop->client, NULL, NULL);
}

static void on_patience_over(uv_timer_t *timer)
{
	give_up(timer->data);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct stop *stop = handle->data;

	if (stop->signal != 0) {
		give_up(stop);
		return;
	}
	stop->signal = number;
	stmfw_cancel(stop->client, stop->op);
	uv_timer_start(&stop->patience, on_patience_over, PATIENCE_MS, 0);
}

static void init_handle(struct stop *stop, uv_handle_t *handle)
{
	handle->data = stop;
	uv_unref(handle);
}

int stop_init(struct stop *stop, uv_loop_t *loop, stmfw_client *client)
{
	stop->client = client;
	stop->signal = 0;
	uv_timer_init(loop, &stop->patience);
	uv_signal_init(loop, &stop->interrupt);
	uv_signal_init(loop, &stop->terminate);
	init_handle(stop, (uv_handle_t *)&stop->patience);
	init_handle(stop, (uv_handle_t *)&stop->interrupt);
	init_handle(stop, (uv_handle_t *)&stop->terminate);
	int err = uv_signal_start(&stop->interrupt, on_signal, SIGINT);
	return err ? err : uv_signal_start(&stop->terminate, on_signal, SIGTERM);
}

enum cli_exit stop_exit(const struct stop *stop)
{
	return stop->signal == SIGTERM ? CLI_TERMINATED : CLI_INTERRUPTED;
}

void stop_close(struct stop *stop, uv_loop_t *loop)
{
	uv_close((uv_handle_t *)&stop->patience, NULL);
	uv_close((uv_handle_t *)&stop->interrupt, NULL);
	uv_close((uv_handle_t *)&stop->terminate, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
}
