/* dom_webhook.c: webhook endpoints, and the deliveries of events to them as their owner
 * sees them.  Sending is another process's work (cli_deliver.c). */
#include "dom_webhook.h"
#include <string.h>
#include <openssl/evp.h>
#include "clock.h"
#include "seal.h"

enum { SECRET_BYTES = 32 };

/* What its rows say, as far as it holds now. */
static void settle(const struct tx *tx, struct endpoint *n)
{
	n->owner.organization = n->life.organization;
	if (n->old_until <= tx->now)
		n->old_until = 0;
}

static enum err lock(struct tx *tx, const struct db_val *key, struct endpoint *out)
{
	const struct db_val *v;
	enum err e = life_hold(tx, RES_ENDPOINT, key, out);

	if (e)
		return e;
	settle(tx, out);
	if (!(e = tx_row(tx, SQL_WHO_LOAD, DB_IN(db_d(&tx->who->organization), db_d(&out->owner.principal), db_d(&(struct id){ { 0 } })), &v)))
		out->owner.permissions = who_active(v);
	return e && e != ERR_DB_NONE ? e : life_expected(tx, &out->life);
}

/* A new secret, and how it is stored.  ERR_INTERNAL when the installation has no key. */
static enum err make_secret(struct tx *tx, struct endpoint *n)
{
	unsigned char random[SECRET_BYTES], text[2 * SECRET_BYTES], *sealed;
	size_t size;

	random_bytes(random, sizeof random);
	(void)EVP_EncodeBlock(text, random, sizeof random);
	n->secret = arena_printf(tx->arena, "whsec_%s", (const char *)text);
	if (!(sealed = seal_secret(tx->arena, n->secret, &size)))
		return ERR_INTERNAL;
	n->sealed = (struct bytes){ sealed, size };
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

enum err endpoint_make(struct tx *tx, const void *in, void *out)
{
	struct endpoint *n = out;
	enum err e;

	if ((e = make_room(tx)))
		return e;
	*n = *(const struct endpoint *)in;
	life_begin(tx, &n->life);
	own(tx, n);
	if (!n->api_version)
		n->api_version = tx->api_version;
	if ((e = url_free(tx, n)) || (e = metadata_merge(tx, NULL, n->metadata, &n->metadata)) || (e = make_secret(tx, n)))
		return e;
	return life_create(tx, LIFE_ENDPOINT_CREATE, &n->life, NULL);
}

enum err endpoint_get(struct tx *tx, const struct db_val *key, void *out)
{
	enum err e = life_read(tx, RES_ENDPOINT, key, out);

	if (!e)
		settle(tx, out);
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
		const struct db_val *v = life_take(RES_ENDPOINT, db_row(&r, i) + WHO_COLUMNS, &(*out)[i]);

		(void)row_read(life_resources[RES_ENDPOINT].seen, RES_ENDPOINT, v, &(*out)[i]);
		settle(tx, &(*out)[i]);
	}
	return OK;
}

static enum err set_status(struct tx *tx, struct endpoint *n, enum state to)
{
	if (to == n->life.state)
		return OK;
	if (to == STATE_ENDPOINT_DISABLED)
		return life_move(tx, LIFE_ENDPOINT_DISABLE, &n->life, NULL);
	n->failing_since = 0;                    /* it begins anew */
	own(tx, n);
	return life_move(tx, LIFE_ENDPOINT_ENABLE, &n->life, NULL);
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

enum err endpoint_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct endpoint_edit *edit = in;
	struct endpoint *n = out;
	bool moved;
	enum err e;

	if ((edit->url_set && (e = lock_counter(tx))) || (e = lock(tx, key, n)))
		return e;
	moved = edit->url_set && strcmp(edit->url, n->url);
	if (edit->url_set)
		n->url = edit->url;
	if (moved && (e = url_free(tx, n)))
		return e;
	if (edit->description_set)
		n->description = edit->description;
	if (edit->enabled_events_set)
		n->enabled_events = edit->enabled_events;
	if (edit->metadata_set && (e = metadata_merge(tx, n->metadata, edit->metadata, &n->metadata)))
		return e;
	if (edit->url_set || edit->enabled_events_set)
		own(tx, n);
	if ((edit->url_set || edit->description_set || edit->enabled_events_set || edit->metadata_set) && (e = life_move(tx, t, &n->life, NULL)))
		return e;
	return edit->status_set ? set_status(tx, n, edit->status) : OK;
}

enum err endpoint_rotate(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const int64_t *seconds = in;
	struct endpoint *n = out;
	enum err e;

	if ((e = lock(tx, key, n)))
		return e;
	n->old_sealed = n->sealed;
	if ((e = make_secret(tx, n)))
		return e;
	own(tx, n);                              /* who has the secret could sign what it may not read */
	n->old_until = tx->now + *seconds * SECOND;
	e = life_move(tx, t, &n->life, NULL);
	settle(tx, n);
	return e;
}

enum err endpoint_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	enum err e = lock(tx, key, out);

	(void)in;
	return e ? e : life_move(tx, t, out, NULL);
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
	static const struct column columns[] = MAP(DELIVERY_COLUMNS, struct delivery);

	*out = (struct delivery){ .made = NULL };
	(void)row_read(columns, RES__MAX, v + 1, out);
	if (out->outcome || out->next_at >= NEXT_TURN)
		out->next_at = 0;
	if (!out->outcome)
		out->outcome = "pending";
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
	if ((e = endpoint_get(tx, BY_ID(endpoint), &n)) || (e = list_place(tx, SQL_DELIVERY_PLACE, ask, 0, &place))
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

	if ((e = endpoint_get(tx, BY_ID(endpoint), &whose))
	 || (e = tx_read(tx, SQL_DELIVERY_GET, DB_IN(db_d(id), db_d(endpoint), db_d(&tx->who->organization),
		db_d(&tx->who->principal)), &r)))
		return e;
	v = db_row(&r, 0) + WHO_COLUMNS;
	if (v->null)
		return ERR_NOT_FOUND;
	delivery_of_row(v, out);
	return load_tries(tx, endpoint, out, 1);
}

enum err delivery_again(struct tx *tx, const struct id *endpoint, const struct id *id, struct delivery *out)
{
	const struct db_val org = db_d(&tx->who->organization), *v;
	struct endpoint whose;
	enum err e;

	if ((e = lock(tx, BY_ID(endpoint), &whose)))
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
	out->outcome = "pending";
	out->next_at = out->updated_at = tx->now;
	if ((e = db_exec_one(tx->db, SQL_DELIVERY_AGAIN, DB_IN(db_t(tx->now), db_t(tx->now), org, db_d(id)))))
		return e;
	if ((e = db_exec_one(tx->db, SQL_ENDPOINT_DUE, DB_IN(db_t(tx->now), db_t(tx->now), org, db_d(endpoint)))))
		return e;
	return load_tries(tx, endpoint, out, 1);
}
