/* SPDX-License-Identifier: MIT */
/*
 * What explains a difference. A reason is named only if it explains every byte; they are tried one
 * after the other, the most telling first.
 */
#include <inttypes.h>
#include <string.h>

#include "compare.h"

static bool tell(struct compare *c, enum stmfw_verdict verdict, const char *text,
		 const char *advice)
{
	c->result.verdict = verdict;
	c->result.agrees = verdict <= STMFW_VERDICT_SAME_OTHER;
	c->result.text = text;
	c->result.advice = advice;
	return true;
}

const char *stmfw_verdict_name(enum stmfw_verdict verdict)
{
	static const char *const names[] = {
		[STMFW_VERDICT_SAME] = "same",
		[STMFW_VERDICT_SAME_BLANK] = "same-blank",
		[STMFW_VERDICT_SAME_FILLED] = "same-filled",
		[STMFW_VERDICT_SAME_OTHER] = "same-other",
		[STMFW_VERDICT_UNSTABLE] = "unstable",
		[STMFW_VERDICT_BLANK] = "blank",
		[STMFW_VERDICT_SHIFTED] = "shifted",
		[STMFW_VERDICT_SWAPPED_16] = "swapped-16",
		[STMFW_VERDICT_SWAPPED_32] = "swapped-32",
		[STMFW_VERDICT_SWAPPED_HALVES] = "swapped-halves",
		[STMFW_VERDICT_GAPS] = "gaps",
		[STMFW_VERDICT_PROTECTED] = "protected",
		[STMFW_VERDICT_SECTORS] = "sectors",
		[STMFW_VERDICT_DIFFERENT] = "different",
	};

	return (unsigned int)verdict <= STMFW_VERDICT_DIFFERENT ? names[verdict] : "?";
}

/* Text that lives as long as the result. */
#define WORDS(c, ...) stmfw__arena_printf(&(c)->arena, __VA_ARGS__)

/* ---- what only one of them has ---- */

enum filler { FILLER_NONE, FILLER_BLANK, FILLER_ZERO, FILLER_DATA };

static enum filler filler_of(const uint8_t *p, uint64_t length)
{
	enum filler filler = FILLER_BLANK;

	for (uint64_t i = 0; i < length; i++) {
		if (p[i] == 0x00)
			filler = FILLER_ZERO;
		else if (p[i] != 0xff)
			return FILLER_DATA;
	}
	return filler;
}

static enum filler filler_in(struct ranges a, struct ranges b)
{
	enum filler most = FILLER_NONE;
	struct stretch s;
	struct walk w;

	stmfw__walk_begin(&w, a, b, 0, 0, COMPARE_SPACE);
	while (stmfw__walk_next(&w, &s)) {
		enum filler filler = s.b ? FILLER_NONE : filler_of(s.a, s.length);

		if (filler > most)
			most = filler;
	}
	return most;
}

/* ---- it agrees ---- */

static const char *const filler_words[] = { "", "erased (FF)", "filler (FF and 00)", "" };

static bool tell_same_blank(struct compare *c, enum filler filler)
{
	const stmfw_comparison *r = &c->result;
	const char *longer = r->extra ? c->found_name : c->expected_name;
	const char *also = r->extra && r->missing ? "each" : longer;

	return tell(c,
		    filler == FILLER_BLANK ? STMFW_VERDICT_SAME_BLANK : STMFW_VERDICT_SAME_FILLED,
		    WORDS(c,
			  "Contents agree: %" PRIu64 " bytes are the same. What %s has beyond that "
			  "(%" PRIu64 " bytes) is %s.",
			  r->compared, also, r->extra + r->missing, filler_words[filler]),
		    "");
}

/* The first byte of found that is neither expected nor blank. */
static uint64_t first_other(const struct compare *c)
{
	struct stretch s;
	struct walk w;

	stmfw__walk_begin(&w, c->found, c->expected, 0, 0, COMPARE_SPACE);
	while (stmfw__walk_next(&w, &s))
		for (uint64_t i = 0; !s.b && i < s.length; i++)
			if (s.a[i] != 0xff)
				return s.address + i;
	return 0;
}

