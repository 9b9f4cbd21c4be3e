/* rate.c: see rate.h.
 *
 * The file is two arrays of slots, of those who are known and of strangers: the hash of
 * a key, its window and count packed into one word, and the limit learned for it, each
 * changed atomically.  A key lives in one of the eight slots after its hash; one of a window
 * that is over makes room, then the one that counted least.  The hash is keyed with a secret
 * of the file's own, so that nobody can choose keys that meet another's.  The boot id in the
 * header tells counters of another boot, whose clock began anew. */
#define _GNU_SOURCE
#include "rate.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "clock.h"
#include "conf.h"
#include "file.h"
#include "hash.h"
#include "id.h"
#include "log.h"
#include "str.h"

enum { KNOWN = 65536, STRANGERS = 32768, NEAR = 8, PLACES_AT = 1 << 24, WAITING = 1 << 16, WAIT_MS = 500, WAIT_STEP_MS = 5 };

/* The word of a count: the second its window ends, whether it is at its limit, and how many. */
enum { END_AT = 32, MARK = 1 << 20 };             /* a mark is kept before what counted less */
#define FULL (UINT64_C(1) << 31)
#define COUNT (FULL - 1)
#define ended(word, now) ((int64_t)((word) >> END_AT) <= (now))

struct slot { _Atomic uint64_t key, count, limit; };     /* limit 0: not learned */
struct table {
	struct file_head head;
	struct slot known[KNOWN], strangers[STRANGERS];
	unsigned char secret[SHA256_BYTES];      /* at the end: workers of a former release, which go on, write before it */
};

static struct table *table;
static int fd = -1;
static pid_t owner;

static void begin(void *t)
{
	random_bytes(((struct table *)t)->secret, SHA256_BYTES);
}

static bool ready(void)
{
	if (owner == getpid())
		return table;
	owner = getpid();
	if (!(table = file_map(conf.run_dir, "rate", "thawrat3", sizeof *table, begin, &fd)))
		log_error(LOG_ERROR, "run_dir %s: %s; it must be a directory that only this account can use; rates are not limited",
			conf.run_dir, strerror(errno));
	return table;
}

/* Of those near, whose place may be taken: of a window that is over the oldest, else the one
 * that counted least; NULL: all are at their limits. */
static struct slot *poorest(struct slot *slots, uint64_t n, uint64_t key, int64_t now, uint64_t *word)
{
	struct slot *found = NULL;
	bool over = false;

	*word = 0;
	for (uint64_t i = 0; i < NEAR; i++) {
		struct slot *s = &slots[(key + i) % n];
		uint64_t w = atomic_load(&s->count);
		bool past = ended(w, now);

		if (!past && (over || w & FULL))
			continue;
		if (!found || (past && !over) || (past ? w < *word : (w & COUNT) < (*word & COUNT))) {
			found = s;
			*word = w;
			over = past;
		}
	}
	return found;
}

/* The slot that a key has; NULL: none. */
static struct slot *own(struct slot *slots, uint64_t n, uint64_t key)
{
	for (uint64_t i = 0; i < NEAR; i++)
		if (atomic_load(&slots[(key + i) % n].key) == key)
			return &slots[(key + i) % n];
	return NULL;
}

/* The same, or an empty one, or another's; NULL: there is none to be had. */
static struct slot *take(struct slot *slots, uint64_t n, uint64_t key, int64_t now)
{
	for (int try = 0; try < NEAR; try++) {
		struct slot *s = NULL;
		uint64_t word, was;

		for (uint64_t i = 0; i < NEAR; i++) {
			uint64_t free_slot = 0;

			s = &slots[(key + i) % n];
			if (atomic_load(&s->key) == key || atomic_compare_exchange_strong(&s->key, &free_slot, key) || free_slot == key)
				return s;
		}
		if (!(s = poorest(slots, n, key, now, &word)))
			return NULL;
		/* Only as it was seen: who counted in it meanwhile keeps it. */
		was = atomic_load(&s->key);
		if (!atomic_compare_exchange_strong(&s->count, &word, 0) || !atomic_compare_exchange_strong(&s->key, &was, key))
			continue;
		atomic_store(&s->limit, 0);
		return s;
	}
	return NULL;
}

/* A key has a place for each span it is counted in. */
static uint64_t place_of(const char *key, int span)
{
	unsigned char md[SHA256_BYTES];
	uint64_t hash;

	sha256_behind(table->secret, key, strlen(key), md);
	memcpy(&hash, md, sizeof hash);
	hash ^= (uint64_t)span;
	return hash ? hash : 1;
}

