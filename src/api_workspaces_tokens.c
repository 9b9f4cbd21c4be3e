/* api_workspaces_tokens.c: of the workspaces dialect: tokens, and the registries: versions of the
 * API, limits, requests. */
#include "workspaces.h"
#include <string.h>
#include "conf.h"
#include "dom_apikey.h"
#include "dom_user.h"
#include "str.h"

/* ---- Tokens ---- */

#define APIKEY_AT(field) AT(struct apikey, field)
static const char *const kinds[] = { "secret", "publishable", "token", NULL };
static const struct shape owner_out[] = {
	{ "human_id", T_ID, APIKEY_AT(life.whose), .prefix = "usr_" },
	{ "agent_id", T_STR, APIKEY_AT(agent), .flags = F_NULL },
	NAMED("TokenPrincipal")
};
static const struct shape limits_out[] = {
	{ "requests_per_minute", T_INT, APIKEY_AT(rate), .flags = F_NULL | F_ZERO, .help = "null: the limit of the mode" },
	NAMED("TokenLimits")
};
#define TOKEN_ROWS \
	{ "id", T_ID, APIKEY_AT(life.id), .prefix = "tok_" }, \
	OBJECT(struct apikey, "token"), \
	{ "kind", T_STR, APIKEY_AT(kind), .words = kinds }, \
	{ "hint", T_STR, APIKEY_AT(hint), .help = "first and last characters of the secret" }, \
	{ "name", T_STR, APIKEY_AT(name), .flags = F_NULL }, \
	STATUS(struct apikey, RES_TOKEN), \
	{ "tier", T_INT, APIKEY_AT(tier), .flags = F_NULL | F_ZERO, .help = "1 observe, 2 prepare, 3 execute, 4 autonomous; null: not narrowed" }, \
	{ "scopes", T_WORDS, APIKEY_AT(scopes), .flags = F_NULL, .help = "null: not narrowed" }, \
	{ "principal", T_SUB, .sub = owner_out }, \
	{ "human_grant", T_BOOL, APIKEY_AT(human_grant), .help = "true: the agent may do what is reserved for people" }, \
	{ "limits", T_SUB, .sub = limits_out }, \
	{ "api_version", T_STR, APIKEY_AT(api_version), .flags = F_NULL }, \
	{ "expires_at", T_TIME, APIKEY_AT(expires_at), .flags = F_NULL }, \
	{ "created", T_TIME, APIKEY_AT(life.created) }, \
	LIVEMODE(struct apikey)
static const struct shape token_out[] = { TOKEN_ROWS, NAMED("Token") };
static const struct shape secret_out[] = { TOKEN_ROWS, { "secret", T_STR, APIKEY_AT(secret), .help = "shown only once" }, NAMED("TokenWithSecret") };

static const struct shape limits_in[] = {
	{ "requests_per_minute", T_INT, APIKEY_AT(rate), .min = 1, .max = 1000000 },
	NAMED("TokenLimitsIn")
};
static const struct shape owner_in[] = {
	{ "human_id", T_ID, APIKEY_AT(life.whose), .prefix = "usr_", .flags = F_REQUIRED },
	{ "agent_id", T_STR, APIKEY_AT(agent), .min = 5, .max = 64, .flags = F_NULL, .fault = agent_fault,
	  .help = "the agent that holds the token: `agt_` followed by letters and digits" },
	NAMED("TokenPrincipalIn")
};
static const struct shape create_in[] = {
	{ "tier", T_INT, APIKEY_AT(tier), .min = TIER_OBSERVE, .max = TIER_AUTONOMOUS, .flags = F_REQUIRED },
	{ "scopes", T_WORDS, APIKEY_AT(scopes), .max = 32, .fault = permission_fault, .help = "permissions, such as `workspace:write`; by default those of the principal" },
	{ "principal", T_SUB, .sub = owner_in, .flags = F_REQUIRED },
	{ "limits", T_SUB, .sub = limits_in },
	{ "api_version", T_STR, APIKEY_AT(api_version), .min = 1, .max = 10, .flags = F_REQUIRED, .fault = version_fault },
	{ "name", T_STR, APIKEY_AT(name), .min = 1, .max = 128, .flags = F_NULL | F_TRIMMED },
	{ "human_grant", T_BOOL, APIKEY_AT(human_grant), .help = "can only be granted by the person, while signed in" },
	{ "livemode", T_BOOL, APIKEY_AT(life.test), .set = 1 + offsetof(struct apikey, mode_given), .flags = F_NOT,
	  .help = "the mode of the calling token; a sign-in can choose, and its default is live" },
	{ "expires_in", T_INT, APIKEY_AT(lasts), .min = 60, .max = INT64_C(315360000), .help = "in seconds; by default the token is valid until it is revoked" },
	{ "portfolio_id", T_DOC, .flags = F_UNKEPT, .help = "is not supported; a token cannot be restricted to a portfolio" },
	NAMED("TokenCreate")
};

