/* cli_sweep.c: `thaw sweep`: deletes what has served its time, as the retention settings
 * say.  What each table keeps, and until when, is keep.def.
 *
 * Writers go first: a batch is a few hundred rows along one index, committed by itself, and
 * after each the sweep rests for several times as long as the batch took, so that it
 * takes a part of what the database can do, however slow that is just now. */
#include "cli.h"
#include <string.h>
#include <time.h>
#include "clock.h"
#include "conf.h"
#include "dom_service.h"
#include "row.h"
#include "str.h"

enum { BATCH = 500, ORGS = 100, FILES = 20, TRIES = 5, REST = 3, REST_MOST_MS = 2000 };

/* What is swept, by which setting (NULL: none): the first by a time, over all organizations, the rest of each organization. */
static const struct swept { const char *key, *words, *setting; enum sql stale, batch, sweep; } swept[] = {
#define BY_TIME(NAME) SQL_##NAME##_STALE, SQL_##NAME##_BATCH, SQL_##NAME##_SWEEP
	{ "attempts", "attempts", "attempt_retention", BY_TIME(ATTEMPT) },
	{ "jobs", "jobs", "attempt_retention", BY_TIME(JOB) },
	{ "refresh_tokens", "refresh tokens", "refresh_ttl", BY_TIME(REFRESH) },
	{ "rotations", "rotations of refresh tokens", "refresh_ttl", BY_TIME(ROTATION) },
	{ "codes", "authorization codes", NULL, BY_TIME(CODE) },
	{ "revocations", "ended sessions of clients and revoked keys", NULL, BY_TIME(REVOCATION) },
	{ "services", "rows of stopped services", "delivery_retention", BY_TIME(SERVICE) },
#undef BY_TIME
	{ .key = "deliveries", .words = "webhook deliveries", .setting = "delivery_retention" },
	{ .key = "events", .words = "events", .setting = "event_retention" },
	{ .key = "artifacts", .words = "files of model versions", .setting = "artifact_retention" },
};

enum { SWEPT = sizeof swept / sizeof *swept, ARTIFACTS = SWEPT - 1, EVENTS = SWEPT - 2, DELIVERIES = SWEPT - 3, TIMED = DELIVERIES };

/* How long each is kept, in seconds. */
enum { FOR_GOOD = -1, TO_ITS_END };

struct sweep {
	struct cli *c;
	struct beat beat;
	struct arena *arena;                     /* of one batch */
	bool dry;                                /* nothing is deleted, what would be is counted */
	int64_t began;                           /* monotonic, of the batch in hand */
	int64_t n[SWEPT];
};

/* What was deleted, as it is told when it ends and, by beats, while it goes on. */
static struct json *done(const struct sweep *s, struct arena *a)
{
	struct json *o = js_object(a);

	for (int i = 0; i < SWEPT; i++)
		js_put_int(a, o, swept[i].key, s->n[i]);
	return o;
}

/* --- one statement, and the rest after it ----------------------------------------- */

static void rest(const struct sweep *s)
{
	int64_t us = (clock_mono() - s->began) * REST, most = REST_MOST_MS * INT64_C(1000);
	struct timespec t;

	us = us < most ? us : most;
	t = (struct timespec){ us / SECOND, us % SECOND * 1000 };
	nanosleep(&t, NULL);
}

/* Run it, again when another session was in its way. */
static enum err change(struct sweep *s, enum sql sql, const struct db_val *in, size_t n, int64_t *total)
{
	struct db *db = s->c->tx.db;
	int64_t rows = 0;
	enum err e = ERR_DB_RETRY;

	for (int try = 0; (e == ERR_DB_RETRY || e == ERR_DB_LOST) && try < TRIES; try++) {
		if (try)
			rest(s);
		if (!(e = db_ready(db)))
			e = db_exec(db, sql, in, n, &rows);
	}
	if (!e && total)
		*total += rows;
	return e;
}

/* A batch begins. */
static struct tx *look(struct sweep *s)
{
	arena_reset(s->arena);
	if (!s->dry && service_due(&s->beat))
		service_beat(&s->c->tx, &s->beat, done(s, s->arena), false);
	s->began = clock_mono();
	return &s->c->tx;
}

static enum err count(struct sweep *s, enum sql sql, const struct db_val *in, size_t n, int64_t *total)
{
	int64_t more = 0;
	enum err e = tx_int(look(s), sql, in, n, &more);

