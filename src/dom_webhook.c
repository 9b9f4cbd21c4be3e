/* dom_webhook.c: webhook endpoints, and the deliveries of events to them as their owner
 * sees them.  Sending is another process's work (cli_deliver.c). */
#include "dom_webhook.h"
#include <string.h>
#include <openssl/evp.h>
#include "clock.h"
#include "seal.h"

enum { SECRET_BYTES = 32 };

static int64_t num(const struct db_val *v) { return v->null ? 0 : v->i; }

static void fill(struct endpoint *n, const struct db_val *v)
{
	n->url = v[4].s;
	n->description = v[5].s;
	n->enabled_events = v[6].s;
	n->api_version = v[7].s;
	n->metadata = v[8].s;
	n->secret = NULL;
	n->old_until = num(&v[10]);
	n->failing_since = num(&v[11]);
	n->created_at = v[12].i;
	n->life.changed = n->updated_at = v[13].i;
	who_owner(&n->life.organization, v + 15, &n->owner);
}

static enum err lock(struct tx *tx, const struct id *id, struct endpoint *out)
{
	const struct db_val *v;
	enum err e = life_lock(tx, RES_ENDPOINT, id, &out->life, &v);

	if (e)
		return e;
	fill(out, v);
	life_follow(tx, &out->life);
	if (!(e = tx_row(tx, SQL_WHO_LOAD, DB_IN(db_d(&tx->who->organization), db_d(&out->owner.principal), db_d(&(struct id){ { 0 } })), &v)))
		out->owner.permissions = strcmp(v[0].s, "active") ? NULL : v[3].s;
	return e && e != ERR_DB_NONE ? e : life_expected(tx, &out->life);
}

static struct json *tell(struct arena *a, const struct endpoint *n)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "url", n->url);
	js_put_bool(a, o, "livemode", !n->life.test);
	return o;
}

/* A new secret, and how it is stored.  ERR_INTERNAL when the installation has no key. */
static enum err make_secret(struct tx *tx, struct endpoint *n, struct db_val *stored)
{
	unsigned char random[SECRET_BYTES], text[2 * SECRET_BYTES], *sealed;
	size_t size;

	random_bytes(random, sizeof random);
	(void)EVP_EncodeBlock(text, random, sizeof random);
	n->secret = arena_printf(tx->arena, "whsec_%s", (const char *)text);
	if (!(sealed = seal_secret(tx->arena, n->secret, &size)))
		return ERR_INTERNAL;
	*stored = db_x(sealed, size);
	return OK;
}

/* From now on it is told what this caller may read. */
static void own(struct tx *tx, struct endpoint *n)
{
	n->owner = (struct who){ .organization = tx->who->organization, .principal = tx->who->principal,
		.scopes = tx->who->scopes, .permissions = tx->who->permissions };
}

/* Is there another one of this URL?  The counter, which whoever makes an endpoint or moves one writes, is
 * locked before: of two at once one is the second. */
static enum err url_free(struct tx *tx, const struct endpoint *n)
{
	struct db_rows r;
	enum err e = tx_query(tx, SQL_ENDPOINT_OF_URL, DB_IN(db_d(&tx->who->organization), db_i(!n->life.test), db_s(n->url)), &r);

	if (e || !r.n)
		return e;
	why_add(tx, "url", arena_printf(tx->arena, "is already the URL of %s; change that endpoint, or delete it first", id_spell(tx->arena,
		life_resources[RES_ENDPOINT].prefix, &db_row(&r, 0)->id)));
	return ERR_ENDPOINT_URL;
}

/* What happened before has its number and its deliveries first, so that a new endpoint hears
 * nothing of before its time, unless there is more than one transaction should do; and
 * the counter's lock makes the count of endpoints right. */
static enum err make_room(struct tx *tx)
{
	enum { BACKLOG = 500, TURNS = 10 };
	const struct db_val org = db_d(&tx->who->organization), *v;
	size_t n = 1;
	enum err e = OK;

