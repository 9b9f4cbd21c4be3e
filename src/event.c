/* event.c: see event.h.  An event is rendered anew for every try of every delivery, and its
 * bytes must be the same each time: all that goes in is in the event's row and never
 * changes, or belongs to api_version, which an endpoint keeps.  What another release
 * wants to say differently it says under another api_version. */
#include "event.h"
#include <string.h>

static const struct shape request_out[] = {
	{ "id", T_STR, AT(struct event_request, id), .help = "Of the request that caused it" },
	{ "idempotency_key", T_STR, AT(struct event_request, idempotency_key), .flags = F_NULL },
	{ 0 }
};
static const struct shape authority_out[] = {
	{ "human_principal_id", T_ID, AT(struct event_authority, human), .flags = F_NULL, .prefix = "usr_" },
	{ "agent_id", T_STR, AT(struct event_authority, agent), .flags = F_NULL },
	{ "token_id", T_ID, AT(struct event_authority, token), .flags = F_NULL, .prefix = "tok_" },
	{ 0 }
};
const struct shape event_out[] = {
	{ "id", T_ID, AT(struct event_view, id), .prefix = "evt_" },
	{ "object", T_STR, AT(struct event_view, object) },
	{ "type", T_STR, AT(struct event_view, type), .help = "Such as `workspace.unarchived`" },
	{ "api_version", T_STR, AT(struct event_view, api_version) },
	{ "created", T_TIME, AT(struct event_view, created) },
	{ "data", T_OBJECT, AT(struct event_view, data), .help = "`object` as it became, `previous_attributes` as they were" },
	{ "sequence", T_INT, AT(struct event_view, sequence), .help = "Without gaps in its organization" },
	{ "livemode", T_BOOL, AT(struct event_view, livemode) },
	{ "pending_webhooks", T_INT, AT(struct event_view, pending), .help = "Deliveries still to be made" },
	{ "request", T_SUB, AT(struct event_view, request), .sub = request_out },
	{ "authorized_by", T_REF, AT(struct event_view, authorized), .flags = F_NULL, .sub = authority_out,
		.help = "null for the administrator's command" },
	{ 0 }
};

/* What subscribers see of the payload: `details` is the audit's. */
static const char *data_of(struct arena *a, const char *payload)
{
	static const char *const members[] = { "object", "previous_attributes" };
	struct json *all = js_read(a, payload), *value, *data = js_object(a);

	if (js_type(all) != JS_OBJECT)
		return "{}";
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (js_get(all, members[i], &value))
			js_put(data, members[i], value);
	return js_text(data, NULL);
}

struct event_view event_view(struct arena *a, const struct event *e, const char *api_version)
{
	struct event_authority *by = NULL;

	if (!id_is_zero(&e->human)) {
		by = ARENA_NEW(a, struct event_authority);
		*by = (struct event_authority){ e->human, e->token, e->agent };
	}
	return (struct event_view){ .id = e->id, .object = "event", .type = e->type, .api_version = api_version,
		.data = data_of(a, e->payload), .created = e->at, .sequence = e->sequence, .pending = e->pending,
		.livemode = !e->test, .request = { e->request_id, e->idempotency_key }, .authorized = by };
}

struct json *event_json(struct arena *a, const struct event *e, const char *api_version)
{
	struct event_view v = event_view(a, e, api_version);

	return shape_render(a, event_out, &v, TIME_UNIX);
}
