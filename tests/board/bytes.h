/* SPDX-License-Identifier: MIT */
/* Little-endian numbers in byte buffers. */
#ifndef STMFW_BOARD_BYTES_H
#define STMFW_BOARD_BYTES_H

#include <stdint.h>

static inline uint32_t get_le(const uint8_t *p, unsigned width)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= (uint32_t)p[i] << (8 * i);
	return value;
}

static inline void put_le(uint8_t *p, unsigned width, uint32_t value)
{
	for (unsigned i = 0; i < width; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

#endif
