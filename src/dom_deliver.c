/* dom_deliver.c: see dom_deliver.h. */
#include "dom_deliver.h"
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "net.h"
#include "seal.h"
#include "str.h"

enum { WAITS_MOST = 64, WAIT_MOST_S = 30 * 86400, AFTER_MOST_S = 86400, ERROR_MOST = 255 };

bool reply_good(const struct reply *r)
{
	return r->status >= 200 && r->status < 300;
}

/* --- settings ----------------------------------------------------------------------- */

/* The nth wait of webhook_retries in seconds: -1 for none any more, -2 when it is no number. */
static int64_t wait_of(struct arena *a, int64_t nth)
{
	const char *s = conf.webhook_retries + strspn(conf.webhook_retries, " ");
	int64_t seconds;

	for (; *s && nth; nth--) {
		s += strcspn(s, " ");
		s += strspn(s, " ");
	}
	if (!*s)
		return -1;
	return parse_int(arena_strndup(a, s, strcspn(s, " ")), 0, WAIT_MOST_S, &seconds) ? seconds : -2;
}

const char *deliver_fault(struct arena *a)
{
	const char *word = net_list_fault(a, conf.webhook_networks);
	int64_t n = 0, wait;

	if (word)
		return arena_printf(a, "webhook_networks: `%s` is no network such as 10.1.0.0/16 or fd00::/8", word);
	while ((wait = wait_of(a, n)) >= 0)
		n++;
	if (wait == -2 || n > WAITS_MOST)
		return arena_printf(a, "webhook_retries: up to %d whole numbers of seconds, each at most %d, separated by blanks",
			WAITS_MOST, WAIT_MOST_S);
	if (conf.webhook_timeout_s < 1 || conf.webhook_timeout_s > 300)
		return "webhook_timeout_s: from 1 to 300 seconds";
	return NULL;
}

/* A fifth more or less, so that what failed together does not come back together. */
static int64_t jittered(int64_t seconds)
{
	uint32_t r;

	random_bytes(&r, sizeof r);
	return seconds * (SECOND / 1000) * (800 + r % 401);
}

/* --- leases ------------------------------------------------------------------------- */

static enum err step(struct tx *tx, enum sql id, const struct db_val *in, size_t n, int64_t *affected)
{
	enum err e = db_ready(tx->db);

	return e ? e : db_exec(tx->db, id, in, n, affected);
}

static struct db_val lease_of(const struct hold *h)
{
	return db_x(h->lease, sizeof h->lease);
}

static int64_t lease_end(const struct tx *tx)
{
	return tx->now + (conf.webhook_timeout_s + LEASE_MORE_S) * SECOND;
}

enum err deliver_unnumbered(struct tx *tx, struct id *out, size_t most, size_t *n)
{
	struct db_rows r;
	enum err e = tx_query(tx, SQL_EVENTS_WAITING, DB_IN(db_i((int64_t)most)), &r);

	*n = 0;
	for (size_t i = 0; !e && i < r.n; i++)
		out[(*n)++] = db_row(&r, i)->id;
	return e;
}

enum err deliver_due(struct tx *tx, const unsigned char lease[LEASE], struct hold *out, size_t most, size_t *n)
{
	struct db_rows r;
	enum err e = tx_query(tx, SQL_DELIVER_DUE, DB_IN(db_t(tx->now), db_t(tx->now), db_x(lease, LEASE),
		db_i((int64_t)most)), &r);

	*n = 0;
	for (size_t i = 0; !e && i < r.n; i++) {
		const struct db_val *v = db_row(&r, i);

		if (strcmp(v[2].s, "enabled")) {     /* due again when it is enabled */
			e = step(tx, SQL_DELIVER_IDLE, DB_IN(db_d(&v[0].id), db_d(&v[1].id)), NULL);
			continue;
		}
		out[*n] = (struct hold){ .organization = v[0].id, .endpoint = v[1].id };
		memcpy(out[(*n)++].lease, lease, LEASE);
	}
	return e;
}

enum err deliver_take(struct tx *tx, struct hold *h, bool *mine)
{
	int64_t affected = 0;
	enum err e;

	h->until = lease_end(tx);
	e = step(tx, SQL_DELIVER_TAKE, DB_IN(lease_of(h), db_t(h->until), db_d(&h->organization), db_d(&h->endpoint),
		db_t(tx->now), db_t(tx->now), lease_of(h)), &affected);
	*mine = !e && affected == 1;
	return e == ERR_DB_RETRY ? OK : e;       /* somebody took it on another node of a cluster */
}

enum err deliver_renew(struct tx *tx, struct hold *h)
{
	int64_t affected, until = lease_end(tx);
	enum err e;

	e = step(tx, SQL_DELIVER_RENEW, DB_IN(db_t(until), db_d(&h->organization), db_d(&h->endpoint), lease_of(h)), &affected);
	if (e)
		return e;
	h->until = until;
	return affected == 1 ? OK : ERR_DB_NONE;
}

