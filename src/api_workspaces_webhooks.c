/* api_workspaces_webhooks.c: of the workspaces dialect: events, webhook endpoints, deliveries. */
#include "workspaces.h"
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "dom_apikey.h"
#include "dom_webhook.h"
#include "event.h"
#include "net.h"
#include "str.h"

/* ---- Events ---- */

struct events_query { struct list_query list; const char *type; };
static const struct shape events_query[] = {
	LIST_ROWS("evt_", SORT_CREATED),
	{ "type", T_STR, AT(struct events_query, type), .min = 1, .max = 64, .help = "such as `workspace.archived`" },
	{ 0 }
};
static const struct shape events_out[] = LIST_OUT(event_out);

static void about_event(struct req *r, const char *id)
{
	r->tx.about.kind = "event";
	r->tx.about.id = id;
}

/* What was committed before this request is in the list: the events that nobody has
 * numbered yet are numbered here.  When that cannot be, the list is of those that have
 * their number. */
enum { NUMBERED_HERE = 100 };

static enum err list_events(struct req *r)
{
	const struct events_query *q = r->query;
	struct event_view *views;
	struct event *all;
	struct list_ask ask;
	struct list_got got;
	size_t n;
	enum err e;

	about_event(r, NULL);
	if ((e = list_asked(r, &q->list, &ask, NULL))
	 || (e = tx_settle(&r->tx)) || (e = who_may(&r->who, r->tx.ask)))
		return e;
	do                                       /* batch by batch, for a second at the most */
		e = events_number(&r->tx, &r->who.organization, NUMBERED_HERE, &n);
	while (!e && n && clock_mono() < r->began + SECOND);
	if ((e && e != ERR_CONTENTION) || (e = event_list(&r->tx, q->type, &ask, &all, &got)))
		return e;
	views = arena_alloc(r->arena, (got.n + 1) * sizeof *views);
	for (size_t i = 0; i < got.n; i++)
		views[i] = event_view(r->arena, &all[i], r->api_version);
	return reply_list(r, events_out, views, got, sizeof *views, offsetof(struct event_view, id), "evt_");
}

static enum err get_event(struct req *r)
{
	struct id id = req_id(r, 0, "evt_");
	struct event_view v;
	struct event found;
	enum err e;

	about_event(r, r->vars[0]);
	if ((e = event_get(&r->tx, &id, &found)))
		return e;
	v = event_view(r->arena, &found, r->api_version);
	res_shape(r, 200, event_out, &v, 0);
	return OK;
}

/* ---- Webhook endpoints ---- */

static const char *const statuses[] = { "enabled", "disabled", NULL };
struct endpoint_view { struct endpoint n; const char *object, *status, *owner_permissions; bool livemode; };
#define W(field) AT(struct endpoint_view, field)
#define ENDPOINT_ROWS \
	{ "id", T_ID, W(n.life.id), .prefix = "we_" }, \
	{ "object", T_STR, W(object), .help = "`webhook_endpoint`" }, \
	{ "url", T_STR, W(n.url) }, \
	{ "description", T_STR, W(n.description), .flags = F_NULL }, \
	{ "enabled_events", T_STRINGS, W(n.enabled_events) }, \
	{ "api_version", T_STR, W(n.api_version) }, \
	{ "status", T_STR, W(status), .words = statuses }, \
	{ "owner_id", T_ID, W(n.owner.principal), .flags = F_NULL, .prefix = "usr_", \
	  .help = "the user who made it, or last set its url or enabled_events, enabled it or rotated its secret: it receives what that user can read" }, \
	{ "owner_permissions", T_STRINGS, W(owner_permissions), \
	  .help = "what the owner can read now, within the scopes of the token that was used; events of anything else are not sent" }, \
	{ "failing_since", T_TIME, W(n.failing_since), .flags = F_NULL, .help = "the first failure since the last success" }, \
	{ "previous_secret_expires_at", T_TIME, W(n.old_until), .flags = F_NULL, .help = "until then it signs too" }, \
	{ "metadata", T_LABELS, W(n.metadata), .empty = "{}" }, \
	{ "created", T_TIME, W(n.life.created) }, \
	{ "updated", T_TIME, W(n.life.changed) }, \
	{ "livemode", T_BOOL, W(livemode) }
