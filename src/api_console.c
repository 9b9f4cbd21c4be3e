/* api_console.c: what the web console needs beyond the published dialects: a session
 * of its own, what may be done in which state and what a restore would come to, what
 * happened lately, and the history of one object.
 *
 * The session: the access token goes to the page's memory alone; the refresh token is
 * an HttpOnly SameSite=Strict cookie limited to this path, exchanged at each use.
 * Requests that carry the cookie must name this site as their origin. */
#include "console.h"
#include <string.h>
#include <strings.h>
#include "conf.h"
#include "dialects.h"
#include "dom_model.h"
#include "dom_org.h"
#include "dom_webhook.h"
#include "dom_workspace.h"
#include "str.h"

#define SESSION "/console/session"
#define COOKIE "thaw_session"
enum { ACCESS_TTL_S = 15 * 60 };

/* ---- Session ---- */

struct login { const char *email, *password; };
#define LOGIN_AT(field) AT(struct login, field)
static const struct shape login_in[] = {
	{ "email", T_STR, LOGIN_AT(email), .min = 1, .max = 254, .flags = F_REQUIRED },
	{ "password", T_STR, LOGIN_AT(password), .min = 1, .max = 512, .flags = F_REQUIRED },
	NAMED("ConsoleSignIn")
};
struct session_view { const char *token, *permissions, *organization; int64_t expires_in; struct user user; };
#define SESSION_VIEW_AT(field) AT(struct session_view, field)
static const struct shape user_out[] = {
	{ "id", T_ID, SESSION_VIEW_AT(user.id), .prefix = "usr-" },
	{ "principal_id", T_ID, SESSION_VIEW_AT(user.id), .prefix = "usr_", .help = "the same id, as the workspaces API spells it" },
	{ "username", T_STR, SESSION_VIEW_AT(user.username) },
	{ "email", T_STR, SESSION_VIEW_AT(user.email) },
	{ "role", T_STR, SESSION_VIEW_AT(user.role) },
	{ "permissions", T_STRINGS, SESSION_VIEW_AT(permissions), .empty = "[]" },
	NAMED("ConsoleUser")
};
static const struct shape organization_out[] = {
	{ "id", T_ID, SESSION_VIEW_AT(user.organization), .prefix = "org-" },
	{ "name", T_STR, SESSION_VIEW_AT(organization) },
	NAMED("ConsoleOrganization")
};
static const struct shape session_out[] = {
	{ "access_token", T_STR, SESSION_VIEW_AT(token) },
	{ "expires_in", T_INT, SESSION_VIEW_AT(expires_in), .help = "seconds" },
	{ "user", T_SUB, .off = 0, .sub = user_out },
	{ "organization", T_SUB, .off = 0, .sub = organization_out },
	NAMED("ConsoleSession")
};

/* The origin that a browser names must be this very site: scheme, host and port. */
static enum err same_site(const struct req *r)
{
	const char *scheme = r->secure ? "https" : "http", *port = r->secure ? ":443" : ":80", *host = req_header(r, "HTTP_HOST");
	size_t n = host ? strlen(host) : 0, tail = strlen(port);

	if (n > tail && !strcmp(host + n - tail, port))
		n -= tail;                       /* no browser names a scheme's own port */
	return r->origin && n && !strcasecmp(r->origin, arena_printf(r->arena, "%s://%.*s", scheme, (int)n, host)) ? OK : ERR_ORIGIN;
}

/* Refused or not. */
static void set_cookie(struct req *r, const char *value, int64_t ttl)
{
	r->lasting = (struct param){ "Set-Cookie", arena_printf(r->arena, COOKIE "=%s; Path=%s" SESSION "; Max-Age=%lld; HttpOnly; "
		"SameSite=Strict%s", value, conf.base_path, (long long)ttl, r->secure ? "; Secure" : "") };
}

/* The value of our cookie; "" without one. */
static const char *cookie(const struct req *r)
{
	for (const char *p = req_header(r, "HTTP_COOKIE"); p && *p; ) {
		size_t n = strcspn(p, ";");

		if (!strncmp(p, COOKIE "=", sizeof COOKIE))
			return arena_strndup(r->arena, p + sizeof COOKIE, n - sizeof COOKIE);
		p += n;
		p += strspn(p, "; ");
	}
	return "";
}

