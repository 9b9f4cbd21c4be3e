/* dom_event.c: events.  The row is written by the change itself (outbox.c); its number is
 * given here, once it is committed: AUTO_INCREMENT is not the order of commits, and a
 * reader who counts on numbers must never find one added behind him.  Whoever numbers
 * holds the organization's counter, and makes the deliveries in the same transaction.
 * An event is told to whoever may read its object: the caller, the owner of an endpoint.
 * The totals of lists follow the numbers (object_counts). */
#include "dom_webhook.h"
#include <string.h>
#include "conf.h"

static int64_t num(const struct db_val *v) { return v->null ? 0 : v->i; }

void event_of_row(const struct db_val *v, struct event *out)
{
	*out = (struct event){ .id = v[0].id, .at = v[1].i, .type = v[2].s, .payload = v[3].s, .sequence = num(&v[4]),
		.test = !v[5].i, .request_id = v[6].s, .idempotency_key = v[7].s, .agent = v[9].s, .pending = v[11].i };
	if (!v[8].null)
		out->human = v[8].id;
	if (!v[10].null)
		out->token = v[10].id;
}

/* ---- Who may hear of it ---- */

/* Of OBJECT_SEEN (sql.def). */
static int64_t reach(const struct who *who)
{
	return who_acts_as_admin(who) ? 2 : who_sees_model(who, false, 0);
}

void values_seen(struct values *in, const struct who *who)
{
	for (int i = 0; i < 2; i++)
		values_add(in, DB_IN(db_i(reach(who)), db_d(&who->principal)));
}

static bool reads(const struct who *who, enum resource r)
{
	enum perm perm = r < RES__MAX ? life_resources[r].reads : PERM_INVALID;

	return who->permissions && perm && !who_may(who, (struct ask){ .perm = perm });
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
	v = db_row(&r, 0) + WHO_COLUMNS;
	if (v[0].null || !who_sees(tx->who, v[5].i))
		return ERR_NOT_FOUND;
	if ((e = who_may(tx->who, tx->ask)))
		return e;
	kind = life_kind(v[EVENT_COLUMNS].s);
	if (!reads(tx->who, kind) || (!v[EVENT_COLUMNS + 1].i && reach(tx->who) < (kind == RES_TOKEN ? 2 : 1)))
		return ERR_NOT_FOUND;
	event_of_row(v, out);
	return OK;
}

/* The kind of objects that events of a type are of; RES__MAX: there is no such type. */
static enum resource kind_of(const char *type)
{
	for (int t = 0; t < LIFE__MAX; t++)
		if (life_transitions[t].event & TOLD && !strcmp(life_transitions[t].audit, type))
			return life_transitions[t].resource;
	return RES__MAX;
}

enum { ROW_PAYLOAD = WHO_COLUMNS + 3, ROW_SEQUENCE };  /* of EVENT_COLS (sql.def) */

/* What a page of several kinds is put together from: their rows, the nearest to the cursor first. */
struct merge { const struct db_val *row[RES__MAX * (LIST_MOST + 1)]; size_t n; int64_t horizon; bool up, more; };

static bool nearer(const struct merge *m, int64_t a, int64_t b)
{
	return m->up ? a < b : a > b;
}

static void merge_add(struct merge *m, const struct db_val *row)
{
	size_t i = m->n++;

	for (; i && nearer(m, row[ROW_SEQUENCE].i, m->row[i - 1][ROW_SEQUENCE].i); i--)
		m->row[i] = m->row[i - 1];
	m->row[i] = row;
}

/* How many of them are the page: as many as were asked for, as go into a page's bytes (one at
 * least), and none behind the last row of a kind that has more. */
static size_t merged(const struct merge *m, int64_t limit)
{
	int64_t bytes = 0;
	size_t n = 0;

	for (; n < m->n && n < (size_t)limit && !nearer(m, m->horizon, m->row[n][ROW_SEQUENCE].i); n++) {
		bytes += (int64_t)m->row[n][ROW_PAYLOAD].n;
		if (n && conf.page_bytes_limit && bytes > conf.page_bytes_limit)
			break;
	}
	return n;
}

