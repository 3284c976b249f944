/* SPDX-License-Identifier: MIT */
/*
 * fake_chip.h - what OpenOCD would answer to the library's own scripts, with one small STM32F1
 * behind it. It really reads and writes the files that it is told to.
 *
 * It lives in fake_chip; a test changes what it needs before it connects, and may let the answer
 * to one request go wrong.
 */
#ifndef FAKE_CHIP_H
#define FAKE_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_ocd.h"

#define FAKE_CHIP_TARGET "stm32f1x.cpu"
#define FAKE_CHIP_BASE 0x08000000u
#define FAKE_CHIP_RAM 0x20000000u
#define FAKE_CHIP_FLASH_SIZE 8192u
#define FAKE_CHIP_UID "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"

enum fake_fault {
	FAULT_NONE,
	FAULT_ERROR,      /* Tcl error                           */
	FAULT_ODD_RESULT, /* success with a result of nonsense   */
	FAULT_NOTHING,    /* success with an empty result        */
	FAULT_GARBAGE,    /* bytes that are no answer            */
	FAULT_HANG_UP,
	FAULT_RESET,
	FAULT_STALL,
	FAULTS
};

/* User option bytes, as the registers of F1 and F2, F4 show them, without the protection there. */
struct fake_options {
	uint32_t obr, optcr;
};

struct fake_chip {
	uint8_t flash[FAKE_CHIP_FLASH_SIZE];
	uint8_t ram[1024];
	bool probed;
	bool runs_code;        /* has a work area, and makes checksums when it is told to    */
	bool unfinished_sums;  /* ... it stops before it has made any                        */
	bool unstable;         /* each read finds another first byte                         */
	bool counts_less;      /* write_bank says one byte less than it has written          */
	bool wrong_sums;       /* ... wrong ones                                             */
	unsigned long base;    /* of the flash bank                                   */
	unsigned long size;    /* ... once it is probed                               */
	const char *driver;    /* of the flash bank                                   */
	const char *state;     /* of the target                                       */
	bool deaf_to_halt;     /* `halt` and `reset halt` say yes and do nothing      */
	const char *second;    /* state of a second target; NULL: there is none       */
	bool no_bank_target;   /* it does not say which target the bank belongs to    */
	bool no_idcode;        /* where it ought to be, there is none                 */
	bool no_signature;     /* flash size and unique id cannot be read             */
	bool no_protection;    /* the register with the protection cannot be read     */
	bool not_shared;       /* files of the client cannot be seen                  */
	bool no_files;         /* ... and its Tcl has no commands for files           */
	int temporary_files;   /* that it made                                        */
	bool kept;             /* one of them is waiting for another part             */
	size_t kept_length;    /* what is in it                                       */
	int parts;             /* that came                                           */
	bool wrong_token;      /* ... a file of that name is there, but another one   */
	int short_by;          /* read_bank writes so many bytes less                 */
	bool writes_nothing;   /* read_bank says it did                               */
	uint32_t verified_less; /* verify_image counts so many bytes less             */
	signed char erased[FAKE_CHIP_FLASH_SIZE / 1024]; /* 1, 0, or -1: cannot be told */
	unsigned long bad_sector; /* does not get blank                               */
	unsigned int protected_blocks; /* bit N: of 4 KiB                             */
	unsigned int stored_blocks; /* ... after the next reset                       */
	uint32_t idcode;
	unsigned int rdp, stored_rdp; /* level in force, level after the next reset   */
	struct fake_options options, stored_options; /* likewise                      */
	bool options_stay;     /* not even a reset loads them                         */
	bool refuses_options;  /* lock, unlock, protect and options_write fail        */
	bool loses_options;    /* ... protect, options_write: these erased them before  */
	int option_commands, option_loads, resets; /* that came                       */
	const char *odd_sectors; /* shown instead of them                             */
	const char *odd_blocks;  /* shown instead of what is protected together       */
	int odd_from;            /* number of the request with which that begins      */
	bool sector_states;    /* the list of sectors claims that none is protected   */
	bool no_sector_list;   /* as some versions                                    */
	int erase_commands, mass_erases, file_commands; /* that came                  */
	long file_size;        /* -1: OpenOCD cannot tell; -2: there is no file       */
	unsigned long file_done; /* so much of it write_bank and verify_bank handle   */
	bool differs;          /* comparisons find a difference                       */
	int requests;          /* so far                                              */
	enum fake_fault fault;
	int fault_at;          /* number of the request, from 0                       */
	int faults;            /* how often it happened                               */
	int reads;             /* read_bank commands                                  */
	void (*before)(int request); /* called when one comes                         */
	int pause_at;          /* leave this request unanswered until resumed; -1     */
	char path[512];        /* the last file that the client named                 */
	char directory[64];    /* TMPDIR of this test                                 */
};

extern struct fake_chip fake_chip;

/* The peer of fx answers as this chip; TMPDIR is a new, empty directory. */
void fake_chip_start(void);
/* The same and a connected client. */
void fake_chip_connect(void);
/* The chip and its OpenOCD are as new. */
void fake_chip_reset(void);
/* Read protection level and write protected blocks of 4 KiB (bit N). As new: 1 and 2. */
void fake_chip_protect(unsigned int rdp, unsigned int blocks);
/* Does this run share files, or is STMFW_TEST_TRANSFER inline or memory? */
bool fake_chip_shares(void);
/* Number of files and directories that are left in TMPDIR. */
int fake_chip_litter(void);
/* Checked tear-down, before the fixture's own: nothing may be left. */
void fake_chip_stop(void);

#endif
