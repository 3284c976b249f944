/* SPDX-License-Identifier: MIT */
/*
 * scene.h - what one version of OpenOCD answers, from a file.
 *
 *     # a comment
 *     hello              the answer to the library's greeting, as below
 *     ask TEXT           to a script with TEXT in it (the first such rule counts) ...
 *     code C N           ... end with Tcl's code C and OpenOCD's number N; 0 0 if not said
 *     news RECORD        ... send this first, if notifications were asked for
 *     result             ... this result, and
 *     log                ... this log:
 *     | TEXT             a line of one of these; there is an LF only between two lines
 *     hang up            ... and end the connection
 *
 * The scripts of the library are Tcl, which nobody here runs: a scene has what comes of them.
 */
#ifndef SCENE_H
#define SCENE_H

#include "fake_ocd.h"

/* The peer answers as in this file of the folder SCENES. */
void scene_play(struct fake_ocd *ocd, const char *name);

#endif
