/* SPDX-License-Identifier: MIT */
/*
 * Which chip is this?
 *
 * CPUID (every Cortex-M has it) -> which core -> where DBGMCU_IDCODE is -> device id -> a row of
 * the table -> where that family keeps flash size, unique id and read-out protection. Size and
 * unique id lie near each other, so that one block of words has both.
 *
 * Addresses and codes: the reference manuals' chapters "Debug support" (DBGMCU_IDCODE), "Device
 * electronic signature" and "Embedded flash" of each family; the manual is named in the row.
 */
#include "chip.h"

#include "bank.h"
#include "dialect.h"
#include "memory.h"
#include "tcl.h"

/* How a family encodes read-out protection. */
enum rdp_form {
	RDP_OBR_BIT, /* F1: bit 1 of FLASH_OBR                        */
	RDP_OBR_2,   /* F0, F3: bits 2:1 of FLASH_OBR, 0, 1, 3        */
	RDP_BYTE_0,  /* AA: level 0, CC: level 2, in bits 7:0         */
	RDP_BYTE_1   /* the same in bits 15:8                         */
};

struct family {
	const char *name;
	uint32_t block;       /* address of the words that hold size and unique id */
	uint32_t rdp_address; /* FLASH_OBR, OPTCR, OPTR                            */
	enum rdp_form rdp;
	uint32_t options;     /* its bits that stmfw_options_write() may change; 0: not known */
	uint8_t words;        /* of the block                                      */
	uint8_t size_at;      /* offset in the block: u16, KiB                     */
	uint8_t uid_at;       /* offset in the block: 96 bits                      */
	uint16_t device_id;
};

#define IDS 2        /* words in front of the rest: CPUID, IDCODE */
#define WORDS_MAX 33 /* of a block                                 */

/* Of RM0008, RM0041 (F1); RM0091, RM0360, RM0316 (F0); RM0033, RM0090, RM0368 (F4); RM0385 (F7);
   RM0351, RM0440, RM0444 (L4); RM0433 (H7). */
/* clang-format off */
#define F1_PLACES 0x1ffff7e0, 0x4002201c, RDP_OBR_BIT, 0x03fffc1c, 5,  0x00, 0x08
#define F0_PLACES 0x1ffff7ac, 0x4002201c, RDP_OBR_2,   0,          9,  0x20, 0x00
#define F4_PLACES 0x1fff7a10, 0x40023c14, RDP_BYTE_1,  0xec,       5,  0x12, 0x00
#define F7_PLACES 0x1ff0f420, 0x40023c14, RDP_BYTE_1,  0,          9,  0x22, 0x00
#define L4_PLACES 0x1fff7590, 0x40022020, RDP_BYTE_0,  0,          21, 0x50, 0x00
#define H7_PLACES 0x1ff1e800, 0x5200201c, RDP_BYTE_1,  0,          33, 0x80, 0x00
/* clang-format on */

static const struct family families[] = {
	{ "STM32F10x low-density", F1_PLACES, 0x412 },
	{ "STM32F10x medium-density", F1_PLACES, 0x410 },
	{ "STM32F10x high-density", F1_PLACES, 0x414 },
	{ "STM32F10x XL-density", F1_PLACES, 0x430 },
	{ "STM32F105/107 connectivity line", F1_PLACES, 0x418 },
	{ "STM32F100 value line", F1_PLACES, 0x420 },
	{ "STM32F100 high-density value line", F1_PLACES, 0x428 },
	{ "STM32F05x/F030x8", F0_PLACES, 0x440 },
	{ "STM32F09x/F030xC", F0_PLACES, 0x442 },
	{ "STM32F03x", F0_PLACES, 0x444 },
	{ "STM32F04x/F070x6", F0_PLACES, 0x445 },
	{ "STM32F07x", F0_PLACES, 0x448 },
	{ "STM32F302/303xB/xC", F0_PLACES, 0x422 },
	{ "STM32F37x", F0_PLACES, 0x432 },
	{ "STM32F303x6/x8, F334", F0_PLACES, 0x438 },
	{ "STM32F301, F302x6/x8", F0_PLACES, 0x439 },
	{ "STM32F302/303xD/xE", F0_PLACES, 0x446 },
	{ "STM32F2xx", F4_PLACES, 0x411 },
	{ "STM32F405/407/415/417", F4_PLACES, 0x413 },
	{ "STM32F42x/43x", F4_PLACES, 0x419 },
	{ "STM32F446", F4_PLACES, 0x421 },
	{ "STM32F401xB/xC", F4_PLACES, 0x423 },
	{ "STM32F411", F4_PLACES, 0x431 },
	{ "STM32F401xD/xE", F4_PLACES, 0x433 },
	{ "STM32F469/479", F4_PLACES, 0x434 },
	{ "STM32F412", F4_PLACES, 0x441 },
	{ "STM32F410", F4_PLACES, 0x458 },
	{ "STM32F413/423", F4_PLACES, 0x463 },
	{ "STM32F74x/75x", F7_PLACES, 0x449 },
	{ "STM32F76x/77x", F7_PLACES, 0x451 },
	{ "STM32L47x/48x", L4_PLACES, 0x415 },
	{ "STM32L43x/44x", L4_PLACES, 0x435 },
	{ "STM32L49x/4Ax", L4_PLACES, 0x461 },
	{ "STM32L45x/46x", L4_PLACES, 0x462 },
	{ "STM32G43x/44x", L4_PLACES, 0x468 },
	{ "STM32G47x/48x", L4_PLACES, 0x469 },
	{ "STM32G07x/08x", L4_PLACES, 0x460 },
	{ "STM32G03x/04x", L4_PLACES, 0x466 },
	{ "STM32H74x/75x", H7_PLACES, 0x450 },
};

