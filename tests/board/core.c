/* SPDX-License-Identifier: MIT */
/*
 * The core as a debugger sees it: the debug and identity registers on the private bus, reset,
 * run, step and halt. Code in RAM is executed (cpu.c). Code in flash is not: such a core just
 * counts as running. A core that starts nowhere sensible locks up, as on a real chip.
 */
#include "board.h"

#include <string.h>

#define CPUID 0xE000ED00u
#define AIRCR 0xE000ED0Cu
#define VTOR 0xE000ED08u
#define DFSR 0xE000ED30u
#define DHCSR 0xE000EDF0u
#define DCRSR 0xE000EDF4u
#define DCRDR 0xE000EDF8u
#define DEMCR 0xE000EDFCu
#define MVFR0 0xE000EF40u
#define MVFR1 0xE000EF44u
#define DWT_CTRL 0xE0001000u
#define DWT_DEVARCH 0xE0001FBCu
#define FP_CTRL 0xE0002000u

#define DHCSR_KEY 0xA05Fu
#define DHCSR_DEBUGEN (1u << 0)
#define DHCSR_HALT (1u << 1)
#define DHCSR_STEP (1u << 2)
#define DHCSR_CONTROLS 0x2Fu
#define DHCSR_REGRDY (1u << 16)
#define DHCSR_S_HALT (1u << 17)
#define DHCSR_S_LOCKUP (1u << 19)
#define DHCSR_S_RESET (1u << 25)
#define DEMCR_VC_CORERESET (1u << 0)
#define AIRCR_KEY 0x05FAu
#define AIRCR_RESETS 0x5u
#define DFSR_HALTED 1u
#define DFSR_BKPT 2u
#define DFSR_VCATCH 8u
#define XPSR_T (1u << 24)
#define HARD_FAULT 3u

#define PERIPHERALS 0x40000000u
#define PERIPHERALS_LAST 0x5FFFFFFFu

static bool stack_is_psp(const struct core *core)
{
	return core->special >> 24 & 2;
}

static uint32_t *core_register(struct core *core, unsigned number)
{
	if (number == 13)
		return stack_is_psp(core) ? &core->psp : &core->msp;
	if (number < 16)
		return &core->r[number];
	if (number >= 0x40 && number < 0x60)
		return &core->s[number - 0x40];
	switch (number) {
	case 16:
		return &core->xpsr;
	case 17:
		return &core->msp;
	case 18:
		return &core->psp;
	case 20:
		return &core->special;
	case 0x21:
		return &core->fpscr;
	default:
		return NULL;
	}
}

uint32_t core_read_register(struct core *core, unsigned number)
{
	const uint32_t *reg = core_register(core, number);

	return reg ? *reg : 0;
}

void core_write_register(struct core *core, unsigned number, uint32_t value)
{
	uint32_t *reg = core_register(core, number);

	if (reg && core->state == CORE_HALTED)
		*reg = number == 13 || number == 17 || number == 18 ? value & ~3u : value;
}

static void leave_cpu(struct board *b)
{
	if (b->core.cpu)
		cpu_finish(b->core.cpu);
	b->core.cpu = NULL;
}

static void halt(struct board *b, uint32_t reason)
{
	if (b->core.state == CORE_HALTED)
		return;
	leave_cpu(b);
	b->core.state = fault_is_on(b, FAULT_NO_HALT) ? CORE_FIRMWARE : CORE_HALTED;
	b->core.dfsr |= reason;
}

static bool is_ram(const struct board *b, uint32_t address)
{
	for (int i = 0; i < RAM_BANKS; i++)
		if (address - b->chip->ram[i].base < b->chip->ram[i].size)
			return true;
	return false;
}

static bool is_flash(const struct board *b, uint32_t address)
{
	uint32_t size = chip_flash_size(b->chip);

	return address < size || address - FLASH_BASE < size;
}

/* What the core does next follows from where it stands. */
static void run(struct board *b)
{
	struct core *core = &b->core;

	if (is_ram(b, core->r[15]) && core->xpsr & XPSR_T && (core->cpu = cpu_start(b)))
		core->state = CORE_RUNNING;
	else if (is_flash(b, core->r[15]) && core->xpsr & XPSR_T)
		core->state = CORE_FIRMWARE;
	else
		core->state = CORE_LOCKUP;
}

/* The handler is firmware in flash; without one the core locks up. */
static void hard_fault(struct board *b)
{
	struct core *core = &b->core;
	uint32_t handler = 0;

	leave_cpu(b);
	bus_read(b, MASTER_CORE, regs_read(&b->regs, VTOR) + 4 * HARD_FAULT, 4, &handler);
	core->xpsr = (core->xpsr & ~0x1FFu) | HARD_FAULT;
	core->r[15] = 0xFFFFFFFE;
	core->state = CORE_LOCKUP;
	if (handler & 1 && is_flash(b, handler)) {
		core->r[15] = handler & ~1u;
		core->state = CORE_FIRMWARE;
	}
}

/* One instruction from RAM; in flash, where nothing is executed, only the PC moves on. */
static void step(struct board *b)
{
	struct core *core = &b->core;

	run(b);
	if (core->state == CORE_LOCKUP)
		return;
	if (core->cpu && cpu_step(core->cpu) == CPU_FAULT)
		hard_fault(b);
	else if (!core->cpu)
		core->r[15] += 2;
	halt(b, DFSR_HALTED);
}

