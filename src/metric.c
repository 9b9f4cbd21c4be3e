/* metric.c: see metric.h.
 *
 * The file is an array of cells, each found by the hash of what it counts, in one of the places
 * after it; whoever needs one first takes it.  So releases with other routes share a file, and what
 * none of them counts any more stays until the next boot.  The keys are texts of the program, never
 * a caller's, so that nobody can fill it.  Beside it a seat for each process: its lock says that the
 * process lives, which the kernel takes back from one that was killed. */
#define _GNU_SOURCE
#include "metric.h"
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include "conf.h"
#include "file.h"

enum { CELLS = 4096, NEAR = 64, SEATS = 512, SEATS_AT = 1 << 24 };

/* Lines of the cache of their own: what each worker writes at each request is in no other's way. */
enum { LINE = 64 };
struct cell { _Alignas(2 * LINE) _Atomic uint64_t key; _Atomic uint64_t value[METRIC_BUCKETS + 2]; };
enum { SUM = METRIC_BUCKETS };                   /* of a cell of requests, behind its buckets */
struct seat { _Alignas(LINE) _Atomic uint32_t busy; };
struct counts {
	struct file_head head;
	_Atomic uint64_t lost;
	struct seat seats[SEATS];
	struct cell cells[CELLS];
};

const struct metric_row metric_rows[METRIC__MAX] = {
#define METRIC(id, name, type, source, labels, values, help) { name, METRIC_##type, OF_##source, labels, values, help },
#include "metric.def"
#undef METRIC
};
const char *const metric_types[METRIC_TYPES] = { "counter", "gauge", "histogram" };

const int64_t metric_bounds[METRIC_BUCKETS - 1] = { 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000 };

#define NAME "counts"
#define MAGIC "thawcnt1"

static struct counts *counts;
static int fd = -1, seat = -1;
static bool tried;

/* A run_dir that cannot be used is the rate limiter's to complain of. */
static bool ready(void)
{
	if (!tried)
		counts = file_map(conf.run_dir, NAME, MAGIC, sizeof *counts, NULL, &fd);
	tried = true;
	return counts;
}

bool metric_look(void)
{
	tried = true;
	counts = (struct counts *)(uintptr_t)file_look(conf.run_dir, NAME, MAGIC, sizeof *counts);
	return counts;
}

/* FNV-1a, one text after the other. */
static uint64_t hash(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return (h ^ 0xff) * UINT64_C(1099511628211);
}

#define HASH_BEGIN UINT64_C(14695981039346656037)

/* The cell of a key; NULL: there is none, or no place for one. */
static struct cell *cell_of(uint64_t key, bool take)
{
	for (uint64_t i = 0; i < NEAR; i++) {
		struct cell *c = &counts->cells[(key + i) % CELLS];
		uint64_t is = atomic_load_explicit(&c->key, memory_order_relaxed);

		if (is == key || (!is && take && (atomic_compare_exchange_strong(&c->key, &is, key) || is == key)))
			return c;
		if (!is && !take)
			return NULL;
	}
	return NULL;
}

static void add(_Atomic uint64_t *to, uint64_t n)
{
	atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

static int64_t get(const _Atomic uint64_t *from)
{
	return (int64_t)atomic_load_explicit(from, memory_order_relaxed);
}

static uint64_t key_of(enum metric m, const char *value)
{
	return hash(hash(HASH_BEGIN, metric_rows[m].name), value ? value : "");
}

void metric_add(enum metric m, const char *value)
{
	struct cell *c = ready() ? cell_of(key_of(m, value), true) : NULL;

	if (counts)
		add(c ? &c->value[0] : &counts->lost, 1);
}

static uint64_t key_of_requests(const char *dialect, const char *method, const char *route, char class)
{
	return hash(hash(hash(hash(HASH_BEGIN, dialect), method), route), (const char[]){ class, '\0' });
}

void metric_request(const char *dialect, const char *method, const char *route, int status, int64_t us)
{
	struct cell *c = ready() ? cell_of(key_of_requests(dialect, method, route, (char)('0' + status / 100)), true) : NULL;
	size_t i = 0;

	if (!c) {
		if (counts)
			add(&counts->lost, 1);
		return;
	}
	while (i < METRIC_BUCKETS - 1 && us > metric_bounds[i])
		i++;
	add(&c->value[i], 1);
	add(&c->value[SUM], us > 0 ? (uint64_t)us : 0);
}

/* ---- Workers ---- */

static struct flock seat_lock(int i)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = SEATS_AT + i, .l_len = 1 };
}

/* The first seat that nobody has; SEATS: none, which is not tried again. */
static int take_seat(void)
{
	for (int i = 0; i < SEATS; i++) {
		struct flock l = seat_lock(i);

		if (!fcntl(fd, F_SETLK, &l))
			return i;
	}
	return SEATS;
}

void metric_busy(bool busy)
{
	if (!ready())
		return;
	if (seat < 0)
		seat = take_seat();
	if (seat < SEATS)
		atomic_store_explicit(&counts->seats[seat].busy, busy ? 1 : 2, memory_order_relaxed);
}

struct metric_workers metric_workers(void)
{
	struct metric_workers w = { 0, 0 };
	uint32_t said;

	for (int i = 0; ready() && i < SEATS; i++) {
		struct flock l = seat_lock(i);

		if (!(said = atomic_load(&counts->seats[i].busy)) || (i != seat && (fcntl(fd, F_GETLK, &l) || l.l_type == F_UNLCK)))
			continue;                /* nobody had it, or whoever did is gone */
		w.busy += said == 1;
		w.idle += said != 1;
	}
	return w;
}

/* ---- What was counted ---- */

int64_t metric_value(enum metric m, const char *value)
{
	const struct cell *c = ready() ? cell_of(key_of(m, value), false) : NULL;

	return c ? get(&c->value[0]) : 0;
}

int64_t metric_lost(void)
{
	return ready() ? get(&counts->lost) : 0;
}

bool metric_requests(const char *dialect, const char *method, const char *route, char class, struct metric_requests *out)
{
	const struct cell *c = ready() ? cell_of(key_of_requests(dialect, method, route, class), false) : NULL;

	if (!c)
		return false;
	for (int i = 0; i < METRIC_BUCKETS; i++)
		out->bucket[i] = get(&c->value[i]);
	out->us = get(&c->value[SUM]);
	return true;
}
