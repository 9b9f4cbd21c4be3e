/* api_oauth.c: how the applications of others get tokens: OAuth 2.0 (RFC 6749) with
 * PKCE (RFC 7636, S256 alone), revocation (RFC 7009), introspection (RFC 7662), metadata (RFC 8414) and keys (RFC 7517).  Whoever is asked to consent is
 * sent on to the console, whose API gives the code (api_console_consent.c). */
#include "dialects.h"
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "dom_oauth.h"
#include "log.h"
#include "net.h"
#include "str.h"
#include "token.h"

#define BASE "/multipass/api/oauth2"
#define WELL_KNOWN "/.well-known/oauth-authorization-server"

static enum err missing(struct req *r, const char *field, const char *reason)
{
	why_add(&r->tx, field, reason);
	return ERR_SHAPE;
}

/* ---- Who the client is (RFC 6749 2.3.1) ---- */

struct proof { const char *id, *secret; };

/* Of an Authorization header: both parts are percent-encoded before they are joined. */
static enum err basic(struct req *r, struct proof *out)
{
	char *secret, *id = auth_basic(r, &secret);

	if (!id)
		return ERR_CLIENT_REFUSED;
	out->id = pct_decode(r->arena, id, strlen(id), true);
	out->secret = pct_decode(r->arena, secret, strlen(secret), true);
	if (!out->id || !out->secret)
		return ERR_CLIENT_REFUSED;
	if (!*out->secret)
		out->secret = NULL;
	return OK;
}

static enum err prove(struct req *r, const char *id, const char *secret, struct client *out)
{
	struct proof p = { id, secret };
	struct id client;
	enum err e;

	if (r->authorization && secret)
		return missing(r, "client_secret", "is given twice: in the body and in the Authorization header");
	if (r->authorization && (e = basic(r, &p)))
		return e;
	if (r->authorization && id && strcmp(id, p.id))
		return missing(r, "client_id", "does not match the Authorization header");
	if (!p.id || !id_parse(p.id, "cl_", &client))
		return ERR_CLIENT_REFUSED;
	if ((e = client_find(&r->tx, &client, out)))
		return e == ERR_NOT_FOUND ? ERR_CLIENT_REFUSED : e;
	if (!client_proven(out, p.secret))
		return ERR_CLIENT_REFUSED;
	return out->off ? ERR_ORG_DISABLED : OK;
}

/* And how often it asks: who proves nothing is counted by address, as sign-ins are; a client by
 * itself, or, when anybody can say its id, by that and the address. */
static enum err authenticate(struct req *r, const char *id, const char *secret, struct client *out)
{
	const char *net = net_of(r->arena, r->tx.address), *key;
	enum err e = prove(r, id, secret, out);
	struct rate rate;

	if (!conf.rate_limits || r->counted || (e && e != ERR_CLIENT_REFUSED))
		return e;
	r->counted = true;
	key = e ? arena_printf(r->arena, "client from %s", net) : arena_printf(r->arena, "%s from %s",
		id_spell(r->arena, "cl_", &out->life.id), !out->hash.p ? net : "anywhere");
	if (rate_take(e || !out->hash.p ? RATE_STRANGER : RATE_KNOWN, key, e ? conf.login_rate : conf.rate_default, RATE_MINUTE, &rate))
		return e;
	r->tx.why.retry_after = rate.reset_s;
	return ERR_LOGIN_RATE;
}

/* ---- Tokens ---- */

