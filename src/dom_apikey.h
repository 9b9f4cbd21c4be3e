/* dom_apikey.h: API keys: `sk_live_`, `sk_test_` (all that their principal may), `pk_live_`,
 * `pk_test_` (reading alone) and `tok_` (narrowed by tier and scopes, and perhaps in an
 * agent's hands).  A key uses the rights of a human of the organization; the secret is
 * shown once and only its SHA-256 is stored.  On the wire the object is a `token`. */
#ifndef DOM_APIKEY_H
#define DOM_APIKEY_H
#include "dom_labels.h"
#include "life.h"

struct apikey {
	struct life life;                        /* life.test: of the test mode; life.whose: whose rights it has */
	const char *kind;                        /* "secret", "publishable", "token" */
	const char *secret, *hint;               /* secret: when it is made, and never again */
	const char *name, *agent, *scopes, *api_version;        /* NULL: none; scopes: words of perm.def */
	struct bytes hash;                       /* of the secret */
	bool human_grant;
	int64_t tier, rate, expires_at;          /* 0: none; rate: requests a minute */
	int64_t lasts;                           /* told to apikey_mint(), for expires_at: seconds; 0: until it is revoked */
	bool mode_given;                         /* told to it too: life.test is as it was asked for */
};

/* Who a secret belongs to.  ERR_AUTH_INVALID, ERR_AUTH_EXPIRED, ERR_AUTH_REFUSED (revoked, or its principal
 * disabled; of a key that is remembered the request's own statement tells that, or serve() where there was none). */
enum err apikey_find(struct tx *tx, const char *secret, struct who *who);

/* in: organization, test, whose, kind, name, agent, human_grant, tier, scopes, rate,
 * api_version, expires_at.  Rights are the caller's business: apikey_mint() asks them. */
enum err apikey_create(struct tx *tx, const struct apikey *in, struct apikey *out);
/* A `tok_` (of another kind where `in` says so) for a human, in a mode of the caller's: for oneself, or for an agent of anyone when an
 * administrator asks; never by an agent, never of a higher tier, of more scopes or limits, or of a
 * longer life than the caller's own token.  ERR_AGENT_DENIED, ERR_FORBIDDEN, ERR_SHAPE (names the field). */
enum err apikey_mint(struct tx *tx, const void *in, void *out);
/* One of any kind for the caller, who signed in: with no more than they may themselves. */
enum err apikey_own(struct tx *tx, const void *in, void *out);
extern const struct listing apikeys_list;
enum err apikey_list(struct tx *tx, struct list_ask *ask, struct list_got *got);
extern const enum sql apikey_revoke_wants[];     /* ends with SQL_NONE */
/* Idempotent.  An agent revokes its own alone: ERR_AGENT_DENIED. */
enum err apikey_revoke(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* Up to 100 of the keys that act for a human; *n: how many.  Inside tx_run(), for the thaw command. */
enum { REVOKE_MOST = 100 };
enum err apikey_revoke_of(struct tx *tx, const struct id *principal, int64_t *n);
/* The versions of the API that a key may be pinned to, oldest first; ends with NULL. */
#define API_NEWEST "2026-06-10"
extern const char *const api_versions[];
bool api_version_known(const char *version);
/* Does it name an agent: `agt_` and letters and digits, 64 characters at most? */
bool agent_valid(const char *s);
/* Why a text is no version, or no agent; NULL: it is one. */
const char *version_fault(struct arena *a, const char *version);
const char *agent_fault(struct arena *a, const char *s);

#endif
