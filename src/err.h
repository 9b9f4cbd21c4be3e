/* err.h: the closed set of errors (rows in err.def).  A function returns
 * `enum err`; 0 is success; outputs are its last parameters. */
#ifndef ERR_H
#define ERR_H

enum err {
	OK = 0,
#define ERR(name, class, status, level, flags, text) ERR_##name,
#include "err.def"
#undef ERR
	ERR__MAX
};

enum level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* The rows of the contracts' common table of errors. */
enum err_class { CLASS_INNER, CLASS_MALFORMED, CLASS_WHO, CLASS_FORBIDDEN, CLASS_NOT_FOUND, CLASS_METHOD, CLASS_CONFLICT,
	CLASS_PRECONDITION, CLASS_TOO_LARGE, CLASS_MEDIA_TYPE, CLASS_RATE, CLASS_INTERNAL, CLASS_UNAVAILABLE, CLASS__MAX };

enum err_flag {
	SUSPECT = 1,        /* the security log tells who was refused */
	KEPT = 2,           /* the state of the object answered: an idempotency key keeps it for the repetition.
	                     * Not who was asking, how often, or whether there was room */
	ASK_TOKEN = 4,      /* WWW-Authenticate asks for a token, */
	BAD_TOKEN = 8,      /* says that this one is none, */
	LOW_TIER = 16,      /* or what it lacks: a tier, */
	NO_SCOPE = 32       /* or a scope */
};

struct err_row { const char *name; enum err_class class; int status; enum level level; unsigned flags; const char *text; };

/* Row of an error; never NULL. */
const struct err_row *err_row(enum err e);
const char *status_phrase(int status);           /* RFC 9110: "Not Found" */

/* What routes may answer without naming it: all of them, those that ask who calls, that take a
 * permission, a query, a body, an Idempotency-Key, an If-Match.  Ends with OK. */
enum err_on { ON_EVERY, ON_CALLER, ON_PERMISSION, ON_QUERY, ON_BODY, ON_WRITE, ON_CONDITION };
struct err_common { enum err err; enum err_on on; };
extern const struct err_common err_common[];

#endif
