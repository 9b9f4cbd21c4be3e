/* openapi.h: the OpenAPI 3.1 description, made from the tables. */
#ifndef OPENAPI_H
#define OPENAPI_H
#include "route.h"

/* Of one dialect, by its name; NULL: of all that are not described apart.  NULL: there is none of that name. */
struct json *openapi_document(struct arena *a, const struct dialect *const *dialects, const char *name);

#endif
