/* route.h: the tables of addresses, and the dialect an address speaks. */
#ifndef ROUTE_H
#define ROUTE_H
#include <string.h>
#include "errors.h"
#include "list.h"
#include "req.h"
#include "shape.h"

enum {
	R_WRITE = 1,        /* its caller changes something: in a transaction, once for an Idempotency-Key, with a tier that executes */
	R_SECRET = 2,       /* the answer carries a secret: kept sealed under an idempotency key (seal.h) */
	R_NO_BODY_NEEDED = 4,   /* a missing body is an empty object */
	R_PREVIEW = 8,      /* takes preview=true */
	R_FILE = 16,        /* its body carries a file: up to artifact_limit, in base64 */
	R_UNRETIRED = 32,   /* what was retired is not there (of lists their parent: the list itself filters) */
	R_UNARCHIVED = 64,  /* nor is what is archived */
	R_FORM = 128,       /* the body is a form (application/x-www-form-urlencoded), no JSON */
	R_OWN_QUERY = 256,  /* the handler reads the query itself: its faults go another way */
	R_OWN_TX = 512,     /* it writes in transactions that the handler begins when there is something to write; without
	                     * R_WRITE what the caller does not change: events are numbered as they are read */
	R_PUBLISHABLE = 1024,   /* a publishable key may read it */
	R_UNTAGGED = 2048,      /* its answer has no ETag: it is more than the object */
	R_STRICT = 4096,        /* a key that the body's shape does not know is a fault */
	R_PARTS = 8192,         /* the body may be a form with files too (multipart/form-data): r->parts */
	R_LARGE = 16384,        /* its body has one long text: up to BODY_LARGE, where body_limit is less */
	R_QUERY_BODY = 32768,   /* what the query's shape asks for stands in a JSON body: of a POST always, of a GET whose address has no query */
	R_APART = 65536         /* what it answers is not for pages of other origins, whatever its API is */
};

/* A route that still works and should no longer be used: since when it is so, until when it works (HTTP dates, RFC 8594), what to
 * use, in words and as an address after the dialect's base. */
struct deprecation { const char *words, *sunset, *successor; };

/* An error that a route gives for another one; OK: it is none, and the answer is the object as it is. */
struct err_as { enum err err, as; };

struct paging;

/* What a route does: its handler `run`, or by its object (does.c): `make` one of what was sent,
 * move it by `moves`, list it by a `paging`, else read it. */
