/* serve.c: one request, start to finish.  Read this first: serve() is the only
 * function that knows the order of the stages.
 *
 *   decode  headers and path to a request, its dialect           400
 *   route   the row of the tables                                404 405
 *   body    as long as the row lets it be                        400 413
 *   who     the token                                            401
 *   rate    the caller's minute, or an address's                 429
 *   shape   query and body as the row wants them                 400 415
 *   perform a read: one statement { visible? 404, may? 403 }
 *           a write: a transaction { attempt (replay?), visible? may? legal? 409,
 *           change, audit, event }
 *   send    the one reply, after COMMIT
 */
#include "req.h"
#include <string.h>
#include "clock.h"
#include "does.h"
#include "health.h"
#include "life.h"
#include "log.h"
#include "metric.h"
#include "route.h"

/* Has anybody asked whether the caller may?  Of a member, whether it is one still. */
static bool asked(const struct req *r)
{
	return r->row->perm == PERM_PUBLIC || (r->row->perm == PERM_MEMBER ? r->who.permissions != NULL : r->who.asked);
}

/* What is published with a page is told what its row lets it, also where nobody asked who may. */
static enum err run(struct req *r)
{
	enum err e = does(r);

	if (!e && r->row->perm == PERM_MEMBER)   /* whom nobody else asks for a scope or a tier */
		e = who_scoped(&r->who, r->tx.ask);
	if (!e && r->who.publishable && !r->tx.ask.publishable)
		return ERR_SCOPE_DENIED;
	return e || asked(r) ? e : ERR_UNASKED;
}

/* The work of a write, run again as a whole when the database says so. */
static enum err write_work(void *arg)
{
	struct req *r = arg;
	enum err e = run(r);

	if (!e && r->tx.idempotency_key)
		res_keep(r);
	return e;
}

static enum err perform(struct req *r)
{
	enum err e;

	r->tx.ask = route_ask(r->row);
	if (!(r->row->flags & R_WRITE) || r->row->flags & R_OWN_TX)
		return run(r);
	for (const int *move = r->row->moves; *move; move++)
		life_want(&r->tx, (enum transition)*move);
	for (const enum sql *want = r->row->wants; want && *want; want++)
		db_want(r->tx.db, *want);
	e = tx_run(&r->tx, write_work, res_again, r);
	return !e && r->tx.replayed ? res_replay(r) : e;
}

static enum err keep_work(void *arg)
{
	res_keep(arg);
	return OK;
}

/* The error that the route gives for it. */
static enum err as_told(const struct req *r, enum err e)
{
	for (const struct err_as *as = r->row ? r->row->as : NULL; as && as->err; as++)
		if (as->err == e)
			return as->as;
	return e;
}

/* Under an idempotency key a refusal is kept too when it is definite.  Its transaction has
 * the attempt's row alone; where that cannot be kept the refusal is no first answer, to which a
 * repetition would have to hold, and is not told: nothing was done, and it may be tried again. */
static enum err keep_refusal(struct req *r, enum err e)
{
	enum err kept;

	if (!(err_row(e)->flags & KEPT) || !r->tx.idempotency_key || !r->row || !(r->row->flags & R_WRITE) || !r->tx.ask.perm)
		return e;
	r->tx.why = (struct why){ 0 };
	kept = tx_run(&r->tx, keep_work, NULL, r);
	if (!kept && r->tx.replayed)
		kept = res_replay(r);
	else if (err_row(kept)->class != CLASS_UNAVAILABLE && kept != ERR_KEY_BUSY)
		return e;
	if (kept)
		res_error(r, kept = as_told(r, kept));
	return kept ? kept : e;
}

/* Who was refused what: not the audit of changes, and it never blocks. */
static void log_security(struct req *r, enum err e)
{
	struct buf line;

	if (!(err_row(e)->flags & SUSPECT))
		return;
	line = log_begin(r->arena, "security");
	js_out_member_str(&line, "event", err_row(e)->name);
	js_out_member_str(&line, "client", r->tx.address);
	js_out_member_str(&line, "method", r->method);
	js_out_member_str(&line, "path", r->path);
	if (!id_is_zero(&r->who.principal))
		js_out_member_str(&line, "principal", id_spell(r->arena, "usr-", &r->who.principal));
	log_end(&line);
}

