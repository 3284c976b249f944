/* SPDX-License-Identifier: MIT */
/*
 * Which chip is this?
 *
 * CPUID (every Cortex-M has it) -> which core -> where DBGMCU_IDCODE is -> device id -> a row of
 * the table -> where that family keeps flash size, unique id and read-out protection.
 *
 * Addresses and codes: the reference manuals' chapters "Debug support" (DBGMCU_IDCODE), "Device
 * electronic signature" and "Embedded flash" of each family; the manual is named in the row.
 */
#include <string.h>

#include "client.h"
#include "memory.h"
#include "parse.h"

/* How a family encodes read-out protection. */
enum rdp_form {
	RDP_OBR_BIT, /* F1: bit 1 of FLASH_OBR                        */
	RDP_OBR_2,   /* F0, F3: bits 2:1 of FLASH_OBR, 0, 1, 3        */
	RDP_BYTE_0,  /* AA: level 0, CC: level 2, in bits 7:0         */
	RDP_BYTE_1   /* the same in bits 15:8                         */
};

struct family {
	uint16_t device_id;
	const char *name;
	uint32_t size_address; /* u16, KiB                */
	uint32_t uid_address;  /* 96 bits                 */
	uint32_t rdp_address;  /* FLASH_OBR, OPTCR, OPTR  */
	enum rdp_form rdp;
};

#define F1_SIZE 0x1ffff7e0, 0x1ffff7e8, 0x4002201c, RDP_OBR_BIT /* RM0008, RM0041 */
#define F0_SIZE 0x1ffff7cc, 0x1ffff7ac, 0x4002201c, RDP_OBR_2   /* RM0091, RM0360, RM0316 */
#define F4_SIZE 0x1fff7a22, 0x1fff7a10, 0x40023c14, RDP_BYTE_1  /* RM0033, RM0090, RM0368 */
#define F7_SIZE 0x1ff0f442, 0x1ff0f420, 0x40023c14, RDP_BYTE_1  /* RM0385 */
#define L4_SIZE 0x1fff75e0, 0x1fff7590, 0x40022020, RDP_BYTE_0  /* RM0351, RM0440, RM0444 */
#define H7_SIZE 0x1ff1e880, 0x1ff1e800, 0x5200201c, RDP_BYTE_1  /* RM0433 */

static const struct family families[] = {
	{ 0x412, "STM32F10x low-density", F1_SIZE },
	{ 0x410, "STM32F10x medium-density", F1_SIZE },
	{ 0x414, "STM32F10x high-density", F1_SIZE },
	{ 0x430, "STM32F10x XL-density", F1_SIZE },
	{ 0x418, "STM32F105/107 connectivity line", F1_SIZE },
	{ 0x420, "STM32F100 value line", F1_SIZE },
	{ 0x428, "STM32F100 high-density value line", F1_SIZE },
	{ 0x440, "STM32F05x/F030x8", F0_SIZE },
	{ 0x442, "STM32F09x/F030xC", F0_SIZE },
	{ 0x444, "STM32F03x", F0_SIZE },
	{ 0x445, "STM32F04x/F070x6", F0_SIZE },
	{ 0x448, "STM32F07x", F0_SIZE },
	{ 0x422, "STM32F302/303xB/xC", F0_SIZE },
	{ 0x432, "STM32F37x", F0_SIZE },
	{ 0x438, "STM32F303x6/x8, F334", F0_SIZE },
	{ 0x439, "STM32F301, F302x6/x8", F0_SIZE },
	{ 0x446, "STM32F302/303xD/xE", F0_SIZE },
	{ 0x411, "STM32F2xx", F4_SIZE },
	{ 0x413, "STM32F405/407/415/417", F4_SIZE },
	{ 0x419, "STM32F42x/43x", F4_SIZE },
	{ 0x421, "STM32F446", F4_SIZE },
	{ 0x423, "STM32F401xB/xC", F4_SIZE },
	{ 0x431, "STM32F411", F4_SIZE },
	{ 0x433, "STM32F401xD/xE", F4_SIZE },
	{ 0x434, "STM32F469/479", F4_SIZE },
	{ 0x441, "STM32F412", F4_SIZE },
	{ 0x458, "STM32F410", F4_SIZE },
	{ 0x463, "STM32F413/423", F4_SIZE },
	{ 0x449, "STM32F74x/75x", F7_SIZE },
	{ 0x451, "STM32F76x/77x", F7_SIZE },
	{ 0x415, "STM32L47x/48x", L4_SIZE },
	{ 0x435, "STM32L43x/44x", L4_SIZE },
	{ 0x461, "STM32L49x/4Ax", L4_SIZE },
	{ 0x462, "STM32L45x/46x", L4_SIZE },
	{ 0x468, "STM32G43x/44x", L4_SIZE },
	{ 0x469, "STM32G47x/48x", L4_SIZE },
	{ 0x460, "STM32G07x/08x", L4_SIZE },
	{ 0x466, "STM32G03x/04x", L4_SIZE },
	{ 0x450, "STM32H74x/75x", H7_SIZE },
};

