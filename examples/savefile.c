/* SPDX-License-Identifier: MIT */
/*
 * A file that appears complete or not at all.
 *
 *     begin    PATH.part is made (never an existing one), written, fsync()ed
 *     commit   it is renamed in one step that fails if PATH exists, and the folder is fsync()ed
 *     abandon  PATH.part goes
 */
#include "savefile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool failed(char why[SAVEFILE_WHY], const char *doing, const char *path, int err)
{
	snprintf(why, SAVEFILE_WHY, "cannot %s \"%s\": %s", doing, path, strerror(err));
	return false;
}

static bool exists(char why[SAVEFILE_WHY], const char *path)
{
	snprintf(why, SAVEFILE_WHY, "\"%s\" already exists", path);
	return false;
}

/* The folder a path lies in; to be freed. NULL: out of memory. */
static char *folder_of(const char *path)
{
	char *copy = strdup(path);
	char *folder = copy ? strdup(dirname(copy)) : NULL;

	free(copy);
	return folder;
}

static bool check_folder(const char *path, char why[SAVEFILE_WHY])
{
	char *folder = folder_of(path);
	bool ok = folder && access(folder, W_OK | X_OK) == 0;

	if (!ok)
		failed(why, "write to folder", folder ? folder : path, folder ? errno : ENOMEM);
	free(folder);
	return ok;
}

bool savefile_check(const char *path, bool replace, char why[SAVEFILE_WHY])
{
	struct stat st;

	if (lstat(path, &st) == 0) {
		if (!S_ISREG(st.st_mode)) {
			snprintf(why, SAVEFILE_WHY, "\"%s\" is %s", path,
				 S_ISDIR(st.st_mode) ? "a folder" : "not a regular file");
			return false;
		}
		if (!replace)
			return exists(why, path);
	} else if (errno != ENOENT) {
		return failed(why, "use", path, errno);
	}
	return check_folder(path, why);
}

/* ---- begin ---- */

static bool write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			length -= (size_t)n;
		}
	}
	return true;
}

static bool fill_part(const char *part, const void *data, size_t length, char why[SAVEFILE_WHY])
{
	int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EEXIST)
		return exists(why, part);
	if (fd < 0)
		return failed(why, "make", part, errno);
	bool ok = write_all(fd, data, length) && fsync(fd) == 0;
	int err = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		err = errno;
	}
	if (!ok) {
		unlink(part);
		return failed(why, "write", part, err);
	}
	return true;
}

bool savefile_begin(struct savefile *f, const char *path, bool replace, const void *data,
		    size_t length, char why[SAVEFILE_WHY])
{
	char *part;

	memset(f, 0, sizeof(*f));
	f->replace = replace;
	f->path = strdup(path);
	if (!f->path || asprintf(&part, "%s.part", path) < 0) {
		savefile_abandon(f);
		return failed(why, "name", path, ENOMEM);
	}
	if (replace)
		unlink(part);
	if (!fill_part(part, data, length, why)) {
		free(part);
		savefile_abandon(f);
		return false;
	}
	f->part = part;
	return true;
}

/* ---- commit ---- */

static int rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* A file system that cannot do that: a hard link is as strict. */
	if (link(from, to) != 0)
		return -1;
	unlink(from);
	return 0;
}

/* A file's name is safe only when its folder is on disk, too. */
static bool sync_folder(const char *path)
{
	char *folder = folder_of(path);
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	bool ok = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);

	if (fd >= 0)
		close(fd);
	free(folder);
	return ok;
}

bool savefile_commit(struct savefile *f, char why[SAVEFILE_WHY])
{
	int err = f->replace ? rename(f->part, f->path) : rename_new(f->part, f->path);

	if (err != 0)
		return errno == EEXIST ? exists(why, f->path) :
					 failed(why, "name", f->path, errno);
	free(f->part);
	f->part = NULL;
	if (sync_folder(f->path))
		return true;
	failed(why, "bring to disk the folder of", f->path, errno);
	if (!f->replace)
		unlink(f->path);
	return false;
}

void savefile_abandon(struct savefile *f)
{
	if (f->part)
		unlink(f->part);
	free(f->part);
	free(f->path);
	memset(f, 0, sizeof(*f));
}
