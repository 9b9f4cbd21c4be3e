/* clock.c: see clock.h. */
#include "clock.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FIRST (INT64_C(-62135596800) * SECOND)   /* 0001-01-01 */

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * SECOND + ts.tv_nsec / 1000;
}

int64_t clock_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_mono(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* Days are counted in eras of 400 years that begin on the first of March, so that a leap day
 * is the last of its year; from the year -400 on, so that nothing is negative. */
enum { DAY_S = 86400, ERA = 400, ERA_DAYS = 146097, EPOCH = 719468 + ERA_DAYS };       /* EPOCH: from -0400-03-01 to 1970-01-01 */

struct clock_date clock_split(int64_t us)
{
	int64_t second = us / SECOND - (us % SECOND < 0), day = second / DAY_S - (second % DAY_S < 0);
	int64_t days = day + EPOCH, era = days / ERA_DAYS, of_era = days % ERA_DAYS;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
	int rest = (int)(second - day * DAY_S);

	return (struct clock_date){ .year = (int)(year + (era - 1) * ERA + (month >= 10)), .month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)(of_year - (153 * month + 2) / 5 + 1), .hour = rest / 3600, .minute = rest / 60 % 60, .second = rest % 60,
		.micro = (int)(us - second * SECOND) };
}

int64_t clock_join(const struct clock_date *d)
{
	int64_t year = d->year + ERA - (d->month <= 2), month = d->month > 2 ? d->month - 3 : d->month + 9, of_era = year % ERA;
	int64_t of_year = (153 * month + 2) / 5 + d->day - 1;
	int64_t days = year / ERA * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH;

	return ((days * 24 + d->hour) * 60 + d->minute) * 60 * SECOND + d->second * SECOND + d->micro;
}

/* n digits of v, and the sign behind them. */
static char *put(char *p, int v, int n, char sign)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	p[n] = sign;
	return p + n + 1;
}

char *clock_iso(struct arena *a, int64_t us, enum time_form form)
{
	const struct clock_date d = clock_split(us);
	char *s = arena_alloc(a, sizeof "2026-03-14T10:15:30.123456Z"), *p = s;

	p = put(p, d.year, 4, '-');
	p = put(p, d.month, 2, '-');
	p = put(p, d.day, 2, 'T');
	p = put(p, d.hour, 2, ':');
	p = put(p, d.minute, 2, ':');
	p = put(p, d.second, 2, form == TIME_MILLIS || form == TIME_MICROS ? '.' : 'Z');
	if (form == TIME_MILLIS)
		p = put(p, d.micro / 1000, 3, 'Z');
	else if (form == TIME_MICROS)
		p = put(p, d.micro, 6, 'Z');
	*p = '\0';
	return s;
}

/* n digits at *s, advancing it. */
static bool digits(const char **s, int n, int max, int *out)
{
	*out = 0;
	for (; n; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return *out <= max;
}

bool clock_parse(const char *s, int64_t *us)
{
	int y, mo, d, h = 0, mi = 0, sec = 0, oh = 0, om = 0, sign = 0;
	int64_t frac = 0, unit = SECOND / 10;
	struct clock_date date;

	if (!digits(&s, 4, 9999, &y) || *s++ != '-' || !digits(&s, 2, 12, &mo) || *s++ != '-'
	    || !digits(&s, 2, 31, &d) || mo < 1 || d < 1)
		return false;
	if (*s) {
		if ((*s != 'T' && *s != 't' && *s != ' ') || !digits((s++, &s), 2, 23, &h) || *s++ != ':'
		    || !digits(&s, 2, 59, &mi) || *s++ != ':' || !digits(&s, 2, 60, &sec))
			return false;
		if (*s == '.') {
			if (s[1] < '0' || s[1] > '9')
				return false;
			for (s++; *s >= '0' && *s <= '9'; s++, unit /= 10)
				frac += unit * (*s - '0');
		}
		if (*s == '+' || *s == '-') {
			sign = *s++ == '+' ? 1 : -1;
			if (!digits(&s, 2, 23, &oh) || *s++ != ':' || !digits(&s, 2, 59, &om))
				return false;
		} else if (*s != 'Z' && *s != 'z') {
			return false;
		} else {
			s++;
		}
		if (*s)
			return false;
	}
	date = (struct clock_date){ .year = y, .month = mo, .day = d };
	*us = clock_join(&date);
	if (clock_split(*us).day != d)           /* 31 February */
		return false;
	*us += (h * 3600 + mi * 60 + sec - sign * (oh * 3600 + om * 60)) * SECOND + frac;
	if (*us < FIRST)                         /* what an offset made of it: years have four digits */
		*us = FIRST;
	if (*us > CLOCK_LAST)
		*us = CLOCK_LAST;
	return true;
}