static const struct shape endpoint_out[] = { ENDPOINT_ROWS, { 0 } };
static const struct shape secret_out[] = { ENDPOINT_ROWS,
	{ "secret", T_STR, W(n.secret), .help = "`whsec_...`, shown this once" }, { 0 } };

static struct endpoint_view view(const struct req *r, const struct endpoint *n)
{
	struct endpoint_view v = { *n, "webhook_endpoint", life_word(n->life.state), event_permissions(r->arena, &n->owner), !n->life.test };

	if (v.n.old_until <= r->tx.now)
		v.n.old_until = 0;
	return v;
}

static enum err reply(struct req *r, enum err e, const struct shape *s, const struct endpoint *n)
{
	struct endpoint_view v;

	if (e)
		return e;
	v = view(r, n);
	res_shape(r, 200, s, &v, s == endpoint_out ? n->life.revision : 0);
	return OK;
}

static enum err fault(struct req *r, const char *field, const char *reason)
{
	why_add(&r->tx, field, reason);
	return ERR_SHAPE;
}

/* "*", "workspace.*", "workspace.archived": of the events there are. */
static const char *pattern_fault(struct arena *a, const char *p)
{
	size_t n = strlen(p);

	(void)a;
	if (!strcmp(p, "*"))
		return NULL;
	for (int t = 0; t < LIFE__MAX; t++) {
		const struct transition_row *row = &life_transitions[t];

		if (row->flags & TOLD && (!strcmp(row->audit, p) || (n > 2 && !strcmp(p + n - 2, ".*") && !strncmp(row->audit, p, n - 1))))
			return NULL;
	}
	return "is not a known event type";
}

struct endpoint_in { struct endpoint n; };
#define C(field) AT(struct endpoint_in, field)
#define UNKEPT_ROWS \
	{ "portfolio_id", T_DOC, .flags = F_UNKEPT, .help = "is not supported: an endpoint hears of every portfolio" }, \
	{ "include", T_DOC, .flags = F_UNKEPT, .help = "is not supported: an event tells its object whole" }
enum { PATTERNS = 64 };
static const struct shape create_in[] = {
	{ "url", T_STR, C(n.url), .min = 1, .max = URL_MOST, .flags = F_REQUIRED, .fault = url_fault, .help = "https" },
	{ "enabled_events", T_STRINGS, C(n.enabled_events), .min = 1, .max = PATTERNS, .flags = F_REQUIRED, .fault = pattern_fault,
	  .help = "`*`, `workspace.*`, `workspace.archived`" },
	{ "api_version", T_STR, C(n.api_version), .min = 1, .max = 10, .fault = version_fault, .help = "the newest when it is not given" },
	{ "description", T_STR, C(n.description), .max = 500, .flags = F_NULL },
	{ "metadata", T_LABELS, C(n.metadata), .max = METADATA_MOST, .flags = F_NULL },
	UNKEPT_ROWS,
	{ 0 }
};

static enum err create(struct req *r)
{
	struct endpoint_in *in = r->in;
	struct endpoint n;

	about_kind(r, RES_ENDPOINT);
	if (!in->n.api_version)
		in->n.api_version = r->api_version;
	return reply(r, endpoint_create(&r->tx, &in->n, &n), secret_out, &n);
}

static const struct shape list_query[] = { LIST_ROWS("we_", SORT_CREATED), { 0 } };
static const struct shape list_out[] = LIST_OUT(endpoint_out);

static enum err list(struct req *r)
{
	struct endpoint_view *views;
	struct endpoint *all;
	struct list_ask ask;
	struct list_got got;
	enum err e;

