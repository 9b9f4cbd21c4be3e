/* who.h: who calls, and what they may do: the one place that decides rights.
 * A token says who it is (auth.c); role and permissions come from the database, in
 * the request's own statement or transaction, so that a disabled user or a changed
 * role counts at once. */
#ifndef WHO_H
#define WHO_H
#include <stdbool.h>
#include <stdint.h>
#include "db.h"
#include "err.h"
#include "id.h"

/* What a route asks for.  0 is invalid: a route must say PUBLIC or MEMBER aloud. */
enum perm {
	PERM_INVALID = 0,
	PERM_PUBLIC,                             /* no token */
	PERM_MEMBER,                             /* any token of an organization */
#define PERM(name, word, scope, test, help) PERM_##name,
#include "perm.def"
#undef PERM
	PERM__MAX
};

/* The data of API keys comes in two disjoint sets; a sign-in sees both. */
enum mode { MODE_BOTH, MODE_LIVE, MODE_TEST };

/* The objects that are not there for a route, whoever asks. */
enum hidden { HIDDEN_NONE, HIDDEN_RETIRED, HIDDEN_ARCHIVED };    /* each one also what stands before it */

/* What a route asks of its caller; tier 0: any.  scope: the OAuth scope that stands for the
 * permission here; NULL: the permission's own (perm.def).  publishable: a `pk_` may. */
enum tier { TIER_ANY, TIER_OBSERVE, TIER_PREPARE, TIER_EXECUTE, TIER_AUTONOMOUS };
struct ask { enum perm perm; enum tier tier; const char *scope; enum hidden hidden; bool publishable; };

struct who {
	struct id organization, principal;       /* zero: nobody, or the thaw command */
	struct id token;                         /* of the credential itself; zero: none known */
	struct id caller;                        /* whose the idempotency keys and the rate are: the API key, the application for its user, else the principal */
	struct id client;                        /* the application of somebody else that acts for the principal; zero: none */
	struct id session;                       /* that the token is of, and ends with, or the API key; zero: none */
	const char *agent;                       /* `agt_...`: who holds the token for the principal; NULL: nobody */
	bool human_grant;                        /* and may pass the human gate */
	enum mode mode;
	enum tier tier;                          /* of the token; TIER_ANY: not narrowed */
	const char *api_version;                 /* pinned; NULL: none */
	bool narrow;                             /* an API key: its rate is its own */
	bool settled;                            /* nothing is to be asked of its principal: it was looked up in this very request */
	bool delegated;                          /* a `tok_` */
	bool publishable;                        /* a `pk_`: reads what its route's row lets it, and no more */
	int64_t limit, expires;                  /* of an API key: its own requests a minute, its end; 0: none */
	const char *name;                        /* for the audit row */
	const char *permissions;                 /* words; NULL until who_settle() */
	const char *scopes;                      /* words of the token; NULL: not narrowed */
	int64_t gen;                             /* principals.tokens_gen as the token has it; -1: none, it goes by its time */
	int64_t issued;                          /* of the token, microseconds: the end of its millisecond, or of its second */
	int64_t rate;                            /* requests a minute, as the token says */
	int64_t burst;                           /* requests a second; 0: any */
	int64_t rate_now;                        /* as the role has it; 0 until who_settle() */
	bool system;                             /* the thaw command: may do all */
	bool asked;                              /* somebody has asked who_may() */
};

/* The status of whoever is of a disabled organization: ERR_ORG_DISABLED, else `other` of one that is not active. */
enum err who_standing(const char *status, enum err other);

/* What a statement that begins with WHO (sql.def) tells in its first WHO_COLUMNS columns. */
enum { WHO_COLUMNS = sizeof WHO_OUT - 1 };
struct standing { const char *status, *permissions; int64_t since, gen, rate; };
/* Of such a row: ERR_ORG_DISABLED of a disabled organization; ERR_AUTH_REFUSED for a disabled principal, or a token from before all of its tokens ended:
 * by the number of that, whatever the clocks of hosts say; of one without a number, by time. */
enum err who_settle(struct who *who, const struct db_val *row);
/* The permissions of the principal of such columns; NULL of a disabled one. */
const char *who_active(const struct db_val *row);

/* May they at all, of what the request asks for?  ERR_FORBIDDEN, ERR_SCOPE_DENIED, ERR_TIER_DENIED.
 * who_can() is for something beside it. */
enum err who_can(const struct who *who, struct ask ask);
enum err who_may(struct who *who, struct ask ask);

/* Does the token itself allow it, whoever asks?  ERR_SCOPE_DENIED, ERR_TIER_DENIED. */
enum err who_scoped(const struct who *who, struct ask ask);

/* Is it of the caller's mode? */
bool who_sees(const struct who *who, bool livemode);
/* Is its role an administrator's, whatever its token is narrowed to? */
bool who_is_admin(const struct who *who);
/* The same; before who_settle() as it was when this process last settled them, which may be wrong. */
bool who_guess_admin(const struct who *who);
/* Has the caller every right of the organization, its token not narrowed by scopes? */
bool who_acts_as_admin(const struct who *who);

/* What was granted on a model; 0: nothing. */
enum { GRANTED_OBSERVER = 1, GRANTED_USER, GRANTED_OWNER };

/* May they, on a model?  What they
 * may not see is ERR_MODEL_NOT_FOUND: visible comes before may. */
enum err who_may_model(struct who *who, struct ask ask, bool global, int granted);
/* Is it there for them at all?  For a model beside the one that the route asks about. */
bool who_sees_model(const struct who *who, bool global, int granted);
/* Whose grants count: the organization's; nobody's for what was published with a page. */
const struct id *who_grants(const struct who *who);
/* Do they own it: as an administrator whose token is not narrowed, by a grant, or as the maker of
 * what is everybody's? */
bool who_owns(const struct who *who, bool global, int granted, const struct id *maker);

const char *perm_word(enum perm perm);           /* "public", "member", "model:read"... */
const char *perm_help(enum perm perm);           /* what it allows, for people */
const char *ask_scope(struct ask ask);           /* the OAuth scope; "" for none */
bool perm_known(const char *word);
extern const char *const oauth_scopes;           /* words: all that an OAuth client may ask for */

#endif
