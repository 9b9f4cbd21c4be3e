/* shape.h: what goes in and out, as rows.  From the same rows come decoding with
 * validation (a handler sees typed, checked values or never runs), rendering, and
 * the schemas and examples of /openapi.json (schema.h).  A row is made by one of the macros below. */
#ifndef SHAPE_H
#define SHAPE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "clock.h"
#include "json.h"
#include "objects.h"
#include "tx.h"

enum { LABEL_KEY = 40, LABEL_VALUE = 500 };     /* of T_LABELS: characters */

enum shape_type {
	T_STR,      /* const char *; min and max count characters */
	T_INT,      /* int64_t; with F_NULL a negative one is null, with F_ZERO zero */
	T_NUMBER,   /* double, within min and max */
	T_BOOL,     /* bool; F_NOT: the other way round */
	T_TIME,     /* int64_t microseconds; 0 is null */
	T_ID,       /* struct id, spelled with `prefix`; zero is null */
	T_STATE,    /* enum state of the resource `of`, by its word, or by `alias`'s; where two states share a word, it is read as the first */
	T_LITERAL,  /* the text `text`; out only */
	T_WORDS,    /* const char *: words separated by blanks, as an array, max of them; `fault` sees to it that each is one */
	T_OBJECT,   /* const char *: the JSON text of an object; checked against `sub` if any */
	T_STRINGS,  /* const char *: the JSON text of an array of strings, max of them; min 1: one at least.
	             * In a query: the parameter repeated, or its values separated by commas */
	T_LABELS,   /* const char *: the JSON text of an object of strings, max of them, each at most
	             * LABEL_VALUE characters under a key of 1 to LABEL_KEY; F_NULL: a null among them takes one away.
	             * In a query: key[name]=value */
	T_DOC,      /* const char *: any JSON text; with a `sub` an array of min to max of such objects, which its module looks at */
	T_SUB,      /* a struct, by `sub` */
	T_REF,      /* a pointer to a struct, by `sub`; out only */
	T_LIST,     /* struct list of structs, by `sub`; out only */
	T_MAP,      /* struct list of structs as an object: of the two rows of `sub` the first is the name; out only */
	T_ONE_OF    /* of a document (document.h): a word of `one_of`, which says what else the object has */
};

enum {
	F_REQUIRED = 1,     /* in: must be there; out: always there (all of ours are) */
	F_NULL = 2,         /* in: null is the same as a cleared value; out: may be null */
	F_TRIMMED = 4,      /* in: a name: no white space at its ends, no control characters */
	F_OMIT = 8,         /* out: left out when null or an empty list */
	F_UNKEPT = 16,      /* in: what this server does not do: refused unless it asks for nothing (null, [] or {}); `help` says why */
	F_LOG = 32,         /* in: a document as long as log_limit lets it be, not document_limit */
	F_OWN_LIMIT = 64,   /* in: a document whose handler bounds it */
	F_ONE = 128,        /* in: of all rows with this flag one must be given at least */
	F_ZERO = 256,       /* out: a T_INT of 0 is null */
	F_NOT = 512,        /* a T_BOOL: false is true */
	F_QUOTED = 1024,    /* a T_INT or T_TIME as a string */
	F_LOOSE = 2048,     /* in: a T_ID that is told as a string: any other spelling is the zero id, which nothing has;
	                     * of a query a T_BOOL that may be 1 or 0, a T_TIME that may have no zone, which is UTC then */
	F_OPEN = 4096,      /* out: a T_STATE whose schema does not say which words there are */
	F_MEMBER = 8192,    /* out: a T_STR or T_DOC that is the member of this key of the document at `off` */
	F_KEY = 16384,      /* of a query: it names the object of the route, a T_STR or T_ID; two at most */
	F_UNIQUE = 32768,   /* of a document (document.h): no two objects of a list have the same T_STR here */
	F_NUMERAL = 65536,  /* in: a T_STR that may be a whole number, and is its digits then */
	F_LISTED = 131072   /* of a query: it says what a list has or in which order, where no filter of its row does: tokens are of it too */
};

