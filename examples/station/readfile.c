/* SPDX-License-Identifier: MIT */
/* All of a file in memory: see readfile.h. */
#include "readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool wrong(char why[READFILE_WHY], const char *what)
{
	snprintf(why, READFILE_WHY, "%s", what);
	return false;
}

/* One byte more than it should have is asked for: a file that grows meanwhile is noticed. */
static bool take(struct readfile *out, int fd, size_t size)
{
	out->length = 0;
	while (out->length <= size) {
		ssize_t n = read(fd, out->bytes + out->length, size + 1 - out->length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			break;
		out->length += (size_t)n;
	}
	errno = EAGAIN; /* it has changed under our hands */
	return out->length == size;
}

static bool read_open(struct readfile *out, int fd, size_t limit, char why[READFILE_WHY])
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return wrong(why, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return wrong(why, "not a regular file");
	if ((uint64_t)st.st_size > limit) {
		snprintf(why, READFILE_WHY, "larger than %zu KiB", limit >> 10);
		return false;
	}
	out->bytes = malloc((size_t)st.st_size + 1);
	if (!out->bytes)
		return wrong(why, "out of memory");
	if (take(out, fd, (size_t)st.st_size)) {
		out->bytes[out->length] = '\0';
		return true;
	}
	free(out->bytes);
	return wrong(why, errno == EAGAIN ? "it changes while it is read" : strerror(errno));
}

bool readfile(struct readfile *out, const char *path, size_t limit, char why[READFILE_WHY])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not keep us */
	bool ok;

	if (fd < 0)
		return wrong(why, strerror(errno));
	ok = read_open(out, fd, limit, why);
	close(fd);
	return ok;
}