	for (int i = 0; i < TURNS && n && !e; i++)
		e = events_number_here(tx, &tx->who->organization, BACKLOG, &n);
	if (!e && n)
		return ERR_EVENTS_BEHIND;
	if (e || (e = tx_row(tx, SQL_ENDPOINT_COUNT, DB_IN(org), &v)))
		return e;
	return v[0].i < ENDPOINTS_MOST ? OK : ERR_ENDPOINT_LIMIT;
}

enum err endpoint_create(struct tx *tx, const struct endpoint *in, struct endpoint *out)
{
	struct db_val secret;
	enum err e;

	if ((e = who_may(tx->who, tx->ask)) || (e = make_room(tx)))
		return e;
	*out = *in;
	out->life = (struct life){ .organization = tx->who->organization, .test = tx->who->mode == MODE_TEST };
	id_new(tx->now, &out->life.id);
	out->created_at = out->updated_at = tx->now;
	own(tx, out);
	if ((e = url_free(tx, out)) || (e = metadata_merge(tx, NULL, in->metadata, &out->metadata))
	 || (e = make_secret(tx, out, &secret)))
		return e;
	out->life.now = tell(tx->arena, out);
	return life_create(tx, LIFE_ENDPOINT_CREATE, &out->life, DB_IN(db_i(!out->life.test), db_s(out->url),
		db_s(out->description), db_s(out->enabled_events), db_s(out->api_version), db_s(out->metadata), secret,
		db_d0(&out->owner.principal), db_s(out->owner.scopes)), NULL);
}

enum err endpoint_get(struct tx *tx, const struct id *id, struct endpoint *out)
{
	const struct db_val *v;
	enum err e = life_read(tx, RES_ENDPOINT, id, &out->life, &v);

	if (!e)
		fill(out, v);
	return e;
}

enum err endpoint_list(struct tx *tx, const struct list_ask *ask, struct endpoint **out, struct list_got *got)
{
	struct values head = { .n = 0 };
	struct db_rows r;
	enum err e;

	values_add(&head, DB_IN(db_d(&tx->who->organization), db_i(0)));
	if ((e = list_by_id(tx, SQL_ENDPOINT_PAGE_UP, &head, 1, ask, &r, got)))
		return e;
	*out = arena_alloc(tx->arena, (got->n + 1) * sizeof **out);
	for (size_t i = 0; i < got->n; i++) {
		(void)life_seen(tx, RES_ENDPOINT, db_row(&r, i) + WHO_COLUMNS, &(*out)[i].life);
		fill(&(*out)[i], db_row(&r, i) + WHO_COLUMNS);
	}
	return OK;
}

static enum err set_status(struct tx *tx, struct endpoint *n, const char *status)
{
	enum state to = life_state(RES_ENDPOINT, status);

	if (to == n->life.state)
		return OK;
	n->life.now = tell(tx->arena, n);
	n->updated_at = tx->now;
	if (to == STATE_ENDPOINT_DISABLED)
		return life_move(tx, LIFE_ENDPOINT_DISABLE, &n->life, DB_NONE, NULL);
	n->failing_since = 0;                    /* it begins anew */
	own(tx, n);
	return life_move(tx, LIFE_ENDPOINT_ENABLE, &n->life, DB_IN(db_d0(&n->owner.principal), db_s(n->owner.scopes)), NULL);
}

/* As numbering does: made where it is not there, locked, and written, so that a cluster sees two meet. */
static enum err lock_counter(struct tx *tx)
{
	const struct db_val org = db_d(&tx->who->organization), *v;
	enum err e;

	if ((e = db_exec(tx->db, SQL_COUNTER_ADD, DB_IN(org), NULL)) || (e = tx_row(tx, SQL_COUNTER_LOCK, DB_IN(org), &v)))
		return e;
	return db_exec_one(tx->db, SQL_COUNTER_SET, DB_IN(v[0], v[1], org));
}

enum err endpoint_edit(struct tx *tx, const struct id *id, const struct endpoint_edit *edit, struct endpoint *out)
{
	bool moved;
	enum err e;

