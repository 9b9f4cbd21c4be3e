/* rate.h: how often somebody may call: counters in a file that all workers of a
 * node map (it works for CGI scripts too), a minute or a second at a time on the monotonic clock,
 * so that a step of the wall clock resets nothing. */
#ifndef RATE_H
#define RATE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rate { int64_t limit, remaining, reset_s; };      /* reset_s: seconds until the window ends */

enum { RATE_SECOND = 1, RATE_MINUTE = 60, RATE_DAY = 86400 };

/* Whose counter it is.  A counter at its limit keeps its place until its window ends, whoever
 * comes.  When all places near a newcomer's are so:
 *   KNOWN     one who proved who they are passes uncounted: nobody is kept out for what others do,
 *             and nobody can choose where counters lie
 *   STRANGER  one who did not, as in a sign-in, is refused: guessing finds no way around the count
 *   TOLD      it only tells, refuses nobody and keeps no place; in the table of the first */
enum rate_of { RATE_KNOWN, RATE_STRANGER, RATE_TOLD };

/* Count one request of `key` (any bytes) against `limit` in a span of so many seconds;
 * false when it is over.  A counter file that cannot be used lets everyone pass, and says so once. */
bool rate_take(enum rate_of of, const char *key, int64_t limit, int span, struct rate *out);
/* One of a STRANGER's back, which turned out not to count. */
void rate_give(const char *key, int span);
/* A STRANGER's counter as if nothing had been counted. */
void rate_clear(const char *key, int span);
/* Remembers a key for so many seconds; is it remembered? */
void rate_mark(const char *key, int span);
bool rate_marked(const char *key, int span);

/* The limit of a KNOWN key as the database has it now; it holds from the next request on,
 * whatever a token made earlier says. */
void rate_learn(const char *key, int64_t limit);

/* A place for hashing a password; -1 when all are taken: `conf.login_parallel`, and half of the
 * workers of this process's parent (super.c) at most.  The first is kept for those who are
 * known at their address, so that guesses from everywhere keep nobody out; a quarter of the
 * workers may wait half a second for one.  It belongs to the process and is free when that
 * ends. */
int rate_place(bool known);
void rate_leave(int place);

#endif
