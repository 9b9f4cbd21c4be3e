/* dom_service.h: what the services (`thaw deliver`, `thaw build`, `thaw sweep`) say of themselves: a
 * row for each place of each node, in the database, so that every node of a cluster, and a
 * machine that runs a service alone, tell the same of all.  And what the database says of the
 * work that waits for them. */
#ifndef DOM_SERVICE_H
#define DOM_SERVICE_H
#include "json.h"
#include "tx.h"

/* silent_s: that long it may say nothing while it works; away_s: that long it may be away between two runs, where
 * cron or a timer starts it; unit: that does. */
struct service_row { const char *name, *unit; int64_t silent_s, away_s; };
enum { SERVICE_DELIVER, SERVICE_BUILD, SERVICE_SWEEP, SERVICE__MAX };
extern const struct service_row service_rows[SERVICE__MAX];

/* Of one process: which service, and the next time, monotonic, at which it says something. */
enum { SERVICE_TEXT = 2000 };
struct beat { const struct service_row *row; int64_t place, due; bool begun; char before[SERVICE_TEXT + 1]; };
bool service_due(const struct beat *b);
/* Says that it is there, or that it ends in order, and what it did since it began, an object of numbers, which is added to
 * what was done in its place before.  An error is let be: who looks sees that nothing came.  Not inside a transaction. */
void service_beat(struct tx *tx, struct beat *b, const struct json *done, bool end);

struct service {
	const char *name, *node, *version, *counts;      /* counts: all that was done in its place, JSON text */
	int64_t place, began, seen, ended, silent;       /* ended: in order, 0: not; silent: seconds since seen */
	const struct service_row *row;           /* NULL: none of this release */
	bool running;                            /* it has not ended, and says so in time */
};
enum { SERVICES_SHOWN = 500 };
enum err service_list(struct tx *tx, struct service **out, size_t *n);

/* The figures of metric.def's rows of the source ASKED, in their order. */
enum { FIGURES = 8, FIGURE_UNNUMBERED = 2, FIGURE_AGE, FIGURE_WAITING };
struct figures { int64_t figures[FIGURES]; };
enum err service_figures(struct tx *tx, struct figures *out);
struct table_size { const char *name; int64_t rows, bytes; };
enum err service_tables(struct tx *tx, struct table_size **out, size_t *n);


/* What a tenant may know of the services, by name: one of them runs somewhere (running), has ended in order and is due again
 * (idle), or should have reported (stopped); or none was seen lately (absent).  And what waits for them in an organization: events
 * up to so many, and how many seconds the oldest has. */
struct service_state { const char *row, *status; int64_t seen; };
extern const char *const service_names[], *const service_words[];
enum err service_states(struct tx *tx, struct service_state **out);      /* SERVICE__MAX of them */
struct waiting { int64_t schema, events, age, deliveries, failing, builds; };
enum err service_waiting(struct tx *tx, const struct id *org, struct waiting *out);

#endif
