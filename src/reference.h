/* reference.h: the page of one API: its operations with their parameters, bodies and answers, and the objects that they speak of.
 * It is made of the description of that API (openapi.h), and so of the same rows. */
#ifndef REFERENCE_H
#define REFERENCE_H
#include "route.h"

/* NULL: there is no API of that name. */
const char *reference_page(struct arena *a, const struct dialect *const *dialects, const char *name);

#endif
