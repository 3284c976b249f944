/* SPDX-License-Identifier: MIT */
/* The status page for a screen in the hall: looks at the station, has no control over it. */
#ifndef HALL_H
#define HALL_H

#include <uv.h>

#include "event.h"

#define HALL_WHY 512

/*
 * Serves the page from `loop`, which must have been initialised; after close() no handle is left in
 * it once it has run. address: "127.0.0.1:8080", "[::1]:8080", "localhost:8080"; a port alone means
 * 127.0.0.1, and port 0 any that is free. Only names that are addresses: nothing is looked up.
 *
 * `why` always has one line for the operator. With a viewer: where the page is, and a warning if
 * others than this machine can read it. NULL: it cannot be served, and why not.
 */
struct viewer *hall_new(uv_loop_t *loop, const char *address, char why[HALL_WHY]);

#endif
