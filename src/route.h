/* route.h: the tables of addresses, and the dialect an address speaks. */
#ifndef ROUTE_H
#define ROUTE_H
#include "list.h"
#include "req.h"
#include "shape.h"

enum {
	R_WRITE = 1,        /* runs inside a transaction */
	R_SECRET = 2,       /* the answer carries a secret: kept sealed under an idempotency key (seal.h) */
	R_NO_BODY_NEEDED = 4,   /* a missing body is an empty object */
	R_PREVIEW = 8,      /* takes preview=true */
	R_FILE = 16,        /* its body carries a file: up to artifact_limit, in base64 */
	R_UNRETIRED = 32,   /* what was retired is not there */
	R_UNARCHIVED = 64,  /* nor is what is archived */
	R_FORM = 128,       /* the body is a form (application/x-www-form-urlencoded), no JSON */
	R_OWN_QUERY = 256,  /* the handler reads the query itself: its faults go another way */
	R_OWN_TX = 512,     /* it writes, in transactions that the handler begins when there is something to write */
	R_PUBLISHABLE = 1024,   /* a publishable key may read it */
	R_UNTAGGED = 2048,      /* its answer has no ETag: it is more than the object */
	R_STRICT = 4096         /* a key that the body's shape does not know is a fault */
};

/* How a dialect says one error in its own way: NULL and 0 take the code of the
 * error's class, and status and text of err.def.  params: the names of the values that
 * go with it, group: another one than its class has, where a dialect has such. */
struct error_row { const char *code; int status; const char *text, *params, *group; };

/* An error that a route gives for another one; OK: it is none, and the answer is the object as it is. */
struct err_as { enum err err, as; };

/* What a route does: its handler `run`, or by its object (does.c): `make` one of what was sent,
 * move it by `moves`, list it by a `paging`, else read it. */
struct paging;

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
	int also;                                /* another status of success, and its shape; 0: none */
	const struct shape *also_out;
	int moves[3];                            /* the LIFE_ that it may make; ends with 0 */
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
	size_t size;                             /* of what `get` gives, where that is not the object's struct: R_UNTAGGED then */
};

/* What the route asks of its caller. */
static inline struct ask route_ask(const struct route *row)
{
	return (struct ask){ row->perm, row->tier ? row->tier : row->flags & R_WRITE ? TIER_EXECUTE : TIER_OBSERVE, row->scope,
		row->flags & R_UNARCHIVED ? HIDDEN_ARCHIVED : row->flags & R_UNRETIRED ? HIDDEN_RETIRED : HIDDEN_NONE,
		row->flags & R_PUBLISHABLE };
}

/* The last members of a route's row. */
#define QUERY(shape, type) .query = shape, .query_size = sizeof(type)
#define BODY(shape, type) .in = shape, .in_size = sizeof(type)

/* All that the body of an error may tell. */
struct error_say {
	enum err err;
	int64_t status;
	const char *code, *group, *text;         /* group: the coarser code of a dialect that has two */
	const char *params, *parameters;         /* the names, and JSON text of an object with their values */
	const char *instance_id;                 /* a UUID of this very error; NULL: none */
	const char *type, *title;                /* of RFC 9457: about:blank and the phrase of the status */
	const char *doc_url, *instance, *param;  /* NULL: none */
	int64_t retry_after;                     /* seconds; -1: none */
	const struct authority *authority;       /* who acted by a token; NULL: none */
	const char *request_id;
	int64_t time;
	const struct why_item *detail;           /* the first fault, or NULL */
	struct list details;                     /* all of them */
	const struct faults *faults;             /* the same where an object has the first and more beside it; or NULL */
};
struct faults { struct why_item first; struct list several; };      /* several: all of them, empty for one */
struct authority { struct id human; const char *agent; };

struct dialect {
	const char *name;
	const char *const *prefixes;             /* whole segments: "/api/v1/models"; ends with NULL */
	const struct route *const *tables;       /* of its routes, ended by NULL; each ends with a NULL method */
	const char *const *absent;               /* what its product has and this server does not, with all below it, where
	                                          * a parameter of a route would take the word; ends with NULL, or NULL */
	const char *const *codes;                /* by enum err_class; no hole */
	const char *const *groups;               /* likewise, coarser; NULL: none */
	const struct error_row *errors;          /* by enum err; only the exceptions */
	const struct shape *error_out;           /* of struct error_say */
	const char *error_type;                  /* media type of errors */
	enum time_form time;
	bool tells_state;                        /* conflicts carry details too, not bad input alone */
	bool place_first;                        /* of what was made, Location stands before ETag */
	bool cors, rate_headers;                 /* for browsers; X-RateLimit-* on every answer */
	bool documented;                         /* an error's type, title and doc_url come from its code */
	const char *retry_hint;                  /* RETRY_HINT of an answer that leaves the outcome open, for
	                                          * clients that repeat a 503 by themselves; NULL: none */
	const char *challenge;                   /* WWW-Authenticate of every 401; NULL: a bearer token is asked for */
	const char *request_prefix;              /* of its request ids; NULL: none */
	const char *const *versions;             /* of Matter-Version, the newest last, ended by NULL; NULL: none */
	enum err (*check)(struct req *r);        /* its own headers, before the shapes; NULL: none */
	void (*say)(struct req *r, struct error_say *say);      /* the error in the words of this very request */
	void (*headers)(struct req *r);          /* on every answer */
};

#define RETRY_HINT "QoS-Retry-Hint"

/* The newest version of a dialect; "" for none. */
const char *newest_version(const struct dialect *d);

/* Every route of a dialect, in order. */
#define EACH_ROUTE(d, row) \
	for (const struct route *const *table_ = (d)->tables; *table_; table_++) \
		for (const struct route *row = *table_; row->method; row++)

extern const struct dialect api_plain, api_models, api_projects, api_workspaces, api_foundry, api_oauth, api_console;
/* Problem details (RFC 9457), for every dialect that has no words of its own. */
extern const char *const problem_codes[];
extern const struct error_row problem_errors[];
extern const struct shape problem_out[];
extern const struct dialect *const dialects[];   /* ends with NULL; the last one takes what no prefix does */

/* The dialect of a path, by whole segments; never NULL. */
const struct dialect *dialect_of(const char *path);

/* The row of r->segments and r->method: fills r->row and r->vars.
 * ERR_ROUTE_NOT_FOUND, ERR_METHOD (r->allow tells). */
enum err route_find(struct req *r);

/* Every table is whole: no permission 0, no code missing, every error a route names
 * there is, each statement a letter for each parameter.  Prints what is wrong; false
 * then.  Looked at when the program starts. */
bool tables_whole(void);

/* The code of an error in a dialect. */
const char *error_code(const struct dialect *d, enum err e);
/* What a dialect says of an error, on a route or (NULL) on any, as far as the tables know. */
struct error_say error_say(struct arena *a, const struct dialect *d, const struct route *row, enum err e);
/* A code in words: `scope_denied` is "Scope denied". */
char *code_title(struct arena *a, const char *code);
/* Adds the faults in `why`, as far as the dialect tells them. */
void error_details(struct arena *a, const struct dialect *d, struct error_say *say, const struct why *why);

#endif