/* How a dialect spells a state; ends with STATE_NONE.  A NULL word: it is not told of. */
struct alias { enum state state; const char *word; };

struct shape;
/* What an object has beside a word of it; sub NULL: nothing.  Ends with a NULL word. */
struct one_of { const char *word; const struct shape *sub; };

struct shape {
	const char *key;                         /* "", of one row alone: the answer, or the body, is its value, no object */
	enum shape_type type;
	size_t off, set;                         /* set: 1 + the offset of the bool `field_set`; 0: none */
	unsigned flags;
	int64_t min, max;
	const char *const *words;                /* what a T_STR may be; ends with NULL */
	const struct shape *sub;
	const struct one_of *one_of;             /* of a T_ONE_OF */
	const char *prefix;                      /* of a T_ID */
	const char *empty;                       /* of T_OBJECT, T_STRINGS, T_WORDS, T_LABELS: the text for NULL */
	const char *help;
	const char *(*fault)(struct arena *a, const char *text);     /* what is wrong with a T_STR, or with an entry of
	                                          * T_STRINGS or T_WORDS, beyond its length; NULL: nothing */
	enum err refuse, missing;                /* in: what a fault of `fault` is, instead of ERR_SHAPE, and what it is when it is not
	                                          * given; looked at once all has its shape (shape_last) */
	const char *def;                         /* in: what it is when it is not given, as a query has it */
	int filter;                              /* of a query: 1 + the filter of the route's listing that it is for */
	const char *text;                        /* of a T_LITERAL; out, of any other type: the JSON text that it always is */
	enum resource of;                        /* of a T_STATE */
	const struct alias *alias;
	const void *(*make)(struct arena *a, const void *object);    /* out: computed of the whole struct, not found at `off`: the
	                                          * text of a type that is one, else where its value stands; NULL: null */
};

/* The end of a shape, with the name that descriptions have for it: "%Page" is that of its first `sub` and "Page". */
#define NAMED(name) { .help = name }

/* Where a row's value is: AT; SET also tells `field` given from not given by the bool `field_set` beside it. */
#define AT(type, field) .off = offsetof(type, field)
#define SET(type, field) AT(type, field), .set = 1 + offsetof(type, field##_set)

/* Decode a JSON object into `out` (zeroed): every fault is a why_add() and the
 * result ERR_SHAPE.  Unknown keys are let be. */
enum err shape_decode(struct tx *tx, const struct shape *s, const struct json *in, void *out);
/* Is one of those rows given of which one must be (ERR_SHAPE), and what the rows refuse by errors of their own? */
enum err shape_last(struct tx *tx, const struct shape *s, const struct json *in);
/* A fault for each key that is in no row. */
enum err shape_unknown(struct tx *tx, const struct shape *s, const struct json *in);
/* The JSON text of one value as its row renders it; NULL: null. */
const char *shape_value(struct arena *a, const struct shape *row, const void *object, enum time_form form);

/* "must be one of a, b": what is said of a word that is none of them. */
const char *shape_one_of(struct arena *a, const char *const *words);

struct param { const char *name, *value; };
/* The same for a query or a form; words and numbers from text; a name twice is a fault. */
enum err shape_decode_params(struct tx *tx, const struct shape *s, const struct param *in, size_t n, void *out);

/* The JSON text of a struct as its rows say, behind what the buffer has already; by itself; and as an object that more
 * members can be added to, whose own are texts. */
void shape_write(struct buf *b, const struct shape *s, const void *v, enum time_form form);
char *shape_text(struct arena *a, const struct shape *s, const void *v, enum time_form form, size_t *n);
struct json *shape_object(struct arena *a, const struct shape *s, const void *v, enum time_form form);

/* The word of a state; NULL: it is not told of.  All the words that a T_STATE may be; ends with NULL. */
const char *shape_state_word(const struct shape *row, enum state state);
const char *const *shape_words(struct arena *a, const struct shape *row);

#endif
