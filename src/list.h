/* list.h: lists as rows.  What there is to ask for, in which orders, along which index: from
 * these constant texts alone a page's statement is composed, with what was asked for as its
 * parameters; never from a caller's text.  `thaw tables lists` prints them. */
#ifndef LIST_H
#define LIST_H
#include "life.h"

enum { LIST_ORDERS = 16, LIST_MOST = 100, LIST_CLAUSES = 32, LIST_KEYS = 3, LIST_VALUES = 8 };

/* A clause of a WHERE, with a letter (sql.def) for each of its parameters.  most: so many of it may be
 * asked for at once, 0: one; LIST_LIKE: one, a part of a text; LIST_CHILD: one, of a child of the rows, which
 * the listing's `child` names: one child must have all that is asked for of one. */
enum { LIST_LIKE = -1, LIST_CHILD = -2 };
struct list_filter { const char *name, *clause, *in; int most; };

/* An order: its keys (columns of the table x, or in parentheses what computes one), up or down; the last of them is unique within the list.
 * letter: of sql.def, or e, a text in the order of its bytes (utf8mb4_nopad_bin).
 * at: where a row has it, for tokens (pages.h); 0: the id of an object. */
struct list_key { const char *column; char letter; bool down; size_t at; };
struct list_order { const char *name; struct list_key keys[LIST_KEYS]; };
char list_letter(const struct list_key *k);              /* of sql.def */

/* What a page walks along, by what it asks for; the first that fits.  filters: those it must ask for, a bit for each;
 * order: in this one, -1: in any.  index: of the table; or `from`: another table before it, where `where` is the clause
 * of the filter `by` (behind organization and, of a list by mode, mode) and `id` the expression of the list's id. */
struct list_path { uint64_t filters; int order; const char *index, *from, *where, *id; int by; };

struct list_ask;
struct list_got;

struct listing {
	const char *name;
	enum resource of;                        /* whose objects; RES__MAX: of rows that are none */
	const char *kind;                        /* what those are */
	enum resource parent;                    /* with which the list is seen; RES__MAX: none */
	const char *link;                        /* the clause of the parent's id, e.g. " AND x.model_id = ?" */
	/* Which rows there are, as a read sees its object: ALL, MODE, GRANT; PARENT: those whose
	 * model, by the column model_id, the caller sees, beside the parent if any; unhidden: and is not out of lists itself. */
	enum sees sees;
	const char *model;                       /* of PARENT: the expression of its id; NULL: that column */
	bool unhidden;
	/* Of another table than the resource's, or of fewer or more columns: table, text and letters of the
	 * row, joins behind, and its maps, one after the other. */
	const char *table, *text, *out, *joins;
	const struct column *maps[4];
	size_t size;
	const struct list_filter *filters;       /* ends with a NULL clause */
	const char *child;                       /* " AND (SELECT 1 FROM ... WHERE ...", before those of a child; a value, since an EXISTS could become a join */
	uint64_t always;                         /* those that each page has, a bit for each */
	int hidden, state;                       /* 1 + those of what is out of the list unless asked for, and of the state; 0: none */
	const struct list_order *orders;         /* ends with a NULL name */
	const struct list_path *paths;           /* LIST_PATHS; the last one fits whatever is asked for */
	size_t npaths;
	size_t id_at;                            /* of rows that are no objects: where the id is, and how it is spelled */
	const char *prefix;
	/* How many there are in all, without counting, where nothing is asked for but filters of `totalled` (a bit for each).
	 * ERR_DB_NONE: that cannot be told. */
	uint64_t totalled;
	enum err (*total)(struct tx *tx, const struct list_ask *ask, const struct list_got *got, int64_t *out);
	const char *bounded;                     /* a page that takes too long is refused as too broad: DB_BOUNDED, DB_BRIEF; NULL: it may take its time */
	const char *place;                       /* a clause of what can be a place: a cursor of another one is refused */
	const char *mode;                        /* the expression of a cursor's mode; NULL: x.livemode of a list by mode, else none */
};