struct token_form { const char *grant_type, *code, *redirect_uri, *code_verifier, *refresh_token, *scope, *client_id, *client_secret; };
#define TOKEN_FORM_AT(field) AT(struct token_form, field)
static const struct shape token_in[] = {
	{ "grant_type", T_STR, TOKEN_FORM_AT(grant_type), .max = 64, .flags = F_REQUIRED,
	  .help = "authorization_code, refresh_token or client_credentials" },
	{ "code", T_STR, TOKEN_FORM_AT(code), .max = 128, .help = "from the redirect" },
	{ "redirect_uri", T_STR, TOKEN_FORM_AT(redirect_uri), .max = REDIRECT_MOST, .help = "the redirect_uri of the authorization request" },
	{ "code_verifier", T_STR, TOKEN_FORM_AT(code_verifier), .max = 128, .help = "the verifier of the code_challenge of the authorization request" },
	{ "refresh_token", T_STR, TOKEN_FORM_AT(refresh_token), .max = 512 },
	{ "scope", T_STR, TOKEN_FORM_AT(scope), .max = 1024, .help = "separated by spaces; omitted: everything that the client may have" },
	{ "client_id", T_STR, TOKEN_FORM_AT(client_id), .max = 64, .help = "unless it is in the Authorization header" },
	{ "client_secret", T_STR, TOKEN_FORM_AT(client_secret), .max = 256, .help = "unless it is in the Authorization header; a public client has none" },
	NAMED("OAuthTokenRequest")
};
static const void *access_ttl(struct arena *a, const void *session)
{
	(void)a, (void)session;
	return &conf.access_ttl;
}

#define SESSION_AT(field) AT(struct session, field)
static const struct shape token_out[] = {
	{ "access_token", T_STR, SESSION_AT(access_token) },
	{ "token_type", T_LITERAL, .text = "bearer", .help = "`bearer`" },
	{ "expires_in", T_INT, .make = access_ttl, .help = "seconds" },
	{ "refresh_token", T_STR, SESSION_AT(refresh_token), .flags = F_OMIT },
	{ "scope", T_STR, SESSION_AT(scopes) },
	NAMED("OAuthTokens")
};

/* ended: what was shown was used up before, which has ended its session. */
static enum err by_code(struct req *r, const struct client *c, const struct token_form *in, struct session *out, bool *ended)
{
	enum err e = OK;

	if (!in->code)
		e = missing(r, "code", "is required with this grant_type");
	if (!in->redirect_uri)
		e = missing(r, "redirect_uri", "is required with this grant_type");
	if (!in->code_verifier || !pkce_valid(in->code_verifier))
		e = missing(r, "code_verifier", "is required with this grant_type: 43 to 128 unreserved characters (RFC 7636)");
	return e ? e : code_exchange(&r->tx, c, in->code, in->redirect_uri, in->code_verifier, out, ended);
}

static enum err by_refresh(struct req *r, const struct client *c, const struct token_form *in, struct session *out, bool *ended)
{
	if (!in->refresh_token)
		return missing(r, "refresh_token", "is required with this grant_type");
	return client_refresh(&r->tx, c, in->refresh_token, in->scope, out, ended);
}

static enum err by_itself(struct req *r, const struct client *c, const struct token_form *in, struct session *out, bool *ended)
{
	(void)ended;
	return client_session(&r->tx, c, in->scope, out);
}

static const struct {
	const char *name;
	enum err (*run)(struct req *r, const struct client *c, const struct token_form *in, struct session *out, bool *ended);
} grants[] = { { "authorization_code", by_code }, { "refresh_token", by_refresh }, { "client_credentials", by_itself } };
enum { GRANTS = sizeof grants / sizeof *grants };

struct granting { struct req *r; struct client c; size_t grant; struct session s; bool ended; };

static enum err grant(void *arg)
{
	struct granting *g = arg;

	g->s = (struct session){ .refresh_token = NULL };
	g->ended = false;
	return grants[g->grant].run(g->r, &g->c, g->r->in, &g->s, &g->ended);
}

static enum err token(struct req *r)
{
	const struct token_form *in = r->in;
	struct granting g = { .r = r };
	enum err e;

	if ((e = authenticate(r, in->client_id, in->client_secret, &g.c)))
		return e;
	while (g.grant < GRANTS && strcmp(grants[g.grant].name, in->grant_type))
		g.grant++;
	if (g.grant == GRANTS)
		return ERR_GRANT_UNKNOWN;
	if ((e = tx_run(&r->tx, grant, NULL, &g)))
		return e;
	if (g.ended) {
		log_error(LOG_WARN, "%s: a code or refresh token that was used up was shown again; its session is ended",
			id_spell(r->arena, "cl_", &g.c.life.id));
		return ERR_GRANT_INVALID;        /* and what was ended is committed */
	}
	if (!(g.s.access_token = auth_token(r, &g.s, conf.access_ttl)))
		return ERR_INTERNAL;
	res_shape(r, 200, token_out, &g.s, 0);
	return OK;
}

