/* dom_oauth.h: the applications of others (OAuth 2.0, RFC 6749 with PKCE, RFC 7636): the
 * clients that an administrator registers, the codes they get for a user's consent, and
 * the sessions they have for them.  Rights are the user's, narrowed by scopes; every
 * audit row names the application beside the user. */
#ifndef DOM_OAUTH_H
#define DOM_OAUTH_H
#include "dom_org.h"
#include "list.h"

enum { CLIENT_NAME_MOST = 128, REDIRECT_MOST = 2048, REDIRECTS_MOST = 10 };

struct client {
	struct life life;
	struct id principal;                     /* whose rights it uses when it speaks for itself; zero: it may not */
	const char *name, *scopes;               /* scopes: the most it may ask for */
	const char *redirect_uris;               /* a JSON array */
	bool public;                             /* it cannot keep a secret, and has none: told to client_create() alone */
	const char *secret;                      /* when it is made, and never again */
	struct bytes hash;                       /* of it */
	bool off;                                /* its organization is disabled: told by client_find() alone */
};

/* By its id alone, of whatever organization.  ERR_NOT_FOUND: unknown, or revoked. */
enum err client_find(struct tx *tx, const struct id *id, struct client *out);
/* Is this its secret?  Of a public client: is there none (NULL)? */
bool client_proven(const struct client *c, const char *secret);
/* Is this one of its redirect URIs?  To the byte, but for the port of a loopback address. */
bool client_redirects(struct arena *a, const struct client *c, const char *uri);

/* What an administrator does with clients; inside tx_run().
 * in: organization, name, scopes, redirect_uris, public, principal. */
enum err client_create(struct tx *tx, const struct client *in, struct client *out);
/* The same in the caller's organization.  itself: it may speak for itself, with the caller's rights.  ERR_SHAPE. */
struct client_in { struct client client; bool itself; };
enum err client_make(struct tx *tx, const void *in, void *out);
/* A new secret; the old one is good no more, and what speaks for itself does so with the rights of the caller from here on (but
 * for the thaw command).  ERR_CLIENT_PUBLIC: it has none. */
enum err client_rotate(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err client_revoke(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);        /* idempotent */
extern const struct listing clients_list;
/* Why a redirect URI is none, in a few words; NULL: it is one.  (RFC 6749 3.1.2, RFC 8252) */
const char *redirect_fault(const char *uri);
/* Whom it leads to, for a human: its scheme and host. */
char *redirect_host(struct arena *a, const char *uri);
/* 43 to 128 unreserved characters: a code verifier, or its challenge (RFC 7636 4.1). */
bool pkce_valid(const char *s);
/* The S256 challenge of a verifier. */
char *pkce_challenge(struct arena *a, const char *verifier);

/* What is granted of the scopes asked for (NULL or blank: all that may be): NULL when one is
 * unknown or more than `most`.  offline_access is let be, but alone it asks for nothing: NULL. */
const char *scopes_within(struct arena *a, const char *most, const char *asked);

/* What a user is asked to let a client do, and what becomes of it. */
struct consent {
	const char *client_id, *redirect_uri, *scope, *challenge, *state;
	bool approve;
	struct client client;                    /* found, with the scopes that it would get */
	const char *scopes, *code;               /* code: of a single use within two minutes; NULL: the user did not agree */
};
/* The client and the scopes, as the caller's organization has them.  ERR_NOT_FOUND: no such
 * client, revoked, or the redirect URI is not its own; ERR_SHAPE: the scope. */
enum err consent_read(struct tx *tx, const struct consent *ask, struct consent *out);
/* The caller consents, or does not.  Inside tx_run(); the errors of consent_read(). */
enum err consent_give(struct tx *tx, const struct consent *ask, struct consent *out);

/* A client that acts for the caller now.  scopes: of all its sessions; first, since: the session
 * of the first consent that still holds, and when that was; used: when it last got a refresh token. */
enum { APPLICATIONS_MOST = 100 };
struct application { struct id client, first; const char *name, *scopes; int64_t since, used; };
/* The last used first. */
enum err consent_list(struct tx *tx, struct application **out, size_t *n);
/* Ends all that the caller let a client do: its sessions, and the codes it has not exchanged.
 * Inside tx_run().  ERR_NOT_FOUND: there is none. */
enum err consent_withdraw(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* A code for a session.  ERR_GRANT_INVALID; *reused: the code had been exchanged before, and
 * what came of it is ended: the work is to be committed, the answer is ERR_GRANT_INVALID. */
enum err code_exchange(struct tx *tx, const struct client *c, const char *code, const char *redirect_uri,
	const char *verifier, struct session *out, bool *reused);
/* A session for the client itself, without a refresh token.  ERR_GRANT_DENIED, ERR_SCOPE_UNKNOWN. */
enum err client_session(struct tx *tx, const struct client *c, const char *scope, struct session *out);
/* The next refresh token of a session; the scope narrows this answer alone.  ERR_GRANT_INVALID,
 * ERR_SCOPE_UNKNOWN; *stolen as in session_rotate(). */
enum err client_refresh(struct tx *tx, const struct client *c, const char *refresh_token, const char *scope,
	struct session *out, bool *stolen);

/* May an access token of this client and session still be used?  ERR_AUTH_REFUSED. */
enum err client_still(struct tx *tx, const struct id *organization, const struct id *client, const struct id *session);

#endif