	if ((edit->url_set && (e = lock_counter(tx))) || (e = lock(tx, id, out)))
		return e;
	moved = edit->url_set && strcmp(edit->url, out->url);
	if (edit->url_set)
		out->url = edit->url;
	if (moved && (e = url_free(tx, out)))
		return e;
	if (edit->description_set)
		out->description = edit->description;
	if (edit->enabled_events_set)
		out->enabled_events = edit->enabled_events;
	if (edit->metadata_set && (e = metadata_merge(tx, out->metadata, edit->metadata, &out->metadata)))
		return e;
	if (edit->url_set || edit->description_set || edit->enabled_events_set || edit->metadata_set) {
		if (edit->url_set || edit->enabled_events_set)
			own(tx, out);
		out->life.now = tell(tx->arena, out);
		if ((e = life_move(tx, LIFE_ENDPOINT_EDIT, &out->life, DB_IN(db_s(out->url), db_s(out->description),
			db_s(out->enabled_events), db_s(out->metadata), db_d0(&out->owner.principal), db_s(out->owner.scopes)), NULL)))
			return e;
		out->updated_at = tx->now;
	}
	return edit->status_set ? set_status(tx, out, edit->status) : OK;
}

enum err endpoint_rotate(struct tx *tx, const struct id *id, int64_t seconds, struct endpoint *out)
{
	struct db_val secret;
	enum err e;

	if ((e = lock(tx, id, out)) || (e = make_secret(tx, out, &secret)))
		return e;
	own(tx, out);                            /* who has the secret could sign what it may not read */
	out->old_until = tx->now + seconds * SECOND;
	out->updated_at = tx->now;
	out->life.now = tell(tx->arena, out);
	return life_move(tx, LIFE_ENDPOINT_ROTATE, &out->life, DB_IN(secret, db_t(out->old_until),
		db_d0(&out->owner.principal), db_s(out->owner.scopes)), NULL);
}

enum err endpoint_move(struct tx *tx, const struct id *id, enum transition t, struct endpoint *out)
{
	enum err e;

	if ((e = lock(tx, id, out)))
		return e;
	out->life.now = tell(tx->arena, out);
	out->updated_at = tx->now;
	return life_move(tx, t, &out->life, DB_NONE, NULL);
}

/* ---- Deliveries ---- */

static const char *const faults[FAULT__MAX] = {
	[FAULT_OTHER] = "the request failed",
	[FAULT_NETWORK] = "the address is not one that may be called",
	[FAULT_NAME] = "the host name could not be resolved",
	[FAULT_CONNECT] = "the connection could not be made",
	[FAULT_TIME] = "no answer came in time",
	[FAULT_TLS] = "the TLS handshake failed; check the certificate",
	[FAULT_CLOSED] = "the connection was closed before an answer came",
	[FAULT_HTTP] = "the answer is not HTTP",
	[FAULT_SECRET] = "the endpoint has no valid secret, so nothing was sent; rotate it",
	[FAULT_OWNER] = "the endpoint's owner cannot read the object any more, so nothing was sent",
};

const char *fault_words(enum fault fault)
{
	return faults[fault];
}

/* As it is told.  Earlier releases wrote down more than is anybody's business. */
static const char *fault_told(const char *written)
{
	for (int i = 0; written && i < FAULT__MAX; i++)
		if (!strcmp(written, faults[i]))
			return written;
	return written ? faults[FAULT_OTHER] : NULL;
}

static void delivery_of_row(const struct db_val *v, struct delivery *out)
{
	*out = (struct delivery){ .id = v[0].id, .endpoint = v[1].id, .event = v[2].id, .outcome = v[3].s, .tries = v[4].i,
		.next_at = v[5].null || v[5].i >= NEXT_TURN ? 0 : v[5].i, .response_status = num(&v[6]), .created_at = v[7].i, .updated_at = v[8].i, .sequence = v[9].i };
}

/* The attempts of `n` deliveries of one endpoint. */
static enum err load_tries(struct tx *tx, const struct id *endpoint, struct delivery *d, size_t n)
{
	struct delivery_try *made;
	int64_t low = INT64_MAX, high = 0;
	struct db_rows r;
	enum err e;

