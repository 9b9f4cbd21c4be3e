/* api_workspaces_tokens.c: of the workspaces dialect: tokens, and the registries: versions of the
 * API, limits, requests. */
#include "workspaces.h"
#include <string.h>
#include "conf.h"
#include "dom_apikey.h"
#include "str.h"

/* ---- Tokens ---- */

struct owner_view { struct id human; const char *agent; };
struct limits_view { int64_t rate; };
struct token_view { struct apikey k; const char *object, *status, *scopes; struct owner_view owner; struct limits_view limits;
	int64_t tier; bool livemode; };
#define K(field) AT(struct token_view, field)
static const char *const kinds[] = { "secret", "publishable", "token", NULL };
static const char *const statuses[] = { "active", "revoked", NULL };
static const struct shape owner_out[] = {
	{ "human_id", T_ID, AT(struct owner_view, human), .prefix = "usr_" },
	{ "agent_id", T_STR, AT(struct owner_view, agent), .flags = F_NULL },
	{ 0 }
};
static const struct shape limits_out[] = {
	{ "requests_per_minute", T_INT, AT(struct limits_view, rate), .flags = F_NULL, .help = "null: those of the mode" },
	{ 0 }
};
#define TOKEN_ROWS \
	{ "id", T_ID, K(k.life.id), .prefix = "tok_" }, \
	{ "object", T_STR, K(object), .help = "`token`" }, \
	{ "kind", T_STR, K(k.kind), .words = kinds }, \
	{ "hint", T_STR, K(k.hint), .help = "the ends of the secret" }, \
	{ "name", T_STR, K(k.name), .flags = F_NULL }, \
	{ "status", T_STR, K(status), .words = statuses }, \
	{ "tier", T_INT, K(tier), .flags = F_NULL, .help = "1 observe, 2 prepare, 3 execute, 4 autonomous; null: not narrowed" }, \
	{ "scopes", T_STRINGS, K(scopes), .flags = F_NULL, .help = "null: not narrowed" }, \
	{ "principal", T_SUB, K(owner), .sub = owner_out }, \
	{ "human_grant", T_BOOL, K(k.human_grant), .help = "the agent may do what is kept for humans" }, \
	{ "limits", T_SUB, K(limits), .sub = limits_out }, \
	{ "api_version", T_STR, K(k.api_version), .flags = F_NULL }, \
	{ "expires_at", T_TIME, K(k.expires_at), .flags = F_NULL }, \
	{ "created", T_TIME, K(k.life.created) }, \
	{ "livemode", T_BOOL, K(livemode) }
static const struct shape token_out[] = { TOKEN_ROWS, { 0 } };
static const struct shape secret_out[] = { TOKEN_ROWS, { "secret", T_STR, K(k.secret), .help = "shown this once" }, { 0 } };

static struct token_view view(struct arena *a, const struct apikey *k)
{
	return (struct token_view){ *k, "token", life_word(k->life.state), k->scopes ? js_text(js_words(a, k->scopes), NULL) : NULL, { k->life.whose, k->agent },
		{ k->rate ? k->rate : -1 }, k->tier ? k->tier : -1, !k->life.test };
}

static enum err reply(struct req *r, enum err e, const struct shape *s, const struct apikey *k)
{
	struct token_view v;

	if (e)
		return e;
	v = view(r->arena, k);
	res_shape(r, 200, s, &v, s == token_out ? k->life.revision : 0);
	return OK;
}

static const char *permission_fault(struct arena *a, const char *s)
{
	(void)a;
	return perm_known(s) ? NULL : "is not a known permission";
}

static const char *agent_fault(struct arena *a, const char *s)
{
	(void)a;
	return agent_valid(s) ? NULL : "must be `agt_` and letters and digits";
}

struct limits_in { int64_t rate; };
struct owner_in { struct id human; const char *agent; };
struct token_in { struct apikey k; const char *scopes; struct owner_in owner; struct limits_in limits; int64_t expires_in;
	bool livemode, livemode_set; };
#define I(field) AT(struct token_in, field)
static const struct shape limits_in[] = {
	{ "requests_per_minute", T_INT, AT(struct limits_in, rate), .min = 1, .max = 1000000 },
	{ 0 }
};
static const struct shape owner_in[] = {
	{ "human_id", T_ID, AT(struct owner_in, human), .prefix = "usr_", .flags = F_REQUIRED },
	{ "agent_id", T_STR, AT(struct owner_in, agent), .min = 5, .max = 64, .flags = F_NULL, .fault = agent_fault,
	  .help = "`agt_` and letters and digits: the agent that holds the token" },
	{ 0 }
};
static const struct shape create_in[] = {
	{ "tier", T_INT, I(k.tier), .min = TIER_OBSERVE, .max = TIER_AUTONOMOUS, .flags = F_REQUIRED },
	{ "scopes", T_STRINGS, I(scopes), .max = 32, .fault = permission_fault, .help = "permissions, such as `workspace:write`; without it those of the principal" },
	{ "principal", T_SUB, I(owner), .sub = owner_in, .flags = F_REQUIRED },
	{ "limits", T_SUB, I(limits), .sub = limits_in },
	{ "api_version", T_STR, I(k.api_version), .min = 1, .max = 10, .flags = F_REQUIRED, .fault = version_fault },
	{ "name", T_STR, I(k.name), .min = 1, .max = 128, .flags = F_NULL | F_TRIMMED },
	{ "human_grant", T_BOOL, I(k.human_grant), .help = "only by the human itself, signed in" },
	{ "livemode", T_BOOL, SET(struct token_in, livemode), .help = "that of the token which asks; a sign-in may choose, and makes live ones" },
	{ "expires_in", T_INT, I(expires_in), .min = 60, .max = INT64_C(315360000), .help = "seconds; without it, until it is revoked" },
	{ "portfolio_id", T_DOC, .flags = F_UNKEPT, .help = "is not supported: a token is not narrowed to a portfolio" },
	{ 0 }
};

