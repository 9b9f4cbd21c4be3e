/* rate.c: see rate.h.
 *
 * The file is an array of slots: the hash of a key, its window and count packed into
 * one word, and the limit learned for it, each changed atomically.  A key lives in one of the
 * eight slots after its hash; the one with the oldest window makes room.  The boot id
 * in the header tells counters of another boot, whose clock began anew. */
#define _GNU_SOURCE
#include "rate.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/sha.h>
#include "clock.h"
#include "conf.h"
#include "log.h"

enum { SLOTS = 65536, NEAR = 8, BOOT_ID = 36, PLACES_AT = 1 << 24 };

struct slot { _Atomic uint64_t key, count, limit; };     /* count: window << 32 | requests; limit 0: not learned */
struct table { char magic[8], boot[BOOT_ID + 4]; struct slot slots[SLOTS]; };

static struct table *table;
static int fd = -1;
static pid_t owner;

static void boot_id(char out[BOOT_ID + 1])
{
	int f = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = f < 0 ? 0 : read(f, out, BOOT_ID);

	if (f >= 0)
		close(f);
	out[n > 0 ? n : 0] = '\0';
}

/* A file of ours: in a directory that is ours alone, no link, the right size. */
static struct table *map(void)
{
	static const char magic[8] = "thawrat2";
	char boot[BOOT_ID + 1], path[4200];
	struct table *t = MAP_FAILED;
	struct stat st;

	(void)mkdir(conf.run_dir, 0700);
	snprintf(path, sizeof path, "%s/rate", conf.run_dir);
	if (stat(conf.run_dir, &st))
		return NULL;
	if (st.st_uid != geteuid() || st.st_mode & 022) {
		errno = EPERM;
		return NULL;
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX))
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && !(errno = posix_fallocate(fd, 0, sizeof *t)))
		t = mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (t != MAP_FAILED) {
		boot_id(boot);
		if (memcmp(t->magic, magic, sizeof magic) || strncmp(t->boot, boot, BOOT_ID)) {
			memset(t, 0, sizeof *t);
			memcpy(t->magic, magic, sizeof magic);
			memcpy(t->boot, boot, BOOT_ID);
		}
	}
	flock(fd, LOCK_UN);
	return t == MAP_FAILED ? NULL : t;
}

static bool ready(void)
{
	if (owner == getpid())
		return table;
	owner = getpid();
	if (!(table = map()))
		log_error(LOG_ERROR, "run_dir %s: %s; it must be a directory of this account alone; no rate is limited",
			conf.run_dir, strerror(errno));
	return table;
}

/* The slot of a key: its own, an empty one, or the stalest near its place. */
static struct slot *find(uint64_t key)
{
	struct slot *stalest = NULL;
	uint64_t oldest = UINT64_MAX;

	for (uint64_t i = 0; i < NEAR; i++) {
		struct slot *s = &table->slots[(key + i) % SLOTS];
		uint64_t k = atomic_load(&s->key), free_slot = 0;

		if (k == key)
			return s;
		if (!k && atomic_compare_exchange_strong(&s->key, &free_slot, key))
			return s;
		if (free_slot == key)
			return s;
		if (atomic_load(&s->count) < oldest) {
			oldest = atomic_load(&s->count);
			stalest = s;
		}
	}
	atomic_store(&stalest->key, key);
	atomic_store(&stalest->count, 0);
	atomic_store(&stalest->limit, 0);
	return stalest;
}

/* A key has a slot for each window it is counted in. */
static struct slot *slot_of(const void *key, size_t n, int window)
{
	unsigned char md[SHA256_DIGEST_LENGTH];
	uint64_t hash;

	SHA256(key, n, md);
	memcpy(&hash, md, sizeof hash);
	hash ^= (uint64_t)window;
	return find(hash ? hash : 1);
}

void rate_learn(const void *key, size_t n, int64_t limit)
{
	if (ready())
		atomic_store(&slot_of(key, n, RATE_MINUTE)->limit, (uint64_t)limit);
}

bool rate_take(const void *key, size_t n, int64_t limit, int span, struct rate *out)
{
	int64_t now = clock_mono() / SECOND;
	uint64_t window = (uint64_t)(now / span) + 1, old, count;
	struct slot *s;

	*out = (struct rate){ limit, limit, span - now % span };
	if (!ready())
		return true;
	s = slot_of(key, n, span);
	if (atomic_load(&s->limit))
		out->limit = limit = (int64_t)atomic_load(&s->limit);
	old = atomic_load(&s->count);
	do {
		count = old >> 32 == window ? (uint32_t)old : 0;
		if (count >= (uint64_t)limit) {
			out->remaining = 0;
			return false;
		}
	} while (!atomic_compare_exchange_weak(&s->count, &old, window << 32 | (count + 1)));
	out->remaining = limit - (int64_t)count - 1;
	return true;
}

int rate_place(void)
{
	if (!ready())
		return 0;
	for (int i = 0; i < conf.login_parallel; i++) {
		struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = PLACES_AT + i, .l_len = 1 };

		if (!fcntl(fd, F_SETLK, &l))
			return i;
	}
	return -1;
}

void rate_leave(int place)
{
	struct flock l = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = PLACES_AT + place, .l_len = 1 };

	if (table)
		(void)fcntl(fd, F_SETLK, &l);
}
