/* SPDX-License-Identifier: MIT */
/*
 * Executing Thumb code from RAM, on the Unicorn engine. Every run of the core gets a fresh
 * engine, so that code the host has replaced meanwhile is never run from a stale translation.
 * RAM is shared with the engine; whatever else there is goes through the bus, access by access.
 * Flash is shared as well while it only gives what is in it, so that checksums run at the engine's
 * speed. (A write to it faults then. What silicon does with a write to locked flash is not modelled.)
 *
 * A slice is bounded in basic blocks. It also ends when the code provably spins: it comes by the
 * same place with the same registers and the same RAM, and has touched nothing else in between.
 * Then nothing will happen until someone else writes to memory. (RAM is compared, and not each store
 * looked at, as a hook for stores makes the engine take its slow path for every load as well.)
 */
#include "board.h"

#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

#define SLICE_BLOCKS 4000u
#define PROBE_BLOCKS 128u /* without a use of the bus: worth a look whether it spins. A spin that
			      is recognised has half of them, as it must come by twice */
#define REGISTERS 17
#define WINDOWS 6
#define PAGE 0x1000u
#define INTERRUPT_BREAKPOINT 7
#define NOWHERE 0xFFFFFFF0u

/* A part of the address space that is served by the bus. */
struct window {
	struct cpu *cpu;
	uint32_t base;
};

struct cpu {
	uc_engine *engine;
	struct board *board;
	struct window windows[WINDOWS];
	unsigned window_count;
	bool shares_flash;
	enum cpu_stop stop;
	unsigned blocks; /* in this slice */
	unsigned quiet;  /* blocks since the bus was last used */
	uint64_t spot;   /* where the suspected spin was looked at, and with these registers */
	uint32_t seen[REGISTERS];
	bool ram_seen;   /* the copy is of that moment, too */
	uint8_t *ram[RAM_BANKS]; /* NULL: not needed so far */
};

static int register_ids[REGISTERS] = {
	UC_ARM_REG_R0,	UC_ARM_REG_R1,	UC_ARM_REG_R2, UC_ARM_REG_R3, UC_ARM_REG_R4,
	UC_ARM_REG_R5,	UC_ARM_REG_R6,	UC_ARM_REG_R7, UC_ARM_REG_R8, UC_ARM_REG_R9,
	UC_ARM_REG_R10, UC_ARM_REG_R11, UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR,
	UC_ARM_REG_PC,	UC_ARM_REG_XPSR,
};

static void get_registers(const struct cpu *cpu, uint32_t values[REGISTERS])
{
	void *slots[REGISTERS];

	for (int i = 0; i < REGISTERS; i++)
		slots[i] = &values[i];
	memset(values, 0, REGISTERS * sizeof(values[0]));
	uc_reg_read_batch(cpu->engine, register_ids, slots, REGISTERS);
}

static void stop(struct cpu *cpu, enum cpu_stop why)
{
	if (cpu->stop == CPU_MORE)
		cpu->stop = why;
	uc_emu_stop(cpu->engine);
}

static void set_spot(struct cpu *cpu, uint64_t address)
{
	cpu->spot = address;
	cpu->ram_seen = false;
	get_registers(cpu, cpu->seen);
}

static bool same_registers(const struct cpu *cpu)
{
	uint32_t now[REGISTERS];

	get_registers(cpu, now);
	return memcmp(now, cpu->seen, sizeof(now)) == 0;
}

static bool same_ram(const struct cpu *cpu)
{
	const struct board *b = cpu->board;

	for (int i = 0; i < RAM_BANKS; i++)
		if (b->chip->ram[i].size > 0 &&
		    (!cpu->ram[i] ||
		     memcmp(cpu->ram[i], b->ram[i], b->chip->ram[i].size) != 0))
			return false;
	return true;
}

/* Without memory for it no spin is recognised, which only takes time. */
static void keep_ram(struct cpu *cpu)
{
	const struct board *b = cpu->board;

	cpu->ram_seen = true;
	for (int i = 0; i < RAM_BANKS; i++) {
		size_t size = b->chip->ram[i].size;

		if (!cpu->ram[i] && size)
			cpu->ram[i] = malloc(size);
		if (cpu->ram[i])
			memcpy(cpu->ram[i], b->ram[i], size);
	}
}

