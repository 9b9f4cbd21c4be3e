/* metric.h: counters of a node, in a file that all its workers and CGI programs map: what one
 * counts, all count.  What is counted and told is metric.def.  A count is an atomic addition and
 * waits for nobody; whoever is killed between two leaves at most one of them out. */
#ifndef METRIC_H
#define METRIC_H
#include <stdbool.h>
#include <stdint.h>

enum metric {
#define METRIC(id, name, type, source, labels, values, help) METRIC_##id,
#include "metric.def"
#undef METRIC
	METRIC__MAX
};
enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_TYPES };
enum metric_source { OF_COUNTED, OF_ROUTES, OF_LOST, OF_WORKERS, OF_BUILD, OF_UP, OF_ASKED, OF_TABLES, OF_SERVICES };
/* labels, values: words separated by blanks. */
struct metric_row { const char *name; enum metric_type type; enum metric_source source; const char *labels, *values, *help; };
extern const struct metric_row metric_rows[METRIC__MAX];
extern const char *const metric_types[METRIC_TYPES];

/* One more, under a word of the row's `values`; NULL: it has none. */
void metric_add(enum metric m, const char *value);
/* A request that was answered, and how long it took in microseconds. */
void metric_request(const char *dialect, const char *method, const char *route, int status, int64_t us);
/* Has this worker a request in hand? */
void metric_busy(bool busy);

/* For a program that counts nothing, root's too: only what was counted is there to be read, and the
 * file is never made. false: nothing counts here. */
bool metric_look(void);

/* What was counted so far. */
int64_t metric_value(enum metric m, const char *value);
int64_t metric_lost(void);
/* of: the upper bounds of the first ones, in microseconds; the last has none. */
enum { METRIC_BUCKETS = 13 };
extern const int64_t metric_bounds[METRIC_BUCKETS - 1];
struct metric_requests { int64_t bucket[METRIC_BUCKETS], us; };
/* Of a class of statuses ('2': 200 to 299); false: there was none. */
bool metric_requests(const char *dialect, const char *method, const char *route, char class, struct metric_requests *out);
struct metric_workers { int64_t busy, idle; };
struct metric_workers metric_workers(void);

#endif