static struct slot *slot_of(enum rate_of of, const char *key, int span, int64_t now)
{
	uint64_t place = place_of(key, span);

	return of == RATE_STRANGER ? take(table->strangers, STRANGERS, place, now) : take(table->known, KNOWN, place, now);
}

void rate_learn(const char *key, int64_t limit)
{
	struct slot *s = ready() ? slot_of(RATE_KNOWN, key, RATE_MINUTE, clock_mono() / SECOND) : NULL;

	if (s)
		atomic_store(&s->limit, (uint64_t)limit);
}

bool rate_take(enum rate_of of, const char *key, int64_t limit, int span, struct rate *out)
{
	int64_t now = clock_mono() / SECOND;
	uint64_t end = (uint64_t)(now / span + 1) * (uint64_t)span, old, count;
	struct slot *s;

	limit = limit < (int64_t)COUNT ? limit : (int64_t)COUNT;
	*out = (struct rate){ limit, limit, (int64_t)end - now };
	if (!ready())
		return true;
	if (!(s = slot_of(of, key, span, now))) {
		if (of == RATE_STRANGER)
			out->remaining = 0;
		return of != RATE_STRANGER;
	}
	if (atomic_load(&s->limit))
		out->limit = limit = (int64_t)atomic_load(&s->limit);
	old = atomic_load(&s->count);
	do {
		count = old >> END_AT == end ? old & COUNT : 0;
		if (count >= (uint64_t)limit) {
			out->remaining = 0;
			return false;
		}
		count++;
	} while (!atomic_compare_exchange_weak(&s->count, &old,
		end << END_AT | (of != RATE_TOLD && count >= (uint64_t)limit ? FULL : 0) | count));
	out->remaining = limit - (int64_t)count;
	return true;
}

/* A stranger's counter, if anything is counted in a window that goes on; NULL: not. */
static struct slot *counted(const char *key, int span, uint64_t *word)
{
	struct slot *s = ready() ? own(table->strangers, STRANGERS, place_of(key, span)) : NULL;

	if (!s)
		return NULL;
	*word = atomic_load(&s->count);
	return ended(*word, clock_mono() / SECOND) || !(*word & COUNT) ? NULL : s;
}

void rate_give(const char *key, int span)
{
	uint64_t word;
	struct slot *s = counted(key, span, &word);

	while (s && word & COUNT && !atomic_compare_exchange_weak(&s->count, &word, (word & ~FULL) - 1))
		;
}

void rate_clear(const char *key, int span)
{
	uint64_t word;
	struct slot *s = counted(key, span, &word);

	if (s)
		atomic_store(&s->count, 0);
}

void rate_mark(const char *key, int span)
{
	int64_t now = clock_mono() / SECOND;
	struct slot *s = ready() ? slot_of(RATE_STRANGER, key, span, now) : NULL;

	if (s)
		atomic_store(&s->count, (uint64_t)(now + span) << END_AT | MARK);
}

bool rate_marked(const char *key, int span)
{
	uint64_t word;

	return counted(key, span, &word);
}

/* One of the places from `from` to before `upto`, taken; -1: none is free. */
static int take_place(int64_t from, int64_t upto)
{
	for (int64_t i = from; i < upto; i++) {
		struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = PLACES_AT + i, .l_len = 1 };

		if (!fcntl(fd, F_SETLK, &l))
			return (int)i;
	}
	return -1;
}

int rate_place(bool known)
{
	const char *workers = getenv("THAW_WORKERS");
	int64_t n = 2 * conf.login_parallel, most, first;
	int place, waiting;

	if (!ready())
		return 0;
	if (workers && !parse_int(workers, 1, INT32_MAX, &n))
		n = 2 * conf.login_parallel;
	most = n / 2 < conf.login_parallel ? n / 2 : conf.login_parallel;
	if (most < 1)
		most = 1;
	first = known || most == 1 ? 0 : 1;
	if ((place = take_place(first, most)) >= 0 || (waiting = take_place(WAITING, WAITING + (n < 8 ? 1 : n / 4))) < 0)
		return place;
	for (int tries = 0; place < 0 && tries < WAIT_MS / WAIT_STEP_MS; tries++) {
		nanosleep(&(struct timespec){ 0, WAIT_STEP_MS * 1000000 }, NULL);
		place = take_place(first, most);
	}
	rate_leave(waiting);
	return place;
}

void rate_leave(int place)
{
	struct flock l = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = PLACES_AT + place, .l_len = 1 };

	if (table)
		(void)fcntl(fd, F_SETLK, &l);
}
