/* SPDX-License-Identifier: MIT */
/*
 * How a broker proves itself. The certificate has to be good for the name that the recipe has, though
 * we connect by address; libmosquitto would compare the address.
 */
#ifndef MQTT_TLS_H
#define MQTT_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#define MQTT_TLS_WHY 256

struct mqtt_tls {
	SSL_CTX *context;
	const char *host;
	char refused[128]; /* why the last certificate was; "" */
};

/* host has to last. False: why. */
bool mqtt_tls_open(struct mqtt_tls *tls, const char *host, const char *ca_file,
		   char why[MQTT_TLS_WHY]);
void mqtt_tls_close(struct mqtt_tls *tls);

#endif
