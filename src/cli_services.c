/* cli_services.c: of `thaw doctor`: do the services run that deliver, build and sweep, on whatever node,
 * and does work wait for one that does not?  What they say of themselves is dom_service.h. */
#include "cli_doctor.h"
#include <string.h>
#include "clock.h"
#include "dom_service.h"
#include "str.h"

enum { LATE_S = 300 };

static const char *span(struct arena *a, int64_t s)
{
	static const struct { int64_t s; const char *word; } units[] = { { 86400, "days" }, { 3600, "hours" }, { 60, "minutes" }, { 1, "seconds" } };
	size_t i = 0;

	while (i < 3 && s < 2 * units[i].s)
		i++;
	return arena_printf(a, "%lld %s", (long long)(s / units[i].s), units[i].word);
}

static int64_t number(struct doctor *d, const char *ask)
{
	const char *text = doctor_ask(d, ask);
	int64_t n;

	return text && parse_int(text, INT64_MIN, INT64_MAX, &n) ? n : 0;
}

/* Why somebody should be at work; NULL: nothing waits. */
static const char *late(struct doctor *d, const struct service_row *row, const struct figures *f)
{
	int64_t n;

	if (row == &service_rows[SERVICE_DELIVER]) {
		if (f->figures[FIGURE_AGE] > LATE_S)
			return arena_printf(d->a, "%lld events are waiting for their number, the oldest for %s", (long long)f->figures[FIGURE_UNNUMBERED],
				span(d->a, f->figures[FIGURE_AGE]));
		n = number(d, "SELECT COUNT(*) FROM webhook_endpoints WHERE status = 'enabled' AND due_at < UTC_TIMESTAMP(6) - INTERVAL 5 MINUTE "
			"AND (leased_until IS NULL OR leased_until < UTC_TIMESTAMP(6))");
		return n ? arena_printf(d->a, "deliveries have been due for more than 5 minutes, at %lld webhook endpoint%s", (long long)n, n > 1 ? "s" : "") : NULL;
	}
	if (row == &service_rows[SERVICE_SWEEP]) {
		n = number(d, "SELECT TIMESTAMPDIFF(SECOND, MIN(applied_at), UTC_TIMESTAMP()) FROM schema_versions");
		return n > row->away_s ? arena_printf(d->a, "no expired data has been deleted for %s", span(d->a, row->away_s)) : NULL;
	}
	return NULL;                             /* check_builds() tells it of builds */
}

/* `numbered 12, delivered 10` */
static const char *work(struct arena *a, const char *counts)
{
	struct buf b = { .arena = a };
	struct json *all = js_read(a, counts), *v;
	const char *name;
	void *it = NULL;

	buf_puts(&b, "");
	while (js_type(all) == JS_OBJECT && js_next(all, &it, &name, &v))
		if (js_int(v))
			buf_printf(&b, "%s%s %lld", b.n ? ", " : "", name, (long long)js_int(v));
	return b.n ? b.p : "nothing done so far";
}

static void check_service(struct doctor *d, const struct service_row *row, const struct service *all, size_t n, const struct figures *f)
{
	const char *waits = late(d, row, f);
	bool there = false, silent = false, ever = false;

	for (size_t i = 0; i < n; i++) {
		const struct service *s = &all[i];

		if (s->row != row)
			continue;
		ever = true;
		if (!s->ended && !s->running) {
			doctor_say(d, WARNING, row->name, arena_printf(d->a, "`thaw %s` on %s (place %lld) has not reported for %s: it was killed, failed, hangs "
				"or cannot reach the database; check its log and start it (%s)", row->name, s->node, (long long)s->place,
				span(d->a, s->silent), row->unit));
			silent = true;
			continue;
		}
		if (s->running || s->silent <= row->away_s) {
			doctor_say(d, FINE, row->name, arena_printf(d->a, "%s on %s (place %lld) %s ago: %s", s->running ? "seen" : "ended", s->node,
				(long long)s->place, span(d->a, s->silent), work(d->a, s->counts)));
			there = true;
		}
	}
	/* What nobody ever started may not be wanted; what ran and stopped is. */
	if (!there && waits)
		doctor_say(d, ever && row == &service_rows[SERVICE_DELIVER] ? PROBLEM : WARNING, row->name, arena_printf(d->a, "%s, and `thaw %s` is not running on any node; start it (%s)",
			waits, row->name, row->unit));
	else if (!there && !silent)
		doctor_say(d, FINE, row->name, "is not running, and nothing is waiting for it");
}

void doctor_services(struct doctor *d)
{
	struct who nobody = { .system = true, .name = "" };
	struct tx tx = { .db = d->db, .arena = d->a, .who = &nobody, .now = clock_now() };
	struct service *all;
	struct figures f;
	size_t n;

	if (service_list(&tx, &all, &n) || service_figures(&tx, &f))
		return;                          /* of another schema, or gone meanwhile: told already */
	for (int i = 0; i < SERVICE__MAX; i++)
		check_service(d, &service_rows[i], all, n, &f);
}
