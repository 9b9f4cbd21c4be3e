/* file.c: see file.h. */
#define _GNU_SOURCE
#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory of a path, opened; *name: what is behind it. */
static int open_parent(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	*name = slash ? slash + 1 : path;
	if (snprintf(dir, sizeof dir, "%.*s", slash ? (int)(*name - path) : 1, slash ? path : ".") >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t part = write(fd, p, n);

		if (part < 0 && errno != EINTR)
			return -1;
		p += part < 0 ? 0 : part;
		n -= part < 0 ? 0 : (size_t)part;
	}
	return 0;
}

int file_write(const char *path, const void *bytes, size_t n, uid_t uid, gid_t gid, bool keep)
{
	const char *name;
	char tmp[NAME_MAX + 1];
	int dir = open_parent(path, &name), fd, bad, why;

	if (dir < 0)
		return -1;
	snprintf(tmp, sizeof tmp, ".%s.%ld", name, (long)getpid());
	(void)unlinkat(dir, tmp, 0);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bad = fd < 0 || write_all(fd, bytes, n) || (geteuid() == 0 && fchown(fd, uid, gid)) || fsync(fd)
		|| (keep ? linkat(dir, tmp, dir, name, 0) && errno != EEXIST : renameat(dir, tmp, dir, name));
	why = errno;
	if (fd >= 0 && (bad || keep))
		(void)unlinkat(dir, tmp, 0);
	if (!bad && (bad = fsync(dir)))          /* the name too */
		why = errno;
	if (fd >= 0)
		close(fd);
	close(dir);
	errno = why;
	return bad ? -1 : 0;
}

int file_own_dir(const char *path)
{
	struct stat st;
	int dir;

	(void)mkdir(path, 0700);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || (!fstat(dir, &st) && st.st_uid == geteuid() && !(st.st_mode & 022)))
		return dir;
	close(dir);
	errno = EPERM;
	return -1;
}