static enum err reply_session(struct req *r, const struct session *s)
{
	struct session_view v = { .token = auth_token(r, s, ACCESS_TTL_S), .expires_in = ACCESS_TTL_S, .user = s->user,
		.permissions = js_words(r->arena, s->user.permissions) };
	enum err e = org_name(&r->tx, &s->user.organization, &v.organization);

	if (e || !v.token)
		return e ? e : ERR_INTERNAL;
	res_shape(r, 200, session_out, &v, 0);
	set_cookie(r, s->refresh_token, conf.refresh_ttl);
	return OK;
}

static enum err sign_in(struct req *r)
{
	const struct login *in = r->in;
	struct session s;
	enum err e = same_site(r);

	if (!e)
		e = auth_login(r, SQL_LOGIN_BY_EMAIL, in->email, in->password, &s);
	return e ? e : reply_session(r, &s);
}

struct new_password { const char *link, *current, *password; };
#define NEW_PASSWORD_AT(field) AT(struct new_password, field)
static const struct shape password_in[] = {
	{ "link", T_STR, NEW_PASSWORD_AT(link), .min = 1, .max = 128, .flags = F_REQUIRED, .help = "the code of the link" },
	{ "password", T_STR, NEW_PASSWORD_AT(password), .min = PASSWORD_MIN, .max = PASSWORD_MAX, .flags = F_REQUIRED, .fault = password_fault,
	  .help = "at most 256 bytes" },
	NAMED("ConsoleNewPassword")
};

static const struct shape change_in[] = {
	{ "current_password", T_STR, NEW_PASSWORD_AT(current), .min = 1, .max = 512, .flags = F_REQUIRED },
	{ "password", T_STR, NEW_PASSWORD_AT(password), .min = PASSWORD_MIN, .max = PASSWORD_MAX, .flags = F_REQUIRED, .fault = password_fault,
	  .help = "the new one, at most 256 bytes" },
	NAMED("ConsolePasswordChange")
};

/* Of the user of the session, who goes on with another one: every session that there was ends. */
static enum err change_password(struct req *r)
{
	const struct new_password *in = r->in;
	struct session s;
	enum err e = same_site(r);

	if (!e)
		e = session_find(&r->tx, cookie(r), NULL, &s);
	if (!e)
		e = auth_change_password(r, in->current, in->password, &s);
	return e ? e : reply_session(r, &s);
}

/* Whoever has the link is its user; every session that there was ends. */
static enum err set_password(struct req *r)
{
	const struct new_password *in = r->in;
	enum err e = same_site(r);

	if (!e && !(e = auth_set_password(r, in->link, in->password)))
		res_body(r, 204, NULL, NULL, 0);
	return e;
}

static enum err refresh(struct req *r)
{
	struct session s = { .refresh_token = NULL };
	bool stolen;
	enum err e;

	if ((e = same_site(r)) || (e = auth_refresh(r, cookie(r), &s, &stolen)))
		return e;
	if (!stolen)
		return reply_session(r, &s);
	set_cookie(r, "", 0);
	return ERR_REFRESH_INVALID;              /* and what was revoked is committed */
}

static enum err leave(void *arg)
{
	struct req *r = arg;
	struct session s;
	enum err e = session_of(&r->tx, cookie(r), NULL, &s);

	return e ? e : session_end(&r->tx, &s);
}

/* Nothing is written where there is no session to end. */
static enum err sign_out(struct req *r)
{
	struct session s;
	enum err e = same_site(r);

	if (!e)
		e = session_of(&r->tx, cookie(r), NULL, &s);
	if (!e)
		e = tx_run(&r->tx, leave, res_again, r);
	if (e && e != ERR_REFRESH_INVALID)
		return e;
	res_body(r, 204, NULL, NULL, 0);
	set_cookie(r, "", 0);
	return OK;
}

/* ---- What may be done ---- */

