/* SPDX-License-Identifier: MIT */
/*
 * fuzz_wire.c - the reader of frames: however the bytes are cut into pieces, the frames, their
 * kinds and their contents are the same.
 *
 * The first byte seeds the cuts. Replies in the corpus carry this nonce.
 */
#include <string.h>

#include "fuzz.h"
#include "wire.h"

#define NONCE "@0123456789abcdef"
#define LIMIT 65536
#define MOST_FRAMES 64

struct seen {
	enum frame_kind kind;
	size_t length;
	int code, ocd_code;
	size_t result_len, log_len;
	uint64_t hash;
};

struct run {
	struct seen frames[MOST_FRAMES];
	size_t count;
	size_t rest;
	bool plausible;
	int err;
};

static uint64_t hash(uint64_t h, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3u;
	return h;
}

static void note(struct run *run, char *frame, size_t length)
{
	struct reply reply = { 0 };
	struct seen s = { .length = length };

	MUST(frame[length] == '\0');
	MUST(!memchr(frame, WIRE_END, length));
	(void)stmfw__wire_guess_peer(frame, length);
	s.hash = hash(14695981039346656037u, frame, length);
	s.kind = stmfw__wire_classify(frame, length, NONCE, &reply);
	if (s.kind == FRAME_REPLY) {
		MUST(reply.result_len <= length && reply.log_len <= length);
		MUST(reply.result[reply.result_len] == '\0' && reply.log[reply.log_len] == '\0');
		MUST(reply.result >= frame && reply.log <= frame + length);
		s.code = reply.code;
		s.ocd_code = reply.ocd_code;
		s.result_len = reply.result_len;
		s.log_len = reply.log_len;
		s.hash = hash(hash(s.hash, reply.result, s.result_len), reply.log, s.log_len);
	}
	if (run->count < MOST_FRAMES)
		run->frames[run->count] = s;
	run->count++;
}

/* cut: 0 all at once, else pieces of 1 to cut bytes. */
static void feed(struct run *run, const char *bytes, size_t length, size_t cut)
{
	struct reader reader;
	struct mem mem;
	uint32_t random = (uint32_t)cut;

	memset(run, 0, sizeof(*run));
	stmfw__mem_init(&mem, NULL);
	stmfw__reader_init(&reader, &mem, LIMIT);
	while (length && !run->err) {
		size_t n = length, frame_length;
		char *frame;

		random = random * 1664525u + 1013904223u;
		if (cut && n > 1 + (random >> 16) % cut)
			n = 1 + (random >> 16) % cut;
		run->err = stmfw__reader_feed(&reader, bytes, n);
		while (!run->err && (frame = stmfw__reader_next(&reader, &frame_length)))
			note(run, frame, frame_length);
		bytes += n;
		length -= n;
	}
	const char *rest = stmfw__reader_rest(&reader, &run->rest);
	run->plausible = stmfw__wire_plausible(rest, run->rest, NONCE);
	stmfw__reader_release(&reader);
}

static void same(const struct run *a, const struct run *b)
{
	size_t n = a->count < MOST_FRAMES ? a->count : MOST_FRAMES;

	MUST(a->err == b->err && a->count == b->count && a->rest == b->rest);
	MUST(a->plausible == b->plausible);
	for (size_t i = 0; i < n; i++) {
		const struct seen *x = &a->frames[i], *y = &b->frames[i];

		MUST(x->kind == y->kind && x->length == y->length && x->hash == y->hash);
		MUST(x->code == y->code && x->ocd_code == y->ocd_code);
		MUST(x->result_len == y->result_len && x->log_len == y->log_len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run whole, single, odd;

	if (size < 1 || size > LIMIT / 2)
		return 0;
	const char *bytes = (const char *)data + 1;
	feed(&whole, bytes, size - 1, 0);
	feed(&single, bytes, size - 1, 1);
	feed(&odd, bytes, size - 1, 2 + data[0]);
	same(&whole, &single);
	same(&whole, &odd);
	return 0;
}