static void count(const struct req *r, enum err e, int64_t us)
{
	metric_request(r->dialect->name, r->row ? r->row->method : "", r->row ? r->row->path : "", r->res.status, us);
	if (err_row(e)->class == CLASS_RATE)
		metric_add(METRIC_LIMITED, err_row(e)->name);
	if (r->tx.replayed)
		metric_add(METRIC_REPLAYS, NULL);
}

static void log_access(struct req *r, enum err e, int64_t us)
{
	struct buf line = log_begin(r->arena, "access");

	js_out_member_str(&line, "client", r->tx.address);
	js_out_member_str(&line, "method", r->head ? "HEAD" : r->method);
	js_out_member_str(&line, "route", r->row ? r->row->path : NULL);
	js_out_member_str(&line, "dialect", r->dialect->name);
	js_out_member_int(&line, "status", r->res.status);
	js_out_member_int(&line, "microseconds", us);
	js_out_member_int(&line, "statements", db_statements(r->tx.db));
	if (!id_is_zero(&r->who.principal))
		js_out_member_str(&line, "principal", id_spell(r->arena, "usr-", &r->who.principal));
	if (e)
		js_out_member_str(&line, "error", err_row(e)->name);
	if (r->error_instance)
		js_out_member_str(&line, "error_instance", r->error_instance);
	log_end(&line);
}

/* RFC 8594, RFC 8288; Deprecation has words, which the clients of its dialect show, where RFC 9745 has a date. */
static void deprecated(struct req *r, const struct deprecation *d)
{
	res_header(r, "Deprecation", d->words);
	res_header(r, "Sunset", d->sunset);
	res_header(r, "Link", arena_printf(r->arena, "<%s%s>; rel=\"successor-version\"", req_base(r), d->successor));
}

/* 401 comes first: of whoever was refused before anybody asked whether they still are who the token says, that is asked now. */
static enum err settled(struct req *r, enum err e)
{
	const enum err_class class = err_row(e)->class;
	enum err who;

	if (id_is_zero(&r->who.principal) || r->who.permissions || class == CLASS_WHO || class == CLASS_RATE || class == CLASS_INTERNAL
	    || class == CLASS_UNAVAILABLE)
		return e;
	who = tx_settle(&r->tx);
	return err_row(who)->class == CLASS_WHO ? who : e;
}

static struct req *begin(struct arena *a, struct db *db, const struct dialect *const *dialects, const struct io *io)
{
	struct req *r = ARENA_NEW(a, struct req);

	r->arena = a;
	r->dialects = dialects;
	r->io = io;
	r->began = clock_mono();
	r->who.name = "";
	r->tx.arena = a;
	r->tx.db = db;
	r->tx.who = &r->who;
	r->tx.now = clock_now();
	return r;
}

void serve(struct arena *a, struct db *db, const struct dialect *const *dialects, const struct io *io)
{
	struct req *r = begin(a, db, dialects, io);
	int64_t us;
	enum err e;

	metric_busy(true);
	if ((e = req_decode(r))
	 || (e = route_find(r))
	 || (e = req_body(r))
	 || (e = auth_who(r))
	 || (e = auth_rate(r))
	 || (e = req_shape(r))
	 || (e = perform(r)))
		res_error(r, e = as_told(r, settled(r, e)));
	e = keep_refusal(r, e);
	if (r->row && r->row->deprecated)
		deprecated(r, r->row->deprecated);
	if (r->row && r->row->flags & R_WRITE)
		health_saw(e);
	auth_rate_now(r);

	res_send(r);
	us = clock_mono() - r->began;
	count(r, e, us);
	log_security(r, e);
	log_access(r, e, us);
	metric_busy(false);
	arena_reset(a);
	log_request("", NULL);
}