struct route {
	const char *method, *path;               /* "/models/{model_id}/archive", after the dialect's base */
	enum perm perm;
	unsigned flags;
	enum tier tier;                          /* of a token that may; TIER_ANY: EXECUTE to write, OBSERVE to read */
	const char *scope;                       /* of OAuth; NULL: the permission's own (perm.def) */
	const struct shape *query, *in;          /* NULL: none; a body nobody asked for is let be */
	size_t query_size, in_size;
	int status;                              /* of success */
	const struct shape *out;
	enum err (*run)(struct req *r);          /* NULL: by its object */
	const char *summary;
	const char *errors;                      /* names of err.def it may give beyond the common ones */
	const struct error_row *denied;          /* what the dialect says when the caller may not; NULL: as everywhere */
	int also;                                /* another status of success, and its shape (NULL: no body); 0: none */
	const struct shape *also_out;
	int moves[4];                            /* the LIFE_ that it may make; ends with 0 */
	const enum sql *wants;                   /* what else it needs whatever is asked, so that its transaction does not begin again
	                                          * for each that a worker has not used yet; ends with SQL_NONE, NULL: nothing */
	enum resource object;
	const char *ids[2];                      /* the prefixes of the ids in its address where they are not the resources' own */
	const char *const *kinds;                /* of what the id in its address may be (id_kind(), which the key tells behind it); NULL: of its object */
	enum err (*get)(struct tx *tx, const struct db_val *key, void *out);       /* reading, moving and making it where that
	                                          * is more than what the engine does; NULL: it is not.  change also makes, in a parent that
	                                          * the address names, or where the domain asks later than before `make` whether they may */
	enum err (*change)(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
	enum err (*make)(struct tx *tx, const void *in, void *out);
	const struct err_as *as;                 /* ends with OK; NULL: none */
	const struct paging *paging;             /* how its pages go (pages.h), and what they list; NULL: it is no list */
	const struct listing *listing;           /* NULL: structs of its object, as `read` finds them, by their ids */
	enum err (*read)(struct tx *tx, struct list_ask *ask, struct list_got *got);       /* NULL: list_read() */
	int64_t (*number)(struct arena *a, const char *s);      /* the number that the last part of its address spells, 0 for one that
	                                          * nothing has; NULL: as it is spelled everywhere */
	const struct deprecation *deprecated;    /* NULL: it is not */
	size_t size;                             /* of what `get` gives, or `read` without a list, where that is not the object's struct: R_UNTAGGED then */
	const char *place;                       /* where what it makes stands, before its id; NULL: at its own address */
	const char *type;                        /* of an answer that is not JSON; NULL: it is, or there is none */
	bool (*there)(struct req *r);            /* is there such an address for whoever asks, by any method?  NULL: for everybody */
};

/* What the route asks of its caller. */
static inline struct ask route_ask(const struct route *row)
{
	return (struct ask){ row->perm, row->tier ? row->tier : row->flags & R_WRITE ? TIER_EXECUTE : TIER_OBSERVE, row->scope,
		row->flags & R_UNARCHIVED ? HIDDEN_ARCHIVED : row->flags & R_UNRETIRED ? HIDDEN_RETIRED : HIDDEN_NONE,
		row->flags & R_PUBLISHABLE };
}

/* The shape of the body that its method has, and of the query of its address; NULL: none. */
static inline const struct shape *route_body(const struct route *row)
{
	return row->flags & R_QUERY_BODY && !strcmp(row->method, "POST") ? row->query : row->in;
}

static inline const struct shape *route_query(const struct route *row)
{
	return row->query == route_body(row) ? NULL : row->query;
}

/* The last members of a route's row. */
#define QUERY(shape, type) .query = shape, .query_size = sizeof(type)
#define BODY(shape, type) .in = shape, .in_size = sizeof(type)

/* variable: of nginx's configuration, behind `thaw_`, this header's own; value: it may name others;
 * open: only where the outcome is unknown. */
struct nginx_header { const char *name, *variable, *value; bool open; };

/* A header of its requests that check() reads: its name and what it may be, and what another value is. */
struct sent_header { struct shape shape; enum err refused; };

/* An event as a dialect tells it in a form of its own: what it happens to and what happens, in its clients' words, the word that it is
 * listened to by (NULL: none happens here), the members of what is told, and the thing in the words of an example. */
struct hook { const char *entity, *action, *word, *members, *thing; };

/* A prefix with the same routes as another one, which they are written under. */
struct prefix_as { const char *prefix, *as; };

struct dialect {
	const char *name;
	const char *title, *about;               /* for people: a few words, a sentence or two */
	bool guest;                              /* its operations are named with its name: it is the API of another product, or a protocol */
	bool apart;                              /* described by itself alone */
	const char *cookie;                      /* what its public routes without a body know their caller by; NULL: nothing does */
	const char *const *prefixes;             /* whole segments: "/api/v1/models"; ends with NULL */
	const struct route *const *tables;       /* of its routes, ended by NULL; each ends with a NULL method */
	const struct prefix_as *same;            /* of the prefixes those that stand for another one; ends with NULL, or NULL */
	const char *const *absent;               /* what its product has and this server does not, with all below it, also where
	                                          * a parameter of a route would take the word; ends with NULL, or NULL */
	enum err lacks;                          /* what is said of these; OK: ERR_ROUTE_NOT_FOUND */
	const char *const *codes;                /* by enum err_class; no hole */
	const char *const *groups;               /* likewise, coarser; NULL: none */
	const struct error_row *errors;          /* by enum err; only the exceptions */
	const struct shape *error_out;           /* of struct error_say */
	const char *error_type;                  /* media type of errors */
	enum time_form time;
	bool tells_state;                        /* conflicts carry details too, not bad input alone */
	bool place_first;                        /* of what was made, Location stands before ETag */
	bool cors, rate_headers;                 /* for browsers; X-RateLimit-* on every answer */
	bool documented;                         /* an error's type, title and doc_url come from its code, which a page explains */
	const char *scheme;                      /* of Authorization, beside Bearer; NULL: none */
	const char *basic;                       /* the realm of Basic, whose password is what else stands behind Bearer; NULL: not taken */
	const struct hook *hooks;                /* ends with a NULL entity, or NULL */
	bool absolute;                           /* next and previous pages are whole URLs, and Location, which ends in a slash */
	bool slashes;                            /* empty segments of an address are none */
	bool long_queries;                       /* an address has up to ADDRESS_LONG bytes, elsewhere up to ADDRESS_MOST */
	const char *challenge;                   /* WWW-Authenticate of every 401; NULL: a bearer token is asked for */
	const char *request_prefix;              /* of its request ids; NULL: none */
	const struct nginx_header *nginx;        /* its own headers of what nginx answers by itself; ends with NULL, or NULL */
	const struct sent_header *sent;          /* its requests' own headers; ends with a NULL key, or NULL */
	enum err (*check)(struct req *r);        /* reads them, before the shapes; NULL: none */
	/* The JSON of a body, of any type but null, or (*j NULL) of the query, r->params, as its clients mean it: what the shape
	 * reads then, an object; NULL: as it is sent.  ERR_JSON, ERR_SHAPE. */
	enum err (*tidy)(struct req *r, const struct shape *rows, struct json **j);
	void (*say)(struct req *r, struct error_say *say);      /* the error in the words of this very request */
	void (*headers)(struct req *r);          /* on every answer */
};

/* Every route of a dialect, in order. */
#define EACH_ROUTE(d, row) \
	for (const struct route *const *table_ = (d)->tables; *table_; table_++) \
		for (const struct route *row = *table_; row->method; row++)

/* The row of r->segments and r->method: fills r->row and r->vars.
 * ERR_ROUTE_NOT_FOUND, ERR_METHOD (r->allow tells). */
enum err route_find(struct req *r);

/* The key of the object that the address names (life.h), none where it names nothing: its ids as the row spells them; any
 * other spelling is one that nothing has.  Errors speak of it from here on.  ERR_SHAPE: a number
 * that is none. */
enum err route_key(struct req *r, struct db_val key[2]);

#endif
