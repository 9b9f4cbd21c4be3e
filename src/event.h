/* event.h: an event as the world sees it, in a list and as the body of a webhook. */
#ifndef EVENT_H
#define EVENT_H
#include "dom_webhook.h"
#include "shape.h"

/* Of a struct event with its api_version. */
extern const struct shape event_out[];
/* The same rendered; times are Unix seconds. */
char *event_text(struct arena *a, const struct event *e, const char *api_version, size_t *n);

#endif