/* At the spot again: the first time with the same registers it is only suspected. Otherwise it is
   not looked at any more, as that is dear. */
static bool spins(struct cpu *cpu)
{
	bool same = same_registers(cpu);

	if (same && !cpu->ram_seen) {
		keep_ram(cpu);
		return false;
	}
	cpu->spot = NOWHERE;
	return same && same_ram(cpu);
}

static void on_block(uc_engine *engine, uint64_t address, uint32_t size, void *data)
{
	struct cpu *cpu = data;

	(void)engine, (void)size;
	cpu->quiet++;
	if (cpu->quiet > PROBE_BLOCKS && address == cpu->spot && spins(cpu))
		stop(cpu, CPU_SPINS);
	else if (cpu->quiet % PROBE_BLOCKS == 0)
		set_spot(cpu, address);
	if (++cpu->blocks >= SLICE_BLOCKS)
		uc_emu_stop(cpu->engine);
}

static void on_interrupt(uc_engine *engine, uint32_t number, void *data)
{
	(void)engine;
	stop(data, number == INTERRUPT_BREAKPOINT ? CPU_BREAKPOINT : CPU_FAULT);
}

static bool bus_width(unsigned size)
{
	return size == 1 || size == 2 || size == 4;
}

static uint64_t on_bus_read(uc_engine *engine, uint64_t offset, unsigned size, void *data)
{
	const struct window *window = data;
	uint32_t address = window->base + (uint32_t)offset;
	uint32_t value = 0;

	(void)engine;
	window->cpu->quiet = 0;
	if (!bus_width(size) ||
	    bus_read(window->cpu->board, MASTER_CORE, address, size, &value) != BUS_OK)
		stop(window->cpu, CPU_FAULT);
	return value;
}

static void on_bus_write(uc_engine *engine, uint64_t offset, unsigned size, uint64_t value,
			 void *data)
{
	const struct window *window = data;
	struct board *b = window->cpu->board;
	uint32_t address = window->base + (uint32_t)offset;

	(void)engine;
	window->cpu->quiet = 0;
	if (!bus_width(size) ||
	    bus_write(b, MASTER_CORE, address, size, (uint32_t)value) != BUS_OK)
		stop(window->cpu, CPU_FAULT);
	else if (b->core.reset_wanted || (window->cpu->shares_flash && !flash_only_reads(b)))
		uc_emu_stop(window->cpu->engine);
}

static bool map_window(struct cpu *cpu, uint32_t base, uint32_t size)
{
	struct window *window = &cpu->windows[cpu->window_count++];
	uint32_t start = base & ~(PAGE - 1);
	uint32_t end = (base + size + PAGE - 1) & ~(PAGE - 1);

	*window = (struct window){ cpu, start };
	return uc_mmio_map(cpu->engine, start, end - start, on_bus_read, window, on_bus_write,
			   window) == UC_ERR_OK;
}

static bool map_ram(struct cpu *cpu, const struct board *b)
{
	for (int i = 0; i < RAM_BANKS; i++) {
		const struct span *ram = &b->chip->ram[i];

		if (ram->size && uc_mem_map_ptr(cpu->engine, ram->base, ram->size, UC_PROT_ALL,
						b->ram[i]) != UC_ERR_OK)
			return false;
	}
	return true;
}

static bool share_flash(struct cpu *cpu, const struct board *b, uint32_t base)
{
	return uc_mem_map_ptr(cpu->engine, base, chip_flash_size(b->chip),
			      UC_PROT_READ | UC_PROT_EXEC, b->flash) == UC_ERR_OK;
}

/* At both of its addresses. */
static bool map_flash(struct cpu *cpu, const struct board *b)
{
	uint32_t size = chip_flash_size(b->chip);

	if (cpu->shares_flash)
		return share_flash(cpu, b, 0) && share_flash(cpu, b, FLASH_BASE);
	return map_window(cpu, 0, size) && map_window(cpu, FLASH_BASE, size);
}

