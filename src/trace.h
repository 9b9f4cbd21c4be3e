/* trace.h: what a request is a part of, as its `traceparent` header says (W3C Trace Context): the
 * id goes into the lines of the log and with the request's events to their webhooks. */
#ifndef TRACE_H
#define TRACE_H
#include <stdbool.h>
#include "arena.h"

struct trace { char id[33], flags[3]; };         /* id "": none */

/* The header, strictly; false: it is malformed, and tells nothing. */
bool trace_parse(const char *header, struct trace *out);
/* As an event keeps it: id, `-`, flags; NULL: none.  And back. */
const char *trace_kept(struct arena *a, const struct trace *t);
bool trace_read(const char *kept, struct trace *out);
/* The header of a request of ours that goes on with it. */
char *trace_header(struct arena *a, const struct trace *t);

#endif
