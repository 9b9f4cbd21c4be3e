/* openapi.h: the OpenAPI 3.1 description, made from the tables. */
#ifndef OPENAPI_H
#define OPENAPI_H
#include "route.h"

struct json *openapi_document(struct arena *a, const struct dialect *const *dialects);

#endif
