/* clock.h: time.  Wall times are int64_t microseconds since 1970 UTC, as the
 * database keeps them (DATETIME(6)); durations use the monotonic clock. */
#ifndef CLOCK_H
#define CLOCK_H
#include <stdbool.h>
#include <stdint.h>
#include "arena.h"

#define SECOND INT64_C(1000000)

/* The end of 9999-12-31: the last time that a text and a column can have. */
#define CLOCK_LAST (INT64_C(253402300800) * SECOND - 1)

int64_t clock_now(void);                         /* wall, microseconds */
int64_t clock_mono(void);                        /* monotonic, microseconds */

enum time_form { TIME_SECONDS, TIME_MILLIS, TIME_MICROS, TIME_UNIX, TIME_UNIX_MILLIS };   /* the last two: integers since 1970 */

/* A time in the calendar (the proleptic Gregorian one, UTC), and back; of the years 1 to 9999. */
struct clock_date { int year, month, day, hour, minute, second, micro; };
struct clock_date clock_split(int64_t us);
int64_t clock_join(const struct clock_date *d);

/* ISO 8601 in UTC with `Z`. */
char *clock_iso(struct arena *a, int64_t us, enum time_form form);
/* RFC 3339 date-time with any offset, or a plain date (midnight UTC). */
bool clock_parse(const char *s, int64_t *us);

#endif
