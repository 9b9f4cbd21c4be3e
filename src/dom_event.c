/* dom_event.c: events.  The row is written by the change itself (outbox.c); its number is
 * given here, once it is committed: AUTO_INCREMENT is not the order of commits, and a
 * reader who counts on numbers must never find one added behind him.  Whoever numbers
 * holds the organization's counter, and makes the deliveries in the same transaction.
 * An event is told to whoever may read its object: the caller, the owner of an endpoint.
 * The totals of lists follow the numbers (object_counts). */
#include "dom_webhook.h"
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "dom_kept.h"
#include "str.h"

static const struct column event_columns[] = { EVENT_COLUMNS(COL_MAP, struct event) { ROW_i, offsetof(struct event, pending) }, { ROW_END, 0 } };

const struct db_val *event_of_row(const struct db_val *v, struct event *out)
{
	return row_read(event_columns, RES__MAX, v + 1, out);
}

/* ---- Who may hear of it ---- */

/* Of OBJECT_SEEN (sql.def). */
static int64_t reach(const struct who *who)
{
	return who_acts_as_admin(who) ? 2 : who_sees_model(who, false, 0);
}

void values_seen(struct values *in, const struct who *who)
{
	const struct db_val reaches = db_i(reach(who)), me = db_d(&who->principal);

	values_add(in, DB_IN(reaches, me, me, reaches, me));
}

static bool reads(const struct who *who, enum resource r)
{
	enum perm perm = r < RES__MAX ? life_resources[r].reads : PERM_INVALID;

	return who->permissions && perm && !who_can(who, (struct ask){ .perm = perm });
}

static bool is_test(const char *type)
{
	return !strcmp(type, life_transitions[LIFE_ENDPOINT_TEST].audit);
}

bool event_heard(const struct who *owner, const char *type, const char *resource_type)
{
	return is_test(type) ? owner->permissions != NULL : reads(owner, life_kind(resource_type));
}

const char *event_permissions(struct arena *a, const struct who *who)
{
	struct json *list = js_array(a);

	for (int p = PERM_MEMBER + 1; p < PERM__MAX; p++) {
		int r = 0;

		while (r < RES__MAX && life_resources[r].reads != (enum perm)p)
			r++;
		if (reads(who, r))
			js_add(list, js_string(a, perm_word(p)));
	}
	return js_text(list, NULL);
}

/* ---- Reading ---- */

enum err event_get(struct tx *tx, const struct id *id, struct event *out)
{
	const struct db_val *v;
	struct db_rows r;
	enum resource kind;
	enum err e = tx_read(tx, SQL_EVENT_GET, DB_IN(db_d(id), db_d(&tx->who->organization), db_d(&tx->who->principal)), &r);

	if (e)
		return e;
	if (!(v = row_own(db_row(&r, 0))))
		return ERR_NOT_FOUND;
	v = event_of_row(v, out);
	if (!who_sees(tx->who, !out->test))
		return ERR_NOT_FOUND;
	if ((e = who_may(tx->who, tx->ask)))
		return e;
	kind = life_kind(out->resource_type);
	return reads(tx->who, kind) && (v->i || reach(tx->who) >= (kind == RES_TOKEN ? 2 : 1)) ? OK : ERR_NOT_FOUND;
}

/* The kind of objects that events of a type are of; RES__MAX: there is no such type. */
static enum resource kind_of(const char *type)
{
	for (int t = 0; t < LIFE__MAX; t++)
		if (life_transitions[t].flags & TOLD && !strcmp(life_transitions[t].audit, type))
			return life_transitions[t].resource;
	return RES__MAX;
}

