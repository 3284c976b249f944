/* SPDX-License-Identifier: MIT */
/*
 * Messages for stdout or stderr, from a loop that must not wait for whoever reads them.
 *
 * A message is written to the file, then sent. It is kept here until the reader takes it; while
 * others come, they leave together, within 50 ms. Who does not read holds nobody up: those that
 * another one will supersede are left out first, then all; the reader is told how many are missing,
 * as soon as it reads again.
 */
#ifndef OUTLET_H
#define OUTLET_H

#include <stdio.h>
#include <uv.h>

enum outlet_rank { OUTLET_KEEP, OUTLET_SUPERSEDED }; /* by the next one of its kind */

struct outlet;

/* tell_lost writes a message: so many are missing. NULL: not enough memory. */
struct outlet *outlet_new(uv_loop_t *loop, int fd,
			  void (*tell_lost)(FILE *file, unsigned int count));
FILE *outlet_file(struct outlet *o);
void outlet_send(struct outlet *o, enum outlet_rank rank);
/* Sends what is left. A reader that takes nothing for two seconds gets no more: then the descriptor
   leads nowhere. Needs the loop to run once more. NULL: harmless. */
void outlet_close(struct outlet *o);

#endif