/* OPTLOCK and OPTSTRT of F4, OPTERR and RDPRT of F1: no option bytes. */
#define NO_OPTIONS 3u

#define FAMILIES (sizeof(families) / sizeof(families[0]))

static const struct family *find_family(uint16_t device_id)
{
	for (size_t i = 0; i < FAMILIES; i++)
		if (families[i].device_id == device_id)
			return &families[i];
	return NULL;
}

static enum stmfw_rdp decode_rdp(enum rdp_form form, uint32_t value)
{
	uint32_t byte = form == RDP_BYTE_1 ? value >> 8 & 0xff : value & 0xff;

	switch (form) {
	case RDP_OBR_BIT:
		return value & 2 ? STMFW_RDP_1 : STMFW_RDP_0;
	case RDP_OBR_2:
		return (value >> 1 & 3) == 0   ? STMFW_RDP_0
		       : (value >> 1 & 3) == 3 ? STMFW_RDP_2
					       : STMFW_RDP_1;
	case RDP_BYTE_0:
	case RDP_BYTE_1:
		return byte == 0xaa ? STMFW_RDP_0 : byte == 0xcc ? STMFW_RDP_2 : STMFW_RDP_1;
	}
	return STMFW_RDP_UNKNOWN;
}

/* ---- one request: each costs OpenOCD a look at the target ---- */

/* CPUID, and DBGMCU_IDCODE from the first place that has one; else 0. Cores: by the core's part
   number, in CPUID bits 15:4, the places where it may be; an empty one reads as an id of 0 or of
   all ones. Families: by the device ids, the register with the read-out protection and the block.
   Both follow if the id is in there; the block only if it can be read. Before anything is taken for
   absent CPUID is read again: a probe that was lost in the middle has to be an error. */
static const char read_chip[] =
	"apply {{r t cores families} {"
	"set c [apply $r $t 0xe000ed00 32 1];"
	"foreach {core places} $cores {"
	"if {($c >> 4 & 0xfff) != $core} continue;"
	"foreach a $places {"
	"if {[catch {apply $r $t $a 32 1} v]} continue;"
	"set d [expr {$v & 0xfff}];"
	"if {$d == 0 || $d == 0xfff} continue;"
	"set l [list $c $v];"
	"foreach {ids p a n} $families {"
	"if {[lsearch -exact $ids $d] < 0} continue;"
	"lappend l {*}[apply $r $t $p 32 1];"
	"if {[catch {lappend l {*}[apply $r $t $a 32 $n]}]} {apply $r $t 0xe000ed00 32 1}};"
	"return $l}};"
	"apply $r $t 0xe000ed00 32 1;"
	"list $c 0}} ";

static const char idcode_places[] =
	" {0xc20 0x40015800"               /* M0: F0             */
	" 0xc60 0x40015800"                /* M0+: G0, L0        */
	" 0xc23 0xe0042000"                /* M3: F1, F2, L1     */
	" 0xc24 0xe0042000"                /* M4: F3, F4, G4, L4 */
	" 0xc27 {0xe0042000 0x5c001000}}"; /* M7: F7; H7         */

