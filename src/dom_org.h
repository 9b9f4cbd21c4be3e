/* dom_org.h: organizations, their roles, their users and groups of these: what the thaw command manages,
 * audited like everything else; and the sessions of users. */
#ifndef DOM_ORG_H
#define DOM_ORG_H
#include "life.h"

/* Makes the organization with the roles admin, member and reader, and its home project.
 * ERR_DB_DUPLICATE. */
enum err org_create(struct tx *tx, const char *name, struct id *out);
/* ERR_DB_DUPLICATE; ERR_STATE_ALREADY.  Of a disabled one every token, key and session is refused (ERR_ORG_DISABLED), and no
 * webhook is sent, until it is enabled. */
enum err org_rename(struct tx *tx, const struct id *org, const char *name);
/* It has come from elsewhere, in this transaction. */
enum err org_imported(struct tx *tx, const struct id *org);
enum err org_enable(struct tx *tx, const struct id *org, bool enabled);
/* By `org-...` or exact name.  ERR_DB_NONE. */
enum err org_find(struct tx *tx, const char *which, struct id *out);

enum err org_name(struct tx *tx, const struct id *org, const char **out);

struct role;
/* ERR_DB_NONE. */
enum err role_find(struct tx *tx, const struct id *org, const char *name, struct id *out);
/* Makes the role (ERR_DB_DUPLICATE), changes one that is locked, or does either.  permissions: words of perm.def; rate: requests
 * a minute.  What would leave nobody to administer the organization is refused, here and of users: ERR_LAST_ADMIN. */
enum err role_add(struct tx *tx, const struct id *org, const char *name, const char *permissions, int64_t rate);
enum err role_change(struct tx *tx, struct role *role, const char *permissions, int64_t rate);
enum err role_set(struct tx *tx, const struct id *org, const char *name, const char *permissions, int64_t rate);

#define SESSION_PREFIX "ses_"
struct org { struct life life; const char *name, *status; };         /* status: where they are listed */
struct role { struct life life; const char *name, *permissions; int64_t rate; };
/* A user as a row. */
struct account { struct life life; const char *kind, *username, *email, *password, *role; bool disabled; int64_t active; };      /* active: a session of it was, 0: not known */

struct user {
	struct id organization, id;
	const char *username, *email, *role, *permissions, *status, *password;
	int64_t rate, created_at;
	int64_t gen;                             /* how often all of its tokens were ended: every token is of one such number */
};
/* An email address without the blanks around it.  Two that differ in capitals are one address,
 * as the database folds them (LOWER). */
char *email_trimmed(struct arena *a, const char *email);
/* password: its hash (passwd.h).  ERR_DB_DUPLICATE: the name or the address is taken. */
enum err user_create(struct tx *tx, const struct user *in, struct id *out);
enum err user_find(struct tx *tx, const char *username, struct user *out);   /* ERR_DB_NONE */
enum err user_self(struct tx *tx, const struct db_val *key, void *out);     /* the caller, settled, as a struct account */
enum err user_shown(struct tx *tx, const struct id *id, struct account *out);        /* any of the organization; ERR_USER_NOT_FOUND */
/* The first three end every session and access token the user has. */
enum err user_password(struct tx *tx, const struct user *u, const char *hash);
enum err user_enable(struct tx *tx, const struct user *u, bool enabled);     /* ERR_STATE_ALREADY, ERR_LAST_ADMIN */
enum err user_sign_out(struct tx *tx, const struct user *u);
enum err user_rename(struct tx *tx, const struct user *u, const char *username);     /* ERR_DB_DUPLICATE; ends every session: its tokens have the name */
enum err user_role(struct tx *tx, const struct user *u, const char *role);    /* ERR_DB_NONE: there is no such role; ERR_LAST_ADMIN */
enum err user_email(struct tx *tx, const struct user *u, const char *email); /* ERR_DB_DUPLICATE */
/* Who but this one has an address, however it is spelled.  ERR_DB_NONE. */
enum err user_of_email(struct tx *tx, const char *email, const struct id *but, const char **username);