struct action { const char *resource, *transition, *from, *to, *method, *path, *permission, *summary; };
#define ACTION_AT(field) AT(struct action, field)
static const struct shape action_out[] = {
	{ "resource", T_STR, ACTION_AT(resource) },
	{ "transition", T_STR, ACTION_AT(transition) },
	{ "from", T_STRINGS, ACTION_AT(from), .help = "the states that it can start in" },
	{ "to", T_STR, ACTION_AT(to), .help = "a state, `same`, or `computed` at that moment" },
	{ "method", T_STR, ACTION_AT(method) },
	{ "path", T_STR, ACTION_AT(path), .help = "address of the request that does it" },
	{ "permission", T_STR, ACTION_AT(permission) },
	{ "summary", T_STR, ACTION_AT(summary) },
	NAMED("ConsoleAction")
};
struct items_view { struct list items; };
#define ITEMS(shape) { { "items", T_LIST, AT(struct items_view, items), .sub = shape }, NAMED("%List") }
static const struct shape actions_out[] = ITEMS(action_out);

static const char *states(struct arena *a, uint64_t from)
{
	struct json *array = js_array(a);

	for (int s = STATE_NONE + 1; s < STATE__MAX; s++)
		if (from >> s & 1)
			js_add(array, js_string(a, life_word(s)));
	return js_text(array, NULL);
}

static struct action action_of(struct arena *a, const struct route *row, const struct transition_row *t, uint64_t from, enum life_rule rule)
{
	return (struct action){ life_resources[t->resource].word, t->name, states(a, from),
		rule == LIFE_FIXED ? life_word(t->to) : rule == LIFE_SAME ? "same" : "computed",
		row->method, row->path, perm_word(row->perm), row->summary };
}

/* Where it moves, and where it stays. */
static size_t actions_of(struct arena *a, const struct route *row, int transition, struct action *out)
{
	const struct transition_row *t = &life_transitions[transition];
	const uint64_t stays = life_stays[transition];

	*out++ = action_of(a, row, t, t->from & ~stays, t->rule);
	if (stays)
		*out = action_of(a, row, t, stays, LIFE_SAME);
	return 1 + (stays != 0);
}

static enum err actions(struct req *r)
{
	struct action *all = arena_alloc(r->arena, 2 * LIFE__MAX * sizeof *all);
	size_t n = 0;
	enum err e = tx_settle(&r->tx);

	if (e)
		return e;
	for (size_t i = 0; r->dialects[i]; i++) {
		EACH_ROUTE(r->dialects[i], row) {
			for (const int *move = row->moves; *move && n < 2 * LIFE__MAX - 1; move++)
				n += actions_of(r->arena, row, *move, &all[n]);
		}
	}
	res_shape(r, 200, actions_out, &(struct items_view){ { all, n, sizeof *all } }, 0);
	return OK;
}

/* ---- What endpoints can hear of ---- */

struct told { const char *type; };
static const struct shape told_out[] = {
	{ "type", T_STR, AT(struct told, type) },
	NAMED("ConsoleEventType")
};
static const struct shape tolds_out[] = ITEMS(told_out);

static enum err told(struct req *r)
{
	struct told *all = arena_alloc(r->arena, LIFE__MAX * sizeof *all);
	size_t n = 0;
	enum err e = tx_settle(&r->tx);

	if (e)
		return e;
	for (int t = 0; t < LIFE__MAX; t++) {
		const struct transition_row *row = &life_transitions[t];
		size_t same = 0;

		while (same < n && strcmp(all[same].type, row->audit))
			same++;
		if (row->flags & TOLD && same == n)
			all[n++] = (struct told){ row->audit };
	}
	res_shape(r, 200, tolds_out, &(struct items_view){ { all, n, sizeof *all } }, 0);
	return OK;
}

/* ---- What an upload can have ---- */

struct limits { int64_t file, body; };
static const struct shape limits_out[] = {
	{ "file_bytes", T_INT, AT(struct limits, file), .help = "largest file of a model version" },
	{ "body_bytes", T_INT, AT(struct limits, body), .help = "largest request body, not counting such a file" },
	NAMED("ConsoleLimits")
};

static enum err limits(struct req *r)
{
	enum err e = tx_settle(&r->tx);

	if (!e)
		res_shape(r, 200, limits_out, &(struct limits){ conf.artifact_limit, conf.body_limit }, 0);
	return e;
}