static const struct shape list_query[] = { LIST_ROWS("tok_", SORT_CREATED), { 0 } };
static const struct shape list_out[] = LIST_OUT(token_out);

/* ---- Registries ---- */

/* Of a place in the list of them. */
static const void *is_newest(struct arena *a, const void *version)
{
	bool *newest = arena_alloc(a, sizeof *newest);

	*newest = !((const char *const *)version)[1];
	return newest;
}

static const struct shape version_out[] = {
	OBJECT(const char *, "api_version"),
	{ "version", T_STR, .help = "for Matter-Version" },
	{ "current", T_BOOL, .make = is_newest, .help = "true: used when a request has no Matter-Version" },
	NAMED("ApiVersion")
};
static const struct shape versions_out[] = LIST_OUT(version_out);

static enum err versions(struct req *r)
{
	size_t n = 0;
	enum err e = tx_settle(&r->tx);

	if (e)
		return e;
	while (api_versions[n])
		n++;
	res_shape(r, 200, versions_out, &(struct page_got){ .rows = { api_versions, n, sizeof *api_versions }, .url = r->path }, 0);
	return OK;
}

struct limit { const char *name; int64_t limit, remaining, reset; };
static const struct shape limit_out[] = {
	{ "name", T_STR, AT(struct limit, name) },
	{ "limit", T_INT, AT(struct limit, limit) },
	{ "remaining", T_INT, AT(struct limit, remaining), .flags = F_OMIT | F_NULL },
	{ "reset", T_TIME, AT(struct limit, reset), .flags = F_OMIT },
	NAMED("Limit")
};
static const struct shape registry_out[] = {
	OBJECT(struct list, "limits"),
	{ "limits", T_LIST, .sub = limit_out, .help = "limits of the calling token" },
	NAMED("Limits")
};

static enum err limits(struct req *r)
{
	const struct limit all[] = {
		{ "requests_per_minute", r->rate.limit, r->rate.remaining, r->tx.now + r->rate.reset_s * SECOND },
		{ "requests_per_second", r->who.burst, -1, 0 },
		{ "request_body_bytes", conf.body_limit, -1, 0 },
		{ "list_limit", LIST_MOST, -1, 0 },
		{ "metadata_keys", METADATA_MOST, -1, 0 },
		{ "idempotency_key_characters", KEY_MOST, -1, 0 },
		{ "idempotency_key_seconds", KEY_LIFE_S, -1, 0 },
	};
	/* A sign-in has no limit by the second, and where limits are off there is none by the minute. */
	struct limit here[sizeof all / sizeof *all];
	size_t n = 0;
	enum err e = tx_settle(&r->tx);

	if (e)
		return e;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].limit)
			here[n++] = all[i];
	res_shape(r, 200, registry_out, &(struct list){ here, n, sizeof *here }, 0);
	return OK;
}

struct attempt { const char *id, *key, *type; struct id object; int64_t created, status, revision; };
#define ATTEMPT_AT(field) AT(struct attempt, field)

static const void *touched(struct arena *a, const void *object)
{
	const struct attempt *t = object;

	(void)a;
	return t->type && !id_is_zero(&t->object) ? t : NULL;
}