/* A kind at a time, each along its index: what the caller may not read is not walked over. */
static enum err list_kinds(struct tx *tx, int64_t place, const struct list_ask *ask, struct merge *m, struct list_got *got)
{
	m->up = ask->up != !id_is_zero(&ask->before);
	m->horizon = m->up ? INT64_MAX : 0;
	for (int kind = 0; kind < RES__MAX; kind++) {
		struct values head = { .n = 0 };
		struct db_rows r;
		enum err e;

		if (!reads(tx->who, kind))
			continue;
		values_add(&head, DB_IN(db_d(&tx->who->organization), db_i(0), db_s(life_resources[kind].word)));
		values_seen(&head, tx->who);
		if ((e = list_by_number(tx, SQL_EVENT_PAGE_K_UP, &head, 1, place, ask, &r, got)))
			return e;
		for (size_t i = 0; i < r.n; i++)
			merge_add(m, db_row(&r, i));
		if (got->more && r.n) {
			int64_t last = db_row(&r, got->back ? 0 : r.n - 1)[ROW_SEQUENCE].i;

			if (nearer(m, last, m->horizon))
				m->horizon = last;
		}
		m->more |= got->more;
	}
	got->n = merged(m, ask->limit);
	got->more = m->more || got->n < m->n;
	got->back = !id_is_zero(&ask->before);
	return OK;
}

static bool reads_all(const struct who *who)
{
	for (int r = 0; r < RES__MAX; r++)
		if (life_resources[r].reads && !reads(who, r))
			return false;
	return true;
}

enum err event_list(struct tx *tx, const char *type, const struct list_ask *ask, struct event **out, struct list_got *got)
{
	struct values head = { .n = 0 };
	struct db_val place;
	struct merge *m = NULL;
	struct db_rows r;
	enum err e;

	/* What there is to hear of depends on a role that a sign-in does not know yet. */
	*got = (struct list_got){ .n = 0 };
	*out = NULL;
	if ((e = tx_settle(tx)) || (e = who_may(tx->who, tx->ask)) || (e = list_place(tx, SQL_EVENT_PLACE, ask, 0, &place))
	 || (type && !reads(tx->who, kind_of(type))))
		return e;
	if (!type && !reads_all(tx->who)) {
		m = ARENA_NEW(tx->arena, struct merge);
		if ((e = list_kinds(tx, place.i, ask, m, got)))
			return e;
	} else {
		values_add(&head, DB_IN(db_d(&tx->who->organization), db_i(0)));
		if (type)
			values_add(&head, DB_IN(db_s(type)));
		values_seen(&head, tx->who);
		if ((e = list_by_number(tx, type ? SQL_EVENT_PAGE_T_UP : SQL_EVENT_PAGE_UP, &head, 1, place.i, ask, &r, got)))
			return e;
	}
	*out = arena_alloc(tx->arena, (got->n + 1) * sizeof **out);
	for (size_t i = 0; i < got->n; i++)
		event_of_row((m ? m->row[got->back ? got->n - 1 - i : i] : db_row(&r, i)) + WHO_COLUMNS, &(*out)[i]);
	return OK;
}

/* ---- Numbering ---- */

bool event_wanted(struct arena *a, const char *patterns, const char *type)
{
	struct json *list = js_read(a, patterns);

	for (size_t i = 0; i < js_length(list); i++) {
		const char *p = js_str(js_at(list, i));
		size_t n = strlen(p);

		if (!strcmp(p, "*") || !strcmp(p, type) || (n > 2 && !strcmp(p + n - 2, ".*") && !strncmp(p, type, n - 1)))
			return true;
	}
	return false;
}

void who_owner(const struct id *organization, const struct db_val *v, struct who *out)
{
	*out = (struct who){ .organization = *organization, .scopes = v[1].s, .permissions = v[2].s };
	if (!v[0].null)
		out->principal = v[0].id;
}

/* An endpoint that listens, and whose rights it has. */
struct listener { struct id id; bool live; const char *patterns; struct who owner; };

