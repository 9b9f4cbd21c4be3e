/* req.h: one request, from its bytes to the row that serves it. */
#ifndef REQ_H
#define REQ_H
#include <stdbool.h>
#include <stddef.h>
#include "arena.h"
#include "db.h"
#include "err.h"
#include "multipart.h"
#include "rate.h"
#include "shape.h"
#include "tx.h"
#include "who.h"

#define HTML "text/html; charset=utf-8"

/* What a page of another origin may send beside what any may, and read of an answer (Fetch, CORS): also where nginx answers by
 * itself (nginxconf.c).  Attribution and Fetch-User-Agent are what the foundry SDKs send. */
#define CORS_TAKES "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, If-Range, Range, Cache-Control, Matter-Version, " \
	"Thaw-Mode, X-Request-Id, X-Requested-With, traceparent, tracestate, Attribution, Fetch-User-Agent"
#define CORS_SHOWS "Accept-Ranges, Allow, Content-Disposition, Content-Range, Deprecation, ETag, Idempotent-Replayed, Link, Location, " \
	"Matter-Version, QoS-Retry-Hint, Retry-After, Sunset, WWW-Authenticate, X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"

struct bytes;
struct route;
struct dialect;

/* Where the bytes come from and go to: FastCGI or CGI (main.c). */
struct io {
	char **env;
	long (*read)(void *p, char *buf, size_t n);      /* bytes, 0 at the end, -1 broken */
	int (*write)(void *p, const char *buf, size_t n);
	void *p;
	bool ends;                               /* read tells the end of the body, also behind Content-Length */
};

enum { MAX_SEGMENTS = 16, MAX_PARAMS = 64, MAX_VARS = 4 };
enum { BODY_LARGE = 2 << 20 };                   /* see R_LARGE */
enum { ADDRESS_MOST = 8 << 10, ADDRESS_LONG = 32 << 10, HEADER_MOST = 8 << 10, HEADERS_MOST = 32 << 10 };        /* bytes */

struct res {
	int status;
	struct param *headers;
	size_t nheaders;
	const char *type;                        /* of the body; NULL: none */
	const char *lasts;                       /* its Cache-Control, if it is not what everything has */
	const char *body;
	size_t n;
};

struct req {
	struct arena *arena;
	const struct io *io;
	const struct env *env;                   /* what is read of its variables (req.c) */
	const struct dialect *const *dialects;   /* all that are spoken; ends with NULL, the last one takes what no prefix does */
	const struct dialect *dialect;
	const struct route *row;
	int64_t began;                           /* monotonic */

	const char *method, *path;               /* path: raw, without base path and query, under the prefix that its routes have */
	bool head;
	char *segments[MAX_SEGMENTS];            /* decoded */
	size_t nsegments;
	struct param params[MAX_PARAMS];         /* decoded */
	size_t nparams;
	const char *vars[MAX_VARS];              /* of the template, in order */
	const char *allow;                       /* for 405 and OPTIONS */
	const char *authorization, *content_type, *if_none_match, *origin;
	bool secure;                             /* it came by TLS */
	const char *bad_key;                     /* what is wrong with the Idempotency-Key; NULL: nothing */
	char *body;
	size_t body_n;

	struct who who;
	struct rate rate;
	bool rated;
	bool counted;                            /* by its own work, which may be run more than once */
	const char *rate_key;                    /* whose counter, when it is not the caller's */
	struct tx tx;
	void *in, *query;                        /* decoded by the row's shapes */
	struct json *sent;                       /* the body, or what the dialect made of the query (tidy); NULL: none, or a form */
	struct part *parts;                      /* of a form with files, in order; its fields are decoded too */
	size_t nparts;
	const char *error_instance;              /* the id of the error in the answer; NULL: none */
	struct res res;
	struct param lasting;                    /* a header of the answer whatever becomes of it: res_again() lets it be */
};

/* Headers, path, query: ERR_REQUEST, ERR_URI_TOO_LONG, ERR_HEADERS_TOO_LARGE, ERR_HTTP_VERSION.  The dialect and the request id are set whatever fails. */
enum err req_decode(struct req *r);
/* The body, as long as the row lets it be, and what an Idempotency-Key stands for:
 * ERR_REQUEST, ERR_TOO_LARGE. */
enum err req_body(struct req *r);
/* ERR_TOO_LARGE, with the limits in its words. */
enum err req_too_large(struct req *r);
/* The body and the query as the row's shapes want them: ERR_MEDIA_TYPE, ERR_CODING, ERR_JSON, ERR_SHAPE. */
enum err req_shape(struct req *r);

