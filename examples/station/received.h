/* SPDX-License-Identifier: MIT */
/* How much a TCP peer has sent, whoever reads the socket. */
#ifndef RECEIVED_H
#define RECEIVED_H

#include <stdint.h>

/* Bytes since the connection was made; 0 if the kernel does not say. */
uint64_t received_bytes(int fd);

#endif