	*total += more;
	return e;
}

/* --- by time ------------------------------------------------------------------------ */

static enum err sweep_timed(struct sweep *s, const struct swept *t, int64_t before, int64_t *total)
{
	bool last = false;
	enum err e = OK;

	if (s->dry)
		return count(s, t->stale, DB_IN(db_t(before)), total);
	for (int64_t from = 0, upto; !e && !last; from = upto + 1) {
		e = tx_int(look(s), t->batch, DB_IN(db_t(from), db_t(before), db_i(BATCH - 1)), &upto);
		if ((last = e == ERR_DB_NONE))
			upto = before - 1;
		else if (e)
			break;
		e = change(s, t->sweep, DB_IN(db_t(from), db_t(upto)), total);
		if (!last)
			rest(s);
	}
	return e;
}

/* --- of each organization -------------------------------------------------------------- */

/* Batches by id; with each, the attempts of the deliveries in it (`tries`).  which: what the
 * statement takes behind the ids. */
static enum err sweep_by_id(struct sweep *s, enum sql batch, enum sql sweep, const struct db_val *org, int64_t before,
	struct db_val which, bool tries, int64_t *total)
{
	const struct id end = id_first(before);
	struct id from = id_none, upto;
	bool last = false;
	enum err e = OK;

	while (!e && !last) {
		e = tx_id(look(s), batch, DB_IN(*org, db_d(&from), db_d(&end), db_i(BATCH - 1)), &upto);
		if ((last = e == ERR_DB_NONE))
			upto = end;
		else if (e)
			break;
		e = change(s, sweep, DB_IN(*org, db_d(&from), db_d(&upto), which), total);
		if (!e && tries)
			e = change(s, SQL_TRY_SWEEP, DB_IN(*org, db_d(&from), db_d(&upto)), NULL);
		if (!last)
			rest(s);
		from = upto;
	}
	return e;
}

static enum err sweep_deliveries(struct sweep *s, const struct db_val *org)
{
	const int64_t before = s->c->tx.now - conf.delivery_retention * SECOND;
	const struct id end = id_first(before);

	if (!conf.delivery_retention)
		return OK;
	if (s->dry)
		return count(s, SQL_DELIVERY_STALE, DB_IN(*org, db_d(&end), db_t(before)), &s->n[DELIVERIES]);
	return sweep_by_id(s, SQL_DELIVERY_BATCH, SQL_DELIVERY_SWEEP, org, before, db_t(before), true, &s->n[DELIVERIES]);
}

static enum err sweep_events(struct sweep *s, const struct db_val *org)
{
	/* As an id has it, so that the horizon and the events agree. */
	const int64_t before = (s->c->tx.now - conf.event_retention * SECOND) / 1000 * 1000;
	const struct id end = id_first(before);
	int64_t counted;
	enum err e;

	if (!conf.event_retention)
		return OK;
	/* Of what comes later the totals know by the event alone. */
	if ((e = tx_int(look(s), SQL_COUNTS_UPTO, DB_IN(*org), &counted)))
		return e;
	if (s->dry)
		return count(s, SQL_EVENT_STALE, DB_IN(*org, db_d(&end), db_i(counted)), &s->n[EVENTS]);
	if ((e = change(s, SQL_EVENT_HORIZON, DB_IN(db_t(before), *org, db_t(before)), NULL)))
		return e;
	return sweep_by_id(s, SQL_EVENT_BATCH, SQL_EVENT_SWEEP, org, before, db_i(counted), false, &s->n[EVENTS]);
}

static enum err sweep_artifacts(struct sweep *s, const struct db_val *org)
{
	static const struct column sum[] = { { ROW_x, 0 }, { ROW_END, 0 } };
	const struct db_val before = db_t(s->c->tx.now - conf.artifact_retention * SECOND);
	unsigned char from[32] = { 0 };
	bool last = !conf.artifact_retention;
	enum err e = OK;

