/* cli_build.c: `thaw build`: builds the files of model packages, one after the other, which requests asked
 * for.  Look what is due, take one, make its file, write down what became of it; several may run.  What cannot be
 * built has failed, with its reason; what the database did not let us do is given back and taken later. */
#include "cli.h"
#include <stdlib.h>
#include <time.h>
#include "clock.h"
#include "conf.h"
#include "dom_build.h"
#include "dom_service.h"
#include "lease.h"
#include "log.h"
#include "str.h"

enum { LOOKED_AT = 16, IDLE_MS = 500, AWAY_MS = 1000 };

struct builder {
	struct cli *c;
	struct arena *arena;                     /* of one unit of work */
	unsigned char lease[LEASE];
	struct beat beat;
	int64_t built, failed;
};

/* The next unit of work, in nobody's name. */
static struct tx *unit(struct builder *w)
{
	struct tx *tx = cli_unit(w->c, w->arena);

	*tx->who = (struct who){ .system = true, .name = "thaw build" };
	return tx;
}

static void rest(int ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);                     /* a signal ends it */
}

/* One that is ours, to its end. */
static enum err build(struct builder *w, struct build *b)
{
	struct bytes file = { NULL, 0 };
	const char *reason = b->tries < BUILD_TRIES ? NULL : "The build was started several times and never finished";
	struct tx *tx = &w->c->tx;
	bool built = false;
	enum err e = reason ? OK : build_make(tx, b, &file, &reason);

	tx->now = clock_now();
	if (!e && !(e = build_renew(tx, b)))
		e = build_settle(tx, b, file, reason, &built);
	free((void *)(uintptr_t)file.p);
	w->built += !e && built;
	w->failed += !e && !built;
	if (!e || e == ERR_DB_NONE)              /* somebody else's by now */
		return OK;
	log_error(LOG_WARN, "package %s: %s; it will be retried", id_spell(tx->arena, "", &b->package), err_row(e)->name);
	return build_release(tx, b);
}

/* The first that nobody else takes before us.  found: there was one. */
static enum err look(struct builder *w, bool *found)
{
	struct tx *tx = unit(w);
	struct build due[LOOKED_AT];
	bool mine = false;
	size_t n;
	enum err e = build_due(tx, w->lease, due, LOOKED_AT, &n);

	*found = false;
	for (size_t i = 0; !e && i < n && !mine; i++) {
		if (!(e = build_take(tx, &due[i], &mine)) && mine)
			e = build(w, &due[i]);
		*found = true;
	}
	return e;
}

/* What was done, as it is told when it ends and, by beats, while it goes on. */
static struct json *done(struct builder *w, struct arena *a)
{
	struct json *o = js_object(a);

	js_put_int(a, o, "built", w->built);
	js_put_int(a, o, "failed", w->failed);
	return o;
}

static void beat(struct builder *w, bool end)
{
	struct tx *tx;

	if (!end && !service_due(&w->beat))
		return;
	tx = unit(w);
	service_beat(tx, &w->beat, done(w, w->arena), end);
}

/* Until there is nothing to do, or for ever. */
static int loop(struct builder *w, bool follow)
{
	bool found;
	enum err e;

	while (!cli_stopping()) {
		beat(w, false);
		e = look(w, &found);
		if (e && !follow)
			return cli_failed(w->c, e);
		if (!follow && !found)
			break;
		if (e || !found)
			rest(e ? AWAY_MS : IDLE_MS);
	}
	return CLI_DONE;
}

static int summary(struct builder *w, bool follow)
{
	struct json *o = done(w, w->c->arena);
	int64_t waiting = 0;
	enum err e = build_waiting(unit(w), &waiting);

	if (e && !follow)
		return cli_failed(w->c, e);
	js_put_int(w->c->arena, o, "waiting", waiting);
	cli_result(w->c, o, arena_printf(w->c->arena, "Built %lld package files; %lld failed, %lld waiting.", (long long)w->built,
		(long long)w->failed, (long long)waiting));
	return CLI_DONE;
}

int cmd_build(struct cli *c)
{
	const bool follow = cli_option(c, "--follow");
	struct builder w = { .c = c };
	int rc;

	if (!cli_tx(c))
		return CLI_FAILED;
	w.arena = arena_new();
	w.beat = (struct beat){ .row = &service_rows[SERVICE_BUILD], .place = lease_claim("build", w.lease) };
	cli_catch();
	if (follow)
		conf.log_file = "";              /* a service: what happens is told as it does */
	rc = loop(&w, follow);
	if (rc == CLI_DONE)
		beat(&w, true);
	if (rc == CLI_DONE)
		rc = summary(&w, follow);
	arena_free(w.arena);
	return rc;
}
