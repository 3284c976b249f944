/* SPDX-License-Identifier: MIT */
/* What one flash driver of OpenOCD can do that the others call differently, or cannot do. */
#ifndef STMFW_DRIVER_H
#define STMFW_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

/* When new option bytes come into force, and the chip shows whether they have. */
enum options_load {
	OPTIONS_AT_ONCE,    /* as soon as they are stored            */
	OPTIONS_BY_RESET,   /* a system reset loads them             */
	OPTIONS_BY_COMMAND, /* a command does, and resets the chip   */
	OPTIONS_BY_POWER    /* nothing but switching the board off and on is sure to do it */
};

/* Commands take the number of a bank. */
struct driver {
	const char *name;
	const char *mass_erase; /* NULL: it has none, or none that we would use         */
	const char *lock;       /* sets read protection level 1                         */
	const char *unlock;     /* removes it, and erases the chip                      */
	const char *load;       /* OPTIONS_BY_COMMAND: which                            */
	/* Writes user option bytes, from what their register (stmfw_chip, options) is to show; or
	   NULL. It cannot touch read protection. */
	void (*put_options)(struct buf *b, unsigned int bank, uint32_t options);
	enum options_load writes; /* write protection                                   */
	enum options_load reads;  /* read protection                                    */
	bool rewrites_all; /* its `flash protect` removes read protection, and the flash with it */
	bool tried;        /* on the virtual board: lock, unlock, mass erase, `flash protect`,
	                      put_options */
};

/* NULL: we know nothing special of it. */
const struct driver *stmfw__driver_find(const char *name);
/* To be added to what a result says: "", or that this was never tried. driver may be NULL. */
const char *stmfw__driver_caveat(const struct driver *driver);

#endif
