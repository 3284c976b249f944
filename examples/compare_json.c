/* SPDX-License-Identifier: MIT */
/* What was compared, for programs: the object "end". */
#include "compare.h"

#include "imagefile.h"
#include "jsonl.h"
#include "text.h"

#define SAMPLE_BYTES 16u
#define SAMPLES      16u

static json_t *span_object(uint64_t address, uint64_t length)
{
	return json_pack("{s:o, s:I}", "address", jsonl_hex(address, 8), "length",
			 (json_int_t)length);
}

static json_t *side_object(const struct side *side)
{
	if (!side->path)
		return json_pack("{s:n}", "file");
	if (!side->image)
		return json_pack("{s:o}", "file", jsonl_text(side->path));
	return json_pack("{s:o, s:s}", "file", jsonl_text(side->path), "type",
			 imagefile_type_name(stmfw_image_type_of(side->image)));
}

static json_t *digest_list(const struct compare *c)
{
	struct compare_digest digests[COMPARE_DIGESTS];
	size_t n = compare_digests(c, digests);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *d = span_object(digests[i].address, digests[i].length);

		json_object_set_new(d, "of", json_string(digests[i].side->label));
		json_object_set_new(d, "sha256", json_string(digests[i].sha256));
		json_array_append_new(list, d);
	}
	return list;
}

static json_t *cell_list(const stmfw_comparison *r)
{
	static const char *const states[] = {
		[STMFW_CELL_OUTSIDE] = "outside",
		[STMFW_CELL_SAME] = "same",
		[STMFW_CELL_DIFFERS] = "differs",
		[STMFW_CELL_FOUND_BLANK] = "found-blank",
		[STMFW_CELL_EXPECTED_BLANK] = "expected-blank",
		[STMFW_CELL_MISSING] = "missing",
	};
	json_t *list = json_array();

	for (size_t i = 0; i < r->cell_count; i++) {
		const stmfw_cell *cell = &r->cells[i];
		json_t *object = span_object(cell->address, cell->length);

		json_object_set_new(object, "state", json_string(states[cell->state]));
		json_object_set_new(object, "expected", json_integer((json_int_t)cell->expected));
		json_object_set_new(object, "differing", json_integer((json_int_t)cell->differing));
		json_object_set_new(object, "other", json_integer((json_int_t)cell->other));
		json_array_append_new(list, object);
	}
	return list;
}

/* The bytes of a side as hex digits, "--" where it has none. */
static json_t *sample(const struct side *side, uint64_t address, uint64_t length)
{
	char text[2 * SAMPLE_BYTES + 1] = "";

	for (uint64_t i = 0; i < length; i++) {
		int byte = compare_byte(side, address + i);

		snprintf(text + 2 * i, 3, byte < 0 ? "--" : "%02x", (unsigned int)byte & 0xff);
	}
	return json_string(text);
}

static json_t *span_list(const struct compare *c)
{
	const stmfw_comparison *r = c->result;
	json_t *list = json_array();

	for (size_t i = 0; i < r->span_count; i++) {
		const stmfw_span *s = &r->spans[i];
		uint64_t length = s->length < SAMPLE_BYTES ? s->length : SAMPLE_BYTES;
		json_t *object = span_object(s->address, s->length);

		if (i < SAMPLES) {
			json_object_set_new(object, "expected",
					    sample(&c->file, s->address, length));
			json_object_set_new(object, "found", sample(&c->other, s->address, length));
		}
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *unstable_object(const stmfw_comparison *r)
{
	json_t *object = span_object(r->unstable_span.address, r->unstable_span.length);

	json_object_set_new(object, "bytes", json_integer((json_int_t)r->unstable));
	return object;
}

static json_t *result_object(const struct compare *c)
{
	const stmfw_comparison *r = c->result;

	return json_pack(
		"{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:o, s:o}",
		"verdict", stmfw_verdict_name(r->verdict), "agrees", r->agrees, "expected_bytes",
		(json_int_t)r->expected_bytes, "found_bytes", (json_int_t)r->found_bytes,
		"compared", (json_int_t)r->compared, "differing", (json_int_t)r->differing,
		"missing", (json_int_t)r->missing, "extra", (json_int_t)r->extra, "extra_blank",
		(json_int_t)r->extra_blank, "shift", (json_int_t)r->shift, "unstable",
		r->unstable ? unstable_object(r) : json_null(), "digests", digest_list(c),
		"span_total", (json_int_t)r->span_total, "spans", span_list(c), "cells",
		cell_list(r));
}

json_t *compare_json(const struct compare *c)
{
	json_t *end = cli_end_object(&c->visit.cli);

	json_object_set_new(end, "expected", side_object(&c->file));
	json_object_set_new(end, "found", side_object(&c->other));
	if (c->visit.board.identified)
		json_object_set_new(end, "chip", board_json(&c->visit.board));
	if (c->result) {
		json_t *result = result_object(c);

		json_object_update(end, result);
		json_decref(result);
	}
	return end;
}
