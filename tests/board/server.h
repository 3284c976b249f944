/* SPDX-License-Identifier: MIT */
/*
 * The TCP side: server.c takes connections and moves bytes, protocol.c knows what they mean.
 * A test can intervene while it all runs: control.c takes its requests, commands.c obeys them.
 */
#ifndef STMFW_BOARD_SERVER_H
#define STMFW_BOARD_SERVER_H

#include "board.h"

#include <uv.h>

#define BOARDS_MAX 16
#define REQUEST_MAX (32 + USB_DATA_MAX)
#define REPLY_MAX (4 + USB_DATA_MAX)

struct client;

struct server {
	uv_loop_t *loop;
	uv_tcp_t listener;
	uv_idle_t slices; /* runs while some core executes code */
	uv_timer_t nap;   /* while they all wait for their flash */
	struct client *clients;
	struct board *boards[BOARDS_MAX];
	unsigned board_count;
	unsigned api; /* protocol version to announce */
	uint64_t latency_us, ns_per_byte;
	bool paused;
};

bool server_start(struct server *s, uv_loop_t *loop, unsigned port);
unsigned server_port(const struct server *s);
void server_retry(struct server *s); /* looks again at requests that were held back */
void server_close(struct server *s);

/* ---- protocol.c ------------------------------------------------------------------------- */

struct response {
	uint8_t bytes[REPLY_MAX];
	size_t size;
	uint64_t delay_ns;
};

enum verdict { ANSWER, HOLD, HANG_UP };

/* Bytes the request has in all, as far as known; 0 if there is no such request. */
size_t protocol_request_size(const uint8_t *bytes, size_t have);
enum verdict protocol_serve(struct server *s, uint8_t *request, size_t size,
			    struct response *response);
/* The board of a held probe command, or NULL. */
struct board *protocol_board(const struct server *s, const uint8_t *request);

/* ---- control.c -------------------------------------------------------------------------- */

struct control {
	struct server *server;
	uv_pipe_t listener;
	struct control_client *clients;
	bool open;
};

bool control_start(struct control *c, struct server *server, const char *path);
void control_close(struct control *c);

/* ---- commands.c ------------------------------------------------------------------------- */

json_t *command_run(struct server *s, char *line); /* the reply */

#endif
