/* SPDX-License-Identifier: MIT */
/* Reading a known range of a known bank, as a part of another operation. */
#ifndef STMFW_READ_FLASH_H
#define STMFW_READ_FLASH_H

#include "transfer.h"

struct read_job {
	struct transfer transfer; /* first: see transfer.h */
	stmfw_sink_cb sink; /* may be NULL */
	uint8_t *bytes; /* of a part; without a sink: of all, once the length is known */
	size_t taken;   /* of the current piece                                        */
	size_t part;    /* bytes of the current part                                   */
	int stopped;    /* by the sink                                                 */
};

/* What is read, and who gets it. */
struct read_range {
	const stmfw_bank *bank;
	struct carrier *carrier; /* settled     */
	uint64_t offset;         /* in the bank */
	uint64_t length;
	uint64_t us_per_kib;        /* what reading takes, for the first piece; 0: not known */
	stmfw_sink_cb sink;
	stmfw_progress_cb progress; /* may be NULL */
	void *arg;
};

/* Memory for a job, which serves any number of reads, one after the other. False: there is none. */
bool stmfw__read_prepare(struct read_job *job, struct arena *a);
enum move stmfw__read_call(struct op *op, struct read_job *job, const struct read_range *what);

#endif
