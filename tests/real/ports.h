/* SPDX-License-Identifier: MIT */
/* Which ports OpenOCD got: the tests let the kernel choose them. */
#ifndef PORTS_H
#define PORTS_H

#include <stdint.h>
#include <sys/types.h>

/* kind: "tcl", "telnet", "gdb", as its log names it; 0: not (yet). Since 0.11 it says so itself. */
uint16_t port_in_log(const char *log, const char *kind);

/* The nth socket (from 0) on which that process listens, in the order in which it opened them; 0: it
   has not so many (yet). For 0.10, which opens tcl, telnet, gdb, and says nothing. */
uint16_t port_of_process(pid_t pid, int nth);

#endif
