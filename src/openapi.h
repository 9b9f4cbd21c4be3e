/* openapi.h: texts derived from the tables: the OpenAPI 3.1 description, and the
 * part of the nginx configuration that answers in the caller's dialect when nginx
 * itself refuses a request. */
#ifndef OPENAPI_H
#define OPENAPI_H
#include "json.h"

struct json *openapi_document(struct arena *a);

/* The maps for nginx's http level, or the error pages for its server level. */
char *nginx_errors(struct arena *a, bool server);

#endif
