/* lists.h: the statements that the lists of all routes are composed into (list.h), for who prints
 * them and for the tests that run them. */
#ifndef LISTS_H
#define LISTS_H
#include "list.h"
#include "route.h"

/* One of them.  values: what stands for each parameter as SQL: a number, a date, or a variable: @org, @me,
 * @parent, @k0.. (the keys of a place), or the name of a filter. */
struct list_made {
	const char *name;
	const struct listing *list;
	struct list_ask ask;
	struct list_text sql;
	const char *values;
	bool count, next;                        /* next: behind a place */
};
/* Of each list: its orders both ways, from the start and behind a place, without a filter, with each
 * and with all of them and with those of each path, for every sort of caller.  What other sets of filters
 * make differs in its clauses alone.  *n: how many. */
const struct list_made *lists_made(struct arena *a, const struct dialect *const *dialects, size_t *n);

#endif
