/* dom_org.h: organizations, their roles, their users: what the thaw command manages,
 * audited like everything else; and the sessions of users. */
#ifndef DOM_ORG_H
#define DOM_ORG_H
#include "life.h"

/* Makes the organization with the roles admin, member and reader, and its home project.
 * ERR_DB_DUPLICATE. */
enum err org_create(struct tx *tx, const char *name, struct id *out);
/* By `org-...` or exact name.  ERR_DB_NONE. */
enum err org_find(struct tx *tx, const char *which, struct id *out);

/* Makes the role or changes it.  permissions: words of perm.def; rate: requests a minute. */
enum err role_set(struct tx *tx, const struct id *org, const char *name, const char *permissions, int64_t rate);

struct user {
	struct id organization, id;
	const char *username, *email, *role, *permissions, *status, *password;
	int64_t rate, created_at;
};
/* password: its hash (passwd.h).  ERR_DB_DUPLICATE: the name or the address is taken. */
enum err user_create(struct tx *tx, const struct user *in, struct id *out);
enum err user_find(struct tx *tx, const char *username, struct user *out);   /* ERR_DB_NONE */
enum err user_self(struct tx *tx, struct user *out);     /* the caller, settled */
/* The first two end every session and access token the user has. */
enum err user_password(struct tx *tx, const struct user *u, const char *hash);
enum err user_enable(struct tx *tx, const struct user *u, bool enabled);     /* ERR_STATE_ALREADY */
enum err user_role(struct tx *tx, const struct user *u, const char *role);

/* Sessions (dom_session.c).  A refresh token is random; only its hash is stored.  client:
 * the application of somebody else that has the session (dom_oauth.h); zero: the user's own.
 * scopes: of a client; NULL: not narrowed. */
struct session { struct user user; struct id family, client; const char *scopes; char *refresh_token; };
/* Checks the password, in the same time for an unknown user.  by: SQL_LOGIN_BY_USERNAME
 * or SQL_LOGIN_BY_EMAIL.  ERR_LOGIN_FAILED. */
enum err session_check(struct tx *tx, enum sql by, const char *name, const char *password, struct session *out);
/* Stores a new refresh token for the user of `s`; inside tx_run(). */
enum err session_open(struct tx *tx, struct session *s);
/* The same of whatever session, its user and family settled by the caller. */
enum err session_begin(struct tx *tx, struct session *s);
/* Who a refresh token of the user's own belongs to.  ERR_REFRESH_INVALID: unknown, expired,
 * exchanged, a client's, or its user is disabled. */
enum err session_find(struct tx *tx, const char *refresh_token, struct session *out);
/* The same, of a client (NULL: of the user), exchanged or not. */
enum err session_of(struct tx *tx, const char *refresh_token, const struct id *client, struct session *out);
/* Ends the family of a refresh token of the user's, if it is one; inside tx_run(). */
enum err session_close(struct tx *tx, const char *refresh_token);
/* Ends a session: no refresh token of it is good any more, and no access token of a client's. */
enum err session_end(struct tx *tx, const struct session *s);
/* All that a client has for the caller; *ended: how many. */
enum err session_end_all(struct tx *tx, const struct id *client, int64_t *ended);
/* Finds it and exchanges the token for its successor; inside tx_run().  For 30 seconds
 * the same successor is given again; a later use ends the whole session:
 * *stolen, the work is to be committed, and the answer is ERR_REFRESH_INVALID. */
enum err session_rotate(struct tx *tx, const char *refresh_token, const struct id *client, struct session *out, bool *stolen);

#endif
