/* dom_user.h: users and roles as an administrator of the organization has them through an API: over
 * what dom_org.h does, in the caller's organization, as routes ask for it. */
#ifndef DOM_USER_H
#define DOM_USER_H
#include "dom_org.h"
#include "list.h"

enum { USERNAME_MAX = 128, EMAIL_MAX = 254, ROLE_MAX = 64, INVITE_TTL_S = 3 * 86400, LINK_TTL_MAX = 30 * 86400, SESSIONS_MOST = 100 };

/* Why a text is none; NULL: it is one.  Of a name beyond what every name must be (name_fault()). */
const char *username_fault(struct arena *a, const char *s);
const char *email_fault(struct arena *a, const char *s);
const char *role_name_fault(struct arena *a, const char *s);
const char *permission_fault(struct arena *a, const char *s);

enum { USERS_SEARCH };
extern const struct listing users_list, roles_list;

/* A user with a link to set the first password, or another one: told once.  base: what the caller calls this server;
 * lasts: seconds, 0: as long as such a link usually does. */
struct user_linked { struct account user; const char *base, *link; int64_t lasts, expires; };
/* in, out: struct user_linked.  ERR_USERNAME_TAKEN, ERR_EMAIL_TAKEN, ERR_QUOTA; ERR_SHAPE: the role. */
enum err user_make(struct tx *tx, const struct user_linked *in, struct user_linked *out);
enum err user_link(struct tx *tx, const struct db_val *key, const struct user_linked *in, struct user_linked *out);        /* ERR_STATE_ALREADY: disabled */
/* The address of the page that a link leads to, below `base`. */
char *password_link_url(struct arena *a, const char *base, const char *secret, const char *username);

struct user_edit { const char *username, *email, *role; bool username_set, email_set, role_set; };
/* Each member that differs is a change of its own. */
enum err user_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err user_switch(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);       /* USER_ENABLE, USER_DISABLE */

/* The sessions of a user, at most SESSIONS_MOST, the last used first; the end of one (ERR_NOT_FOUND), of all, of all but the caller's own. */
enum err user_sessions(struct tx *tx, const struct db_val *key, struct session_row **out, size_t *n);
enum err user_end_session(struct tx *tx, const struct db_val *key, const struct id *family);
enum err user_end_sessions(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err user_end_others(struct tx *tx);

struct role_edit { const char *permissions; int64_t rate; bool permissions_set, rate_set; };
/* ERR_ROLE_TAKEN, ERR_QUOTA. */
enum err role_make(struct tx *tx, const void *in, void *out);
enum err role_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

#endif