static bool tell_same_other(struct compare *c)
{
	const stmfw_comparison *r = &c->result;
	const stmfw_range *last = &c->expected.list[c->expected.count - 1];
	const uint64_t first = first_other(c);

	return tell(c, STMFW_VERDICT_SAME_OTHER,
		    WORDS(c,
			  "Contents agree: all %" PRIu64
			  " bytes of %s are in %s. %s it are %" PRIu64
			  " bytes of other data, first at 0x%08" PRIx64 ".",
			  r->compared, c->expected_name, c->found_name,
			  first >= last->address + last->length ? "Behind" : "Around",
			  r->extra - r->extra_blank, first),
		    "Older firmware, settings or a boot loader: it is not part of the image.");
}

static bool agrees(struct compare *c, enum filler missing, enum filler extra)
{
	if (extra == FILLER_DATA)
		return tell_same_other(c);
	if (missing > extra)
		extra = missing;
	if (extra != FILLER_NONE)
		return tell_same_blank(c, extra);
	return tell(c, STMFW_VERDICT_SAME,
		    WORDS(c, "The contents are the same: %" PRIu64 " bytes.", c->result.compared),
		    "");
}

/* ---- unstable ---- */

static bool is_unstable(struct compare *c)
{
	const stmfw_comparison *r = &c->result;

	if (r->unstable == 0)
		return false;
	return tell(c, STMFW_VERDICT_UNSTABLE,
		    WORDS(c,
			  "Two reads of %s differ in %" PRIu64 " byte%s, first at 0x%08" PRIx64
			  ": what it holds cannot be told.",
			  c->found_name, r->unstable, r->unstable == 1 ? "" : "s",
			  r->unstable_span.address),
		    "The connection is not reliable: shorten the wires or lower the speed "
		    "(adapter speed 500), then repeat.");
}

/* ---- blank ---- */

/* Does found have only this value, where something is expected? */
static bool is_only(const struct compare *c, uint8_t value)
{
	struct stretch s;
	struct walk w;

	stmfw__walk_begin(&w, c->expected, c->found, 0, 0, COMPARE_SPACE);
	while (stmfw__walk_next(&w, &s))
		for (uint64_t i = 0; s.a && s.b && i < s.length; i++)
			if (s.b[i] != value)
				return false;
	return true;
}

static bool is_blank(struct compare *c)
{
	bool ff = is_only(c, 0xff);

	if (!ff && !is_only(c, 0x00))
		return false;
	return tell(c, STMFW_VERDICT_BLANK,
		    WORDS(c, "Blank: where %s should be, %s has only %s (%" PRIu64 " byte%s).",
			  c->expected_name, c->found_name, ff ? "FF" : "00", c->result.compared,
			  c->result.compared == 1 ? "" : "s"),
		    "Nothing was written there, or read protection hides it.");
}

/* ---- shifted ---- */

#define ANCHOR        32u /* bytes that are looked for elsewhere    */
#define ANCHOR_VALUES 8u /* different ones: not a run of filler    */
#define TRIES         32u /* places at which an anchor is looked at */

static bool is_anchor(const uint8_t *p)
{
	bool seen[256] = { false };
	unsigned int values = 0;

	for (unsigned int i = 0; i < ANCHOR; i++) {
		values += !seen[p[i]];
		seen[p[i]] = true;
	}
	return values >= ANCHOR_VALUES;
}

static uint64_t end_of(struct ranges r)
{
	return r.list[r.count - 1].address + r.list[r.count - 1].length;
}

/*
 * With this shift, everything is the same, but for what the shift pushes out of what was found.
 * That must be less than what differs without it, or a repeating pattern would explain anything.
 */
