/* SPDX-License-Identifier: MIT */
/*
 * How long OpenOCD's flash commands may take: so many bytes per second at worst, by which deadlines
 * grow (stmfw__op_deadline), and what is on top of that, whatever the size.
 */
#ifndef STMFW_PATIENCE_H
#define STMFW_PATIENCE_H

#define FLASH_SLOWEST_READ 8192u
#define FLASH_SLOWEST_WRITE 1024u /* half-word by half-word, where the chip cannot run code */
#define FLASH_SLOWEST_ERASE 8192u /* F4, byte-wide: 4 s for 128 KiB, 32 s for 1 MiB */
#define FLASH_SLOWEST_CHECK 4096u /* is it blank? OpenOCD may read all of it, word by word */
#define FLASH_PATIENCE_MS 20000u

#endif