/* ---- Revocation ---- */

struct revoke_form { const char *token, *token_type_hint, *client_id, *client_secret; };
#define REVOKE_FORM_AT(field) AT(struct revoke_form, field)
static const struct shape revoke_in[] = {
	{ "token", T_STR, REVOKE_FORM_AT(token), .max = 4096, .flags = F_REQUIRED, .help = "an access token or a refresh token; either ends the session" },
	{ "token_type_hint", T_STR, REVOKE_FORM_AT(token_type_hint), .max = 64, .help = "not needed" },
	{ "client_id", T_STR, REVOKE_FORM_AT(client_id), .max = 64 },
	{ "client_secret", T_STR, REVOKE_FORM_AT(client_secret), .max = 256 },
	NAMED("OAuthRevokeRequest")
};

static const struct shape introspect_in[] = {
	{ "token", T_STR, REVOKE_FORM_AT(token), .max = 4096, .flags = F_REQUIRED, .help = "an access token, an API key, or a refresh token of the client's own" },
	{ "token_type_hint", T_STR, REVOKE_FORM_AT(token_type_hint), .max = 64, .help = "not needed" },
	{ "client_id", T_STR, REVOKE_FORM_AT(client_id), .max = 64 },
	{ "client_secret", T_STR, REVOKE_FORM_AT(client_secret), .max = 256 },
	NAMED("IntrospectionRequest")
};

struct ending { struct req *r; struct session s; };

static enum err end(void *arg)
{
	struct ending *n = arg;

	return session_end(&n->r->tx, &n->s);
}

/* What is no token, or another client's, is revoked for this one already (RFC 7009 2.2). */
static enum err revoke(struct req *r)
{
	const struct revoke_form *in = r->in;
	struct ending n = { .r = r };
	struct client c;
	enum err e;

	if ((e = authenticate(r, in->client_id, in->client_secret, &c)))
		return e;
	if ((e = session_of(&r->tx, in->token, &c.life.id, &n.s)) == ERR_REFRESH_INVALID)
		e = auth_session(r, in->token, &n.s);
	if (!e && id_equal(&n.s.client, &c.life.id))
		e = tx_run(&r->tx, end, NULL, &n);
	if (e && err_row(e)->class != CLASS_WHO)
		return e;
	res_body(r, 200, NULL, NULL, 0);
	return OK;
}

/* ---- Introspection (RFC 7662) ---- */

/* What is told of a token: nothing but `active` of one that is not. */
struct told { bool active; const char *scope, *username, *subject, *jti, *kind, *iss, *aud; struct id client; int64_t made, ends, tier; };
static const void *told_made(struct arena *a, const void *object)
{
	const struct told *t = object;

	(void)a;
	return t->made ? &t->made : NULL;
}

static const void *told_ends(struct arena *a, const void *object)
{
	const struct told *t = object;

	(void)a;
	return t->ends ? &t->ends : NULL;
}

static const void *told_tier(struct arena *a, const void *object)
{
	const struct told *t = object;

	(void)a;
	return t->tier ? &t->tier : NULL;
}

#define TOLD_AT(field) AT(struct told, field), .flags = F_OMIT
static const struct shape introspect_out[] = {
	{ "active", T_BOOL, AT(struct told, active) },
	{ "scope", T_STR, TOLD_AT(scope), .help = "absent if nothing restricts the token" },
	{ "client_id", T_ID, TOLD_AT(client), .prefix = "cl_", .help = "the application that it was made for" },
	{ "username", T_STR, TOLD_AT(username), .help = "the user whose permissions the token has" },
	{ "token_type", T_STR, TOLD_AT(kind), .help = "`bearer`; absent for a refresh token" },
	{ "exp", T_INT, .make = told_ends, .flags = F_OMIT, .help = "Unix seconds; absent if the token does not expire" },
	{ "iat", T_INT, .make = told_made, .flags = F_OMIT },
	{ "sub", T_STR, TOLD_AT(subject) },
	{ "aud", T_STR, TOLD_AT(aud) },
	{ "iss", T_STR, TOLD_AT(iss) },
	{ "jti", T_STR, TOLD_AT(jti) },
	{ "tier", T_INT, .make = told_tier, .flags = F_OMIT, .help = "tier of an API key that is restricted to one" },
	NAMED("Introspection")
};

