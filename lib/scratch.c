/* SPDX-License-Identifier: MIT */
/*
 * The private file: see scratch.h.
 *
 * It is made by us before OpenOCD writes to it, so that it is ours (mode 0600) whoever OpenOCD
 * runs as, and it is emptied before each use, so that old content cannot be taken for new: a
 * failed `flash read_bank` leaves its file as it was.
 *
 * These are plain blocking calls: small pieces, to a local file that is in the page cache. (On a
 * network file system the two processes may see different content; a short or long file is an
 * error, and what it holds is proven by verify_flash.c.)
 */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "explain.h"
#include "tcl.h"

#define FILE_NAME "flash.bin"
#define REMOVE_TRIES 100

static const char *default_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

static void make_token(char token[WIRE_NONCE_SIZE])
{
	uint64_t random;

	if (uv_random(NULL, NULL, &random, sizeof(random), 0, NULL) != 0)
		random = uv_hrtime();
	snprintf(token, WIRE_NONCE_SIZE, "stmfw%016" PRIx64, random);
}

/* STMFW_OK, STMFW_ENOMEM, or STMFW_EFILE with errno. */
static int open_both(struct scratch *s, struct arena *a, const char *dir)
{
	char *real = realpath(dir ? dir : default_dir(), NULL); /* OpenOCD has another cwd */

	*s = (struct scratch){ .fd = -1, .dir_fd = -1 };
	if (!real)
		return STMFW_EFILE;
	s->path = stmfw__arena_printf(a, "%s/stmfw-XXXXXX/" FILE_NAME, real);
	char *made = stmfw__arena_printf(a, "%s/stmfw-XXXXXX", real);
	free(real);
	if (!s->path || !made)
		return STMFW_ENOMEM;
	if (!mkdtemp(made))
		return STMFW_EFILE;
	s->dir = made;
	memcpy(s->path, made, strlen(made));
	s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->dir_fd >= 0)
		s->fd = openat(s->dir_fd, FILE_NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (s->fd < 0) {
		int err = errno;

		stmfw__scratch_close(s);
		errno = err;
		return STMFW_EFILE;
	}
	make_token(s->token);
	return STMFW_OK;
}

/* An OpenOCD that has lost us may still begin to write the file, which makes it anew; but not once
   the directory has gone. */
static void remove_both(const struct scratch *s)
{
	for (int tries = 0; tries < REMOVE_TRIES; tries++) {
		unlinkat(s->dir_fd, FILE_NAME, 0);
		if (rmdir(s->dir) == 0 || errno != ENOTEMPTY)
			break;
	}
}

void stmfw__scratch_close(struct scratch *s)
{
	if (!s->dir)
		return;
	remove_both(s);
	if (s->fd >= 0)
		close(s->fd);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	s->dir = NULL;
	s->fd = s->dir_fd = -1;
}

static bool put_token(struct scratch *s)
{
	char script[WIRE_NONCE_SIZE + 16];
	int n = snprintf(script, sizeof(script), "return %s\n", s->token);

	return stmfw__scratch_put(s, script, (size_t)n, 0);
}

bool stmfw__scratch_begin(struct scratch *s, struct op *op, const char *dir)
{
	int err = open_both(s, &op->arena, dir);

	if (!err && put_token(s))
		return true;
	op->res.step = "scratch file";
	op->res.advice = "TMPDIR must name a directory that this program and OpenOCD can write to.";
	stmfw__op_fail(op, err ? err : STMFW_EFILE, "cannot make a scratch file in %s: %s",
		       dir ? dir : "TMPDIR or /tmp",
		       err == STMFW_ENOMEM ? stmfw_strerror(err) : strerror(errno));
	return false;
}

/* `source`, because the Tcl of OpenOCD 0.10 may have no other file command. */
void stmfw__scratch_script(struct buf *b, const struct scratch *s)
{
	stmfw__buf_puts(b, "source");
	stmfw__tcl_arg(b, s->path);
}

bool stmfw__scratch_is_shared(const struct scratch *s, const char *answer)
{
	return strcmp(answer, s->token) == 0;
}

enum move stmfw__scratch_not_shared(struct op *op, const char *answer)
{
	char reason[200];

	stmfw__reason(reason, sizeof(reason), answer, "");
	op->res.step = "share file";
	op->res.advice = "OpenOCD must run on this machine, under this user or as root, and see "
			 "the same temporary directory.";
	return stmfw__op_fail(op, STMFW_EUNSUPPORTED, "OpenOCD does not see our files: %s", reason);
}

bool stmfw__scratch_empty(struct scratch *s)
{
	return ftruncate(s->fd, 0) == 0;
}

bool stmfw__scratch_put(struct scratch *s, const void *bytes, size_t length, size_t offset)
{
	const char *p = bytes;

	for (size_t done = 0; done < length;) {
		ssize_t n = pwrite(s->fd, p + done, length - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

long long stmfw__scratch_read(struct scratch *s, void *bytes, size_t length, size_t offset)
{
	char *p = bytes;
	size_t done = 0;

	while (done < length) {
		ssize_t n = pread(s->fd, p + done, length - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (long long)done;
}

long long stmfw__scratch_size(const struct scratch *s)
{
	struct stat st;

	return fstat(s->fd, &st) == 0 ? (long long)st.st_size : -1;
}