struct release { struct tx *tx; const struct hold *hold; int64_t pause; };

/* The row is locked before the look at what is left, since whoever adds deliveries locks
 * it first too, to lower due_at: either they are seen here, or it is lowered behind us. */
static enum err release_work(void *arg)
{
	const struct release *x = arg;
	const struct hold *h = x->hold;
	struct tx *tx = x->tx;
	struct db_val due = { .t = 't', .null = true }, until = { .t = 't', .null = true };
	const struct db_val *v;
	enum err e = tx_row(tx, SQL_DELIVER_HELD, DB_IN(db_d(&h->organization), db_d(&h->endpoint), lease_of(h)), &v);

	if (e)
		return e == ERR_DB_NONE ? OK : e;
	e = tx_row(tx, SQL_DELIVER_NEXT_DUE, DB_IN(db_d(&h->organization), db_d(&h->endpoint)), &v);
	if (e && e != ERR_DB_NONE)
		return e;
	if (!e)                                  /* behind those that are due already */
		due = db_t(v[0].i > tx->now ? v[0].i : tx->now);
	if (x->pause)
		until = db_t(tx->now + x->pause * SECOND);
	return db_exec(tx->db, SQL_DELIVER_RELEASE, DB_IN(until, due, db_d(&h->organization), db_d(&h->endpoint), lease_of(h)), NULL);
}

static void nothing(void *arg)
{
	(void)arg;
}

enum err deliver_release(struct tx *tx, const struct hold *h, int64_t pause)
{
	struct release x = { tx, h, pause };

	return tx_run(tx, release_work, nothing, &x);
}

/* --- what there is to send ------------------------------------------------------------ */

enum err deliver_target(struct tx *tx, const struct hold *h, struct target *out)
{
	struct db_rows r;
	const struct db_val *v;
	enum err e = tx_query(tx, SQL_DELIVER_TARGET, DB_IN(db_d(&h->organization), db_d(&h->endpoint), lease_of(h)), &r);

	if (e)
		return e;
	if (!r.n)
		return ERR_DB_NONE;
	v = db_row(&r, 0);
	*out = (struct target){ .url = v[0].s, .api_version = v[1].s };
	if ((out->secrets[0] = seal_open_secret(tx->arena, v[2].s, v[2].n)))
		out->nsecrets = 1;
	if (out->nsecrets && !v[3].null && !v[4].null && v[4].i > tx->now
	    && (out->secrets[1] = seal_open_secret(tx->arena, v[3].s, v[3].n)))
		out->nsecrets = 2;
	return OK;
}

/* What is due and may not go is behind one that waits: due with that one, so that it is
 * not looked at again until then.  Object by object; what is left has another turn. */
static enum err put_behind(struct tx *tx, const struct hold *h)
{
	enum { OBJECTS = 16 };
	const struct db_val org = db_d(&h->organization), endpoint = db_d(&h->endpoint), *first;
	struct db_rows due, head;
	enum err e = OK;

	for (int i = 0; !e && i < OBJECTS; i++) {
		if ((e = tx_query(tx, SQL_DELIVER_FIRST_DUE, DB_IN(org, endpoint, db_t(tx->now)), &due)) || !due.n)
			return e;
		e = tx_query(tx, SQL_DELIVER_FOREMOST, DB_IN(org, endpoint, db_row(&due, 0)[0], db_row(&due, 0)[1]), &head);
		if (e || !head.n || (first = db_row(&head, 0))[1].i <= tx->now)
			return e;
		e = step(tx, SQL_DELIVER_BEHIND, DB_IN(first[1], org, endpoint, db_row(&due, 0)[0], db_row(&due, 0)[1], first[0],
			first[1]), NULL);
	}
	return e;
}

enum err deliver_posts(struct tx *tx, const struct hold *h, struct post **out, size_t most, size_t *n)
{
	struct db_rows r;
	enum err e = tx_query(tx, SQL_DELIVER_POSTS, DB_IN(db_d(&h->organization), db_d(&h->endpoint), db_t(tx->now),
		db_i((int64_t)most)), &r);

	if (e)
		return e;
	*n = r.n;
	*out = arena_alloc(tx->arena, (r.n + 1) * sizeof **out);
	for (size_t i = 0; i < r.n; i++) {
		const struct db_val *v = db_row(&r, i);

		(*out)[i] = (struct post){ .id = v[0].id, .resource_type = v[1].s, .resource = v[2].id, .sequence = v[3].i,
			.tries = v[4].i };
		event_of_row(v + 5, &(*out)[i].event);
	}
	return r.n ? OK : put_behind(tx, h);
}

/* --- what became of it ------------------------------------------------------------------ */

struct settle { struct tx *tx; const struct hold *hold; const struct post *post; const struct reply *reply; int64_t next; };

enum { ROW_URL = 4, ROW_FAILING_SINCE = 11, ROW_UPDATED_AT = 13, ROW_FAILED_AT = 14 };  /* of ENDPOINT_COLS (sql.def) */
enum { STALE_S = 2 * 86400 };                    /* more than the longest wait between two tries */

