/* SPDX-License-Identifier: MIT */
/* What a check finds wrong: told one by one, and counted. */
#ifndef FAULTS_H
#define FAULTS_H

struct faults {
	void (*tell)(void *arg, const char *text); /* one line that any terminal can show */
	void *arg;
	unsigned int count;
};

void faults_add(struct faults *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
