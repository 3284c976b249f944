/* SPDX-License-Identifier: MIT */
/*
 * Plain registers: peripherals that nobody models just keep the words that were written to them
 * and read as zero before. When the table is full, further registers read as zero.
 */
#include "board.h"

uint32_t regs_read(const struct regs *regs, uint32_t address)
{
	for (unsigned i = 0; i < regs->count; i++)
		if (regs->cell[i].address == address)
			return regs->cell[i].value;
	return 0;
}

void regs_write(struct regs *regs, uint32_t address, uint32_t value)
{
	unsigned i = 0;

	while (i < regs->count && regs->cell[i].address != address)
		i++;
	if (i == REGS_MAX)
		return;
	if (i == regs->count)
		regs->count++;
	regs->cell[i].address = address;
	regs->cell[i].value = value;
}

void regs_forget(struct regs *regs, uint32_t first, uint32_t last)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < regs->count; i++)
		if (regs->cell[i].address < first || regs->cell[i].address > last)
			regs->cell[kept++] = regs->cell[i];
	regs->count = kept;
}
