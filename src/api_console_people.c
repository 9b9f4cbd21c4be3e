/* api_console_people.c: for whoever administers the organization: its users, their sessions and links to
 * set a password, and its roles.  And what everybody has of their own: the account and its sessions. */
#include "console.h"
#include "dom_user.h"
#include "str.h"

/* ---- Pages ---- */

static enum err asked(struct req *r, const struct page_asked *q, struct list_ask *ask)
{
	ask->limit = q->size ? q->size : r->row->paging->size;
	ask->after = q->after;
	ask->before = q->before;
	if (id_is_zero(&q->after) || id_is_zero(&q->before))
		return OK;
	why_add(&r->tx, "before", "cannot be given together with after");
	return ERR_QUERY;
}

static void got_page(struct req *r, const struct list_ask *ask, const struct list_got *got, struct page_got *out)
{
	(void)r, (void)ask;
	out->more = got->more;
}

const struct paging console_pages = { .size = 20, .asked = asked, .got = got_page };

/* ---- Users ---- */

#define ACCOUNT_AT(field) AT(struct account, field)
#define ACCOUNT_ROWS(type, at) \
	{ "id", T_ID, AT(type, at life.id), .prefix = "usr-" }, \
	{ "username", T_STR, AT(type, at username) }, \
	{ "email", T_STR, AT(type, at email) }, \
	{ "role", T_STR, AT(type, at role) }, \
	{ "status", T_STATE, AT(type, at life.state), .of = RES_USER }, \
	{ "last_active", T_TIME, AT(type, at active), .flags = F_OMIT | F_NULL, .help = "when a session of the user was last used, if that is known" }, \
	{ "created_at", T_TIME, AT(type, at life.created) }, \
	{ "updated_at", T_TIME, AT(type, at life.changed) }
static const struct shape user_out[] = { ACCOUNT_ROWS(struct account, ), NAMED("ConsoleUserAccount") };
#define LINK_ROWS \
	{ "link", T_STR, AT(struct user_linked, link), .help = "address of the page on which the user sets a password, once; shown only once" }, \
	{ "link_expires_at", T_TIME, AT(struct user_linked, expires) }
static const struct shape account_out[] = {
	{ "id", T_ID, ACCOUNT_AT(life.id), .prefix = "usr-" },
	{ "username", T_STR, ACCOUNT_AT(username) },
	{ "email", T_STR, ACCOUNT_AT(email) },
	{ "role", T_STR, ACCOUNT_AT(role) },
	NAMED("ConsoleAccount")
};
static const struct shape invited_out[] = { ACCOUNT_ROWS(struct user_linked, user.), LINK_ROWS, NAMED("ConsoleUserInvited") };
static const struct shape linked_out[] = { LINK_ROWS, NAMED("ConsolePasswordLink") };

struct users_query { struct page_asked page; const char *search; };
static const struct shape users_query[] = {
	CONSOLE_PAGE_ROWS("usr-"),
	{ "search", T_STR, AT(struct users_query, search), .filter = 1 + USERS_SEARCH, .min = 1, .max = 100, .help = "part of the user name or the email address" },
	{ 0 }
};
static const struct shape users_out[] = CONSOLE_PAGE(user_out);

#define LINKED_AT(field) AT(struct user_linked, field)
#define LASTS_ROW(usual) { "expires_in", T_INT, LINKED_AT(lasts), .min = 60, .max = LINK_TTL_MAX, .help = "how long the link is valid, in seconds; " usual " by default" }
static const struct shape user_in[] = {
	{ "username", T_STR, LINKED_AT(user.username), .min = 1, .max = USERNAME_MAX, .flags = F_REQUIRED | F_TRIMMED, .fault = username_fault },
	{ "email", T_STR, LINKED_AT(user.email), .min = 3, .max = EMAIL_MAX, .flags = F_REQUIRED, .fault = email_fault },
	{ "role", T_STR, LINKED_AT(user.role), .min = 1, .max = ROLE_MAX, .flags = F_REQUIRED | F_TRIMMED },        /* SQL lets trailing blanks pass */
	LASTS_ROW("three days"),
	NAMED("ConsoleUserCreate")
};
static const struct shape link_in[] = { LASTS_ROW("an hour"), NAMED("ConsolePasswordLinkCreate") };

