/* SPDX-License-Identifier: MIT */
/*
 * calls.h - every call of the API that is answered later, in one table, with arguments that suit
 * the fake chip. What must hold for all of them is tested by walking through it.
 */
#ifndef CALLS_H
#define CALLS_H

#include "fixture.h"

struct api_call {
	const char *name;
	int (*submit)(stmfw_client *c, struct watch *w, stmfw_op *op);
};

extern const struct api_call api_calls[];
extern const int api_call_count;

/* What calls with callbacks of their own report to; reset it before use. */
struct side {
	int sinks, progresses;
	uint64_t done, total;     /* of the last progress              */
	bool went_back;           /* done became smaller within a step */
	char step[64];
	uint8_t bytes[65536];     /* what the sink got                 */
	size_t length;
	int sink_result;
	void (*in_sink)(stmfw_client *c);
	void (*in_progress)(stmfw_client *c);
	int order; /* last of these callbacks */
};

extern struct side side;

/* 1500 bytes for three sectors of the fake chip. It is kept until the process ends. */
#define SMALL_IMAGE_OFFSET 1000u
const stmfw_image *small_image(void);

/* Of an F1: hardware watchdog, no reset in stop, data bytes 0x12, 0x34. */
#define OPTIONS_MASK  0x03fffc0cu
#define OPTIONS_VALUE (0x3412u << 10 | 8u)

void side_reset(void);
int on_sink(stmfw_client *c, uint64_t offset, const uint8_t *data, size_t length, void *arg);
void on_progress(stmfw_client *c, const stmfw_progress *p, void *arg);

#endif