/* An array of permissions as words; NULL for none. */
static const char *words_of(struct arena *a, const char *array)
{
	struct buf b = { .arena = a };
	struct json *list = js_read(a, array);

	if (!list)
		return NULL;
	buf_puts(&b, "");
	for (size_t i = 0; i < js_length(list); i++)
		buf_printf(&b, "%s%s", i ? " " : "", js_str(js_at(list, i)));
	return b.p;
}

static enum err create(struct req *r)
{
	struct token_in *in = r->in;
	struct apikey k;

	about_kind(r, RES_TOKEN);
	in->k.life.whose = in->owner.human;
	in->k.agent = in->owner.agent;
	in->k.rate = in->limits.rate;
	in->k.expires_at = in->expires_in ? r->tx.now + in->expires_in * SECOND : 0;
	in->k.life.test = in->livemode_set ? !in->livemode : r->who.mode == MODE_TEST;
	in->k.scopes = words_of(r->arena, in->scopes);
	return reply(r, apikey_mint(&r->tx, &in->k, &k), secret_out, &k);
}

static const struct shape list_query[] = { LIST_ROWS("tok_", SORT_CREATED), { 0 } };
static const struct shape list_out[] = LIST_OUT(token_out);

static enum err list(struct req *r)
{
	struct token_view *views;
	struct apikey *all;
	struct list_ask ask;
	struct list_got got;
	enum err e;

	about_kind(r, RES_TOKEN);
	if ((e = list_asked(r, r->query, &ask, NULL)) || (e = apikey_list(&r->tx, &ask, &all, &got)))
		return e;
	views = arena_alloc(r->arena, (got.n + 1) * sizeof *views);
	for (size_t i = 0; i < got.n; i++)
		views[i] = view(r->arena, &all[i]);
	return reply_list(r, list_out, views, got, sizeof *views, offsetof(struct token_view, k.life.id), "tok_");
}

static enum err get(struct req *r)
{
	struct id id = named(r, 0, RES_TOKEN);
	struct apikey k;

	return reply(r, apikey_get(&r->tx, &id, &k), token_out, &k);
}

static enum err revoke(struct req *r)
{
	struct id id = named(r, 0, RES_TOKEN);
	struct apikey k;

	return reply(r, apikey_revoke(&r->tx, &id, &k), token_out, &k);
}

/* ---- Registries ---- */

struct version_view { const char *object, *version; bool current; };
static const struct shape version_out[] = {
	{ "object", T_STR, AT(struct version_view, object), .help = "`api_version`" },
	{ "version", T_STR, AT(struct version_view, version), .help = "for Matter-Version" },
	{ "current", T_BOOL, AT(struct version_view, current), .help = "used where nobody names one" },
	{ 0 }
};
static const struct shape versions_out[] = LIST_OUT(version_out);

static enum err versions(struct req *r)
{
	enum { MOST = 16 };
	struct version_view views[MOST];
	size_t n = 0;
	enum err e = tx_settle(&r->tx);

	if (e)
		return e;
	for (; n < MOST && api_versions[n]; n++)
		views[n] = (struct version_view){ "api_version", api_versions[n], !api_versions[n + 1] };
	res_shape(r, 200, versions_out, &(struct list_view){ "list", { views, n, sizeof *views }, false, r->path, NULL }, 0);
	return OK;
}

struct limit_view { const char *name; int64_t limit, remaining, reset; };
static const struct shape limit_out[] = {
	{ "name", T_STR, AT(struct limit_view, name) },
	{ "limit", T_INT, AT(struct limit_view, limit) },
	{ "remaining", T_INT, AT(struct limit_view, remaining), .flags = F_OMIT | F_NULL },
	{ "reset", T_TIME, AT(struct limit_view, reset), .flags = F_OMIT },
	{ 0 }
};
struct registry_view { const char *object; struct list limits; };
static const struct shape registry_out[] = {
	{ "object", T_STR, AT(struct registry_view, object), .help = "`limits`" },
	{ "limits", T_LIST, AT(struct registry_view, limits), .sub = limit_out, .help = "of the token that asks" },
	{ 0 }
};