	while (!e && !last) {
		const struct bytes *all;
		struct db_rows r;

		if ((e = tx_query(look(s), SQL_ARTIFACT_STALE, DB_IN(*org, db_x(from, sizeof from), before, before, before, db_i(FILES)), &r)))
			break;
		all = row_array(s->arena, &r, sum, sizeof *all);
		last = r.n < FILES;
		for (size_t i = 0; !e && i < r.n; i++) {
			memcpy(from, all[i].p, sizeof from);
			s->n[ARTIFACTS] += s->dry;
			s->began = clock_mono();
			if (!s->dry && !(e = change(s, SQL_ARTIFACT_SWEEP, DB_IN(*org, db_x(from, sizeof from), before, before, before), &s->n[ARTIFACTS])))
				rest(s);
		}
	}
	return e;
}

static enum err sweep_organizations(struct sweep *s)
{
	struct id after = id_none;
	enum err e = OK;

	for (size_t n = ORGS; !e && n == ORGS; ) {
		struct arena *arena = arena_new();
		struct id *orgs;

		s->c->tx.arena = arena;
		e = tx_ids(&s->c->tx, SQL_SWEEP_ORGS, DB_IN(db_d(&after), db_i(ORGS)), &orgs, &n);
		s->c->tx.arena = s->arena;
		for (size_t i = 0; !e && i < n; i++) {
			const struct db_val org = db_d(&orgs[i]);

			/* An event lives as long as its deliveries, so these come first. */
			if (!(e = sweep_deliveries(s, &org)) && !(e = sweep_events(s, &org)))
				e = sweep_artifacts(s, &org);
			after = orgs[i];
		}
		arena_free(arena);
	}
	return e;
}

/* --- the command ------------------------------------------------------------------------ */

static int64_t kept(int64_t retention)
{
	return retention ? retention : FOR_GOOD;
}

static enum err sweep_all(struct sweep *s, int64_t keeps[SWEPT])
{
	const int64_t day = 24 * 3600, all[SWEPT] = { conf.attempt_retention, conf.attempt_retention, TO_ITS_END, conf.refresh_ttl,
		day /* no exchange of it is under way */, TO_ITS_END, kept(conf.delivery_retention), kept(conf.delivery_retention),
		kept(conf.event_retention), kept(conf.artifact_retention) };
	enum err e = OK;

	memcpy(keeps, all, sizeof all);
	for (int i = 0; !e && i < TIMED; i++)
		if (keeps[i] != FOR_GOOD)
			e = sweep_timed(s, &swept[i], s->c->tx.now - keeps[i] * SECOND, &s->n[i]);
	return e ? e : sweep_organizations(s);
}

/* With what decides it, so that a retention can be chosen before anything is gone. */
static void would_delete(struct cli *c, const struct sweep *s, const int64_t keeps[SWEPT])
{
	struct json *rows = js_array(c->arena);

	for (int i = 0; i < SWEPT; i++) {
		struct json *o = js_object(c->arena);

		js_put_str(c->arena, o, "what", swept[i].words);
		js_put_int(c->arena, o, "would_delete", s->n[i]);
		js_put_str(c->arena, o, "setting", swept[i].setting);
		js_put_str(c->arena, o, "older_than", keeps[i] == FOR_GOOD ? "never" : keeps[i] == TO_ITS_END ? "its expiry"
			: clock_iso(c->arena, c->tx.now - keeps[i] * SECOND, TIME_SECONDS));
		js_add(rows, o);
	}
	cli_rows(c, rows, "");
}

int cmd_sweep(struct cli *c)
{
	struct sweep s = { .c = c, .beat = { .row = &service_rows[SERVICE_SWEEP] }, .arena = arena_new(), .dry = cli_option(c, "--dry-run") };
	struct buf text = { .arena = c->arena };
	struct tx *tx = cli_tx(c);
	int64_t keeps[SWEPT];
	enum err e;

	if (!tx) {
		arena_free(s.arena);
		return CLI_FAILED;
	}
	tx->arena = s.arena;
	e = sweep_all(&s, keeps);
	if (!e && !s.dry)
		service_beat(tx, &s.beat, done(&s, s.arena), true);
	tx->arena = c->arena;
	arena_free(s.arena);
	if (e)
		return cli_failed(c, e);
	if (s.dry && !c->json) {
		would_delete(c, &s, keeps);
		return CLI_DONE;
	}
	for (int i = 0; i < SWEPT; i++)
		buf_printf(&text, "%s%lld %s", !i ? "Deleted " : i + 1 < SWEPT ? ", " : " and ", (long long)s.n[i], swept[i].words);
	buf_puts(&text, ".");
	cli_result(c, done(&s, c->arena), text.p);
	return CLI_DONE;
}
