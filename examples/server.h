/* SPDX-License-Identifier: MIT */
/* Which OpenOCD: --openocd and STMFW_OPENOCD. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stmfw.h>

#define SERVER_SYNTAX "HOST[:PORT], telnet://HOST[:PORT], unix:PATH or exec:COMMAND"

/* An address of the library, or "exec:" and a command that starts OpenOCD. */
struct server {
	stmfw_address address; /* if argv is NULL */
	char **argv;           /* the command, word by word */
	char text[280];        /* as it should be shown     */
};

/* Words of a command may be 'quoted' or "quoted", and \ takes the next character as it is; nothing
   else is special. False: it is no address, or not enough memory. */
bool server_parse(struct server *s, const char *text);
void server_free(struct server *s);
/* The first word of a command: it gives all others, joined, to a shell on another machine. */
bool server_is_ssh(const char *program);

#endif
