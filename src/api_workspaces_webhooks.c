/* api_workspaces_webhooks.c: of the workspaces dialect: events, webhook endpoints, deliveries. */
#include "workspaces.h"
#include <string.h>
#include "clock.h"
#include "dom_apikey.h"
#include "dom_webhook.h"
#include "event.h"
#include "net.h"

/* ---- Events ---- */

struct events_query { struct page_asked page; const char *type; };
static const struct shape events_query[] = {
	LIST_ROWS("evt_", SORT_CREATED),
	{ "type", T_STR, AT(struct events_query, type), .filter = 1 + EVENTS_TYPE, .min = 1, .max = 64, .help = "such as `workspace.archived`" },
	{ 0 }
};
static const struct shape events_out[] = LIST_OUT(event_out);

static void about_event(struct req *r, const char *id)
{
	r->tx.about.kind = "event";
	r->tx.about.id = id;
}

static enum err get_event(struct req *r)
{
	struct id id = req_id(r, 0, "evt_");
	struct event found;
	enum err e;

	about_event(r, r->vars[0]);
	if ((e = event_get(&r->tx, &id, &found)))
		return e;
	found.api_version = r->tx.api_version;
	res_shape(r, 200, event_out, &found, 0);
	return OK;
}

/* ---- Webhook endpoints ---- */

static const void *owner_permissions(struct arena *a, const void *object)
{
	return event_permissions(a, &((const struct endpoint *)object)->owner);
}

#define ENDPOINT_AT(field) AT(struct endpoint, field)
#define ENDPOINT_ROWS \
	{ "id", T_ID, ENDPOINT_AT(life.id), .prefix = "we_" }, \
	OBJECT(struct endpoint, "webhook_endpoint"), \
	{ "url", T_STR, ENDPOINT_AT(url) }, \
	{ "description", T_STR, ENDPOINT_AT(description), .flags = F_NULL }, \
	{ "enabled_events", T_STRINGS, ENDPOINT_AT(enabled_events) }, \
	{ "api_version", T_STR, ENDPOINT_AT(api_version) }, \
	STATUS(struct endpoint, RES_ENDPOINT), \
	{ "owner_id", T_ID, ENDPOINT_AT(owner.principal), .flags = F_NULL, .prefix = "usr_", \
	  .help = "the user who created the endpoint, or last set its url or enabled_events, enabled it or rotated its secret; the endpoint receives what this user can read" }, \
	{ "owner_permissions", T_STRINGS, .make = owner_permissions, \
	  .help = "what the owner can read now, within the scopes of the token that was used; events of anything else are not sent" }, \
	{ "failing_since", T_TIME, ENDPOINT_AT(failing_since), .flags = F_NULL, .help = "the first failure since the last success" }, \
	{ "previous_secret_expires_at", T_TIME, ENDPOINT_AT(old_until), .flags = F_NULL, .help = "the previous secret stays valid until then" }, \
	{ "metadata", T_LABELS, ENDPOINT_AT(metadata), .empty = "{}" }, \
	{ "created", T_TIME, ENDPOINT_AT(life.created) }, \
	{ "updated", T_TIME, ENDPOINT_AT(life.changed) }, \
	LIVEMODE(struct endpoint)
static const struct shape endpoint_out[] = { ENDPOINT_ROWS, NAMED("WebhookEndpoint") };
static const struct shape secret_out[] = { ENDPOINT_ROWS,
	{ "secret", T_STR, ENDPOINT_AT(secret), .help = "`whsec_...`, shown only once" }, NAMED("WebhookEndpointWithSecret") };

/* Of the events there are. */
static const char *pattern_fault(struct arena *a, const char *p)
{
	(void)a;
	for (int t = 0; t < LIFE__MAX; t++)
		if (life_transitions[t].flags & TOLD && event_matches(p, life_transitions[t].audit))
			return NULL;
	return "is not a known event type";
}

#define UNKEPT_ROWS \
	{ "portfolio_id", T_DOC, .flags = F_UNKEPT, .help = "is not supported; an endpoint receives events of all portfolios" }, \
	{ "include", T_DOC, .flags = F_UNKEPT, .help = "is not supported; an event contains the whole object" }
enum { PATTERNS = 64 };
static const struct shape create_in[] = {
	{ "url", T_STR, ENDPOINT_AT(url), .min = 1, .max = URL_MOST, .flags = F_REQUIRED, .fault = url_fault, .help = "https" },
	{ "enabled_events", T_STRINGS, ENDPOINT_AT(enabled_events), .min = 1, .max = PATTERNS, .flags = F_REQUIRED, .fault = pattern_fault,
	  .help = "`*`, `workspace.*`, `workspace.archived`" },
	{ "api_version", T_STR, ENDPOINT_AT(api_version), .min = 1, .max = 10, .fault = version_fault, .help = "the latest version by default" },
	{ "description", T_STR, ENDPOINT_AT(description), .max = 500, .flags = F_NULL },
	{ "metadata", T_LABELS, ENDPOINT_AT(metadata), .max = METADATA_MOST, .flags = F_NULL },
	UNKEPT_ROWS,
	NAMED("WebhookEndpointCreate")
};

