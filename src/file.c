/* file.c: see file.h. */
#define _GNU_SOURCE
#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
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

bool file_boot_id(char out[BOOT_ID + 1])
{
	int f = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = f < 0 ? 0 : read(f, out, BOOT_ID);

	if (f >= 0)
		close(f);
	out[n > 0 ? n : 0] = '\0';
	return n == BOOT_ID;
}

static bool is_whole(const struct file_head *h, const char magic[8], char boot[BOOT_ID + 1])
{
	(void)file_boot_id(boot);
	return !memcmp(h->magic, magic, sizeof h->magic) && !strncmp(h->boot, boot, BOOT_ID);
}

static void make_whole(void *p, const char magic[8], size_t n, void (*begin)(void *))
{
	struct file_head *h = p;
	char boot[BOOT_ID + 1];

	if (is_whole(h, magic, boot))
		return;
	memset(p, 0, n);
	if (begin)
		begin(p);
	memcpy(h->boot, boot, BOOT_ID);
	memcpy(h->magic, magic, sizeof h->magic);
}

/* A file of ours: no link, for us alone, of the right size. */
void *file_map(const char *path, const char *name, const char magic[8], size_t n, void (*begin)(void *), int *fd)
{
	int dir = file_own_dir(path);
	void *p = MAP_FAILED;
	struct stat st;

	if (dir < 0)
		return NULL;
	*fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	close(dir);
	if (*fd < 0 || flock(*fd, LOCK_EX))
		return NULL;
	if (!fstat(*fd, &st) && S_ISREG(st.st_mode) && !fchmod(*fd, 0600)
	    && (st.st_size >= (off_t)n || !(errno = posix_fallocate(*fd, 0, (off_t)n))))
		p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (p != MAP_FAILED)
		make_whole(p, magic, n, begin);
	flock(*fd, LOCK_UN);
	return p == MAP_FAILED ? NULL : p;
}

const void *file_look(const char *path, const char *name, const char magic[8], size_t n)
{
	char full[PATH_MAX], boot[BOOT_ID + 1];
	void *p = MAP_FAILED;
	struct stat st;
	int fd;

	if (snprintf(full, sizeof full, "%s/%s", path, name) >= PATH_MAX
	    || (fd = open(full, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size >= (off_t)n)
		p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return NULL;
	if (is_whole(p, magic, boot))
		return p;
	munmap(p, n);
	return NULL;
}