static bool is_shifted_by(const struct compare *c, int64_t shift)
{
	uint64_t same = 0, pushed_out = 0;
	struct stretch s;
	struct walk w;

	stmfw__walk_begin(&w, c->expected, c->found, shift, 0, COMPARE_SPACE);
	while (stmfw__walk_next(&w, &s)) {
		if (!s.a)
			continue;
		if (s.b && memcmp(s.a, s.b, (size_t)s.length) != 0)
			return false;
		int64_t at = (int64_t)s.address + shift;
		if (!s.b && at >= (int64_t)c->found.list[0].address &&
		    at < (int64_t)end_of(c->found))
			return false;
		same += s.b ? s.length : 0;
		pushed_out += s.b ? 0 : s.length;
	}
	return same >= pushed_out && pushed_out < c->all.differing + c->all.missing;
}

/* The anchor at this address of the image: is it in found, and all of the image around it? */
static bool find_shift(struct compare *c, const uint8_t *anchor, uint64_t address)
{
	unsigned int tries = 0;

	for (size_t i = 0; i < c->found.count; i++) {
		const stmfw_range *r = &c->found.list[i];
		const uint8_t *end = r->data + r->length, *p = r->data;

		while ((p = memmem(p, (size_t)(end - p), anchor, ANCHOR)) && tries++ < TRIES) {
			int64_t shift = (int64_t)(r->address + (uint64_t)(p++ - r->data)) -
					(int64_t)address;

			if (shift != 0 && is_shifted_by(c, shift)) {
				c->result.shift = shift;
				return true;
			}
		}
	}
	return false;
}

/* From the first anchor at or behind an offset of a range. */
static bool find_shift_from(struct compare *c, const stmfw_range *r, uint64_t offset)
{
	for (; offset + ANCHOR <= r->length; offset++)
		if (is_anchor(r->data + offset))
			return find_shift(c, r->data + offset, r->address + offset);
	return false;
}

/* The beginning or the end may have been pushed out, so it is tried from some places. */
static bool find_any_shift(struct compare *c)
{
	for (size_t i = 0; i < c->expected.count; i++) {
		const stmfw_range *r = &c->expected.list[i];

		if (r->length < ANCHOR)
			continue;
		return find_shift_from(c, r, 0) || find_shift_from(c, r, r->length / 2) ||
		       find_shift_from(c, r, r->length - r->length / 8 - ANCHOR / 2);
	}
	return false;
}

static bool is_shifted(struct compare *c)
{
	if (!find_any_shift(c))
		return false;
	const int64_t shift = c->result.shift;
	const uint64_t bytes = (uint64_t)(shift < 0 ? -shift : shift);
	int64_t is_at = (int64_t)c->expected.list[0].address + shift;

	if (is_at < (int64_t)c->found.list[0].address) /* pushed out */
		is_at = (int64_t)c->found.list[0].address;
	return tell(c, STMFW_VERDICT_SHIFTED,
		    WORDS(c,
			  "Shifted by %" PRIu64 " (0x%" PRIx64
			  ") bytes to %s addresses: what %s has "
			  "for 0x%08" PRIx64 " is in %s at 0x%08" PRIx64 ".",
			  bytes, bytes, shift < 0 ? "lower" : "higher", c->expected_name,
			  (uint64_t)(is_at - shift), c->found_name, (uint64_t)is_at),
		    "Look at the address it was placed at, and the one it was linked for.");
}

/* ---- swapped ---- */

#define SWAPPED_LEAST 16u /* bytes that differ: a few may look so by chance */

/* Is each byte where another order of bytes would put it? */
static bool is_swapped_by(const struct compare *c, uint64_t mask)
{
	for (size_t i = 0; i < c->expected.count; i++) {
		const stmfw_range *r = &c->expected.list[i];

		for (uint64_t k = 0; k < r->length; k++) {
			const uint8_t *p = stmfw__ranges_find(c->found, (r->address + k) ^ mask);

			if (!p || *p != r->data[k])
				return false;
		}
	}
	return true;
}