/* When a fault was armed or the lock opened meanwhile. Once is enough. */
static bool stop_sharing_flash(struct cpu *cpu)
{
	uint32_t size = chip_flash_size(cpu->board->chip);

	cpu->shares_flash = false;
	return uc_mem_unmap(cpu->engine, 0, size) == UC_ERR_OK &&
	       uc_mem_unmap(cpu->engine, FLASH_BASE, size) == UC_ERR_OK &&
	       map_flash(cpu, cpu->board);
}

static bool map_everything(struct cpu *cpu, const struct board *b)
{
	const struct chip *chip = b->chip;
	uint32_t option_base = chip->family->option_base;
	bool option_apart = option_base >= ((chip->system.base + chip->system.size + PAGE - 1) &
					    ~(PAGE - 1));

	return map_ram(cpu, b) && map_flash(cpu, b) &&
	       map_window(cpu, chip->system.base, chip->system.size) &&
	       (!option_apart || map_window(cpu, option_base, OPTION_SIZE)) &&
	       map_window(cpu, 0x40000000, 0x20000000) && map_window(cpu, 0xE0000000, 0x100000);
}

/* The engine's callback type cannot be converted to void * in strict C. */
static bool hook(struct cpu *cpu, int type, void (*callback)(void))
{
	uc_hook handle;
	void *pointer;

	memcpy(&pointer, &callback, sizeof(pointer));
	return uc_hook_add(cpu->engine, &handle, type, pointer, cpu, 1, 0) == UC_ERR_OK;
}

static bool add_hooks(struct cpu *cpu)
{
	return hook(cpu, UC_HOOK_BLOCK, (void (*)(void))on_block) &&
	       hook(cpu, UC_HOOK_INTR, (void (*)(void))on_interrupt);
}

static void put_registers(struct cpu *cpu)
{
	struct core *core = &cpu->board->core;

	for (unsigned i = 0; i < REGISTERS; i++) {
		uint32_t value = core_read_register(core, i);

		uc_reg_write(cpu->engine, register_ids[i], &value);
	}
}

static void release(struct cpu *cpu)
{
	for (int i = 0; i < RAM_BANKS; i++)
		free(cpu->ram[i]);
	free(cpu);
}

struct cpu *cpu_start(struct board *b)
{
	struct cpu *cpu = calloc(1, sizeof(*cpu));

	if (!cpu)
		return NULL;
	cpu->board = b;
	cpu->shares_flash = flash_only_reads(b);
	if (uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &cpu->engine) != UC_ERR_OK) {
		release(cpu);
		return NULL;
	}
	if (uc_ctl_set_cpu_model(cpu->engine, b->chip->cpu_model) != UC_ERR_OK ||
	    !map_everything(cpu, b) || !add_hooks(cpu)) {
		uc_close(cpu->engine);
		release(cpu);
		return NULL;
	}
	put_registers(cpu);
	return cpu;
}

static enum cpu_stop execute(struct cpu *cpu, size_t instructions)
{
	uint32_t pc = 0;

	cpu->stop = CPU_MORE;
	cpu->blocks = 0;
	cpu->quiet = 0;
	if (cpu->shares_flash && !flash_only_reads(cpu->board) && !stop_sharing_flash(cpu))
		return CPU_FAULT;
	uc_reg_read(cpu->engine, UC_ARM_REG_PC, &pc);
	if (uc_emu_start(cpu->engine, pc | 1, NOWHERE, 0, instructions) != UC_ERR_OK &&
	    cpu->stop == CPU_MORE)
		cpu->stop = CPU_FAULT;
	return cpu->stop;
}

enum cpu_stop cpu_slice(struct cpu *cpu)
{
	return execute(cpu, 0);
}

enum cpu_stop cpu_step(struct cpu *cpu)
{
	return execute(cpu, 1);
}

void cpu_finish(struct cpu *cpu)
{
	struct core *core = &cpu->board->core;
	uint32_t values[REGISTERS];

	get_registers(cpu, values);
	for (unsigned i = 0; i < 16; i++)
		if (i != 13)
			core->r[i] = values[i];
	*(core->special >> 24 & 2 ? &core->psp : &core->msp) = values[13];
	core->xpsr = values[16] | 1u << 24;
	uc_close(cpu->engine);
	release(cpu);
}