static const struct shape list_query[] = { LIST_ROWS("we_", SORT_CREATED), { 0 } };
static const struct shape list_out[] = LIST_OUT(endpoint_out);

#define ENDPOINT_EDIT_SET(field) SET(struct endpoint_edit, field)
static const struct shape edit_in[] = {
	{ "url", T_STR, ENDPOINT_EDIT_SET(url), .min = 1, .max = URL_MOST, .flags = F_ONE, .fault = url_fault },
	{ "enabled_events", T_STRINGS, ENDPOINT_EDIT_SET(enabled_events), .min = 1, .max = PATTERNS, .flags = F_ONE, .fault = pattern_fault },
	{ "description", T_STR, ENDPOINT_EDIT_SET(description), .max = 500, .flags = F_NULL | F_ONE },
	{ "metadata", T_LABELS, ENDPOINT_EDIT_SET(metadata), .max = 2 * METADATA_MOST, .flags = F_NULL | F_ONE,
	  .help = "members to set; a member that is null is removed, null as the whole removes all" },
	{ "status", T_STATE, ENDPOINT_EDIT_SET(status), .of = RES_ENDPOINT, .flags = F_ONE },
	{ "api_version", T_DOC, .flags = F_UNKEPT, .help = "cannot be changed; create another endpoint" },
	UNKEPT_ROWS,
	NAMED("WebhookEndpointEdit")
};

static const void *yes(struct arena *a, const void *object)
{
	static const bool is = true;

	(void)a, (void)object;
	return &is;
}

static const struct shape deleted_out[] = {
	{ "id", T_ID, ENDPOINT_AT(life.id), .prefix = "we_" },
	{ "object", T_LITERAL, .text = "webhook_endpoint" },
	{ "deleted", T_BOOL, .make = yes },
	NAMED("WebhookEndpointDeleted")
};

static const struct shape rotate_in[] = {
	{ "expires_in", T_INT, .min = 0, .max = INT64_C(7) * 86400, .def = "86400",
	  .help = "how long the previous secret stays valid, in seconds; a day by default" },
	NAMED("WebhookSecretRotate")
};

/* ---- Deliveries ---- */

static const void *tries(struct arena *a, const void *object)
{
	const struct delivery *d = object;
	struct list *list = ARENA_NEW(a, struct list);

	*list = (struct list){ d->made, d->nmade, sizeof *d->made };
	return list;
}

static const char *const outcomes[] = { "pending", "succeeded", "failed", NULL };
#define DELIVERY_TRY_AT(field) AT(struct delivery_try, field)
static const struct shape try_out[] = {
	{ "number", T_INT, DELIVERY_TRY_AT(number) },
	{ "created", T_TIME, DELIVERY_TRY_AT(at) },
	{ "duration_ms", T_INT, DELIVERY_TRY_AT(milliseconds) },
	{ "response_status", T_INT, DELIVERY_TRY_AT(response_status), .flags = F_NULL | F_ZERO },
	{ "error", T_STR, DELIVERY_TRY_AT(error), .flags = F_NULL },
	NAMED("DeliveryAttempt")
};
#define DELIVERY_AT(field) AT(struct delivery, field)
static const struct shape delivery_out[] = {
	{ "id", T_ID, DELIVERY_AT(id), .prefix = "del_" },
	OBJECT(struct delivery, "delivery"),
	{ "webhook_endpoint_id", T_ID, DELIVERY_AT(endpoint), .prefix = "we_" },
	{ "event_id", T_ID, DELIVERY_AT(event), .prefix = "evt_" },
	{ "status", T_STR, DELIVERY_AT(outcome), .words = outcomes },
	{ "attempt_count", T_INT, DELIVERY_AT(tries) },
	{ "response_status", T_INT, DELIVERY_AT(response_status), .flags = F_NULL | F_ZERO, .help = "status of the response to the last attempt; null: no response" },
	{ "next_attempt_at", T_TIME, DELIVERY_AT(next_at), .flags = F_NULL },
	{ "created", T_TIME, DELIVERY_AT(created_at) },
	{ "updated", T_TIME, DELIVERY_AT(updated_at) },
	{ "attempts", T_LIST, .make = tries, .sub = try_out, .help = "oldest first" },
	NAMED("Delivery")
};

static const struct shape deliveries_query[] = { LIST_ROWS("del_", SORT_CREATED), { 0 } };
static const struct shape deliveries_out[] = LIST_OUT(delivery_out);

/* What is not found is the endpoint, or else the delivery. */
static enum err reply_delivery(struct req *r, enum err e, int status, const struct delivery *d)
{
	struct id id = path_id(r, 0, RES_ENDPOINT);
	struct endpoint n;