	about_kind(r, RES_ENDPOINT);
	if ((e = list_asked(r, r->query, &ask, NULL)) || (e = endpoint_list(&r->tx, &ask, &all, &got)))
		return e;
	views = arena_alloc(r->arena, (got.n + 1) * sizeof *views);
	for (size_t i = 0; i < got.n; i++)
		views[i] = view(r, &all[i]);
	return reply_list(r, list_out, views, got, sizeof *views, offsetof(struct endpoint_view, n.life.id), "we_");
}

static enum err get(struct req *r)
{
	struct id id = named(r, 0, RES_ENDPOINT);
	struct endpoint n;

	return reply(r, endpoint_get(&r->tx, &id, &n), endpoint_out, &n);
}

#define E(field) SET(struct endpoint_edit, field)
static const struct shape edit_in[] = {
	{ "url", T_STR, E(url), .min = 1, .max = URL_MOST, .fault = url_fault },
	{ "enabled_events", T_STRINGS, E(enabled_events), .min = 1, .max = PATTERNS, .fault = pattern_fault },
	{ "description", T_STR, E(description), .max = 500, .flags = F_NULL },
	{ "metadata", T_LABELS, E(metadata), .max = 2 * METADATA_MOST, .flags = F_NULL,
	  .help = "members to set; null takes one away, null for the whole all of them" },
	{ "status", T_STR, E(status), .words = statuses },
	{ "api_version", T_DOC, .flags = F_UNKEPT, .help = "stays as it was when the endpoint was made; make another one" },
	UNKEPT_ROWS,
	{ 0 }
};

static enum err edit(struct req *r)
{
	struct id id = named(r, 0, RES_ENDPOINT);
	const struct endpoint_edit *in = r->in;
	struct endpoint n;

	if (!in->url_set && !in->enabled_events_set && !in->description_set && !in->metadata_set && !in->status_set)
		return fault(r, "body", "must have at least one of url, enabled_events, description, metadata, status");
	return reply(r, endpoint_edit(&r->tx, &id, in, &n), endpoint_out, &n);
}

struct deleted_view { struct id id; const char *object; bool deleted; };
static const struct shape deleted_out[] = {
	{ "id", T_ID, AT(struct deleted_view, id), .prefix = "we_" },
	{ "object", T_STR, AT(struct deleted_view, object) },
	{ "deleted", T_BOOL, AT(struct deleted_view, deleted) },
	{ 0 }
};

static enum err delete(struct req *r)
{
	struct id id = named(r, 0, RES_ENDPOINT);
	struct endpoint n;
	enum err e = endpoint_move(&r->tx, &id, LIFE_ENDPOINT_DELETE, &n);

	if (e)
		return e;
	res_shape(r, 200, deleted_out, &(struct deleted_view){ id, "webhook_endpoint", true }, 0);
	return OK;
}

enum { OVERLAP_S = 86400, OVERLAP_MOST_S = 7 * 86400 };
struct rotate_in { int64_t seconds; bool seconds_set; };
static const struct shape rotate_in[] = {
	{ "expires_in", T_INT, SET(struct rotate_in, seconds), .min = 0, .max = OVERLAP_MOST_S,
	  .help = "seconds in which the former secret signs too; a day by default" },
	{ 0 }
};

static enum err rotate(struct req *r)
{
	struct id id = named(r, 0, RES_ENDPOINT);
	const struct rotate_in *in = r->in;
	struct endpoint n;

	return reply(r, endpoint_rotate(&r->tx, &id, in->seconds_set ? in->seconds : OVERLAP_S, &n), secret_out, &n);
}

static enum err test(struct req *r)
{
	struct id id = named(r, 0, RES_ENDPOINT);
	struct endpoint n;

	return reply(r, endpoint_move(&r->tx, &id, LIFE_ENDPOINT_TEST, &n), endpoint_out, &n);
}

/* ---- Deliveries ---- */

