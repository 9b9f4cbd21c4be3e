/* dom_oauth.c: see dom_oauth.h. */
#include "dom_oauth.h"
#include <string.h>
#include <openssl/crypto.h>
#include "clock.h"
#include "hash.h"
#include "str.h"

enum { CODE_LIFE_S = 120, ACTOR_MOST = 128, PKCE_LEAST = 43, PKCE_MOST = 128 };

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* ---- What text may be ---- */

const char *scopes_within(struct arena *a, const char *most, const char *asked)
{
	struct buf granted = { .arena = a };

	if (!asked || !asked[strspn(asked, " ")])
		return most;
	for (const char *s = asked; *(s += strspn(s, " ")); s += strcspn(s, " ")) {
		char *word = arena_strndup(a, s, strcspn(s, " "));

		if (!strcmp(word, "offline_access") || (granted.n && word_in(granted.p, word)))
			continue;
		if (!word_in(most, word))
			return NULL;
		buf_printf(&granted, "%s%s", granted.n ? " " : "", word);
	}
	return granted.p;
}

bool pkce_valid(const char *s)
{
	size_t n = strspn(s, DIGITS LETTERS CAPITALS "-._~");

	return !s[n] && n >= PKCE_LEAST && n <= PKCE_MOST;
}

char *pkce_challenge(struct arena *a, const char *verifier)
{
	unsigned char md[SHA256_BYTES];

	sha256(verifier, strlen(verifier), md);
	return b64url_encode(a, md, sizeof md);
}

/* A host with an optional port: a name, an IPv4 address, or an IPv6 address in brackets.
 * Nobody's name and password before it, which only deceive who reads it. */
static bool host_valid(const char *host, size_t n)
{
	size_t name = *host == '[' ? strspn(host + 1, DIGITS "abcdefABCDEF:.") + 2 : strspn(host, DIGITS LETTERS CAPITALS ".-");

	if (name < (*host == '[' ? 4u : 1u) || name > n || (*host == '[' && host[name - 1] != ']'))
		return false;
	return name == n || (host[name] == ':' && n > name + 1 && strspn(host + name + 1, DIGITS) == n - name - 1);
}

/* This very machine, where no TLS is to be had (RFC 8252 7.3). */
static bool loopback(const char *host, size_t n)
{
	static const char *const names[] = { "127.0.0.1", "[::1]", "localhost" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t m = strlen(names[i]);

		if (n >= m && !memcmp(host, names[i], m) && (n == m || host[m] == ':'))
			return true;
	}
	return false;
}

const char *redirect_fault(const char *uri)
{
	size_t scheme = strspn(uri, LETTERS DIGITS "+.-"), n;
	const char *host;

	if (strlen(uri) > REDIRECT_MOST)
		return "is longer than 2048 characters";
	for (const char *p = uri; *p; p++)
		if (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}", *p))
			return "has a character that a URI cannot have";
	if (strchr(uri, '#'))
		return "has a fragment (#...)";
	if (!scheme || uri[scheme] != ':' || !strchr(LETTERS, *uri))
		return "is not absolute; include the scheme, in lowercase";
	if (strncmp(uri, "https:", 6) && strncmp(uri, "http:", 5))
		return !memchr(uri, '.', scheme) ? "must use https, or a scheme of your own with a dot in it, such as org.example.app:/callback"
			: uri[scheme + 1] ? NULL : "has nothing after its scheme";
	if (strncmp(uri + scheme, "://", 3))
		return "has no host";
	host = uri + scheme + 3;
	n = strcspn(host, "/?");
	if (!host_valid(host, n))
		return "has no host, or one that is not a name or an address";
	return uri[4] == 's' || loopback(host, n) ? NULL : "uses http, which is only allowed for 127.0.0.1, [::1] and localhost; use https";
}

char *redirect_host(struct arena *a, const char *uri)
{
	size_t scheme = strcspn(uri, ":");
	bool web = !strncmp(uri, "http", 4) && !strncmp(uri + scheme, "://", 3);

	return arena_strndup(a, uri, web ? scheme + 3 + strcspn(uri + scheme + 3, "/?") : scheme);
}

/* ---- Clients ---- */

enum err client_find(struct tx *tx, const struct id *id, struct client *out)
{
	struct db_rows r;
	enum err e = tx_query(tx, SQL_CLIENT_FIND, DB_IN(db_d(id)), &r);

	if (e || !r.n)
		return e ? e : ERR_NOT_FOUND;
	out->off = life_take(RES_OAUTH_CLIENT, db_row(&r, 0), out)->i;
	return out->life.state == STATE_OAUTH_CLIENT_ACTIVE ? OK : ERR_NOT_FOUND;
}

