/* SPDX-License-Identifier: MIT */
/* A file that appears under its name complete and on disk, or not at all. */
#ifndef SAVEFILE_H
#define SAVEFILE_H

#include <stdbool.h>
#include <stddef.h>

/* Room for the reason why something failed. */
#define SAVEFILE_WHY 512

struct savefile {
	char *path;
	char *part;   /* "PATH.part"; exists between begin and commit or abandon */
	bool replace; /* may take the place of an existing file                  */
};

/*
 * Each returns false with one line in why. savefile_check() is for asking early; begin() writes
 * PATH.part and waits until it is on disk; commit() gives it its name and makes that last, too;
 * abandon() removes what begin() left, is harmless at any time, and releases the names.
 */
bool savefile_check(const char *path, bool replace, char why[SAVEFILE_WHY]);
bool savefile_begin(struct savefile *f, const char *path, bool replace, const void *data,
		    size_t length, char why[SAVEFILE_WHY]);
bool savefile_commit(struct savefile *f, char why[SAVEFILE_WHY]);
void savefile_abandon(struct savefile *f);

#endif