/* A bearer token of the client's organization, whoever it was made for; what was published with a page says nothing of its bearer. */
static enum err told_bearer(struct req *r, const struct client *c, const char *token, struct told *out)
{
	struct bearer b;
	struct who who;
	enum err e = auth_inspect(r, token, &who, &b);

	if (e || who.publishable || !id_equal(&who.organization, &c->life.organization))
		return e;
	*out = (struct told){ .active = true, .scope = who.scopes, .username = *who.name ? who.name : NULL, .client = who.client, .kind = "bearer",
		.subject = id_spell(r->arena, "usr-", &who.principal), .jti = b.id, .made = b.made / SECOND, .ends = b.ends / SECOND, .tier = who.tier };
	if (!who.narrow) {
		out->iss = conf.issuer;
		out->aud = conf.audience;
	}
	return OK;
}

/* A refresh token is its own client's business. */
static enum err told_refresh(struct req *r, const struct client *c, const char *token, struct told *out)
{
	struct session s;
	enum err e = session_find(&r->tx, token, &c->life.id, &s);

	if (!e)
		*out = (struct told){ .active = true, .scope = s.scopes, .username = s.user.username, .client = s.client,
			.subject = id_spell(r->arena, "usr-", &s.user.id), .iss = conf.issuer };
	return e;
}

/* What is no token, has ended, or is another organization's, is not active, and no more is said of it.  Whoever cannot prove
 * itself would only try tokens out. */
static enum err introspect(struct req *r)
{
	const struct revoke_form *in = r->in;
	struct told told = { .active = false };
	struct client c;
	enum err e = authenticate(r, in->client_id, in->client_secret, &c);

	if (!e && !c.hash.p)
		e = ERR_CLIENT_REFUSED;
	if (e)
		return e;
	if ((e = told_refresh(r, &c, in->token, &told)) == ERR_REFRESH_INVALID)
		e = told_bearer(r, &c, in->token, &told);
	if (e && err_row(e)->class != CLASS_WHO)
		return e;
	res_shape(r, 200, introspect_out, &told, 0);
	return OK;
}

/* ---- What the server is, for clients that find out (RFC 8414), and its keys (RFC 7517) ---- */

static const void *issuer(struct arena *a, const void *object)
{
	(void)a, (void)object;
	return conf.issuer;
}