static void write_dhcsr(struct board *b, uint32_t value)
{
	struct core *core = &b->core;

	if (value >> 16 != DHCSR_KEY)
		return;
	core->dhcsr = value & DHCSR_CONTROLS;
	if (!(value & DHCSR_DEBUGEN))
		core->dhcsr &= ~(DHCSR_HALT | DHCSR_STEP);
	if (core->dhcsr & DHCSR_HALT)
		halt(b, DFSR_HALTED);
	else if (core->state == CORE_HALTED && core->dhcsr & DHCSR_STEP)
		step(b);
	else if (core->state == CORE_HALTED)
		run(b);
}

static uint32_t read_dhcsr(struct board *b)
{
	struct core *core = &b->core;
	uint32_t value = core->dhcsr | DHCSR_REGRDY;

	if (core->state == CORE_HALTED)
		value |= DHCSR_S_HALT | DHCSR_HALT;
	if (core->state == CORE_LOCKUP)
		value |= DHCSR_S_LOCKUP;
	if (core->reset_seen)
		value |= DHCSR_S_RESET;
	core->reset_seen = false;
	return value;
}

static void transfer_register(struct core *core, uint32_t value)
{
	unsigned number = value & 0x7F;

	if (value & 1u << 16)
		core_write_register(core, number, core->dcrdr);
	else
		core->dcrdr = core_read_register(core, number);
}

static uint32_t stored_or(const struct board *b, uint32_t address, uint32_t fixed)
{
	return fixed | regs_read(&b->regs, address);
}

uint32_t core_read_word(struct board *b, enum master m, uint32_t address)
{
	const struct chip *chip = b->chip;

	switch (address) {
	case CPUID:
		return chip->cpuid;
	case AIRCR:
		return 0xFA050000;
	case DHCSR:
		return m == MASTER_HOST ? read_dhcsr(b) : b->core.dhcsr;
	case DCRSR:
	case DWT_DEVARCH:
		return 0;
	case DCRDR:
		return b->core.dcrdr;
	case DEMCR:
		return b->core.demcr;
	case DFSR:
		return b->core.dfsr;
	case MVFR0:
		return chip->mvfr0;
	case MVFR1:
		return chip->mvfr1;
	case DWT_CTRL:
		return stored_or(b, address, chip->dwt_ctrl);
	case FP_CTRL:
		return stored_or(b, address, chip->fp_ctrl);
	default:
		return regs_read(&b->regs, address);
	}
}

/* Code on the core cannot halt or reset it in the middle of an instruction: that is noted. */
void core_write_word(struct board *b, enum master m, uint32_t address, uint32_t value)
{
	struct core *core = &b->core;

	switch (address) {
	case AIRCR:
		if (value >> 16 == AIRCR_KEY && value & AIRCR_RESETS)
			core->reset_wanted = true;
		break;
	case DHCSR:
		if (m == MASTER_HOST)
			write_dhcsr(b, value);
		break;
	case DCRSR:
		transfer_register(core, value);
		break;
	case DCRDR:
		core->dcrdr = value;
		break;
	case DEMCR:
		core->demcr = value;
		break;
	case DFSR:
		core->dfsr &= ~value;
		break;
	case FP_CTRL:
		regs_write(&b->regs, address, value & 1);
		break;
	default:
		regs_write(&b->regs, address, value);
	}
	if (m == MASTER_HOST && core->reset_wanted)
		core_reset(b);
}

/* Stack pointer and PC come from the first words of the flash, readable or not. */
static void load_vectors(struct board *b)
{
	struct core *core = &b->core;
	uint32_t entry = flash_peek(b, 4, 4);

	core->msp = flash_peek(b, 0, 4) & ~3u;
	core->psp = 0;
	core->special = 0;
	core->r[14] = 0xFFFFFFFF;
	core->r[15] = entry & ~1u;
	core->xpsr = entry & 1 ? XPSR_T : 0;
}

void core_reset(struct board *b)
{
	struct core *core = &b->core;

	leave_cpu(b);
	b->stats.resets++;
	regs_forget(&b->regs, PERIPHERALS, PERIPHERALS_LAST);
	regs_forget(&b->regs, VTOR, VTOR);
	if (!fault_is_on(b, FAULT_OPTIONS_LATE))
		b->chip->family->load_options(b);
	b->chip->family->reset(b);
	load_vectors(b);
	core->reset_wanted = false;
	core->reset_seen = true;
	run(b);
	if (core->dhcsr & DHCSR_DEBUGEN && core->demcr & DEMCR_VC_CORERESET)
		halt(b, DFSR_VCATCH);
	else if (core->dhcsr & DHCSR_HALT)
		halt(b, DFSR_HALTED);
}

void core_power_on(struct board *b)
{
	leave_cpu(b);
	memset(&b->core, 0, sizeof(b->core));
	b->chip->family->load_options(b);
	core_reset(b);
	b->stats.resets = 0;
}

void core_memory_written(struct board *b)
{
	if (b->core.state == CORE_WAITING)
		b->core.state = CORE_RUNNING;
}

void core_slice(struct board *b)
{
	struct core *core = &b->core;
	enum cpu_stop stop = cpu_slice(core->cpu);

	if (core->reset_wanted) {
		core_reset(b);
		return;
	}
	switch (stop) {
	case CPU_MORE:
		break;
	case CPU_SPINS:
		core->state = CORE_WAITING;
		break;
	case CPU_BREAKPOINT:
		if (core->dhcsr & DHCSR_DEBUGEN)
			halt(b, DFSR_BKPT);
		else
			hard_fault(b);
		break;
	case CPU_FAULT:
		hard_fault(b);
		break;
	}
}
