/* SPDX-License-Identifier: MIT */
/*
 * The one table of commands that belong to one flash driver: see driver.h.
 *
 * Only the first two rows could be tried, as the virtual board has only chips of theirs (F0, F1,
 * F4). The others are from OpenOCD's documentation and the chips' reference manuals. No row relies
 * on what a command says: protection is always read back from the chip.
 */
#include "driver.h"

#include <stddef.h>
#include <string.h>

#include "buf.h"

/* FLASH_OBR of the F1: a set bit is the software watchdog, or no reset. */
static void put_f1_options(struct buf *b, unsigned int bank, uint32_t options)
{
	stmfw__buf_printf(b, "stm32f1x options_write %u %s %s %s USEROPT 0x%x", bank,
			  options & 4 ? "SWWDG" : "HWWDG",
			  options & 16 ? "NORSTSTNDBY" : "RSTSTNDBY",
			  options & 8 ? "NORSTSTOP" : "RSTSTOP", options >> 10 & 0xffffu);
}

/* FLASH_OPTCR: bits 31 to 28 and 7 to 2. */
static void put_f2_options(struct buf *b, unsigned int bank, uint32_t options)
{
	stmfw__buf_printf(b, "stm32f2x options_write %u 0x%x", bank,
			  (options >> 20 & 0xf00u) | (options & 0xfcu));
}

static const struct driver drivers[] = {
	/* F0, F1, F3. It erases all option bytes to change some, and with them read protection. */
	{ .name = "stm32f1x",
	  .mass_erase = "stm32f1x mass_erase",
	  .lock = "stm32f1x lock",
	  .unlock = "stm32f1x unlock",
	  .put_options = put_f1_options,
	  .writes = OPTIONS_BY_RESET,
	  .reads = OPTIONS_BY_RESET,
	  .rewrites_all = true,
	  .tried = true },
	/* F2, F4, F7. The register shows what was written, in force or not, until a reset. */
	{ .name = "stm32f2x",
	  .mass_erase = "stm32f2x mass_erase",
	  .lock = "stm32f2x lock",
	  .unlock = "stm32f2x unlock",
	  .put_options = put_f2_options,
	  .writes = OPTIONS_BY_RESET,
	  .reads = OPTIONS_BY_RESET,
	  .tried = true },
	/* L4, L5, G0, G4, WB, WL, U5. */
	{ .name = "stm32l4x",
	  .mass_erase = "stm32l4x mass_erase",
	  .lock = "stm32l4x lock",
	  .unlock = "stm32l4x unlock",
	  .load = "stm32l4x option_load",
	  .writes = OPTIONS_BY_COMMAND,
	  .reads = OPTIONS_BY_COMMAND },
	/* H7. It shows what is in force apart from what was written. */
	{ .name = "stm32h7x",
	  .mass_erase = "stm32h7x mass_erase",
	  .lock = "stm32h7x lock",
	  .unlock = "stm32h7x unlock",
	  .writes = OPTIONS_AT_ONCE,
	  .reads = OPTIONS_BY_RESET },
	/* L0, L1. Its mass_erase sets read protection and removes it again, and takes the EEPROM
	   with it: not used. It cannot change write protection. */
	{ .name = "stm32lx",
	  .lock = "stm32lx lock",
	  .unlock = "stm32lx unlock",
	  .writes = OPTIONS_BY_POWER,
	  .reads = OPTIONS_BY_POWER },
};

const struct driver *stmfw__driver_find(const char *name)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strcmp(drivers[i].name, name) == 0)
			return &drivers[i];
	return NULL;
}

const char *stmfw__driver_caveat(const struct driver *driver)
{
	return driver && driver->tried ? "" : ". With this flash driver that was never tried by us";
}