#define ADDRESS(name) \
	static const void *at_##name(struct arena *a, const void *object) \
	{ \
		(void)object; \
		return arena_printf(a, "%s" BASE "/" #name, conf.issuer); \
	}
ADDRESS(authorize)
ADDRESS(token)
ADDRESS(revoke_token)
ADDRESS(introspect)
ADDRESS(keys)

static const void *scopes_known(struct arena *a, const void *object)
{
	struct json *all = js_array(a);

	(void)object;
	for (const char *s = oauth_scopes; *(s += strspn(s, " ")); s += strcspn(s, " "))
		js_add(all, js_string(a, arena_strndup(a, s, strcspn(s, " "))));
	js_add(all, js_string(a, "offline_access"));
	return js_text(all, NULL);
}

#define SECRETS "\"client_secret_basic\",\"client_secret_post\""
static const struct shape metadata_out[] = {
	{ "issuer", T_STR, .make = issuer },
	{ "authorization_endpoint", T_STR, .make = at_authorize },
	{ "token_endpoint", T_STR, .make = at_token },
	{ "revocation_endpoint", T_STR, .make = at_revoke_token },
	{ "introspection_endpoint", T_STR, .make = at_introspect },
	{ "jwks_uri", T_STR, .make = at_keys },
	{ "scopes_supported", T_STRINGS, .make = scopes_known },
	{ "response_types_supported", T_STRINGS, .text = "[\"code\"]" },
	{ "response_modes_supported", T_STRINGS, .text = "[\"query\"]" },
	{ "grant_types_supported", T_STRINGS, .text = "[\"authorization_code\",\"refresh_token\",\"client_credentials\"]" },
	{ "code_challenge_methods_supported", T_STRINGS, .text = "[\"S256\"]" },
	{ "token_endpoint_auth_methods_supported", T_STRINGS, .text = "[" SECRETS ",\"none\"]" },
	{ "revocation_endpoint_auth_methods_supported", T_STRINGS, .text = "[" SECRETS ",\"none\"]" },
	{ "introspection_endpoint_auth_methods_supported", T_STRINGS, .text = "[" SECRETS "]" },
	NAMED("AuthorizationServer")
};

/* Where the issuer has a path, that stands behind the well-known address (RFC 8414 3.1). */
static enum err metadata(struct req *r)
{
	const char *path = conf_issuer_url() ? strchr(strstr(conf.issuer, "://") + 3, '/') : NULL;

	if (!conf_issuer_url()) {
		r->tx.why.text = "This server has no metadata: its setting `issuer` is not an address";
		return ERR_ROUTE_NOT_FOUND;
	}
	if (r->vars[0] && (!path || strcmp(path + 1, r->vars[0])))
		return ERR_ROUTE_NOT_FOUND;
	res_shape(r, 200, metadata_out, r, 0);
	return OK;
}

struct key_set { const char *keys; };
static const struct shape keys_out[] = { { "keys", T_DOC, AT(struct key_set, keys), .help = "array of JWK" }, NAMED("PublicKeys") };

static enum err keys(struct req *r)
{
	res_shape(r, 200, keys_out, &(struct key_set){ token_keys(r->arena) }, 0);
	return OK;
}

/* ---- The way to the user's consent (RFC 6749 4.1.1) ---- */

struct authorize_query { const char *client_id, *response_type, *redirect_uri, *scope, *state, *code_challenge, *code_challenge_method; };
#define AUTHORIZE_QUERY_AT(field) AT(struct authorize_query, field)
static const struct shape authorize_query[] = {
	{ "client_id", T_STR, AUTHORIZE_QUERY_AT(client_id), .flags = F_REQUIRED },
	{ "response_type", T_STR, AUTHORIZE_QUERY_AT(response_type), .flags = F_REQUIRED, .help = "`code`" },
	{ "redirect_uri", T_STR, AUTHORIZE_QUERY_AT(redirect_uri), .flags = F_REQUIRED, .help = "registered by the client; an exact match, except for the port of a loopback address" },
	{ "scope", T_STR, AUTHORIZE_QUERY_AT(scope), .help = "separated by spaces; omitted: everything that the client may have" },
	{ "state", T_STR, AUTHORIZE_QUERY_AT(state), .help = "returned in the redirect" },
	{ "code_challenge", T_STR, AUTHORIZE_QUERY_AT(code_challenge), .flags = F_REQUIRED },
	{ "code_challenge_method", T_STR, AUTHORIZE_QUERY_AT(code_challenge_method), .flags = F_REQUIRED, .help = "`S256`" },
	{ 0 }
};

/* The value of a parameter; NULL without one.  Twice is a fault of `*twice`. */
static const char *param(const struct req *r, const char *name, const char **twice)
{
	const char *value = NULL;

	for (size_t i = 0; i < r->nparams; i++) {
		if (strcmp(r->params[i].name, name) || !*r->params[i].value)
			continue;
		if (value)
			*twice = name;
		value = r->params[i].value;
	}
	return value;
}

/* Nobody is sent to an address that no client has: it is told to the user instead. */
static enum err dead_end(struct req *r, const char *what)
{
	struct buf b = { .arena = r->arena };

	buf_printf(&b, "<p>%s</p>\n<p>No access was granted. Contact the developer of the application that sent you here.</p>\n", what);
	res_page(r, 400, "Invalid authorization request", b.p);
	return OK;
}

/* A longer header is refused by web servers: a line of 8190 bytes by Apache's, all of them
 * together beyond fastcgi_buffer_size by nginx. */
enum { LOCATION_MOST = 8000 };

static void send_to(struct req *r, const char *location)
{
	res_body(r, 302, NULL, NULL, 0);
	res_header(r, "Location", location);
}

struct refusal { const char *error, *description; };

/* What is wrong with the rest of the request; error NULL: nothing. */
static struct refusal judge(struct req *r, const struct authorize_query *q, const struct client *c, const char *twice,
	const char **scopes)
{
	if (twice)
		return (struct refusal){ "invalid_request", arena_printf(r->arena, "%s is given twice", twice) };
	if (!q->response_type)
		return (struct refusal){ "invalid_request", "response_type is required" };
	if (strcmp(q->response_type, "code"))
		return (struct refusal){ "unsupported_response_type", "response_type must be code" };
	if (!q->code_challenge || !pkce_valid(q->code_challenge))
		return (struct refusal){ "invalid_request", "code_challenge is required: 43 to 128 unreserved characters (RFC 7636)" };
	if (!q->code_challenge_method || strcmp(q->code_challenge_method, "S256"))
		return (struct refusal){ "invalid_request", "code_challenge_method must be S256" };
	if (!(*scopes = scopes_within(r->arena, c->scopes, q->scope)))
		return (struct refusal){ "invalid_scope", arena_printf(r->arena, "the application may request: %s", c->scopes) };
	return (struct refusal){ NULL, NULL };
}

static enum err authorize(struct req *r)
{
	const char *twice = NULL, *scopes = NULL;
	struct authorize_query q = { .client_id = param(r, "client_id", &twice), .redirect_uri = param(r, "redirect_uri", &twice) };
	struct buf to = { .arena = r->arena };
	struct refusal no;
	struct client c;
	struct id id;
	enum err e;

	if (twice || !q.client_id || !id_parse(q.client_id, "cl_", &id))
		return dead_end(r, "Unknown <code>client_id</code>.");
	if ((e = client_find(&r->tx, &id, &c)))
		return e == ERR_NOT_FOUND ? dead_end(r, "Unknown <code>client_id</code>.") : e;
	if (!q.redirect_uri || !client_redirects(r->arena, &c, q.redirect_uri))
		return dead_end(r, arena_printf(r->arena, "The <code>redirect_uri</code> is not registered for %s.",
			escape_html(r->arena, c.name)));
	q.response_type = param(r, "response_type", &twice);
	q.scope = param(r, "scope", &twice);
	q.state = param(r, "state", &twice);
	q.code_challenge = param(r, "code_challenge", &twice);
	q.code_challenge_method = param(r, "code_challenge_method", &twice);
	no = judge(r, &q, &c, twice, &scopes);
	buf_puts(&to, no.error ? q.redirect_uri : arena_printf(r->arena, "%s/#/authorize", conf.base_path));
	if (no.error) {
		buf_param(&to, "error", no.error);
		buf_param(&to, "error_description", no.description);
	} else {
		buf_param(&to, "client_id", q.client_id);
		buf_param(&to, "redirect_uri", q.redirect_uri);
		buf_param(&to, "scope", scopes);
		buf_param(&to, "code_challenge", q.code_challenge);
	}
	buf_param(&to, "state", q.state);
	if (to.n > LOCATION_MOST)
		return dead_end(r, arena_printf(r->arena, "The request is too long: the address to redirect you to would have %zu bytes, and the limit is %d. "
			"The <code>state</code> must be shorter.", to.n, LOCATION_MOST));
	send_to(r, to.p);
	return OK;
}

static const struct route routes[] = {
	{ "GET", BASE "/authorize", PERM_PUBLIC, R_OWN_QUERY, QUERY(authorize_query, struct authorize_query), .status = 302,
	  .run = authorize, .summary = "Ask the user for consent in the console; errors go to the redirect_uri, or are shown as a page" },
	{ "POST", BASE "/token", PERM_PUBLIC, R_WRITE | R_SECRET | R_FORM | R_OWN_TX, BODY(token_in, struct token_form), .status = 200,
	  .out = token_out, .run = token, .summary = "Get tokens for a code, for a refresh token, or for the client itself",
	  .errors = "CLIENT_REFUSED LOGIN_RATE GRANT_INVALID GRANT_DENIED GRANT_UNKNOWN SCOPE_UNKNOWN" },
	{ "POST", BASE "/revoke_token", PERM_PUBLIC, R_WRITE | R_FORM | R_OWN_TX, BODY(revoke_in, struct revoke_form), .status = 200,
	  .run = revoke, .summary = "End the session of a token", .errors = "CLIENT_REFUSED LOGIN_RATE" },
	{ "POST", BASE "/introspect", PERM_PUBLIC, R_FORM, BODY(introspect_in, struct revoke_form), .status = 200, .out = introspect_out,
	  .run = introspect, .summary = "Introspect a token of the client's organization: whether it is active, and whose it is (RFC 7662)", .errors = "CLIENT_REFUSED LOGIN_RATE" },
	{ "GET", BASE "/keys", PERM_PUBLIC, .status = 200, .out = keys_out, .run = keys, .summary = "List the public keys that tokens are signed with (RFC 7517)" },
	{ "GET", WELL_KNOWN, PERM_PUBLIC, .status = 200, .out = metadata_out, .run = metadata, .summary = "Get the metadata of this authorization server (RFC 8414)",
	  .errors = "ROUTE_NOT_FOUND" },
	{ "GET", WELL_KNOWN "/{issuer_path}", PERM_PUBLIC, .status = 200, .out = metadata_out, .run = metadata,
	  .summary = "Get the metadata of this authorization server if its issuer has a path (RFC 8414)", .errors = "ROUTE_NOT_FOUND" },
	{ 0 }
};

/* ---- Errors (RFC 6749 5.2) ---- */

static const char *const codes[CLASS__MAX] = {
	[CLASS_MALFORMED] = "invalid_request",
	[CLASS_WHO] = "invalid_client",
	[CLASS_FORBIDDEN] = "unauthorized_client",
	[CLASS_NOT_FOUND] = "invalid_request",
	[CLASS_METHOD] = "invalid_request",
	[CLASS_CONFLICT] = "invalid_request",
	[CLASS_PRECONDITION] = "invalid_request",
	[CLASS_TOO_LARGE] = "invalid_request",
	[CLASS_MEDIA_TYPE] = "invalid_request",
	[CLASS_RATE] = "temporarily_unavailable",
	[CLASS_INTERNAL] = "server_error",
	[CLASS_UNAVAILABLE] = "temporarily_unavailable",
};
static const struct error_row errors[ERR__MAX] = {
	[ERR_GRANT_INVALID] = { "invalid_grant", 0, NULL },
	[ERR_REFRESH_INVALID] = { "invalid_grant", 400, NULL },
	[ERR_GRANT_DENIED] = { "unauthorized_client", 0, NULL },
	[ERR_GRANT_UNKNOWN] = { "unsupported_grant_type", 0, NULL },
	[ERR_SCOPE_UNKNOWN] = { "invalid_scope", 0, NULL },
	[ERR_LOGIN_RATE] = { NULL, 0, "Too many token requests; wait and try again" },
	[ERR_SHAPE] = { NULL, 0, "A parameter is missing or invalid" },
	[ERR_CODING] = { NULL, 400, NULL },
	[ERR_MEDIA_TYPE] = { NULL, 400, "Send the body as application/x-www-form-urlencoded" },
};
static const struct shape error_out[] = {
	{ "error", T_STR, AT(struct error_say, code) },
	{ "error_description", T_STR, AT(struct error_say, text) },
	NAMED("OAuthError")
};

/* The faults in words, of the characters that a description may have. */
static void say(struct req *r, struct error_say *s)
{
	struct buf b = { .arena = r->arena };

	for (int i = 0; s->detail && i < r->tx.why.n; i++)
		buf_printf(&b, "%s%s %s", i ? "; " : "", r->tx.why.items[i].field, r->tx.why.items[i].reason);
	if (!s->detail)
		buf_puts(&b, s->text);
	for (char *p = b.p; *p; p++)
		*p = *p < ' ' || *p > '~' ? '?' : *p == '"' ? '\'' : *p == '\\' ? '/' : *p;
	s->text = b.p;
}

static void headers(struct req *r)
{
	res_header(r, "Pragma", "no-cache");
}

static const struct route *const tables[] = { routes, NULL };
static const char *const prefixes[] = { BASE, WELL_KNOWN, NULL };
const struct dialect api_oauth = { .name = "oauth", .title = "OAuth 2.0",
	.about = "Access for applications: authorization codes with PKCE, refresh tokens, client credentials, revocation.",
	.guest = true, .prefixes = prefixes, .tables = tables, .codes = codes, .errors = errors,
	.error_out = error_out, .error_type = "application/json", .time = TIME_SECONDS, .cors = true,
	.challenge = "Basic realm=\"thaw\"", .say = say, .headers = headers };
