/* SPDX-License-Identifier: MIT */
/* How a connection ended, or never came about, in words for people. */
#ifndef STMFW_ENDING_H
#define STMFW_ENDING_H

#include "engine.h"

#define ENDING_TEXT 512

/* Each writes one line. The first two give the running operation an advice if they know one. */
void stmfw__ending_lost(char text[ENDING_TEXT], struct stmfw_client *c, const struct conn_end *end);
/* There never was a connection, or our child ended before its first answer. */
void stmfw__ending_not_reached(char text[ENDING_TEXT], struct stmfw_client *c,
			       const struct conn_end *end);
/* No answer came in time. */
void stmfw__ending_overdue(char text[ENDING_TEXT], const struct stmfw_client *c);
/* What came is no answer: what does the peer look like? */
void stmfw__ending_stranger(char text[ENDING_TEXT], const struct stmfw_client *c, const char *bytes,
			    size_t length);

#endif
