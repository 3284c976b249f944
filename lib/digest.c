/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 by the chip's own CPU: see digest.h.
 *
 *   { program, table and ranges into OpenOCD's work area -> run -> CRCs } ... -> done
 *
 * A request for many ranges costs fewer probe commands than OpenOCD's own checksum of one.
 * The program puts 0 where a range's length was once its CRC is there, so that a run that did not
 * come to its end is noticed; and a CRC that is wrong for whatever reason can only make the caller
 * look closer, as equality is what counts as proof.
 */
#include "digest.h"

#include <inttypes.h>
#include <string.h>

#include "crc32.h"
#include "dialect.h"
#include "memory.h"
#include "parse.h"
#include "tcl.h"

#define RANGES_MAX ((size_t)512)
#define BATCH_BYTES ((uint64_t)1 << 20)
#define SLOWEST_BYTES_PER_SECOND 65536u /* 2 MHz and 12 cycles for a byte have more */
#define RUN_MS 2000u

#define DHCSR "0xe000edf0" /* halt, run; has it halted? */
#define HALTED "0xa05f0003"
#define MASKED "0xa05f000b" /* halted, with interrupts masked; that may change only while it is */
#define RUN    "0xa05f0009"
#define DCRSR "0xe000edf4" /* moves a core register     */
#define DCRDR "0xe000edf8" /* its value                 */

/*
 * For any Cortex-M (only instructions of ARMv6-M). No stack, no calls, position-independent.
 * r0: ranges, two words each; length 0 ends them. r1: the table. 16 bytes at a time where that is
 * possible, byte by byte where it is not.
 *
 *   next: ldr  r3,[r0,#4]   length         byte: ldrb r5,[r2]
 *         cmp  r3,#0                             adds r2,#1
 *         beq  done                              eors r5,r4
 *         ldr  r2,[r0]      address              uxtb r5,r5
 *         movs r4,#0                             lsls r5,r5,#2
 *         mvns r4,r4        crc                  ldr  r5,[r1,r5]
 *   more: cmp  r3,#16                            lsrs r4,r4,#8
 *         blo  byte                              eors r4,r5
 *         lsls r5,r2,#30                         subs r3,#1
 *         bne  byte         not aligned          bne  more
 *  words: WORD (4 times)                   end:  mvns r4,r4
 *         subs r3,#16                            str  r4,[r0]     the CRC in place of the address
 *         cmp  r3,#16                            str  r3,[r0,#4]  0 in place of the length
 *         bhs  words                             adds r0,#8
 *         cmp  r3,#0                             b    next
 *         bne  byte                        done: bkpt #0
 *         b    end
 *   WORD: ldmia r2!,{r6}; eors r4,r6; STEP (4 times)
 *   STEP: uxtb r5,r4; lsls r5,r5,#2; ldr r5,[r1,r5]; lsrs r4,r4,#8; eors r4,r5
 */
#define STEP 0xb2e5, 0x00ad, 0x594d, 0x0a24, 0x406c
#define WORD 0xca40, 0x4074, STEP, STEP, STEP, STEP
static const uint16_t program[] = {
	0x6843, 0x2b00, 0xd073, 0x6802, 0x2400, 0x43e4,                 /* next  */
	0x2b10, 0xd35f, 0x0795, 0xd15d,                                 /* more  */
	WORD,   WORD,   WORD,   WORD,   0x3b10, 0x2b10, 0xd2a4,         /* words */
	0x2b00, 0xd100, 0xe009,
	0x7815, 0x3201, 0x4065, 0xb2ed, 0x00ad, 0x594d, 0x0a24, 0x406c, /* byte  */
	0x3b01, 0xd193,
	0x43e4, 0x6004, 0x6043, 0x3008, 0xe788, 0xbe00,                 /* end, done */
};

#define PROGRAM_WORDS (sizeof(program) / 4)
#define HEAD_WORDS (PROGRAM_WORDS + CRC32_TABLE)

_Static_assert(sizeof(program) % 4 == 0, "it is written as words");

/* ---- where ---- */

void stmfw__digest_area_script(struct buf *b, const char *target)
{
	stmfw__tcl_on_target(b, target,
			     "set t [target current];"
			     "list [$t cget -work-area-phys] [$t cget -work-area-size]");
}

/* The answer is a list of the target's name and our list: `name {0x20000000 4096}`. */
bool stmfw__digest_take_area(struct digest_area *area, const char *answer)
{
	const char *text = strrchr(answer, '{');

	text = text ? text + 1 : "";
	return stmfw__take_uint(&text, &area->address) && *text++ == ' ' &&
	       stmfw__take_uint(&text, &area->size);
}

/* How many ranges fit beside program and table, with the end mark. */
static size_t room(const struct digest *d)
{
	uint64_t words = d->area.address % 4 == 0 ? d->area.size / 4 : 0;
	uint64_t ranges = words > HEAD_WORDS + 2 ? (words - HEAD_WORDS - 2) / 2 : 0;

	return ranges < RANGES_MAX ? (size_t)ranges : RANGES_MAX;
}

/* ---- one run ---- */

static uint64_t choose_batch(struct digest *d)
{
	uint64_t bytes = 0;
	size_t most = room(d);

	d->batch = 0;
	while (d->batch < most && d->done + d->batch < d->count) {
		uint64_t length = d->ranges[d->done + d->batch].length;

		if (d->batch > 0 && bytes + length > BATCH_BYTES)
			break;
		bytes += length;
		d->batch++;
	}
	return bytes;
}

static struct memory_range ranges_in_memory(const struct digest *d)
{
	return (struct memory_range){ d->area.address + HEAD_WORDS * 4, 32, d->batch * 2 };
}

static void put_words(struct buf *b, const struct digest *d)
{
	uint32_t words[HEAD_WORDS + 2 * RANGES_MAX + 2] = { 0 };
	size_t n = 0;

	for (; n < PROGRAM_WORDS; n++)
		words[n] = (uint32_t)program[2 * n] | (uint32_t)program[2 * n + 1] << 16;
	for (size_t i = 0; i < CRC32_TABLE; i++)
		words[n++] = stmfw__crc32_table[i];
	for (size_t i = 0; i < d->batch; i++) {
		words[n++] = (uint32_t)d->ranges[d->done + i].address;
		words[n++] = (uint32_t)d->ranges[d->done + i].length;
	}
	const struct memory_range all = { d->area.address, 32, n + 2 };
	stmfw__memory_write_script(b, d->target, &all, words);
}

/*
 * The core is set and started by its debug registers, between two looks that OpenOCD takes at it:
 * for OpenOCD it stays halted. `resume` would cost some sixty probe commands, as OpenOCD reads all
 * registers at each halt. Those that the program changes are given new values beforehand, which
 * OpenOCD writes before the core runs the next time: until then it would believe the old
 * ones. A firmware that was halted in the middle may have interrupts on: they wait. (The name of
 * xPSR was written differently over the years; the wrong one does no harm.)
 */
static const char runner[] =
	"set t [target current];"
	"if {[$t curstate] ne {halted}} {error {target not halted}};"
	"foreach r {r0 r1 r2 r3 r4 r5 r6} {reg $r 0};reg pc 0x%" PRIx64 ";"
	"catch {reg xPSR 0x01000000};catch {reg xpsr 0x01000000};"
	"foreach {n v} {0 0x%" PRIx64 " 1 0x%" PRIx64 " 15 0x%" PRIx64 " 16 0x01000000} {"
	"$t mww " DCRDR " $v;$t mww " DCRSR " [expr {0x10000 + $n}]};"
	"$t mww " DHCSR " " MASKED ";$t mww " DHCSR " " RUN ";"
	"set end [expr {[ms] + %" PRIu32 "}];"
	"if {[catch {while {!([apply %s $t " DHCSR " 32 1] & 0x20000)} {"
	"if {[ms] > $end} {error {the program did not end}}}} e]} {"
	"catch {$t mww " DHCSR " " MASKED "};catch {$t mww " DHCSR " " HALTED "};error $e};"
	"$t mww " DHCSR " " HALTED;

static void put_run(struct buf *b, const struct digest *d, uint32_t ms)
{
	uint64_t start = d->area.address, done = start + sizeof(program) - 2;
	struct buf run;

	stmfw__buf_init(&run, b->mem, 4096);
	stmfw__buf_printf(&run, runner, done, ranges_in_memory(d).address,
			  start + PROGRAM_WORDS * 4, start, ms, stmfw__memory_reader);
	if (run.error)
		b->error = run.error; /* noticed when sending */
	else
		stmfw__tcl_on_target(b, d->target, run.data);
	stmfw__buf_release(&run);
}

static enum move run_batch(struct op *op)
{
	struct digest *d = op->job;
	uint64_t bytes = choose_batch(d);

	if (d->batch == 0)
		return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
				      "OpenOCD's work area is too small for a checksum");
	uint32_t ms = RUN_MS + (uint32_t)(bytes * 1000 / SLOWEST_BYTES_PER_SECOND);
	struct buf *b = stmfw__op_script(op, "checksum",
					 stmfw__op_deadline(op, ms, bytes, SLOWEST_BYTES_PER_SECOND));
	const struct memory_range results = ranges_in_memory(d);

	put_words(b, d);
	stmfw__buf_puts(b, ";");
	put_run(b, d, ms);
	stmfw__buf_puts(b, ";");
	stmfw__memory_read_script(b, d->target, &results);
	return MOVE_SEND;
}

static enum move take_batch(struct op *op, const struct reply *last)
{
	struct digest *d = op->job;
	const struct memory_range results = ranges_in_memory(d);
	uint32_t words[2 * RANGES_MAX];

	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_EUNSUPPORTED, last);
	if (!stmfw__memory_parse(last->result, &results, words))
		return stmfw__op_fail(op, STMFW_EUNSUPPORTED, "the checksums make no sense");
	for (size_t i = 0; i < d->batch; i++) {
		if (words[2 * i + 1] != 0)
			return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
					      "the chip did not finish its checksum");
		d->ranges[d->done + i].crc = words[2 * i];
	}
	d->done += d->batch;
	return d->done < d->count ? run_batch(op) : stmfw__op_ok(op);
}

static enum move digest_next(struct op *op, const struct reply *last)
{
	return last ? take_batch(op, last) : run_batch(op);
}

const struct op_kind stmfw__digest_kind = { .name = "checksum", .next = digest_next };
