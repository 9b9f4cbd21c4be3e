/* event.c: see event.h.  An event is rendered anew for every try of every delivery, and its
 * bytes must be the same each time: all that goes in is in the event's row and never
 * changes, or belongs to api_version, which an endpoint keeps.  What another release
 * wants to say differently it says under another api_version. */
#include "event.h"
#include <string.h>

/* What subscribers see of the payload: `details` is the audit's, `kept` of other forms. */
static const void *data(struct arena *a, const void *event)
{
	static const char *const members[] = { "object", "previous_attributes" };
	struct json *all = js_read(a, ((const struct event *)event)->payload), *value, *data = js_object(a);

	if (js_type(all) != JS_OBJECT)
		return "{}";
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (js_get(all, members[i], &value))
			js_put(data, members[i], value);
	return js_text(data, NULL);
}

/* Nobody: the thaw command did it. */
static const void *authority(struct arena *a, const void *event)
{
	(void)a;
	return id_is_zero(&((const struct event *)event)->human) ? NULL : event;
}

#define E(field) AT(struct event, field)
static const struct shape request_out[] = {
	{ "id", T_STR, E(request_id), .help = "Id of the request that caused the event" },
	{ "idempotency_key", T_STR, E(idempotency_key), .flags = F_NULL },
	NAMED("EventRequest")
};
static const struct shape authority_out[] = {
	{ "human_principal_id", T_ID, E(human), .flags = F_NULL, .prefix = "usr_" },
	{ "agent_id", T_STR, E(agent), .flags = F_NULL },
	{ "token_id", T_ID, E(token), .flags = F_NULL, .prefix = "tok_" },
	NAMED("EventAuthority")
};
const struct shape event_out[] = {
	{ "id", T_ID, E(id), .prefix = "evt_" },
	{ "object", T_LITERAL, .text = "event" },
	{ "type", T_STR, E(type), .help = "Such as `workspace.unarchived`" },
	{ "api_version", T_STR, E(api_version) },
	{ "created", T_TIME, E(at) },
	{ "data", T_OBJECT, .make = data, .help = "`object` after the change, and `previous_attributes` before it" },
	{ "sequence", T_INT, E(sequence), .help = "Without gaps within the organization" },
	{ "livemode", T_BOOL, E(test), .flags = F_NOT },
	{ "pending_webhooks", T_INT, E(pending), .help = "Number of deliveries that are pending" },
	{ "request", T_SUB, .sub = request_out },
	{ "authorized_by", T_REF, .make = authority, .flags = F_NULL, .sub = authority_out,
		.help = "null for the administrator's command" },
	NAMED("Event")
};

char *event_text(struct arena *a, const struct event *e, const char *api_version, size_t *n)
{
	struct event told = *e;

	told.api_version = api_version;
	return shape_text(a, event_out, &told, TIME_UNIX, n);
}