/* ---- Preview what restoring a workspace would do ---- */

static const struct shape target_out[] = {
	{ "target", T_STATE, AT(struct workspace_target, to), .of = RES_WORKSPACE, .flags = F_OPEN, .help = "`active` or `ready`" },
	{ "entities", T_INT, AT(struct workspace_target, entities) },
	{ "open", T_INT, AT(struct workspace_target, open), .help = "entities that are not in a final status" },
	NAMED("ConsoleRestoreTarget")
};

/* ---- What happened lately ---- */

struct day { const char *date, *action; int64_t count; };
struct count { const char *resource, *status; int64_t count; };
struct activity_view { struct list days, statuses; };
static const struct shape day_out[] = {
	{ "date", T_STR, AT(struct day, date) },
	{ "action", T_STR, AT(struct day, action) },
	{ "count", T_INT, AT(struct day, count) },
	NAMED("ConsoleDay")
};
static const struct shape status_out[] = {
	{ "resource", T_STR, AT(struct count, resource) },
	{ "status", T_STR, AT(struct count, status) },
	{ "count", T_INT, AT(struct count, count) },
	NAMED("ConsoleStatus")
};
static const struct shape activity_out[] = {
	{ "days", T_LIST, AT(struct activity_view, days), .sub = day_out, .help = "state changes of the last 30 days, UTC" },
	{ "statuses", T_LIST, AT(struct activity_view, statuses), .sub = status_out },
	NAMED("ConsoleActivity")
};

static enum err activity(struct req *r)
{
	static const struct column day[] = PICK_MAP(ACTIVITY_PICK, struct day), status[] = MAP(STATUS_COLUMNS, struct count);
	const struct db_val org = db_d(&r->who.organization), live = db_i(r->who.mode != MODE_TEST), test = db_i(r->who.mode == MODE_LIVE), *own;
	int64_t since = r->tx.now / (86400 * SECOND) * (86400 * SECOND) - (ACTIVITY_DAYS - 1) * 86400 * SECOND;
	struct count *statuses;
	struct day *days;
	struct db_rows rows;
	size_t n = 0, shown = 0;
	enum err e;

	if ((e = tx_read(&r->tx, SQL_ACTIVITY, DB_IN(org, db_t(since), org, db_d(&r->who.principal)), &rows)))
		return e;
	days = arena_alloc(r->arena, (rows.n + 1) * sizeof *days);
	for (size_t i = 0; i < rows.n && (own = row_own(db_row(&rows, i))); i++) {
		(void)row_read(day, RES__MAX, own, &days[n]);
		n += event_heard(&r->who, days[n].action, arena_strndup(r->arena, days[n].action, strcspn(days[n].action, ".")));
	}
	if ((e = tx_query(&r->tx, SQL_STATUSES, DB_IN(org, org, org, live, test, org, live, test), &rows)))
		return e;
	statuses = arena_alloc(r->arena, (rows.n + 1) * sizeof *statuses);
	for (size_t i = 0; i < rows.n; i++) {
		(void)row_read(status, RES__MAX, db_row(&rows, i), &statuses[shown]);
		shown += event_heard(&r->who, "", statuses[shown].resource);
	}
	res_shape(r, 200, activity_out, &(struct activity_view){ { days, n, sizeof *days },
		{ statuses, shown, sizeof *statuses } }, 0);
	return OK;
}

/* ---- The history of one object ---- */

