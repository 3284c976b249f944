/* SPDX-License-Identifier: MIT */
/* What one flash driver of OpenOCD can do that the others call differently, or cannot do. */
#ifndef STMFW_DRIVER_H
#define STMFW_DRIVER_H

struct driver {
	const char *name;
	/* Commands that take a bank's number. NULL: it has none, or none that we would use. */
	const char *mass_erase;
};

/* NULL: we know nothing special of it. */
const struct driver *stmfw__driver_find(const char *name);

#endif
