/* SPDX-License-Identifier: MIT */
/* CRC-32, that of Ethernet and zlib. */
#ifndef STMFW_CRC32_H
#define STMFW_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Its table for bytes, lowest bit first. The chip gets the same one: digest.c. */
#define CRC32_TABLE ((size_t)256)
extern const uint32_t stmfw__crc32_table[CRC32_TABLE];

/* Begin with 0. */
uint32_t stmfw__crc32(uint32_t crc, const void *bytes, size_t length);

#endif
