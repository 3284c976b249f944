/* SPDX-License-Identifier: MIT */
/* One station at a time writes a record: FILE.lock, held as long as the process lives. */
#ifndef RECORD_LOCK_H
#define RECORD_LOCK_H

#include "record.h"

struct record_lock {
	char *path; /* NULL: nothing is locked */
	int fd;
};

/* False: why, with the process that has it. */
bool record_lock(struct record_lock *lock, const char *record, char why[RECORD_WHY]);
void record_unlock(struct record_lock *lock);

#endif
