/* SPDX-License-Identifier: MIT */
/*
 * A board is one microcontroller soldered behind one ST-Link. This header says what a board
 * consists of; each part has a source file of its own:
 *
 *   chips.c     which chips exist, and how they differ
 *   stlink.c    the ST-Link command set; dap.c its raw debug-port commands
 *   core.c      debug registers, reset, run and halt; cpu.c executes Thumb code
 *   bus.c       the memory map; regs.c the plain registers in it
 *   flash.c     the flash array; flash_f1.c and flash_f4.c its controllers
 *   faults.c    what can go wrong on request
 *   stats.c     counters as JSON
 *   files.c     files and numbers
 *   board.c     putting a board together
 */
#ifndef STMFW_BOARD_H
#define STMFW_BOARD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLASH_BASE 0x08000000u
#define RAM_BANKS 2
#define SECTOR_RUNS 3
#define SERIAL_MAX 32
#define UID_SIZE 12
#define OPTION_SIZE 16

struct board;

/* Who accesses the bus: the debug probe, or the code on the core. */
enum master { MASTER_HOST, MASTER_CORE };
enum bus_result { BUS_OK, BUS_FAULT };

/* ---- chips.c ---------------------------------------------------------------------------- */

struct span {
	uint32_t base, size;
};

struct sector_run {
	unsigned count;
	uint32_t size;
	unsigned erase_ms; /* of one, typically */
};

struct chip {
	const char *name, *text;
	const struct flash_family *family;
	int cpu_model; /* for the CPU engine */
	uint32_t cpuid, ap_idr, fp_ctrl, dwt_ctrl, mvfr0, mvfr1;
	uint32_t idcode_swd, idcode_jtag; /* 0: has no such port */
	uint32_t device_id_at, device_id;
	struct sector_run sectors[SECTOR_RUNS];
	struct span ram[RAM_BANKS];
	struct span system; /* factory ROM with the identity words in it */
	uint32_t uid_at, size_at;
	uint8_t rdp_off;       /* option byte that means "not read protected" */
	unsigned wrp_sectors;  /* sectors behind one write protection bit */
	unsigned obr_user_bit; /* F0/F1: where OBR shows the user byte */
	unsigned program_ns;   /* of one access, typically */
	unsigned mass_erase_ms;
};

const struct chip *chip_find(const char *name);
const struct chip *chip_row(size_t index); /* NULL behind the last */
uint32_t chip_flash_size(const struct chip *chip);
unsigned chip_sector_count(const struct chip *chip);
struct span chip_sector(const struct chip *chip, unsigned index); /* base is an offset */
unsigned chip_erase_ms(const struct chip *chip, unsigned index);
unsigned chip_sector_of(const struct chip *chip, uint32_t offset);

/* ---- flash.c, flash_f1.c, flash_f4.c ---------------------------------------------------- */

enum lock_state { LOCK_CLOSED, LOCK_HALF_OPEN, LOCK_OPEN, LOCK_JAMMED };

struct flash_ctl {
	enum lock_state lock, option_lock;
	uint32_t cr, sr, ar;
	uint8_t option[OPTION_SIZE]; /* F0/F1: the option bytes as stored */
	uint32_t optcr, optcr_stored; /* F4: register, and what is in the flash */
	uint32_t optcr_loaded;        /* F4: what the register is after a reset */
	uint32_t obr;
	uint32_t wrp;  /* in force: bit clear = protected */
	bool read_protected; /* in force */
	bool takes_time;     /* erasing and programming, as on silicon */
	uint64_t busy_until; /* ns */
};

struct flash_family {
	uint32_t regs_base, option_base;
	uint32_t sr_at, sr_busy; /* status register, and its bit */
	void (*factory)(struct board *b); /* option bytes as delivered */
	void (*load_options)(struct board *b); /* those that are stored come into force */
	void (*reset)(struct board *b);   /* locks the registers */
	void (*protect_reads)(struct board *b);
	void (*protect_writes)(struct board *b, uint32_t wrp);
	enum bus_result (*program)(struct board *b, uint32_t offset, unsigned width,
				   uint32_t value);
	enum bus_result (*program_option)(struct board *b, uint32_t offset, unsigned width,
					  uint32_t value);
	uint8_t (*read_option)(const struct board *b, uint32_t offset);
	uint32_t (*read_reg)(const struct board *b, uint32_t offset);
	enum bus_result (*write_reg)(struct board *b, uint32_t offset, uint32_t value);
};

extern const struct flash_family flash_f1, flash_f4;

enum bus_result flash_read(struct board *b, enum master m, uint32_t offset, unsigned width,
			   uint32_t *value);
/* The core reads what is in the array, and cannot change it. */
bool flash_only_reads(const struct board *b);
uint32_t flash_peek(const struct board *b, uint32_t offset, unsigned width);
void flash_put(struct board *b, uint32_t offset, unsigned width, uint32_t value);
void flash_erase_sector(struct board *b, unsigned sector);
void flash_erase_all(struct board *b);
bool flash_sector_protected(const struct board *b, unsigned sector);
bool flash_any_protected(const struct board *b);
/* ns until what was begun is done; 0: it is. The core waits for that long: no time slices. */
uint64_t flash_busy_ns(const struct board *b);
enum bus_result flash_key(enum lock_state *lock, uint32_t value, const uint32_t keys[2]);

/* ---- bus.c, regs.c ---------------------------------------------------------------------- */

#define REGS_MAX 512

/* Registers that only remember what was written, as many as a debug session touches. */
struct regs {
	unsigned count;
	struct {
		uint32_t address, value;
	} cell[REGS_MAX];
};

