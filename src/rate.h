/* rate.h: how often a principal may call: counters in a file that all workers of a
 * node map (it works for CGI scripts too), a minute or a second at a time on the monotonic clock,
 * so that a step of the wall clock resets nothing. */
#ifndef RATE_H
#define RATE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rate { int64_t limit, remaining, reset_s; };      /* reset_s: seconds until the window ends */

enum { RATE_MINUTE = 60, RATE_SECOND = 1 };
/* Count one request of `key` (any bytes) against `limit` in a span of so many seconds;
 * false when it is over.  A counter file that cannot be used lets everyone pass, and says so once. */
bool rate_take(const void *key, size_t n, int64_t limit, int span, struct rate *out);

/* The limit of a key as the database has it now; it holds from the next request on,
 * whatever a token made earlier says. */
void rate_learn(const void *key, size_t n, int64_t limit);

/* One of `conf.login_parallel` places for hashing a password; -1 when all are taken.
 * A place belongs to the process and is free when it ends. */
int rate_place(void);
void rate_leave(int place);

#endif