bool client_proven(const struct client *c, const char *secret)
{
	unsigned char h[SECRET_HASH];

	if (!c->hash.p || !secret)
		return !c->hash.p && !secret;
	secret_hash(secret, h);
	return !CRYPTO_memcmp(h, c->hash.p, sizeof h);
}

/* An http address of this very machine without its port, which an application that listens
 * there gets anew each time; NULL: another address. */
static char *portless(struct arena *a, const char *uri)
{
	const char *host = uri + strlen("http://"), *rest, *port;
	int64_t n;

	if (strncmp(uri, "http://", strlen("http://")) || redirect_fault(uri))
		return NULL;
	rest = host + strcspn(host, "/?");
	port = *host == '[' ? strchr(host, ']') + 1 : host + strcspn(host, ":/?");
	if (port < rest && !parse_int(arena_strndup(a, port + 1, (size_t)(rest - port - 1)), 1, UINT16_MAX, &n))
		return NULL;
	return arena_printf(a, "%.*s%s", (int)(port - uri), uri, rest);
}

/* To the byte, but for the port of an address of this machine (RFC 8252 7.3). */
bool client_redirects(struct arena *a, const struct client *c, const char *uri)
{
	struct json *uris = js_read(a, c->redirect_uris);
	const char *asked = portless(a, uri), *own;

	for (size_t i = 0; i < js_length(uris); i++) {
		if (!strcmp(js_str(js_at(uris, i)), uri))
			return true;
		if (asked && (own = portless(a, js_str(js_at(uris, i)))) && !strcmp(own, asked))
			return true;
	}
	return false;
}

/* What the audit says of a new one. */
static struct json *described(struct arena *a, const struct client *c)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "name", c->name);
	js_put_bool(a, o, "public", !c->hash.p);
	js_put_str(a, o, "scopes", c->scopes);
	js_put(o, "redirect_uris", js_read(a, c->redirect_uris));
	js_put_str(a, o, "user", id_is_zero(&c->principal) ? NULL : id_spell(a, "usr-", &c->principal));
	return o;
}

static void new_secret(struct arena *a, struct client *c)
{
	unsigned char *h = arena_alloc(a, SECRET_HASH);

	c->secret = random_secret(a, "cs_");
	secret_hash(c->secret, h);
	c->hash = (struct bytes){ h, SECRET_HASH };
}

enum err client_create(struct tx *tx, const struct client *in, struct client *out)
{
	*out = *in;
	if (!in->public)
		new_secret(tx->arena, out);
	id_new(tx->now, &out->life.id);
	return life_create(tx, LIFE_CLIENT_CREATE, &out->life, described(tx->arena, out));
}

enum err client_make(struct tx *tx, const void *in, void *out)
{
	const struct client_in *want = in;
	struct client c = want->client;

	c.life = (struct life){ .organization = tx->who->organization };
	if (!(c.scopes = scopes_within(tx->arena, oauth_scopes, c.scopes)))
		return why_fault(tx, "scopes", "must have at least one scope");
	if (c.public && want->itself)
		return why_fault(tx, "itself", "requires a secret; an application without one can only act for people");
	if (!c.redirect_uris)
		c.redirect_uris = "[]";
	if (!want->itself && !js_length(js_read(tx->arena, c.redirect_uris)))
		return why_fault(tx, "redirect_uris", "must have at least one address, where people are sent back to");
	if (want->itself)
		c.principal = tx->who->principal;
	return client_create(tx, &c, out);
}

enum err client_rotate(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct client *c = out;
	enum err e = life_lock(tx, RES_OAUTH_CLIENT, key, c);

	(void)in;
	if (e)
		return e;
	if (!c->hash.p)
		return ERR_CLIENT_PUBLIC;
	/* Nobody speaks as another: it has the rights of whoever knows its secret. */
	if (!id_is_zero(&c->principal) && !tx->who->system)
		c->principal = tx->who->principal;
	new_secret(tx->arena, c);
	return life_move(tx, t, &c->life, NULL);
}

enum err client_revoke(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	(void)in;
	return life_change(tx, key, t, out);
}

