/* lease.c: see lease.h.  A file in run_dir for each worker of this host, locked while it
 * runs, with random bytes in it.  The boot id goes into the name, so that the copy of a
 * machine or of its files does not bear it too. */
#define _GNU_SOURCE
#include "lease.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "conf.h"
#include "file.h"
#include "hash.h"
#include "log.h"

enum { PLACES = 64, SEED = 32 };

/* The first file that nobody has: its descriptor, which stays open, and its number; -1. */
static int place(const char *kind, int *number)
{
	int dir = file_own_dir(conf.run_dir), fd = -1;

	if (dir < 0)
		return -1;
	for (int i = 0; i < PLACES; i++) {
		char name[32];

		snprintf(name, sizeof name, "%.15s.%d", kind, i);
		if ((fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0 || !flock(fd, LOCK_EX | LOCK_NB)) {
			*number = i;
			break;
		}
		close(fd);
		fd = -1;
		errno = EBUSY;
	}
	close(dir);
	return fd;
}

int lease_claim(const char *kind, unsigned char out[LEASE])
{
	unsigned char seed[SEED + BOOT_ID + 1], md[SHA256_BYTES];
	int number = 0, fd = place(kind, &number);

	random_bytes(out, LEASE);
	if (fd < 0 || !file_boot_id((char *)seed + SEED)) {
		log_error(LOG_WARN, "run_dir %s: %s; work that this `thaw %s` holds when it dies waits until its lease ends", conf.run_dir,
			strerror(errno), kind);
		return number;
	}
	if (pread(fd, seed, SEED, 0) != SEED) {
		random_bytes(seed, SEED);
		if (pwrite(fd, seed, SEED, 0) != SEED)
			return number;
	}
	sha256(seed, SEED + BOOT_ID, md);
	memcpy(out, md, LEASE);
	return number;
}