static void put_families(struct buf *b)
{
	stmfw__buf_puts(b, " {");
	for (size_t i = 0; i < FAMILIES; i++) {
		const struct family *f = &families[i];
		bool is_first = i == 0 || f[-1].block != f->block;
		bool is_last = i + 1 == FAMILIES || f[1].block != f->block;

		stmfw__buf_printf(b, is_first ? "{%u" : " %u", f->device_id);
		if (is_last)
			stmfw__buf_printf(b, "} 0x%lx 0x%lx %u ", (unsigned long)f->rdp_address,
					  (unsigned long)f->block, f->words);
	}
	stmfw__buf_puts(b, "}");
}

static enum move ask_chip(struct op *op)
{
	const struct identify_job *job = op->job;
	struct buf *b = stmfw__op_script(op, "identify", 0);

	if (job->of_bank)
		stmfw__only_target(b, job->target);
	stmfw__buf_puts(b, read_chip);
	stmfw__buf_puts(b, stmfw__memory_reader);
	stmfw__tcl_arg(b, job->target ? job->target : "");
	stmfw__buf_puts(b, idcode_places);
	put_families(b);
	return MOVE_SEND;
}

static void take_ids(stmfw_chip *chip, const uint32_t *ids)
{
	chip->cpuid = ids[0];
	chip->idcode = ids[1];
	chip->device_id = (uint16_t)(ids[1] & 0xfff);
	chip->revision_id = (uint16_t)(ids[1] >> 16);
}

static uint8_t byte_of(const uint32_t *words, size_t at)
{
	return (uint8_t)(words[at / 4] >> (8 * (at % 4)));
}

static void take_block(stmfw_chip *chip, const struct family *family, const uint32_t *block)
{
	uint16_t kib = (uint16_t)(byte_of(block, family->size_at) |
				  byte_of(block, family->size_at + 1u) << 8);

	if (kib != 0xffff)
		chip->flash_kib = kib;
	for (size_t i = 0; i < sizeof(chip->uid); i++)
		chip->uid[i] = byte_of(block, family->uid_at + i);
	chip->has_uid = 1;
}

/* Of a chip that we do not know there are the ids only. Of one that we know, size and unique id may
   stay unknown; whether it is protected may not. */
static bool take_chip(stmfw_chip *chip, const char *answer)
{
	uint32_t words[IDS + 1 + WORDS_MAX];
	size_t count = stmfw__memory_parse_some(
		answer, &(struct memory_range){ 0, 32, IDS + 1 + WORDS_MAX }, words);

	if (count < IDS)
		return false;
	take_ids(chip, words);
	const struct family *family = find_family(chip->device_id);
	if (!family)
		return count == IDS;
	if (count != IDS + 1 && count != IDS + 1u + family->words)
		return false;
	chip->family = family->name;
	chip->rdp = decode_rdp(family->rdp, words[IDS]);
	chip->options_mask = family->options;
	if (family->options)
		chip->options = words[IDS] & ~NO_OPTIONS;
	if (count > IDS + 1)
		take_block(chip, family, words + IDS + 1);
	return true;
}

static enum move identify_next(struct op *op, const struct reply *last)
{
	struct identify_job *job = op->job;

	if (!last)
		return ask_chip(op);
	if (!reply_ok(last) || !take_chip(&job->chip, last->result))
		return stmfw__op_refused(op, STMFW_ETARGET, last);
	op->res.chip = &job->chip;
	op->res.count = 1;
	return stmfw__op_ok(op);
}

const struct op_kind stmfw__identify_kind = { .name = "identify", .next = identify_next };

void stmfw__identify_init(struct identify_job *job, const char *target)
{
	*job = (struct identify_job){ .target = target,
				      .chip = { .family = "", .rdp = STMFW_RDP_UNKNOWN } };
}

void stmfw__identify_bank(struct identify_job *job, const stmfw_bank *bank)
{
	stmfw__identify_init(job, bank->target);
	job->of_bank = true;
}

int stmfw_identify(stmfw_client *c, const char *target, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct op *op;

	if (!c || (target && !*target))
		return STMFW_EINVAL;
	int err =
		stmfw__op_new(&op, c, &stmfw__identify_kind, sizeof(struct identify_job), cb, arg);
	if (err)
		return err;
	stmfw__identify_init(op->job, stmfw__arena_strdup(&op->arena, target));
	return stmfw__op_submit(op, out);
}
