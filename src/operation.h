/* operation.h: what a route does, in words, made of its row and of those of life.def, err.def and perm.def: for
 * /openapi.json and the pages under /docs. */
#ifndef OPERATION_H
#define OPERATION_H
#include "route.h"

/* Such as archiveModel: made of method and address alone, so that it stays, and unique in the whole program. */
char *operation_id(struct arena *a, const struct dialect *d, const struct route *row);
/* Paragraphs with an empty line between them: what changes, from which status to which, what is refused, who can do it.
 * What is code stands between backticks. */
char *operation_says(struct arena *a, const struct dialect *d, const struct route *row);

/* An id in its address, by its place there: the prefix of its spelling (NULL: a number, or a word), what it is of
 * (RES__MAX: nobody says). */
struct path_id { const char *prefix; enum resource of; bool number; };
struct path_id operation_path_id(const struct route *row, size_t var);
/* The name of such a place. */
char *operation_var(struct arena *a, const char *brace);

/* May the route answer so without naming it? */
bool operation_common(const struct route *row, enum err_on on);
/* Each error that it may answer, in order; false: no more.  Begin with *i 0. */
bool operation_error(const struct route *row, size_t *i, enum err *out);

#endif
