/* event.h: an event as the world sees it, in a list and as the body of a webhook. */
#ifndef EVENT_H
#define EVENT_H
#include "dom_webhook.h"
#include "shape.h"

struct event_request { const char *id, *idempotency_key; };
struct event_authority { struct id human, token; const char *agent; };
struct event_view {
	struct id id;
	const char *object, *type, *api_version, *data;
	int64_t created, sequence, pending;
	bool livemode;
	struct event_request request;
	const struct event_authority *authorized;        /* NULL: the thaw command did it */
};
extern const struct shape event_out[];

struct event_view event_view(struct arena *a, const struct event *e, const char *api_version);
/* The view rendered; times are Unix seconds. */
struct json *event_json(struct arena *a, const struct event *e, const char *api_version);

#endif