#define EDIT_SET(field) SET(struct user_edit, field)
static const struct shape edit_in[] = {
	{ "username", T_STR, EDIT_SET(username), .min = 1, .max = USERNAME_MAX, .flags = F_ONE | F_TRIMMED, .fault = username_fault },
	{ "email", T_STR, EDIT_SET(email), .min = 3, .max = EMAIL_MAX, .flags = F_ONE, .fault = email_fault },
	{ "role", T_STR, EDIT_SET(role), .min = 1, .max = ROLE_MAX, .flags = F_ONE | F_TRIMMED },
	NAMED("ConsoleUserEdit")
};

static enum err invite(struct req *r)
{
	struct user_linked in = *(const struct user_linked *)r->in, out;
	enum err e;

	in.base = req_base(r);
	if (!(e = user_make(&r->tx, &in, &out)))
		res_shape(r, r->row->status, r->row->out, &out, 0);
	return e;
}

static enum err make_link(struct req *r)
{
	struct user_linked in = *(const struct user_linked *)r->in, out;
	struct db_val key[2];
	enum err e;

	in.base = req_base(r);
	if (!(e = route_key(r, key)) && !(e = user_link(&r->tx, key, &in, &out)))
		res_shape(r, r->row->status, r->row->out, &out, 0);
	return e;
}

/* ---- Sessions ---- */

#define SESSION_AT(field) AT(struct session_row, field)
static const void *began(struct arena *a, const void *session)
{
	int64_t *at = arena_alloc(a, sizeof *at);

	*at = id_ms(&((const struct session_row *)session)->family) * (SECOND / 1000);
	return at;
}

static const struct shape session_out[] = {
	{ "id", T_ID, SESSION_AT(family), .prefix = SESSION_PREFIX },
	{ "application", T_STR, SESSION_AT(client), .flags = F_NULL, .help = "the application that acts for the user; null: the user signed in" },
	{ "scopes", T_WORDS, SESSION_AT(scopes), .flags = F_NULL, .help = "of an application" },
	{ "since", T_TIME, .make = began },
	{ "last_used", T_TIME, SESSION_AT(used) },
	{ "expires_at", T_TIME, SESSION_AT(expires) },
	{ "current", T_BOOL, SESSION_AT(current), .help = "true: the session of this request" },
	NAMED("ConsoleUserSession")
};
static const struct shape sessions_out[] = {
	{ "items", T_LIST, .sub = session_out, .help = "most recently used first; 100 at most" },
	NAMED("ConsoleUserSessionList")
};

/* Of the user of the address, or else of the caller. */
static enum err whose(struct req *r, bool own, struct db_val key[2])
{
	key[0] = db_d(&r->who.principal);
	return own ? OK : route_key(r, key);
}

static bool is_own(const struct req *r)
{
	return r->row->perm == PERM_MEMBER;
}

static enum err list_sessions(struct req *r)
{
	struct session_row *all = NULL;
	struct db_val key[2];
	size_t n;
	enum err e = whose(r, is_own(r), key);

	if (!e && !(e = user_sessions(&r->tx, key, &all, &n)))
		res_shape(r, 200, sessions_out, &(struct list){ all, n, sizeof *all }, 0);
	return e;
}

static enum err end_session(struct req *r)
{
	const bool own = is_own(r);
	const struct id family = req_id(r, own ? 0 : 1, SESSION_PREFIX);
	struct db_val key[2];
	enum err e = whose(r, own, key);

	if (!e && !(e = user_end_session(&r->tx, key, &family)))
		res_body(r, 204, NULL, NULL, 0);
	return e;
}

static enum err end_others(struct req *r)
{
	enum err e = user_end_others(&r->tx);

	if (!e)
		res_body(r, 204, NULL, NULL, 0);
	return e;
}