static struct listener listener(const struct id *organization, const struct db_val *v)
{
	struct listener l = { .id = v[0].id, .live = v[1].i, .patterns = v[2].s };

	who_owner(organization, v + 3, &l.owner);
	return l;
}

/* A test event is for the endpoint it is about, whatever that listens to. */
static bool due_to(struct arena *a, const struct db_val *event, const struct listener *l)
{
	if (event[5].i != l->live || !event_heard(&l->owner, event[1].s, event[2].s))
		return false;
	if (is_test(event[1].s))
		return id_equal(&event[3].id, &l->id);
	return event_wanted(a, l->patterns, event[1].s);
}

enum { AT_ONCE = 16, NEW_COLUMNS = 7 };          /* of IDS16 and NEW_COLS (sql.def) */

/* The deliveries to an endpoint of those events that are due to it. */
static enum err deliver_to(struct tx *tx, const struct id *organization, const struct listener *l, const struct db_rows *events,
	const bool *due)
{
	const struct db_val endpoint = db_d(&l->id), now = db_t(tx->now), none = { .t = 'd', .null = true };
	enum err e = OK;

	for (size_t i = 0, k; i < events->n && !e; ) {
		struct values in = { .n = 0 };

		values_add(&in, DB_IN(endpoint, endpoint, db_t(NEXT_TURN), now, now, now));
		for (k = 0; i < events->n && k < AT_ONCE; i++) {
			struct id id;

			if (!due[i])
				continue;
			id_new(tx->now, &id);
			values_add(&in, DB_IN(db_d(&db_row(events, i)[0].id), db_d(&id)));
			k++;
		}
		for (size_t rest = k; rest < AT_ONCE; rest++)
			values_add(&in, DB_IN(none, none));
		values_add(&in, DB_IN(db_d(organization)));
		values_seen(&in, &l->owner);
		if (k)
			e = db_exec(tx->db, SQL_DELIVERIES_ADD, in.v, in.n, NULL);
	}
	return e;
}

/* The numbers after `last`, one after the other. */
static enum err give_numbers(struct tx *tx, const struct id *organization, const struct db_rows *events, int64_t last)
{
	enum err e = OK;

	for (size_t i = 0; i < events->n && !e; i += AT_ONCE) {
		struct db_val ids[AT_ONCE];
		struct values in = { .n = 0 };

		for (size_t k = 0; k < AT_ONCE; k++)
			ids[k] = db_d(&db_row(events, i + k < events->n ? i + k : events->n - 1)[0].id);
		values_add(&in, DB_IN(db_i(last + (int64_t)i)));
		values_add(&in, ids, AT_ONCE);
		values_add(&in, DB_IN(db_d(organization)));
		values_add(&in, ids, AT_ONCE);
		e = db_exec_rows(tx->db, SQL_EVENTS_NUMBER, in.v, in.n, events->n - i < AT_ONCE ? events->n - i : AT_ONCE);
	}
	return e;
}

static bool of_one_object(const struct db_val *a, const struct db_val *b)
{
	return id_equal(&a[3].id, &b[3].id) && !strcmp(a[2].s, b[2].s);
}

/* Clocks of several nodes may disagree, revisions do not: of one object the lower comes first. */
static void in_revision_order(struct db_rows *r)
{
	for (size_t i = 0; i < r->n; i++) {
		for (size_t k = i + 1; k < r->n; k++) {
			struct db_val *a = r->v + i * r->cols, *b = r->v + k * r->cols, hold[NEW_COLUMNS];

			if (!of_one_object(a, b) || a[4].i < b[4].i)
				continue;
			memcpy(hold, a, sizeof hold);
			memcpy(a, b, sizeof hold);
			memcpy(b, hold, sizeof hold);
		}
	}
}

/* The first event that must not go before one of its object's that is not among them; NULL. */
static const struct db_val *too_early(const struct db_rows *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct db_val *v = db_row(r, i);
		size_t k = 0;

		while (k < i && !v[6].null && !(of_one_object(db_row(r, k), v) && db_row(r, k)[4].i == v[6].i))
			k++;
		if (!v[6].null && k == i)
			return v;
	}
	return NULL;
}

