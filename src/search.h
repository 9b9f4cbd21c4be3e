/* search.h: a small language of conditions, `name LIKE 'a%' AND tags.stage = 'gold'`, and of
 * orders, `name DESC`.  What there is to search by is a table that the caller has; what is
 * read here is only text, of any bytes.  A function that returns a text returns NULL when all
 * is well, else what is wrong, in the words that clients of this language know. */
#ifndef SEARCH_H
#define SEARCH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"

enum { SEARCH_CLAUSES = 20, SEARCH_VALUES = 1000, SEARCH_BYTES = 32768 };

enum search_entity { SEARCH_ATTRIBUTE, SEARCH_TAG };
enum search_op { SEARCH_EQ, SEARCH_NE, SEARCH_LT, SEARCH_LE, SEARCH_GT, SEARCH_GE, SEARCH_LIKE, SEARCH_ILIKE, SEARCH_IN, SEARCH_NOT_IN,
	SEARCH__OPS };

/* What an attribute takes. */
enum {
	SEARCH_TEXT = 1 << SEARCH_EQ | 1 << SEARCH_NE | 1 << SEARCH_LIKE | 1 << SEARCH_ILIKE,
	SEARCH_LIST = 1 << SEARCH_IN | 1 << SEARCH_NOT_IN,
	SEARCH_NUMBER = 1 << SEARCH_EQ | 1 << SEARCH_NE | 1 << SEARCH_LT | 1 << SEARCH_LE | 1 << SEARCH_GT | 1 << SEARCH_GE,
	SEARCH_FILTER = (1 << SEARCH__OPS) - 1,
	SEARCH_ORDER = 1 << SEARCH__OPS          /* lists can be in its order */
};

/* number: it is compared with whole numbers.  same: another word for that key, which errors do
 * not offer.  A table ends with a name of NULL. */
struct search_key { const char *name; unsigned takes; bool number; const char *same; };

/* key: as the table or, of a tag, the caller has it.  One value, but for IN and NOT IN; number
 * is that of a key of numbers, the value how it was written. */
struct search_clause { enum search_entity entity; const char *key; enum search_op op; const char **values; size_t count; int64_t number; };
struct search { struct search_clause clauses[SEARCH_CLAUSES]; size_t n; };

/* All clauses of a filter, in its order; none of a blank one, or of NULL. */
const char *search_filter(struct arena *a, const char *text, const struct search_key *keys, struct search *out);

/* One more order behind the *n of `orders`, which has room for every key: none comes twice. */
struct search_order { const char *key; bool descending; };
const char *search_order(struct arena *a, const char *text, const struct search_key *keys, struct search_order *orders, size_t *n);

/* Some objects are marked by a tag, and are found only when asked for: does the first clause on
 * that tag say = 'true' or != 'false'?  The clauses on it are taken out. */
bool search_marked(struct search *s, const char *tag);

/* A pattern in which only % and _ are special, as one of SQL, where \ is, too. */
char *search_like(struct arena *a, const char *pattern);
/* What all that is LIKE the pattern (not ILIKE) begins with. */
char *search_prefix(struct arena *a, const char *pattern);

#endif
