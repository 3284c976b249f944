/* SPDX-License-Identifier: MIT */
/* child.h - what the tests know of child.c. */
#ifndef CHILD_H
#define CHILD_H

/* Bytes from the peer that a relay obeys. */
#define CHILD_FLOODS "\x10"
#define CHILD_ENDS_NO_LINE "\x11"

#define CHILD_FLOOD_LINES 160000
#define CHILD_FLOOD_LINE 64 /* bytes, its end included */

#endif
