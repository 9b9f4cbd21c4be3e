/* dom_webhook.c: webhook endpoints, and the deliveries of events to them as their owner
 * sees them.  Sending is another process's work (cli_deliver.c). */
#include "dom_webhook.h"
#include <string.h>
#include "clock.h"
#include "seal.h"
#include "str.h"

enum { SECRET_BYTES = 32 };

/* What its rows say, as far as it holds now. */
static void settle(const struct tx *tx, struct endpoint *n)
{
	n->owner.organization = n->life.organization;
	if (n->old_until <= tx->now)
		n->old_until = 0;
}

/* Those of the other format are not there. */
static enum err lock(struct tx *tx, const struct db_val *key, enum format format, struct endpoint *out)
{
	const struct db_val *v;
	enum err e = life_hold(tx, RES_ENDPOINT, key, out);

	if (e || out->format != format)
		return e ? e : ERR_NOT_FOUND;
	settle(tx, out);
	if (!(e = tx_row(tx, SQL_WHO_LOAD, DB_IN(db_d(&tx->who->organization), db_d(&out->owner.principal), db_d(&id_none)), &v)))
		out->owner.permissions = who_active(v);
	return e && e != ERR_DB_NONE ? e : life_expected(tx, &out->life);
}

/* How the secret is stored.  ERR_INTERNAL when the installation has no key. */
static enum err seal(struct tx *tx, struct endpoint *n)
{
	unsigned char *sealed;
	size_t size;

	if (!(sealed = seal_secret(tx->arena, n->secret ? n->secret : "", &size)))
		return ERR_INTERNAL;
	n->sealed = (struct bytes){ sealed, size };
	return OK;
}

/* A new secret. */
static enum err make_secret(struct tx *tx, struct endpoint *n)
{
	unsigned char random[SECRET_BYTES];

	random_bytes(random, sizeof random);
	n->secret = arena_printf(tx->arena, "whsec_%s", b64_encode(tx->arena, random, sizeof random));
	return seal(tx, n);
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
	struct id other;
	enum err e = tx_id(tx, SQL_ENDPOINT_OF_URL, DB_IN(db_d(&tx->who->organization), db_i(!n->life.test), db_s(n->url)), &other);

	if (e)
		return e == ERR_DB_NONE ? OK : e;
	why_add(tx, "url", arena_printf(tx->arena, "is already the URL of %s; change that endpoint, or delete it first", id_spell(tx->arena,
		life_resources[RES_ENDPOINT].prefix, &other)));
	return ERR_ENDPOINT_URL;
}

/* What happened before has its number and its deliveries first, so that a new endpoint hears
 * nothing of before its time, unless there is more than one transaction should do; and
 * the counter's lock makes the count of endpoints right. */
static enum err make_room(struct tx *tx)
{
	enum { BACKLOG = 500, TURNS = 10 };
	struct numbered got = { .more = true };
	int64_t there;
	enum err e = OK;

	/* Each one that is met for the first time would have all of it done again. */
	events_want(tx);
	life_want(tx, LIFE_ENDPOINT_CREATE);
	db_want(tx->db, SQL_ENDPOINT_COUNT);
	db_want(tx->db, SQL_ENDPOINT_OF_URL);
	for (int i = 0; i < TURNS && got.more && !e; i++)
		e = events_number_here(tx, &tx->who->organization, BACKLOG, &got);
	if (!e && got.more)
		return ERR_EVENTS_BEHIND;
	if (e || (e = tx_int(tx, SQL_ENDPOINT_COUNT, DB_IN(db_d(&tx->who->organization)), &there)))
		return e;
	return there < ENDPOINTS_MOST ? OK : ERR_ENDPOINT_LIMIT;
}

static enum err begin(struct tx *tx, const struct endpoint *in, struct endpoint *n)
{
	enum err e = make_room(tx);

	if (e)
		return e;
	*n = *in;
	life_begin(tx, &n->life);
	own(tx, n);
	if (!n->api_version)
		n->api_version = tx->api_version;
	return OK;
}

enum err endpoint_make(struct tx *tx, const void *in, void *out)
{
	struct endpoint *n = out;
	enum err e;

	if ((e = begin(tx, in, n)) || (e = url_free(tx, n)) || (e = metadata_merge(tx, NULL, n->metadata, &n->metadata)) || (e = make_secret(tx, n)))
		return e;
	return life_create(tx, LIFE_ENDPOINT_CREATE, &n->life, NULL);
}

static enum err get(struct tx *tx, const struct db_val *key, enum format format, struct endpoint *out)
{
	enum err e = life_read(tx, RES_ENDPOINT, key, out);

	if (e || out->format != format)
		return e ? e : ERR_NOT_FOUND;
	settle(tx, out);
	return OK;
}

