/* dom_deliver.c: see dom_deliver.h. */
#include "dom_deliver.h"
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "net.h"
#include "seal.h"
#include "str.h"

enum { WAITS_MOST = 64, WAIT_MOST_S = 30 * 86400, AFTER_MOST_S = 86400 };

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
		return arena_printf(a, "webhook_networks: `%s` is not a network such as 10.1.0.0/16 or fd00::/8", word);
	while ((wait = wait_of(a, n)) >= 0)
		n++;
	if (wait == -2 || n > WAITS_MOST)
		return arena_printf(a, "webhook_retries: up to %d whole numbers of seconds, each at most %d, separated by spaces",
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

enum err deliver_unnumbered(struct tx *tx, struct id *last, struct id *out, size_t most, size_t *n)
{
	struct id *all;
	enum err e = tx_ids(tx, SQL_EVENTS_WAITING, DB_IN(db_d(last), db_i((int64_t)most)), &all, n);

	if (e)
		return e;
	memcpy(out, all, *n * sizeof *out);
	*last = *n == most ? out[most - 1] : id_none;
	return OK;
}

enum err deliver_due(struct tx *tx, const unsigned char lease[LEASE], struct hold *out, size_t most, size_t *n)
{
	struct due { struct hold hold; const char *status; } due;
	static const struct column map[] = PICK_MAP(DUE_PICK, struct due);
	struct db_rows r;
	enum err e = tx_query(tx, SQL_DELIVER_DUE, DB_IN(db_t(tx->now), db_t(tx->now), db_x(lease, LEASE),
		db_i((int64_t)most)), &r);

	*n = 0;
	for (size_t i = 0; !e && i < r.n; i++) {
		due.hold = (struct hold){ .until = 0 };
		(void)row_read(map, RES__MAX, db_row(&r, i), &due);
		if (strcmp(due.status, "enabled")) {     /* due again when it is enabled */
			e = step(tx, SQL_DELIVER_IDLE, DB_IN(db_d(&due.hold.organization), db_d(&due.hold.endpoint)), NULL);
			continue;
		}
		memcpy(due.hold.lease, lease, LEASE);
		out[(*n)++] = due.hold;
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

/* It is the turn of these. */
static enum err turn(struct tx *tx, struct db_val org, const struct db_val ids[OUTCOMES_MOST])
{
	struct values in = { .n = 0 };

	values_add(&in, DB_IN(db_t(tx->now), org));
	values_add(&in, ids, OUTCOMES_MOST);
	values_add(&in, DB_IN(db_t(NEXT_TURN)));
	return db_exec(tx->db, SQL_DELIVER_TURN, in.v, in.n, NULL);
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
	struct next { int64_t at; struct id id; } next;
	static const struct column map[] = PICK_MAP(NEXT_DUE_PICK, struct next);
	enum err e = tx_int(tx, SQL_DELIVER_HELD, DB_IN(db_d(&h->organization), db_d(&h->endpoint), lease_of(h)), &(int64_t){ 0 });

	if (e)
		return e == ERR_DB_NONE ? OK : e;
	e = tx_one(tx, SQL_DELIVER_NEXT_DUE, DB_IN(db_d(&h->organization), db_d(&h->endpoint)), map, &next);
	if (e && e != ERR_DB_NONE)
		return e;
	if (!e && next.at >= NEXT_TURN) {        /* its turn has come, and nobody said so: the row of an earlier release's deliverer */
		struct db_val ids[OUTCOMES_MOST];

		for (int i = 0; i < OUTCOMES_MOST; i++)
			ids[i] = db_d(&next.id);
		e = turn(tx, db_d(&h->organization), ids);
		due = db_t(tx->now);
	} else if (!e) {                         /* behind those that are due already */
		due = db_t(next.at > tx->now ? next.at : tx->now);
	}
	if (e && e != ERR_DB_NONE)
		return e;
	if (x->pause)
		until = db_t(tx->now + x->pause * SECOND);
	return db_exec_one(tx->db, SQL_DELIVER_RELEASE, DB_IN(until, due, db_d(&h->organization), db_d(&h->endpoint), lease_of(h)));
}

enum err deliver_release(struct tx *tx, const struct hold *h, int64_t pause)
{
	struct release x = { tx, h, pause };

	return tx_run(tx, release_work, NULL, &x);
}

/* --- what there is to send ------------------------------------------------------------ */

enum err deliver_aim(struct tx *tx, const struct endpoint *n, struct target *out)
{
	*out = (struct target){ .id = n->life.id, .url = n->url, .api_version = n->api_version, .format = n->format, .owner = n->owner };
	out->secrets[0] = seal_open_secret(tx->arena, n->sealed.p, n->sealed.n);
	out->nsecrets = out->secrets[0] != NULL;
	return out->nsecrets ? OK : ERR_INTERNAL;
}

enum err deliver_target(struct tx *tx, const struct hold *h, struct target *out)
{
	static const struct column columns[] = { { ROW_d, offsetof(struct target, owner.organization) }, TARGET_COLUMNS(COL_MAP, struct target)
		{ ROW_s, offsetof(struct target, owner.permissions) }, { ROW_END, 0 } };
	enum err e;

	*out = (struct target){ .nsecrets = 0 };
	if ((e = tx_one(tx, SQL_DELIVER_TARGET, DB_IN(db_d(&h->organization), db_d(&h->endpoint), lease_of(h)), columns, out)))
		return e;
	if ((out->secrets[0] = seal_open_secret(tx->arena, out->sealed.p, out->sealed.n)))
		out->nsecrets = 1;
	if (out->nsecrets && out->old_sealed.p && out->old_until > tx->now
	    && (out->secrets[1] = seal_open_secret(tx->arena, out->old_sealed.p, out->old_sealed.n)))
		out->nsecrets = 2;
	return OK;
}

/* What is due and may not go is behind one that waits: it is not looked at again until its
 * turn comes.  Object by object; what is left has another go.  (An earlier release made
 * every delivery due at once; and one that is made once more comes before its followers.) */
static enum err put_behind(struct tx *tx, const struct hold *h)
{
	enum { OBJECTS = 16 };
	struct first { const char *resource_type; struct id resource; int64_t sequence, at; } x;
	static const struct column due[] = PICK_MAP(FIRST_DUE_PICK, struct first), foremost[] = PICK_MAP(FOREMOST_PICK, struct first);
	const struct db_val org = db_d(&h->organization), endpoint = db_d(&h->endpoint);
	enum err e = OK;

	for (int i = 0; !e && i < OBJECTS; i++) {
		if ((e = tx_one(tx, SQL_DELIVER_FIRST_DUE, DB_IN(org, endpoint, db_t(tx->now)), due, &x))
		 || (e = tx_one(tx, SQL_DELIVER_FOREMOST, DB_IN(org, endpoint, db_s(x.resource_type), db_d(&x.resource)), foremost, &x))
		 || x.at <= tx->now)
			break;
		e = step(tx, SQL_DELIVER_BEHIND, DB_IN(db_t(NEXT_TURN), org, endpoint, db_s(x.resource_type), db_d(&x.resource), db_i(x.sequence),
			db_t(NEXT_TURN)), NULL);
	}
	return e == ERR_DB_NONE ? OK : e;
}

enum err deliver_posts(struct tx *tx, const struct hold *h, struct post **out, size_t most, size_t *n)
{
	static const struct column map[] = PICK_MAP(POST_PICK, struct post);
	struct db_rows r;
	enum err e = tx_query(tx, SQL_DELIVER_POSTS, DB_IN(db_d(&h->organization), db_d(&h->endpoint), db_t(tx->now),
		db_i((int64_t)most)), &r);

	if (e)
		return e;
	*n = r.n;
	*out = row_array(tx->arena, &r, map, sizeof **out);
	return r.n ? OK : put_behind(tx, h);
}

enum err deliver_letters(struct tx *tx, const struct hold *h, const struct target *to, const struct post *posts, size_t n,
	struct letter **out)
{
	struct values in = { .n = 0 };
	struct db_rows r;
	enum err e;

	values_seen(&in, &to->owner);
	values_add(&in, DB_IN(db_d(&h->organization)));
	for (size_t i = 0; i < OUTCOMES_MOST; i++)
		values_add(&in, DB_IN(db_d(&posts[i < n ? i : n - 1].event)));
	if ((e = tx_query(tx, SQL_DELIVER_EVENTS, in.v, in.n, &r)))
		return e;
	*out = arena_alloc(tx->arena, n * sizeof **out);
	for (size_t k = 0; k < r.n; k++) {
		struct event event;
		const struct db_val *seen = event_of_row(db_row(&r, k), &event);

		for (size_t i = 0; i < n; i++)       /* nobody may read what is not there */
			if (id_equal(&event.id, &posts[i].event))
				(*out)[i] = (struct letter){ .event = event, .heard = seen->i && event_heard(&to->owner, event.type, event.resource_type) };
	}
	return OK;
}

/* --- what became of it ------------------------------------------------------------------ */

struct settle { struct tx *tx; struct hold *hold; const struct outcome *o; size_t n; int64_t next[OUTCOMES_MOST]; };

enum { STALE_S = 2 * 86400 };                    /* more than the longest wait between two tries */

static enum err disable(struct tx *tx, struct endpoint *n, const char *reason)
{
	struct json *details = js_object(tx->arena);

	js_put_str(tx->arena, details, "reason", reason);
	return life_move(tx, LIFE_ENDPOINT_DISABLE, &n->life, details);
}

/* A failure counts against the endpoint, which is locked: long enough without a success, or
 * a 410, and it is disabled.  A failure of long ago, with nothing sent since, does not
 * count. */
static enum err count_failure(struct tx *tx, const struct hold *h, const struct reply *r)
{
	struct endpoint n;
	int64_t since;
	enum err e = life_hold(tx, RES_ENDPOINT, BY_ID(&h->endpoint), &n);

	if (e || n.life.state != STATE_ENDPOINT_ENABLED)
		return e == ERR_NOT_FOUND ? OK : e;      /* deleted meanwhile */
	if (r->status == 410)
		return disable(tx, &n, "The receiver answered 410 Gone.");
	since = n.failing_since;
	if (!n.failed_at || tx->now - n.failed_at > STALE_S * SECOND)
		since = r->at;
	if (since && tx->now - since >= conf.webhook_disable_s * SECOND)
		return disable(tx, &n, arena_printf(tx->arena, "No delivery has succeeded since %s.",
			clock_iso(tx->arena, since, TIME_SECONDS)));
	return db_exec_one(tx->db, SQL_DELIVER_FAILING, DB_IN(db_t(since ? since : r->at), db_t(r->at), db_d(&h->organization),
		db_d(&h->endpoint)));
}

/* The deliveries that were made, for IDS16 (sql.def). */
static void values_posts(struct values *in, const struct settle *x)
{
	for (size_t i = 0; i < OUTCOMES_MOST; i++)
		values_add(in, DB_IN(db_d(&x->o[i < x->n ? i : x->n - 1].post->id)));
}

/* Which of them are still as they were when they were sent? */
static enum err lock_posts(const struct settle *x, struct db_val org, bool *ours)
{
	static const struct column map[] = PICK_MAP(SENT_PICK, struct post);
	struct values in = { .n = 0 };
	const struct post *now;
	struct db_rows r;
	enum err e;

	values_add(&in, DB_IN(org));
	values_posts(&in, x);
	if ((e = tx_query(x->tx, SQL_DELIVER_LOCK, in.v, in.n, &r)))
		return e;
	now = row_array(x->tx->arena, &r, map, sizeof *now);
	for (size_t i = 0; i < x->n; i++)
		for (size_t k = 0; k < r.n; k++)
			ours[i] |= id_equal(&now[k].id, &x->o[i].post->id) && now[k].tries == x->o[i].post->tries;
	return OK;
}

static enum err settle_failure(const struct settle *x, struct db_val org, size_t i)
{
	const struct post *p = x->o[i].post;
	const struct reply *r = x->o[i].reply;
	const struct db_val endpoint = db_d(&x->hold->endpoint);
	struct db_val next = x->next[i] ? db_t(x->next[i]) : (struct db_val){ .t = 't', .null = true };
	struct tx *tx = x->tx;
	enum err e;

	if ((e = db_exec_one(tx->db, SQL_DELIVER_FAILED, DB_IN(db_s(x->next[i] ? NULL : "failed"), next, db_i0(r->status), db_t(tx->now),
		org, db_d(&p->id))))
	 || (e = db_exec(tx->db, SQL_DELIVER_TRIED, DB_IN(org, db_d(&p->id), db_i(p->tries + 1), db_t(r->at), db_i(r->milliseconds),
		db_i0(r->status), db_s(r->error)), NULL))
	 || (!r->withheld && (e = count_failure(tx, x->hold, r))) || !x->next[i])
		return e;
	return db_exec(tx->db, SQL_DELIVER_BEHIND, DB_IN(db_t(NEXT_TURN), org, endpoint, db_s(p->resource_type), db_d(&p->resource),
		db_i(p->sequence), db_t(NEXT_TURN)), NULL);
}

/* The successes among them that had this status. */
static enum err settle_made(const struct settle *x, struct db_val org, const bool *ours, int64_t status)
{
	struct values made = { .n = 0 }, tries = { .n = 0 };
	struct db_val none = { .t = 'd', .null = true };
	size_t n = 0;
	enum err e;

	values_add(&made, DB_IN(db_i(status), db_t(x->tx->now), org));
	for (size_t i = 0; i < x->n; i++) {
		if (!ours[i] || x->o[i].reply->status != status)
			continue;
		values_add(&made, DB_IN(db_d(&x->o[i].post->id)));
		n++;
		values_add(&tries, DB_IN(db_d(&x->o[i].post->id), db_t(x->o[i].reply->at), db_i(x->o[i].reply->milliseconds)));
	}
	while (made.n < 3 + OUTCOMES_MOST)
		values_add(&made, &made.v[made.n - 1], 1);
	while (tries.n < 3 * OUTCOMES_MOST)
		values_add(&tries, DB_IN(none, db_t(0), db_i(0)));
	values_add(&tries, DB_IN(org));
	if ((e = db_exec_rows(x->tx->db, SQL_DELIVER_MADE, made.v, made.n, n)))
		return e;
	return db_exec_rows(x->tx->db, SQL_DELIVER_MADE_TRIES, tries.v, tries.n, n);
}

/* Those that were behind them have their turn. */
static enum err follow(const struct settle *x, struct db_val org)
{
	struct db_val ids[OUTCOMES_MOST];
	struct values in = { .n = 0 };
	struct id *next;
	size_t n = 0, nnext;
	enum err e;

	values_add(&in, DB_IN(org));
	values_posts(&in, x);
	if ((e = tx_ids(x->tx, SQL_DELIVER_NEXT, in.v, in.n, &next, &nnext)))
		return e;
	for (size_t i = 0; i < nnext && n < OUTCOMES_MOST; i++)
		if (!id_is_zero(&next[i]))
			ids[n++] = db_d(&next[i]);
	for (size_t i = n; n && i < OUTCOMES_MOST; i++)
		ids[i] = ids[0];
	return n ? turn(x->tx, org, ids) : OK;
}

static enum err settle_work(void *arg)
{
	const struct settle *x = arg;
	const struct db_val org = db_d(&x->hold->organization), endpoint = db_d(&x->hold->endpoint);
	bool ours[OUTCOMES_MOST] = { false }, good = false;
	struct tx *tx = x->tx;
	int64_t affected;
	enum err e;

	/* The endpoint is locked first, as by whoever adds deliveries, and written, so that a
	 * cluster sees the two meet. */
	if ((e = db_exec(tx->db, SQL_DELIVER_RENEW, DB_IN(db_t(lease_end(tx)), org, endpoint, lease_of(x->hold)), &affected))
	 || affected != 1 || (e = lock_posts(x, org, ours)))
		return e;
	for (size_t i = 0; i < x->n && !e; i++)
		if (ours[i] && !reply_good(x->o[i].reply))
			e = settle_failure(x, org, i);
	for (size_t i = 0; i < x->n && !e; i++) {
		const int64_t status = x->o[i].reply->status;
		size_t k = 0;

		if (!ours[i] || !reply_good(x->o[i].reply))
			continue;
		good = true;
		while (k < i && !(ours[k] && x->o[k].reply->status == status))
			k++;
		if (k == i)                      /* the first of them */
			e = settle_made(x, org, ours, status);
	}
	if (!e && good)
		e = db_exec(tx->db, SQL_DELIVER_WELL, DB_IN(org, endpoint), NULL);
	return e ? e : follow(x, org);
}

enum err deliver_settle(struct tx *tx, struct hold *h, const struct outcome *o, size_t n)
{
	struct settle x = { .tx = tx, .hold = h, .o = o, .n = n };
	enum err e;

	for (size_t i = 0; i < n; i++) {
		const struct reply *r = o[i].reply;
		int64_t wait = wait_of(tx->arena, o[i].post->tries), after = r->retry_after < AFTER_MOST_S ? r->retry_after : AFTER_MOST_S;

		if (reply_good(r) || r->status == 410 || r->withheld || wait < 0)
			continue;
		wait = jittered(wait);
		x.next[i] = tx->now + (after * SECOND > wait ? after * SECOND : wait);
	}
	tx->who->organization = h->organization;
	if (!(e = tx_run(tx, settle_work, NULL, &x)))
		h->until = lease_end(tx);
	return e;
}

enum err deliver_waiting(struct tx *tx, int64_t *n)
{
	*n = 0;
	return tx_int(tx, SQL_DELIVER_WAITING, DB_NONE, n);
}