static const void *touched_id(struct arena *a, const void *object)
{
	const struct attempt *t = object;

	return life_spell(a, t->type, &t->object);
}

static const struct shape touched_out[] = {
	{ "id", T_STR, .make = touched_id },
	{ "object", T_STR, ATTEMPT_AT(type) },
	{ "revision", T_INT, ATTEMPT_AT(revision) },
	NAMED("RequestTouched")
};
static const struct shape request_out[] = {
	{ "id", T_STR, ATTEMPT_AT(id) },
	OBJECT(struct attempt, "request"),
	{ "created", T_TIME, ATTEMPT_AT(created) },
	{ "status", T_INT, ATTEMPT_AT(status), .flags = F_NULL, .help = "status of the response, if it was kept under an Idempotency-Key" },
	{ "idempotency_key", T_STR, ATTEMPT_AT(key), .flags = F_NULL },
	{ "resource", T_REF, .make = touched, .sub = touched_out, .flags = F_NULL, .help = "the first object that the request changed" },
	NAMED("RequestRecord")
};

/* A request that wrote, for as long as its attempt is kept; of the very caller, or of
 * anybody for an administrator who signed in. */
static enum err request(struct req *r)
{
	static const struct column map[] = PICK_MAP(REQUEST_PICK, struct attempt);
	struct attempt of;
	enum err e;

	r->tx.about.kind = "request";
	r->tx.about.id = r->vars[0];
	if ((e = tx_settle(&r->tx))
	 || (e = tx_read_one(&r->tx, SQL_REQUEST_GET, DB_IN(db_s(r->vars[0]), db_i(!r->who.narrow && who_acts_as_admin(&r->who)),
		db_d(&r->who.caller), db_d(&r->who.organization), db_d(&r->who.principal)), map, &of)))
		return e == ERR_DB_NONE ? ERR_NOT_FOUND : e;
	res_shape(r, 200, request_out, &of, 0);
	return OK;
}

#define TOKENS "/v1/tokens"
const struct route token_routes[] = {
	{ "POST", TOKENS, PERM_TOKEN_WRITE, R_WRITE | R_SECRET | R_UNTAGGED, BODY(create_in, struct apikey), .status = 200, .out = secret_out,
	  .object = RES_TOKEN, .make = apikey_mint, .summary = "Create a token for a person, or for an agent that acts for one", .errors = "AGENT_DENIED KEY_SEALED QUOTA" },
	{ "GET", TOKENS, PERM_TOKEN_READ, 0, QUERY(list_query, struct page_asked), .status = 200, .out = list_out, .listing = &apikeys_list,
	  .paging = &by_cursor, .read = apikey_list,
	  .summary = "List API keys and tokens" },
	{ "GET", TOKENS "/{token_id}", PERM_TOKEN_READ, 0, .status = 200, .out = token_out, .object = RES_TOKEN,
	  .summary = "Get an API key or token", .errors = "NOT_FOUND" },
	{ "DELETE", TOKENS "/{token_id}", PERM_TOKEN_WRITE, R_WRITE, .status = 200, .out = token_out, .object = RES_TOKEN,
	  .change = apikey_revoke, .moves = { LIFE_TOKEN_REVOKE }, .wants = apikey_revoke_wants, .summary = "Revoke an API key or token", .errors = "NOT_FOUND AGENT_DENIED" },
	{ "GET", "/v1/api_versions", PERM_MEMBER, R_PUBLISHABLE, .status = 200, .out = versions_out, .run = versions,
	  .summary = "List API versions" },
	{ "GET", "/v1/limits", PERM_MEMBER, R_PUBLISHABLE, .status = 200, .out = registry_out, .run = limits,
	  .summary = "Get the limits of the calling token" },
	{ "GET", "/v1/requests/{request_id}", PERM_MEMBER, 0, .status = 200, .out = request_out, .run = request,
	  .summary = "Get a write request by its id", .errors = "NOT_FOUND" },
	{ 0 }
};