static const struct family *find_family(uint16_t device_id)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].device_id == device_id)
			return &families[i];
	return NULL;
}

/* By the core's part number, in CPUID bits 15:4: where DBGMCU_IDCODE may be. 0 ends the list. */
static const uint32_t *idcode_addresses(uint32_t cpuid)
{
	static const uint32_t m0[] = { 0x40015800, 0 };            /* F0, G0, L0       */
	static const uint32_t m3_m4[] = { 0xe0042000, 0 };         /* F1 to F4, G4, L4 */
	static const uint32_t m7[] = { 0xe0042000, 0x5c001000, 0 }; /* F7; H7          */
	static const uint32_t other[] = { 0 };

	switch (cpuid >> 4 & 0xfff) {
	case 0xc20:
	case 0xc60:
		return m0;
	case 0xc23:
	case 0xc24:
		return m3_m4;
	case 0xc27:
		return m7;
	default:
		return other;
	}
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

/* ---- the operation: one register after the other ---- */

enum chip_step { CHIP_CPUID, CHIP_IDCODE, CHIP_SIZE, CHIP_UID, CHIP_RDP };

struct chip_job {
	const char *target;
	stmfw_chip chip;
	enum chip_step step;
	struct memory_range range; /* asked for now */
	const uint32_t *idcode_address;
	const struct family *family;
};

static enum move ask(struct op *op, enum chip_step step, uint32_t address, unsigned int width,
		     size_t count)
{
	struct chip_job *job = op->job;

	job->step = step;
	job->range = (struct memory_range){ address, width, count };
	stmfw__memory_read_script(stmfw__op_script(op, "identify", 0), job->target, &job->range);
	return MOVE_SEND;
}

static enum move chip_done(struct op *op)
{
	struct chip_job *job = op->job;

	op->res.chip = &job->chip;
	op->res.count = 1;
	return stmfw__op_ok(op);
}

/* An id of 0 or all ones is what an empty place reads as: then the next place is tried. */
static enum move take_idcode(struct op *op, const uint32_t *value)
{
	struct chip_job *job = op->job;
	uint16_t id = value ? (uint16_t)(value[0] & 0xfff) : 0;

	if (id == 0 || id == 0xfff) {
		if (*job->idcode_address == 0)
			return chip_done(op);
		return ask(op, CHIP_IDCODE, *job->idcode_address++, 32, 1);
	}
	job->chip.idcode = value[0];
	job->chip.device_id = id;
	job->chip.revision_id = (uint16_t)(value[0] >> 16);
	job->family = find_family(id);
	if (!job->family)
		return chip_done(op);
	job->chip.family = job->family->name;
	return ask(op, CHIP_SIZE, job->family->size_address, 16, 1);
}

static void take_uid(stmfw_chip *chip, const uint32_t *words)
{
	for (size_t i = 0; i < sizeof(chip->uid); i++)
		chip->uid[i] = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
	chip->has_uid = 1;
}

/* value: what was read, or NULL if the chip refused; then that stays unknown. */
static enum move take_value(struct op *op, const uint32_t *value)
{
	struct chip_job *job = op->job;

	switch (job->step) {
	case CHIP_CPUID:
		job->chip.cpuid = value[0];
		job->idcode_address = idcode_addresses(value[0]);
		return take_idcode(op, NULL);
	case CHIP_IDCODE:
		return take_idcode(op, value);
	case CHIP_SIZE:
		if (value && value[0] != 0xffff)
			job->chip.flash_kib = value[0];
		return ask(op, CHIP_UID, job->family->uid_address, 32, 3);
	case CHIP_UID:
		if (value)
			take_uid(&job->chip, value);
		return ask(op, CHIP_RDP, job->family->rdp_address, 32, 1);
	case CHIP_RDP:
		job->chip.rdp = decode_rdp(job->family->rdp, value[0]);
		break;
	}
	return chip_done(op);
}

/* Without these two the answer would be worth nothing: which core, and is it protected? */
static bool must_be_known(enum chip_step step)
{
	return step == CHIP_CPUID || step == CHIP_RDP;
}

static enum move chip_next(struct op *op, const struct reply *last)
{
	struct chip_job *job = op->job;
	uint32_t values[3] = { 0 };

	if (!last)
		return ask(op, CHIP_CPUID, 0xe000ed00, 32, 1);
	bool good = reply_ok(last) && stmfw__memory_parse(last->result, &job->range, values);
	if (!good && must_be_known(job->step))
		return stmfw__op_refused(op, STMFW_ETARGET, last);
	return take_value(op, good ? values : NULL);
}

static const struct op_kind chip_kind = { .name = "identify", .next = chip_next };

int stmfw_identify(stmfw_client *c, const char *target, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct op *op;

	if (!c || (target && !*target))
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &chip_kind, sizeof(struct chip_job), cb, arg);
	if (err)
		return err;
	struct chip_job *job = op->job;
	job->target = target ? stmfw__arena_strdup(&op->arena, target) : NULL;
	job->chip.family = "";
	job->chip.rdp = STMFW_RDP_UNKNOWN;
	return stmfw__op_submit(op, out);
}