static bool is_swapped(struct compare *c)
{
	static const struct {
		uint64_t mask;
		enum stmfw_verdict verdict;
		const char *words;
	} orders[] = {
		{ 1, STMFW_VERDICT_SWAPPED_16, "the two bytes of each 16-bit word swapped" },
		{ 3, STMFW_VERDICT_SWAPPED_32, "the four bytes of each 32-bit word in reverse" },
		{ 2, STMFW_VERDICT_SWAPPED_HALVES, "the two halves of each 32-bit word swapped" },
	};

	if (c->all.differing < SWAPPED_LEAST)
		return false;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (is_swapped_by(c, orders[i].mask))
			return tell(
				c, orders[i].verdict,
				WORDS(c, "Swapped: %s holds %s with %s.", c->found_name,
				      c->expected_name, orders[i].words),
				"A tool has changed the order of bytes: convert the file again.");
	return false;
}

/* ---- gaps ---- */

#define GAP_LEAST 8u /* shorter runs may well be a changed number: 0 and -1 */

struct gaps {
	bool wrong;
	bool has_zero; /* expected has 00 there, found FF; or the other way round */
	uint64_t runs, run, next;
};

static void add_to_gaps(struct gaps *g, uint64_t address, uint8_t expected, uint8_t found)
{
	bool begins = g->runs == 0 || address != g->next;

	g->wrong |= begins && g->runs > 0 && g->run < GAP_LEAST;
	g->wrong |= expected != (found == 0xff ? 0x00 : 0xff);
	g->wrong |= found != 0x00 && found != 0xff;
	if (g->runs == 0)
		g->has_zero = expected == 0x00;
	g->wrong |= g->has_zero != (expected == 0x00);
	g->runs += begins;
	g->run = begins ? 1 : g->run + 1;
	g->next = address + 1;
}

static bool is_gaps(struct compare *c)
{
	struct gaps g = { 0 };
	struct stretch s;
	struct walk w;

	stmfw__walk_begin(&w, c->expected, c->found, 0, 0, COMPARE_SPACE);
	while (!g.wrong && stmfw__walk_next(&w, &s))
		for (uint64_t i = 0; s.a && s.b && i < s.length; i++)
			if (s.a[i] != s.b[i])
				add_to_gaps(&g, s.address + i, s.a[i], s.b[i]);
	if (g.wrong || g.run < GAP_LEAST)
		return false;
	return tell(c, STMFW_VERDICT_GAPS,
		    WORDS(c,
			  "They differ only in gaps: in %" PRIu64 " place%s (%" PRIu64
			  " bytes) %s has only %s, %s only %s.",
			  g.runs, g.runs == 1 ? "" : "s", c->all.differing, c->expected_name,
			  g.has_zero ? "00" : "FF", c->found_name, g.has_zero ? "FF" : "00"),
		    "Tools fill gaps differently: objcopy with 00, a programmer leaves them erased "
		    "(FF). Use a format that has the gaps (hex, elf), or --gap-fill 0xff.");
}

/* ---- sectors ---- */

#define SECTOR_LEAST 16u /* fewer bytes of the image say nothing of the whole sector */

struct sectors {
	size_t right, wrong, blank;
	uint64_t differing;
	uint64_t first; /* address of the first that is wrong */
	bool all_protected, all_whole;
};

static void look_at_sector(struct sectors *look, const stmfw_sector *sector, uint64_t address,
			   const struct tally *t)
{
	const bool blank = t->found_used == 0;

	if (t->both == 0)
		return;
	if (t->differing == 0) {
		look->right += t->expected_used > 0;
		return;
	}
	if (look->wrong++ == 0)
		look->first = address;
	look->blank += blank;
	look->differing += t->differing;
	look->all_protected &= sector->is_protected == 1;
	look->all_whole &= blank || (t->both >= SECTOR_LEAST && t->differing >= t->both / 2);
}

static struct sectors look_at_sectors(const struct compare *c)
{
	struct sectors look = { .all_protected = true, .all_whole = true };

	for (size_t i = 0; i < c->bank_count; i++) {
		const stmfw_bank *bank = &c->banks[i];

		for (size_t k = 0; k < bank->sector_count; k++) {
			const stmfw_sector *s = &bank->sectors[k];
			uint64_t address = bank->base + s->offset;
			struct tally t = stmfw__compare_tally(c, (int64_t)address,
							      (int64_t)(address + s->size));

			look_at_sector(&look, s, address, &t);
		}
	}
	return look;
}