	for (size_t i = 0; i < n; i++) {
		low = d[i].sequence < low ? d[i].sequence : low;
		high = d[i].sequence > high ? d[i].sequence : high;
	}
	if (!n || (e = tx_query(tx, SQL_DELIVERY_TRIES, DB_IN(db_d(&tx->who->organization), db_d(endpoint), db_i(low), db_i(high)), &r)))
		return n ? e : OK;
	made = arena_alloc(tx->arena, (r.n + 1) * sizeof *made);
	for (size_t k = 0, i; k < r.n; k++) {        /* those of one delivery stand together */
		const struct db_val *v = db_row(&r, k);

		made[k] = (struct delivery_try){ v[1].i, v[2].i, v[3].i, v[4].i, fault_told(v[5].s) };
		for (i = 0; i < n && !id_equal(&d[i].id, &v[0].id); i++)
			;
		if (i < n && !d[i].nmade++)
			d[i].made = &made[k];
	}
	return OK;
}

enum err delivery_list(struct tx *tx, const struct id *endpoint, const struct list_ask *ask, struct delivery **out,
	struct list_got *got)
{
	struct values head = { .n = 0 };
	struct db_val place;
	struct endpoint n;
	struct db_rows r;
	enum err e;

	values_add(&head, DB_IN(db_d(&tx->who->organization), db_d(endpoint)));
	if ((e = endpoint_get(tx, endpoint, &n)) || (e = list_place(tx, SQL_DELIVERY_PLACE, ask, 0, &place))
	 || (e = list_plain(tx, SQL_DELIVERY_PAGE_UP, &head, place.i, ask, &r, got)))
		return e;
	*out = arena_alloc(tx->arena, (got->n + 1) * sizeof **out);
	for (size_t i = 0; i < got->n; i++)
		delivery_of_row(db_row(&r, i) + WHO_COLUMNS, &(*out)[i]);
	return load_tries(tx, endpoint, *out, got->n);
}

enum err delivery_get(struct tx *tx, const struct id *endpoint, const struct id *id, struct delivery *out)
{
	const struct db_val *v;
	struct endpoint whose;
	struct db_rows r;
	enum err e;

	if ((e = endpoint_get(tx, endpoint, &whose))
	 || (e = tx_read(tx, SQL_DELIVERY_GET, DB_IN(db_d(id), db_d(endpoint), db_d(&tx->who->organization),
		db_d(&tx->who->principal)), &r)))
		return e;
	v = db_row(&r, 0) + WHO_COLUMNS;
	if (v[0].null)
		return ERR_NOT_FOUND;
	delivery_of_row(v, out);
	return load_tries(tx, endpoint, out, 1);
}

enum err delivery_again(struct tx *tx, const struct id *endpoint, const struct id *id, struct delivery *out)
{
	const struct db_val org = db_d(&tx->who->organization), *v;
	struct endpoint whose;
	enum err e;

	if ((e = lock(tx, endpoint, &whose)))
		return e;
	e = tx_row(tx, SQL_DELIVERY_LOCK, DB_IN(org, db_d(id), db_d(endpoint)), &v);
	if (e)
		return e == ERR_DB_NONE ? ERR_NOT_FOUND : e;
	if (whose.life.state != STATE_ENDPOINT_ENABLED) {
		tx->why.state = life_word(whose.life.state);
		tx->why.action = "webhook_endpoint.delivered to";
		return ERR_WRONG_STATE;
	}
	delivery_of_row(v, out);
	out->outcome = NULL;
	out->next_at = out->updated_at = tx->now;
	if ((e = db_exec_one(tx->db, SQL_DELIVERY_AGAIN, DB_IN(db_t(tx->now), db_t(tx->now), org, db_d(id)))))
		return e;
	if ((e = db_exec_one(tx->db, SQL_ENDPOINT_DUE, DB_IN(db_t(tx->now), db_t(tx->now), org, db_d(endpoint)))))
		return e;
	return load_tries(tx, endpoint, out, 1);
}
