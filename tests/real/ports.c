/* SPDX-License-Identifier: MIT */
/* Which ports OpenOCD got: see ports.h. */
#include "ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS 32
#define LISTENING 0x0au /* in /proc/net/tcp */

/* "Listening on port 41234 for tcl connections" */
uint16_t port_in_log(const char *log, const char *kind)
{
	static const char words[] = "Listening on port ";

	for (const char *p = log; (p = strstr(p, words)); p++) {
		char *rest;
		unsigned long port = strtoul(p + sizeof(words) - 1, &rest, 10);

		if (strncmp(rest, " for ", 5) == 0 && strncmp(rest + 5, kind, strlen(kind)) == 0)
			return (uint16_t)port;
	}
	return 0;
}

static unsigned long socket_inode(pid_t pid, int descriptor)
{
	char path[64], target[64];
	unsigned long inode = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, descriptor);
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	sscanf(target, "socket:[%lu]", &inode);
	return inode;
}

/* "  0: 0100007F:1A0A 00000000:0000 0A ... INODE ..." */
static uint16_t listening_port(unsigned long inode)
{
	FILE *f = fopen("/proc/net/tcp", "r");
	char line[256];
	uint16_t found = 0;

	while (f && !found && fgets(line, sizeof(line), f)) {
		unsigned int port, state;
		unsigned long of;

		if (sscanf(line, " %*d: %*x:%x %*x:%*x %x %*s %*s %*s %*s %*s %lu", &port, &state,
			   &of) == 3 &&
		    state == LISTENING && of == inode)
			found = (uint16_t)port;
	}
	if (f)
		fclose(f);
	return found;
}

uint16_t port_of_process(pid_t pid, int nth)
{
	for (int descriptor = 3; descriptor < DESCRIPTORS; descriptor++) {
		unsigned long inode = socket_inode(pid, descriptor);
		uint16_t port = inode ? listening_port(inode) : 0;

		if (port && nth-- == 0)
			return port;
	}
	return 0;
}