/* ---- Roles ---- */

#define ROLE_AT(field) AT(struct role, field)
static const struct shape role_out[] = {
	{ "id", T_ID, ROLE_AT(life.id), .prefix = "rol-" },
	{ "name", T_STR, ROLE_AT(name) },
	{ "permissions", T_WORDS, ROLE_AT(permissions), .empty = "[]" },
	{ "rate", T_INT, ROLE_AT(rate), .help = "requests a minute of each of its users" },
	{ "created_at", T_TIME, ROLE_AT(life.created) },
	{ "updated_at", T_TIME, ROLE_AT(life.changed) },
	NAMED("ConsoleRole")
};
static const struct shape roles_query[] = { CONSOLE_PAGE_ROWS("rol-"), { 0 } };
static const struct shape roles_out[] = CONSOLE_PAGE(role_out);
enum { PERMISSIONS = 32, RATE_MOST = 1000000 };
static const struct shape role_in[] = {
	{ "name", T_STR, ROLE_AT(name), .min = 1, .max = ROLE_MAX, .flags = F_REQUIRED, .fault = role_name_fault },
	{ "permissions", T_WORDS, ROLE_AT(permissions), .max = PERMISSIONS, .flags = F_REQUIRED, .fault = permission_fault, .help = "such as `model:read`" },
	{ "rate", T_INT, ROLE_AT(rate), .min = 1, .max = RATE_MOST, .flags = F_REQUIRED, .help = "requests a minute of each of its users" },
	NAMED("ConsoleRoleCreate")
};
#define ROLE_SET(field) SET(struct role_edit, field)
static const struct shape role_edit_in[] = {
	{ "permissions", T_WORDS, ROLE_SET(permissions), .max = PERMISSIONS, .flags = F_ONE, .fault = permission_fault, .help = "all that the role is to have" },
	{ "rate", T_INT, ROLE_SET(rate), .min = 1, .max = RATE_MOST, .flags = F_ONE },
	NAMED("ConsoleRoleEdit")
};

/* ---- Routes ---- */