static const char *sectors_of(struct compare *c, const struct sectors *look)
{
	return WORDS(c, "%zu sector%s, first at 0x%08" PRIx64, look->wrong,
		     look->wrong == 1 ? "" : "s", look->first);
}

static bool tell_protected(struct compare *c, const char *which)
{
	return tell(c, STMFW_VERDICT_PROTECTED,
		    WORDS(c,
			  "%" PRIu64 " bytes differ, all of them in sectors that are write "
			  "protected (%s): these kept what they held.",
			  c->all.differing, which),
		    "Remove the write protection of these sectors, then write again.");
}

static bool tell_sectors(struct compare *c, const struct sectors *look, const char *which)
{
	const bool blank = look->blank == look->wrong;

	return tell(
		c, STMFW_VERDICT_SECTORS,
		WORDS(c, "Whole sectors: %s, %s; the other %zu are right.", which,
		      blank ? "blank" : "something else", look->right),
		blank ? "Erased, but not written, it seems: write again; if that does not help, "
			"look for write protection or a worn-out sector."
		      : "As write protection leaves them, or a write that did not get that far: "
			"look at the protection, write again.");
}

static bool is_sectors(struct compare *c)
{
	struct sectors look = look_at_sectors(c);

	if (look.wrong == 0 || look.differing != c->all.differing)
		return false;
	if (!look.all_protected && (!look.all_whole || look.right == 0))
		return false;
	const char *which = sectors_of(c, &look);
	if (!which)
		return true; /* no memory; the caller sees that */
	return look.all_protected ? tell_protected(c, which) : tell_sectors(c, &look, which);
}

/* ---- none of these ---- */

static bool is_different(struct compare *c)
{
	const stmfw_comparison *r = &c->result;
	const uint64_t first = r->spans[0].address;
	const uint8_t *expected = stmfw__ranges_find(c->expected, first);
	const uint8_t *found = stmfw__ranges_find(c->found, first);

	if (r->compared == 0)
		return tell(c, STMFW_VERDICT_DIFFERENT,
			    WORDS(c,
				  "No address in common: %s begins at 0x%08" PRIx64
				  ", %s at 0x%08" PRIx64 ".",
				  c->expected_name, c->expected.list[0].address, c->found_name,
				  c->found.list[0].address),
			    "Is one of them placed at another address?");
	const char *missing = r->missing
				      ? WORDS(c, " %" PRIu64 " bytes of %s are not in %s at all.",
					      r->missing, c->expected_name, c->found_name)
				      : "";
	if (!expected || !missing)
		return true;
	const char *place = found ? WORDS(c, "%s %02x, %s %02x", c->found_name, *found,
					  c->expected_name, *expected)
				  : WORDS(c, "missing in %s", c->found_name);
	if (!place)
		return true;
	return tell(c, STMFW_VERDICT_DIFFERENT,
		    WORDS(c,
			  "%" PRIu64 " of %" PRIu64 " bytes differ, in %zu place%s, first at "
			  "0x%08" PRIx64 " (%s).%s",
			  r->differing, r->compared, r->span_total, r->span_total == 1 ? "" : "s",
			  first, place, missing),
		    "");
}

void stmfw__compare_explain(struct compare *c)
{
	static bool (*const reasons[])(struct compare * c) = { is_shifted, is_blank, is_swapped,
							       is_gaps, is_sectors };
	const enum filler missing = filler_in(c->expected, c->found);

	/* What was not found at all is explained by nothing but a shift. */
	const bool comparable = c->all.both > 0 && missing != FILLER_DATA;

	if (is_unstable(c))
		return;
	if (c->all.differing == 0 && comparable) {
		agrees(c, missing, filler_in(c->found, c->expected));
		return;
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if ((comparable || reasons[i] == is_shifted) && reasons[i](c))
			return;
	is_different(c);
}
