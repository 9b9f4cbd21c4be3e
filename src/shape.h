/* shape.h: what goes in and out, as rows.  From the same rows come decoding with
 * validation (a handler sees typed, checked values or never runs), rendering, and
 * the schemas of /openapi.json.  A row is made by one of the macros below. */
#ifndef SHAPE_H
#define SHAPE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "clock.h"
#include "json.h"
#include "tx.h"

enum shape_type {
	T_STR,      /* const char *; min and max count characters */
	T_INT,      /* int64_t; with F_NULL a negative one is null */
	T_BOOL,     /* bool */
	T_TIME,     /* int64_t microseconds; 0 is null */
	T_ID,       /* struct id, spelled with `prefix`; zero is null */
	T_OBJECT,   /* const char *: the JSON text of an object; checked against `sub` if any */
	T_STRINGS,  /* const char *: the JSON text of an array of strings, max of them; min 1: one at least */
	T_LABELS,   /* const char *: the JSON text of an object of strings, max of them, each at most
	             * 500 characters under a key of 1 to 40; F_NULL: a null among them takes one away.
	             * In a query: key[name]=value */
	T_DOC,      /* const char *: any JSON text */
	T_SUB,      /* a struct, by `sub` */
	T_REF,      /* a pointer to a struct, by `sub`; out only */
	T_LIST      /* struct list of structs, by `sub`; out only */
};

enum {
	F_REQUIRED = 1,     /* in: must be there; out: always there (all of ours are) */
	F_NULL = 2,         /* in: null is the same as a cleared value; out: may be null */
	F_TRIMMED = 4,      /* in: a name: no white space at its ends, no control characters */
	F_OMIT = 8,         /* out: left out when null or an empty list */
	F_UNKEPT = 16,      /* in: what this server does not do: refused unless it asks for nothing (null, [] or {}); `help` says why */
	F_LOG = 32,         /* in: a document as long as log_limit lets it be, not document_limit */
	F_OWN_LIMIT = 64    /* in: a document whose handler bounds it */
};

struct list { const void *v; size_t n, size; };

struct shape {
	const char *key;
	enum shape_type type;
	size_t off, set;                         /* set: offset of the bool `field_set`; SIZE_MAX none */
	unsigned flags;
	int64_t min, max;
	const char *const *words;                /* what a T_STR may be; ends with NULL */
	const struct shape *sub;
	const char *prefix;                      /* of a T_ID; of T_OBJECT, T_STRINGS: the text for NULL */
	const char *help;
	const char *(*fault)(struct arena *a, const char *text);     /* what is wrong with a T_STR, or with an entry of
	                                          * T_STRINGS, beyond its length; NULL: nothing */
};

/* Where a row's value goes: AT alone for what goes out, with NOSET or as SET for what
 * comes in; SET tells `field` given from not given by the bool `field_set` beside it. */
#define AT(type, field) .off = offsetof(type, field)
#define SET(type, field) AT(type, field), .set = offsetof(type, field##_set)
#define NOSET .set = SIZE_MAX

/* Decode a JSON object into `out` (zeroed): every fault is a why_add() and the
 * result ERR_SHAPE.  Unknown keys are let be. */
enum err shape_decode(struct tx *tx, const struct shape *s, const struct json *in, void *out);

struct param { const char *name, *value; };
/* The same for a query or a form; words and numbers from text; a name twice is a fault. */
enum err shape_decode_params(struct tx *tx, const struct shape *s, const struct param *in, size_t n, void *out);

struct json *shape_render(struct arena *a, const struct shape *s, const void *v, enum time_form form);

/* The JSON Schema (2020-12) of a shape; writing: as a request body. */
struct json *shape_schema(struct arena *a, const struct shape *s, enum time_form form, bool writing);
struct json *shape_type_schema(struct arena *a, const struct shape *s, enum time_form form, bool writing);

#endif