static enum err limits(struct req *r)
{
	const struct limit_view all[] = {
		{ "requests_per_minute", r->rate.limit, r->rate.remaining, r->tx.now + r->rate.reset_s * SECOND },
		{ "requests_per_second", r->who.burst, -1, 0 },
		{ "request_body_bytes", conf.body_limit, -1, 0 },
		{ "list_limit", 100, -1, 0 },
		{ "metadata_keys", METADATA_MOST, -1, 0 },
		{ "idempotency_key_characters", 255, -1, 0 },
		{ "idempotency_key_seconds", 86400, -1, 0 },
	};
	/* A sign-in has no limit by the second, and where limits are off there is none by the minute. */
	struct limit_view here[sizeof all / sizeof *all];
	size_t n = 0;
	enum err e = tx_settle(&r->tx);

	if (e)
		return e;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].limit)
			here[n++] = all[i];
	res_shape(r, 200, registry_out, &(struct registry_view){ "limits", { here, n, sizeof *here } }, 0);
	return OK;
}

struct touched_view { const char *id, *object; int64_t revision; };
struct request_view { const char *id, *object, *key; int64_t created, status; const struct touched_view *touched; };
#define R(field) AT(struct request_view, field)
static const struct shape touched_out[] = {
	{ "id", T_STR, AT(struct touched_view, id) },
	{ "object", T_STR, AT(struct touched_view, object) },
	{ "revision", T_INT, AT(struct touched_view, revision) },
	{ 0 }
};
static const struct shape request_out[] = {
	{ "id", T_STR, R(id) },
	{ "object", T_STR, R(object), .help = "`request`" },
	{ "created", T_TIME, R(created) },
	{ "status", T_INT, R(status), .flags = F_NULL, .help = "of its answer, when that was kept under an Idempotency-Key" },
	{ "idempotency_key", T_STR, R(key), .flags = F_NULL },
	{ "resource", T_REF, R(touched), .sub = touched_out, .flags = F_NULL, .help = "what it changed first" },
	{ 0 }
};

static const struct touched_view *touched(struct arena *a, const struct db_val *v)
{
	struct touched_view *t = ARENA_NEW(a, struct touched_view);

	if (v[4].null || v[5].null)
		return NULL;
	*t = (struct touched_view){ life_spell(a, v[4].s, &v[5].id), v[4].s, v[6].i };
	return t;
}

/* A request that wrote, for as long as its attempt is kept; of the very caller, or of
 * anybody for an administrator who signed in. */
static enum err request(struct req *r)
{
	const struct db_val *v;
	struct db_rows rows;
	enum err e;

	r->tx.about.kind = "request";
	r->tx.about.id = r->vars[0];
	if ((e = tx_settle(&r->tx))
	 || (e = tx_read(&r->tx, SQL_REQUEST_GET, DB_IN(db_s(r->vars[0]), db_i(!r->who.narrow && who_acts_as_admin(&r->who)),
		db_d(&r->who.caller), db_d(&r->who.organization), db_d(&r->who.principal)), &rows)))
		return e;
	v = db_row(&rows, 0) + WHO_COLUMNS;
	if (v[0].null)
		return ERR_NOT_FOUND;
	res_shape(r, 200, request_out, &(struct request_view){ v[0].s, "request", v[3].s, v[1].i, v[2].null ? -1 : v[2].i,
		touched(r->arena, v) }, 0);
	return OK;
}

#define TOKENS "/v1/tokens"
const struct route token_routes[] = {
	{ "POST", TOKENS, PERM_TOKEN_WRITE, R_WRITE | R_SECRET, BODY(create_in, struct token_in), .status = 200, .out = secret_out,
	  .run = create, .summary = "Create a token for a human, or for an agent that acts for one", .errors = "AGENT_DENIED KEY_SEALED QUOTA" },
	{ "GET", TOKENS, PERM_TOKEN_READ, 0, QUERY(list_query, struct list_query), .status = 200, .out = list_out, .run = list,
	  .summary = "List API keys and tokens" },
	{ "GET", TOKENS "/{token_id}", PERM_TOKEN_READ, 0, .status = 200, .out = token_out, .run = get,
	  .summary = "One API key or token", .errors = "NOT_FOUND" },
	{ "DELETE", TOKENS "/{token_id}", PERM_TOKEN_WRITE, R_WRITE, .status = 200, .out = token_out, .run = revoke,
	  .moves = { LIFE_TOKEN_REVOKE }, .summary = "Revoke an API key or token", .errors = "NOT_FOUND AGENT_DENIED" },
	{ "GET", "/v1/api_versions", PERM_MEMBER, R_PUBLISHABLE, .status = 200, .out = versions_out, .run = versions,
	  .summary = "The versions of this API" },
	{ "GET", "/v1/limits", PERM_MEMBER, R_PUBLISHABLE, .status = 200, .out = registry_out, .run = limits,
	  .summary = "The limits of the token that asks" },
	{ "GET", "/v1/requests/{request_id}", PERM_MEMBER, 0, .status = 200, .out = request_out, .run = request,
	  .summary = "A request that wrote, by its id", .errors = "NOT_FOUND" },
	{ 0 }
};
