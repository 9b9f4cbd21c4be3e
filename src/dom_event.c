/* dom_event.c: events.  The row is written by the change itself (outbox.c); its number is
 * given here, once it is committed: AUTO_INCREMENT is not the order of commits, and a
 * reader who counts on numbers must never find one added behind him.  Whoever numbers
 * holds the organization's counter, and makes the deliveries in the same transaction. */
#include "dom_webhook.h"
#include <string.h>

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

enum err event_get(struct tx *tx, const struct id *id, struct event *out)
{
	const struct db_val *v;
	struct db_rows r;
	enum err e = tx_read(tx, SQL_EVENT_GET, DB_IN(db_d(id), db_d(&tx->who->organization), db_d(&tx->who->principal)), &r);

	if (e)
		return e;
	v = db_row(&r, 0) + WHO_COLUMNS;
	if (v[0].null || !who_sees(tx->who, v[5].i))
		return ERR_NOT_FOUND;
	event_of_row(v, out);
	return who_may(tx->who, tx->ask);
}

enum err event_list(struct tx *tx, const char *type, const struct list_ask *ask, struct event **out, struct list_got *got)
{
	struct values head = { .n = 0 };
	struct db_val place;
	struct db_rows r;
	enum err e;

	if ((e = list_place(tx, SQL_EVENT_PLACE, ask, 0, &place)))
		return e;
	values_add(&head, DB_IN(db_d(&tx->who->organization), db_i(0), db_s(type), db_s(type)));
	if ((e = list_by_number(tx, type ? SQL_EVENT_PAGE_T_UP : SQL_EVENT_PAGE_UP, &head, 1, place.i, ask, &r, got)))
		return e;
	*out = arena_alloc(tx->arena, (got->n + 1) * sizeof **out);
	for (size_t i = 0; i < got->n; i++)
		event_of_row(db_row(&r, i) + WHO_COLUMNS, &(*out)[i]);
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

/* A test event is for the endpoint it is about, whatever that listens to. */
static bool due_to(struct arena *a, const struct db_val *event, const struct db_val *endpoint)
{
	if (event[5].i != endpoint[1].i)
		return false;
	if (!strcmp(event[1].s, life_transitions[LIFE_ENDPOINT_TEST].audit))
		return id_equal(&event[3].id, &endpoint[0].id);
	return event_wanted(a, endpoint[2].s, event[1].s);
}

static enum err deliver_to(struct tx *tx, const struct id *organization, const struct db_val *event, int64_t number,
	const struct id *endpoint)
{
	struct id id;

	id_new(tx->now, &id);
	return db_exec(tx->db, SQL_DELIVERY_ADD, DB_IN(db_d(organization), db_d(&id), db_d(endpoint), db_d(&event[0].id),
		db_s(event[2].s), db_d(&event[3].id), db_i(number), db_t(tx->now), db_t(tx->now), db_t(tx->now)), NULL);
}

enum { NEW_COLUMNS = 6 };                        /* of SQL_EVENTS_NEW */

/* Clocks of several nodes may disagree, revisions do not: of one object the lower comes first. */
static void in_revision_order(struct db_rows *r)
{
	for (size_t i = 0; i < r->n; i++) {
		for (size_t k = i + 1; k < r->n; k++) {
			struct db_val *a = r->v + i * r->cols, *b = r->v + k * r->cols, hold[NEW_COLUMNS];

			if (!id_equal(&a[3].id, &b[3].id) || strcmp(a[2].s, b[2].s) || a[4].i < b[4].i)
				continue;
			memcpy(hold, a, sizeof hold);
			memcpy(a, b, sizeof hold);
			memcpy(b, hold, sizeof hold);
		}
	}
}

enum { FANOUT_MOST = 1000 };
_Static_assert(FANOUT_MOST > (int)ENDPOINTS_MOST, "an event at a time at least");

enum err events_number_here(struct tx *tx, const struct id *organization, int64_t most, size_t *n)
{
	const struct db_val org = db_d(organization), *v;
	struct db_rows events, endpoints;
	int64_t last;
	bool *due;                               /* event by event, which endpoints */
	enum err e;

	if ((e = db_exec(tx->db, SQL_COUNTER_ADD, DB_IN(org), NULL))
	 || (e = tx_row(tx, SQL_COUNTER_LOCK, DB_IN(org), &v)))
		return e;
	last = v[0].i;
	if ((e = db_query(tx->db, tx->arena, SQL_EVENTS_NEW, DB_IN(org, db_i(most)), &events))
	 || (e = db_query(tx->db, tx->arena, SQL_ENDPOINTS_LISTENING, DB_IN(org), &endpoints)))
		return e;
	in_revision_order(&events);
	/* So many deliveries in one transaction, whatever they come of. */
	if (endpoints.n && events.n > FANOUT_MOST / endpoints.n)
		events.n = FANOUT_MOST / endpoints.n;
	due = arena_alloc(tx->arena, events.n * endpoints.n + 1);
	/* The endpoint's row before its deliveries, as everybody else locks them. */
	for (size_t k = 0; k < endpoints.n && !e; k++) {
		const struct db_val *endpoint = db_row(&endpoints, k);
		bool any = false;

		for (size_t i = 0; i < events.n; i++)
			any |= due[i * endpoints.n + k] = due_to(tx->arena, db_row(&events, i), endpoint);
		if (any)
			e = db_exec(tx->db, SQL_ENDPOINT_DUE, DB_IN(db_t(tx->now), db_t(tx->now), org, db_d(&endpoint[0].id)), NULL);
	}
	for (size_t i = 0; i < events.n && !e; i++) {
		const struct db_val *event = db_row(&events, i);

		e = db_exec(tx->db, SQL_EVENT_NUMBER, DB_IN(db_i(++last), org, db_d(&event[0].id)), NULL);
		for (size_t k = 0; k < endpoints.n && !e; k++)
			if (due[i * endpoints.n + k])
				e = deliver_to(tx, organization, event, last, &db_row(&endpoints, k)[0].id);
	}
	if (!e)
		e = db_exec(tx->db, SQL_COUNTER_SET, DB_IN(db_i(last), org), NULL);
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