/* A group of users; members: how many, where it is listed. */
struct user_group { struct life life; const char *name; int64_t members; };
/* in: organization and name.  ERR_DB_DUPLICATE, ERR_QUOTA. */
enum err user_group_create(struct tx *tx, struct user_group *g);
/* By `grp-...` or exact name.  ERR_DB_NONE. */
enum err user_group_find(struct tx *tx, const struct id *org, const char *which, struct user_group *out);
/* A user of the same organization is in it, or is not.  ERR_STATE_ALREADY, ERR_QUOTA. */
enum err user_group_member(struct tx *tx, const struct user_group *g, const struct user *u, bool in);

/* What the audit tells of a user beside its own changes: a transition that changes nothing. */
enum err user_note(struct tx *tx, const struct user *u, enum transition t, struct json *details);
/* Links (dom_link.c): the secret of one by which the user sets a password, once, within ttl_s seconds; the former one is
 * void.  Is it good, and the password set: ERR_LINK_INVALID, ERR_ORG_DISABLED. */
enum { LINK_TTL_S = 3600 };
enum err password_link_make(struct tx *tx, const struct user *u, int64_t ttl_s, char **out);
enum err password_link_good(struct tx *tx, const char *secret);
enum err password_link_use(struct tx *tx, const char *secret, const char *hash);
struct link_user { struct user user; int64_t since; };
/* Why a text cannot be a password; NULL: it can.  The least in characters, the most in bytes. */
enum { PASSWORD_MIN = 8, PASSWORD_MAX = 256 };
const char *password_fault(struct arena *a, const char *password);

/* Sessions (dom_session.c).  A refresh token is random; only its hash is stored.  client:
 * the application of somebody else that has the session (dom_oauth.h); zero: the user's own.
 * scopes: of a client; NULL: not narrowed.  access_token: where one was made (auth_token()). */
struct session { struct user user; struct id family, client; const char *scopes, *access_token; char *refresh_token; };
/* Who signs in.  by: SQL_LOGIN_BY_USERNAME, which is exact, or SQL_LOGIN_BY_EMAIL, however that
 * is spelled: blanks around it and capitals count for nothing.  Nobody: an id of zeros. */
enum err session_whose(struct tx *tx, enum sql by, const char *name, struct user *out);
/* The user of a session, as who signs in. */
enum err session_user(struct tx *tx, struct session *s);
/* Is it the password of a user who may sign in?  Takes the same time for nobody. */
bool session_right(const struct user *u, const char *password);
/* Stores a new refresh token for the user of `s`; inside tx_run(). */
enum err session_open(struct tx *tx, struct session *s);
/* The same of whatever session, its user and family settled by the caller. */
enum err session_begin(struct tx *tx, struct session *s);
/* Who a refresh token of a client (NULL: of the user) belongs to.  ERR_REFRESH_INVALID: unknown, expired,
 * exchanged, another's, or its user is disabled. */
enum err session_find(struct tx *tx, const char *refresh_token, const struct id *client, struct session *out);
/* The same, of a client (NULL: of the user), exchanged or not. */
enum err session_of(struct tx *tx, const char *refresh_token, const struct id *client, struct session *out);
/* Ends a session; inside tx_run(): no refresh token and no access token of it is good any more. */
enum err session_end(struct tx *tx, const struct session *s);
/* The sessions of an organization that last (username NULL: of all users), and the end of one, by its family: ERR_DB_NONE. */
struct session_row { struct id family; struct user user; const char *client, *scopes; int64_t used, expires; bool current; };
enum err session_list(struct tx *tx, const struct id *org, const char *username, struct session_row **out, size_t *n);
enum err session_revoke(struct tx *tx, const struct id *org, const struct id *user, const struct id *family);   /* user NULL: of any */
/* All that a client has for the caller; *ended: how many. */
enum err session_end_all(struct tx *tx, const struct id *client, int64_t *ended);
/* All that the caller has but the one that asks. */
enum err session_end_others(struct tx *tx, int64_t *ended);
/* Finds it and exchanges the token for its successor; inside tx_run().  For 30 seconds
 * the same successor is given again; a later use ends the whole session:
 * *stolen, the work is to be committed, and the answer is ERR_REFRESH_INVALID. */
enum err session_rotate(struct tx *tx, const char *refresh_token, const struct id *client, struct session *out, bool *stolen);

#endif