static const struct list_order newest[] = { { "newest", { { "id", 'd', true, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_path client_paths[] = { { .order = -1, .index = "PRIMARY" } };
const struct listing clients_list = { .name = "CLIENTS", .of = RES_OAUTH_CLIENT, .parent = RES__MAX, .sees = SEES_ALL, .orders = newest, LIST_PATHS(client_paths) };

enum err client_still(struct tx *tx, const struct id *organization, const struct id *client, const struct id *session)
{
	int64_t still;
	enum err e = tx_int(tx, SQL_CLIENT_STILL, DB_IN(db_d(organization), db_d(client), db_d(organization), db_d(session)), &still);

	return e ? e : still ? OK : ERR_AUTH_REFUSED;
}

/* ---- Consent ---- */

/* An id of any other spelling is nobody's. */
static struct id client_named(const struct consent *ask)
{
	struct id id;

	return id_parse(ask->client_id, life_resources[RES_OAUTH_CLIENT].prefix, &id) ? id : (struct id){ 0 };
}

/* The client as it was asked for: not what was revoked, nor with another's redirect URI. */
static enum err fits(struct tx *tx, struct consent *c)
{
	if (c->client.life.state != STATE_OAUTH_CLIENT_ACTIVE || !client_redirects(tx->arena, &c->client, c->redirect_uri))
		return ERR_NOT_FOUND;
	if ((c->scopes = scopes_within(tx->arena, c->client.scopes, c->scope)))
		return OK;
	why_add(tx, "scope", arena_printf(tx->arena, "exceeds what the application may request: %s", c->client.scopes));
	return ERR_SHAPE;
}

enum err consent_read(struct tx *tx, const struct consent *ask, struct consent *out)
{
	const struct id id = client_named(ask);
	enum err e;

	*out = *ask;
	e = life_read(tx, RES_OAUTH_CLIENT, BY_ID(&id), &out->client);
	return e ? e : fits(tx, out);
}

enum err consent_give(struct tx *tx, const struct consent *ask, struct consent *out)
{
	struct json *details = js_object(tx->arena);
	const struct id id = client_named(ask);
	struct client *c = &out->client;
	unsigned char h[SECRET_HASH];
	enum err e;

	*out = *ask;
	if ((e = life_hold(tx, RES_OAUTH_CLIENT, BY_ID(&id), c)) || (e = fits(tx, out)) || !ask->approve)
		return e;
	out->code = random_secret(tx->arena, "");
	secret_hash(out->code, h);
	e = db_exec(tx->db, SQL_CODE_ADD, DB_IN(db_x(h, sizeof h), db_d(&c->life.organization), db_d(&c->life.id),
		db_d(&tx->who->principal), db_s(ask->redirect_uri), db_s(out->scopes), db_s(ask->challenge), db_t(tx->now),
		db_t(tx->now + CODE_LIFE_S * SECOND), db_d(&c->life.organization), db_d(&tx->who->principal)), NULL);
	if (e)
		return e;
	js_put_str(tx->arena, details, "scopes", out->scopes);
	js_put_str(tx->arena, details, "redirect_uri", ask->redirect_uri);
	return life_move(tx, LIFE_CLIENT_AUTHORIZE, &c->life, details);
}

enum err consent_list(struct tx *tx, struct application **out, size_t *n)
{
	static const struct column map[] = PICK_MAP(CONSENT_PICK, struct application);
	struct db_rows r;
	enum err e = tx_read(tx, SQL_CONSENT_LIST, DB_IN(db_d(&tx->who->organization), db_d(&tx->who->principal), db_t(tx->now),
		db_i(APPLICATIONS_MOST), db_d(&tx->who->organization), db_d(&tx->who->principal)), &r);

	*n = 0;
	if (e)
		return e;
	*out = arena_alloc(tx->arena, r.n * sizeof **out);
	for (size_t i = 0; i < r.n; i++) {
		const struct db_val *own = row_own(db_row(&r, i));
		struct application *a = &(*out)[*n];

		if (!own)
			continue;
		++*n;
		(void)row_read(map, RES__MAX, own, a);
		a->scopes = scopes_within(tx->arena, a->scopes, a->scopes);      /* of several sessions, each scope once */
		a->since = id_ms(&a->first) * (SECOND / 1000);
	}
	return OK;
}

/* The codes first: an exchange under way holds its own, and what came of it is ended here. */
enum err consent_withdraw(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct client *c = out;
	int64_t codes, sessions;
	enum err e = life_hold(tx, RES_OAUTH_CLIENT, key, out);

	(void)in;
	if (e || (e = c->life.state == STATE_OAUTH_CLIENT_ACTIVE ? OK : ERR_NOT_FOUND))
		return e;
	e = db_exec(tx->db, SQL_CODE_FORGET, DB_IN(db_d(&c->life.organization), db_d(&tx->who->principal), db_d(&c->life.id)), &codes);
	if (e || (e = session_end_all(tx, &c->life.id, &sessions)))
		return e;
	return codes + sessions ? life_move(tx, t, out, NULL) : ERR_NOT_FOUND;
}

/* ---- Sessions ---- */

/* A session of a user's.  since: when the user let it begin, which is the time of its
 * family; gen: the user's number then, or negative, of a code from before there were
 * such, which goes by the time; NULL: it is now.  Whatever ends the user's sessions after that
 * ends this one too, even while it is begun.  ERR_DB_NONE: the user may not any more. */
static enum err of_user(struct tx *tx, const struct client *c, const struct id *principal, int64_t since,
	const int64_t *gen, struct session *out)
{
	struct now { struct user user; int64_t since; } now = { .user = { .organization = c->life.organization, .id = *principal } };
	static const struct column map[] = PICK_MAP(CLIENT_USER_PICK, struct now);
	enum err e = tx_one(tx, SQL_CLIENT_USER, DB_IN(db_d(&c->life.organization), db_d(principal)), map, &now);

	if (e)
		return e;
	if ((e = who_standing(now.user.status, ERR_DB_NONE)))
		return e;
	if (gen && (*gen < 0 ? since < now.since : *gen != now.user.gen))
		return ERR_DB_NONE;
	*out = (struct session){ .client = c->life.id, .user = now.user };
	id_new(since, &out->family);
	return OK;
}

/* Who acts, as audit rows tell it: the application before the user, whose name stays whole. */
static void name_actor(struct arena *a, const struct client *c, struct session *s)
{
	const char *user = arena_printf(a, " for %s", s->user.username);
	size_t n = utf8_length(user);

	if (n < ACTOR_MOST)
		s->user.username = arena_printf(a, "%s%s", utf8_cut(a, c->name, ACTOR_MOST - n), user);
}

/* A code as it is stored.  used: 0 for not yet; family: of the session that came of it; gen: of_user(). */
struct code { struct id user, family; const char *redirect_uri, *scopes, *challenge; int64_t created, expires, used, gen; };

enum err code_exchange(struct tx *tx, const struct client *c, const char *code, const char *redirect_uri,
	const char *verifier, struct session *out, bool *reused)
{
	static const struct column map[] = PICK_MAP(CODE_PICK, struct code);
	unsigned char h[SECRET_HASH];
	struct code of;
	enum err e;

	*reused = false;
	secret_hash(code, h);
	e = tx_one(tx, SQL_CODE_LOCK, DB_IN(db_d(&c->life.organization), db_x(h, sizeof h), db_d(&c->life.id)), map, &of);
	if (e)
		return e == ERR_DB_NONE ? ERR_GRANT_INVALID : e;
	if (of.used) {                           /* RFC 6749 4.1.2: somebody else has it too */
		*reused = true;
		return session_end(tx, &(struct session){ .client = c->life.id, .family = of.family,
			.user = { .organization = c->life.organization, .id = of.user } });
	}
	if (of.expires <= tx->now || strcmp(of.redirect_uri, redirect_uri) || strcmp(of.challenge, pkce_challenge(tx->arena, verifier)))
		return ERR_GRANT_INVALID;
	if ((e = of_user(tx, c, &of.user, of.created, &of.gen, out)))
		return e == ERR_DB_NONE ? ERR_GRANT_INVALID : e;
	out->scopes = of.scopes;
	if ((e = session_begin(tx, out)))
		return e;
	name_actor(tx->arena, c, out);
	return db_exec_one(tx->db, SQL_CODE_USE, DB_IN(db_t(tx->now), db_d(&out->family), db_d(&c->life.organization),
		db_x(h, sizeof h)));
}

enum err client_session(struct tx *tx, const struct client *c, const char *scope, struct session *out)
{
	const char *scopes = scopes_within(tx->arena, c->scopes, scope);
	enum err e;

	if (!c->hash.p || id_is_zero(&c->principal))
		return ERR_GRANT_DENIED;
	if (!scopes)
		return ERR_SCOPE_UNKNOWN;
	if ((e = of_user(tx, c, &c->principal, tx->now, NULL, out)))
		return e == ERR_DB_NONE ? ERR_GRANT_DENIED : e;
	out->scopes = scopes;
	name_actor(tx->arena, c, out);
	return OK;
}

enum err client_refresh(struct tx *tx, const struct client *c, const char *refresh_token, const char *scope,
	struct session *out, bool *stolen)
{
	enum err e = session_rotate(tx, refresh_token, &c->life.id, out, stolen);

	if (e)
		return e == ERR_REFRESH_INVALID ? ERR_GRANT_INVALID : e;
	name_actor(tx->arena, c, out);
	/* The refresh token keeps what was granted (RFC 6749 6). */
	out->scopes = scopes_within(tx->arena, out->scopes, scope);
	return out->scopes || *stolen ? OK : ERR_SCOPE_UNKNOWN;
}
