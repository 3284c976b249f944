/* SPDX-License-Identifier: MIT */
/* The one table of commands that belong to one flash driver: see driver.h. */
#include "driver.h"

#include <stddef.h>
#include <string.h>

static const struct driver drivers[] = {
	{ "stm32f1x", "stm32f1x mass_erase" },
	{ "stm32f2x", "stm32f2x mass_erase" },
	{ "stm32l4x", "stm32l4x mass_erase" },
	{ "stm32h7x", "stm32h7x mass_erase" },
	/* Its mass_erase sets read protection and removes it again, and takes the EEPROM with it. */
	{ "stm32lx", NULL },
};

const struct driver *stmfw__driver_find(const char *name)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strcmp(drivers[i].name, name) == 0)
			return &drivers[i];
	return NULL;
}
