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
#include <openssl/sha.h>
#include "conf.h"
#include "file.h"
#include "log.h"

enum { PLACES = 64, SEED = 32, BOOT_ID = 36 };

static bool boot_id(unsigned char out[BOOT_ID])
{
	int f = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = f < 0 ? 0 : read(f, out, BOOT_ID);

	if (f >= 0)
		close(f);
	return n == BOOT_ID;
}

/* The first file that nobody has: its descriptor, which stays open; -1. */
static int place(const char *kind)
{
	int dir = file_own_dir(conf.run_dir), fd = -1;

	if (dir < 0)
		return -1;
	for (int i = 0; i < PLACES; i++) {
		char name[32];

		snprintf(name, sizeof name, "%.15s.%d", kind, i);
		if ((fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0 || !flock(fd, LOCK_EX | LOCK_NB))
			break;
		close(fd);
		fd = -1;
		errno = EBUSY;
	}
	close(dir);
	return fd;
}

void lease_claim(const char *kind, unsigned char out[LEASE])
{
	unsigned char seed[SEED + BOOT_ID], md[SHA256_DIGEST_LENGTH];
	int fd = place(kind);

	random_bytes(out, LEASE);
	if (fd < 0 || !boot_id(seed + SEED)) {
		log_error(LOG_WARN, "run_dir %s: %s; work that this `thaw %s` holds when it dies waits until its lease ends", conf.run_dir,
			strerror(errno), kind);
		return;
	}
	if (pread(fd, seed, SEED, 0) != SEED) {
		random_bytes(seed, SEED);
		if (pwrite(fd, seed, SEED, 0) != SEED)
			return;
	}
	SHA256(seed, sizeof seed, md);
	memcpy(out, md, LEASE);
}
