/* openapi.h: texts derived from the tables: the OpenAPI 3.1 description, and the
 * part of the nginx configuration that answers in the caller's dialect when nginx
 * itself refuses a request. */
#ifndef OPENAPI_H
#define OPENAPI_H
#include "json.h"

struct json *openapi_document(struct arena *a);

/* The maps for nginx's http level, or the locations of the error pages for its server
 * level.  nginx/thaw.conf says which status goes where, and what $thaw_sent is. */
char *nginx_errors(struct arena *a, bool server);

#endif