#define LIST_PATHS(all) .paths = (all), .npaths = sizeof(all) / sizeof *(all)

/* What is asked for. */
struct list_clause { int filter; struct db_val v[LIST_VALUES]; };
struct list_ask {
	const struct listing *list;
	struct list_clause clauses[LIST_CLAUSES];
	size_t n;
	bool full;                               /* of more than there is room for: no page */
	int order;
	bool flip;                               /* against its order */
	struct id parent;
	int kind;                                /* of the parent, where it may be of several */
	struct id child;                         /* of the parent, where the address names one too */
	unsigned only;                           /* what of it, where it is read without a list: the flags of what reads it */
	struct id after, before;                 /* the cursor's object; zero: none; one of them at most */
	struct db_val place[LIST_KEYS];          /* or the keys that the page is behind, .t 0: none */
	int64_t limit, offset;
	bool pages;                              /* counted: no keys of the row before it say where a page begins */
	bool numbered;                           /* and by its number: what does not fit its bytes is refused, not left to the next */
};
/* rows: the structs, in the order asked for.  more: beyond this page, in the direction asked; cut: as
 * fewer fit its bytes; back: that is before it.  parent: its struct.  counted: what read them knows how many there are in all. */
struct list_got { void *rows; size_t n; bool more, cut, back; const void *parent; bool counted; int64_t total; };

/* One more clause, with its values.  One too many, one that may not be asked for again, or
 * other values than it takes, makes ask->full: no page. */
void list_where(struct list_ask *ask, int filter, const struct db_val *v, size_t n);

/* The value of a filter that is asked for; NULL: it is not. */
const struct db_val *list_value(const struct list_ask *ask, int filter);
uint64_t list_asked(const struct list_ask *ask);         /* which there are, a bit for each */
/* The same, NULL of the database when it is not. */
struct db_val list_given(const struct list_ask *ask, int filter);
/* Its table; the size of a row's struct, and the id of one as a cursor spells it. */
const char *list_table(const struct listing *l);
size_t list_size(const struct listing *l);
char *list_cursor(struct arena *a, const struct listing *l, const struct list_got *got);

/* The page, the caller settled and permitted.  ERR_QUERY: the cursor, where its keys have to be looked for, is none of an
 * object that can be seen; ERR_PAGE_BYTES; the parent's own errors. */
enum err list_read(struct tx *tx, struct list_ask *ask, struct list_got *got);
/* Looks for the cursor's object now, once for several lists: ask->place is where it is. */
enum err list_placed(struct tx *tx, struct list_ask *ask);
/* How many there are in all pages; where the page tells it, without a look. */
enum err list_count(struct tx *tx, const struct list_ask *ask, int64_t *out);
bool list_told(const struct list_ask *ask, const struct list_got *got, int64_t *total);
/* By a statement that tells a sum and how many changes were added up for it, at most UNFOLDED_MOST (UNFOLDED_LIMIT
 * in sql.def is one more): ERR_DB_NONE, counting is less.  kept: a cheaper one, which tells what was added up before and
 * whether there are changes since; it is asked first where there were none the last time. */
enum { UNFOLDED_MOST = 1000 };
struct summing { enum sql sql; const struct db_val *in; size_t n; };
enum err list_folded(struct tx *tx, struct summing kept, struct summing all, int64_t *out);

/* The order of objects by when they were made. */
extern const struct list_order list_by_id[];

/* Does what is granted to its caller make a list another one? */
bool list_by_grants(const struct listing *l);

/* A caller as far as a statement depends on it.  local: not of a publishable key. */
struct list_view { int64_t modes[2]; int nmodes; bool admin, local; };

/* What is asked for as a statement, for who looks at them (lists.c).  text NULL: it has more parameters than there may be. */
struct list_text { const char *text, *in, *out; const struct db_val *v; size_t n; };
struct list_text list_text(struct arena *a, const struct list_ask *ask, bool count, struct list_view w, const struct id *org, const struct id *me);

#endif
