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

char *clock_iso(struct arena *a, int64_t us, enum time_form form)
{
	time_t t = (time_t)(us / SECOND);
	int64_t frac = us % SECOND;
	char date[32], sub[16] = "";
	struct tm tm;

	if (frac < 0) {
		frac += SECOND;
		t--;
	}
	gmtime_r(&t, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	if (form == TIME_MILLIS)
		snprintf(sub, sizeof sub, ".%03d", (int)(frac / 1000));
	else if (form == TIME_MICROS)
		snprintf(sub, sizeof sub, ".%06d", (int)frac);
	return arena_printf(a, "%s%sZ", date, sub);
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
	struct tm tm = { 0 }, back;
	int y, mo, d, h = 0, mi = 0, sec = 0, oh = 0, om = 0, sign = 0;
	int64_t frac = 0, unit = SECOND / 10;
	time_t t;

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
	tm.tm_year = y - 1900;
	tm.tm_mon = mo - 1;
	tm.tm_mday = d;
	t = timegm(&tm);
	gmtime_r(&t, &back);
	if (back.tm_mday != d)                   /* 31 February */
		return false;
	t += h * 3600 + mi * 60 + sec - sign * (oh * 3600 + om * 60);
	*us = (int64_t)t * SECOND + frac;
	if (*us < FIRST)                         /* what an offset made of it: years have four digits */
		*us = FIRST;
	if (*us > CLOCK_LAST)
		*us = CLOCK_LAST;
	return true;
}
