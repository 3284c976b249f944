/* SPDX-License-Identifier: MIT */
/*
 * What operations on a range of flash have in common: find the bank, settle how bytes travel
 * between us and OpenOCD, then one piece after the other, each told to the user.
 *
 * Which way that is, carrier.h knows.
 */
#ifndef STMFW_TRANSFER_H
#define STMFW_TRANSFER_H

#include "carrier.h"

enum transfer_step { TRANSFER_BEGIN, TRANSFER_FIND, TRANSFER_PIECE, TRANSFER_OFFERED };

struct transfer {
	struct bank_search search;
	uint64_t offset; /* in the bank  */
	uint64_t length; /* 0: the rest of the bank, until it has been found */
	size_t chunk;    /* bytes of one piece; adapted to the probe's speed if it is `adaptive` */
	bool adaptive;
	uint64_t speed;  /* bytes per second of the last piece; 0: not known yet */
	const char *scratch_dir;
	stmfw_progress_cb progress;
	void *arg; /* for it, and for a sink */
	struct carrier *carrier; /* the own one, or one lent by who has found bank and way */
	struct carrier own;
	enum transfer_step step;
	uint64_t done;  /* bytes of the pieces before the current one */
	size_t piece;   /* bytes of the current one                   */
	uint64_t sent_ns;
	/* Write the command for the current piece; judge its reply (MOVE_OFFER: it is good); a
	   piece that is offered in parts: MOVE_OFFER while another part is left (may be NULL). */
	enum move (*send)(struct op *op);
	enum move (*take)(struct op *op, const struct reply *reply);
	enum move (*more)(struct op *op);
};

/* The struct is to be the first member of the operation's job. */
enum move stmfw__transfer_next(struct op *op, const struct reply *last);
void stmfw__transfer_ended(struct op *op);
/* Where the current piece begins, in the bank and as an address. */
uint64_t stmfw__transfer_at(const struct op *op);
uint64_t stmfw__transfer_address(const struct op *op);
/* The user gets, or has got, so many bytes more. */
void stmfw__transfer_count(struct op *op, size_t bytes);
void stmfw__transfer_tell(struct op *op);
/* Bytes of a piece at that speed. */
size_t stmfw__transfer_fit(uint64_t bytes_per_second);
/* How long the current piece may take, beside a fixed time. */
uint32_t stmfw__transfer_deadline(const struct op *op, uint32_t base_ms, uint64_t slowest);

#endif