static const char *const outcomes[] = { "pending", "succeeded", "failed", NULL };
struct delivery_view { struct delivery d; const char *object, *status; int64_t response; struct list tries; };
#define D(field) AT(struct delivery_view, field)
struct try_view { struct delivery_try t; int64_t response; };
#define T(field) AT(struct try_view, field)
static const struct shape try_out[] = {
	{ "number", T_INT, T(t.number) },
	{ "created", T_TIME, T(t.at) },
	{ "duration_ms", T_INT, T(t.milliseconds) },
	{ "response_status", T_INT, T(response), .flags = F_NULL },
	{ "error", T_STR, T(t.error), .flags = F_NULL },
	{ 0 }
};
static const struct shape delivery_out[] = {
	{ "id", T_ID, D(d.id), .prefix = "del_" },
	{ "object", T_STR, D(object), .help = "`delivery`" },
	{ "webhook_endpoint_id", T_ID, D(d.endpoint), .prefix = "we_" },
	{ "event_id", T_ID, D(d.event), .prefix = "evt_" },
	{ "status", T_STR, D(status), .words = outcomes },
	{ "attempt_count", T_INT, D(d.tries) },
	{ "response_status", T_INT, D(response), .flags = F_NULL, .help = "of the last attempt; null: none came" },
	{ "next_attempt_at", T_TIME, D(d.next_at), .flags = F_NULL },
	{ "created", T_TIME, D(d.created_at) },
	{ "updated", T_TIME, D(d.updated_at) },
	{ "attempts", T_LIST, D(tries), .sub = try_out, .help = "the first one first" },
	{ 0 }
};

static struct delivery_view view_delivery(struct arena *a, const struct delivery *d)
{
	struct try_view *views = arena_alloc(a, (d->nmade + 1) * sizeof *views);
	struct delivery_view v = { .d = *d, .object = "delivery", .status = d->outcome ? d->outcome : "pending",
		.response = d->response_status ? d->response_status : -1, .tries = { views, d->nmade, sizeof *views } };

	if (d->outcome)
		v.d.next_at = 0;
	for (size_t i = 0; i < d->nmade; i++)
		views[i] = (struct try_view){ d->made[i], d->made[i].response_status ? d->made[i].response_status : -1 };
	return v;
}

static const struct shape deliveries_query[] = { LIST_ROWS("del_", SORT_CREATED), { 0 } };
static const struct shape deliveries_out[] = LIST_OUT(delivery_out);

static enum err list_deliveries(struct req *r)
{
	struct id id = named(r, 0, RES_ENDPOINT);
	struct delivery_view *views;
	struct delivery *all;
	struct list_ask ask;
	struct list_got got;
	enum err e;

	if ((e = list_asked(r, r->query, &ask, NULL)) || (e = delivery_list(&r->tx, &id, &ask, &all, &got)))
		return e;
	views = arena_alloc(r->arena, (got.n + 1) * sizeof *views);
	for (size_t i = 0; i < got.n; i++)
		views[i] = view_delivery(r->arena, &all[i]);
	return reply_list(r, deliveries_out, views, got, sizeof *views, offsetof(struct delivery_view, d.id), "del_");
}

/* What is not found is the endpoint, or else the delivery. */
static enum err reply_delivery(struct req *r, enum err e, int status, const struct delivery *d)
{
	struct id id = named(r, 0, RES_ENDPOINT);
	struct delivery_view v;
	struct endpoint n;

	if (e == ERR_NOT_FOUND && !endpoint_get(&r->tx, &id, &n)) {
		r->tx.about.kind = "delivery";
		r->tx.about.id = r->vars[1];
	}
	if (e)
		return e;
	v = view_delivery(r->arena, d);
	res_shape(r, status, delivery_out, &v, 0);
	return OK;
}

static enum err get_delivery(struct req *r)
{
	struct id id = named(r, 0, RES_ENDPOINT), which = req_id(r, 1, "del_");
	struct delivery d;

	return reply_delivery(r, delivery_get(&r->tx, &id, &which, &d), 200, &d);
}

static enum err redeliver(struct req *r)
{
	struct id id = named(r, 0, RES_ENDPOINT), which = req_id(r, 1, "del_");
	struct delivery d;

	return reply_delivery(r, delivery_again(&r->tx, &id, &which, &d), 202, &d);
}