uint32_t regs_read(const struct regs *regs, uint32_t address);
void regs_write(struct regs *regs, uint32_t address, uint32_t value);
void regs_forget(struct regs *regs, uint32_t first, uint32_t last);

enum bus_result bus_read(struct board *b, enum master m, uint32_t address, unsigned width,
			 uint32_t *value);
enum bus_result bus_write(struct board *b, enum master m, uint32_t address, unsigned width,
			  uint32_t value);

/* ---- core.c, cpu.c ---------------------------------------------------------------------- */

enum core_state {
	CORE_HALTED,
	CORE_RUNNING,  /* executes code from RAM, needs time slices */
	CORE_WAITING,  /* spins in RAM until somebody writes to memory */
	CORE_FIRMWARE, /* counts as running, nothing is executed */
	CORE_LOCKUP,
};

struct core {
	enum core_state state;
	uint32_t r[16]; /* 13 is unused: see msp and psp */
	uint32_t xpsr, msp, psp, special, fpscr, s[32];
	uint32_t dhcsr, demcr, dcrdr, dfsr;
	bool reset_seen;   /* sticky until DHCSR is read */
	bool reset_wanted; /* code on the core asked for it */
	struct cpu *cpu;   /* only while it executes code */
};

uint32_t core_read_register(struct core *core, unsigned number);
void core_write_register(struct core *core, unsigned number, uint32_t value);
uint32_t core_read_word(struct board *b, enum master m, uint32_t address);
void core_write_word(struct board *b, enum master m, uint32_t address, uint32_t value);
void core_reset(struct board *b);
void core_power_on(struct board *b);
void core_memory_written(struct board *b); /* wakes a waiting core */
void core_slice(struct board *b);

enum cpu_stop { CPU_MORE, CPU_SPINS, CPU_BREAKPOINT, CPU_FAULT };

struct cpu *cpu_start(struct board *b);
enum cpu_stop cpu_slice(struct cpu *cpu);
enum cpu_stop cpu_step(struct cpu *cpu);
void cpu_finish(struct cpu *cpu); /* registers go back to the core */

/* ---- stlink.c, dap.c -------------------------------------------------------------------- */

#define USB_DATA_MAX 8192

struct link {
	unsigned stlink, jtag, swim; /* firmware version */
	bool debug_mode, over_jtag, reset_held;
	uint16_t memory_status; /* of the last memory access */
	uint32_t fault_address;
	uint32_t dp_ctrl, dp_select, csw, tar;
};

struct usb_command {
	const uint8_t *code; /* 16 bytes */
	uint8_t *data;       /* to the probe, or zeroed and to be filled by it */
	uint32_t size;
};

void stlink_command(struct board *b, const struct usb_command *cmd);
bool stlink_has_target(const struct board *b);
void dap_read(struct board *b, const struct usb_command *cmd);
void dap_write(struct board *b, const struct usb_command *cmd);
uint32_t dap_idcode(const struct board *b);

/* ---- faults.c --------------------------------------------------------------------------- */

enum fault_kind {
	FAULT_NO_TARGET,
	FAULT_LOW_VOLTAGE,
	FAULT_RDP,
	FAULT_WRP,
	FAULT_OPTIONS_LATE,
	FAULT_WRONG_IDCODE,
	FAULT_READ_AFTER,
	FAULT_WRITE_AFTER,
	FAULT_AT,
	FAULT_STUCK,
	FAULT_CORRUPT_READ,
	FAULT_UNPLUG_AFTER,
	FAULT_HANGUP_AFTER,
	FAULT_NO_HALT,
	FAULT_STALL_AFTER,
	FAULT_COUNT
};

struct fault {
	bool on;
	uint64_t value, second; /* second: last sector, or the stuck byte */
	uint64_t seen;          /* events since it was armed */
	bool happened;
};

/* NULL, or what is wrong with the specification. */
const char *fault_arm(struct board *b, const char *spec);
void fault_clear(struct board *b);
bool fault_is_on(const struct board *b, enum fault_kind kind);
bool fault_spend(struct board *b, enum fault_kind kind, unsigned amount); /* budget exceeded? */
bool fault_hits(struct board *b, enum fault_kind kind); /* is this the one? */
const char *fault_names(void);

/* ---- stats.c ---------------------------------------------------------------------------- */

struct stats {
	uint64_t commands, bytes_in, bytes_out;
	uint64_t flash_bytes_read, bytes_programmed;
	uint64_t mass_erases, resets;
	uint64_t *erases; /* per sector */
};

json_t *stats_json(const struct board *b);
bool stats_save(const struct board *b, const char *path);

/* ---- files.c ---------------------------------------------------------------------------- */

bool parse_number(const char *text, uint64_t max, uint64_t *value);
bool parse_uid(const char *text, uint8_t uid[UID_SIZE]);
bool file_replace(const char *path, const void *data, size_t size);
/* FILE[@OFFSET] into the flash; NULL, or what went wrong. */
const char *file_load_flash(struct board *b, const char *spec);

/* ---- board.c ---------------------------------------------------------------------------- */

struct board {
	const struct chip *chip;
	char serial[SERIAL_MAX + 1];
	uint8_t uid[UID_SIZE];
	uint8_t *flash;
	uint8_t *ram[RAM_BANKS];
	struct flash_ctl ctl;
	struct regs regs;
	struct core core;
	struct link link;
	struct fault faults[FAULT_COUNT];
	struct stats stats;
	bool plugged;
	uint64_t busy_until; /* ns: the probe does one command after the other */
	const char *dump_path, *stats_path;
};

struct board *board_new(const struct chip *chip, unsigned number);
void board_free(struct board *b);
void board_power_on(struct board *b);
void board_swap(struct board *b, const uint8_t uid[UID_SIZE]);

#endif
