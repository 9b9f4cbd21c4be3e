/* pages.h: how a dialect asks for a page of a list and tells it.  The list itself is rows
 * (list.h), or what the route's `read` finds; so a route that lists is a row: its list, its paging, the
 * shapes of its query, whose rows say which filter they are for, and of its envelope. */
#ifndef PAGES_H
#define PAGES_H
#include "list.h"
#include "route.h"

/* What queries ask of a page; the first member of every query's struct. */
struct page_asked { int64_t number, size, offset; struct id after, before; const char *sort, *direction, *token; bool size_set; };

/* What envelopes may tell. */
struct page_got {
	struct list rows;
	int64_t total, count, number, size, pages, offset;       /* count: rows of this page */
	bool more;
	const char *url, *cursor, *token, *next, *previous;
};

struct paging {
	int64_t first, size;                     /* the number of the first page; rows of one unless it is asked for */
	int64_t most;                            /* where 0 asks for all of them: rows of one at most, and more is this many; 0: the query's rows bound it */
	bool total;                              /* it tells how many there are in all */
	int64_t part;                            /* by a token: a page of more rows is read and rendered by so many, as text; 0: at once */
	enum err (*asked)(struct req *r, const struct page_asked *q, struct list_ask *ask);
	void (*got)(struct req *r, const struct list_ask *ask, const struct list_got *got, struct page_got *out);
};

/* By number, from `first` on: total, number, size, pages, more are told. */
enum err pages_by_number(struct req *r, const struct page_asked *q, struct list_ask *ask);
void pages_numbered(struct req *r, const struct list_ask *ask, const struct list_got *got, struct page_got *out);

/* By offset: total, offset, size, more, and next and previous as addresses: this one with another offset.  Where the rows
 * of a page are too large together it ends sooner, and next begins where it ends. */
enum err pages_by_offset(struct req *r, const struct page_asked *q, struct list_ask *ask);
void pages_offset(struct req *r, const struct list_ask *ask, const struct list_got *got, struct page_got *out);

/* By a token, at most `size` rows a page, which is also what there are unless fewer are asked for.  A token is
 * the place behind the last row, so that it survives whatever is made or deleted meanwhile, and a digest
 * of the list that it belongs to: the organization, the address and what the query filters by.  ERR_PAGE_SIZE, ERR_PAGE_TOKEN. */
enum err pages_by_token(struct req *r, const struct page_asked *q, struct list_ask *ask);
void pages_tokened(struct req *r, const struct list_ask *ask, const struct list_got *got, struct page_got *out);

/* The work of a route with a paging. */
enum err pages_list(struct req *r);

#endif