	if (e == ERR_NOT_FOUND && (e = endpoint_get(&r->tx, BY_ID(&id), &n)) == OK) {
		r->tx.about.kind = "delivery";
		r->tx.about.id = r->vars[1];
		e = ERR_NOT_FOUND;
	}
	if (!e)
		res_shape(r, status, delivery_out, d, 0);
	return e;
}

static enum err get_delivery(struct req *r)
{
	struct id id = path_id(r, 0, RES_ENDPOINT), which = req_id(r, 1, "del_");
	struct delivery d;

	return reply_delivery(r, delivery_get(&r->tx, &id, &which, &d), 200, &d);
}

static enum err redeliver(struct req *r)
{
	struct id id = path_id(r, 0, RES_ENDPOINT), which = req_id(r, 1, "del_");
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
	{ "GET", EVENTS, PERM_WEBHOOK_READ, R_OWN_TX, QUERY(events_query, struct events_query), .status = 200, .out = events_out,
	  .listing = &events_list, .paging = &by_cursor, .read = event_list, .summary = "List events" },
	{ "GET", EVENTS "/{event_id}", PERM_WEBHOOK_READ, 0, .status = 200, .out = event_out, .run = get_event,
	  .summary = "Get an event", .errors = "NOT_FOUND" },
	{ "POST", ENDPOINTS, PERM_WEBHOOK_WRITE, R_WRITE | R_SECRET | R_UNTAGGED, BODY(create_in, struct endpoint), .status = 200,
	  .out = secret_out, .object = RES_ENDPOINT, .make = endpoint_make, .summary = "Create a webhook endpoint", .errors = "ENDPOINT_LIMIT ENDPOINT_URL EVENTS_BEHIND KEY_SEALED QUOTA" },
	{ "GET", ENDPOINTS, PERM_WEBHOOK_READ, 0, QUERY(list_query, struct page_asked), .status = 200, .out = list_out,
	  .listing = &endpoints_list, .paging = &by_cursor, .read = endpoint_list, .summary = "List webhook endpoints" },
	{ "GET", ENDPOINT, PERM_WEBHOOK_READ, 0, .status = 200, .out = endpoint_out, .object = RES_ENDPOINT, .get = endpoint_get,
	  .summary = "Get a webhook endpoint", .errors = "NOT_FOUND" },
	{ "PATCH", ENDPOINT, PERM_WEBHOOK_WRITE, R_WRITE, BODY(edit_in, struct endpoint_edit), .status = 200, .out = endpoint_out,
	  .object = RES_ENDPOINT, .change = endpoint_edit, .moves = { LIFE_ENDPOINT_EDIT }, .summary = "Update, enable or disable a webhook endpoint",
	  .errors = "NOT_FOUND ENDPOINT_URL" },
	{ "DELETE", ENDPOINT, PERM_WEBHOOK_WRITE, R_WRITE | R_UNTAGGED, .status = 200, .out = deleted_out, .object = RES_ENDPOINT, .change = endpoint_change,
	  .moves = { LIFE_ENDPOINT_DELETE }, .summary = "Delete a webhook endpoint", .errors = "NOT_FOUND" },
	{ "POST", ENDPOINT "/rotate_secret", PERM_WEBHOOK_WRITE, R_WRITE | R_SECRET | R_NO_BODY_NEEDED | R_UNTAGGED,
	  BODY(rotate_in, int64_t), .status = 200, .out = secret_out, .object = RES_ENDPOINT, .change = endpoint_rotate, .moves = { LIFE_ENDPOINT_ROTATE },
	  .summary = "Rotate the secret of a webhook endpoint; the old one stays valid for a while", .errors = "NOT_FOUND KEY_SEALED" },
	{ "POST", ENDPOINT "/test", PERM_WEBHOOK_WRITE, R_WRITE, .status = 200, .out = endpoint_out, .object = RES_ENDPOINT, .change = endpoint_change,
	  .moves = { LIFE_ENDPOINT_TEST }, .summary = "Send a test event to a webhook endpoint", .errors = "NOT_FOUND WRONG_STATE" },
	{ "GET", DELIVERIES, PERM_WEBHOOK_READ, 0, QUERY(deliveries_query, struct page_asked), .status = 200,
	  .out = deliveries_out, .object = RES_ENDPOINT, .listing = &deliveries_list, .paging = &by_cursor, .read = delivery_list,
	  .summary = "List deliveries to a webhook endpoint",
	  .errors = "NOT_FOUND" },
	{ "GET", DELIVERY, PERM_WEBHOOK_READ, 0, .status = 200, .out = delivery_out, .run = get_delivery,
	  .summary = "Get a delivery with its attempts", .errors = "NOT_FOUND" },
	{ "POST", DELIVERY "/redeliver", PERM_WEBHOOK_WRITE, R_WRITE, .status = 202, .out = delivery_out, .run = redeliver,
	  .summary = "Send an event to a webhook endpoint again", .errors = "NOT_FOUND WRONG_STATE" },
	{ 0 }
};
