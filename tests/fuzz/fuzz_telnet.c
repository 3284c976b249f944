/* SPDX-License-Identifier: MIT */
/*
 * fuzz_telnet.c - the reader of OpenOCD's console: however the bytes are cut into pieces, the same
 * frames and the same lines come of them, in the same order.
 *
 * The first byte seeds the cuts. Replies in the corpus carry this nonce.
 */
#include <string.h>

#include "fuzz.h"
#include "telnet.h"
#include "wire.h"

#define NONCE "@0123456789abcdef"
#define MOST 65536

/* All that was told: bytes as they are, lines in marks of their own. */
struct run {
	char told[2 * MOST];
	size_t length;
};

static void tell(struct run *run, const char *bytes, size_t length)
{
	MUST(length <= sizeof(run->told) - run->length);
	memcpy(run->told + run->length, bytes, length);
	run->length += length;
}

static void on_bytes(void *owner, const char *bytes, size_t length)
{
	MUST(length > 0);
	tell(owner, bytes, length);
}

static void on_said(void *owner, const char *line, size_t length)
{
	MUST(length > 0 && strlen(line) == length && !strchr(line, '\n'));
	MUST(!stmfw__wire_is_nonce(line));
	tell(owner, "<", 1);
	tell(owner, line, length);
	tell(owner, ">", 1);
}

/* cut: 0 all at once, else pieces of 1 to cut bytes. */
static void feed(struct run *run, const char *bytes, size_t length, size_t cut)
{
	static const struct telnet_events events = { on_bytes, on_said };
	uint32_t random = (uint32_t)cut;
	struct buf request;
	struct mem mem;

	run->length = 0;
	stmfw__mem_init(&mem, NULL);
	struct telnet *t = stmfw__telnet_new(&mem, &events, run);
	MUST(t);
	stmfw__buf_init(&request, &mem, MOST);
	stmfw__wire_request(&request, NONCE, "x", 1);
	MUST(stmfw__telnet_request(t, &request, NONCE) == 0);
	stmfw__buf_release(&request);
	while (length) {
		size_t n = length;

		random = random * 1664525u + 1013904223u;
		if (cut && n > 1 + (random >> 16) % cut)
			n = 1 + (random >> 16) % cut;
		stmfw__telnet_feed(t, bytes, n);
		bytes += n;
		length -= n;
	}
	stmfw__telnet_free(t, &mem);
}

static void same(const struct run *a, const struct run *b)
{
	MUST(a->length == b->length && memcmp(a->told, b->told, a->length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run whole, single, odd;

	if (size < 1 || size > MOST / 4)
		return 0;
	const char *bytes = (const char *)data + 1;
	feed(&whole, bytes, size - 1, 0);
	feed(&single, bytes, size - 1, 1);
	feed(&odd, bytes, size - 1, 2 + data[0]);
	same(&whole, &single);
	same(&whole, &odd);
	return 0;
}