/* A header that a dialect alone asks for, by its variable; NULL: not sent, "": twice. */
const char *req_header(const struct req *r, const char *name);

/* Thaw-Mode, `live` or `test`: this request of somebody who signed in, and sees both, sees that data alone, and makes what it makes
 * in it.  ERR_MODE_HEADER: another word, or not the mode of the API key. */
enum err req_mode(struct req *r);
extern const char *const mode_words[];
/* As a row of a dialect whose check() asks that. */
#define MODE_SENT { { "Thaw-Mode", T_STR, .words = mode_words, .help = "which data a user's own token sees and makes; without it, it sees both" }, ERR_MODE_HEADER }

/* What the caller calls this server: scheme, host and base path, `https://host/base`, as far as a trusted proxy tells it. */
const char *req_base(const struct req *r);

/* An id of the path; any other spelling is the zero id, which nothing has. */
struct id req_id(const struct req *r, size_t var, const char *prefix);

/* res.c: the one module that makes and sends a reply.  For tx_run(), of a struct req: nothing was answered yet. */
void res_again(void *r);
void res_header(struct req *r, const char *name, const char *value);
/* A body by a shape; revision 0: no ETag. */
void res_shape(struct req *r, int status, const struct shape *s, const void *v, int64_t revision);
void res_body(struct req *r, int status, const char *type, const char *body, size_t n);
/* Its ETag; to a GET that has it already it is a 304. */
void res_tag(struct req *r, const char *tag);
/* A file under its checksum (SHA-256), or the range of it that is asked for.  ERR_RANGE: that is behind its end. */
enum err res_file(struct req *r, const char *type, const struct bytes *file, const struct bytes *sum);
void res_error(struct req *r, enum err e);
/* The reply as it is kept under an idempotency key, and back. */
void res_keep(struct req *r);
enum err res_replay(struct req *r);              /* ERR_KEY_SEALED */
/* A page for people (page.h): the body is HTML. */
void res_page(struct req *r, int status, const char *title, const char *body);
void res_send(struct req *r);

/* auth.c */
/* What Basic says (RFC 7617): the name, and its password; NULL: it is not Basic, or broken. */
char *auth_basic(struct req *r, char **password);
enum err auth_who(struct req *r);                /* ERR_AUTH_* */
enum err auth_rate(struct req *r);               /* ERR_RATE: of the caller, or of an address that writes without a token */
void auth_rate_now(struct req *r);               /* learns what the role allows by now */
/* Whose a bearer token is, and whether it is still good, whoever shows it: made and ends in microseconds, 0: never; id NULL: it
 * has none.  The errors of auth_who(). */
struct bearer { const char *id; int64_t made, ends; };
enum err auth_inspect(struct req *r, const char *token, struct who *who, struct bearer *out);
struct session;
/* A password checked, within the limits of sign-ins (what failed is counted for the address,
 * for the account from there, and for the account), and the session begun in a transaction
 * of its own, so that a retry of that hashes nothing again.  ERR_LOGIN_FAILED, ERR_LOGIN_RATE. */
enum err auth_login(struct req *r, enum sql by, const char *who, const char *password, struct session *out);
/* The password of a link's user set, within the same limits of the address.  ERR_LINK_INVALID, ERR_LOGIN_RATE, ERR_LOGIN_BUSY. */
enum err auth_set_password(struct req *r, const char *link, const char *password);
/* The password of the user of a session, who knows the current one; *s is their next one: all others end.  ERR_PASSWORD_WRONG, ERR_LOGIN_RATE, ERR_LOGIN_BUSY. */
enum err auth_change_password(struct req *r, const char *current, const char *password, struct session *s);
/* A refresh token of the user's own exchanged, in a transaction that is not begun for what is
 * none.  ERR_REFRESH_INVALID; *stolen: it was used up before, which has ended its session. */
enum err auth_refresh(struct req *r, const char *token, struct session *out, bool *stolen);

/* An access token for a session, of `ttl` seconds; NULL when no key signs. */
char *auth_token(struct req *r, const struct session *s, int64_t ttl);
/* The session that an access token of a client belongs to.  ERR_AUTH_*: it is none, or has expired. */
enum err auth_session(struct req *r, const char *token, struct session *out);

/* serve.c: one request, start to finish. */
void serve(struct arena *a, struct db *db, const struct dialect *const *dialects, const struct io *io);

#endif