/* ---- Tables ---- */

#define EVENTS "/v1/events"
#define ENDPOINTS "/v1/webhook_endpoints"
#define ENDPOINT ENDPOINTS "/{webhook_endpoint_id}"
#define DELIVERIES ENDPOINT "/deliveries"
#define DELIVERY DELIVERIES "/{delivery_id}"
const struct route webhook_routes[] = {
	{ "GET", EVENTS, PERM_WEBHOOK_READ, 0, QUERY(events_query, struct events_query), .status = 200, .out = events_out,
	  .run = list_events, .summary = "List events" },
	{ "GET", EVENTS "/{event_id}", PERM_WEBHOOK_READ, 0, .status = 200, .out = event_out, .run = get_event,
	  .summary = "One event", .errors = "NOT_FOUND" },
	{ "POST", ENDPOINTS, PERM_WEBHOOK_WRITE, R_WRITE | R_SECRET, BODY(create_in, struct endpoint_in), .status = 200,
	  .out = secret_out, .run = create, .summary = "Create a webhook endpoint", .errors = "ENDPOINT_LIMIT ENDPOINT_URL EVENTS_BEHIND KEY_SEALED QUOTA" },
	{ "GET", ENDPOINTS, PERM_WEBHOOK_READ, 0, QUERY(list_query, struct list_query), .status = 200, .out = list_out,
	  .run = list, .summary = "List webhook endpoints" },
	{ "GET", ENDPOINT, PERM_WEBHOOK_READ, 0, .status = 200, .out = endpoint_out, .run = get,
	  .summary = "One webhook endpoint", .errors = "NOT_FOUND" },
	{ "PATCH", ENDPOINT, PERM_WEBHOOK_WRITE, R_WRITE, BODY(edit_in, struct endpoint_edit), .status = 200, .out = endpoint_out,
	  .run = edit, .moves = { LIFE_ENDPOINT_EDIT }, .summary = "Change a webhook endpoint, enable or disable it",
	  .errors = "NOT_FOUND ENDPOINT_URL" },
	{ "DELETE", ENDPOINT, PERM_WEBHOOK_WRITE, R_WRITE, .status = 200, .out = deleted_out, .run = delete,
	  .moves = { LIFE_ENDPOINT_DELETE }, .summary = "Delete a webhook endpoint", .errors = "NOT_FOUND" },
	{ "POST", ENDPOINT "/rotate_secret", PERM_WEBHOOK_WRITE, R_WRITE | R_SECRET | R_NO_BODY_NEEDED,
	  BODY(rotate_in, struct rotate_in), .status = 200, .out = secret_out, .run = rotate, .moves = { LIFE_ENDPOINT_ROTATE },
	  .summary = "A new secret; the former one signs too for a while", .errors = "NOT_FOUND KEY_SEALED" },
	{ "POST", ENDPOINT "/test", PERM_WEBHOOK_WRITE, R_WRITE, .status = 200, .out = endpoint_out, .run = test,
	  .moves = { LIFE_ENDPOINT_TEST }, .summary = "Send it a test event", .errors = "NOT_FOUND WRONG_STATE" },
	{ "GET", DELIVERIES, PERM_WEBHOOK_READ, 0, QUERY(deliveries_query, struct list_query), .status = 200,
	  .out = deliveries_out, .run = list_deliveries, .summary = "What was sent to a webhook endpoint, or is to be",
	  .errors = "NOT_FOUND" },
	{ "GET", DELIVERY, PERM_WEBHOOK_READ, 0, .status = 200, .out = delivery_out, .run = get_delivery,
	  .summary = "One delivery with its attempts", .errors = "NOT_FOUND" },
	{ "POST", DELIVERY "/redeliver", PERM_WEBHOOK_WRITE, R_WRITE, .status = 202, .out = delivery_out, .run = redeliver,
	  .summary = "Send an event to a webhook endpoint once more", .errors = "NOT_FOUND WRONG_STATE" },
	{ 0 }
};