/* What is to be numbered next: the oldest, or those of one object alone where the clocks of
 * its changes disagree by more than the batch. */
static enum err batch(struct tx *tx, const struct id *organization, int64_t most, struct db_rows *out)
{
	const struct db_val org = db_d(organization), *v;
	enum err e = db_query(tx->db, tx->arena, SQL_EVENTS_NEW, DB_IN(org, db_i(most)), out);

	if (e)
		return e;
	in_revision_order(out);
	if ((v = too_early(out)))
		e = db_query(tx->db, tx->arena, SQL_EVENTS_NEW_OF, DB_IN(org, db_s(v[2].s), db_d(&v[3].id), db_i(most)), out);
	return e;
}

/* Tell them to the endpoints: the row of each before its deliveries, as everybody else locks them. */
static enum err tell(struct tx *tx, const struct id *organization, const struct db_rows *events, const struct db_rows *endpoints,
	bool *told)
{
	bool *due = arena_alloc(tx->arena, events->n + 1);
	enum err e = OK;

	*told = false;
	for (size_t k = 0; k < endpoints->n && !e; k++) {
		struct listener l = listener(organization, db_row(endpoints, k));
		bool any = false;

		for (size_t i = 0; i < events->n; i++)
			any |= due[i] = due_to(tx->arena, db_row(events, i), &l);
		if (!any)
			continue;
		*told = true;
		if (!(e = db_exec_one(tx->db, SQL_ENDPOINT_DUE, DB_IN(db_t(tx->now), db_t(tx->now), db_d(organization), db_d(&l.id)))))
			e = deliver_to(tx, organization, &l, events, due);
	}
	return e;
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

enum err events_number_here(struct tx *tx, const struct id *organization, int64_t most, size_t *n)
{
	const struct db_val org = db_d(organization), *v;
	struct db_rows events, endpoints;
	int64_t last, counted;
	bool told = false;
	enum err e;

	*n = 0;
	if ((e = db_exec(tx->db, SQL_COUNTER_ADD, DB_IN(org), NULL))
	 || (e = tx_row(tx, SQL_COUNTER_LOCK, DB_IN(org), &v)))
		return e;
	last = v[0].i;
	counted = v[1].i;
	if ((e = batch(tx, organization, most, &events))
	 || (e = db_query(tx->db, tx->arena, SQL_ENDPOINTS_LISTENING, DB_IN(org), &endpoints)))
		return e;
	/* So many deliveries in one transaction, whatever they come of. */
	if (endpoints.n && events.n > FANOUT_MOST / endpoints.n)
		events.n = FANOUT_MOST / endpoints.n;
	if ((e = give_numbers(tx, organization, &events, last)) || (e = tell(tx, organization, &events, &endpoints, &told)))
		return e;
	if (told && (e = db_exec(tx->db, SQL_EVENTS_TOLD, DB_IN(org, db_i(last), db_i(last + (int64_t)events.n)), NULL)))
		return e;
	last += (int64_t)events.n;
	if (!(e = fold(tx, organization, last, &counted)))
		e = db_exec_one(tx->db, SQL_COUNTER_SET, DB_IN(db_i(last), db_i(counted), org));
	*n = e ? 0 : events.n;
	return e;
}

struct numbering { struct tx *tx; struct id organization; int64_t most; size_t n; };

static enum err number_work(void *arg)
{
	struct numbering *w = arg;

	return events_number_here(w->tx, &w->organization, w->most, &w->n);
}

static void number_again(void *arg)
{
	(void)arg;
}

enum err events_number(struct tx *tx, const struct id *organization, int64_t most, size_t *n)
{
	struct numbering w = { .tx = tx, .organization = *organization, .most = most };
	struct db_rows r;
	enum err e;

	*n = 0;
	if ((e = tx_query(tx, SQL_EVENTS_NEW, DB_IN(db_d(organization), db_i(1)), &r)) || !r.n)
		return e;
	e = tx_run(tx, number_work, number_again, &w);
	*n = e ? 0 : w.n;
	return e;
}
