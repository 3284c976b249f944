/* SPDX-License-Identifier: MIT */
/*
 * The words of a PostgreSQL connection string, with hosts as addresses. "host=a,b port=1,2" becomes
 * one host for each address: "host=a,a,b hostaddr=A1,A2,B1 port=1,1,2".
 */
#ifndef LEASE_HOSTS_H
#define LEASE_HOSTS_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "resolve.h"

#define LEASE_HOSTS_TEXT 2048
#define LEASE_HOSTS_WHY  256

struct lease_hosts {
	PQconninfoOption *options;
	const char *host, *port; /* lists, as they were given */
	unsigned int index; /* of the next host          */
	char name[256]; /* the one that is to be resolved */
	char hosts[LEASE_HOSTS_TEXT], addresses[LEASE_HOSTS_TEXT], ports[LEASE_HOSTS_TEXT];
};

/* False: why. */
bool lease_hosts_open(struct lease_hosts *h, const char *info, char why[LEASE_HOSTS_WHY]);
void lease_hosts_close(struct lease_hosts *h);
/* Into h->name. False: there are no more. */
bool lease_hosts_next(struct lease_hosts *h);
/* found NULL: it needs none (a socket in the file system). False: too many. */
bool lease_hosts_add(struct lease_hosts *h, const struct resolved *found);
bool lease_hosts_is_path(const struct lease_hosts *h);
/* NULL: not enough memory. */
PGconn *lease_hosts_connect(struct lease_hosts *h);

#endif
