/* flush.c: a slower disk.  Loaded before the C library (LD_PRELOAD, see lib/Thaw.pm), each flush of a
 * file takes as many microseconds longer as THAW_TEST_FLUSH says. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int slowly(const char *name, int fd)
{
	int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
	const char *us = getenv("THAW_TEST_FLUSH");
	long more = us ? atol(us) : 0;

	nanosleep(&(struct timespec){ more / 1000000, more % 1000000 * 1000 }, NULL);
	return flush(fd);
}

int fsync(int fd)
{
	return slowly("fsync", fd);
}

int fdatasync(int fd)
{
	return slowly("fdatasync", fd);
}