/* What a disabled user cannot be given. */
static const struct err_as as_state[] = { { ERR_STATE_ALREADY, ERR_WRONG_STATE }, { OK, OK } };
#define USERS "/console/users"
#define USER USERS "/{user_id}"
#define SESSIONS USER "/sessions"
#define ACCOUNT "/console/account"
#define ROLES "/console/roles"
#define ROLE ROLES "/{role_id}"
const struct route people_routes[] = {
	{ "GET", USERS, PERM_ORG_ADMIN, 0, QUERY(users_query, struct users_query), .status = 200, .out = users_out, .listing = &users_list,
	  .paging = &console_pages, .summary = "List the users of the organization", .errors = "TOO_BROAD" },
	{ "POST", USERS, PERM_ORG_ADMIN, R_WRITE | R_SECRET, BODY(user_in, struct user_linked), .status = 201, .out = invited_out, .object = RES_USER,
	  .run = invite, .summary = "Create a user, with a link to set the password",
	  .errors = "USERNAME_TAKEN EMAIL_TAKEN KEY_SEALED QUOTA" },
	{ "GET", USER, PERM_ORG_ADMIN, 0, .status = 200, .out = user_out, .object = RES_USER, .summary = "Get a user", .errors = "USER_NOT_FOUND" },
	{ "PATCH", USER, PERM_ORG_ADMIN, R_WRITE, BODY(edit_in, struct user_edit), .status = 200, .out = user_out, .object = RES_USER, .change = user_edit,
	  .moves = { LIFE_USER_ROLE, LIFE_USER_EMAIL, LIFE_USER_RENAME }, .summary = "Change the role, email address or name of a user; the latter two end the user's sessions",
	  .errors = "USER_NOT_FOUND USERNAME_TAKEN EMAIL_TAKEN LAST_ADMIN" },
	{ "POST", USER "/disable", PERM_ORG_ADMIN, R_WRITE, .status = 200, .out = user_out, .object = RES_USER, .change = user_switch,
	  .moves = { LIFE_USER_DISABLE }, .summary = "Disable a user; sessions, tokens and API keys are refused with the next request",
	  .errors = "USER_NOT_FOUND STATE_ALREADY LAST_ADMIN" },
	{ "POST", USER "/enable", PERM_ORG_ADMIN, R_WRITE, .status = 200, .out = user_out, .object = RES_USER, .change = user_switch,
	  .moves = { LIFE_USER_ENABLE }, .summary = "Enable a disabled user", .errors = "USER_NOT_FOUND STATE_ALREADY" },
	{ "POST", USER "/password_link", PERM_ORG_ADMIN, R_WRITE | R_SECRET | R_NO_BODY_NEEDED, BODY(link_in, struct user_linked), .status = 200,
	  .out = linked_out, .object = RES_USER, .run = make_link, .moves = { LIFE_USER_LINK }, .as = as_state,
	  .summary = "Create a link by which a user sets a new password, once; an earlier one is void", .errors = "USER_NOT_FOUND WRONG_STATE KEY_SEALED" },
	{ "GET", SESSIONS, PERM_ORG_ADMIN, 0, .status = 200, .out = sessions_out, .object = RES_USER, .run = list_sessions,
	  .summary = "List the sessions of a user", .errors = "USER_NOT_FOUND" },
	{ "DELETE", SESSIONS, PERM_ORG_ADMIN, R_WRITE, .status = 204, .object = RES_USER, .change = user_end_sessions, .moves = { LIFE_USER_END_SESSIONS },
	  .summary = "End all sessions of a user", .errors = "USER_NOT_FOUND" },
	{ "DELETE", SESSIONS "/{session_id}", PERM_ORG_ADMIN, R_WRITE, .status = 204, .object = RES_USER, .run = end_session, .moves = { LIFE_USER_END_SESSION },
	  .summary = "End a session of a user", .errors = "USER_NOT_FOUND NOT_FOUND" },
	{ "GET", ACCOUNT, PERM_MEMBER, R_UNTAGGED, .status = 200, .out = account_out, .object = RES_USER, .get = user_self,
	  .summary = "Get the own account" },
	{ "GET", ACCOUNT "/sessions", PERM_MEMBER, 0, .status = 200, .out = sessions_out, .run = list_sessions, .summary = "List the own sessions" },
	{ "DELETE", ACCOUNT "/sessions", PERM_MEMBER, R_WRITE, .status = 204, .run = end_others, .moves = { LIFE_USER_END_OTHERS },
	  .summary = "End all own sessions but the one of this request" },
	{ "DELETE", ACCOUNT "/sessions/{session_id}", PERM_MEMBER, R_WRITE, .status = 204, .run = end_session, .moves = { LIFE_USER_END_SESSION },
	  .summary = "End a session of one's own", .errors = "NOT_FOUND" },
	{ "GET", ROLES, PERM_ORG_ADMIN, 0, QUERY(roles_query, struct page_asked), .status = 200, .out = roles_out, .listing = &roles_list,
	  .paging = &console_pages, .summary = "List the roles of the organization" },
	{ "POST", ROLES, PERM_ORG_ADMIN, R_WRITE, BODY(role_in, struct role), .status = 201, .out = role_out, .object = RES_ROLE, .make = role_make,
	  .summary = "Create a role", .errors = "ROLE_TAKEN QUOTA" },
	{ "GET", ROLE, PERM_ORG_ADMIN, 0, .status = 200, .out = role_out, .object = RES_ROLE, .summary = "Get a role", .errors = "ROLE_NOT_FOUND" },
	{ "PATCH", ROLE, PERM_ORG_ADMIN, R_WRITE, BODY(role_edit_in, struct role_edit), .status = 200, .out = role_out, .object = RES_ROLE, .change = role_edit,
	  .moves = { LIFE_ROLE_SET }, .summary = "Change the permissions or the rate of a role; its users have them with their next request", .errors = "ROLE_NOT_FOUND LAST_ADMIN" },
	{ 0 }
};
