/* SPDX-License-Identifier: MIT */
/* Where OpenOCD is: HOST, HOST:PORT, :PORT, [V6], [V6]:PORT, or an IPv6 address alone. */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

struct address {
	char host[256];
	uint16_t port;
	char text[272]; /* as it should be shown */
};

/* What the text does not say is 127.0.0.1 and 6666. False: it is no address. */
bool address_parse(struct address *a, const char *text);
/* Only this machine can be meant. */
bool address_is_loopback(const struct address *a);

#endif
