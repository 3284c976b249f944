/* SPDX-License-Identifier: MIT */
/*
 * Who may write.
 *
 * The kernel's lock on FILE.lock counts, not the file: it ends with the process, also after
 * kill -9, and what a dead one has left is simply taken over. SQLite's own exclusive mode would do,
 * too, but would lock out the report.
 */
#include "record_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each one: somebody has ended between our open and our lock. */
#define TRIES 100

static bool failed(const char *path, char why[RECORD_WHY])
{
	snprintf(why, RECORD_WHY, "cannot lock the record with \"%.200s\": %s", path,
		 strerror(errno));
	return false;
}

static bool held(const char *record, int fd, char why[RECORD_WHY])
{
	char pid[16] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
	size_t digits = n > 0 ? strspn(pid, "0123456789") : 0;

	pid[digits] = '\0';
	snprintf(
		why, RECORD_WHY,
		"the record \"%.200s\" is in use by another station%s%s. Only one can write it: "
		"end that one, or name another file",
		record, digits ? ", process " : "", pid);
	return false;
}

/* It could have been removed by its owner before we had the lock. */
static bool is_current(int fd, const char *path)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_ino == named.st_ino &&
	       ours.st_dev == named.st_dev;
}

static void leave_name(int fd)
{
	char pid[16];
	int n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());

	/* Only for the words of the next one who wants it. */
	if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n)
		return;
}

bool record_lock(struct record_lock *lock, const char *record, char why[RECORD_WHY])
{
	memset(lock, 0, sizeof(*lock));
	if (asprintf(&lock->path, "%s.lock", record) < 0) {
		lock->path = NULL;
		snprintf(why, RECORD_WHY, "out of memory");
		return false;
	}
	for (int i = 0; i < TRIES; i++) {
		lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (lock->fd < 0) {
			failed(lock->path, why);
			break;
		}
		bool ours = flock(lock->fd, LOCK_EX | LOCK_NB) == 0;
		if (ours && is_current(lock->fd, lock->path)) {
			leave_name(lock->fd);
			return true;
		}
		if (!ours)
			errno == EWOULDBLOCK ? held(record, lock->fd, why)
					     : failed(lock->path, why);
		close(lock->fd);
		if (!ours)
			break;
	}
	free(lock->path);
	lock->path = NULL;
	return false;
}

void record_unlock(struct record_lock *lock)
{
	if (!lock->path)
		return;
	unlink(lock->path);
	close(lock->fd);
	free(lock->path);
	lock->path = NULL;
}