struct history_query { int64_t page, page_size; };
#define HISTORY_QUERY_AT(field) AT(struct history_query, field)
static const struct shape history_query[] = {
	{ "page", T_INT, HISTORY_QUERY_AT(page), .min = 1, .max = INT32_MAX },
	{ "page_size", T_INT, HISTORY_QUERY_AT(page_size), .min = 1, .max = 200 },
	{ 0 }
};
#define AUDIT_EVENT_AT(field) AT(struct audit_event, field)
static const struct shape actor_out[] = {
	{ "id", T_ID, AT(struct actor, id), .prefix = "usr-", .flags = F_NULL },
	{ "name", T_STR, AT(struct actor, name) },
	NAMED("ConsoleActor")
};
static const struct shape event_out[] = {
	{ "timestamp", T_TIME, AUDIT_EVENT_AT(at) },
	{ "action", T_STR, AUDIT_EVENT_AT(action) },
	{ "actor", T_SUB, AUDIT_EVENT_AT(actor), .sub = actor_out },
	{ "from_status", T_STR, AUDIT_EVENT_AT(from), .flags = F_NULL },
	{ "to_status", T_STR, AUDIT_EVENT_AT(to) },
	{ "key", T_STR, AUDIT_EVENT_AT(key), .flags = F_NULL, .help = "name of the API key that was used" },
	{ "agent", T_STR, AUDIT_EVENT_AT(agent), .flags = F_NULL, .help = "the agent that this key belongs to" },
	{ "ip_address", T_STR, AUDIT_EVENT_AT(address) },
	{ "request_id", T_STR, AUDIT_EVENT_AT(request_id) },
	{ "details", T_OBJECT, AUDIT_EVENT_AT(details), .empty = "{}" },
	NAMED("ConsoleEvent")
};
struct history_view { struct list items; int64_t total, page, page_size; bool has_next; };
#define HISTORY_VIEW_AT(field) AT(struct history_view, field)
static const struct shape history_out[] = {
	{ "items", T_LIST, HISTORY_VIEW_AT(items), .sub = event_out },
	{ "total", T_INT, HISTORY_VIEW_AT(total) },
	{ "page", T_INT, HISTORY_VIEW_AT(page) },
	{ "page_size", T_INT, HISTORY_VIEW_AT(page_size) },
	{ "has_next", T_BOOL, HISTORY_VIEW_AT(has_next) },
	NAMED("ConsoleHistory")
};

/* Nothing has a number that is spelled otherwise. */
static int64_t number(struct arena *a, const char *s)
{
	int64_t n;

	(void)a;
	return parse_int(s, 1, INT64_MAX, &n) ? n : 0;
}

static enum err history(struct req *r)
{
	const struct history_query *q = r->query;
	const int64_t page = q->page ? q->page : 1, size = q->page_size ? q->page_size : 50;
	const enum resource type = r->row->object;
	struct life *o = arena_alloc(r->arena, life_resources[type].size);
	struct audit_event *events;
	struct db_val key[2];
	size_t n;
	enum err e;

	if ((e = route_key(r, key)) || (e = life_read(&r->tx, type, key, o)) || (e = audit_of_object(&r->tx, o, type, size, (page - 1) * size, &events, &n)))
		return e;
	res_shape(r, 200, history_out, &(struct history_view){ { events, n, sizeof *events }, o->revision, page, size,
		page * size < o->revision }, 0);
	return OK;
}