enum err endpoint_get(struct tx *tx, const struct db_val *key, void *out)
{
	return get(tx, key, AS_EVENT, out);
}

enum { HIDDEN, FORMAT };
static const struct list_filter filters[] = {
	[HIDDEN] = { "hidden", " AND x.hidden = ?", "i", 0 },
	[FORMAT] = { "format", " AND x.format = ?", "i", 0 },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_path paths[] = { { .order = -1, .index = "endpoint_list" } };
const struct listing endpoints_list = { .name = "ENDPOINTS", .of = RES_ENDPOINT, .parent = RES__MAX, .sees = SEES_MODE, .filters = filters,
	.always = UINT64_C(1) << HIDDEN | UINT64_C(1) << FORMAT, .orders = list_by_id, LIST_PATHS(paths) };

static enum err list(struct tx *tx, struct list_ask *ask, enum format format, struct list_got *got)
{
	struct endpoint *all;
	enum err e;

	list_where(ask, HIDDEN, DB_IN(db_i(0)));
	list_where(ask, FORMAT, DB_IN(db_i(format)));
	if ((e = list_read(tx, ask, got)))
		return e;
	all = got->rows;
	for (size_t i = 0; i < got->n; i++)
		settle(tx, &all[i]);
	return OK;
}

enum err endpoint_list(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	return list(tx, ask, AS_EVENT, got);
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
	struct event_counter counter;
	enum err e = event_counter_lock(tx, &tx->who->organization, &counter);

	return e ? e : db_exec_one(tx->db, SQL_COUNTER_SET, DB_IN(db_i(counter.last), db_i(counter.counted), db_d(&tx->who->organization)));
}

/* What was sent of it, locked; whoever says where it is, what it listens to or how that is signed owns it. */
static enum err edited(struct tx *tx, const struct endpoint_edit *edit, enum transition t, struct endpoint *n)
{
	const bool owns = edit->url_set || edit->enabled_events_set || edit->secret_set;
	enum err e = OK;

	if (edit->name_set)
		n->name = edit->name;
	if (edit->url_set)
		n->url = edit->url;
	if (edit->description_set)
		n->description = edit->description;
	if (edit->enabled_events_set)
		n->enabled_events = edit->enabled_events;
	if (edit->metadata_set && (e = metadata_merge(tx, n->metadata, edit->metadata, &n->metadata)))
		return e;
	if (owns)
		own(tx, n);
	if ((owns || edit->name_set || edit->description_set || edit->metadata_set) && (e = life_move(tx, t, &n->life, NULL)))
		return e;
	return edit->status_set ? set_status(tx, n, edit->status) : OK;
}

enum err endpoint_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct endpoint_edit *edit = in;
	struct endpoint *n = out;
	enum err e;

	if ((edit->url_set && (e = lock_counter(tx))) || (e = lock(tx, key, AS_EVENT, n)))
		return e;
	if (edit->url_set && strcmp(edit->url, n->url)) {
		n->url = edit->url;
		if ((e = url_free(tx, n)))
			return e;
	}
	return edited(tx, edit, t, n);
}

enum err endpoint_rotate(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const int64_t *seconds = in;
	struct endpoint *n = out;
	enum err e;

	if ((e = lock(tx, key, AS_EVENT, n)))
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
	enum err e = lock(tx, key, AS_EVENT, out);

	(void)in;
	return e ? e : life_move(tx, t, out, NULL);
}

/* ---- Those that are told by name ---- */

enum err hook_make(struct tx *tx, const void *in, void *out)
{
	const struct endpoint *sent = in;
	struct endpoint *n = out;
	enum err e;

	if ((e = begin(tx, in, n)))
		return e;
	n->format = AS_NAMED;
	n->api_version = "";                     /* it has no versions */
	if ((e = seal(tx, n)) || (e = life_create(tx, LIFE_ENDPOINT_CREATE, &n->life, NULL)))
		return e;
	return sent->life.state ? set_status(tx, n, sent->life.state) : OK;
}

enum err hook_get(struct tx *tx, const struct db_val *key, void *out)
{
	return get(tx, key, AS_NAMED, out);
}

enum err hook_list(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	return list(tx, ask, AS_NAMED, got);
}

enum err hook_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct endpoint_edit *edit = in;
	struct endpoint *n = out;
	enum err e = lock(tx, key, AS_NAMED, n);

	if (e)
		return e;
	n->secret = edit->secret;
	if (edit->secret_set && (e = seal(tx, n)))
		return e;
	return edited(tx, edit, t, n);
}

enum err hook_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	enum err e = lock(tx, key, AS_NAMED, out);

	(void)in;
	return e ? e : life_move(tx, t, out, NULL);
}

/* ---- Deliveries ---- */