static enum err disable(struct tx *tx, struct life *o, const struct db_val *row, const char *reason)
{
	struct json *details = js_object(tx->arena);

	js_put_str(tx->arena, details, "reason", reason);
	o->changed = row[ROW_UPDATED_AT].i;
	o->now = js_object(tx->arena);
	js_put_str(tx->arena, o->now, "url", row[ROW_URL].s);
	js_put_bool(tx->arena, o->now, "livemode", !o->test);
	return life_move(tx, LIFE_ENDPOINT_DISABLE, o, NULL, 0, details);
}

/* A failure counts against the endpoint, locked and known by its row: long enough without a
 * success, or a 410, and it is disabled.  A failure of long ago, with nothing sent since,
 * does not count. */
static enum err count_failure(struct tx *tx, const struct hold *h, const struct reply *r, struct life *o, const struct db_val *row)
{
	int64_t since = row[ROW_FAILING_SINCE].null ? 0 : row[ROW_FAILING_SINCE].i;

	if (o->state != STATE_ENDPOINT_ENABLED)
		return OK;
	if (r->status == 410)
		return disable(tx, o, row, "The receiver answered 410 Gone.");
	if (row[ROW_FAILED_AT].null || tx->now - row[ROW_FAILED_AT].i > STALE_S * SECOND)
		since = r->at;
	if (since && tx->now - since >= conf.webhook_disable_s * SECOND)
		return disable(tx, o, row, arena_printf(tx->arena, "No delivery has succeeded since %s.",
			clock_iso(tx->arena, since, TIME_SECONDS)));
	return db_exec(tx->db, SQL_DELIVER_FAILING, DB_IN(db_t(since ? since : r->at), db_t(r->at), db_d(&h->organization),
		db_d(&h->endpoint)), NULL);
}

static enum err settle_work(void *arg)
{
	const struct settle *x = arg;
	const struct hold *h = x->hold;
	const struct post *p = x->post;
	const struct reply *r = x->reply;
	const struct db_val org = db_d(&h->organization), endpoint = db_d(&h->endpoint);
	struct db_val next = x->next ? db_t(x->next) : (struct db_val){ .t = 't', .null = true };
	const struct db_val *row = NULL;
	struct tx *tx = x->tx;
	bool found = false;
	int64_t affected;
	struct life o;
	enum err e;

	/* The endpoint is locked first, and counted against only when the try was ours to settle. */
	if (reply_good(r))
		e = db_exec(tx->db, SQL_DELIVER_WELL, DB_IN(org, endpoint), NULL);
	else if ((e = life_lock(tx, RES_ENDPOINT, &h->endpoint, &o, &row)) == ERR_NOT_FOUND)
		e = OK;                          /* deleted meanwhile */
	else
		found = !e;
	if (e)
		return e;
	e = db_exec(tx->db, SQL_DELIVER_SETTLE, DB_IN(db_s(x->next ? NULL : reply_good(r) ? "succeeded" : "failed"), next,
		db_i0(r->status), db_t(tx->now), org, db_d(&p->id), db_i(p->tries)), &affected);
	if (e || affected != 1)                  /* not 1: the lease was lost and another one settled it */
		return e;
	if (found && (e = count_failure(tx, h, r, &o, row)))
		return e;
	e = db_exec(tx->db, SQL_DELIVER_TRIED, DB_IN(org, db_d(&p->id), db_i(p->tries + 1), db_t(r->at), db_i(r->milliseconds),
		db_i0(r->status), db_s(r->error ? utf8_cut(tx->arena, r->error, ERROR_MOST) : NULL)), NULL);
	if (e)
		return e;
	return x->next
		? db_exec(tx->db, SQL_DELIVER_BEHIND, DB_IN(next, org, endpoint, db_s(p->resource_type), db_d(&p->resource),
			db_i(p->sequence), next), NULL)
		: db_exec(tx->db, SQL_DELIVER_FOLLOW, DB_IN(db_t(tx->now), org, endpoint, db_s(p->resource_type), db_d(&p->resource),
			db_i(p->sequence)), NULL);
}

enum err deliver_settle(struct tx *tx, const struct hold *h, const struct post *p, const struct reply *r)
{
	struct settle x = { tx, h, p, r, 0 };
	int64_t wait = wait_of(tx->arena, p->tries), after = r->retry_after < AFTER_MOST_S ? r->retry_after : AFTER_MOST_S;

	if (!reply_good(r) && r->status != 410 && wait >= 0) {
		wait = jittered(wait);
		x.next = tx->now + (after * SECOND > wait ? after * SECOND : wait);
	}
	tx->who->organization = h->organization;
	return tx_run(tx, settle_work, nothing, &x);
}

enum err deliver_waiting(struct tx *tx, int64_t *n)
{
	struct db_rows r;
	enum err e = tx_query(tx, SQL_DELIVER_WAITING, DB_NONE, &r);

	*n = !e && r.n ? db_row(&r, 0)->i : 0;
	return e;
}
