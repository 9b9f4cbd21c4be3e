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
#define PERM(name, word, scope) PERM_##name,
#include "perm.def"
#undef PERM
	PERM__MAX
};

struct who {
	struct id organization, principal;       /* zero: nobody, or the thaw command */
	struct id human;                         /* for whom an agent acts; zero: itself */
	const char *name;                        /* for the audit row */
	const char *permissions;                 /* words; NULL until who_settle() */
	const char *scopes;                      /* words of the token; NULL: not narrowed */
	int64_t issued;                          /* of the token, microseconds */
	int64_t rate;                            /* requests a minute, as the token says */
	int64_t rate_now;                        /* as the role has it; 0 until who_settle() */
	bool system;                             /* the thaw command: may do all */
};

/* The first WHO_COLUMNS columns of a statement that begins with WHO (sql.def):
 * ERR_AUTH_REFUSED for a disabled principal or a token from before tokens_since. */
enum { WHO_COLUMNS = 4 };
enum err who_settle(struct who *who, const struct db_val *row);

/* May they use this permission at all?  ERR_FORBIDDEN, ERR_SCOPE_DENIED. */
enum err who_may(const struct who *who, enum perm perm);

/* Do the token's scopes allow it, whoever asks?  ERR_SCOPE_DENIED. */
enum err who_scoped(const struct who *who, enum perm perm);

/* May they, on a model?  granted: 0 none, 1 OBSERVER, 2 USER, 3 OWNER.  What they
 * may not see is ERR_MODEL_NOT_FOUND: visible comes before may. */
enum err who_may_model(const struct who *who, enum perm perm, bool global, int granted);

const char *perm_word(enum perm perm);           /* "public", "member", "model:read"... */
bool perm_known(const char *word);

#endif
