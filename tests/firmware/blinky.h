/* SPDX-License-Identifier: MIT */
/*
 * The test firmware: what the chips have in common.
 *
 * One of FW_F103, FW_F407, FW_F072 and one of FW_OLD, FW_NEW is given by
 * build.sh on the compiler's command line.
 */
#ifndef BLINKY_H
#define BLINKY_H

#include <stdint.h>

#define REG32(addr) (*(volatile uint32_t *)(uintptr_t)(addr))

#if defined(FW_F103)
#define FW_CHIP       "f103"
#define FW_IRQS       43
#define FW_TABLE_OLD  1536 /* words: 6 KiB */
#define FW_TABLE_NEW  2560 /* words: 10 KiB */
#define FW_LOOPS_MSEC 1000 /* busy-wait rounds of 8 cycles in a millisecond */
#elif defined(FW_F407)
#define FW_CHIP       "f407"
#define FW_IRQS       82
#define FW_TABLE_OLD  4224 /* words: 16.5 KiB, into the second 16 KiB sector */
#define FW_TABLE_NEW  4736 /* words: 18.5 KiB */
#define FW_LOOPS_MSEC 2000
#elif defined(FW_F072)
#define FW_CHIP       "f072"
#define FW_IRQS       32
#define FW_TABLE_OLD  1536
#define FW_TABLE_NEW  2048
#define FW_LOOPS_MSEC 1000
#else
#error "no chip given"
#endif

#if defined(FW_NEW)
#define FW_VERSION    "new 2.0.0"
#define FW_TABLE_LEN  FW_TABLE_NEW
#elif defined(FW_OLD)
#define FW_VERSION    "old 1.0.0"
#define FW_TABLE_LEN  FW_TABLE_OLD
#else
#error "no version given"
#endif

/* Flicker of the LEDs: a byte of it is added to each blink's length. */
extern const uint32_t flicker[FW_TABLE_LEN];

void reset_handler(void);
int main(void);

#endif