static const struct list_filter filters[] = {
	[EVENTS_SEEN] = { "seen", " AND " OBJECT_SEEN("?", "?"), OBJECT_SEEN_IN, 0 },
	[EVENTS_TYPE] = { "type", " AND x.type = ?", "a", 0 },
	[EVENTS_KIND] = { "kind", " AND x.resource_type = ?", "a", 0 },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_order by_number[] = { { "created", { { "sequence", 'i', false, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_path paths[] = {
	{ .filters = UINT64_C(1) << EVENTS_TYPE, .order = -1, .index = "outbox_by_type" },
	{ .filters = UINT64_C(1) << EVENTS_KIND, .order = -1, .index = "outbox_by_kind" },
	{ .order = -1, .index = "outbox_list" },
};
/* Of those that have a number: a place is a number. */
const struct listing events_list = { .name = "EVENTS", .of = RES__MAX, .kind = "event", .parent = RES__MAX, .sees = SEES_MODE, .table = "outbox", .text = EVENT_COLS,
	.out = EVENT_OUT, .maps = { event_columns }, .size = sizeof(struct event), .id_at = offsetof(struct event, id), .prefix = "evt_", .filters = filters, .always = UINT64_C(1) << EVENTS_SEEN,
	.orders = by_number, LIST_PATHS(paths),
	.place = " AND x.sequence IS NOT NULL" };

/* What a page of several kinds is put together from: the nearest to the cursor first. */
struct merge { struct event *event[RES__MAX * (LIST_MOST + 1)]; size_t n; int64_t horizon; bool up, more; };

static bool nearer(const struct merge *m, int64_t a, int64_t b)
{
	return m->up ? a < b : a > b;
}

static void merge_add(struct merge *m, struct event *event)
{
	size_t i = m->n++;

	for (; i && nearer(m, event->sequence, m->event[i - 1]->sequence); i--)
		m->event[i] = m->event[i - 1];
	m->event[i] = event;
}

/* How many of them are the page: as many as were asked for, as go into a page's bytes (one at
 * least), and none behind the last row of a kind that has more. */
static size_t merged(const struct merge *m, int64_t limit)
{
	int64_t bytes = 0;
	size_t n = 0;

	for (; n < m->n && n < (size_t)limit && !nearer(m, m->horizon, m->event[n]->sequence); n++) {
		bytes += (int64_t)strlen(m->event[n]->payload);
		if (n && conf.page_bytes_limit && bytes > conf.page_bytes_limit)
			break;
	}
	return n;
}

static void seen(struct tx *tx, struct list_ask *ask)
{
	const struct db_val all = db_i(reach(tx->who)), me = db_d(&tx->who->principal);

	list_where(ask, EVENTS_SEEN, DB_IN(all, me, me, all, me));
	/* From the first number on: what has none is not in the list. */
	if (!ask->place[0].t && id_is_zero(&ask->after) && id_is_zero(&ask->before))
		ask->place[0] = db_i(ask->flip ? INT64_MAX : 0);
}

/* A kind at a time, each along its index: what the caller may not read is not walked over. */
static enum err list_kinds(struct tx *tx, const struct list_ask *wanted, struct merge *m, struct list_got *got)
{
	m->up = wanted->flip == !id_is_zero(&wanted->before);
	m->horizon = m->up ? INT64_MAX : 0;
	for (int kind = 0; kind < RES__MAX; kind++) {
		struct list_ask ask = *wanted;
		struct event *all;
		enum err e;

		if (!reads(tx->who, kind))
			continue;
		list_where(&ask, EVENTS_KIND, DB_IN(db_s(life_resources[kind].word)));
		if ((e = list_read(tx, &ask, got)))
			return e;
		all = got->rows;
		for (size_t i = 0; i < got->n; i++)
			merge_add(m, &all[i]);
		if (got->more && got->n) {
			int64_t last = all[got->back ? 0 : got->n - 1].sequence;

			if (nearer(m, last, m->horizon))
				m->horizon = last;
		}
		m->more |= got->more;
	}
	got->n = merged(m, wanted->limit);
	got->more = m->more || got->n < m->n;
	got->back = !id_is_zero(&wanted->before);
	return OK;
}

static bool reads_all(const struct who *who)
{
	for (int r = 0; r < RES__MAX; r++)
		if (life_resources[r].reads && !reads(who, r))
			return false;
	return true;
}

/* Batch by batch, for a second at the most: the events that nobody has numbered yet. */
static enum err number_now(struct tx *tx)
{
	enum { BATCH = 500 };
	const int64_t until = clock_mono() + SECOND;
	struct numbered got;
	struct db_rows r;
	enum err e = tx_query(tx, SQL_EVENTS_NEW, DB_IN(db_d(&tx->who->organization), db_i(1)), &r);

	if (e || !r.n)
		return e;
	do
		e = events_number(tx, &tx->who->organization, BATCH, &got);
	while (!e && got.more && clock_mono() < until);
	return e == ERR_CONTENTION ? OK : e;
}

enum err event_list(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	const struct db_val *type = list_value(ask, EVENTS_TYPE);
	struct event *page;
	struct merge *m;
	enum err e;

	/* What there is to hear of depends on a role that a sign-in does not know yet. */
	*got = (struct list_got){ .n = 0 };
	if ((e = tx_settle(tx)) || (e = who_may(tx->who, tx->ask)) || (e = number_now(tx)) || (e = list_placed(tx, ask))
	 || (type && !reads(tx->who, kind_of(type->s))))
		return e;
	seen(tx, ask);
	if (type || reads_all(tx->who)) {
		if ((e = list_read(tx, ask, got)))
			return e;
		page = got->rows;
	} else {
		m = ARENA_NEW(tx->arena, struct merge);
		if ((e = list_kinds(tx, ask, m, got)))
			return e;
		got->rows = page = arena_alloc(tx->arena, (got->n + 1) * sizeof *page);
		for (size_t i = 0; i < got->n; i++)
			page[i] = *m->event[got->back ? got->n - 1 - i : i];
	}
	for (size_t i = 0; i < got->n; i++)
		page[i].api_version = tx->api_version;
	return OK;
}

/* ---- Numbering ---- */

bool event_matches(const char *p, const char *type)
{
	size_t n = strlen(p);

	return !strcmp(p, "*") || !strcmp(p, type) || (n > 2 && !strcmp(p + n - 2, ".*") && !strncmp(p, type, n - 1));
}

static bool listed(const struct json *patterns, const char *type)
{
	for (size_t i = 0; i < js_length(patterns); i++)
		if (event_matches(js_str(js_at(patterns, i)), type))
			return true;
	return false;
}

bool event_wanted(struct arena *a, const char *patterns, const char *type)
{
	return listed(js_read(a, patterns), type);
}

/* An endpoint that listens, and whose rights it has; wanted: its patterns, read. */
struct listener { struct id id; bool test; int64_t format; const char *patterns; struct json *wanted; struct who owner; };

static struct listener listener(struct arena *a, const struct id *organization, const struct db_val *v)
{
	static const struct column columns[] = { LISTENER_COLUMNS(COL_MAP, struct listener)
		{ ROW_s, offsetof(struct listener, owner.permissions) }, { ROW_END, 0 } };
	struct listener l = { .owner.organization = *organization };

	(void)row_read(columns, RES__MAX, v + 1, &l);
	l.wanted = js_read(a, l.patterns);
	return l;
}

/* An event to be numbered.  follows: its object's event before has no number either; prompt: is that one?  place: where its
 * time puts it. */
struct fresh { struct id id, resource; const char *type, *resource_type; int64_t revision; bool test, follows, prompt; size_t place; };
struct batch { struct fresh *v; size_t n; bool more; };          /* more: others may be left */

static struct batch fresh_of_rows(struct arena *a, const struct db_rows *r)
{
	static const struct column columns[] = { NEW_EVENT(COL_MAP, struct fresh) { ROW_b, offsetof(struct fresh, follows) }, { ROW_b, offsetof(struct fresh, prompt) },
		{ ROW_END, 0 } };
	struct fresh *all = arena_alloc(a, (r->n + 1) * sizeof *all);

	for (size_t i = 0; i < r->n; i++) {
		(void)row_read(columns, RES__MAX, db_row(r, i) + 1, &all[i]);
		all[i].place = i;
	}
	return (struct batch){ .v = all, .n = r->n };
}

/* A test event is for the endpoint it is about, whatever that listens to. */
static bool due_to(struct arena *a, const struct fresh *event, const struct listener *l)
{
	if (event->test != l->test || !event_heard(&l->owner, event->type, event->resource_type))
		return false;
	if (is_test(event->type))
		return l->format == AS_EVENT && id_equal(&event->resource, &l->id);
	return listed(l->wanted, l->format == AS_NAMED ? kept_type(a, event->type, event->prompt) : event->type);
}

static int of_objects(const struct fresh *a, const struct fresh *b)
{
	const int d = memcmp(a->resource.b, b->resource.b, ID_BYTES);

	return d ? d : strcmp(a->resource_type, b->resource_type);
}

static int by_revision(const void *x, const void *y)
{
	const struct fresh *a = x, *b = y;
	const int d = of_objects(a, b);

	return d ? d : a->revision < b->revision ? -1 : a->revision > b->revision;
}

static int by_place(const void *x, const void *y)
{
	const struct fresh *a = x, *b = y;

	return a->place != b->place ? (a->place < b->place ? -1 : 1) : by_revision(a, b);
}

/* In the order of time, but of one object the lower revision first: clocks of several nodes may
 * disagree, revisions do not.  Gives one that must not go before one of its object's that is
 * not among them; NULL: there is none. */
static const struct fresh *in_order(struct batch *all)
{
	struct fresh *v = all->v;
	const struct fresh *early = NULL;

	qsort(v, all->n, sizeof *v, by_revision);
	for (size_t i = 0; i < all->n && !early; i++) {
		const bool again = i && !of_objects(&v[i - 1], &v[i]);

		if (v[i].follows && !(again && v[i - 1].revision == v[i].revision - 1))
			early = &v[i];
		if (again && v[i].place < v[i - 1].place)
			v[i].place = v[i - 1].place;
	}
	if (!early)
		qsort(v, all->n, sizeof *v, by_place);
	return early;
}

/* What is to be numbered next: the oldest, or those of one object alone where the clocks of
 * its changes disagree by more than the batch. */
static enum err next_batch(struct tx *tx, const struct id *organization, int64_t most, struct batch *out)
{
	const struct db_val org = db_d(organization);
	const struct fresh *v;
	struct db_rows r;
	enum err e = db_query(tx->db, tx->arena, SQL_EVENTS_NEW, DB_IN(org, db_i(most)), &r);

	if (e)
		return e;
	*out = fresh_of_rows(tx->arena, &r);
	out->more = r.n == (size_t)most;
	if (!(v = in_order(out)))
		return OK;
	e = db_query(tx->db, tx->arena, SQL_EVENTS_NEW_OF, DB_IN(org, db_s(v->resource_type), db_d(&v->resource), db_i(most)), &r);
	if (!e) {
		*out = fresh_of_rows(tx->arena, &r);
		out->more = true;
		(void)in_order(out);
	}
	return e;
}

/* Its row for FRESH (sql.def), without the end; nth: the number that it gets, behind the last one that was given. */
static void row_of(struct buf *b, const struct fresh *event, size_t nth)
{
	char id[ID_HEX + 1];

	hex_encode(event->id.b, ID_BYTES, id);
	buf_printf(b, "%s[\"%s\",%zu", b->n ? "," : "[", id, nth);
}

/* The numbers after `last`, one after the other. */
static enum err give_numbers(struct tx *tx, const struct id *organization, const struct batch *events, int64_t last, bool told)
{
	struct buf rows = { .arena = tx->arena };

	for (size_t i = 0; i < events->n; i++) {
		row_of(&rows, &events->v[i], i + 1);
		buf_puts(&rows, "]");
	}
	buf_puts(&rows, "]");
	return !events->n ? OK : db_exec_rows(tx->db, SQL_EVENTS_NUMBER, DB_IN(db_s(rows.p), db_d(organization), db_i(last), db_i(told)), events->n);
}

/* The deliveries to an endpoint of those events that are due to it. */
static enum err deliver_to(struct tx *tx, const struct listener *l, const struct batch *events, int64_t last, bool *told)
{
	const struct db_val endpoint = db_d(&l->id), org = db_d(&l->owner.organization), now = db_t(tx->now);
	struct buf rows = { .arena = tx->arena };
	struct values in = { .n = 0 };
	enum err e;

	for (size_t i = 0; i < events->n; i++) {
		struct id id;
		char text[ID_HEX + 1];

		if (!due_to(tx->arena, &events->v[i], l))
			continue;
		id_new(tx->now, &id);
		hex_encode(id.b, ID_BYTES, text);
		row_of(&rows, &events->v[i], i + 1);
		buf_printf(&rows, ",\"%s\"]", text);
	}
	if (!rows.n)
		return OK;
	buf_puts(&rows, "]");
	*told = true;
	/* The endpoint's row before its deliveries, as everybody else locks them. */
	if ((e = db_exec_one(tx->db, SQL_ENDPOINT_DUE, DB_IN(now, now, org, endpoint))))
		return e;
	values_add(&in, DB_IN(endpoint, db_i(last), endpoint, db_t(NEXT_TURN), now, now, now, db_s(rows.p), org));
	values_seen(&in, &l->owner);
	return db_exec(tx->db, SQL_DELIVERIES_ADD, in.v, in.n, NULL);
}

enum { FANOUT_MOST = 1000, FOLD_MOST = 2000 };
_Static_assert(FANOUT_MOST > (int)ENDPOINTS_MOST, "an event at a time at least");

/* What events changed is added to the totals, from where these end: also what a release
 * numbered that knows of none, and no more than so many at once. */
static enum err fold(struct tx *tx, const struct id *organization, int64_t last, int64_t *counted)
{
	int64_t upto = last - *counted < FOLD_MOST ? last : *counted + FOLD_MOST;
	enum err e = OK;

	if (upto > *counted)
		e = db_exec(tx->db, SQL_COUNTS_FOLD, DB_IN(db_d(organization), db_i(*counted), db_i(upto)), NULL);
	*counted = upto;
	return e;
}

enum err event_counter_lock(struct tx *tx, const struct id *organization, struct event_counter *out)
{
	static const struct column columns[] = PICK_MAP(COUNTER_PICK, struct event_counter);
	const struct db_val org = db_d(organization);
	enum err e = tx_one(tx, SQL_COUNTER_LOCK, DB_IN(org), columns, out);

	if (e != ERR_DB_NONE)
		return e;
	e = db_exec(tx->db, SQL_COUNTER_ADD, DB_IN(org), NULL);
	return e ? e : tx_one(tx, SQL_COUNTER_LOCK, DB_IN(org), columns, out);
}

void events_want(struct tx *tx)
{
	static const enum sql all[] = { SQL_COUNTER_ADD, SQL_COUNTER_LOCK, SQL_EVENTS_NEW, SQL_EVENTS_NEW_OF, SQL_ENDPOINTS_LISTENING, SQL_EVENTS_NUMBER,
		SQL_DELIVERIES_ADD, SQL_ENDPOINT_DUE, SQL_COUNTS_FOLD, SQL_COUNTER_SET };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		db_want(tx->db, all[i]);
}

enum err events_number_here(struct tx *tx, const struct id *organization, int64_t most, struct numbered *out)
{
	const struct db_val org = db_d(organization);
	struct db_rows endpoints;
	struct batch events;
	struct event_counter counter;
	bool told = false;
	enum err e;

	*out = (struct numbered){ .n = 0 };
	/* The endpoints behind the events: one that listens since before an event is among them. */
	if ((e = event_counter_lock(tx, organization, &counter)) || (e = next_batch(tx, organization, most, &events))
	 || (e = db_query(tx->db, tx->arena, SQL_ENDPOINTS_LISTENING, DB_IN(org), &endpoints)))
		return e;
	/* So many deliveries in one transaction, whatever they come of. */
	if (endpoints.n && events.n > FANOUT_MOST / endpoints.n) {
		events.n = FANOUT_MOST / endpoints.n;
		events.more = true;
	}
	for (size_t k = 0; k < endpoints.n && !e; k++) {
		const struct listener l = listener(tx->arena, organization, db_row(&endpoints, k));

		e = deliver_to(tx, &l, &events, counter.last, &told);
	}
	if (e || (e = give_numbers(tx, organization, &events, counter.last, told)))
		return e;
	counter.last += (int64_t)events.n;
	if (!(e = fold(tx, organization, counter.last, &counter.counted)))
		e = db_exec_one(tx->db, SQL_COUNTER_SET, DB_IN(db_i(counter.last), db_i(counter.counted), org));
	if (!e)
		*out = (struct numbered){ events.n, events.more };
	return e;
}

struct numbering { struct tx *tx; struct id organization; int64_t most; struct numbered got; };

static enum err number_work(void *arg)
{
	struct numbering *w = arg;

	return events_number_here(w->tx, &w->organization, w->most, &w->got);
}

enum err events_number(struct tx *tx, const struct id *organization, int64_t most, struct numbered *out)
{
	struct numbering w = { .tx = tx, .organization = *organization, .most = most };
	enum err e;

	events_want(tx);
	e = tx_run(tx, number_work, NULL, &w);
	if (e)
		w.got = (struct numbered){ .n = 0 };
	*out = w.got;
	return e;
}