#define HISTORY(of, permission, resource, prefix, spelled, what, refusals) \
	{ "GET", "/console/history/" of, PERM_##permission, 0, QUERY(history_query, struct history_query), .status = 200, .out = history_out, \
	  .object = RES_##resource, .ids = { prefix }, .number = spelled, .run = history, .summary = "List changes of " what, .errors = refusals }
static const struct route routes[] = {
	{ "POST", SESSION, PERM_PUBLIC, R_WRITE | R_SECRET | R_OWN_TX, BODY(login_in, struct login), .status = 200, .out = session_out,
	  .run = sign_in, .summary = "Sign in to the console", .errors = "LOGIN_FAILED ORG_DISABLED LOGIN_RATE LOGIN_BUSY ORIGIN" },
	{ "POST", SESSION "/refresh", PERM_PUBLIC, R_WRITE | R_SECRET | R_OWN_TX, .status = 200, .out = session_out, .run = refresh,
	  .summary = "Renew the access token with the session cookie", .errors = "REFRESH_INVALID ORIGIN" },
	{ "DELETE", SESSION, PERM_PUBLIC, R_WRITE | R_OWN_TX, .status = 204, .run = sign_out, .summary = "Sign out of the console",
	  .errors = "ORIGIN" },
	{ "POST", "/console/password", PERM_PUBLIC, R_WRITE | R_SECRET | R_OWN_TX, BODY(password_in, struct new_password), .status = 204, .run = set_password,
	  .summary = "Set a password by a link", .errors = "LINK_INVALID ORG_DISABLED LOGIN_RATE LOGIN_BUSY ORIGIN" },
	{ "POST", SESSION "/password", PERM_PUBLIC, R_WRITE | R_SECRET | R_OWN_TX, BODY(change_in, struct new_password), .status = 200, .out = session_out,
	  .run = change_password, .summary = "Change the own password; every other session ends",
	  .errors = "REFRESH_INVALID PASSWORD_WRONG ORG_DISABLED LOGIN_RATE LOGIN_BUSY ORIGIN" },
	{ "GET", "/console/actions", PERM_MEMBER, 0, .status = 200, .out = actions_out, .run = actions,
	  .summary = "List state changes: where each may start, and the request that makes it" },
	{ "GET", "/console/events", PERM_MEMBER, 0, .status = 200, .out = tolds_out, .run = told,
	  .summary = "List the event types that a webhook endpoint can receive" },
	{ "GET", "/console/upload_limits", PERM_MEMBER, 0, .status = 200, .out = limits_out, .run = limits,
	  .summary = "Get the largest file that can be uploaded, and the largest request" },
	{ "GET", "/console/activity", PERM_MEMBER, 0, .status = 200, .out = activity_out, .run = activity,
	  .summary = "Count state changes per day, and objects per state" },
	{ "GET", "/console/target/workspace/{workspace_id}", PERM_WORKSPACE_READ, R_UNTAGGED, .status = 200, .out = target_out,
	  .object = RES_WORKSPACE, .get = workspace_target, .size = sizeof(struct workspace_target),
	  .summary = "Preview what restoring a workspace would do", .errors = "NOT_FOUND" },
	HISTORY("model/{model_id}", MODEL_READ, MODEL, NULL, NULL, "a model", "MODEL_NOT_FOUND"),
	HISTORY("deployment/{deploymentId}", MODEL_READ, DEPLOYMENT, "", NULL, "a deployment", "DEPLOYMENT_NOT_FOUND"),
	HISTORY("project/{id}", PROJECT_READ, PROJECT, NULL, number, "a project", "PROJECT_NOT_FOUND"),
	HISTORY("workspace/{workspace_id}", WORKSPACE_READ, WORKSPACE, NULL, NULL, "a workspace", "NOT_FOUND"),
	HISTORY("user/{user_id}", ORG_ADMIN, USER, NULL, NULL, "a user", "USER_NOT_FOUND"),
	HISTORY("role/{role_id}", ORG_ADMIN, ROLE, NULL, NULL, "a role", "ROLE_NOT_FOUND"),
	HISTORY("token/{token_id}", TOKEN_READ, TOKEN, NULL, NULL, "an API key", "NOT_FOUND"),
	HISTORY("client/{oauth_client_id}", ORG_ADMIN, OAUTH_CLIENT, NULL, NULL, "an OAuth application", "NOT_FOUND"),
	HISTORY("entity/{entity_id}", WORKSPACE_READ, ENTITY, NULL, NULL, "an entity", "NOT_FOUND"),
	{ 0 }
};

/* For those who signed in: what it counts is of both modes unless they ask for one, and what it gives away is
 * more than a key, a narrowed token or an application may have. */
static enum err check(struct req *r)
{
	return r->who.narrow || r->who.scopes || !id_is_zero(&r->who.client) ? ERR_NOT_SIGNED_IN : req_mode(r);
}

/* A secret that was told before is what the console tells people about. */
static const struct error_row errors[ERR__MAX] = { [ERR_KEY_SEALED] = { .code = "idempotency_key_sealed" } };

static const struct sent_header sent[] = { MODE_SENT, { .shape = { 0 } } };
static const struct route *const tables[] = { routes, lineage_routes, consent_routes, people_routes, key_routes, audit_routes, health_routes, search_routes, NULL };
static const char *const prefixes[] = { "/console", NULL };
const struct dialect api_console = { .name = "console", .title = "Console",
	.about = "What the console needs beyond the published APIs. It changes with the console, without notice.",
	.apart = true, .cookie = COOKIE, .prefixes = prefixes, .tables = tables, .codes = problem_codes,
	.errors = errors, .error_out = problem_out, .error_type = "application/problem+json", .time = TIME_SECONDS,
	.tells_state = true, .sent = sent, .check = check };