static const char *const faults[FAULT__MAX] = {
	[FAULT_OTHER] = "the request failed",
	[FAULT_NETWORK] = "the address is not allowed",
	[FAULT_NAME] = "the host name could not be resolved",
	[FAULT_CONNECT] = "the connection could not be made",
	[FAULT_TIME] = "no answer in time",
	[FAULT_TLS] = "the TLS handshake failed; check the certificate",
	[FAULT_CLOSED] = "the connection was closed before an answer",
	[FAULT_HTTP] = "the answer is not HTTP",
	[FAULT_SECRET] = "the endpoint has no valid secret, so nothing was sent; rotate it",
	[FAULT_EVENT] = "the endpoint does not receive events of this type, so nothing was sent",
	[FAULT_OWNER] = "the endpoint's owner can no longer read the object, so nothing was sent",
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

/* As it is shown: one that is done, or behind another of its object, has no time of its own. */
static void shown(struct delivery *d)
{
	if (d->outcome || d->next_at >= NEXT_TURN)
		d->next_at = 0;
	if (!d->outcome)
		d->outcome = "pending";
}

static void delivery_of_row(const struct db_val *v, struct delivery *out)
{
	static const struct column columns[] = MAP(DELIVERY_COLUMNS, struct delivery);

	*out = (struct delivery){ .made = NULL };
	(void)row_read(columns, RES__MAX, v + 1, out);
	shown(out);
}

/* The attempts of `n` deliveries of one endpoint. */
static enum err load_tries(struct tx *tx, const struct id *endpoint, struct delivery *d, size_t n)
{
	static const struct column map[] = PICK_MAP(TRY_PICK, struct delivery_try);
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
	made = row_array(tx->arena, &r, map, sizeof *made);
	for (size_t k = 0, i; k < r.n; k++) {        /* those of one delivery stand together */
		made[k].error = fault_told(made[k].error);
		for (i = 0; i < n && !id_equal(&d[i].id, &made[k].delivery); i++)
			;
		if (i < n && !d[i].nmade++)
			d[i].made = &made[k];
	}
	return OK;
}

static const struct column delivery_columns[] = MAP(DELIVERY_COLUMNS, struct delivery);
static const struct list_order by_sequence[] = { { "created", { { "sequence", 'i', false, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_path delivery_paths[] = { { .order = -1, .index = "delivery_by_number" } };
const struct listing deliveries_list = { .name = "DELIVERIES", .of = RES__MAX, .parent = RES__MAX, .sees = SEES_ALL, .link = " AND x.endpoint_id = ?",
	.table = "deliveries", .text = ROW(DELIVERY_COLUMNS, "x"), .out = ROW_OUT(DELIVERY_COLUMNS), .maps = { delivery_columns },
	.size = sizeof(struct delivery), .id_at = offsetof(struct delivery, id), .prefix = "del_", .orders = by_sequence, LIST_PATHS(delivery_paths),
	.mode = "(SELECT w.livemode FROM webhook_endpoints w WHERE w.organization_id = x.organization_id AND w.id = x.endpoint_id)" };

enum err delivery_list(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	struct delivery *all;
	struct endpoint n;
	enum err e;

	if ((e = endpoint_get(tx, BY_ID(&ask->parent), &n)) || (e = list_read(tx, ask, got)))
		return e;
	all = got->rows;
	for (size_t i = 0; i < got->n; i++)
		shown(&all[i]);
	return load_tries(tx, &ask->parent, all, got->n);
}

enum err deliveries_by_day(struct tx *tx, int64_t since, struct delivered **out, size_t *n, bool *cut)
{
	static const struct column map[] = PICK_MAP(DELIVERED_PICK, struct delivered);
	const struct id first = id_first(since);
	struct db_rows r;
	int64_t all = 0;
	enum err e = tx_query(tx, SQL_DELIVERED, DB_IN(db_d(&tx->who->organization), db_d(&first), db_i(DELIVERIES_COUNTED)), &r);

	*n = e ? 0 : r.n;
	*out = e ? NULL : row_array(tx->arena, &r, map, sizeof **out);
	for (size_t i = 0; i < *n; i++)
		all += (*out)[i].count;
	*cut = all == DELIVERIES_COUNTED;
	return e;
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
	if (!(v = row_own(db_row(&r, 0))))
		return ERR_NOT_FOUND;
	delivery_of_row(v, out);
	return load_tries(tx, endpoint, out, 1);
}

enum err delivery_again(struct tx *tx, const struct id *endpoint, const struct id *id, struct delivery *out)
{
	const struct db_val org = db_d(&tx->who->organization), *v;
	struct endpoint whose;
	enum err e;

	if ((e = lock(tx, BY_ID(endpoint), AS_EVENT, &whose)))
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
